//! Phone finder: what it shares with no other family.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::advance;

use super::client::{get, post, sandbox};
use super::families::{PHONES, email, emails, keys};
use crate::{Lookups, Options, PhoneMiss, Quirks, answer_phones};

const SINGLE: &str = "/reverse-lookup/phones";
const BULK: &str = "/reverse-lookup/phones/bulk";

fn profile(nth: usize) -> String {
    format!("https://www.linkedin.com/in/Ada-{nth}")
}

#[tokio::test(start_paused = true)]
async fn a_lookup_gives_numbers_as_texts_and_nothing_else() {
    let sandbox = sandbox(Options::default());
    let hit = PHONES.first(true);
    let reply = PHONES.ask(&sandbox, hit).await;
    let phones = answer_phones(0, &email(hit), "");
    assert!(!phones.is_empty());
    assert_eq!(reply.at("/data"), &json!({ "phones": phones }));
    let miss = PHONES.ask(&sandbox, PHONES.first(false)).await;
    assert_eq!(miss.at("/data"), &json!({ "phones": [] }));
    let name = format!("reverse-lookup/phones:{}|", email(hit).to_lowercase());
    assert_eq!(sandbox.audit().asked.get(&name), Some(&1));
}

#[tokio::test(start_paused = true)]
async fn a_lookup_may_ask_by_a_profile_or_by_both_for_one_price() {
    let sandbox = sandbox(Options::default());
    let found = |nth: &usize| {
        let by_email = answer_phones(0, &email(*nth), "");
        let by_profile = answer_phones(0, "", &profile(*nth));
        !by_email.is_empty() && !by_profile.is_empty() && by_email != by_profile
    };
    let nth = (0..).find(found).unwrap();
    let (email, profile) = (email(nth), profile(nth));
    let encoded = profile.replace(':', "%3A").replace('/', "%2F");
    let reply = get(&sandbox, &format!("{SINGLE}?linkedin={encoded}")).await;
    assert_eq!(reply.at("/data/phones"), &json!(answer_phones(0, "", &profile)));
    let path = format!("{SINGLE}?email={email}&linkedin={encoded}&unknown=1");
    let both = get(&sandbox, &path).await;
    assert_eq!(both.at("/data/phones"), &json!(answer_phones(0, &email, &profile)));
    assert_eq!(both.at("/meta/creditsUsed"), 500);
    assert_eq!(sandbox.audit().charged, 1_000);
}

#[tokio::test(start_paused = true)]
async fn a_miss_may_be_404_and_costs_nothing() {
    let lookups = Lookups { phone_miss: PhoneMiss::NotFound, ..Lookups::default() };
    let sandbox = sandbox(Options { lookups, ..Options::default() });
    let miss = PHONES.ask(&sandbox, PHONES.first(false)).await;
    assert_eq!(miss.status, 404);
    assert_eq!(miss.at("/type"), "https://dev.enrich.so/errors/not-found");
    assert_eq!(sandbox.audit().charged, 0);
    assert_eq!(PHONES.ask(&sandbox, PHONES.first(true)).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_query_out_of_bounds_is_named() {
    let sandbox = sandbox(Options { limits: false, ..Options::default() });
    let long = "l".repeat(501);
    for (query, detail) in [
        (String::new(), "querystring At least one of email and linkedin is required"),
        ("?phone=1".into(), "querystring At least one of email and linkedin is required"),
        ("?email=nobody".into(), "querystring/email Invalid email"),
        ("?email=ada+x@x.io".into(), "querystring/email Invalid email"),
        ("?email=a@x.io&email=b@x.io".into(), "querystring Invalid request"),
        (
            "?email=&linkedin=in/ada".into(),
            "querystring/email String must contain at least 1 character(s)",
        ),
        (
            format!("?linkedin={long}"),
            "querystring/linkedin String must contain at most 500 character(s)",
        ),
    ] {
        let reply = get(&sandbox, &format!("{SINGLE}{query}")).await;
        assert_eq!((reply.status.as_u16(), reply.at("/detail")), (400, &json!(detail)));
    }
    for query in ["?email=ada%2Bx@x.io", &format!("?linkedin={}", "l".repeat(500))] {
        assert_eq!(get(&sandbox, &format!("{SINGLE}{query}")).await.status, 200);
    }
    assert_eq!(post(&sandbox, SINGLE, json!({ "email": "a@x.io" })).await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn a_job_takes_both_lists_and_compares_profiles_letter_by_letter() {
    let sandbox = sandbox(Options::default());
    let body = json!({
        "emails": ["Ada@x.io", "ada@X.io "],
        "linkedins": ["in/Ada", "in/ada", "in/Ada", "in/ada ", "ada@x.io"],
    });
    let reply = post(&sandbox, BULK, body).await;
    let counts = ["/data/itemCount", "/data/originalCount", "/data/duplicatesRemoved"];
    assert_eq!(counts.map(|at| reply.at(at)), [&json!(5), &json!(7), &json!(2)]);
    assert_eq!(reply.at("/meta/creditsReserved"), 2_500);
    let id = reply.at("/data/batchId").as_str().unwrap();
    advance(Duration::from_secs(3)).await;
    let reply = PHONES.results(&sandbox, id, "").await;
    let results = reply.at("/data/results").as_array().unwrap();
    let known: Vec<(&Value, &Value)> =
        results.iter().map(|item| (&item["email"], &item["linkedin"])).collect();
    let none = &Value::Null;
    let [ada, small, blank, no_email] =
        ["in/Ada", "in/ada", "in/ada ", "ada@x.io"].map(|text| json!(text));
    assert_eq!(
        known,
        [
            (&json!("Ada@x.io"), none),
            (none, &ada),
            (none, &small),
            (none, &blank),
            (none, &no_email)
        ]
    );
    assert_eq!(sandbox.audit().asked_twice, 0, "each is a question of its own");
}

#[tokio::test(start_paused = true)]
async fn items_of_both_lists_are_bounded_where_they_stand() {
    let sandbox = sandbox(Options { limits: false, balance: 1, ..Options::default() });
    let none = json!({ "emails": [], "linkedins": [] });
    let long = json!({ "emails": ["a@x.io"], "linkedins": ["in/a", "l".repeat(501)] });
    let empty = json!({ "linkedins": [""] });
    let at_least = "String must contain at least 1 character(s)";
    let at_most = "String must contain at most 500 character(s)";
    for (body, detail) in [
        (none, "body/emails+linkedins Array must contain at least 1 element(s)".into()),
        (long, format!("body/linkedins/1 {at_most}")),
        (empty, format!("body/linkedins/0 {at_least}")),
    ] {
        let reply = post(&sandbox, BULK, body).await;
        assert_eq!((reply.status.as_u16(), reply.at("/detail")), (400, &json!(detail)));
    }
    let lists = |emails: usize, linkedins: usize| json!({ "emails": vec!["a@x.io"; emails], "linkedins": vec!["in/a"; linkedins] });
    let reply = post(&sandbox, BULK, lists(250_000, 250_001)).await;
    assert_eq!(reply.status, 400, "the bound is on both together");
    assert_eq!(post(&sandbox, BULK, lists(250_000, 250_000)).await.status, 402);
}

#[tokio::test(start_paused = true)]
async fn an_item_has_its_numbers_or_says_why_not() {
    let sandbox = sandbox(Options::default());
    let id = PHONES.submit(&sandbox, 300).await;
    advance(Duration::from_secs(3)).await;
    let reply = PHONES.results(&sandbox, &id, "?limit=1000").await;
    let mut errors = 0;
    for (nth, item) in reply.at("/data/results").as_array().unwrap().iter().enumerate() {
        let phones = answer_phones(0, &email(nth), "");
        assert_eq!(
            (&item["email"], &item["phones"]),
            (&json!(email(nth)), &json!(phones))
        );
        if !phones.is_empty() {
            assert_eq!(keys(item), ["email", "phones"]);
            continue;
        }
        assert_eq!(keys(item), ["email", "error", "phones"]);
        if item["error"] != "No phone numbers found for this profile (synthetic)" {
            let broken = "The sources could not be asked at this time (synthetic)";
            assert_eq!(item["error"], broken);
            errors += 1;
        }
    }
    assert!((1..20).contains(&errors), "{errors} of 300");
}

#[tokio::test(start_paused = true)]
async fn quirks_lose_double_and_invent_items() {
    let quirks =
        Quirks { drop: Some(1), duplicate: Some(2), extra: true, ..Quirks::default() };
    let sandbox = sandbox(Options { quirks, ..Options::default() });
    let reply = post(&sandbox, BULK, emails(4)).await;
    let id = reply.at("/data/batchId").as_str().unwrap();
    advance(Duration::from_secs(3)).await;
    let reply = PHONES.results(&sandbox, id, "").await;
    let results = reply.at("/data/results").as_array().unwrap();
    let known: Vec<&Value> = results.iter().map(|item| &item["email"]).collect();
    let expected =
        [email(0), email(2), email(3), email(2), "stranger@unasked.example".into()];
    assert_eq!(known, expected.map(|email| json!(email)).iter().collect::<Vec<_>>());
}
