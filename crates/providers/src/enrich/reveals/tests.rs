use super::*;
use leadmill_core::{Query, Value};

const CONTACTS: &str = r#"
    {"id":"enc_A1","firstName":"Ada","lastName":"Example","jobTitle":"Engineer","companyName":"Example Works","emailAddress":"ada@example.com","linkedinUrl":"https://www.linkedin.com/in/ada-example","domain":"example.com"},
    {"id":"enc_B2","firstName":"Bo","lastName":"Sample","jobTitle":null,"companyName":null,"emailAddress":null,"linkedinUrl":null,"domain":null}"#;

fn completed(contacts: &str, bill: &str) -> String {
    format!(
        r#"{{"success":true,"data":{{"jobId":"rj_0000000000000001","status":"completed","jobType":"enrich","fields":["email"],"progress":{{"processed":2,"total":2}},
        "results":{{"revealed":[{contacts}],{bill}}},"createdAt":"2026-08-14T10:00:00.000Z","completedAt":"2026-08-14T10:00:02.000Z"}},"meta":{{"requestId":"req_0"}}}}"#
    )
}

const BILL: &str =
    r#""alreadyRevealed":0,"newlyRevealed":1,"creditsUsed":20,"creditsRefunded":10"#;

fn read_page(
    operation: Operation,
    body: &str,
    page: u32,
) -> Result<Page, serde_json::Error> {
    let packs = crate::packs().unwrap();
    let asked = Asked { operation, questions: 2, page };
    super::page(&packs[0].operations[&operation], asked, contacts(body)?.0)
}

fn read(operation: Operation, body: &str) -> Page {
    read_page(operation, body, 1).unwrap()
}

fn lead(operation: Operation, id: &str) -> leadmill_core::QueryKey {
    Query::read(operation, [Some(id)]).unwrap().key()
}

#[test]
fn contacts_are_tied_to_their_leads_and_the_bill_is_what_did_not_come_back() {
    let operation = Operation::RevealEmail;
    let page = read(operation, &completed(CONTACTS, BILL));
    assert!(page.ready && !page.failed);
    assert_eq!((page.total, page.items, page.cost), (Some(2), 2, Some(Credits(10))));
    let [hit, miss] = &*page.answers else { panic!("{page:?}") };
    assert_eq!((hit.key, hit.credits), (lead(operation, "enc_A1"), Some(Credits(10))));
    assert_eq!((miss.key, miss.credits), (lead(operation, "enc_B2"), Some(Credits(0))));
    assert_eq!(miss.finding, Finding::Miss);
    let Finding::Hit(values) = &hit.finding else { panic!("{hit:?}") };
    for (name, value) in [
        ("email", Some("ada@example.com")),
        ("phone", None),
        ("cellphone", None),
        ("first_name", Some("Ada")),
        ("last_name", Some("Example")),
        ("title", Some("Engineer")),
        ("company", Some("Example Works")),
        ("linkedin_url", Some("https://www.linkedin.com/in/ada-example")),
        ("domain", Some("example.com")),
    ] {
        let place = operation.field(name).unwrap();
        assert_eq!(values[place], Value::text(value), "{name}");
    }
    assert_eq!(values.len(), operation.fields().len());
}

#[test]
fn a_hit_is_something_of_what_was_asked_for() {
    let contact = |said: &str| completed(&format!(r#"{{"id":"enc_A1"{said}}}"#), BILL);
    use leadmill_core::Status::{Hit, Miss};
    let mail = r#","emailAddress":"a@x.io""#;
    let no_mail = r#","emailAddress":null"#;
    let cell = r#","phone":null,"cellphone":"+14155550100""#;
    let no_phone = r#","phone":null,"cellphone":"""#;
    for (operation, said, status) in [
        (Operation::RevealEmail, format!("{mail}{no_phone}"), Some(Hit)),
        (Operation::RevealEmail, format!("{no_mail}{cell}"), Some(Miss)),
        (Operation::RevealEmail, r#","emailAddress":"""#.into(), Some(Miss)),
        (Operation::RevealEmail, cell.into(), None),
        (Operation::RevealPhone, cell.into(), Some(Hit)),
        (Operation::RevealPhone, r#","phone":"+14155550101""#.into(), Some(Hit)),
        (Operation::RevealPhone, format!("{mail}{no_phone}"), Some(Miss)),
        (Operation::RevealPhone, mail.into(), None),
        (Operation::RevealContact, format!("{mail}{no_phone}"), Some(Hit)),
        (Operation::RevealContact, mail.into(), Some(Hit)),
        (Operation::RevealContact, format!("{no_mail}{cell}"), Some(Hit)),
        (Operation::RevealContact, format!("{no_mail}{no_phone}"), Some(Miss)),
        (Operation::RevealContact, no_mail.into(), None),
    ] {
        let page = read(operation, &contact(&said));
        let found = page.answers.first().map(|answer| answer.finding.status());
        assert_eq!(found, status, "{operation} {said}");
        assert_eq!(page.items, 1);
    }
}

/// What was revealed before is free, and nothing tells of which contact that is so.
#[test]
fn only_where_nothing_was_free_has_a_hit_a_price() {
    let credits = |operation, bill: &str| {
        let body = completed(CONTACTS, bill).replace(
            r#""emailAddress""#,
            r#""phone":"+14155550100","cellphone":null,"emailAddress""#,
        );
        read(operation, &body).answers[0].credits
    };
    let before = BILL.replace(r#""alreadyRevealed":0"#, r#""alreadyRevealed":1"#);
    let untold = BILL.replace(r#""alreadyRevealed":0,"#, "");
    assert_eq!(credits(Operation::RevealEmail, BILL), Some(Credits(10)));
    assert_eq!(credits(Operation::RevealPhone, BILL), Some(Credits(525)));
    assert_eq!(credits(Operation::RevealContact, BILL), None);
    assert_eq!(credits(Operation::RevealEmail, &before), None);
    assert_eq!(credits(Operation::RevealEmail, &untold), None);
}

#[test]
fn the_bill_is_never_understated() {
    for (bill, cost) in [
        (r#""creditsUsed":20"#, Some(20)),
        (r#""creditsUsed":"20","creditsRefunded":9.5"#, Some(11)),
        (r#""creditsUsed":10,"creditsRefunded":20"#, Some(0)),
        (r#""creditsRefunded":20"#, None),
    ] {
        let page = read(Operation::RevealEmail, &completed(CONTACTS, bill));
        assert_eq!(page.cost, cost.map(Credits), "{bill}");
    }
}

#[test]
fn a_contact_that_cannot_be_read_costs_none_of_the_others() {
    let body = completed(&format!("{CONTACTS},7,null,{{\"id\":[]}}"), BILL);
    let page = read(Operation::RevealEmail, &body);
    assert_eq!((page.items, page.answers.len()), (5, 2));
    assert_eq!(page.cost, Some(Credits(10)));
}

#[test]
fn all_of_it_stands_on_the_first_page() {
    let body = completed(CONTACTS, BILL);
    let page = read_page(Operation::RevealEmail, &body, 2).unwrap();
    assert_eq!((page.items, page.answers.len()), (0, 0));
    assert_eq!(page.cost, Some(Credits(10)));
}

fn unfinished(rest: &str) -> String {
    format!(
        r#"{{"success":true,"data":{{"jobId":"rj_0000000000000001","jobType":"enrich","fields":["email"],{rest},"createdAt":"2026-08-14T10:00:00.000Z"}}}}"#
    )
}

#[test]
fn a_job_that_runs_is_not_ready() {
    for rest in [
        r#""status":"pending","progress":null"#,
        r#""status":"processing","progress":{"processed":1,"total":2}"#,
        r#""status":"wrapping_up""#,
    ] {
        let page = read(Operation::RevealEmail, &unfinished(rest));
        assert!(!page.ready && !page.failed && page.items == 0, "{rest}");
    }
    let empty = unfinished(r#""status":"completed""#);
    assert!(read_page(Operation::RevealEmail, &empty, 1).is_err());
}

#[test]
fn a_job_that_failed_has_cost_at_most_what_did_not_come_back() {
    for (refund, cost) in [
        (r#","creditsRefunded":20"#, Some(0)),
        (r#","creditsRefunded":5"#, Some(15)),
        ("", None),
    ] {
        let rest = format!(r#""status":"failed","error":"Something broke"{refund}"#);
        let page = read(Operation::RevealEmail, &unfinished(&rest));
        assert!(page.ready && page.failed);
        assert_eq!((page.items, page.cost), (0, cost.map(Credits)), "{refund}");
    }
}

#[test]
fn an_uncovered_job_is_told_from_one_that_broke() {
    let uncovered = |rest: &str| contacts(&unfinished(rest)).unwrap().0.uncovered();
    let error = r#""error":"Insufficient credits (balance: 100, required: 250)""#;
    let failed = format!(r#""status":"failed",{error},"creditsRefunded":0"#);
    let told = "Insufficient credits (balance: 100, required: 250)";
    assert_eq!(uncovered(&failed).as_deref(), Some(told));
    let odd = r#""status":"failed","error":{"message":"insufficient credits"}"#;
    assert!(uncovered(odd).is_some());
    assert_eq!(uncovered(&format!(r#""status":"processing",{error}"#)), None);
    assert_eq!(uncovered(r#""status":"failed","error":"Something broke""#), None);
    assert_eq!(uncovered(r#""status":"failed""#), None);
}
