//! No budget is broken: caps bind on the reserve, and what is paid for is finished and written.

use crate::support::{
    binary::{Server, Workplace, finder_pipeline, leads_csv},
    simulation::{World, people},
};
use leadmill_core::{Credits, Lane, Status};
use leadmill_engine::Ending;
use leadmill_sandbox::{NoCreditBody, Options, Plan};
use std::time::Duration;

fn quick() -> Options {
    Options {
        job_queued: Duration::ZERO,
        job_fixed: Duration::from_millis(200),
        job_per_item: Duration::ZERO,
        ..Options::default()
    }
}

#[test]
fn at_the_cap_the_run_ends_resumable_and_a_higher_cap_goes_on() {
    let server = Server::start(quick());
    let place = Workplace::new();
    place.write("leads.csv", &leads_csv(0..400));
    let with_budget = |credits: u64| {
        let rest =
            format!("budget: {{ run: {{ enrich: {credits} }}, at_limit: stop }}\n");
        place.write(
            "pipeline.yaml",
            &finder_pipeline(&server, "plan: growth, batch: 50", &rest),
        );
    };
    with_budget(1_205);
    let json = place.run().expect(75).json();
    assert_eq!(json["status"], "at_limit");
    assert!(server.audit().charged <= 1_205);
    assert_eq!(server.audit().unsettled, 0, "what is paid for is fetched");
    let rows = |json: &serde_json::Value, status: &str| {
        json["steps"][0]["status"][status].as_u64().unwrap_or(0)
    };
    assert!(rows(&json, "deferred") > 0, "{json}");
    assert!(rows(&json, "hit") > 0, "{json}");
    assert_eq!(json["output"]["rows"], 400);
    // The cap is the whole run's: as it stands, nothing more is bought.
    let before = server.audit().charged;
    place.run().expect(75);
    assert!(
        server.audit().charged - before < 10 * 120,
        "the rest of the cap at the most"
    );
    assert!(server.audit().charged <= 1_205);
    with_budget(100_000);
    let json = place.run().expect(0).json();
    assert_eq!((rows(&json, "deferred"), json["resumed"].as_bool()), (0, Some(true)));
    assert_eq!(json["accounts"]["enrich"]["credits_committed"], server.audit().charged);
    server.assert_clean();
}

/// A pipeline that is scheduled over the same source gets on by a budget a day, and is done in the end.
#[test]
fn by_default_each_run_has_a_budget_of_its_own_and_the_next_begins_anew() {
    let server = Server::start(quick());
    let place = Workplace::new();
    place.write("leads.csv", &leads_csv(0..100));
    let with = |rest: &str| {
        let provider = "plan: growth, batch: 10";
        place.write("pipeline.yaml", &finder_pipeline(&server, provider, rest));
    };
    with("budget: { run: { enrich: 200 } }");
    let (mut runs, mut before) = (Vec::new(), 0);
    loop {
        let ended = place.run();
        let json = ended.json();
        let charged = server.audit().charged;
        assert!(charged - before <= 200, "{json}");
        assert_eq!((&json["closed"], &json["resumed"]), (&true.into(), &false.into()));
        assert!(!runs.contains(&json["run"]), "each is a run of its own: {json}");
        assert_eq!(json["output"]["rows"], 100);
        runs.push(json["run"].clone());
        let deferred = json["steps"][0]["status"]["deferred"].as_u64().unwrap_or(0);
        if ended.code == Some(0) {
            assert_eq!((&json["status"], deferred), (&"done".into(), 0));
            break;
        }
        assert_eq!((ended.code, &json["status"]), (Some(3), &"at_limit".into()));
        assert!(deferred > 0 && charged > before, "it gets on: {json}");
        assert_eq!(json["retryable"], false);
        before = charged;
    }
    assert!(runs.len() > 2, "{runs:?}");
    server.assert_clean();
}

/// A run that `stop` has left open is closed by the next one that is to finish.
#[test]
fn a_run_that_was_stopped_at_its_budget_is_finished_once_it_is_to_be() {
    let server = Server::start(quick());
    let place = Workplace::new();
    place.write("leads.csv", &leads_csv(0..60));
    let with = |at_limit: &str| {
        let rest =
            format!("budget: {{ run: {{ enrich: 200 }}, at_limit: {at_limit} }}\n");
        let provider = "plan: growth, batch: 10";
        place.write("pipeline.yaml", &finder_pipeline(&server, provider, &rest));
    };
    with("stop");
    let first = place.run().expect(75).json();
    assert_eq!((&first["closed"], &first["retryable"]), (&false.into(), &true.into()));
    let second = place.run().expect(75).json();
    assert_eq!((&second["run"], &second["resumed"]), (&first["run"], &true.into()));
    with("finish");
    let third = place.run().expect(3).json();
    assert_eq!((&third["run"], &third["closed"]), (&first["run"], &true.into()));
    assert!(server.audit().charged <= 200, "one run, one budget");
    let fourth = place.run().json();
    assert_ne!(fourth["run"], first["run"]);
    assert!(server.audit().charged > 200, "the next has a budget of its own");
    server.assert_clean();
}

#[test]
fn an_empty_wallet_needs_a_person_and_a_top_up_goes_on() {
    for no_credit_body in
        [NoCreditBody::Extended, NoCreditBody::Plain, NoCreditBody::Flat]
    {
        let server = Server::start(Options {
            balance: 333,
            no_credit_body,
            plan: Plan::Pro,
            ..quick()
        });
        let place = Workplace::new();
        place.write("leads.csv", &leads_csv(0..200));
        place.write(
            "pipeline.yaml",
            &finder_pipeline(&server, "plan: pro, batch: 50", ""),
        );
        let json = place.run().expect(4).json();
        assert_eq!(json["status"], "no_credit");
        let audit = server.audit();
        assert!(audit.charged <= 333 && audit.balance < 10, "{audit:?}");
        assert_eq!((audit.unsettled, audit.reserved), (0, 0));
        server.top_up(100_000);
        let json = place.run().expect(0).json();
        assert_eq!(json["steps"][0]["status"]["deferred"], serde_json::Value::Null);
        server.assert_clean();
    }
}

/// The cap is swept over every value around a batch's reserve, in both lanes: it is never passed, and
/// what fits into it is used.
#[tokio::test(start_paused = true)]
async fn no_cap_is_ever_passed_and_refunds_make_room() {
    for lane in [Lane::Bulk, Lane::Single] {
        for budget in (0..400).step_by(35) {
            let mut world = World::new("enterprise", quick());
            (world.lane, world.budget) = (lane, Credits(budget));
            world.batch(7);
            let people = people(30);
            let session = world.run(&people, None).await;
            let charged = world.sandbox.audit().charged;
            assert!(charged <= budget, "{lane:?}: {charged} of {budget}");
            let output = world.output(&people);
            let deferred = output.iter().filter(|(s, _)| *s == Status::Deferred).count();
            match session.ending.unwrap() {
                Ending::AtLimit => {
                    assert!(deferred > 0, "{lane:?} {budget}");
                    assert!(
                        charged + 10 > budget,
                        "{lane:?}: only {charged} of {budget} was used"
                    );
                }
                Ending::Complete => assert_eq!(deferred, 0, "{lane:?} {budget}"),
                other => panic!("{lane:?} {budget}: {other:?}"),
            }
            world.audit();
        }
    }
}

/// A colleague empties the wallet behind our back: the provider's 402 is believed, and money that comes
/// back is used.
#[tokio::test(start_paused = true)]
async fn a_wallet_that_shrinks_behind_our_back_ends_the_run_cleanly() {
    let mut world = World::new("enterprise", Options { balance: 2_000, ..quick() });
    world.batch(40);
    let people = people(100);
    // The wallet has been read by then, and the first batches are on their way.
    let drain = async {
        tokio::time::sleep(Duration::from_millis(70)).await;
        world.sandbox.top_up(-1_950);
        std::future::pending::<()>().await
    };
    let session = tokio::select! {
        session = world.run(&people, None) => session,
        () = drain => unreachable!(),
    };
    assert_eq!(session.ending.unwrap(), Ending::NoCredit);
    world.audit();
    assert_eq!(world.sandbox.audit().unsettled, 0);
    world.sandbox.top_up(10_000);
    assert_eq!(world.run(&people, None).await.ending.unwrap(), Ending::Complete);
    assert!(
        world
            .output(&people)
            .iter()
            .all(|(s, _)| matches!(s, Status::Hit | Status::Miss))
    );
}
