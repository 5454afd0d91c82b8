//! What is sent and what is read, family by family, by the reference's samples.

use super::{super::reading, *};
use leadmill_core::{
    Answered, Credits, JobId, Page, Value,
    operation::{Hop, Selection},
};

fn query<const N: usize>(operation: Operation, raw: [&str; N]) -> Query {
    let raw = raw.map(|text| (!text.is_empty()).then_some(text));
    Query::read(operation, raw).unwrap()
}

fn sent(sent: Sent) -> (String, String, serde_json::Value) {
    let body = match sent.body.is_empty() {
        true => serde_json::Value::Null,
        false => serde_json::from_slice(&sent.body).unwrap(),
    };
    (sent.method.to_string(), sent.path, body)
}

fn answer(query: &Query, body: &str) -> Answered {
    let packs = crate::packs().unwrap();
    let (operation, pack) = (query.operation(), &packs[0]);
    let offer = &pack.operations[&operation];
    reading::single(offer, &pack.confidence, query, body.as_bytes()).unwrap().0
}

fn page(operation: Operation, keys: &[QueryKey], body: &str) -> Page {
    let packs = crate::packs().unwrap();
    let (offer, words) = (&packs[0].operations[&operation], &packs[0].confidence);
    let keys = keys.iter().copied().collect();
    reading::page(operation, offer, words, &keys, body.as_bytes()).unwrap().0
}

/// A field of a hit, by its name.
fn field(operation: Operation, answer: &Answered, name: &str) -> Value {
    let Finding::Hit(values) = &answer.finding else { panic!("{answer:?}") };
    let Selection { field, .. } = operation.select(name).unwrap();
    values[field].clone()
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

const ADA: &str = "https://www.linkedin.com/in/ada";

#[test]
fn every_single_question_is_sent_as_documented() {
    let phone = |raw| sent(single(&query(Operation::FindPhone, raw)).unwrap());
    let null = serde_json::Value::Null;
    let path =
        "/reverse-lookup/phones?linkedin=https%3A%2F%2Fwww.linkedin.com%2Fin%2Fada";
    assert_eq!(phone([ADA, "a@x.io"]), ("GET".into(), path.into(), null.clone()));
    let path = "/reverse-lookup/phones?email=a%2Bb%40x.io";
    assert_eq!(phone(["", "a+b@x.io"]), ("GET".into(), path.into(), null));
    let person = sent(single(&query(Operation::FindPerson, ["a@x.io"])).unwrap());
    let body = serde_json::json!({ "email": "a@x.io" });
    assert_eq!(person, ("POST".into(), "/reverse-lookup/lookup".into(), body));
    let raw = ["linkedin.com/company/x", "25", "", "US|CA", "", "", "VP", ""];
    let staff = sent(single(&query(Operation::FindEmployees, raw)).unwrap());
    let body = serde_json::json!({
        "company_linkedin_url": "https://www.linkedin.com/company/x",
        "max_results": 25, "country": ["US", "CA"], "job_level": ["VP"],
    });
    assert_eq!(staff, ("POST".into(), "/people-search/employee-finder".into(), body));
}

#[test]
fn every_batch_is_sent_as_documented() {
    let url = || Some("https://hooks.example.net/e/1".to_owned());
    let phones = [
        query(Operation::FindPhone, ["", "a@x.io"]),
        query(Operation::FindPhone, [ADA, ""]),
        query(Operation::FindPhone, ["", "b@x.io"]),
    ];
    let body = serde_json::json!({
        "emails": ["a@x.io", "b@x.io"], "linkedins": [ADA],
        "webhookUrl": "https://hooks.example.net/e/1",
    });
    let (_, path, found) = sent(batch(Operation::FindPhone, &phones, url()).unwrap());
    assert_eq!((path.as_str(), found), ("/reverse-lookup/phones/bulk", body));
    let people = [query(Operation::FindPerson, ["a@x.io"])];
    let (_, path, found) = sent(batch(Operation::FindPerson, &people, None).unwrap());
    let body = serde_json::json!({ "emails": ["a@x.io"] });
    assert_eq!((path.as_str(), found), ("/reverse-lookup/bulk-lookup", body));
    let id = JobId("65f000000000000000000001".into());
    assert_eq!(
        job(Operation::FindPhone, &id),
        "/reverse-lookup/phones/bulk/65f000000000000000000001"
    );
    let staff = query(Operation::FindEmployees, ["linkedin.com/company/x"]);
    assert!(batch(Operation::FindEmployees, &[staff], None).is_err());
}

#[test]
fn numbers_are_read_in_both_documented_forms_and_none_is_a_miss() {
    let question = query(Operation::FindPhone, [ADA, ""]);
    for phones in
        [r#"["+14158009370"]"#, r#"[{"number":"+14158009370","type":"mobile"}]"#]
    {
        let body = format!(
            r#"{{"success":true,"data":{{"phones":{phones}}},"meta":{{"creditsUsed":500}}}}"#
        );
        let answer = answer(&question, &body);
        assert_eq!(answer.credits, Some(Credits(500)));
        let phone = field(Operation::FindPhone, &answer, "phone");
        assert_eq!(phone, text("+14158009370"));
        let all = field(Operation::FindPhone, &answer, "phones");
        assert_eq!(all, Value::Values([text("+14158009370")].into()));
    }
    for data in [r#"{"phones":[]}"#, r#"{"found":false}"#] {
        let body =
            format!(r#"{{"success":true,"data":{data},"meta":{{"creditsUsed":0}}}}"#);
        let answer = answer(&question, &body);
        assert_eq!((answer.finding, answer.credits), (Finding::Miss, Some(Credits(0))));
    }
    let nothing = answer(&question, r#"{"success":true,"data":{},"meta":{}}"#);
    assert!(matches!(nothing.finding, Finding::Unknown(_)), "{nothing:?}");
}

#[test]
fn phones_of_a_job_are_tied_by_whichever_name_the_item_carries() {
    let body = r#"{"success":true,"data":{"batchId":"665b12cf3e4c9200138eaf10","status":"completed","totalItems":3,"processedItems":3,"successful":1,"failed":2,"page":1,"limit":100,"results":[
        {"linkedin":"https://www.linkedin.com/in/ada","phones":["+14158009370","+14158009371"]},
        {"email":"B@x.io","phones":[],"error":"No phone numbers found for this profile"},
        {"email":"c@x.io","phones":null}]},
        "meta":{"creditsUsed":500,"creditsRefunded":1000,"creditsRemaining":9000,"totalItems":3,"processedItems":3}}"#;
    let page = page(Operation::FindPhone, &[], body);
    assert!(page.ready && !page.failed);
    assert_eq!((page.items, page.total, page.cost), (3, Some(3), Some(Credits(500))));
    let keys: Vec<_> = page.answers.iter().map(|answer| answer.key).collect();
    let asked = |raw| query(Operation::FindPhone, raw).key();
    assert_eq!(keys, [asked([ADA, ""]), asked(["", "b@x.io"])]);
    assert_eq!(page.answers[1].finding, Finding::Miss);
    assert_eq!(page.answers[0].credits, Some(Credits(500)));
}

const PROFILE: &str = r#"{"id":"ACoAAB1","displayName":"Emily Zhang","firstName":"Emily","lastName":"Zhang","headline":"Design lead","companyName":"Figma","location":"San Francisco","profileUrl":"https://www.linkedin.com/in/emily-zhang","connectionCount":500,"isConnectionCountObfuscated":true,"isPublic":true,"skills":["Design","Prototyping"],"locale":{"country":"US","language":"en"},
    "schools":{"educationsCount":1,"educationHistory":[{"degreeName":"BA","schoolName":"RISD","startEndDate":{"start":{"year":2008},"end":{"month":6,"year":2012}}}]},
    "positions":{"positionsCount":2,"positionHistory":[{"title":"Design Lead","companyName":"Figma","startEndDate":{"start":{"month":3,"year":2021},"end":null}},{"title":"Designer","companyName":"Elsewhere","startEndDate":null}]},"creditsConsumed":10}"#;

#[test]
fn a_profile_keeps_its_lists_and_dates() {
    let question = query(Operation::FindPerson, ["emily@figma.example"]);
    let body =
        format!(r#"{{"success":true,"data":{PROFILE},"meta":{{"creditsUsed":10}}}}"#);
    let answer = answer(&question, &body);
    let named = |name| field(Operation::FindPerson, &answer, name);
    assert_eq!(named("title"), text("Design Lead"));
    assert_eq!(named("country"), text("US"));
    assert_eq!(named("connections"), Value::Integer(500));
    assert_eq!(
        named("skills"),
        Value::Values([text("Design"), text("Prototyping")].into())
    );
    let Value::Values(positions) = named("positions") else { panic!("no list") };
    let Value::Values(first) = &positions[0] else { panic!("no struct") };
    let dates = [Value::Integer(2021), Value::Integer(3), Value::Null, Value::Null];
    assert_eq!(first[5..], dates);
    let Value::Values(schools) = named("education") else { panic!("no list") };
    let Value::Values(school) = &schools[0] else { panic!("no struct") };
    assert_eq!((&school[1], &school[6]), (&text("RISD"), &Value::Integer(2012)));
}

#[test]
fn nobody_is_a_miss_however_it_is_told() {
    let question = query(Operation::FindPerson, ["nobody@x.example"]);
    for data in ["{}", r#"{"found":false}"#, r#"{"displayName":"","skills":[]}"#] {
        let body =
            format!(r#"{{"success":true,"data":{data},"meta":{{"creditsUsed":0}}}}"#);
        let answer = answer(&question, &body);
        assert_eq!(answer.finding, Finding::Miss, "{data}");
        assert_eq!(answer.credits, Some(Credits(0)));
    }
    // Somebody without a public address is somebody.
    let body =
        r#"{"success":true,"data":{"displayName":"Ada"},"meta":{"creditsUsed":10}}"#;
    let answer = answer(&question, body);
    assert_eq!(field(Operation::FindPerson, &answer, "full_name"), text("Ada"));
}

/// Results name no address: only of a job of one it is known whose they are.
#[test]
fn a_profile_of_a_job_is_nobody_s_unless_the_job_holds_one_question() {
    let one = query(Operation::FindPerson, ["emily@figma.example"]).key();
    let other = query(Operation::FindPerson, ["other@x.example"]).key();
    let body = |items: &str, used: u64| {
        format!(
            r#"{{"success":true,"data":{{"batchId":"b","status":"completed","totalItems":1,"processedItems":1,"successful":1,"failed":0,"page":1,"limit":100,"results":[{items}]}},"meta":{{"creditsUsed":{used}}}}}"#
        )
    };
    let read = |keys: &[QueryKey], items: &str, used| {
        page(Operation::FindPerson, keys, &body(items, used)).answers
    };
    let hit = read(&[one], PROFILE, 10);
    assert_eq!((hit.len(), hit[0].key, hit[0].credits), (1, one, Some(Credits(10))));
    assert_eq!(read(&[one, other], PROFILE, 10), [], "whose is it?");
    assert_eq!(read(&[one], &format!("{PROFILE},{PROFILE}"), 10), [], "which is it?");
    // A miss is left out; what was charged and left out is no miss.
    let miss = read(&[one], "", 0);
    assert_eq!((miss.len(), &miss[0].finding), (1, &Finding::Miss));
    assert_eq!(read(&[one], "", 10), []);
}

#[test]
fn employees_are_a_list_and_none_is_a_miss() {
    let question = query(Operation::FindEmployees, ["linkedin.com/company/google"]);
    let body = r#"{"success":true,"data":{"company_linkedin_url":"https://www.linkedin.com/company/google/","max_results":10,"results_length":2,"page":1,"total_pages":3,"total_results":25,"results":[
        {"first_name":"Ada","last_name":"Byron","full_name":"Ada Byron","headline":null,"location":{"city":"London","state_code":null,"country":"United Kingdom","country_code":"GB","continent":"Europe"},"linkedin_url":"https://www.linkedin.com/in/ada","job_title":"VP Sums","job_level":"VP","job_function":"Engineering","job_is_current":true,"skills":"sums, tables"},
        {"full_name":"Bob"}]},"meta":{"requestId":"0c7a8e0e-0000-4000-8000-000000000001","creditsUsed":2,"creditsRemaining":98}}"#;
    let found = answer(&question, body);
    assert_eq!(found.credits, Some(Credits(2)));
    let total = field(Operation::FindEmployees, &found, "total_results");
    assert_eq!(total, Value::Integer(25));
    let Value::Values(all) = field(Operation::FindEmployees, &found, "employees") else {
        panic!("no list")
    };
    let Value::Values(ada) = &all[0] else { panic!("no struct") };
    let selection = Operation::FindEmployees.select("employees[0].country_code").unwrap();
    let Some(Hop::Member(place)) = selection.hops.last() else { panic!("no member") };
    assert_eq!((all.len(), &ada[*place]), (2, &text("GB")));
    let none = body.replace("\"results\":[", "\"results\":[],\"were\":[");
    let none = answer(&question, &none.replace("Used\":2", "Used\":0"));
    assert_eq!((none.finding, none.credits), (Finding::Miss, Some(Credits(0))));
}

/// Without a bill: by the price list a credit for each row that came, not for each that could have.
#[test]
fn rows_that_came_are_what_an_answer_costs() {
    let question = query(Operation::FindEmployees, ["linkedin.com/company/google"]);
    let packs = crate::packs().unwrap();
    let mut offer = packs[0].operations[&Operation::FindEmployees].clone();
    offer.price = Credits(2) * 25;
    offer.rows = 25.try_into().ok();
    let body = r#"{"success":true,"data":{"results":[{"full_name":"Ada"},{"full_name":"Bob"},{"full_name":"Eve"}],"total_results":70}}"#;
    let words = &packs[0].confidence;
    let (answer, _) = reading::single(&offer, words, &question, body.as_bytes()).unwrap();
    assert_eq!(answer.credits, Some(Credits(6)));
}
