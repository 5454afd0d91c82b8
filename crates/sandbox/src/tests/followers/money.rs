//! What a scrape costs, and when.

use std::time::Duration;

use serde_json::json;
use tokio::time::advance;

use super::{ACME, START, crowd_of, results, search, start, wait};
use crate::tests::client::get;
use crate::{Audit, Fault, Options, Sandbox};

fn conserved(sandbox: &Sandbox) -> Audit {
    let audit = sandbox.audit();
    assert_eq!(audit.balance + audit.charged + audit.reserved, START);
    audit
}

#[tokio::test(start_paused = true)]
async fn the_first_fetch_after_the_end_settles_and_no_later_one_charges_again() {
    let sandbox = Sandbox::new(crowd_of(342));
    let id = start(&sandbox, search(500)).await;
    advance(Duration::from_millis(2_341)).await;
    results(&sandbox, &id, "").await;
    assert_eq!(conserved(&sandbox).reserved, 50_000, "not ended, so not settled");
    advance(Duration::from_millis(1)).await;
    get(&sandbox, &format!("/company-follower/{id}/progress")).await;
    get(&sandbox, &format!("/company-follower/{id}/export")).await;
    assert_eq!(conserved(&sandbox).reserved, 50_000, "only results settle");
    for query in ["?page=9", "", "?page=2"] {
        let reply = results(&sandbox, &id, query).await;
        assert_eq!(
            *reply.at("/meta"),
            json!({
                "requestId": reply.at("/meta/requestId"),
                "creditsUsed": 34_200,
                "creditsRefunded": 15_800,
                "creditsRemaining": START - 34_200,
            })
        );
        let audit = conserved(&sandbox);
        assert_eq!((audit.charged, audit.reserved, audit.unsettled), (34_200, 0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_scrape_writes_one_deduction_and_one_refund() {
    for deductions_name_batch in [false, true] {
        let sandbox = Sandbox::new(Options { deductions_name_batch, ..crowd_of(342) });
        let id = start(&sandbox, search(500)).await;
        wait().await;
        results(&sandbox, &id, "").await;
        results(&sandbox, &id, "").await;
        let rows = get(&sandbox, "/wallets/transactions").await;
        let rows = rows.at("/data/transactions").as_array().unwrap();
        let amounts: Vec<_> = rows.iter().map(|row| row["amount"].clone()).collect();
        assert_eq!(amounts, [json!(15_800), json!(-50_000)]);
        let refund = format!("Batch refund — 158 unfound followers in batch {id}");
        assert_eq!(rows[0]["description"], refund);
        assert_eq!(rows[0]["metadata"], json!({ "batchId": id }));
        assert_eq!(rows[1]["description"], "Company followers: acme, 500 profiles");
        let named =
            if deductions_name_batch { json!({ "batchId": id }) } else { json!({}) };
        assert_eq!(rows[1]["metadata"], named);
    }
}

#[tokio::test(start_paused = true)]
async fn the_rate_is_the_teams_own() {
    let mut options = crowd_of(10);
    options.followers.price = 7;
    let sandbox = Sandbox::new(options);
    let id = start(&sandbox, search(20)).await;
    assert_eq!(conserved(&sandbox).reserved, 140);
    wait().await;
    let reply = results(&sandbox, &id, "").await;
    assert_eq!(reply.at("/meta/creditsUsed"), 70);
    assert_eq!(
        get(&sandbox, "/company-follower/limit").await.at("/data/creditsPerProfile"),
        7
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_found_is_nothing_charged() {
    let sandbox = Sandbox::new(crowd_of(0));
    let id = start(&sandbox, search(500)).await;
    wait().await;
    let reply = results(&sandbox, &id, "").await;
    assert_eq!(reply.at("/data/data"), &json!([]));
    assert_eq!(reply.at("/data/pagination/totalPages"), 0);
    assert_eq!(reply.at("/meta/creditsUsed"), 0);
    assert_eq!(reply.at("/meta/creditsRefunded"), 50_000);
    assert_eq!(conserved(&sandbox).balance, START);
}

#[tokio::test(start_paused = true)]
async fn a_scrape_that_ends_early_charges_what_it_collected() {
    let sandbox =
        Sandbox::new(Options { faults: vec![Fault::FailedJob(40)], ..crowd_of(100) });
    let id = start(&sandbox, search(200)).await;
    wait().await;
    let data = super::progress(&sandbox, &id).await;
    assert_eq!(
        json!([
            data["processed"],
            data["total"],
            data["errors"],
            data["done"],
            data["partial"]
        ]),
        json!([40, 100, 60, true, true])
    );
    let reply = results(&sandbox, &id, "").await;
    assert_eq!(reply.at("/data/count"), 40);
    assert_eq!(reply.at("/meta/creditsUsed"), 4_000);
    assert_eq!(reply.at("/meta/creditsRefunded"), 16_000);
    assert_eq!(conserved(&sandbox).reserved, 0);
}

#[tokio::test(start_paused = true)]
async fn a_scrape_with_an_address_is_settled_at_its_end_and_others_on_demand() {
    for (webhook, settles_after, settled_at) in [
        (true, None, Some(2_342)),
        (false, Some(Duration::from_secs(10)), Some(12_342)),
        (true, Some(Duration::from_secs(10)), Some(2_342)),
        (false, None, None),
    ] {
        let mut options = crowd_of(342);
        options.settles_after = settles_after;
        let sandbox = Sandbox::new(options);
        let mut body = search(500);
        if webhook {
            body["webhookUrl"] = json!("https://hooks.example/e");
        }
        start(&sandbox, body).await;
        advance(Duration::from_millis(settled_at.unwrap_or(1_000_000) - 1)).await;
        assert_eq!(conserved(&sandbox).reserved, 50_000);
        advance(Duration::from_millis(1)).await;
        let balance = get(&sandbox, "/wallets/balance").await;
        let left = if settled_at.is_some() { START - 34_200 } else { START - 50_000 };
        assert_eq!(balance.at("/data/balance"), left);
        let audit = conserved(&sandbox);
        assert_eq!((audit.unsettled == 0, audit.jobs), (settled_at.is_some(), 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_settlement_by_itself_is_dated_at_the_end_and_stands() {
    let sandbox = Sandbox::new(crowd_of(342));
    let mut body = search(500);
    body["webhookUrl"] = json!("https://hooks.example/e");
    let id = start(&sandbox, body).await;
    wait().await;
    sandbox.top_up(5);
    let rows = get(&sandbox, "/wallets/transactions").await;
    assert_eq!(rows.at("/data/transactions/1/createdAt"), "2026-01-01T00:00:02.342Z");
    assert_eq!(rows.at("/data/transactions/0/type"), "topup");
    let reply = results(&sandbox, &id, "").await;
    assert_eq!(reply.at("/meta/creditsRefunded"), 15_800);
    let total =
        get(&sandbox, "/wallets/transactions").await.at("/data/pagination/total").clone();
    assert_eq!(total, 3);
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_is_named_by_company_and_filters() {
    let sandbox = Sandbox::new(crowd_of(5));
    start(&sandbox, search(5)).await;
    start(&sandbox, json!({ "companyUrl": format!("{ACME}/"), "max_limit": 9 })).await;
    let asked = sandbox.audit().asked;
    assert_eq!(asked.get("company-follower:acme|"), Some(&2), "{asked:?}");
}
