//! What a job is created from, and what comes of it.

use super::*;
use serde_json::{Value as Json, json};

/// What is sent to create a job of these questions.
async fn body(generation: u32, queries: Vec<Query>) -> Json {
    let canned = Canned::reply(201, &[], r#"{"data":{"id":7}}"#);
    let batch = batch(queries);
    let tomba = replying(generation, canned.clone());
    assert_eq!(tomba.submit(&batch).await.unwrap().value, JobId("7".to_owned()));
    assert_eq!(*canned.connections.lock().unwrap(), [Connection::Fresh]);
    let asked = canned.asked.lock().unwrap();
    assert_eq!(asked[0].headers()["content-type"], "application/json");
    assert_eq!(asked[0].headers()["x-tomba-secret"], SECRET);
    let mut body: Json = serde_json::from_slice(asked[0].body()).unwrap();
    assert_eq!(body["name"], format!("leadmill-{}", batch.id));
    assert_eq!(body["has_header"], true);
    let rows = body["data"].as_array().unwrap();
    assert_eq!(rows.len(), batch.queries.len() + 1);
    for (row, key) in rows[1..].iter().zip(batch.keys.iter()) {
        let id = row.as_array().unwrap().last().unwrap();
        assert_eq!(id, &json!(format!("{key:?}")));
    }
    let parts = body.as_object_mut().unwrap();
    for part in ["name", "has_header"] {
        parts.remove(part).unwrap();
    }
    body
}

/// The header and the first row without its id, and all else that is sent.
fn taken_apart(mut body: Json) -> (Json, Json, Json) {
    let data = body.as_object_mut().unwrap().remove("data").unwrap();
    let mut row = data[1].as_array().unwrap().clone();
    row.pop();
    (data[0].clone(), row.into(), body)
}

#[tokio::test]
async fn a_job_is_created_with_named_columns_and_no_option_that_is_not_needed() {
    let names = json!([
        "leadmill_first_name",
        "leadmill_last_name",
        "leadmill_domain",
        "leadmill_id"
    ]);
    let finder = query(Operation::FindEmail, [" Ada", "By\"ron", "www.Example.com/x"]);
    let row = json!(["Ada", "By\"ron", "example.com"]);
    let second = json!({ "first_name_field_index": 0, "last_name_field_index": 1, "domain_field_index": 2 });
    let first =
        json!({ "column_first_name": 1, "column_last_name": 2, "column_domain": 3 });
    let made = taken_apart(body(2, vec![finder.clone()]).await);
    assert_eq!(made, (names.clone(), row.clone(), second));
    assert_eq!(taken_apart(body(1, vec![finder]).await), (names, row, first));

    let email = json!(["leadmill_email", "leadmill_id"]);
    let domain = json!(["leadmill_domain", "leadmill_id"]);
    for (operation, header, rest) in [
        (Operation::VerifyEmail, &email, json!({ "email_field_index": 0 })),
        (Operation::FindPerson, &email, json!({ "email_field_index": 0 })),
        (
            Operation::FindEmailByProfile,
            &json!(["leadmill_linkedin_url", "leadmill_id"]),
            json!({ "linkedin_url_field_index": 0 }),
        ),
        (
            Operation::FindAuthor,
            &json!(["leadmill_url", "leadmill_id"]),
            json!({ "url_field_index": 0 }),
        ),
        (
            Operation::ValidatePhone,
            &json!(["leadmill_phone", "leadmill_country_code", "leadmill_id"]),
            json!({ "phone_field_index": 0, "country_field_index": 1 }),
        ),
        (Operation::FindCompany, &domain, json!({ "domain_field_index": 0 })),
        (Operation::FindSimilar, &domain, json!({ "domain_field_index": 0 })),
    ] {
        let (made, _, others) = taken_apart(body(2, asked(operation, 3)).await);
        assert_eq!((&made, others), (header, rest), "{operation}");
    }
}

fn search<const N: usize>(settings: [&str; N]) -> Vec<Query> {
    let mut inputs = vec!["example.com"];
    inputs.extend(settings);
    let raw = inputs.into_iter().map(|text| Some(text).filter(|text| !text.is_empty()));
    vec![Query::read(Operation::SearchDomain, raw).unwrap()]
}

#[tokio::test]
async fn what_goes_for_a_whole_search_is_said_once() {
    let options = async |generation, settings| {
        taken_apart(body(generation, search::<5>(settings)).await).2
    };
    let none = json!({ "domain_field_index": 0, "max_emails_per_domain": 10 });
    assert_eq!(options(2, ["", "", "", "", ""]).await, none);
    assert_eq!(options(2, ["10", "1", "", "", "all"]).await, none);
    let all = json!({
        "domain_field_index": 0, "max_emails_per_domain": 3, "email_type": "generic", "email_type_mode": "only",
        "departments": ["sales", "legal"], "departments_mode": "only",
    });
    assert_eq!(options(2, ["3", "", "sales|legal", "", "generic"]).await, all);
    for (wanted, maximum) in [("", 10), ("3", 1), ("19", 10), ("50", 50)] {
        let first = json!({ "column_domain": 1, "maximum": maximum });
        assert_eq!(options(1, [wanted, "", "", "", ""]).await, first);
    }
}

#[tokio::test]
async fn what_no_job_can_be_asked_for_is_not_sent() {
    let canned = Canned::reply(201, &[], r#"{"data":{"id":7}}"#);
    let refused = async |generation, queries: Vec<Query>| {
        let error = replying(generation, canned.clone())
            .submit(&batch(queries))
            .await
            .unwrap_err();
        assert_eq!((error.kind, error.status), (ErrorKind::Refused, None));
        error.detail
    };
    assert_eq!(
        refused(2, search(["", "2"])).await,
        "a job cannot be asked for a later page"
    );
    assert_eq!(
        refused(2, search(["", "", "", "us"])).await,
        "a job cannot be asked for a country"
    );
    let kind = refused(2, search(["", "", "", "", "personal|generic"])).await;
    assert_eq!(kind, "a job cannot be asked for addresses of type `personal|generic`");
    let filter =
        "a job cannot be asked for a type or a department in its first generation";
    assert_eq!(refused(1, search(["", "", "sales"])).await, filter);
    let mixed = [asked(Operation::SearchDomain, 1), search(["20"])].concat();
    assert_eq!(refused(2, mixed).await, "the questions of one job have other settings");
    let long = format!("https://example.com/{}", "x".repeat(1_900));
    let pages =
        (0..6_000).map(|n| query(Operation::FindAuthor, [&*format!("{long}{n}")]));
    let told = refused(2, pages.collect()).await;
    assert!(told.ends_with("bytes, of 10485760 at most"), "{told}");
    assert_eq!(canned.paths(), [""; 0]);
}

#[tokio::test]
async fn what_has_a_name_was_created_and_what_has_none_is_in_doubt() {
    let submit = async |status, body: &str| {
        let tomba = replying(2, Canned::reply(status, &[], body));
        let reply = tomba.submit(&batch(asked(Operation::FindEmail, 1))).await;
        reply.map(|reply| reply.value.0).map_err(|error| error.kind)
    };
    for (status, body) in [
        (201, r#"{"data":{"id":9223372036854775807}}"#),
        (201, r#"{"data":{"id":"9223372036854775807"}}"#),
        (201, r#"{"data":{"bulk_id":9223372036854775807}}"#),
        (200, r#"{"data":[{"id":9223372036854775807}]}"#),
        (
            201,
            r#"{"data":{"id":9223372036854775807,"message":"Bulk created but not launched: no quota"}}"#,
        ),
        (
            201,
            r#"{"data":{"id":9223372036854775807},"errors":{"message":"not launched"}}"#,
        ),
    ] {
        assert_eq!(
            submit(status, body).await.as_deref(),
            Ok("9223372036854775807"),
            "{body}"
        );
    }
    for (status, body) in [
        (201, ""),
        (201, "{}"),
        (201, "<html>"),
        (201, r#"{"data":null}"#),
        (201, r#"{"data":{"id":null}}"#),
        (201, r#"{"data":{"id":"../7"}}"#),
        (201, r#"{"data":{"id":9223372036854775808}}"#),
        (201, r#"{"data":{"id":7.5}}"#),
        (201, r#"{"data":{"id":7"#),
        (201, r#"{"errors":{"message":"the quota is used up"}}"#),
        (200, r#"{"data":{"message":"done"}}"#),
        (202, ""),
    ] {
        assert_eq!(
            submit(status, body).await,
            Err(ErrorKind::InDoubt),
            "{status} {body}"
        );
    }
    let refused = r#"{"errors":{"message":"no"},"data":null}"#;
    assert_eq!(submit(200, refused).await, Err(ErrorKind::Refused));
    // What is not done has no name, whatever the body says.
    assert_eq!(
        submit(422, r#"{"data":{"id":7},"errors":{"message":"no"}}"#).await,
        Err(ErrorKind::Refused)
    );
}
