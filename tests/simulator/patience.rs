//! Waits that nobody bears, whatever else has ended.

use crate::simulation::{
    World,
    network::{Way, Weather},
    people,
};
use bytes::Bytes;
use http::{Request, Response, header};
use leadmill_core::pack::{Doubtful, InDoubt};
use leadmill_core::{Credits, State};
use leadmill_engine::Ending;
use leadmill_sandbox::{
    Fault, Options,
    tomba::{self, BulkOptions},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

const DAY: Duration = Duration::from_secs(86_400);

/// Nobody fetches any results for a year.
#[derive(Debug)]
struct Closed;

impl Weather for Closed {
    fn next(&self, request: &Request<Bytes>) -> Way {
        let is_results = request.uri().path().ends_with("/results");
        let year = || {
            Response::builder()
                .status(429)
                .header(header::RETRY_AFTER, 365 * DAY.as_secs())
                .body(Bytes::new())
                .unwrap()
        };
        Way { instead: is_results.then(year), ..Way::default() }
    }
}

/// Of all that is submitted only the first passes.
#[derive(Debug, Default)]
struct OneJob(AtomicBool);

impl Weather for OneJob {
    fn next(&self, request: &Request<Bytes>) -> Way {
        let is_submit =
            request.method() == "POST" && request.uri().path().ends_with("/bulk/finder");
        let is_refused = is_submit && self.0.swap(true, Ordering::Relaxed);
        let full = || Response::builder().status(429).body(Bytes::new()).unwrap();
        Way { instead: is_refused.then(full), ..Way::default() }
    }
}

/// Others have used up the day's jobs, as is said again and again while a job of ours runs: by its end the time has almost
/// come at which the next one was to be tried.
#[tokio::test(start_paused = true)]
async fn a_run_that_others_leave_no_jobs_ends_though_its_own_take_long() {
    let bulk = BulkOptions { fixed: Duration::from_secs(300), ..BulkOptions::default() };
    let options = tomba::Options { bulk, ..tomba::Options::default() };
    let mut world = World::of_tomba(options);
    world.batch(5);
    world.weather = Arc::new(OneJob::default());
    let session = world.run(&people(20), None).await;
    assert_eq!(session.ending.unwrap(), Ending::DailyQuota);
    assert!(session.report.resume_at.unwrap() > world.now());
    assert!(session.report.throttled < 10, "{}", session.report.throttled);
    assert_eq!(world.ledger().open("tomba").count(), 0);
}

/// A lost job holds one slot and an open one the other, so that buying has stopped before the wait is told.
#[tokio::test(start_paused = true)]
async fn a_run_that_buys_nothing_more_waits_no_year_for_a_job() {
    let options =
        Options { faults: vec![Fault::None, Fault::LostReply], ..Options::default() };
    let mut world = World::new("enterprise", options);
    world.batch(5);
    world.running(2);
    world.weather = Arc::new(Closed);
    world.doubtful = Some(Doubtful { act: InDoubt::Hold, budget: Credits::ZERO });
    let session = world.run(&people(20), None).await;
    assert_eq!(session.ending.unwrap(), Ending::Throttled);
    let resume = session.report.resume_at.unwrap().since(world.now());
    assert!(resume > DAY * 300, "{resume:?}");
    let ledger = world.ledger();
    let open = ledger.lines().iter().filter(|line| line.is_open());
    assert!(open.clone().any(|line| matches!(line.state, State::Accepted(_))));
}
