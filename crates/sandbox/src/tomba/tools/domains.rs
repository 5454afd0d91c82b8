//! The lookups of domains.

use serde_json::{Value, json};

use super::super::answer::{Answer, Wanted};
use super::super::answers::domains::{self, SIMILAR_PAGE};
use super::super::answers::organization::Organization;
use super::super::answers::roster::{DEPARTMENTS, DomainEmail, domain_emails, phoned};
use super::super::endpoint::Endpoint;
use super::super::failure::Failure;
use super::super::normal;
use super::super::options::Options;
use super::super::params::Params;
use super::super::prices::Yield;
use super::people::domain_or_company;

/// `GET /domain-search`
pub(super) fn search(params: &Params<'_>, options: &Options) -> Result<Answer, Failure> {
    let domain = domain_or_company(params)?;
    let page = params.number("page", 1, 1..=1_000_000)?;
    let limit = params.word("limit", &["10", "20", "50"])?.unwrap_or("10");
    let limit: usize = limit.parse().unwrap_or(10);
    let kind = params.word("type", &["all", "personal", "generic"])?.unwrap_or("all");
    let departments = departments(params)?;
    let country = params.may("country", |code| code.len() == 2)?;
    let mut question =
        vec![domain.clone(), format!("page={page}"), format!("limit={limit}")];
    question.extend(departments.iter().map(|name| format!("department={name}")));
    question.extend((kind != "all").then(|| format!("type={kind}")));
    question.extend(country.map(|code| format!("country={code}")));
    let Some(emails) = domain_emails(options.seed, &domain) else {
        return Ok(Answer::missed(options, Wanted::Thing, question));
    };
    let wanted = |email: &DomainEmail| {
        (kind == "all" || email.r#type == kind)
            && (departments.is_empty()
                || email.department.is_some_and(|name| departments.contains(&name)))
            && country.is_none_or(|code| email.country == Some(code))
    };
    let emails: Vec<DomainEmail> = emails.into_iter().filter(wanted).collect();
    let total = emails.len();
    let skipped = usize::try_from(page - 1).unwrap_or(usize::MAX).saturating_mul(limit);
    let mut shown: Vec<_> = emails.into_iter().skip(skipped).take(limit).collect();
    if params.flag("enrich_mobile") {
        shown = shown.into_iter().map(|email| phoned(options.seed, email)).collect();
    }
    let numbers = |email: &DomainEmail| email.phone_data.as_ref().map_or(0, Vec::len);
    let found = Yield {
        emails: shown.len() as u64,
        phoned: shown.iter().filter(|email| numbers(email) > 0).count() as u64,
        limit: limit as u64,
        ..Yield::default()
    };
    let organization = Organization::of(options.seed, &domain).searched();
    let listed = json!({ "organization": organization, "emails": shown });
    let mut answer = Answer::found(listed, found, question);
    answer.body["meta"] = json!({
        "total": total,
        "pageSize": limit,
        "current": page,
        "total_pages": total.div_ceil(limit),
        "params": {
            "domain": domain,
            "page": page,
            "limit": limit,
            "department": departments.first(),
            "type": kind,
        },
    });
    Ok(answer)
}

fn departments(params: &Params<'_>) -> Result<Vec<&'static str>, Failure> {
    let known = |name: &str| DEPARTMENTS.into_iter().find(|known| *known == name);
    let asked = params.all("department");
    let found: Option<Vec<_>> = asked.into_iter().map(known).collect();
    found.ok_or_else(|| params.refuse("The parameter department is not valid."))
}

/// `GET /email-sources`, also `GET /email-sources/{email}`
pub(super) fn sources(params: &Params<'_>, options: &Options) -> Result<Answer, Failure> {
    let email = params.need("email", normal::is_email)?;
    let seen = domains::seen(options.seed, email);
    let present = seen.as_array().is_some_and(|seen| !seen.is_empty());
    let email = normal::email(email);
    let mut answer = Answer::found(seen, Yield::default(), vec![email.clone()]);
    answer.found.present = present;
    answer.body["email"] = json!(email);
    Ok(answer)
}

/// `GET /domain-status`, which costs nothing and takes what is no domain.
pub(super) fn status(params: &Params<'_>) -> Result<Answer, Failure> {
    let asked =
        params.get("domain").or_else(|| params.get("email").map(normal::domain_of));
    let Some(domain) = asked else {
        return Err(params.refuse("The parameter domain is missing."));
    };
    let question = vec![normal::domain(domain)];
    let body = domains::status(domain);
    Ok(Answer { body, found: Yield::default(), question, refusal: None })
}

/// `GET /domain-suggestions`, also `GET /domains-suggestion`
pub(super) fn suggestions(
    params: &Params<'_>,
    options: &Options,
) -> Result<Answer, Failure> {
    let query = params.need("query", |_| true)?;
    let found = domains::suggestions(options.seed, query);
    let meta = json!({ "query": query, "limit": 10, "total_found": found.len() });
    let mut answer = Answer::found(found, Yield::default(), vec![normal::name(query)]);
    answer.body["meta"] = meta;
    Ok(answer)
}

/// The lookups that take a domain and nothing else.
pub(super) fn of_domain(
    endpoint: Endpoint,
    params: &Params<'_>,
    options: &Options,
) -> Result<Answer, Failure> {
    let domain = normal::domain(params.need("domain", normal::is_domain)?);
    let (seed, question) = (options.seed, vec![domain.clone()]);
    let list = |list: Vec<Value>| (!list.is_empty()).then_some(Value::Array(list));
    let found = match endpoint {
        Endpoint::EmailCount => domains::count(seed, &domain),
        Endpoint::EmailFormat => domains::formats(seed, &domain),
        Endpoint::Similar => list(domains::similar_shown(seed, &domain)),
        Endpoint::Technology => list(domains::technologies(seed, &domain)),
        _ => list(domains::locations(seed, &domain)),
    };
    let wanted = match endpoint {
        Endpoint::EmailCount => Wanted::Thing,
        _ => Wanted::List,
    };
    let mut answer = match found {
        Some(found) => Answer::found(found, Yield::default(), question),
        None => Answer::missed(options, wanted, question),
    };
    if endpoint == Endpoint::EmailCount && answer.body["data"]["total"] == 0 {
        answer.found.present = false;
    }
    if endpoint == Endpoint::Technology {
        answer.body["domain"] = json!(domain);
    }
    if endpoint == Endpoint::Similar && answer.found.present {
        let total = domains::similar(seed, &domain).len();
        answer.body["meta"] = json!({
            "total": total,
            "pageSize": SIMILAR_PAGE,
            "current": 1,
            "total_pages": total.div_ceil(SIMILAR_PAGE),
            "params": {},
        });
    }
    Ok(answer)
}
