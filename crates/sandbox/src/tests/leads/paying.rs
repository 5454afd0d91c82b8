//! What a search costs.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::advance;

use super::{conserved, search, small, world};
use crate::tests::client::{get, sandbox};
use crate::{LeadOptions, NoCreditBody, Options, Sandbox};

const START: u64 = 1_000_000;

/// What one page costs.
async fn cost(sandbox: &Sandbox, filters: Value, page: u32, size: u32) -> u64 {
    let before = conserved(sandbox, START).1;
    let body = json!({ "filters": filters, "page": page, "pageSize": size });
    let reply = search(sandbox, body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    conserved(sandbox, START).1 - before
}

#[tokio::test(start_paused = true)]
async fn three_pages_or_75_rows_are_free_and_a_row_after_them_costs_one() {
    let sandbox = world(LeadOptions::default());
    for (page, size, credits) in [
        (1, 25, 0),
        (3, 25, 0),
        (4, 25, 25),
        (4, 10, 10),
        (1, 100, 25),
        (2, 50, 25),
        (2, 100, 100),
        (40, 100, 0),
    ] {
        let cost = cost(&sandbox, json!({}), page, size).await;
        assert_eq!(cost, credits, "page {page} of {size}");
    }
    let rows = get(&sandbox, "/wallets/transactions").await;
    let row = rows.at("/data/transactions/0");
    assert_eq!((&row["type"], &row["amount"]), (&json!("deduction"), &json!(-100)));
    assert_eq!(row["description"], "Lead search: 100 results on page 2");
    assert_eq!(rows.at("/data/pagination/total"), 5, "nothing is written for nothing");
    assert_eq!(sandbox.audit().asked.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn three_pages_may_be_free_whatever_their_size() {
    let sandbox = world(LeadOptions { free_by_page: true, ..LeadOptions::default() });
    assert_eq!(cost(&sandbox, json!({}), 3, 100).await, 0);
    assert_eq!(cost(&sandbox, json!({}), 4, 100).await, 100);
}

#[tokio::test(start_paused = true)]
async fn fifty_searches_of_a_month_have_free_pages() {
    let sandbox = world(LeadOptions::default());
    let filters = |nth: u32| json!({ "employeeCountMin": nth });
    for nth in 0..50 {
        assert_eq!(cost(&sandbox, filters(nth), 1, 2).await, 0);
    }
    assert_eq!(cost(&sandbox, filters(50), 1, 2).await, 2, "the fifty-first is not");
    assert_eq!(cost(&sandbox, filters(49), 2, 2).await, 0, "the fiftieth goes on");
    advance(Duration::from_secs(31 * 24 * 60 * 60)).await;
    assert_eq!(cost(&sandbox, filters(50), 1, 2).await, 0, "February");
}

#[tokio::test(start_paused = true)]
async fn a_search_is_its_filters_in_whatever_order_and_form() {
    let sandbox = world(LeadOptions { free_searches: 1, ..LeadOptions::default() });
    let first = json!({ "jobLevel": ["VP", "Director"], "continent": "Asia" });
    let same = json!({ "continent": ["Asia"], "jobLevel": ["Director", "VP", "VP"] });
    let other = json!({ "jobLevel": ["VP", "Director"], "continent": "Europe" });
    assert_eq!(cost(&sandbox, first, 1, 5).await, 0);
    assert_eq!(cost(&sandbox, same, 1, 5).await, 0);
    assert_eq!(cost(&sandbox, other, 1, 5).await, 5);
    let excluded = json!({
        "filters": { "jobLevel": ["VP", "Director"], "continent": "Asia" },
        "excludeFilters": { "jobTitle": "Sales" }, "pageSize": 5,
    });
    search(&sandbox, excluded).await;
    assert_eq!(conserved(&sandbox, START).1, 10, "exclusions count too");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_not_covered_is_402_in_the_chosen_body() {
    for (no_credit_body, pointer, value) in [
        (NoCreditBody::Extended, "/shortfall", json!(1)),
        (
            NoCreditBody::Plain,
            "/detail",
            json!("Not enough credits. Required: 25, available: 24"),
        ),
        (
            NoCreditBody::Flat,
            "/detail",
            json!({ "required": 25, "itemCount": 25, "creditCostPerItem": 1 }),
        ),
    ] {
        let options =
            Options { no_credit_body, balance: 24, ..small(LeadOptions::default()) };
        let sandbox = sandbox(options);
        let free = json!({ "filters": {}, "page": 3 });
        assert_eq!(search(&sandbox, free).await.status, 200);
        let reply = search(&sandbox, json!({ "filters": {}, "page": 4 })).await;
        assert_eq!((reply.status.as_u16(), reply.at(pointer)), (402, &value));
        assert_eq!(conserved(&sandbox, 24), (24, 0, 0));
    }
}
