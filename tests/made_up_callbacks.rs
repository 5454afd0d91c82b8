//! Somebody who knows the address of a batch in doubt names other jobs for it: no question is paid for twice,
//! and the true job is found all the same.

use crate::support::simulation::{
    Receiving, World,
    network::{Way, Weather},
    people,
};
use axum::body::{Body, to_bytes};
use bytes::Bytes;
use http::{Request, Response};
use leadmill_core::{
    BatchId, Credits, Query, Status,
    pack::{Doubtful, InDoubt},
};
use leadmill_engine::Ending;
use leadmill_providers::enrich::callback;
use leadmill_sandbox::{Callbacks, Delivery, Fault, Options, Outlet};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::sleep,
};
use tower::ServiceExt;

/// A world whose callbacks nobody passes on by himself.
fn world(faults: Vec<Fault>) -> (World, UnboundedReceiver<Delivery>) {
    let (outlet, sent) = unbounded_channel();
    let callbacks = Callbacks { outlet: Outlet::Channel(outlet), ..Callbacks::default() };
    let options = Options { callbacks, faults, ..Options::default() };
    let mut world = World::new("enterprise", options);
    world.receiving = Some(Receiving::start(0).1);
    world.batch(4);
    (world, sent)
}

fn hold(world: &mut World) {
    world.doubtful = Some(Doubtful { act: InDoubt::Hold, budget: Credits::ZERO });
}

fn asked_twice(world: &World) -> usize {
    world.sandbox.audit().asked.values().filter(|times| **times > 1).count()
}

/// The job of a colleague with these questions.
async fn colleague(world: &World, people: &[Query]) -> String {
    let lead = |query: &Query| {
        let values: Vec<&str> = query.values().collect();
        let [first, last, domain] = values.try_into().unwrap();
        serde_json::json!({ "firstName": first, "lastName": last, "domain": domain })
    };
    let leads: Vec<_> = people.iter().map(lead).collect();
    let request = Request::post("/api/v3/email-finder/batch")
        .header("content-type", "application/json")
        .header("x-api-key", "sk_sandbox")
        .body(Body::from(serde_json::json!({ "leads": leads }).to_string()))
        .unwrap();
    let response = world.sandbox.router().oneshot(request).await.unwrap();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    body["data"]["batchId"].as_str().unwrap().to_owned()
}

fn in_doubt(world: &World) -> Vec<BatchId> {
    let ledger = world.ledger();
    ledger.lines().iter().filter(|line| line.is_open()).map(|line| line.batch).collect()
}

/// One batch was charged and one was not, and both replies were lost. A name for one of them must not make the
/// other's charge look like its own.
#[tokio::test(start_paused = true)]
async fn a_name_for_one_batch_explains_no_charge_of_another() {
    for name in ["made-up", "true", "identical"] {
        let (mut world, mut sent) =
            world(vec![Fault::None, Fault::RefusedBefore, Fault::LostReply]);
        let people = people(8);
        let older = colleague(&world, &people[..4]).await;
        world.run(&people, None).await.ending.unwrap();
        let [free, _] = in_doubt(&world).try_into().unwrap();
        let job = match name {
            "true" => callback::read(&sent.recv().await.unwrap().body).unwrap().job.0,
            "identical" => older,
            other => other.to_owned(),
        };
        world.tell(free, &job);
        hold(&mut world);
        for _ in 0..2 {
            world.run(&people, None).await.ending.unwrap();
        }
        let ours = if name == "identical" { &people[4..] } else { &people[..] };
        let audit = world.sandbox.audit();
        let name_of = |query: &Query| {
            leadmill_sandbox::question(
                "email-finder",
                &query.values().collect::<Vec<_>>(),
            )
        };
        for query in ours {
            let times = audit.asked.get(&name_of(query)).copied().unwrap_or_default();
            assert!(times <= 1, "{name}: {query:?} was asked {times} times");
        }
    }
}

/// A failed job shows a part of what it holds: that this part is ours proves nothing about the rest.
#[tokio::test(start_paused = true)]
async fn a_failed_job_that_shares_a_question_is_not_taken() {
    let (mut world, _sent) = world(vec![Fault::LostReply, Fault::FailedJob(1)]);
    let people = people(20);
    let ours = &people[..4];
    world.run(ours, None).await.ending.unwrap();
    let theirs = [&people[..1], &people[10..13]].concat();
    let job = colleague(&world, &theirs).await;
    sleep(Duration::from_secs(100)).await;
    let [batch] = in_doubt(&world).try_into().unwrap();
    world.tell(batch, &job);
    hold(&mut world);
    for _ in 0..2 {
        world.run(ours, None).await.ending.unwrap();
    }
    // The one that the colleague asked too.
    assert_eq!(asked_twice(&world), 1);
    let statuses: Vec<Status> =
        world.output(ours).iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [Status::UnknownCharged; 4]);
}

/// What the provider says of jobs that are made up.
#[derive(Debug)]
struct Ill(u16);

impl Weather for Ill {
    fn next(&self, request: &Request<Bytes>) -> Way {
        let is_made_up = request.uri().path().contains("made-up");
        let response = Response::builder().status(self.0).body(Bytes::new()).unwrap();
        Way { instead: is_made_up.then_some(response), ..Way::default() }
    }
}

#[tokio::test(start_paused = true)]
async fn the_true_job_is_found_among_those_that_are_made_up() {
    for status in [404, 500, 403, 400] {
        let (mut world, mut sent) = world(vec![Fault::LostReply]);
        world.weather = Arc::new(Ill(status));
        let people = people(4);
        world.run(&people, None).await.ending.unwrap();
        sleep(Duration::from_secs(100)).await;
        let [batch] = in_doubt(&world).try_into().unwrap();
        let job = callback::read(&sent.recv().await.unwrap().body).unwrap().job;
        (0..8).for_each(|nth| world.tell(batch, &format!("made-up-{nth}")));
        world.tell(batch, &job.0);
        hold(&mut world);
        for _ in 0..4 {
            let ending = world.run(&people, None).await.ending.unwrap();
            assert_eq!(ending, Ending::Complete, "{status}");
        }
        assert!(in_doubt(&world).is_empty(), "{status}");
        assert_eq!(asked_twice(&world), 0);
        world.audit();
    }
}

/// Made-up jobs alone are given up after a while, and the wallet proves what it can.
#[tokio::test(start_paused = true)]
async fn made_up_jobs_do_not_keep_a_batch_from_being_judged() {
    let (mut world, _sent) = world(vec![Fault::RefusedBefore]);
    let people = people(4);
    world.run(&people, None).await.ending.unwrap();
    let [batch] = in_doubt(&world).try_into().unwrap();
    (0..16).for_each(|nth| world.tell(batch, &format!("made-up-{nth}")));
    hold(&mut world);
    for _ in 0..20 {
        world.run(&people, None).await.ending.unwrap();
    }
    assert!(in_doubt(&world).is_empty());
    assert!(
        world
            .output(&people)
            .iter()
            .all(|(s, _)| matches!(s, Status::Hit | Status::Miss))
    );
    assert!(world.entries().len() < 120, "{}", world.entries().len());
}
