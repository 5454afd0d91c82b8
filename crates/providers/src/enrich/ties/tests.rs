//! Which question an answer is taken for, however the provider spells it.

use super::super::reading;
use super::*;
use leadmill_core::{Finding, Value};
use serde_json::{Value as Json, json};

fn query<const N: usize>(operation: Operation, raw: [&str; N]) -> Query {
    let raw = raw.map(|text| (!text.is_empty()).then_some(text));
    Query::read(operation, raw).unwrap()
}

fn finder(names: [&str; 3]) -> Query {
    query(Operation::FindEmail, names)
}

/// A hit of a person, as the provider spells them.
fn person([first, last, domain]: [&str; 3], email: &str) -> Json {
    json!({ "firstName": first, "lastName": last, "domain": domain, "found": true, "email": email })
}

/// Whose answers the items of a job are taken for, by the places of its questions, with the first value of each.
fn taken(queries: &[Query], items: &[Json]) -> Vec<(usize, String)> {
    let packs = crate::packs().unwrap();
    let operation = queries[0].operation();
    let (offer, words) = (&packs[0].operations[&operation], &packs[0].confidence);
    let body = json!({ "data": { "status": "completed", "results": items } }).to_string();
    let keys = Keys::of(queries);
    let page = reading::page(operation, offer, words, &keys, body.as_bytes()).unwrap().0;
    assert_eq!(page.items, items.len() as u64);
    let place = |answer: Answered| {
        let Finding::Hit(values) = answer.finding else { panic!("no hit") };
        let Some(Value::Text(value)) = values.first() else { panic!("no text") };
        let place = queries.iter().position(|query| query.key() == answer.key);
        place.map(|place| (place, value.to_string()))
    };
    page.answers.into_iter().filter_map(place).collect()
}

fn told(places: &[(usize, &str)]) -> Vec<(usize, String)> {
    places.iter().map(|(place, value)| (*place, (*value).to_owned())).collect()
}

#[test]
fn an_echo_in_a_plain_spelling_is_tied_to_the_only_question_that_it_can_mean() {
    let asked = [
        finder(["Ada", "Byron", "x.io"]),
        finder(["Zoë", "O’Neill", "x.io"]),
        finder(["Zoë", "O'Neill", "y.io"]),
    ];
    let items = [
        person(["zoe", "oneill", "y.io"], "y"),
        person(["ZOE", "O NEILL", "www.x.io"], "x"),
        person(["ada", "byron", "X.IO"], "a"),
    ];
    assert_eq!(taken(&asked, &items), told(&[(2, "y"), (1, "x"), (0, "a")]));
    let verified = [query(Operation::VerifyEmail, ["Zoë@x.io"])];
    let item = json!({ "email": "zoe@x.io", "result": "valid" });
    assert_eq!(taken(&verified, &[item]), told(&[(0, "valid")]));
    let ada = "https://www.linkedin.com/in/adä-b";
    let phones = [
        query(Operation::FindPhone, [ada, ""]),
        query(Operation::FindPhone, ["", "B@x.io"]),
    ];
    let items = [
        json!({ "linkedin": "linkedin.com/in/ad%C3%A4-b", "phones": ["1"] }),
        // Beside the address that was asked about stands a profile that was found.
        json!({ "linkedin": "linkedin.com/in/bob", "email": "b@x.io", "phones": ["2"] }),
    ];
    assert_eq!(taken(&phones, &items), told(&[(0, "1"), (1, "2")]));
}

/// Both could be either's: what is spelt as the plain one of them is told apart where all items are here.
#[test]
fn what_can_mean_two_questions_means_none_of_them() {
    let asked = [finder(["Zoë", "Li", "x.io"]), finder(["Zoé", "Li", "x.io"])];
    let items = [person(["zoe", "li", "x.io"], "1"), person(["zoe", "li", "x.io"], "2")];
    assert_eq!(taken(&asked, &items), []);
    let exact = [person(["Zoé", "Li", "x.io"], "2"), person(["Zoë", "Li", "x.io"], "1")];
    assert_eq!(taken(&asked, &exact), told(&[(1, "2"), (0, "1")]));
}

#[test]
fn of_several_items_in_a_plain_spelling_none_is_taken_unless_they_say_the_same() {
    let asked = [finder(["Zoë", "Li", "x.io"]), finder(["Ada", "Li", "x.io"])];
    let plain = |email| person(["zoe", "li", "x.io"], email);
    let ada = || person(["Ada", "Li", "x.io"], "a");
    assert_eq!(taken(&asked, &[plain("1"), ada(), plain("2")]), told(&[(1, "a")]));
    let twice = told(&[(0, "1"), (0, "1")]);
    assert_eq!(taken(&asked, &[plain("1"), plain("1")]), twice);
    let own = person(["Zoë", "Li", "x.io"], "1");
    assert_eq!(taken(&asked, &[plain("2"), own]), told(&[(0, "1")]));
}

#[test]
fn a_single_answer_is_taken_however_it_spells_its_question() {
    let packs = crate::packs().unwrap();
    let read = |query: &Query, data: Json| {
        let offer = &packs[0].operations[&query.operation()];
        let body = json!({ "data": data, "meta": { "creditsUsed": 1 } }).to_string();
        let read = reading::single(offer, &packs[0].confidence, query, body.as_bytes());
        read.unwrap().0
    };
    let zoe = finder(["Zoë", "Müller", "x.io"]);
    for echo in [
        ["zoe", "muller", "X.io"],
        ["Zoe", "Mueller", "x.io"],
        ["Зоя", "Мюллер", "x.io"],
        ["", "", ""],
        ["Zoë", "Müller", "mueller-group.com"],
    ] {
        let answer = read(&zoe, person(echo, "z@x.io"));
        assert_eq!(answer.key, zoe.key());
        assert!(matches!(answer.finding, Finding::Hit(_)), "{echo:?}: {answer:?}");
    }
    let other = read(&zoe, person(["Ada", "Byron", "x.io"], "a@x.io"));
    assert_eq!(
        other.finding,
        Finding::Unknown("the reply is about another question".into())
    );
    let verify = query(Operation::VerifyEmail, ["Zoë+news@x.io"]);
    let verdict = |email: &str| json!({ "email": email, "result": "valid" });
    assert!(matches!(read(&verify, verdict("zoe@x.io")).finding, Finding::Hit(_)));
    assert!(matches!(read(&verify, verdict("bob@x.io")).finding, Finding::Unknown(_)));
}
