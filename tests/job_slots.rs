//! Job slots that are taken by jobs which this run does not fetch are waited for only where they may end.

use crate::support::simulation::{Crash, World, people};
use leadmill_core::{Operation, RunId, Status};
use leadmill_engine::Ending;
use leadmill_sandbox::Options;
use std::time::Duration;
use tokio::time::{Instant, sleep};

fn world() -> World {
    let mut world = World::new("enterprise", Options::default());
    world.batch(10);
    world.running(2);
    world
}

/// A lost reply holds its slot for as long as the job may run, and the run says so in place of waiting.
#[tokio::test(start_paused = true)]
async fn batches_in_doubt_end_the_run_and_give_their_slots_back_after_a_day() {
    let world = world();
    let people = people(40);
    // Both intents are written, and their process dies.
    world
        .run(&people, Some(Crash { append: 0, written: true }))
        .await
        .ending
        .unwrap_err();
    let start = Instant::now();
    let session = world.run(&people, None).await;
    assert_eq!(session.ending.unwrap(), Ending::NoJobSlot);
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    let trouble = session.report.trouble.unwrap();
    assert_eq!(trouble.matches("(in doubt)").count(), 2, "{trouble}");
    let deferred = |world: &World| {
        let output = world.output(&people);
        output.iter().filter(|(status, _)| *status == Status::Deferred).count()
    };
    assert_eq!(deferred(&world), 20);
    let resume_at = session.report.resume_at.unwrap();
    sleep(resume_at.since(world.now())).await;
    assert_eq!(world.run(&people, None).await.ending.unwrap(), Ending::Complete);
    assert_eq!(deferred(&world), 0);
    world.audit();
}

/// Jobs of a run that is at work beside this one are waited for, since they end.
#[tokio::test(start_paused = true)]
async fn another_run_s_jobs_are_waited_for() {
    let first = world();
    let second = first.beside(RunId(2));
    let people = people(200);
    let (ours, theirs) = people.split_at(100);
    let later = async {
        sleep(Duration::from_secs(1)).await;
        second.run(theirs, None).await
    };
    let (a, b) = tokio::join!(first.run(ours, None), later);
    assert_eq!(a.ending.unwrap(), Ending::Complete);
    assert_eq!(b.ending.unwrap(), Ending::Complete);
    assert_eq!(first.most_running(Operation::FindEmail), 2);
    first.audit();
}

/// Nobody fetches the jobs of a process that was killed meanwhile: after a while the run ends, and the next
/// one takes them up.
#[tokio::test(start_paused = true)]
async fn jobs_that_another_process_left_are_taken_up_by_the_next() {
    let first = world();
    let mut second = first.beside(RunId(2));
    let people = people(60);
    let (ours, theirs) = people.split_at(30);
    // It is killed when both of its jobs are accepted.
    let killed = first.run(ours, Some(Crash { append: 2, written: false })).await;
    killed.ending.unwrap_err();
    let session = second.run(theirs, None).await;
    assert_eq!(session.ending.unwrap(), Ending::NoJobSlot);
    assert!(session.report.trouble.unwrap().contains("(not fetched)"));
    second.others.clear();
    assert_eq!(second.run(theirs, None).await.ending.unwrap(), Ending::Complete);
    assert_eq!(first.run(ours, None).await.ending.unwrap(), Ending::Complete);
    first.audit();
}
