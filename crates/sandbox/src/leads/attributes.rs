//! What a filter looks at and a preview shows: the attributes of people and companies by their keys.

use super::company::Company;
use super::facets::{Facet, Source};
use super::person::Person;
use super::tables::{INDUSTRY, JOB, PLACE, list};
use crate::random::Random;

/// An attribute.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// It has none.
    Absent,
    /// A text.
    Text(String),
    /// Some texts.
    Texts(Vec<&'static str>),
    /// A number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
}

/// The attribute that a filter looks at.
pub(crate) fn of_person(facet: &Facet, person: &Person, company: &Company) -> Value {
    match facet.source {
        Source::Own(key) => own(key, person, company),
        _ => thrown(facet, person.code, company.employees),
    }
}

/// The attribute that a filter of companies looks at.
pub(crate) fn of_company(facet: &Facet, company: &Company) -> Value {
    match facet.source {
        Source::Own(key) => companys(key, company),
        _ => {
            let code = Random::new(company.seed, company.number as u64).number();
            thrown(facet, code, company.employees)
        }
    }
}

fn own(key: &str, person: &Person, company: &Company) -> Value {
    let place = |column| text(PLACE.cell(person.place, column));
    match key {
        "firstName" => text(person.first),
        "lastName" => text(person.last),
        "personHeadline" => Value::Text(person.headline(company)),
        "aboutUs" => Value::Text(person.about(company)),
        "linkedinUrl" => Value::Text(person.address()),
        "logoUrl" => Value::Text(logo(&person.id())),
        "emailAddress" => maybe(person.email(company)),
        "phone" => maybe(person.phone()),
        "cellphone" => maybe(person.cellphone()),
        "city" => place("city"),
        "stateName" => place("state"),
        "stateCode" => place("stateCode"),
        "countryName" => place("country"),
        "countryCode" => place("code"),
        "countryRegion" => place("region"),
        "continent" => place("continent"),
        "languages" => Value::Texts(person.languages()),
        "education" => maybe(person.education().map(str::to_owned)),
        "certifications" => maybe(person.certifications().map(str::to_owned)),
        "skills" => Value::Texts(person.skills()),
        "jobTitle" => Value::Text(person.title()),
        "jobLevel" => text(person.level_name),
        "jobFunction" => text(JOB.cell(person.job, "function")),
        "jobStartDate" => Value::Text(person.start_date()),
        "jobIsCurrent" => Value::Flag(person.current),
        _ => companys(key, company),
    }
}

fn companys(key: &str, company: &Company) -> Value {
    let place = |column| text(PLACE.cell(company.place, column));
    let industry = |column| text(INDUSTRY.cell(company.industry, column));
    match key {
        "companyName" => text(&company.name),
        "domain" => Value::Text(company.domain()),
        "orgLinkedinUrl" => Value::Text(company.address()),
        "logoUrlOrg" => Value::Text(logo(&company.slug)),
        "companyHeadline" => Value::Text(company.headline()),
        "headquartersCity" => place("city"),
        "headquartersState" => place("state"),
        "headquartersCountry" => place("country"),
        "linkedinIndustry" => industry("linkedin"),
        "industrySicCode" => industry("sic"),
        "industrySicDescription" => industry("sicDescription"),
        "industryNaicsCode" => industry("naics"),
        "industryNaicsDescription" => industry("naicsDescription"),
        "foundedOn" => Value::Number(company.founded as f64),
        "employeeCount" => Value::Number(company.employees as f64),
        "revenue" => Value::Number(company.revenue as f64),
        "revenueBuckets" => text(company.revenue_bucket()),
        "lastFundingDateOrg" => {
            let year = (company.founded + 3).clamp(2015, 2025);
            Value::Text(format!("{year}-06-30"))
        }
        _ => Value::Absent,
    }
}

/// What the dice of this person or company show for this filter.
fn thrown(facet: &Facet, code: u64, employees: usize) -> Value {
    let mut random = Random::new(code, mark(facet.key));
    match facet.source {
        Source::One(name, percent) => match random.below(100) < percent {
            true => text(random.pick(list(name))),
            false => Value::Absent,
        },
        Source::Count(ref range, by) => {
            let length = range.end - range.start + 1;
            let steps = random.below(usize::try_from(length).unwrap_or_default());
            Value::Number((range.start + steps as i64) as f64 / by)
        }
        Source::Share(most) => {
            Value::Number((random.unit() * employees as f64 * most as f64 / 1e3).floor())
        }
        Source::Flag(percent) => Value::Flag(random.below(100) < percent),
        Source::Own(_) | Source::Nowhere => Value::Absent,
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn maybe(text: Option<String>) -> Value {
    text.map_or(Value::Absent, Value::Text)
}

fn logo(of: &str) -> String {
    format!("https://logos.invalid/{of}.png")
}

/// A number of its own for each key.
///
/// # Source
/// FNV-1a: <http://www.isthe.com/chongo/tech/comp/fnv/>.
fn mark(key: &str) -> u64 {
    key.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
