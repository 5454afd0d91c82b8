//! What replies about jobs say, in the shapes of the reference. All values are made up.

use super::*;

const OPERATION: Operation = Operation::FindEmail;

fn job() -> JobId {
    JobId("7".to_owned())
}

#[tokio::test]
async fn how_far_a_job_is_is_told_in_words() {
    let running = |done| Ok(Progress::Running { done, total: None });
    for (body, expected) in [
        (r#"{"status":"pending","progress":0,"processed":0}"#, Ok(Progress::Waiting)),
        (
            r#"{"status":"pending","progress":null,"processed":null,"eta_seconds":null}"#,
            Ok(Progress::Waiting),
        ),
        (r#"{"status":"Pending"}"#, Ok(Progress::Waiting)),
        (r#"{"status":"pending","progress":1,"processed":3}"#, running(Some(3))),
        (r#"{"status":"running","progress":0,"processed":0}"#, running(Some(0))),
        (
            r#"{"status":"running","progress":50,"processed":"20","rows_per_minute":600}"#,
            running(Some(20)),
        ),
        (r#"{"status":"queued"}"#, running(None)),
        (
            r#"{"status":"completed","progress":100,"processed":40,"error_message":null}"#,
            Ok(Progress::Ready),
        ),
        (
            r#"{"status":"failed","progress":10,"error_message":"it broke"}"#,
            Ok(Progress::Failed),
        ),
        (r#"{"status":"cancelled"}"#, Ok(Progress::Failed)),
        // Not what is documented of this generation.
        (r#"{"status":true,"progress":100,"processed":40}"#, Ok(Progress::Ready)),
        (r#"{"status":false,"progress":0,"processed":0}"#, running(Some(0))),
        (r#"{"progress":100}"#, Err(ErrorKind::InDoubt)),
        (r#"{"status":null}"#, Err(ErrorKind::InDoubt)),
        (r#"{"data":{"status":"completed"}}"#, Ok(Progress::Ready)),
        (r#"{"data":{}}"#, Err(ErrorKind::InDoubt)),
    ] {
        let canned = Canned::reply(200, &[], body);
        let poll = replying(2, canned.clone()).poll(OPERATION, &job()).await;
        assert_eq!(poll.map(|reply| reply.value).map_err(|e| e.kind), expected, "{body}");
        assert_eq!(canned.paths(), ["GET /v1/bulk/finder/7/progress"]);
    }
}

#[tokio::test]
async fn the_first_generation_tells_it_in_flags_and_in_the_detail() {
    let running = |done| Ok(Progress::Running { done, total: None });
    for (body, expected) in [
        (
            r#"{"launched":false,"status":false,"progress":0,"processed":0,"total":9}"#,
            Ok(Progress::Waiting),
        ),
        (
            r#"{"launched":true,"status":false,"progress":0,"processed":0,"total":9}"#,
            running(Some(0)),
        ),
        (
            r#"{"launched":true,"status":false,"progress":100,"processed":9}"#,
            running(Some(9)),
        ),
        (
            r#"{"launched":true,"status":true,"progress":50,"processed":4}"#,
            running(Some(4)),
        ),
        (
            r#"{"launched":true,"status":true,"progress":100,"processed":9}"#,
            Ok(Progress::Ready),
        ),
        (r#"{"status":true}"#, Ok(Progress::Ready)),
        (r#"{"status":"completed","progress":100}"#, Ok(Progress::Ready)),
        (r#"{"status":"failed"}"#, Ok(Progress::Failed)),
        (r#"{"name":"x"}"#, Err(ErrorKind::InDoubt)),
    ] {
        let canned = Canned::reply(200, &[], &format!(r#"{{"data":[{body}]}}"#));
        let poll = replying(1, canned.clone()).poll(OPERATION, &job()).await;
        assert_eq!(poll.map(|reply| reply.value).map_err(|e| e.kind), expected, "{body}");
        assert_eq!(canned.paths(), ["GET /v1/bulk/finder/7"]);
    }
}

#[tokio::test]
async fn a_launch_is_an_empty_object_and_its_reply_may_say_no() {
    let launch = async |body: &str| {
        let canned = Canned::reply(200, &[], body);
        let launch = replying(2, canned.clone()).launch(OPERATION, &job(), false).await;
        assert_eq!(canned.paths(), ["PUT /v1/bulk/finder/7"]);
        assert_eq!(canned.asked.lock().unwrap()[0].body(), "{}");
        launch.map(|reply| reply.value).map_err(|error| error.kind)
    };
    for begun in [
        r#"{"data":{"status":true,"message":"Bulk launched.","code":200}}"#,
        r#"{"data":{"status":false,"message":"The bulk was launched before.","code":409}}"#,
        r#"{"data":{"message":"Bulk launched."}}"#,
        "{}",
        "",
    ] {
        assert_eq!(launch(begun).await, Ok(Launch::Begun), "{begun}");
    }
    for (said, code, expected) in [
        ("Too many running jobs", 429, Ok(Launch::Busy(None))),
        ("Too many running jobs", 409, Ok(Launch::Busy(None))),
        ("the quota is used up", 403, Err(ErrorKind::NoCredit)),
        ("no such bulk", 404, Err(ErrorKind::Gone)),
        ("archived", 409, Err(ErrorKind::Refused)),
        ("launched before", 422, Err(ErrorKind::Refused)),
    ] {
        let body =
            format!(r#"{{"data":{{"status":false,"message":"{said}","code":{code}}}}}"#);
        assert_eq!(launch(&body).await, expected, "{body}");
    }
}

#[tokio::test]
async fn an_estimate_tells_what_the_download_will_charge() {
    let estimate = async |generation, body: &str| {
        let canned = Canned::reply(200, &[], body);
        let tomba = replying(generation, canned.clone());
        let reply = tomba.estimate(OPERATION, &job()).await.unwrap();
        (reply.value, canned.paths())
    };
    let exact = r#"{"data":{"bulk_id":7,"status":"completed","basis":"exact","billed":false,"rows":9,"credits":{"search":4,"verify":2,"phone":4,"total":6},"remaining":{"search":1,"verify":1},"sufficient":false,"note":"x"}}"#;
    let (told, paths) = estimate(2, exact).await;
    assert_eq!(paths, ["GET /v1/bulk/finder/7/estimate"]);
    let expected = Estimate {
        cost: Some(Credits(6)),
        is_exact: true,
        is_covered: Some(false),
        is_paid: false,
    };
    assert_eq!(told, expected);
    let bound = r#"{"data":{"basis":"upper_bound","billed":true,"credits":{"search":4,"verify":2}}}"#;
    let expected =
        Estimate { is_exact: false, is_covered: None, is_paid: true, ..expected };
    assert_eq!(estimate(2, bound).await.0, expected);
    assert_eq!(estimate(2, r#"{"data":{"credits":{}}}"#).await.0, Estimate::default());
    // The first generation has rows, and what else is known of the price.
    let detail = r#"{"data":[{"bulk_id":7,"total":9,"verify_cost":3,"used":true}]}"#;
    let (told, paths) = estimate(1, detail).await;
    assert_eq!(paths, ["GET /v1/bulk/finder/7"]);
    assert_eq!(told, Estimate { cost: Some(Credits(12)), ..Estimate::default() });
}

#[tokio::test]
async fn a_bill_is_told_by_the_metrics_of_a_job() {
    let bill = async |body: &str| {
        let tomba = replying(2, Canned::reply(200, &[], body));
        tomba.bill(OPERATION, &job()).await.unwrap().value
    };
    let job = r#"{"data":{"bulk_id":7,"status":"completed","billed":true,"metrics":{"rows":{"input":9,"errors":1},"results":{"found":4,"not_found":5,"hit_rate":44.4,"records":8},"errors":{"client":1,"server":2,"rate_limited":0},"credits":{"search":4,"verify":0,"total":4}},"preview":[{}]}}"#;
    let expected = Bill {
        cost: Some(Credits(4)),
        is_paid: Some(true),
        found: Some(4),
        failed: Some(3),
        records: Some(8),
    };
    assert_eq!(bill(job).await, expected);
    let rows = job.replace(r#""errors":{"client":1,"server":2,"rate_limited":0},"#, "");
    assert_eq!(bill(&rows).await, Bill { failed: Some(1), ..expected });
    // What was passed over was not looked for.
    let passed = job.replace(
        r#""input":9,"errors":1"#,
        r#""input":9,"skipped":2,"duplicates":1,"invalid_input":1"#,
    );
    assert_eq!(bill(&passed).await, Bill { failed: Some(7), ..expected });
    let first = r#"{"data":[{"bulk_id":7,"status":true,"used":false}]}"#;
    assert_eq!(bill(first).await, Bill::default(), "what `used` means is not known");
}

#[tokio::test]
async fn a_list_that_may_go_on_does_not_prove_that_there_is_no_job() {
    let batch = BatchId(0xab);
    let row = |id: u32, name: &str| {
        format!(r#"{{"bulk_id":{id},"name":"{name}","billed":false}}"#)
    };
    let find = async |generation, rows: &[String], meta: &str| {
        let body = format!(r#"{{"data":[{}],"meta":{meta}}}"#, rows.join(","));
        let canned = Canned::reply(200, &[], &body);
        let find = replying(generation, canned.clone()).find(OPERATION, batch).await;
        let found = find.map(|reply| reply.value.map(|job| job.0)).map_err(|e| e.kind);
        (found, canned.paths().remove(0))
    };
    let ours = row(7, "leadmill-00000000000000ab");
    let path = "GET /v1/bulk/finder?q=leadmill-00000000000000ab&limit=50&page=1";
    let (found, asked) = find(2, std::slice::from_ref(&ours), "{}").await;
    assert_eq!((found, asked.as_str()), (Ok(Some("7".to_owned())), path));
    assert_eq!(find(1, &[], "null").await, (Ok(None), format!("{path}&filter=all")));
    let alike =
        [row(8, "leadmill-00000000000000ab2"), row(9, "Leadmill-00000000000000AB")];
    assert_eq!(find(2, &alike, r#"{"total":2,"total_pages":9}"#).await.0, Ok(None));
    // A page that is full, by what was asked for or by what the provider gives, and rows that are missing.
    let many: Vec<String> = (0..50).map(|n| row(n, "x")).collect();
    assert_eq!(find(2, &many, "{}").await.0, Err(ErrorKind::InDoubt));
    assert_eq!(find(2, &many[..49], "{}").await.0, Ok(None));
    assert_eq!(find(2, &alike, r#"{"pageSize":2}"#).await.0, Err(ErrorKind::InDoubt));
    assert_eq!(find(2, &alike, r#"{"total":3}"#).await.0, Err(ErrorKind::InDoubt));
    for unreadable in ["7", "[]", r#"{"bulk_id":5}"#, r#"{"name":"x"}"#] {
        let rows = [row(8, "x"), unreadable.to_owned()];
        assert_eq!(find(2, &rows, "{}").await.0, Err(ErrorKind::InDoubt), "{unreadable}");
        let rows = [ours.clone(), unreadable.to_owned()];
        assert_eq!(find(2, &rows, "{}").await.0, Ok(Some("7".to_owned())));
    }
    // Of several the one that is paid, and of those that are not the first.
    let twice = [row(9, "leadmill-00000000000000ab"), ours.clone()];
    assert_eq!(find(2, &twice, "{}").await.0, Ok(Some("7".to_owned())));
    let paid = [twice[0].replace("false", "true"), ours.clone()];
    assert_eq!(find(2, &paid, "{}").await.0, Ok(Some("9".to_owned())));
    let deleted = [ours.replace("\"billed\"", "\"deleted\":true,\"billed\"")];
    assert_eq!(find(1, &deleted, "{}").await.0, Ok(None));
}

#[tokio::test]
async fn the_provider_says_what_its_tools_take() {
    let terms = async |status, body: &str| {
        let canned = Canned::reply(status, &[], body);
        let terms = replying(2, canned.clone()).terms(Operation::VerifyEmail).await;
        assert_eq!(canned.paths(), ["GET /v1/bulk/types"]);
        terms.map(|reply| reply.value)
    };
    let types = r#"{"data":[{"type":"finder","max_rows":10000,"creates_per_day":15},{"type":"verifier","max_rows":500,"creates_per_day":3,"options":[]},7]}"#;
    let expected = Terms { most_items: Some(500), jobs: Some(3), ..Terms::default() };
    assert_eq!(terms(200, types).await.unwrap(), expected);
    for nothing in [
        r#"{"data":[]}"#,
        r#"{"data":[{"type":"finder","max_rows":9}]}"#,
        r#"{"data":[{"type":"verifier","max_rows":0,"creates_per_day":null}]}"#,
        "[]",
    ] {
        assert_eq!(terms(200, nothing).await.unwrap(), Terms::default(), "{nothing}");
    }
    // A proxy's page says nothing of the team.
    let page = terms(200, "<html>").await.unwrap_err();
    assert_eq!(page.kind, ErrorKind::InDoubt);
}

#[tokio::test]
async fn counts_out_of_range_are_the_most_that_there_can_be() {
    let most = i64::MAX;
    let errors = format!(r#"{{"client":{most},"server":{most},"rate_limited":{most}}}"#);
    let rows = format!(r#"{{"skipped":{most},"duplicates":{most},"invalid_input":1}}"#);
    for metrics in [
        format!(r#"{{"errors":{errors}}}"#),
        format!(r#"{{"errors":{errors},"rows":{rows}}}"#),
        format!(r#"{{"rows":{}}}"#, rows.replace(":1}", &format!(":{most}}}"))),
    ] {
        let body = format!(r#"{{"data":{{"metrics":{metrics}}}}}"#);
        let tomba = replying(2, Canned::reply(200, &[], &body));
        let bill = tomba.bill(OPERATION, &job()).await.unwrap().value;
        assert_eq!(bill.failed, Some(u64::MAX), "{metrics}");
    }
}
