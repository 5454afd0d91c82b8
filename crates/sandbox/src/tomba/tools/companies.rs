//! Companies: by address, by domain, and by a search.

use serde_json::{Map, Value, json};

use super::super::answer::{Answer, Wanted};
use super::super::answers::{clearbit as shapes, reveal as companies};
use super::super::endpoint::Endpoint;
use super::super::failure::Failure;
use super::super::normal;
use super::super::options::Options;
use super::super::params::Params;
use super::super::prices::Yield;

/// The keys that a search may filter by.
///
/// # Source
/// Tomba's libraries for Node and Go, its MCP server and its node for n8n (section 9).
const FILTERS: [&str; 15] = [
    "company",
    "location_country",
    "location_city",
    "location_state",
    "industry",
    "size",
    "type",
    "keywords",
    "founded",
    "technologies",
    "similar",
    "revenue",
    "sic",
    "naics",
    "funding",
];

/// `GET /people/find`, `GET /companies/find` and `GET /combined/find`
pub(super) fn clearbit(
    endpoint: Endpoint,
    params: &Params<'_>,
    options: &Options,
) -> Result<Answer, Failure> {
    let seed = options.seed;
    let (found, question) = match endpoint {
        Endpoint::Companies => {
            let domain = normal::domain(params.need("domain", normal::is_domain)?);
            (shapes::company(seed, &domain), domain)
        }
        _ => {
            let email = normal::email(params.need("email", normal::is_email)?);
            let person = shapes::person(seed, &email);
            let found = match endpoint {
                Endpoint::Combined => person.map(|person| {
                    let company = shapes::company(seed, normal::domain_of(&email));
                    json!({ "person": person, "company": company })
                }),
                _ => person,
            };
            (found, email)
        }
    };
    let question = vec![question];
    Ok(match found {
        Some(found) => {
            Answer::found(found, Yield { emails: 1, ..Yield::default() }, question)
        }
        None => Answer::missed(options, Wanted::Thing, question),
    })
}

/// `POST /reveal/search`
pub(in crate::tomba) fn reveal(
    body: &Value,
    options: &Options,
) -> Result<Answer, Failure> {
    let refuse = |what: &str| Failure::params(options, format!("{what} is not valid."));
    let page = match body.get("page") {
        None | Some(Value::Null) => 1,
        Some(page) => {
            let page = page.as_u64().filter(|page| (1..=1_000).contains(page));
            page.ok_or_else(|| refuse("page"))?
        }
    };
    let query = body.get("query").and_then(Value::as_str).unwrap_or_default();
    let asked = body.get("filters").cloned().unwrap_or(Value::Null);
    if query.is_empty() && asked.as_object().is_none_or(|asked| asked.is_empty()) {
        return Err(refuse("A search without query and filters"));
    }
    let filters = understood(&asked, refuse)?;
    let search = format!("{} {filters}", query.trim().to_lowercase());
    let is_of_all = query.is_empty() && filters.as_object().is_none_or(|f| f.is_empty());
    let total = match is_of_all {
        true => ALL,
        false => companies::total(options.seed, &search),
    };
    let limit = options.companies_page.max(1);
    let first = (page - 1) * limit;
    let shown: Vec<Value> = (first..total.min(first + limit))
        .map(|nth| companies::company(options.seed, &search, nth))
        .collect();
    let found = Yield { companies: shown.len() as u64, ..Yield::default() };
    let question = vec![search, format!("page={page}")];
    let mut answer = Answer::found(json!({ "companies": shown }), found, question);
    answer.body["success"] = json!(true);
    answer.body["meta"] = json!({
        "total": total,
        "page": page,
        "limit": limit,
        "pages": total.div_ceil(limit),
        "filters": filters,
    });
    Ok(answer)
}

/// Companies that there are.
///
/// # Source
/// Section 5 of what was observed.
const ALL: u64 = 37_536_621;

/// The filters that are understood. Others, by their name or their form, are ignored, and not refused.
///
/// # Source
/// Section 5 of what was observed. That more than 50 values are refused is a proposal.
fn understood(
    filters: &Value,
    refuse: impl Fn(&str) -> Failure,
) -> Result<Value, Failure> {
    let Some(filters) = filters.as_object() else { return Ok(filters.clone()) };
    let mut known = Map::new();
    for (name, filter) in filters {
        let values = |key: &str| filter.get(key).and_then(Value::as_array);
        let keys = ["include", "exclude"];
        if keys.iter().any(|key| values(key).is_some_and(|values| values.len() > 50)) {
            return Err(refuse(name));
        }
        let is_of_form = keys.iter().any(|key| values(key).is_some());
        if FILTERS.contains(&name.as_str()) && is_of_form {
            known.insert(name.clone(), filter.clone());
        }
    }
    Ok(Value::Object(known))
}
