//! The lead finder.

mod access;
mod counting;
mod exports;
mod failures;
mod filters;
mod menu;
mod paying;
mod reveals;
mod search;
mod unlocking;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::advance;

use super::client::{Reply, get, post, sandbox};
use crate::{LeadOptions, Options, Sandbox};

/// A small world without limits.
pub(super) fn small(leads: LeadOptions) -> Options {
    let leads = LeadOptions { people: 3_000, companies: 200, ..leads };
    Options { limits: false, leads, ..Options::default() }
}

pub(super) fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

pub(super) fn set<'a>(keys: &[&'a str]) -> BTreeSet<&'a str> {
    keys.iter().copied().collect()
}

async fn search(sandbox: &Sandbox, body: Value) -> Reply {
    post(sandbox, "/lead-finder/search", body).await
}

async fn count(sandbox: &Sandbox, filters: Value) -> u64 {
    let reply = post(sandbox, "/lead-finder/count", json!({ "filters": filters })).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.at("/data/count").as_u64().unwrap()
}

/// Rows of a search, at most 100.
async fn rows(sandbox: &Sandbox, filters: Value) -> Vec<Value> {
    let body = json!({ "filters": filters, "pageSize": 100 });
    let reply = search(sandbox, body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.at("/data/results").as_array().unwrap().clone()
}

/// The first ids of everybody.
async fn ids(sandbox: &Sandbox, count: usize) -> Vec<String> {
    let body = json!({ "filters": {}, "pageSize": count });
    let reply = search(sandbox, body).await;
    let rows = reply.at("/data/results").as_array().unwrap();
    rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

fn leads(ids: &[String]) -> Vec<Value> {
    ids.iter().map(|id| json!({ "id": id })).collect()
}

/// Submits a job and gives its id.
async fn submit(sandbox: &Sandbox, path: &str, body: Value) -> String {
    let reply = post(sandbox, path, body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.at("/data/jobId").as_str().unwrap().to_owned()
}

/// A reveal of these fields that has ended.
async fn revealed(sandbox: &Sandbox, ids: &[String], fields: &[&str]) -> Reply {
    let body = json!({ "leads": leads(ids), "fields": fields });
    let id = submit(sandbox, "/lead-finder/reveal", body).await;
    advance(Duration::from_secs(3)).await;
    get(sandbox, &format!("/lead-finder/reveal-jobs/{id}")).await
}

/// What the account holds, which is what it began with.
fn conserved(sandbox: &Sandbox, start: u64) -> (u64, u64, u64) {
    let audit = sandbox.audit();
    assert_eq!(audit.balance + audit.charged + audit.reserved, start);
    (audit.balance, audit.charged, audit.reserved)
}

fn world(leads: LeadOptions) -> Sandbox {
    sandbox(small(leads))
}
