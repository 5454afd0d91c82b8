//! A search for companies, a page of them: reference 9.

use super::{
    super::wire::{Many, Meta, Part, Text, Whole, is_empty},
    Asked, NotAsked, address,
};
use leadmill_core::{Finding, Operation, Query, Value};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// What is sent.
#[derive(Serialize)]
struct Search<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    filters: Option<Json>,
    #[serde(skip_serializing_if = "str::is_empty")]
    query: &'a str,
    page: u32,
}

/// The body of a question. How many of a page are kept is no matter of the provider's: there is no parameter for it.
pub(super) fn body(query: &Query) -> Result<Vec<u8>, NotAsked> {
    let mut values = query.values();
    let mut next = || values.next().unwrap_or_default();
    let (filters, sentence, _, page) = (next(), next(), next(), next());
    let unread = |error: serde_json::Error| NotAsked(format!("filters: {error}"));
    let filters = match filters {
        "" => None,
        filters => Some(serde_json::from_str(filters).map_err(unread)?),
    };
    let page = page.parse().map_err(|error| NotAsked(format!("page: {error}")))?;
    // Further pages of a sentence are asked for with filters, which nobody has told.
    if filters.is_none() && page > 1 {
        return Err(NotAsked("a query shows its first page only".to_owned()));
    }
    serde_json::to_vec(&Search { filters, query: sentence, page }).map_err(unread)
}

/// The companies that are wanted, where the question says.
pub(super) fn wanted(query: &Query) -> Option<u32> {
    query.values().nth(2)?.parse().ok()
}

/// Whether a question says by what companies are to be filtered.
pub(super) fn is_filtered(query: &Query) -> bool {
    query.values().next().is_some_and(|filters| !filters.is_empty())
}

/// How many companies a page holds. Of a page that is not told to be one, all count.
pub(in super::super) fn on_page(data: &Json) -> u64 {
    let companies = data.get("companies").unwrap_or(data);
    companies.as_array().map_or(0, Vec::len) as u64
}

/// What stands under `data`. Some of the provider's programs read here what others read beside it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Found {
    companies: Many<Company>,
    total: Whole,
    limit: Whole,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Company {
    name: Text,
    description: Text,
    country: Text,
    state: Text,
    city: Text,
    street_address: Text,
    postal_code: Text,
    industry: Text,
    company_size: Text,
    #[serde(rename = "type")]
    kind: Text,
    founded: Whole,
    website_url: Text,
    total_emails: Whole,
    revenue: Text,
    /// A number, or only whether there is one.
    phone_number: Text,
    linkedin_url: Text,
    facebook_url: Text,
    twitter_url: Text,
    total_similar: Whole,
    instagram_url: Text,
    github_url: Text,
    youtube_url: Text,
    pinterest_url: Text,
    tiktok_url: Text,
}

/// Reads a page. One without companies is a miss, which may cost what a page costs. Of one that was not filtered as was
/// asked nothing is kept: it is a page of all companies that there are.
///
/// # Source
/// Section 5 of what was observed: filters that are not understood are ignored, `meta.filters` is empty then, and the
/// page is charged. That there is no such member proves nothing.
pub(super) fn page(asked: Asked, data: Json, meta: Meta) -> Option<Finding> {
    if asked.is_filtered && meta.filters.as_ref().is_some_and(is_empty) {
        let why =
            "the provider has ignored the filters: `meta.filters` of its reply is empty";
        return Some(Finding::Unknown(why.into()));
    }
    let on_page = on_page(&data);
    let found = match data {
        list @ Json::Array(_) => Found { companies: Many::of(list), ..Found::default() },
        data => Part::<Found>::of(data).0?,
    };
    let mut companies = found.companies.0;
    companies.retain(|company| company.name.is_told() || company.website_url.is_told());
    if companies.is_empty() {
        return Some(Finding::Miss);
    }
    if let Some(wanted) = asked.wanted {
        companies.truncate(wanted as usize);
    }
    let or = |told: Whole, other: Whole| Whole(told.0.or(other.0));
    Some(Finding::Hit(Box::new([
        Value::Values(companies.into_iter().map(Company::value).collect()),
        or(meta.total, found.total).into(),
        or(meta.limit, found.limit).into(),
        Whole(i64::try_from(on_page).ok()).into(),
    ])))
}

impl Company {
    fn value(self) -> Value {
        let page = |network, folder, url: Text| address(network, folder, url.0).into();
        Value::Values(Box::new([
            domain(&self.website_url).into(),
            self.name.into(),
            self.description.into(),
            self.industry.into(),
            self.kind.into(),
            self.founded.into(),
            self.company_size.into(),
            self.revenue.into(),
            self.street_address.into(),
            self.city.into(),
            self.state.into(),
            self.postal_code.into(),
            self.country.into(),
            self.phone_number.into(),
            self.website_url.into(),
            page("linkedin.com", "company/", self.linkedin_url),
            page("twitter.com", "", self.twitter_url),
            page("facebook.com", "", self.facebook_url),
            self.instagram_url.into(),
            self.github_url.into(),
            self.youtube_url.into(),
            self.pinterest_url.into(),
            self.tiktok_url.into(),
            self.total_emails.into(),
            self.total_similar.into(),
        ]))
    }
}

/// The domain in the form in which questions have it.
fn domain(site: &Text) -> Text {
    let asked = Query::read(Operation::FindCompany, [site.0.as_deref()]).ok();
    Text(asked.and_then(|query| query.values().next().map(str::to_owned)))
}
