//! The lead finder's own people, searched page by page or exported at once: reference §9.1, §9.5.

use super::{
    super::wire::whole,
    Echo, Family, Words,
    rows::{Members, Row, rows},
};
use leadmill_core::{Finding, Operation, Query, Value};
use serde::{Deserialize, Serialize, de::Error};
use serde_json::{Value as Json, value::RawValue};
use std::{collections::HashMap, io};

/// The product.
pub(in super::super) struct Leads;

/// Filters, and how much of what they let through is wanted.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Search<'a> {
    filters: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    exclude_filters: Option<&'a RawValue>,
    #[serde(flatten)]
    part: Part,
}

/// How much is wanted.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Part {
    Page { page_size: u64, page: u64 },
    Most { max_results: u64 },
}

impl<'a> Search<'a> {
    pub(super) fn of(query: &'a Query) -> Result<Self, serde_json::Error> {
        let mut values = query.values();
        let mut next = || values.next().unwrap_or_default();
        let (filters, exclude_filters) = (next(), next());
        let exclude_filters = match exclude_filters {
            "" => None,
            json => Some(serde_json::from_str(json)?),
        };
        let filters = serde_json::from_str(filters)?;
        Ok(Self { filters, exclude_filters, part: Part::of(query)? })
    }
}

impl Part {
    fn of(query: &Query) -> Result<Self, serde_json::Error> {
        let mut numbers = query.values().skip(2).map(|value| value.parse().ok());
        let (rows, page) = (numbers.next().flatten(), numbers.next().flatten());
        match (rows, page) {
            (Some(page_size), Some(page)) => Ok(Self::Page { page_size, page }),
            (Some(max_results), None) => Ok(Self::Most { max_results }),
            _ => Err(Error::custom("a search of leads without a size")),
        }
    }
}

/// Rows that a search shows at no charge, and pages: whichever ends first.
///
/// # Source
/// Reference §5.2. Only so many searches a month are free; nothing in a reply tells of which this is one.
const FREE_ROWS: u64 = 75;
const FREE_PAGES: u64 = 3;

/// How many of the rows of a page are charged, of so many that came.
pub(in super::super) fn charged(query: &Query, came: u64) -> u64 {
    match Part::of(query) {
        Ok(Part::Page { page, page_size }) if page <= FREE_PAGES => {
            let before = page.saturating_sub(1).saturating_mul(page_size);
            came.saturating_sub(FREE_ROWS.saturating_sub(before))
        }
        _ => came,
    }
}

/// A page of people.
#[derive(Debug, Deserialize)]
pub(in super::super) struct Item {
    results: Vec<Row>,
    pagination: Option<Pagination>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    #[serde(default, deserialize_with = "whole")]
    total_results: Option<u64>,
}

impl Family for Leads {
    type Item<'a> = Item;

    const ECHOES: bool = false;

    fn echo<'a>(_: &'a Item) -> Echo<'a> {
        [None; 3]
    }

    fn finding(_: &Words, item: Item) -> Option<Finding> {
        let total = item.pagination.and_then(|pagination| pagination.total_results);
        Some(finding(total, item.results))
    }
}

fn finding(total: Option<u64>, mut people: Vec<Row>) -> Finding {
    if people.is_empty() {
        return Finding::Miss;
    }
    people.iter_mut().for_each(empty);
    let total = Value::integer(total.and_then(|total| total.try_into().ok()));
    let leads = rows(Operation::SearchLeads, LEAD, people);
    Finding::Hit(Box::new([leads, total]))
}

/// The text `0` has been seen where nothing is known (reference §9.1). Of what is counted it may be meant.
fn empty(row: &mut Row) {
    const COUNTED: [&str; 4] = [
        "employeeCount",
        "employeeOnLinkedinGrowthRateOrg",
        "totalMonthlyTrafficOrg",
        "linkedinConnectionsCount",
    ];
    row.retain(|member, value| {
        let is_zero = matches!(value, Json::String(text) if text == "0");
        let is_empty = matches!(value, Json::String(text) if text.trim().is_empty());
        !is_empty && (!is_zero || COUNTED.contains(&member.as_str()))
    });
}

const LEAD: Members = &[
    "id",
    "firstName",
    "lastName",
    "linkedinHeadline",
    "jobTitle",
    "jobLevel",
    "jobFunction",
    "linkedinUrl",
    "emailDomain",
    "skills",
    "linkedinConnectionsCount",
    "city",
    "stateName",
    "countryName",
    "logoUrl",
    "companyName",
    "domain",
    "orgLinkedinUrl",
    "companyHeadline",
    "logoUrlOrg",
    "employeeCount",
    "revenue",
    "foundedOn",
    "industrySicDescription",
    "industryNaicsDescription",
    "industry",
    "specialties",
    "headquartersCity",
    "headquartersState",
    "headquartersCountry",
    "employeeOnLinkedinGrowthRateOrg",
    "totalMonthlyTrafficOrg",
    "totalFundingAmountOrg",
    "lastFundingTypeOrg",
    "lastFundingDateOrg",
];

/// An export, as far as it is known how it goes. Its progress comes as a number or an object; only its end matters.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Export {
    pub(in super::super) status: Option<String>,
    #[serde(default, deserialize_with = "whole")]
    total_rows: Option<u64>,
    results: Option<Exported>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Exported {
    #[serde(default, deserialize_with = "whole")]
    total_exported: Option<u64>,
}

impl Export {
    /// Rows of its file, where it says.
    pub(in super::super) fn total(&self) -> Option<u64> {
        let exported = self.results.as_ref().and_then(|results| results.total_exported);
        exported.or(self.total_rows)
    }
}

/// Reads the file of an export: columns are known by their names, however those are spelt. Of several that mean the
/// same the first that says something counts; the others are kept under their own names.
pub(in super::super) fn read_file(file: &[u8]) -> Result<(u64, Finding), csv::Error> {
    let file = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
    if file.trim_ascii().is_empty() {
        return Ok((0, Finding::Miss));
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
    let members: HashMap<String, &str> =
        LEAD.iter().map(|member| (plain(member), *member)).collect();
    let text = |cell: &[u8]| String::from_utf8_lossy(cell).into_owned();
    let columns: Vec<(String, Option<&str>)> = reader
        .byte_headers()?
        .iter()
        .map(|name| {
            let name = text(name);
            let member = members.get(other_name(&plain(&name))).copied();
            (name, member)
        })
        .collect();
    if columns.iter().all(|(_, member)| member.is_none()) {
        let told = "no column is one of a lead";
        return Err(io::Error::new(io::ErrorKind::InvalidData, told).into());
    }
    let mut people = Vec::new();
    for record in reader.byte_records() {
        let mut person = Row::new();
        for ((name, member), cell) in columns.iter().zip(&record?) {
            let cell = text(cell);
            if cell.trim().is_empty() {
                continue;
            }
            let member = member.filter(|member| !person.contains_key(*member));
            let name = member.map_or_else(|| name.clone(), str::to_owned);
            person.insert(name, Json::String(cell));
        }
        people.push(person);
    }
    let count = people.len() as u64;
    Ok((count, finding(Some(count), people)))
}

/// A name without what names are spelt with.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Columns that people call otherwise than the search does.
fn other_name(plain: &str) -> &str {
    match plain {
        "title" => "jobtitle",
        "company" => "companyname",
        "state" => "statename",
        "country" => "countryname",
        "linkedin" | "profileurl" | "linkedinprofile" => "linkedinurl",
        "headline" => "linkedinheadline",
        "employees" => "employeecount",
        "companylinkedinurl" | "companylinkedin" => "orglinkedinurl",
        "founded" => "foundedon",
        "leadid" => "id",
        other => other,
    }
}
