//! Whose budget pays for a job, and when: the fetch of its results is the paid act.

use super::*;
use crate::Lacks;

/// Two jobs of forty questions that were reserved under a budget without end, and have ended unpaid.
async fn unpaid() -> World {
    let world = World::new(40, 15);
    world.books().surcharge = Credits(2_000_000);
    let (ending, engine) = world.process(80).await;
    assert_eq!(ending.unwrap(), Ending::NoCredit);
    assert_eq!(engine.report().unpaid.len(), 2);
    world.books().surcharge = Credits::ZERO;
    world
}

fn charge(questions: std::ops::Range<usize>) -> Credits {
    PRICE * questions.filter(|n| is_known(&query(*n).key())).count() as u64
}

fn paid(world: &World) -> usize {
    world.books().jobs.iter().filter(|job| job.paid).count()
}

/// What a run has committed, by its number.
fn committed(world: &World, run: i64) -> Credits {
    world.ledger().committed(RunId(run), &"test".into())
}

#[tokio::test(start_paused = true)]
async fn a_job_that_was_reserved_under_a_larger_budget_is_paid_from_what_it_is_now() {
    let world = World { budget: Credits(10), ..unpaid().await };
    let (ending, engine) = world.process(80).await;
    assert_eq!(ending.unwrap(), Ending::AtLimit);
    assert_eq!((paid(&world), world.books().charged), (0, Credits::ZERO));
    let report = engine.report();
    let told: Vec<_> =
        report.unpaid.values().map(|job| (job.charge, job.lacks)).collect();
    let each = |n| (charge(n), Lacks::Budget);
    let mut expected = [each(0..40), each(40..80)];
    expected.sort();
    let mut told = <[_; 2]>::try_from(told).unwrap();
    told.sort();
    assert_eq!(told, expected);
}

#[tokio::test(start_paused = true)]
async fn several_jobs_never_pass_the_same_remainder() {
    let first = charge(0..40).max(charge(40..80));
    let world = World { budget: first, ..unpaid().await };
    let (ending, engine) = world.process(80).await;
    assert_eq!((ending.unwrap(), paid(&world)), (Ending::AtLimit, 1));
    assert!(world.books().charged <= first);
    assert_eq!(engine.report().unpaid.len(), 1, "what is left is told");
    let world = World { budget: charge(0..80), ..world };
    assert_eq!(world.process(80).await.0.unwrap(), Ending::Complete);
    world.is_right_to_the_credit(80);
}

/// Another run of the same pipeline pays from its own budget, once, and the one before has spent nothing.
#[tokio::test(start_paused = true)]
async fn a_later_run_of_the_pipeline_pays_from_its_own_budget() {
    let of = |budget| async move {
        let world = unpaid().await;
        World { run: RunId(2), siblings: [RunId(1)].into(), budget, ..world }
    };
    let world = of(charge(0..80)).await;
    assert_eq!(world.process(80).await.0.unwrap(), Ending::Complete);
    assert_eq!(
        (committed(&world, 1), committed(&world, 2)),
        (Credits::ZERO, charge(0..80))
    );
    assert_eq!(world.books().charged, charge(0..80));
    // What does not fit is left, and keeps the run from nothing else.
    let few = Credits(50);
    let world = of(few).await;
    let (ending, engine) = world.process(90).await;
    assert_eq!((ending.unwrap(), engine.report().unpaid.len()), (Ending::Complete, 2));
    let own = charge(80..90);
    assert_eq!((paid(&world), committed(&world, 2)), (1, own));
    assert!(own > Credits::ZERO && charge(0..40).min(charge(40..80)) > few);
}

/// What the jobs of earlier runs will cost is not spent on new questions meanwhile.
#[tokio::test(start_paused = true)]
async fn new_questions_leave_the_jobs_of_earlier_runs_their_money() {
    let (run, siblings) = (RunId(2), [RunId(1)].into());
    let world = World { run, siblings, budget: Credits(200), ..unpaid().await };
    assert_eq!(world.process(1_000).await.0.unwrap(), Ending::AtLimit);
    let books = world.books();
    assert!(books.jobs[0].paid && books.jobs[1].paid, "they come first");
    assert!(books.charged <= Credits(200), "{:?}", books.charged);
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_never_pays_for_another_s_job_nor_waits_for_its_slot() {
    let world = World { run: RunId(2), budget: Credits(1_000), ..unpaid().await };
    let (ending, engine) = world.process(120).await;
    assert_eq!(ending.unwrap(), Ending::Complete);
    assert_eq!(
        (paid(&world), world.books().charged),
        (1, charge(80..120)),
        "its own job"
    );
    assert_eq!(committed(&world, 2), charge(80..120));
    let report = engine.report();
    assert_eq!(report.unpaid.len(), 2);
    assert!(report.unpaid.values().all(|job| job.lacks == Lacks::ItsPipeline));
    assert!(report.unpaid.values().all(|job| job.run == RunId(1)));
    // Its own pipeline pays for it.
    let world = World { run: RunId(1), budget: charge(0..80), ..world };
    assert_eq!(world.process(120).await.0.unwrap(), Ending::Complete);
    assert_eq!((paid(&world), committed(&world, 1)), (3, charge(0..80)));
}

/// What was paid for is fetched by whoever comes, and counts where it was paid.
#[tokio::test(start_paused = true)]
async fn a_job_of_another_pipeline_that_is_paid_for_is_fetched() {
    let first = World::new(40, 15);
    first.process(40).await.0.unwrap();
    let journal = first.journal.cut(3);
    let world = World { journal, run: RunId(2), budget: Credits(5), ..first };
    world.provider.follow(&world.journal);
    world.shelf.0.lock().unwrap().clear();
    assert_eq!(world.process(40).await.0.unwrap(), Ending::Complete);
    world.is_right_to_the_credit(40);
    assert_eq!(committed(&world, 2), Credits::ZERO);
}

/// It was authorised, its process ended before the fetch left, and the budget is lower now.
#[tokio::test(start_paused = true)]
async fn what_was_authorised_and_not_paid_is_held_against_the_budget_again() {
    let first = World::new(40, 15);
    first.process(40).await.0.unwrap();
    let journal = first.journal.cut(3);
    let world = World { journal, budget: Credits(5), ..first };
    world.provider.follow(&world.journal);
    {
        let mut books = world.books();
        (books.jobs[0].paid, books.charged, books.downloads) = (false, Credits::ZERO, 0);
    }
    let (ending, _) = world.process(40).await;
    assert_eq!((ending.unwrap(), world.books().downloads), (Ending::AtLimit, 0));
    let world = World { budget: charge(0..40), ..world };
    assert_eq!(world.process(40).await.0.unwrap(), Ending::Complete);
    assert_eq!(world.books().charged, charge(0..40));
}
