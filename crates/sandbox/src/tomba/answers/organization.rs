//! What is known of a domain's owner.

use serde_json::{Value, json};

use super::SEEN;
use super::people::title_case;
use super::verification::WHOIS;
use crate::answers::fold::unreachable_domain;
use crate::canonical::Dice;
use crate::leads::tables::{INDUSTRY, PLACE};
use crate::tomba::normal;

/// An organization that there is not, the same for a seed and a domain.
#[derive(Debug)]
pub(in crate::tomba) struct Organization {
    /// What it is called.
    pub(in crate::tomba) name: String,
    /// Its domain, under `.invalid`.
    pub(in crate::tomba) site: String,
    /// A row of the industries.
    pub(in crate::tomba) industry: usize,
    /// A row of the places.
    pub(in crate::tomba) place: usize,
    /// One of the sizes of a search.
    pub(in crate::tomba) size: &'static str,
    /// One of the revenues of a search.
    pub(in crate::tomba) revenue: &'static str,
    /// The year.
    pub(in crate::tomba) founded: u32,
    dice: Dice,
    domain: String,
}

impl Organization {
    /// That of a domain.
    pub(in crate::tomba) fn of(seed: u64, domain: &str) -> Self {
        let domain = normal::domain(domain);
        let dice = Dice::throw(seed, "organization", &[&domain]);
        let row = |die, rows| dice.roll(die, u32::try_from(rows).unwrap_or(1)) as usize;
        let label = domain.split('.').next().unwrap_or_default();
        Self {
            name: format!("{} (synthetic)", title_case(label)),
            site: unreachable_domain(&domain),
            industry: row(0, INDUSTRY.len()),
            place: row(1, PLACE.len()),
            size: dice.pick(2, "1-10", &["11-50", "51-250", "251-1K", "1K-5K"]),
            revenue: dice.pick(3, "$0-$1M", &["$1M-$10M", "$10M-$50M", "$50M-$100M"]),
            founded: 1950 + dice.roll(4, 70),
            dice,
            domain,
        }
    }

    /// A cell of where it is.
    pub(in crate::tomba) fn place(&self, column: &str) -> &'static str {
        PLACE.cell(self.place, column)
    }

    /// A cell of what it does.
    pub(in crate::tomba) fn industry(&self, column: &str) -> &'static str {
        INDUSTRY.cell(self.industry, column)
    }

    /// As the search of a domain tells it (section 5.1).
    pub(in crate::tomba) fn searched(&self) -> Value {
        json!({
            "website_url": self.site,
            "organization": self.name,
            "location": {
                "country": self.place("code"),
                "city": self.place("city"),
                "state": self.place("state"),
                "street_address": "1 Example Street",
                "postal_code": "00000",
            },
            "social_links": { "twitter_url": null, "facebook_url": null, "linkedin_url": null },
            "disposable": normal::is_disposable(&self.domain),
            "webmail": normal::is_webmail(&self.domain),
            "phone_number": "",
            "industries": self.industry("linkedin"),
            "founded": self.founded.to_string(),
            "company_size": self.size,
            "company_type": "private",
            "revenue": self.revenue,
            "accept_all": self.dice.roll(5, 5) == 0,
            "description": format!("{} makes examples.", self.name),
            "pattern": "{first}.{last}",
            "total_similar": 3,
            "keywords": ["example"],
            "ranking": self.dice.roll(6, 1_000_000),
            "last_updated": SEEN,
            "whois": WHOIS,
        })
    }
}
