//! How far a scrape is, and whom it found.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use serde::Serialize;
use tokio::time::Instant;

use crate::account::Account;
use crate::answers::followers::FollowerProfile;
use crate::batches::positions;
use crate::envelope::{Envelope, RequestMeta};
use crate::followers::knobs::EarlyFollowers;
use crate::followers::scrape::{Collected, Scrape};
use crate::followers::settlement::settle;
use crate::options::Options;
use crate::page::{Page, PageBounds, PageQuery, Pagination};
use crate::problem::Problem;
use crate::routes::body::page_query;
use crate::sandbox::Sandbox;

/// There is no status: a client looks at `done`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProgressData {
    batch_id: String,
    processed: usize,
    /// -1 as long as it is not known.
    total: i64,
    errors: usize,
    done: bool,
    partial: bool,
    message: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResultsData {
    batch_id: String,
    /// On this page.
    count: usize,
    data: Vec<FollowerProfile>,
    pagination: Pagination,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResultsMeta {
    request_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    credits_used: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credits_refunded: Option<u64>,
    credits_remaining: u64,
}

/// A scrape as it is now.
pub(crate) fn find(
    sandbox: &Sandbox,
    account: &Account,
    id: &str,
    now: Instant,
) -> Result<Scrape, Problem> {
    let scrape = account.followers.scrapes.get(id);
    let known = scrape.filter(|scrape| !scrape.is_forgotten(sandbox.options(), now));
    known.cloned().ok_or_else(|| Problem::not_found("No batch found with that ID"))
}

/// `GET /company-follower/{id}/progress`
pub(crate) async fn progress(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
) -> Result<Envelope<ProgressData>, Problem> {
    let (account, now) = (&mut *sandbox.account(), Instant::now());
    let scrape = find(&sandbox, account, &id, now)?;
    let collected = scrape.collected(sandbox.options(), now);
    let total = collected.total.map(|total| i64::try_from(total).unwrap_or(i64::MAX));
    let data = ProgressData {
        batch_id: id,
        processed: collected.processed,
        total: total.unwrap_or(-1),
        errors: if collected.done { collected.lacking() } else { 0 },
        done: collected.done,
        partial: collected.is_partial(),
        message: message(collected),
    };
    Ok(Envelope::new(data, RequestMeta { request_id: sandbox.request_id(account) }))
}

/// `GET /company-follower/{id}/results`. The first one after the end settles.
pub(crate) async fn results(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Envelope<ResultsData, ResultsMeta>, Problem> {
    let options = sandbox.options();
    let bounds = PageBounds { usual: 100, most: 500, clamp: options.clamp_limit };
    let page = page_query(query)?.page(bounds)?;
    let (scrape, collected, meta) = {
        let (account, now) = (&mut *sandbox.account(), Instant::now());
        let collected = find(&sandbox, account, &id, now)?.collected(options, now);
        check_early(options, collected)?;
        settle(&sandbox, account, &id, now);
        let scrape = find(&sandbox, account, &id, now)?;
        let settled = scrape.settlement().filter(|_| collected.done);
        let meta = ResultsMeta {
            request_id: sandbox.request_id(account),
            credits_used: settled.map(|settled| settled.used),
            credits_refunded: settled.map(|settled| settled.refunded),
            credits_remaining: account.wallet.balance(),
        };
        (scrape, collected, meta)
    };
    let data = profiles(options, &scrape, collected.processed, page);
    let pagination = page.of(collected.processed);
    let data = ResultsData { batch_id: id, count: data.len(), data, pagination };
    Ok(Envelope::new(data, meta))
}

fn check_early(options: &Options, collected: Collected) -> Result<(), Problem> {
    let detail = "Batch is not yet completed";
    match options.followers.early_results {
        _ if collected.done => Ok(()),
        EarlyFollowers::Partial => Ok(()),
        EarlyFollowers::Invalid => Err(Problem::validation(detail)),
        EarlyFollowers::Conflict => Err(Problem::conflict(detail)),
    }
}

fn profiles(
    options: &Options,
    scrape: &Scrape,
    collected: usize,
    page: Page,
) -> Vec<FollowerProfile> {
    let Some(leg) = scrape.legs.first() else { return Vec::new() };
    let crowd = scrape.crowd(options);
    let profile = |position: Option<usize>| {
        let number = match position {
            Some(position) => scrape.number(position)?,
            // Nobody's number: the company has no such follower.
            None => crowd.size,
        };
        Some(crowd.profile(crowd.follower(number)))
    };
    let positions = positions(options, &leg.job, collected, page, |_| true);
    positions.into_iter().filter_map(profile).collect()
}

fn message(collected: Collected) -> &'static str {
    match (collected.done, collected.total) {
        (false, None) => "Looking for followers",
        (false, Some(_)) => "Collecting followers",
        (true, _) if collected.is_partial() => {
            "Ended with fewer followers than there are; it may be continued"
        }
        (true, _) => "All followers are collected",
    }
}
