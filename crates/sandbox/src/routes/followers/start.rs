//! The start of a scrape.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::declined::Declined;
use super::reserve::{Order, reserve};
use crate::answers::followers::NAME;
use crate::callbacks::followers::announce;
use crate::envelope::Envelope;
use crate::faults::Fault;
use crate::followers::filters::SentFilters;
use crate::followers::scrape::Scrape;
use crate::followers::search::Search;
use crate::followers::settlement::settle_later;
use crate::items::Items;
use crate::problem::Problem;
use crate::routes::body;
use crate::sandbox::Sandbox;

/// The most profiles of a scrape.
const MOST: u64 = 50_000;

/// `skipCache` is read and changes nothing: the followers of a company are the same at any time.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CompanyFollowerRequest {
    company_url: String,
    #[serde(rename = "max_limit")]
    max_limit: i64,
    name: Option<String>,
    #[serde(flatten)]
    filters: SentFilters,
    webhook_url: Option<String>,
    #[serde(rename = "skipCache")]
    _skip_cache: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StartData {
    batch_id: String,
    message: &'static str,
}

/// Starts a scrape. The same search twice is two scrapes and two reserves.
pub(crate) async fn start(
    sandbox: &Sandbox,
    request: Request,
    fault: Fault,
) -> Result<Response, Declined> {
    let options = sandbox.options();
    let sent = body::read::<CompanyFollowerRequest>(request, options).await?;
    let search = Search::read(&sent.company_url, &sent.filters)?;
    let asked = check_limit(sent.max_limit)?;
    check_name(sent.name.as_deref())?;
    body::check_callback(sent.webhook_url.as_deref())?;
    let items = find(sandbox, &search, asked);
    let (id, meta) = {
        let account = &mut *sandbox.account();
        let id = sandbox.id('b', account.next_number());
        let order = Order {
            id: &id,
            slug: &search.slug,
            asked,
            items,
            fault,
            no_credit_body: options.no_credit_body,
        };
        let (leg, meta) = reserve(sandbox, account, order)?;
        let fields = search.fields();
        sandbox.note_asked(account, NAME, || fields.each_ref().map(String::as_str));
        let scrape = Scrape {
            search,
            company_url: sent.company_url,
            callback: sent.webhook_url,
            legs: vec![leg],
        };
        account.followers.scrapes.insert(id.clone(), scrape);
        settle_later(sandbox, account, &id);
        (id, meta)
    };
    announce(sandbox, &id).await;
    let message = "Job started. Use the progress endpoint to track status.";
    Ok(Envelope::new(StartData { batch_id: id, message }, meta).into_response())
}

/// The first so many followers that pass the filters.
fn find(sandbox: &Sandbox, search: &Search, most: u64) -> Items {
    let crowd = search.crowd(sandbox.options());
    let passing = crowd.followers().filter(|follower| search.filters.pass(follower));
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let numbers: Vec<String> =
        passing.take(most).map(|follower| follower.nth.to_string()).collect();
    Items::distinct(NAME, numbers.iter().map(|number| [number.as_str()]))
}

fn check_limit(max_limit: i64) -> Result<u64, Problem> {
    let refuse = |bound: &str| {
        Err(Problem::validation(format!("body/max_limit Number must be {bound}")))
    };
    match u64::try_from(max_limit) {
        Err(_) | Ok(0) => refuse("greater than or equal to 1"),
        Ok(limit) if limit > MOST => refuse("less than or equal to 50000"),
        Ok(limit) => Ok(limit),
    }
}

fn check_name(name: Option<&str>) -> Result<(), Problem> {
    match name {
        Some(name) if name.chars().count() > 100 => Err(Problem::validation(
            "body/name String must contain at most 100 character(s)",
        )),
        _ => Ok(()),
    }
}
