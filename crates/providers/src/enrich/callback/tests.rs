use super::*;

const ID: &str = "65f000000000000000000001";

/// Every payload of the reference, §13.2.
const PAYLOADS: &[(&str, Family, Kind)] = &[
    (
        r#"{"event":"webhook:email_lookup.completed","timestamp":"2026-01-01T00:00:01.000Z","data":{"job_id":"65f000000000000000000001","result_id":"ada@example.com","result":{"email":"ada@example.com","result":"valid","message":"The mailbox exists and is accepting mail","provider":"GOOGLE","confidence":"definitive","is_catch_all":false,"domain":"example.com"}}}"#,
        Family::Validation,
        Kind::Result,
    ),
    (
        r#"{"event":"validation.completed","timestamp":"2026-01-01T00:00:09.000Z","data":{"job_id":"65f000000000000000000001","status":"completed","total_items":4,"successful":3,"failed":1,"completed_at":"2026-01-01T00:00:09.000Z","valid":2,"invalid":1,"risky":1}}"#,
        Family::Validation,
        Kind::Completion,
    ),
    (
        r#"{"event":"webhook:finder_lookup.completed","timestamp":"2026-01-01T00:00:01.000Z","data":{"job_id":"65f000000000000000000001","result_id":"ada.byron@example.com","result":{"email":"ada.byron@example.com","result":"found","message":"Email found with high confidence","confidence":"high","is_catch_all":false,"domain":"example.com","provider":"GOOGLE"}}}"#,
        Family::Finder,
        Kind::Result,
    ),
    (
        r#"{"event":"finder.completed","timestamp":"2026-01-01T00:00:09.000Z","data":{"job_id":"65f000000000000000000001","status":"completed","total_items":2,"successful":1,"failed":1,"completed_at":"2026-01-01T00:00:09.000Z","found":1,"not_found":1}}"#,
        Family::Finder,
        Kind::Completion,
    ),
    (
        r#"{"event":"webhook:phone_result.completed","timestamp":"2026-01-01T00:00:01.000Z","data":{"job_id":"65f000000000000000000001","result_id":"https://www.linkedin.com/in/ada","type":"success","phones":["+14158009370"],"message":"Phone numbers found"}}"#,
        Family::Phone,
        Kind::Result,
    ),
    (
        r#"{"event":"webhook:phone_completion.completed","timestamp":"2026-01-01T00:00:09.000Z","data":{"job_id":"65f000000000000000000001","status":"completed","total_items":2,"found":1,"not_found":1,"completed_at":"2026-01-01T00:00:09.000Z"}}"#,
        Family::Phone,
        Kind::Completion,
    ),
    (
        r#"{"event":"webhook:email_result.completed","timestamp":"2026-01-01T00:00:01.000Z","data":{"job_id":"65f000000000000000000001","result_id":"ada@example.com","type":"success","result":{"displayName":"Ada Byron","locale":{"country":"GB","language":"en"},"positions":{"positionsCount":1,"positionHistory":[{"title":"Analyst","startEndDate":{"start":{"month":1,"year":2020},"end":null}}]}},"message":"Person found"}}"#,
        Family::Reverse,
        Kind::Result,
    ),
    (
        r#"{"event":"webhook:email_completion.completed","timestamp":"2026-01-01T00:00:09.000Z","data":{"job_id":"65f000000000000000000001","status":"completed","total_items":2,"found":1,"not_found":1,"completed_at":"2026-01-01T00:00:09.000Z"}}"#,
        Family::Reverse,
        Kind::Completion,
    ),
    (
        r#"{"event":"webhook:company_follower_result.completed","timestamp":"2026-01-01T00:00:01.000Z","batchId":"65f000000000000000000001","data":{"companyUrl":"https://www.linkedin.com/company/example","follower":{"profileUrl":"https://www.linkedin.com/in/ada","name":"Ada Byron","isPremium":null,"spotlights":[],"createdAt":"2026-01-01T00:00:01.000Z"}}}"#,
        Family::CompanyFollower,
        Kind::Result,
    ),
    (
        r#"{"event":"webhook:company_follower_completion.completed","timestamp":"2026-01-01T00:00:09.000Z","batchId":"65f000000000000000000001","data":{"companyUrl":"https://www.linkedin.com/company/example","followerCount":342,"processingTimeMs":91000}}"#,
        Family::CompanyFollower,
        Kind::Completion,
    ),
];

fn job(body: &str) -> Option<String> {
    read(body.as_bytes()).map(|callback| callback.job.0)
}

#[test]
fn every_documented_payload_names_its_job() {
    for (body, family, kind) in PAYLOADS.iter().copied() {
        let expected = Callback { job: JobId(ID.into()), kind, family };
        assert_eq!(read(body.as_bytes()), Some(expected), "{body}");
    }
}

#[test]
fn each_event_has_one_spelling() {
    for (body, ..) in PAYLOADS {
        let other = match body.contains("webhook:") {
            true => body.replacen("webhook:", "", 1),
            false => body.replacen(r#""event":""#, r#""event":"webhook:"#, 1),
        };
        assert_ne!(other, *body);
        assert_eq!(job(&other), None, "{other}");
        assert_eq!(job(&body.replacen("completed", "COMPLETED", 1)), None);
    }
}

#[test]
fn the_job_stands_where_its_product_puts_it() {
    let id = format!(r#""{ID}""#);
    for (body, family, _) in PAYLOADS {
        let (there, elsewhere) = match family {
            Family::CompanyFollower => ("batchId", r#""job_id":"#),
            _ => ("job_id", r#""batchId":"#),
        };
        let moved = body.replacen(&format!(r#""{there}":"#), elsewhere, 1);
        assert_eq!(job(&moved), None, "{moved}");
        for wrong in ["null", "17", "true", "[]", "{}", r#"[""]"#, r#""""#] {
            assert_eq!(job(&body.replacen(&id, wrong, 1)), None, "{wrong}");
        }
    }
    let both =
        r#"{"event":"finder.completed","batchId":"foreign","data":{"job_id":"ours"}}"#;
    assert_eq!(job(both).as_deref(), Some("ours"));
}

#[test]
fn nothing_but_the_event_and_the_job_matters() {
    let deep = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
    let holes = r#"{"a":"#.repeat(100_000) + "1e999" + &"}".repeat(100_000);
    for any in ["null", "7", "1e999", "\"\"", "[]", "{}", &deep, &holes] {
        for body in [
            format!(
                r#"{{"timestamp":{any},"event":"finder.completed","data":{{"job_id":"j","status":{any}}},"batchId":{any}}}"#
            ),
            format!(
                r#"{{"data":{any},"batchId":"j","event":"webhook:company_follower_completion.completed"}}"#
            ),
        ] {
            assert_eq!(job(&body).as_deref(), Some("j"), "{any:.20}");
        }
    }
    let least = r#" {"data":{"job_id":"j"},"event":"finder.completed","x":1,"x":2} "#;
    assert_eq!(job(least).as_deref(), Some("j"));
}

#[test]
fn escapes_are_read() {
    let body = r#"{"ev\u0065nt":"\u0066inder.completed","data":{"job_id":"a\u002Db"}}"#;
    assert_eq!(job(body).as_deref(), Some("a-b"));
}

#[test]
fn only_ids_that_may_be_a_job_s_are_read() {
    let with = |id: &str| {
        job(&format!(r#"{{"event":"finder.completed","data":{{"job_id":"{id}"}}}}"#))
    };
    let longest = "a".repeat(LONGEST_ID);
    for id in ["a", "rj_a1b2c3d4e5f6g7h8", "A-1.b:2_c", &longest] {
        assert_eq!(with(id).as_deref(), Some(id));
    }
    let longer = "a".repeat(LONGEST_ID + 1);
    for id in ["", " a", "a/b", "../a", "a?b", "a%2Fb", "ä", r"a\n", r"\u0000", &longer]
    {
        assert_eq!(with(id), None, "{id}");
    }
}

#[test]
fn what_is_no_callback_is_none() {
    for body in [
        "",
        "null",
        "[]",
        "{}",
        "event=finder.completed&job_id=a",
        r#"["finder.completed",{"job_id":"a"},"a"]"#,
        r#"{"event":"finder.completed","data":["a"]}"#,
        r#"{"event":"finder.completed","data":"a"}"#,
        r#"{"event":"finder.completed"}"#,
        r#"{"event":7,"data":{"job_id":"a"}}"#,
        r#"{"event":"finder.started","data":{"job_id":"a"}}"#,
        r#"{"event":"finder.completed","data":{"job_id":"a"}"#,
        r#"{"event":"finder.completed","data":{"job_id":"a"}}}"#,
        r#"{"event":"finder.completed","data":{"job_id":"a","job_id":"b"}}"#,
        r#"{"event":"finder.completed","event":"finder.completed","data":{"job_id":"a"}}"#,
    ] {
        assert_eq!(job(body), None, "{body}");
    }
    for (body, ..) in PAYLOADS {
        for end in 0..body.len() {
            assert_eq!(job(&body[..end]), None);
        }
    }
    let foreign =
        b"{\"event\":\"finder.completed\",\"data\":{\"job_id\":\"a\",\"x\":\"\xff\"}}";
    assert_eq!(read(foreign), None);
}
