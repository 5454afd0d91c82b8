//! A company by its domain: reference 6, whose sources tell three shapes. All of them are read.

use super::{
    super::wire::{Handle, Many, Part, Text, Whole},
    address,
};
use leadmill_core::{Finding, Value};
use serde::Deserialize;
use serde_json::Value as Json;

/// A company in any of its shapes: with parts of its own, flat, or as one reader of the documentation saw it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Company {
    name: Text,
    #[serde(rename = "legalName")]
    legal_name: Text,
    domain: Text,
    description: Text,
    #[serde(rename = "type")]
    kind: Text,
    #[serde(rename = "foundedYear")]
    founded_year: Whole,
    founded: Whole,
    site: Part<Site>,
    category: Part<Category>,
    geo: Part<Place>,
    metrics: Part<Metrics>,
    linkedin: Handle,
    twitter: Handle,
    facebook: Handle,
    tags: Many<Text>,
    tech: Many<Text>,
    location: Text,
    #[serde(flatten)]
    flat: Flat,
}

/// The names that the flat shapes have for it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Flat {
    organization: Text,
    website_url: Text,
    website: Text,
    industries: Text,
    industry: Text,
    street_address: Text,
    city: Text,
    state: Text,
    postal_code: Text,
    country: Text,
    employee_count: Text,
    employees: Text,
    company_size: Text,
    revenue: Text,
    linkedin_url: Text,
    twitter_url: Text,
    facebook_url: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Site {
    phone_numbers: Many<Text>,
    email_addresses: Many<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Category {
    industry: Text,
    sic_code: Text,
    naics_code: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Place {
    street_address: Text,
    city: Text,
    state: Text,
    postal_code: Text,
    country: Text,
    country_code: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metrics {
    traffic_rank: Whole,
    employees: Text,
    annual_revenue: Text,
}

/// Reads a company, which may stand in a member of its own. One without a name and a domain is none.
pub(super) fn company(mut data: Json) -> Option<Finding> {
    let within = ["company", "organization"]
        .into_iter()
        .find(|name| data.get(*name).is_some_and(Json::is_object));
    let data = match within.and_then(|name| data.get_mut(name)) {
        Some(within) => within.take(),
        None => data,
    };
    let company = Part::<Company>::of(data).0?;
    let flat = company.flat;
    let name = company.name.or(flat.organization);
    let domain = company.domain.or(flat.website_url).or(flat.website);
    if !name.is_told() && !domain.is_told() {
        return Some(Finding::Miss);
    }
    let (site, category) = (company.site.whole(), company.category.whole());
    let (place, metrics) = (company.geo.whole(), company.metrics.whole());
    let phone = site.phone_numbers.0.iter().find(|phone| phone.is_told()).cloned();
    let page = |network, folder, url: Text, handle: Handle| {
        Value::from(address(network, folder, url.0.or(handle.0)))
    };
    Some(Finding::Hit(Box::new([
        name.into(),
        company.legal_name.into(),
        domain.into(),
        company.description.into(),
        category.industry.or(flat.industries).or(flat.industry).into(),
        company.kind.into(),
        Whole(company.founded_year.0.or(company.founded.0)).into(),
        metrics
            .employees
            .or(flat.company_size)
            .or(flat.employee_count)
            .or(flat.employees)
            .into(),
        metrics.annual_revenue.or(flat.revenue).into(),
        company.location.into(),
        place.street_address.or(flat.street_address).into(),
        place.city.or(flat.city).into(),
        place.state.or(flat.state).into(),
        place.postal_code.or(flat.postal_code).into(),
        place.country.or(flat.country).into(),
        place.country_code.into(),
        phone.unwrap_or_default().into(),
        site.phone_numbers.into(),
        site.email_addresses.into(),
        page("linkedin.com", "company/", flat.linkedin_url, company.linkedin),
        page("twitter.com", "", flat.twitter_url, company.twitter),
        page("facebook.com", "", flat.facebook_url, company.facebook),
        company.tags.into(),
        company.tech.into(),
        category.sic_code.into(),
        category.naics_code.into(),
        metrics.traffic_rank.into(),
    ])))
}
