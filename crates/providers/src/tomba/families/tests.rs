//! What is sent and what is read, family by family, in the shapes of the reference. All values are made up.

mod companies;
mod domains;

use super::super::{
    reading,
    tests::{account, query},
};
use super::*;
use leadmill_core::{
    Answered, Credits, Value,
    operation::{Hop, Selection},
};

fn sent(query: &Query) -> String {
    single(query).unwrap().path
}

fn answer(query: &Query, body: &str) -> Answered {
    let account = account();
    let offer = account.offer(query.operation()).unwrap();
    reading::single(query, offer, body.as_bytes()).unwrap()
}

fn cost(query: &Query, body: &str) -> u64 {
    answer(query, body).credits.unwrap().0
}

/// A value of a hit, by its path.
fn at(query: &Query, answer: &Answered, path: &str) -> Value {
    let Finding::Hit(values) = &answer.finding else { panic!("{answer:?}") };
    let Selection { field, hops, .. } = query.operation().select(path).unwrap();
    hops.iter().fold(values[field].clone(), |value, hop| {
        let Value::Values(within) = value else { panic!("{path}: {value:?}") };
        match hop {
            Hop::Item(place) | Hop::Member(place) => within[*place].clone(),
            Hop::Each => panic!("{path}"),
        }
    })
}

/// Holds what is read against what it has to be: texts, and `null`, `true`, numbers and lengths of lists as text.
fn check(query: &Query, body: &str, expected: &[(&str, &str)]) -> Answered {
    let answer = answer(query, body);
    for (path, text) in expected {
        let found = match at(query, &answer, path) {
            Value::Null => "null".to_owned(),
            Value::Flag(flag) => flag.to_string(),
            Value::Integer(number) => number.to_string(),
            Value::Text(text) => text.into(),
            Value::Values(values) => format!("{} items", values.len()),
        };
        assert_eq!(found, *text, "{path}");
    }
    answer
}

const PERSON: &str = r#"{"email":"ada.byron@example.com","first_name":"Ada","last_name":"Byron","full_name":"Ada Byron","gender":"female","country":"GB","position":"Head of Sums","company":"Example Ltd","website_url":"example.com","twitter":"adab","linkedin":"https://www.linkedin.com/in/ada-byron","phone_number":true,"accept_all":false,"disposable":false,"webmail":false,"score":97,"verification":{"date":"2026-05-01T10:20:30+02:00","status":"accept_all"},"sources":[{"uri":"https://blog.example.org/sums","website_url":"blog.example.org","extracted_on":"2026-01-02","last_seen_on":"2026-04-05","still_on_page":true},7]}"#;

const PERSON_READ: &[(&str, &str)] = &[
    ("email", "ada.byron@example.com"),
    ("confidence", "97"),
    ("confidence_level", "null"),
    ("is_catch_all", "false"),
    ("verdict", "risky"),
    ("verdict_word", "accept_all"),
    ("verified_at", "2026-05-01T10:20:30+02:00"),
    ("first_name", "Ada"),
    ("last_name", "Byron"),
    ("full_name", "Ada Byron"),
    ("title", "Head of Sums"),
    ("company", "Example Ltd"),
    ("domain", "example.com"),
    ("country", "GB"),
    ("linkedin_url", "https://www.linkedin.com/in/ada-byron"),
    ("twitter_url", "adab"),
    ("is_webmail", "false"),
    ("is_disposable", "false"),
    ("has_phone", "true"),
    ("sources", "1 items"),
    ("sources[0].url", "https://blog.example.org/sums"),
    ("sources[0].domain", "blog.example.org"),
    ("sources[0].first_seen", "2026-01-02"),
    ("sources[0].last_seen", "2026-04-05"),
    ("sources[0].is_there", "true"),
];

fn enveloped(data: &str) -> String {
    format!(r#"{{"data":{data}}}"#)
}

#[test]
fn an_address_is_found_by_name_and_by_profile() {
    let by_name = query(Operation::FindEmail, ["Zoë", "O'Neil Byron", "example.com"]);
    assert_eq!(
        sent(&by_name),
        "/email-finder?first_name=Zo%C3%AB&last_name=O%27Neil+Byron&domain=example.com&enrich_mobile=false"
    );
    let by_profile = query(Operation::FindEmailByProfile, ["linkedin.com/in/ada"]);
    let url = "https%3A%2F%2Fwww.linkedin.com%2Fin%2Fada";
    assert_eq!(sent(&by_profile), format!("/linkedin?url={url}&enrich_mobile=false"));
    for query in [by_name, by_profile] {
        let found = check(&query, &enveloped(PERSON), PERSON_READ);
        assert_eq!(found.credits, Some(Credits(1)));
        // `full` gives a list, and the first of it is the best.
        check(&query, &enveloped(&format!("[{PERSON}]")), PERSON_READ);
        // A person without an address is none, and counted by one of the price lists.
        let nobody = PERSON.replace("\"ada.byron@example.com\"", "null");
        let nobody = answer(&query, &enveloped(&nobody));
        assert_eq!((nobody.finding, nobody.credits), (Finding::Miss, Some(Credits(1))));
    }
}

#[test]
fn numbers_that_come_unasked_are_counted() {
    let query = query(Operation::FindEmail, ["Ada", "Byron", "example.com"]);
    let phones = r#""phone_data":[{"number":"+14155550100","type":"mobile"},{"number":"+14155550101","type":"work"}],"score""#;
    let body = enveloped(&PERSON.replace("\"score\"", phones));
    assert_eq!(cost(&query, &body), 11);
}

#[test]
fn an_author_is_found_with_or_without_an_address() {
    let query = query(Operation::FindAuthor, ["https://blog.example.org/a?p=1"]);
    let url = "https%3A%2F%2Fblog.example.org%2Fa%3Fp%3D1";
    assert_eq!(sent(&query), format!("/author-finder?url={url}"));
    check(&query, &enveloped(PERSON), PERSON_READ);
    let named = r#"{"email":null,"full_name":"Ada Byron","score":0,"sources":[]}"#;
    let read = [("email", "null"), ("full_name", "Ada Byron"), ("sources", "0 items")];
    let found = check(&query, &enveloped(named), &read);
    assert_eq!(found.credits, Some(Credits(1)), "a name is an answer");
    let told = r#"{"email":null,"info":{"title":"Sums","full_name":"Ada Byron","email":"ada@example.com","linkedin":"in/ada"}}"#;
    let read = [
        ("email", "ada@example.com"),
        ("full_name", "Ada Byron"),
        ("linkedin_url", "https://www.linkedin.com/in/ada"),
    ];
    check(&query, &enveloped(told), &read);
    let nobody = answer(&query, &enveloped(r#"{"email":null,"score":0}"#));
    assert_eq!((nobody.finding, nobody.credits), (Finding::Miss, Some(Credits(1))));
}

#[test]
fn a_person_is_read_from_the_enrichment_of_their_address() {
    let query = query(Operation::FindPerson, ["ada+b@example.com"]);
    assert_eq!(sent(&query), "/enrich?email=ada%2Bb%40example.com&enrich_mobile=false");
    let read = [
        ("linkedin_url", "https://www.linkedin.com/in/ada-byron"),
        ("full_name", "Ada Byron"),
        ("first_name", "Ada"),
        ("last_name", "Byron"),
        ("headline", "null"),
        ("title", "Head of Sums"),
        ("company", "Example Ltd"),
        ("location", "null"),
        ("country", "GB"),
        ("connections", "null"),
        ("skills", "null"),
        ("positions", "null"),
        ("report_url", "null"),
        ("domain", "example.com"),
        ("twitter_url", "adab"),
        ("email_verdict", "risky"),
        ("has_phone", "true"),
        ("sources[0].domain", "blog.example.org"),
    ];
    let found = check(&query, &enveloped(PERSON), &read);
    assert_eq!(found.credits, Some(Credits(1)));
    let address =
        r#"{"email":"ada+b@example.com","full_name":null,"score":50,"webmail":true}"#;
    let nobody = answer(&query, &enveloped(address));
    assert_eq!((nobody.finding, nobody.credits), (Finding::Miss, Some(Credits(1))));
}

const VERIFIED: &str = r#"{"data":{"email":{"email":"Ada@example.com","status":"valid","result":"deliverable","score":99,"regex":true,"mx_check":true,"mx":{"records":["mx.example.com"]},"smtp_server":"mx.example.com","smtp_check":true,"smtp_provider":"Google Workspace","accept_all":false,"block":false,"greylisted":true,"gibberish":false,"disposable":false,"webmail":false,"whois":{"registrar_name":"Example","created_date":"2001-01-01"}},"sources":[{"uri":"https://x.example","still_on_page":false}]}}"#;

#[test]
fn a_verdict_is_told_in_the_words_of_all_providers() {
    let query = query(Operation::VerifyEmail, ["ada@example.com"]);
    assert_eq!(
        sent(&query),
        "/email-verifier?email=ada%40example.com&enrich_mobile=false"
    );
    let read = [
        ("verdict", "valid"),
        ("confidence", "99"),
        ("confidence_level", "null"),
        ("is_catch_all", "false"),
        ("is_federated", "null"),
        ("mail_provider", "Google Workspace"),
        ("message", "null"),
        ("verdict_word", "valid"),
        ("is_webmail", "false"),
        ("is_disposable", "false"),
        ("is_gibberish", "false"),
        ("is_greylisted", "true"),
        ("is_blocked", "false"),
        ("has_mx", "true"),
        ("has_smtp", "true"),
        ("smtp_server", "mx.example.com"),
        ("sources[0].is_there", "false"),
    ];
    let found = check(&query, VERIFIED, &read);
    assert_eq!(found.credits, Some(Credits(1)));
    for (status, result, verdict) in [
        ("invalid", "undeliverable", "invalid"),
        ("accept_all", "risky", "risky"),
        ("unknown", "", "risky"),
        ("webmail", "", "risky"),
        ("disposable", "", "risky"),
        ("invalid", "", "invalid"),
        ("", "deliverable", "valid"),
        ("novel", "", "novel"),
    ] {
        let body = VERIFIED.replace("\"valid\"", &format!("\"{status}\""));
        let body = body.replace("\"deliverable\"", &format!("\"{result}\""));
        check(&query, &body, &[("verdict", verdict)]);
    }
    let old = VERIFIED.replace("\"mx_check\"", "\"mx_records\"");
    check(&query, &old, &[("has_mx", "true")]);
}

#[test]
fn a_verdict_about_another_address_is_nobody_s() {
    let query = query(Operation::VerifyEmail, ["bob@example.com"]);
    let other = answer(&query, VERIFIED);
    assert!(matches!(other.finding, Finding::Unknown(_)), "{other:?}");
    assert_eq!(other.credits, Some(Credits(1)));
    let none = VERIFIED.replace("\"status\":\"valid\",\"result\":\"deliverable\",", "");
    let none = none.replace("Ada@", "bob@");
    let none = answer(&query, &none);
    assert_eq!((none.finding, none.credits), (Finding::Miss, Some(Credits(1))));
}

const NUMBER: &str = r#"{"email":"ada@example.com","valid":true,"local_format":"(415) 555-0100","intl_format":"+1 415-555-0100","e164_format":"+14155550100","rfc3966_format":"tel:+1-415-555-0100","country_code":"US","line_type":"MOBILE","carrier":null,"region":{"name":"California","code":"CA"},"timezones":["America/Los_Angeles"]}"#;

#[test]
fn all_numbers_of_a_person_are_asked_for_and_the_first_that_is_one_leads() {
    let profile = query(Operation::FindPhone, ["linkedin.com/in/ada", "ada@example.com"]);
    let url = "https%3A%2F%2Fwww.linkedin.com%2Fin%2Fada";
    assert_eq!(sent(&profile), format!("/phone-finder?linkedin={url}&full=true"));
    let query = query(Operation::FindPhone, ["", "ada@example.com"]);
    assert_eq!(sent(&query), "/phone-finder?email=ada%40example.com&full=true");
    let read = [
        ("phone", "+14155550100"),
        ("phones[0]", "+14155550100"),
        ("numbers[0].line_type", "MOBILE"),
        ("numbers[0].region_code", "CA"),
        ("numbers[0].timezones[0]", "America/Los_Angeles"),
    ];
    let found = check(&query, &enveloped(NUMBER), &read);
    assert_eq!(found.credits, Some(Credits(10)));
    let wrong = r#"{"valid":false,"local_format":"555"}"#;
    let both = enveloped(&format!("[{wrong},{NUMBER},{{\"valid\":true}}]"));
    let read = [("phone", "+14155550100"), ("phones", "2 items"), ("phones[0]", "555")];
    assert_eq!(check(&query, &both, &read).credits, Some(Credits(10)));
    let many = enveloped(&format!("[{}]", [NUMBER; 11].join(",")));
    assert_eq!(cost(&query, &many), 20, "10 for up to 10");
    let none = answer(&query, &enveloped(r#"{"email":"ada@example.com","valid":null}"#));
    assert_eq!((none.finding, none.credits), (Finding::Miss, Some(Credits(10))));
}

#[test]
fn that_a_number_is_none_is_an_answer() {
    let national = query(Operation::ValidatePhone, ["(415) 555-0100", "us"]);
    assert_eq!(sent(&national), "/phone-validator?phone=4155550100&country_code=US");
    let query = query(Operation::ValidatePhone, ["+1 415 555 0100", ""]);
    assert_eq!(sent(&query), "/phone-validator?phone=%2B14155550100");
    let read = [
        ("phone", "+14155550100"),
        ("is_valid", "true"),
        ("national", "(415) 555-0100"),
        ("international", "+1 415-555-0100"),
        ("uri", "tel:+1-415-555-0100"),
        ("country_code", "US"),
        ("line_type", "MOBILE"),
        ("carrier", "null"),
        ("region", "California"),
        ("region_code", "CA"),
        ("timezones", "1 items"),
    ];
    assert_eq!(check(&query, &enveloped(NUMBER), &read).credits, Some(Credits(1)));
    let old = NUMBER.replace("[\"America/Los_Angeles\"]", "\"America/Los_Angeles\"");
    check(&query, &enveloped(&old), &[("timezones[0]", "America/Los_Angeles")]);
    let none = enveloped(r#"{"valid":false,"e164_format":null}"#);
    let read = [("is_valid", "false"), ("phone", "null"), ("timezones", "0 items")];
    assert_eq!(check(&query, &none, &read).credits, Some(Credits(1)));
}

#[test]
fn pages_that_name_an_address_are_listed() {
    let query = query(Operation::FindSources, ["ada@example.com"]);
    assert_eq!(sent(&query), "/email-sources?email=ada%40example.com");
    let body = r#"{"email":"ada@example.com","data":[{"uri":"https://example.com/team","website_url":"example.com","extracted_on":"2026-01-02T03:04:05+01:00","last_seen_on":"2026-02-03","still_on_page":false}]}"#;
    let read = [
        ("sources", "1 items"),
        ("sources[0].url", "https://example.com/team"),
        ("sources[0].first_seen", "2026-01-02T03:04:05+01:00"),
        ("sources[0].is_there", "false"),
    ];
    assert_eq!(check(&query, body, &read).credits, Some(Credits(1)));
}
