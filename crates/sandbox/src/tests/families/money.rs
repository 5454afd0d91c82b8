//! What lookups and jobs cost, and when.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::advance;

use super::super::client::{get, post, sandbox, send};
use super::{FAMILIES, emails, keys};
use crate::{Fault, NoCreditBody, Options};

#[tokio::test(start_paused = true)]
async fn a_hit_costs_its_price_and_a_miss_nothing() {
    for family in FAMILIES {
        let sandbox = sandbox(Options::default());
        for (hit, credits) in [(true, family.price), (false, 0)] {
            let reply = family.ask(&sandbox, family.first(hit)).await;
            assert_eq!(reply.status, 200);
            assert_eq!(keys(&reply.body), ["data", "meta", "success"]);
            let meta = json!({
                "requestId": reply.at("/meta/requestId"), "creditsUsed": credits,
                "creditsRemaining": 1_000_000 - family.price, "processingTimeMs": 0,
            });
            assert_eq!(reply.at("/meta"), &meta);
        }
        let rows = get(&sandbox, "/wallets/transactions").await;
        assert_eq!(rows.at("/data/pagination/total"), 1, "a miss writes no row");
        let row = rows.at("/data/transactions/0");
        let email = super::email(family.first(true));
        assert_eq!(row["description"], format!("{}: {email}", family.title));
        assert_eq!(row["amount"], -(family.price as i64));
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_whole_price_nothing_happens_in_three_bodies() {
    for family in FAMILIES {
        for (no_credit_body, detail) in [
            (NoCreditBody::Extended, "/shortfall"),
            (NoCreditBody::Plain, "/detail"),
            (NoCreditBody::Flat, "/detail/required"),
        ] {
            for (items, miss) in [(1, true), (3, false)] {
                let required = family.price * items;
                let balance = required - 1;
                let sandbox = sandbox(Options {
                    no_credit_body,
                    balance,
                    limits: false,
                    ..Options::default()
                });
                let reply = match miss {
                    true => family.ask(&sandbox, family.first(false)).await,
                    false => post(&sandbox, family.bulk, emails(items as usize)).await,
                };
                assert_eq!(reply.status, 402);
                let says = match no_credit_body {
                    NoCreditBody::Extended => json!(1),
                    NoCreditBody::Plain => json!(format!(
                        "Not enough credits. Required: {required}, available: {balance}"
                    )),
                    NoCreditBody::Flat => json!(required),
                };
                assert_eq!(reply.at(detail), &says);
                let audit = sandbox.audit();
                assert_eq!(
                    (audit.balance, audit.jobs, audit.asked.len()),
                    (balance, 0, 0)
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_results_after_the_end_settle_and_no_later_ones_do() {
    for family in FAMILIES {
        let sandbox = sandbox(Options::default());
        let id = family.submit(&sandbox, 100).await;
        let reserve = 100 * family.price;
        advance(Duration::from_millis(2_099)).await;
        family.results(&sandbox, &id, "").await;
        advance(Duration::from_millis(1)).await;
        family.status(&sandbox, &id).await;
        let audit = sandbox.audit();
        assert_eq!((audit.reserved, audit.charged, audit.unsettled), (reserve, 0, 1));
        let used = family.hits(100) * family.price;
        for page in [9, 1, 2] {
            let query = format!("?page={page}");
            let reply = family.results(&sandbox, &id, &query).await;
            assert_eq!(reply.at("/meta/creditsUsed"), used);
            assert_eq!(reply.at("/meta/creditsRefunded"), reserve - used);
            let audit = sandbox.audit();
            assert_eq!((audit.reserved, audit.charged, audit.unsettled), (0, used, 0));
            assert_eq!(audit.balance, 1_000_000 - used);
        }
        let rows = get(&sandbox, "/wallets/transactions").await;
        let rows: Vec<(&Value, &Value)> = rows
            .at("/data/transactions")
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (&row["amount"], &row["description"]))
            .collect();
        let uncharged = 100 - family.hits(100);
        let refund =
            format!("Batch refund — {uncharged} {} in batch {id}", family.uncharged);
        let deduction = format!("{} batch: 100 {}", family.title, family.unit);
        assert_eq!(
            rows,
            [
                (&json!(reserve - used), &json!(refund)),
                (&json!(-(reserve as i64)), &json!(deduction)),
            ]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_unfetched_job_stays_reserved_or_settles_by_itself() {
    for family in FAMILIES {
        let kept = sandbox(Options::default());
        family.submit(&kept, 100).await;
        advance(Duration::from_secs(1_000_000)).await;
        assert_eq!(kept.audit().reserved, 100 * family.price);
        for late in [1, 5_000] {
            let settles_after = Some(Duration::from_secs(60));
            let sandbox = sandbox(Options { settles_after, ..Options::default() });
            let id = family.submit(&sandbox, 100).await;
            let used = family.hits(100) * family.price;
            advance(Duration::from_millis(62_099)).await;
            assert_eq!(sandbox.audit().charged, 0);
            advance(Duration::from_millis(late)).await;
            let balance = get(&sandbox, "/wallets/balance").await;
            assert_eq!(balance.at("/data/balance"), 1_000_000 - used);
            assert_eq!((sandbox.audit().charged, sandbox.audit().unsettled), (used, 0));
            let rows = get(&sandbox, "/wallets/transactions").await;
            let row = rows.at("/data/transactions/0");
            assert_eq!(row["createdAt"], "2026-01-01T00:01:02.100Z", "when it was due");
            let reply = family.results(&sandbox, &id, "").await;
            assert_eq!(reply.at("/meta/creditsUsed"), used);
            assert_eq!(sandbox.audit().charged, used);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_submit_twice_is_two_jobs_and_two_reserves() {
    for family in FAMILIES {
        let sandbox = sandbox(Options::default());
        let first = family.submit(&sandbox, 3).await;
        assert_ne!(first, family.submit(&sandbox, 3).await);
        let audit = sandbox.audit();
        assert_eq!(
            (audit.reserved, audit.jobs, audit.asked_twice),
            (6 * family.price, 2, 3)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn faults_strike_lookups_and_submits_of_every_family() {
    for family in FAMILIES {
        for (fault, status, happened) in [
            (Fault::RefusedBefore, 503, false),
            (Fault::ErrorAfter, 500, true),
            (Fault::LostReply, 200, true),
            (Fault::Truncated, 200, true),
            (Fault::Hang(Duration::from_secs(5)), 200, true),
        ] {
            let faults = vec![fault, fault];
            let sandbox =
                sandbox(Options { faults, limits: false, ..Options::default() });
            let (method, path, body) = family.question(family.first(true));
            let lookup = send(&sandbox, method, &path, &body).await;
            let path = format!("/api/v3{}", family.bulk);
            let submit = send(&sandbox, "POST", &path, &emails(1).to_string()).await;
            let statuses = [lookup.status(), submit.status()].map(|it| it.as_u16());
            assert_eq!(statuses, [status, status], "{fault:?}");
            let audit = sandbox.audit();
            let times = u64::from(happened);
            assert_eq!(audit.charged, times * family.price, "{fault:?}");
            assert_eq!((audit.jobs, audit.asked.is_empty()), (times, !happened));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_miss_may_come_as_an_error_at_random_and_is_then_asked_of_nobody() {
    for family in FAMILIES {
        let chaos = vec!["miss-as-error=100%".parse().unwrap()];
        let sandbox = sandbox(Options { chaos, ..Options::default() });
        assert_eq!(family.ask(&sandbox, family.first(false)).await.status, 500);
        assert_eq!(family.ask(&sandbox, family.first(true)).await.status, 200);
        assert_eq!(sandbox.audit().charged, family.price);
    }
}
