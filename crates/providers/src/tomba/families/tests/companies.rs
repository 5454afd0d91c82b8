//! Searches for companies.

use super::*;
use crate::tomba::Method;
use serde_json::json;

const FILTERS: &str =
    r#"{"location_country":{"include":["FR"]},"size":{"include":["51-250"]}}"#;

fn search(filters: &str, sentence: &str, most: &str, page: &str) -> Query {
    query(Operation::SearchCompanies, [filters, sentence, most, page])
}

const COMPANY: &str = r#"{"name":"Example SA","description":"Makes examples.","country":"FR","state":"Île-de-France","city":"Paris","street_address":"1 rue de l'Exemple","postal_code":"75001","industry":"Software Development","company_size":"51-250","type":"private","founded":"1999","website_url":"https://www.Example.com/about","total_emails":12,"revenue":"$10M-$50M","phone_number":true,"linkedin_url":"https://www.linkedin.com/company/example","facebook_url":null,"twitter_url":"example","total_similar":3,"github_url":"https://github.com/example"}"#;

const READ: &[(&str, &str)] = &[
    ("companies[0].domain", "example.com"),
    ("companies[0].name", "Example SA"),
    ("companies[0].description", "Makes examples."),
    ("companies[0].industry", "Software Development"),
    ("companies[0].type", "private"),
    ("companies[0].founded", "1999"),
    ("companies[0].size", "51-250"),
    ("companies[0].revenue", "$10M-$50M"),
    ("companies[0].street", "1 rue de l'Exemple"),
    ("companies[0].city", "Paris"),
    ("companies[0].state", "Île-de-France"),
    ("companies[0].postal_code", "75001"),
    ("companies[0].country", "FR"),
    ("companies[0].phone", "null"),
    ("companies[0].website_url", "https://www.Example.com/about"),
    ("companies[0].linkedin_url", "https://www.linkedin.com/company/example"),
    ("companies[0].twitter_url", "https://www.twitter.com/example"),
    ("companies[0].facebook_url", "null"),
    ("companies[0].instagram_url", "null"),
    ("companies[0].github_url", "https://github.com/example"),
    ("companies[0].youtube_url", "null"),
    ("companies[0].pinterest_url", "null"),
    ("companies[0].tiktok_url", "null"),
    ("companies[0].total_emails", "12"),
    ("companies[0].total_similar", "3"),
    ("total_results", "120"),
    ("page_size", "50"),
    ("page_results", "1"),
];

/// A page in the documented envelope.
fn page(companies: &str) -> String {
    format!(
        r#"{{"success":true,"data":{{"companies":[{companies}]}},"meta":{{"total":120,"page":1,"limit":50,"pages":3,"filters":{FILTERS}}}}}"#
    )
}

/// Filters in a form that the provider does not understand are ignored, and not refused: the page is one of all
/// companies. It is paid for, and nothing of it is kept.
#[test]
fn a_page_that_was_not_filtered_is_no_answer() {
    let query = search(FILTERS, "", "", "1");
    for nothing in ["{}", "[]"] {
        let body = page(COMPANY).replace(FILTERS, nothing);
        let found = answer(&query, &body);
        assert!(matches!(found.finding, Finding::Unknown(_)), "{nothing}: {found:?}");
        assert_eq!(found.credits, Some(Credits(1)), "{nothing}");
    }
    let unsaid = page(COMPANY).replace(&format!(",\"filters\":{FILTERS}"), "");
    for body in [unsaid, page(COMPANY).replace(FILTERS, "null")] {
        check(&query, &body, &[("companies", "1 items")]);
    }
    // A sentence is no filter: what it was understood as need not be told.
    let sentence = search("", "bakeries in Paris", "", "1");
    let body = page(COMPANY).replace(FILTERS, "{}");
    check(&sentence, &body, &[("companies", "1 items")]);
}

#[test]
fn a_search_travels_in_a_body_and_how_many_are_kept_does_not() {
    let whole = single(&search(FILTERS, "", "", "2")).unwrap();
    let cut = single(&search(FILTERS, "", "20", "2")).unwrap();
    assert_eq!((whole.method, whole.path.as_str()), (Method::POST, "/reveal/search"));
    assert_eq!(whole.body, cut.body, "the provider sees one question");
    let body: serde_json::Value = serde_json::from_slice(&whole.body).unwrap();
    let filters: serde_json::Value = serde_json::from_str(FILTERS).unwrap();
    assert_eq!(body, json!({ "filters": filters, "page": 2 }));
    let sentence = single(&search("", "bakeries in Paris", "", "1")).unwrap();
    let body: serde_json::Value = serde_json::from_slice(&sentence.body).unwrap();
    assert_eq!(body, json!({ "query": "bakeries in Paris", "page": 1 }));
}

#[test]
fn what_cannot_be_sent_is_not() {
    let NotAsked(why) = single(&search("", "bakeries in Paris", "", "2")).unwrap_err();
    assert_eq!(why, "a query shows its first page only");
    assert!(single(&search("{", "", "", "1")).is_err());
    let nothing = Query::read(Operation::SearchCompanies, [None, None, None, Some("1")]);
    assert!(nothing.is_err());
}

#[test]
fn a_page_is_read_in_every_shape() {
    let query = search(FILTERS, "", "", "1");
    let found = check(&query, &page(COMPANY), READ);
    assert_eq!(found.credits, Some(Credits(1)));
    // Go reads the numbers within `data`.
    let within = format!(r#"{{"companies":[{COMPANY}],"total":120,"limit":50}}"#);
    check(&query, &enveloped(&within), READ);
    let list = answer(&query, &enveloped(&format!("[{COMPANY}]")));
    assert_eq!(
        at(&query, &list, "companies[0].domain"),
        Value::Text("example.com".into())
    );
    assert_eq!(at(&query, &list, "total_results"), Value::Null);
    let number = COMPANY.replace("\"phone_number\":true", "\"phone_number\":\"+33 1\"");
    check(&query, &page(&number), &[("companies[0].phone", "+33 1")]);
    let odd = COMPANY.replace("https://www.Example.com/about", "none");
    let told = [("companies[0].domain", "null"), ("companies[0].website_url", "none")];
    check(&query, &page(&odd), &told);
}

#[test]
fn a_page_is_cut_to_what_is_wanted_and_says_how_many_there_were() {
    let companies = [COMPANY; 10].join(",");
    let cut = search(FILTERS, "", "4", "3");
    let expected = [("companies", "4 items"), ("page_results", "10")];
    assert_eq!(check(&cut, &page(&companies), &expected).credits, Some(Credits(1)));
    let whole = search(FILTERS, "", "", "3");
    check(&whole, &page(&companies), &[("companies", "10 items")]);
    // What is nothing is no company, and yet stood on the page.
    let odd = format!("{COMPANY},{{}},7");
    let expected = [("companies", "1 items"), ("page_results", "3")];
    check(&whole, &page(&odd), &expected);
}

#[test]
fn a_page_costs_one_also_if_nobody_is_on_it_and_more_if_it_holds_more() {
    let query = search(FILTERS, "", "", "9");
    let nobody = answer(&query, &page(""));
    assert_eq!((nobody.finding, nobody.credits), (Finding::Miss, Some(Credits(1))));
    for data in ["null", "{}", "[]"] {
        let nothing = answer(&query, &enveloped(data));
        assert_eq!((nothing.finding, nothing.credits), (Finding::Miss, Some(Credits(0))));
    }
    for (companies, price) in [(1, 1), (50, 1), (51, 2), (100, 2)] {
        let page = page(&vec![COMPANY; companies].join(","));
        assert_eq!(cost(&query, &page), price, "{companies}");
    }
}
