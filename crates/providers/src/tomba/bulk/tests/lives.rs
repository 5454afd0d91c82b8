//! Whole lives of jobs at the sandbox, held against what the single endpoints answer.

use super::*;

/// Whether all that a job tells is what the single endpoint tells. A file has no sources, and of lists that are not asked
/// for nothing.
fn agrees(job: &Value, single: &Value) -> bool {
    match (job, single) {
        (Value::Null, _) => true,
        (Value::Values(job), _) if job.is_empty() => true,
        (Value::Values(job), Value::Values(single)) => {
            job.len() == single.len()
                && job.iter().zip(single).all(|(job, single)| agrees(job, single))
        }
        (job, single) => job == single,
    }
}

/// What must be told, and not only not be told otherwise.
fn told(operation: Operation) -> &'static [&'static str] {
    match operation {
        Operation::FindEmail | Operation::FindEmailByProfile => {
            &["email", "confidence", "verdict", "verified_at", "is_webmail", "has_phone"]
        }
        Operation::FindAuthor => &["full_name", "is_webmail", "has_phone", "domain"],
        Operation::VerifyEmail => {
            &["verdict", "verdict_word", "confidence", "has_mx", "has_smtp", "is_blocked"]
        }
        Operation::FindPerson => &["full_name", "title", "country", "has_phone"],
        Operation::ValidatePhone => &["phone", "is_valid", "line_type", "timezones"],
        Operation::FindCompany => {
            &["name", "domain", "founded", "size", "revenue", "country_code", "location"]
        }
        Operation::FindSimilar => &["similar"],
        _ => &["emails"],
    }
}

async fn lives(generation: Spoken, operation: Operation) {
    let (sandbox, tomba) = serve(BulkOptions { generation, ..BulkOptions::default() });
    let batch = batch(asked(operation, 40));
    let job = tomba.submit(&batch).await.unwrap().value;
    assert_eq!(tomba.find(operation, batch.id).await.unwrap().value, Some(job.clone()));
    assert_eq!(tomba.find(operation, BatchId(7)).await.unwrap().value, None);
    let early = tomba.fetch(operation, &job, &batch.keys, 1, 100).await.unwrap().value;
    assert!(!early.ready && early.answers.is_empty());
    assert_eq!(tomba.poll(operation, &job).await.unwrap().value, Progress::Waiting);
    let launch = tomba.launch(operation, &job, false).await.unwrap().value;
    assert_eq!(launch, Launch::Begun);
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    let progress = tomba.poll(operation, &job).await.unwrap().value;
    assert!(matches!(progress, Progress::Running { done: Some(_), .. }), "{progress:?}");
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(tomba.poll(operation, &job).await.unwrap().value, Progress::Ready);
    let again = tomba.launch(operation, &job, false).await.unwrap().value;
    assert_eq!(again, Launch::Begun, "it has ended already");

    let estimate = tomba.estimate(operation, &job).await.unwrap().value;
    assert!(!estimate.is_paid);
    let before = tomba.bill(operation, &job).await.unwrap().value;
    // What the first generation says of it is not known to mean that.
    let told = |is_paid| (generation == Spoken::Second).then_some(is_paid);
    assert_eq!((before.is_paid, sandbox.audit().bulk.credits), (told(false), 0));
    let fetch = || tomba.fetch(operation, &job, &batch.keys, 1, 10_000);
    let page = fetch().await.unwrap().value;
    assert!(page.ready && !page.failed && page.total.is_some() && page.cost.is_none());
    assert_eq!(page.items, page.answers.len() as u64, "every record is about a question");
    let paid = Credits(sandbox.audit().bulk.credits);
    assert_eq!(fetch().await.unwrap().value.answers, page.answers);
    assert_eq!(Credits(sandbox.audit().bulk.credits), paid, "nothing is paid twice");
    let bill = tomba.bill(operation, &job).await.unwrap().value;
    assert_eq!(bill.is_paid, told(true));
    let after = tomba.estimate(operation, &job).await.unwrap().value;
    assert_eq!(after.is_paid, generation == Spoken::Second);
    match generation {
        Spoken::Second => {
            assert_eq!((estimate.cost, estimate.is_exact), (Some(paid), true));
            assert_eq!(estimate.is_covered, Some(true));
            assert_eq!(bill.cost, Some(paid));
            assert_eq!((bill.failed, bill.records), (Some(0), page.total));
            assert_eq!(bill.found, Some(page.answers.len() as u64));
        }
        Spoken::First => {
            assert!(
                estimate.cost >= Some(paid) || operation == Operation::FindEmailByProfile
            );
            assert!(!estimate.is_exact && estimate.is_covered.is_none());
            let untold = (bill.cost, bill.found, bill.failed, bill.records);
            assert_eq!(untold, (None, None, None, None));
        }
    }
    let costs = page.answers.iter().map(|answer| answer.credits.unwrap().0).sum();
    // Sources differ about what an address of a domain costs: where no bill tells, the dearer is taken.
    match (generation, operation) {
        (Spoken::First, Operation::SearchDomain) => assert!(Credits(costs) >= paid),
        _ => assert_eq!(Credits(costs), paid, "{operation}: answers cost what was paid"),
    }
    agree_with_singles(&tomba, &batch, &page).await;
}

async fn agree_with_singles(tomba: &Tomba, batch: &Batch, page: &Page) {
    let operation = batch.operation;
    let mut found = 0;
    for query in batch.queries.iter() {
        let single = tomba.ask(query).await.unwrap().value;
        let answer = page.answers.iter().find(|answer| answer.key == single.key);
        let (Finding::Hit(values), Some(answer)) = (&single.finding, answer) else {
            let is_hit = answer.is_some_and(|answer| answer.finding != Finding::Miss);
            assert!(!is_hit && single.finding == Finding::Miss, "{query:?} {answer:?}");
            continue;
        };
        let Finding::Hit(of_job) = &answer.finding else { panic!("{answer:?}") };
        for (nth, field) in operation.fields().iter().enumerate() {
            // What goes for the whole domain is not in the file.
            let is_told = told(operation).contains(&field.name);
            let (job, single) = (&of_job[nth], &values[nth]);
            assert!(agrees(job, single), "{}: {job:?} {single:?}", field.name);
            let is_empty = |value: &Value| {
                matches!(value, Value::Null) || *value == Value::Values([].into())
            };
            assert!(!is_told || is_empty(single) || !is_empty(job), "{}", field.name);
        }
        found += 1;
    }
    assert!(found >= 10, "{operation}: {found}");
}

#[tokio::test(start_paused = true)]
async fn a_job_answers_as_its_single_endpoint_does() {
    for operation in OPERATIONS {
        lives(Spoken::Second, operation).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_of_the_first_generation_does_too() {
    for operation in OPERATIONS {
        lives(Spoken::First, operation).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_failed_runs_again_where_the_generation_lets_it() {
    use leadmill_sandbox::Fault;
    let faults = vec![Fault::FailedJob(3), Fault::None];
    let (_, tomba) = serve_with(Options { faults, ..Options::default() });
    let batch = batch(asked(Operation::FindEmail, 10));
    let operation = batch.operation;
    let job = tomba.submit(&batch).await.unwrap().value;
    tomba.launch(operation, &job, false).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(tomba.poll(operation, &job).await.unwrap().value, Progress::Failed);
    let page = tomba.fetch(operation, &job, &batch.keys, 1, 100).await.unwrap().value;
    assert!(!page.ready, "nothing was charged");
    let again = tomba.launch(operation, &job, true).await.unwrap().value;
    assert_eq!(again, Launch::Begun);
    // A lost reply makes a caller ask once more.
    let again = tomba.launch(operation, &job, true).await.unwrap().value;
    assert_eq!(again, Launch::Begun);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(tomba.poll(operation, &job).await.unwrap().value, Progress::Ready);
}
