//! A row of a search: everything but what is sold.

use serde_json::{Map, Value as Json};

use super::attributes::{self, Value};
use super::company::Company;
use super::facets::{FACETS, Facet, Kind, Match, Source};
use super::options::LeadOptions;
use super::person::Person;

/// The keys of a row beside `id` and `lastName`, each with the filter whose attribute it shows.
const COLUMNS: [(&str, &str); 31] = [
    ("firstName", "firstName"),
    ("logoUrl", "logoUrl"),
    ("emailDomain", "emailDomain"),
    ("linkedinUrl", "linkedinUrl"),
    ("linkedinHeadline", "linkedinHeadline"),
    ("jobTitle", "jobTitle"),
    ("jobFunction", "jobFunction"),
    ("jobLevel", "jobLevel"),
    ("companyName", "companyName"),
    ("skills", "skills"),
    ("city", "city"),
    ("stateName", "stateName"),
    ("countryName", "countryName"),
    ("domain", "domain"),
    ("orgLinkedinUrl", "orgLinkedinUrl"),
    ("employeeCount", "employeeCount"),
    ("industrySicDescription", "industrySicDescription"),
    ("industryNaicsDescription", "industryNaicsDescription"),
    ("revenue", "revenueBuckets"),
    ("specialties", "specialties"),
    ("foundedOn", "foundedOn"),
    ("headquartersCity", "headquartersCity"),
    ("headquartersState", "headquartersState"),
    ("headquartersCountry", "headquartersCountry"),
    ("employeeOnLinkedinGrowthRateOrg", "employeeOnLinkedinGrowthRateOrg"),
    ("totalMonthlyTrafficOrg", "totalMonthlyTrafficOrg"),
    ("totalFundingAmountOrg", "totalFundingAmountOrg"),
    ("lastFundingTypeOrg", "lastFundingTypeOrg"),
    ("lastFundingDateOrg", "lastFundingDateOrg"),
    ("linkedinConnectionsCount", ""),
    ("companyHeadline", "companyHeadline"),
];

/// The logo of a company is no filter.
const LOGO: Facet = Facet {
    key: "logoUrlOrg",
    kind: Kind::Text,
    most: 1,
    matches: Match::Exact,
    category: "organization",
    source: Source::Own("logoUrlOrg"),
    options: "-",
};

/// The row of a person.
pub(crate) fn row(
    person: &Person,
    company: &Company,
    options: &LeadOptions,
) -> Map<String, Json> {
    let nothing = || match options.zero_for_empty {
        true => Json::from("0"),
        false => Json::Null,
    };
    let mut row = Map::new();
    row.insert("id".to_owned(), person.id().into());
    row.insert("lastName".to_owned(), person.masked().into());
    row.insert(LOGO.key.to_owned(), text(&LOGO, person, company).into());
    for (key, filter) in COLUMNS {
        let value = match (key, FACETS.get(filter)) {
            ("employeeCount", _) => Json::from(company.employees),
            (_, Some(facet)) => {
                text(facet, person, company).map_or_else(nothing, Json::from)
            }
            (_, None) => nothing(),
        };
        row.insert(key.to_owned(), value);
    }
    row
}

/// An attribute as previews and exports spell it.
pub(crate) fn text(facet: &Facet, person: &Person, company: &Company) -> Option<String> {
    let value = match facet.is_personal() {
        true => attributes::of_person(facet, person, company),
        false => attributes::of_company(facet, company),
    };
    match value {
        Value::Absent => None,
        Value::Text(text) => Some(text),
        Value::Texts(texts) => Some(texts.join(", ")),
        Value::Number(number) => Some(number.to_string()),
        Value::Flag(flag) => Some(flag.to_string()),
    }
}
