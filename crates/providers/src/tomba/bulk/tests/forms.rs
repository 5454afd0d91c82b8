//! Files in every form that the sandbox can give them.

use super::*;
use leadmill_sandbox::Quirks;
use leadmill_sandbox::tomba::{ColumnNames, Echo, FileForm, Namesakes};

const GENERATIONS: [Spoken; 2] = [Spoken::First, Spoken::Second];

async fn page(
    operation: Operation,
    bulk: BulkOptions,
) -> (Batch, Result<Page, ProviderError>) {
    let (_, tomba) = serve(bulk);
    let batch = batch(asked(operation, 30));
    let page = fetched(&tomba, &batch).await;
    (batch, page)
}

/// The answers in the order of their keys: files may be shuffled.
fn sorted(page: &Page) -> Vec<Answered> {
    let mut answers = page.answers.clone();
    answers.sort_by_key(|answer| answer.key);
    answers
}

/// What every form has in common.
async fn plain(operation: Operation) -> Vec<Answered> {
    plain_in(operation, BulkOptions::default().generation).await
}

/// The same in a generation: what an answer costs is told by the bill in one of them only.
async fn plain_in(operation: Operation, generation: Spoken) -> Vec<Answered> {
    let page = page(operation, formed(FileForm::default(), generation)).await.1.unwrap();
    assert!(!hits(&page).is_empty());
    sorted(&page)
}

fn formed(file: FileForm, generation: Spoken) -> BulkOptions {
    BulkOptions { file, generation, ..BulkOptions::default() }
}

#[tokio::test(start_paused = true)]
async fn the_form_of_a_file_does_not_matter() {
    let titles = FileForm { names: ColumnNames::Titles, ..FileForm::default() };
    let semicolons =
        FileForm { bom: true, quoted: true, crlf: true, delimiter: ';', ..titles };
    let tabs = FileForm { delimiter: '\t', echo: Echo::Asked, ..FileForm::default() };
    let bars = FileForm { delimiter: '|', bom: true, ..titles };
    for operation in OPERATIONS {
        for generation in GENERATIONS {
            let expected = plain_in(operation, generation).await;
            for form in [titles, semicolons, tabs, bars] {
                let page = page(operation, formed(form, generation)).await.1.unwrap();
                assert_eq!(sorted(&page), expected, "{operation} {form:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_column_of_ours_is_called_as_a_result() {
    for operation in OPERATIONS {
        let expected = plain(operation).await;
        for namesakes in [Namesakes::Both, Namesakes::Result, Namesakes::Input] {
            for echo in [Echo::All, Echo::Asked] {
                let form = FileForm { namesakes, echo, ..FileForm::default() };
                let page = page(operation, formed(form, Spoken::Second)).await.1.unwrap();
                assert_eq!(sorted(&page), expected, "{operation} {form:?}");
            }
        }
    }
}

/// What is not echoed can be told by results only where these say what was asked.
#[tokio::test(start_paused = true)]
async fn without_an_echo_results_say_it_or_nothing_does() {
    let told = [
        Operation::VerifyEmail,
        Operation::FindPerson,
        Operation::FindEmailByProfile,
        Operation::ValidatePhone,
        Operation::FindCompany,
    ];
    for operation in OPERATIONS {
        let form = FileForm { echo: Echo::None, ..FileForm::default() };
        let (batch, page) = page(operation, formed(form, Spoken::Second)).await;
        if !told.contains(&operation) {
            let error = page.unwrap_err();
            assert_eq!((error.kind, error.status), (ErrorKind::Refused, Some(200)));
            assert!(error.detail.contains("do not say which question"), "{error}");
            continue;
        }
        let page = page.unwrap();
        let expected = plain(operation).await;
        // National numbers are told in another form than they were asked in.
        let is_asked_alike = |answer: &&Answered| {
            let query = batch.queries.iter().find(|query| query.key() == answer.key);
            operation != Operation::ValidatePhone
                || query
                    .is_some_and(|query| query.values().next().unwrap().starts_with('+'))
        };
        let expected: Vec<_> = expected.iter().filter(is_asked_alike).cloned().collect();
        let found: Vec<_> =
            sorted(&page).into_iter().filter(|a| is_asked_alike(&a)).collect();
        assert!(!expected.is_empty());
        assert_eq!(found, expected, "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_not_found_is_a_miss_where_it_has_a_row() {
    for operation in OPERATIONS {
        let form = FileForm { misses_in_full: true, ..FileForm::default() };
        let (batch, page) = page(operation, formed(form, Spoken::Second)).await;
        let page = page.unwrap();
        assert_eq!(page.answers.len(), batch.keys.len(), "{operation}");
        let found = sorted(&page).into_iter().filter(|a| a.finding != Finding::Miss);
        assert_eq!(found.collect::<Vec<_>>(), plain(operation).await);
        let missed = page.answers.iter().filter(|a| a.finding == Finding::Miss);
        assert!(missed.clone().all(|answer| answer.credits == Some(Credits::ZERO)));
    }
}

#[tokio::test(start_paused = true)]
async fn rows_that_are_shuffled_lost_doubled_and_made_up_do_no_harm() {
    for (operation, echo) in
        OPERATIONS.iter().flat_map(|one| [(*one, Echo::All), (*one, Echo::Asked)])
    {
        let file = FileForm { echo, ..FileForm::default() };
        let page = async |shuffled, quirks| {
            let bulk = BulkOptions { shuffled, quirks, file, ..BulkOptions::default() };
            page(operation, bulk).await.1.unwrap()
        };
        let expected = plain(operation).await;
        let quirks = Quirks { duplicate: Some(2), extra: true, ..Quirks::default() };
        let spoilt = page(false, quirks).await;
        assert_eq!(sorted(&spoilt), expected, "{operation}");
        let whole = page(false, Quirks::default()).await;
        assert_eq!(spoilt.items, whole.items + 1, "the stranger");
        let (rows, all) = (spoilt.total.unwrap(), whole.total.unwrap());
        assert_eq!(rows, all + 2);
        let dropped = Quirks { drop: Some(0), ..Quirks::default() };
        let dropped = page(false, dropped).await;
        assert_eq!(dropped.total, Some(all - 1));
        let kept = sorted(&dropped).iter().filter(|a| expected.contains(a)).count();
        assert!(kept + 1 >= expected.len(), "{operation}");
        // Of several rows of one question the order tells which is first.
        let shuffled = sorted(&page(true, Quirks::default()).await);
        let keys = |answers: &[Answered]| {
            answers.iter().map(|a| (a.key, a.credits)).collect::<Vec<_>>()
        };
        assert_eq!(keys(&shuffled), keys(&expected), "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_sandbox_s_limits_of_jobs_are_told_apart() {
    let bulk = BulkOptions { running: 1, creates_per_day: 2, ..BulkOptions::default() };
    let (sandbox, tomba) = serve(BulkOptions { downloads_per_day: 1, ..bulk });
    let operation = Operation::VerifyEmail;
    let batches = asked(operation, 30)
        .chunks(10)
        .map(|part| batch(part.to_vec()))
        .collect::<Vec<_>>();
    let terms = tomba.terms(operation).await.unwrap().value;
    assert_eq!((terms.most_items, terms.jobs), (Some(10_000), Some(2)));
    let first = tomba.submit(&batches[0]).await.unwrap().value;
    let second = tomba.submit(&batches[1]).await.unwrap().value;
    let third = tomba.submit(&batches[2]).await.unwrap_err();
    assert!(matches!(third.kind, ErrorKind::Throttled(Some(_))), "{third}");
    assert_eq!(
        tomba.launch(operation, &first, false).await.unwrap().value,
        Launch::Begun
    );
    let busy = tomba.launch(operation, &second, false).await.unwrap().value;
    assert_eq!(busy, Launch::Busy(Some(Duration::from_secs(60))));
    assert_eq!(tomba.poll(operation, &second).await.unwrap().value, Progress::Waiting);
    tokio::time::sleep(Duration::from_secs(60)).await;
    let fetch = || tomba.fetch(operation, &first, &batches[0].keys, 1, 100);
    assert!(fetch().await.unwrap().value.ready);
    let often = fetch().await.unwrap_err();
    assert_eq!(often.kind, ErrorKind::Throttled(Some(Duration::from_secs(86_400))));
    assert_eq!(sandbox.audit().bulk.downloads, 1);
    tokio::time::sleep(Duration::from_secs(180 * 86_400)).await;
    assert_eq!(fetch().await.unwrap_err().kind, ErrorKind::Gone);
}

#[tokio::test(start_paused = true)]
async fn what_the_quota_does_not_cover_is_neither_launched_nor_downloaded() {
    use leadmill_sandbox::tomba::{LaunchNeeds, Pool, QuotaStatus};
    for quota_status in
        [QuotaStatus::Forbidden, QuotaStatus::PaymentRequired, QuotaStatus::TooMany]
    {
        for launch_needs in [LaunchNeeds::UpperBound, LaunchNeeds::Nothing] {
            let bulk = BulkOptions { launch_needs, ..BulkOptions::default() };
            let options = Options { quota_status, bulk, ..Options::default() };
            let (sandbox, tomba) = serve_with(options);
            sandbox.top_up(Pool::Searches, -1_000_000_000);
            let batch = batch(asked(Operation::FindEmail, 10));
            let job = tomba.submit(&batch).await.unwrap().value;
            let launch = tomba.launch(batch.operation, &job, false).await;
            if launch_needs == LaunchNeeds::UpperBound {
                assert_eq!(launch.unwrap_err().kind, ErrorKind::NoCredit);
                continue;
            }
            tokio::time::sleep(Duration::from_secs(60)).await;
            let estimate = tomba.estimate(batch.operation, &job).await.unwrap().value;
            assert_eq!(estimate.is_covered, Some(false));
            let fetch = tomba.fetch(batch.operation, &job, &batch.keys, 1, 100).await;
            assert_eq!(fetch.unwrap_err().kind, ErrorKind::NoCredit, "{quota_status}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_launch_is_begun_however_the_sandbox_answers_it() {
    use leadmill_sandbox::tomba::Relaunch;
    for relaunch in [Relaunch::Conflict, Relaunch::Accepted, Relaunch::Declined] {
        let (sandbox, tomba) = serve(BulkOptions { relaunch, ..BulkOptions::default() });
        let batch = batch(asked(Operation::FindEmail, 5));
        let job = tomba.submit(&batch).await.unwrap().value;
        for _ in 0..2 {
            let launch = tomba.launch(batch.operation, &job, false).await.unwrap().value;
            assert_eq!(launch, Launch::Begun, "{relaunch}");
        }
        assert_eq!(sandbox.audit().bulk.launched, 1);
    }
}
