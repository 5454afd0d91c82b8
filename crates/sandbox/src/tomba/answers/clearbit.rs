//! People and companies in the shape of another provider that is no more (section 6, the first of three shapes).

use serde_json::{Value, json};

use super::organization::Organization;
use super::people::enrich_email;
use super::person::Person;
use crate::canonical::Dice;
use crate::tomba::normal;

/// Who has an address.
pub(in crate::tomba) fn person(seed: u64, email: &str) -> Option<Value> {
    let person = enrich_email(seed, email)?;
    let home = normal::domain_of(&normal::email(email)).to_owned();
    Some(described(&person, &Organization::of(seed, &home), &home))
}

/// Whose a domain is; nobody's for about three in ten.
pub(in crate::tomba) fn company(seed: u64, domain: &str) -> Option<Value> {
    let domain = normal::domain(domain);
    let known = Dice::throw(seed, "companies", &[&domain]).roll(0, 10) < 7;
    known.then(|| {
        let owner = Organization::of(seed, &domain);
        json!({
            "name": owner.name,
            "legalName": owner.name,
            "domain": domain,
            "site": { "phoneNumbers": [], "emailAddresses": [format!("info@{}", owner.site)] },
            "category": {
                "sicCode": owner.industry("sic"),
                "sic4Codes": [owner.industry("sic")],
                "naicsCode": owner.industry("naics"),
                "naics6Codes": [owner.industry("naics")],
            },
            "tags": ["example"],
            "description": format!("{} makes examples.", owner.name),
            "foundedYear": owner.founded.to_string(),
            "location": format!("{}, {}", owner.place("city"), owner.place("country")),
            "geo": {
                "streetAddress": "1 Example Street",
                "city": owner.place("city"),
                "postalCode": "00000",
                "state": owner.place("state"),
                "country": owner.place("country"),
                "countryCode": owner.place("code"),
            },
            "linkedin": { "handle": null },
            "twitter": { "handle": null },
            "facebook": { "handle": null },
            "emailProvider": false,
            "type": "private",
            "metrics": {
                "trafficRank": "low",
                "employees": owner.size,
                "annualRevenue": owner.revenue,
            },
            "tech": [],
            "techCategories": [],
        })
    })
}

fn described(person: &Person, employer: &Organization, home: &str) -> Value {
    json!({
        "name": {
            "fullName": person.full_name,
            "givenName": person.first_name,
            "familyName": person.last_name,
        },
        "email": person.email,
        "location": format!("{}, {}", employer.place("city"), employer.place("country")),
        "gender": person.gender,
        "geo": {
            "city": employer.place("city"),
            "state": employer.place("state"),
            "country": employer.place("country"),
            "countryCode": employer.place("code"),
        },
        "employment": {
            "domain": home,
            "name": employer.name,
            "title": person.position,
            "role": "management",
        },
        "linkedin": { "handle": person.linkedin },
        "twitter": { "handle": person.twitter },
        "verification": person.verification,
        "phone": person.phone_number,
    })
}
