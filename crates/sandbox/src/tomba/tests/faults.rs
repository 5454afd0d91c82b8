//! What goes wrong on demand and at random, and that it has the effect that its name tells.

use std::time::Duration;

use axum::body::to_bytes;
use tokio::time::Instant;

use super::client::{Reply, found, get, person, read, send, tomba};
use crate::tomba::{Oddities, Options, Tomba};
use crate::{Fault, Percent};

const ALWAYS: Percent = Percent::new(100);

fn with(options: Options) -> Tomba {
    tomba(Options { limits: false, ..options })
}

fn odd(oddities: Oddities) -> Tomba {
    with(Options { oddities, ..Options::default() })
}

async fn ask(tomba: &Tomba) -> Reply {
    get(tomba, &person(found(50)[0])).await
}

fn paid(tomba: &Tomba) -> usize {
    tomba.audit().paid.len()
}

#[tokio::test(start_paused = true)]
async fn replies_that_are_no_answers_cost_nothing() {
    let tomba = odd(Oddities { errors_in_success: ALWAYS, ..Oddities::default() });
    let reply = ask(&tomba).await;
    assert_eq!(reply.status, 200);
    assert!(reply.at("/errors/message").is_string() && reply.at("/data").is_null());
    assert_eq!(paid(&tomba), 0);
    let tomba = odd(Oddities { html: ALWAYS, ..Oddities::default() });
    let reply = ask(&tomba).await;
    assert_eq!((reply.status, reply.text.contains("<html>")), (502, true));
    assert_eq!(paid(&tomba), 0);
    let tomba = odd(Oddities { smtp: ALWAYS, ..Oddities::default() });
    assert_eq!(ask(&tomba).await.status, 200, "only the verifier asks mail servers");
    assert_eq!(get(&tomba, "/email-verifier?email=a@example.com").await.status, 402);
    assert_eq!(paid(&tomba), 1);
}

#[tokio::test(start_paused = true)]
async fn slow_answers_take_more_than_a_minute_and_are_paid() {
    let tomba = odd(Oddities { slow: ALWAYS, ..Oddities::default() });
    let start = Instant::now();
    assert_eq!(ask(&tomba).await.status, 200);
    assert_eq!((start.elapsed(), paid(&tomba)), (Duration::from_secs(70), 1));
    let single_latency = Duration::from_millis(120);
    let tomba = with(Options { single_latency, ..Options::default() });
    let start = Instant::now();
    assert_eq!(ask(&tomba).await.status, 200);
    assert_eq!(start.elapsed(), single_latency);
    let latency = Duration::from_millis(80);
    let tomba = with(Options { latency, ..Options::default() });
    let start = Instant::now();
    ask(&tomba).await;
    assert_eq!(start.elapsed(), latency);
}

#[tokio::test(start_paused = true)]
async fn every_status_of_the_table_can_be_had() {
    let refusals = vec![400, 402, 403, 410, 418, 500, 503];
    let tomba = with(Options { refusals: refusals.clone(), ..Options::default() });
    for status in refusals {
        let reply = ask(&tomba).await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.at("/errors/code"), status);
    }
    assert_eq!((ask(&tomba).await.status, paid(&tomba)), (200, 1));
}

#[tokio::test(start_paused = true)]
async fn planned_faults_strike_in_order() {
    let faults = vec![
        Fault::RefusedBefore,
        Fault::LostReply,
        Fault::ErrorAfter,
        Fault::Truncated,
        Fault::Hang(Duration::from_secs(5)),
    ];
    let tomba = with(Options { faults, ..Options::default() });
    let nths = found(50);
    let path = |nth: usize| person(nths[nth]);
    assert_eq!((get(&tomba, &path(0)).await.status, paid(&tomba)), (503, 0));
    let lost = send(&tomba, "GET", &path(0), "", "").await;
    assert!(to_bytes(lost.into_body(), usize::MAX).await.is_err());
    assert_eq!(paid(&tomba), 1, "a lost reply is paid for");
    assert_eq!((get(&tomba, &path(1)).await.status, paid(&tomba)), (500, 2));
    let cut = get(&tomba, &path(2)).await;
    assert!(cut.body.is_null() && cut.status == 200 && paid(&tomba) == 3);
    let start = Instant::now();
    assert_eq!(get(&tomba, &path(3)).await.status, 200);
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    assert_eq!(get(&tomba, &path(0)).await.status, 200);
    assert_eq!((tomba.audit().repeats, tomba.audit().paid_twice), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_goes_wrong_at_random_is_what_goes_wrong_at_others() {
    for (fault, status, whole, bought) in [
        ("reset-before", 503, false, 0),
        ("reset-after", 200, false, 1),
        ("truncated", 200, true, 1),
        ("error-before", 503, true, 0),
        ("error-after", 500, true, 1),
        ("throttled", 429, true, 0),
    ] {
        let chaos = vec![format!("{fault}=100%").parse().unwrap()];
        let tomba = with(Options { chaos, ..Options::default() });
        let response = send(&tomba, "GET", &person(found(50)[0]), "", "").await;
        let got = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await;
        assert_eq!((got, body.is_ok(), paid(&tomba)), (status, whole, bought), "{fault}");
        if status >= 500 && whole {
            let body = String::from_utf8(body.unwrap().to_vec()).unwrap();
            assert!(body.starts_with(r#"{"errors":"#), "in Tomba's words: {body}");
        }
    }
    let chaos = vec!["miss-as-error=100%".parse().unwrap()];
    let tomba = with(Options { chaos, ..Options::default() });
    let missed = (0..50).find(|nth| !found(50).contains(nth)).unwrap();
    assert_eq!(get(&tomba, &person(missed)).await.status, 500);
    assert_eq!(ask(&tomba).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn the_sandbox_tells_its_books_and_takes_credits() {
    use axum::body::Body;
    use tower::ServiceExt;
    let tomba = with(Options::default());
    ask(&tomba).await;
    let request = http::Request::post("/sandbox/topup");
    let body = Body::from(r#"{"pool":"phones","credits":-4999}"#);
    let reply = tomba.router().oneshot(request.body(body).unwrap()).await.unwrap();
    let reply = read(reply).await;
    assert_eq!(reply.at("/left/phones"), 1);
    assert_eq!(reply.at("/spent/searches"), 1);
    let request = http::Request::get("/sandbox/audit").body(Body::empty()).unwrap();
    let reply = read(tomba.router().oneshot(request).await.unwrap()).await;
    let audit: crate::tomba::Audit = serde_json::from_str(&reply.text).unwrap();
    assert_eq!(audit, tomba.audit());
    assert_eq!(audit.requests["GET /email-finder"], 1);
}
