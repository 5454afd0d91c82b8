//! What a batch costs, and when.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::advance;

use super::client::{found, get, leads, post, results, sandbox, submit};
use crate::{Audit, Fault, Options, Sandbox, answer_validation};

const START: u64 = 1_000_000;

fn conserved(sandbox: &Sandbox) -> Audit {
    let audit = sandbox.audit();
    assert_eq!(audit.balance + audit.charged + audit.reserved, START);
    audit
}

#[tokio::test(start_paused = true)]
async fn the_first_page_after_the_end_settles_and_no_later_one_charges_again() {
    let sandbox = sandbox(Options::default());
    let id = submit(&sandbox, 100).await;
    let audit = conserved(&sandbox);
    assert_eq!((audit.reserved, audit.charged, audit.unsettled), (1_000, 0, 1));
    advance(Duration::from_millis(2_099)).await;
    results(&sandbox, &id, "").await;
    assert_eq!(conserved(&sandbox).reserved, 1_000, "not ended, so not settled");
    advance(Duration::from_millis(1)).await;
    get(&sandbox, &format!("/email-finder/batch/{id}")).await;
    assert_eq!(conserved(&sandbox).reserved, 1_000, "a status settles nothing");
    let used = found(100) * 10;
    for page in 1..4 {
        let reply = results(&sandbox, &id, &format!("?limit=50&page={page}")).await;
        let meta = reply.at("/meta");
        assert_eq!(
            [&meta["creditsUsed"], &meta["creditsRefunded"], &meta["creditsRemaining"]],
            [&json!(used), &json!(1_000 - used), &json!(START - used)],
        );
        let audit = conserved(&sandbox);
        assert_eq!((audit.charged, audit.reserved, audit.unsettled), (used, 0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_writes_one_deduction_and_one_refund() {
    let sandbox = sandbox(Options::default());
    let id = submit(&sandbox, 100).await;
    advance(Duration::from_secs(3)).await;
    results(&sandbox, &id, "").await;
    results(&sandbox, &id, "").await;
    let rows = get(&sandbox, "/wallets/transactions").await;
    let rows = rows.at("/data/transactions").as_array().unwrap();
    let refund = 1_000 - found(100) * 10;
    let amounts: Vec<&Value> = rows.iter().map(|row| &row["amount"]).collect();
    assert_eq!(amounts, [&json!(refund), &json!(-1_000)], "newest first");
    let text = format!("Batch refund — {} unfound leads in batch {id}", refund / 10);
    assert_eq!(rows[0]["description"], text);
    assert_eq!(rows[1]["description"], "Email finder batch: 100 leads");
    assert_eq!(rows[1]["metadata"], json!({}), "the reference names no field here");
}

#[tokio::test(start_paused = true)]
async fn invalid_in_a_batch_is_charged_or_not_by_the_knob() {
    let emails: Vec<_> = (0..200).map(|nth| format!("ada{nth}@x.io")).collect();
    let count = |result: &str| {
        let of = |email: &&String| answer_validation(0, email).result == result;
        emails.iter().filter(of).count()
    };
    for (invalid_charged, used) in
        [(true, count("valid") + count("invalid")), (false, count("valid"))]
    {
        let sandbox = sandbox(Options { invalid_charged, ..Options::default() });
        let body = json!({ "emails": emails });
        let submitted = post(&sandbox, "/email-validation/batch", body).await;
        assert_eq!(submitted.at("/meta/creditsReserved"), 200);
        let id = submitted.at("/data/batchId").as_str().unwrap();
        advance(Duration::from_secs(3)).await;
        let path = format!("/email-validation/batch/{id}/results?page=9");
        let reply = get(&sandbox, &path).await;
        assert_eq!(reply.at("/data/results"), &json!([]), "any page settles");
        assert_eq!(reply.at("/meta/creditsUsed"), &json!(used));
        assert_eq!(conserved(&sandbox).charged, used as u64);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_batch_gives_and_charges_what_was_done() {
    let faults = vec![Fault::FailedJob(40)];
    let sandbox = sandbox(Options { faults, ..Options::default() });
    let id = submit(&sandbox, 100).await;
    advance(Duration::from_secs(3)).await;
    let reply = results(&sandbox, &id, "").await;
    assert_eq!(reply.at("/data/status"), "failed");
    assert_eq!(reply.at("/data/results").as_array().map(Vec::len), Some(40));
    let used = found(40) * 10;
    assert_eq!(reply.at("/meta/creditsUsed"), used);
    assert_eq!(reply.at("/meta/creditsRefunded"), 1_000 - used);
    assert_eq!(conserved(&sandbox).unsettled, 0);
}

#[tokio::test(start_paused = true)]
async fn the_same_submit_twice_is_two_batches_and_two_reserves() {
    let sandbox = sandbox(Options::default());
    let first = submit(&sandbox, 3).await;
    assert_ne!(first, submit(&sandbox, 3).await);
    let audit = conserved(&sandbox);
    assert_eq!((audit.reserved, audit.jobs, audit.asked_twice), (60, 2, 3));
}

#[tokio::test(start_paused = true)]
async fn a_reserve_that_fits_exactly_is_taken() {
    let sandbox = sandbox(Options { balance: 30, ..Options::default() });
    assert_eq!(post(&sandbox, "/email-finder/batch", leads(3)).await.status, 200);
    assert_eq!(sandbox.audit().balance, 0);
    assert_eq!(post(&sandbox, "/email-finder/batch", leads(1)).await.status, 402);
}
