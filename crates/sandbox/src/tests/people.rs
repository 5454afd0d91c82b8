//! The people search.

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::{Value, json};

use super::client::{Reply, post, sandbox};
use super::leads::{keys, set, small};
use crate::{LeadOptions, NoCreditBody, Options, Sandbox};

const FIND: &str = "/people-search/employee-finder";
const FALL: &str = "/people-search/waterfall-icp-search";

/// The company with most people, and how many there are.
async fn largest(sandbox: &Sandbox) -> (String, usize) {
    let body = json!({ "filters": {}, "pageSize": 100 });
    let rows = post(sandbox, "/lead-finder/search", body).await;
    let rows = rows.at("/data/results").as_array().unwrap();
    let mut best = (String::new(), 0);
    for row in rows {
        let address = row["orgLinkedinUrl"].as_str().unwrap();
        let filters = json!({ "filters": { "orgLinkedinUrl": address } });
        let count = post(sandbox, "/lead-finder/count", filters).await;
        let count = count.at("/data/count").as_u64().unwrap() as usize;
        if count > best.1 {
            best = (address.to_owned(), count);
        }
    }
    assert!(best.1 > 60, "{best:?}");
    best
}

fn world(balance: u64) -> Sandbox {
    sandbox(Options { balance, ..small(LeadOptions::default()) })
}

fn results(reply: &Reply) -> &Vec<Value> {
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    reply.at("/data/results").as_array().unwrap()
}

#[tokio::test(start_paused = true)]
async fn employees_come_by_page_for_a_credit_each() {
    let sandbox = world(1_000_000);
    let (address, total) = largest(&sandbox).await;
    let start = sandbox.audit().balance;
    let reply = post(&sandbox, FIND, json!({ "company_linkedin_url": address })).await;
    let all = [
        "company_linkedin_url",
        "max_results",
        "results_length",
        "page",
        "total_pages",
        "total_results",
        "results",
    ];
    assert_eq!(keys(reply.at("/data")), set(&all));
    assert_eq!(reply.at("/data/company_linkedin_url"), &json!(address));
    assert_eq!(reply.at("/data/max_results"), 10);
    assert_eq!(reply.at("/data/total_pages"), total.div_ceil(10));
    let all = set(&["requestId", "creditsUsed", "creditsRemaining"]);
    assert_eq!(keys(reply.at("/meta")), all);
    assert_eq!(reply.at("/meta/creditsUsed"), 10);
    assert_eq!(reply.at("/meta/creditsRemaining"), start - 10);
    let id = reply.at("/meta/requestId").as_str().unwrap();
    let parts: Vec<usize> = id.split('-').map(str::len).collect();
    assert_eq!(parts, [8, 4, 4, 4, 12], "{id}");
    let mut seen = BTreeSet::new();
    let pages = total.div_ceil(50);
    for page in 1..=pages + 1 {
        let body =
            json!({ "company_linkedin_url": address, "max_results": 50, "page": page });
        let reply = post(&sandbox, FIND, body).await;
        let found = results(&reply);
        assert_eq!(reply.at("/data/results_length"), found.len());
        assert_eq!(reply.at("/data/total_results"), total);
        assert_eq!(reply.at("/meta/creditsUsed"), found.len());
        assert!(page <= pages || found.is_empty(), "past the end");
        let new = |person: &Value| seen.insert(person["linkedin_url"].to_string());
        assert!(found.iter().all(new));
    }
    assert_eq!(seen.len(), total);
    assert_eq!(sandbox.audit().balance, start - 10 - total as u64);
}

#[tokio::test(start_paused = true)]
async fn an_employee_is_the_person_of_the_lead_finder() {
    let sandbox = world(1_000_000);
    let (address, _) = largest(&sandbox).await;
    let reply = post(&sandbox, FIND, json!({ "company_linkedin_url": address })).await;
    for person in results(&reply) {
        let all = [
            "first_name",
            "last_name",
            "full_name",
            "headline",
            "about_me",
            "location",
            "linkedin_url",
            "job_title",
            "job_level",
            "job_function",
            "job_is_current",
            "education",
            "skills",
            "certifications",
        ];
        assert_eq!(keys(person), set(&all));
        let all = ["city", "state_code", "country", "country_code", "continent"];
        assert_eq!(keys(&person["location"]), set(&all));
        let filters = json!({ "filters": { "linkedinUrl": person["linkedin_url"] } });
        let rows = post(&sandbox, "/lead-finder/search", filters).await;
        let row = rows.at("/data/results/0");
        assert_eq!(row["orgLinkedinUrl"], address);
        for (of_row, of_person) in [
            ("firstName", "first_name"),
            ("jobTitle", "job_title"),
            ("jobLevel", "job_level"),
            ("jobFunction", "job_function"),
            ("skills", "skills"),
            ("linkedinHeadline", "headline"),
        ] {
            assert_eq!(row[of_row], person[of_person]);
        }
        assert_eq!(row["city"], person["location"]["city"]);
    }
}

#[tokio::test(start_paused = true)]
async fn employees_are_filtered_by_place_level_and_function() {
    let sandbox = world(1_000_000);
    let (address, total) = largest(&sandbox).await;
    let ask = |more: Value| {
        let mut body = json!({ "company_linkedin_url": address, "max_results": 100 });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        post(&sandbox, FIND, body)
    };
    let mut all = Vec::new();
    for page in 1..=total.div_ceil(100) {
        all.extend(results(&ask(json!({ "page": page })).await).clone());
    }
    for (key, pointer) in [
        ("country", "/location/country"),
        ("country", "/location/country_code"),
        ("continent", "/location/continent"),
        ("job_level", "/job_level"),
        ("job_function", "/job_function"),
    ] {
        let value = all[0].pointer(pointer).unwrap();
        let reply = ask(json!({ key: ["nothing", value] })).await;
        let fits = |person: &&Value| person.pointer(pointer) == Some(value);
        let expected = all.iter().filter(fits).count();
        assert_eq!(reply.at("/data/total_results"), expected, "{key} {value}");
        assert!(results(&reply).iter().all(|person| fits(&person)));
        assert!((1..total).contains(&expected), "{key} {value}");
    }
    let before = sandbox.audit().balance;
    let nobody = ask(json!({ "sales_region": ["MOON"] })).await;
    assert_eq!((results(&nobody).len(), sandbox.audit().balance), (0, before));
    assert_eq!(nobody.at("/meta/creditsUsed"), 0);
}

#[tokio::test(start_paused = true)]
async fn both_searches_refuse_what_is_out_of_bounds() {
    let sandbox = world(1_000_000);
    let address = "https://www.linkedin.com/company/any/";
    let company = "company_linkedin_url: Must be a LinkedIn company URL (e.g. https://www.linkedin.com/company/google/)";
    let most = "body/max_results Number must be from 1 to 100";
    let levels = |count: usize| json!({ "cascade": vec![json!({}); count] });
    for (path, more, detail) in [
        (FIND, json!({ "company_linkedin_url": "https://example.com/" }), company),
        (
            FALL,
            json!({ "company_linkedin_url": "https://www.linkedin.com/in/x" }),
            company,
        ),
        (FIND, json!({ "max_results": 0 }), most),
        (FALL, json!({ "max_results": 101 }), most),
        (
            FIND,
            json!({ "page": 0 }),
            "body/page Number must be greater than or equal to 1",
        ),
        (
            FIND,
            json!({ "country": vec!["DE"; 51] }),
            "body/country Array must contain at most 50 element(s)",
        ),
        (
            FALL,
            json!({ "min_score": 101 }),
            "body/min_score Number must be from 0 to 100",
        ),
        (FALL, levels(0), "body/cascade Array must contain at least 1 element(s)"),
        (FALL, levels(11), "body/cascade Array must contain at most 10 element(s)"),
        (
            FALL,
            json!({ "cascade": [{}, { "priority_bonus": 31 }] }),
            "body/cascade/1/priority_bonus Number must be less than or equal to 30",
        ),
        (FALL, json!({ "cascade": [{ "skills": "x" }] }), "body Invalid request"),
        (FIND, json!({ "company_linkedin_url": null }), "body Invalid request"),
    ] {
        let mut body = json!({ "company_linkedin_url": address });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let reply = post(&sandbox, path, body).await;
        assert_eq!((reply.status.as_u16(), reply.at("/detail")), (400, &json!(detail)));
    }
    assert_eq!(sandbox.audit().balance, 1_000_000);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_not_covered_is_402() {
    let (address, _) = largest(&world(1_000_000)).await;
    for path in [FIND, FALL] {
        let options = Options {
            no_credit_body: NoCreditBody::Flat,
            balance: 2,
            ..small(LeadOptions::default())
        };
        let sandbox = sandbox(options);
        let body =
            |most: u32| json!({ "company_linkedin_url": address, "max_results": most });
        let reply = post(&sandbox, path, body(3)).await;
        let detail = json!({ "required": 3, "itemCount": 3, "creditCostPerItem": 1 });
        assert_eq!((reply.status.as_u16(), reply.at("/detail")), (402, &detail));
        assert_eq!(results(&post(&sandbox, path, body(2)).await).len(), 2);
        assert_eq!(sandbox.audit().balance, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_waterfall_pours_from_founders_to_directors() {
    let sandbox = world(1_000_000);
    let (address, _) = largest(&sandbox).await;
    let start = sandbox.audit().balance;
    let body = json!({ "company_linkedin_url": address, "max_results": 100 });
    let reply = post(&sandbox, FALL, body).await;
    let found = results(&reply);
    let all = ["results", "total_found", "total_returned", "cascade_stats"];
    assert_eq!(keys(reply.at("/data")), set(&all));
    assert_eq!(reply.at("/data/total_returned"), found.len());
    assert_eq!(reply.at("/meta/creditsUsed"), found.len());
    assert_eq!(sandbox.audit().balance, start - found.len() as u64);
    let stats = reply.at("/data/cascade_stats").as_array().unwrap();
    let numbers: Vec<u64> =
        stats.iter().map(|of| of["level"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [0, 1, 2, 3]);
    let all = ["level", "candidates_found", "candidates_kept"];
    assert!(stats.iter().all(|of| keys(of) == set(&all)));
    let kept: u64 = stats.iter().map(|of| of["candidates_kept"].as_u64().unwrap()).sum();
    assert_eq!(reply.at("/data/total_found"), kept);
    let title = &found[0]["current_position"]["title"];
    assert!(title == "Founder" || title == "Chief Executive Officer", "{title}");
    assert_eq!(
        (&found[0]["cascade_level"], &found[0]["ranking"]),
        (&json!(0), &json!(1))
    );
    let mut seen = BTreeSet::new();
    for (at, result) in found.iter().enumerate() {
        let all = [
            "person",
            "current_position",
            "skills",
            "education",
            "certifications",
            "score",
            "ranking",
            "cascade_level",
            "ranking_factors",
            "what_matched",
        ];
        assert_eq!(keys(result), set(&all));
        let all = [
            "first_name",
            "last_name",
            "linkedin_url",
            "linkedin_headline",
            "location",
            "email_domain",
        ];
        assert_eq!(keys(&result["person"]), set(&all));
        let all = ["title", "company", "level", "function", "is_current", "start_date"];
        assert_eq!(keys(&result["current_position"]), set(&all));
        assert_eq!(result["current_position"]["start_date"].as_str().unwrap().len(), 10);
        assert_eq!(result["ranking"], at + 1);
        assert!(at == 0 || result["score"].as_u64() <= found[at - 1]["score"].as_u64());
        assert!(seen.insert(result["person"]["linkedin_url"].to_string()), "once each");
    }
}

#[tokio::test(start_paused = true)]
async fn points_are_given_as_documented() {
    let sandbox = world(1_000_000);
    let (address, _) = largest(&sandbox).await;
    let level = json!({
        "include_title": ["VP of Sales", "Director"], "job_functions": ["Legal"],
        "job_levels": ["VP"], "skills": ["Rust", "SQL"], "location": ["WORLD"],
        "exclude_title": ["logistics"],
    });
    let body = json!({ "company_linkedin_url": address, "cascade": [level], "max_results": 100 });
    let reply = post(&sandbox, FALL, body).await;
    assert!(results(&reply).len() > 3);
    for result in results(&reply) {
        let position = &result["current_position"];
        let title = position["title"].as_str().unwrap();
        assert!(!title.contains("Logistics"), "{title}");
        let title_match = match title {
            "VP of Sales" => 30,
            title if title.contains("Director") => 25,
            _ => 10,
        };
        assert!(title_match > 10 || position["function"] == "Legal", "{result}");
        let job_level = match position["level"].as_str().unwrap() {
            "VP" => 20,
            "C-Team" | "Director" => 10,
            "Manager" => 5,
            level => panic!("{level} is too far away"),
        };
        let skills: Vec<&str> = result["skills"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s.as_str().unwrap())
            .collect();
        let skills =
            ["Rust", "SQL"].iter().filter(|skill| skills.contains(skill)).count();
        let factors = &result["ranking_factors"];
        assert_eq!(factors["title_match"], title_match, "{result}");
        assert_eq!(factors["job_level"], job_level, "{result}");
        assert_eq!(factors["skills_overlap"], [0, 8, 15][skills], "{result}");
        assert_eq!(factors["location_match"], 15);
        let current = position["is_current"] == true;
        assert_eq!(factors["current_job"], if current { 10 } else { 0 });
        let complete = if result["education"].is_null() { 4 } else { 5 };
        assert_eq!(factors["profile_completeness"], complete);
        assert!((1..=5).contains(&factors["experience"].as_u64().unwrap()));
        assert_eq!(factors["priority_bonus"], 0);
        let sum: u64 = factors
            .as_object()
            .unwrap()
            .values()
            .map(|points| points.as_u64().unwrap())
            .sum();
        assert_eq!(result["score"], sum, "all dimensions are asked for: of 100");
        let matched: Vec<&str> = match skills {
            0 => vec!["title", "job_level", "location"],
            _ => vec!["title", "job_level", "skills", "location"],
        };
        assert_eq!(result["what_matched"], json!(matched));
    }
}

#[tokio::test(start_paused = true)]
async fn a_country_is_worth_more_than_a_continent_and_a_headline_less_than_a_title() {
    let sandbox = world(1_000_000);
    let (address, _) = largest(&sandbox).await;
    let body = json!({ "company_linkedin_url": address });
    let home = post(&sandbox, FIND, body).await;
    let home = &results(&home)[0]["location"];
    let continent = home["continent"].as_str().unwrap().to_uppercase().replace(' ', "_");
    let ask = |level: Value| {
        let body = json!({
            "company_linkedin_url": address, "max_results": 100, "cascade": [level],
        });
        post(&sandbox, FALL, body)
    };
    let places = json!({ "location": [home["country_code"], continent] });
    let reply = ask(places).await;
    let mut seen = BTreeSet::new();
    for result in results(&reply) {
        let location = result["person"]["location"].as_str().unwrap();
        let country = location.ends_with(home["country"].as_str().unwrap());
        let factors = &result["ranking_factors"];
        assert_eq!(factors["location_match"], if country { 15 } else { 7 }, "{location}");
        let points =
            ["location_match", "current_job", "profile_completeness", "experience"];
        let sum: u64 = points.iter().map(|name| factors[name].as_u64().unwrap()).sum();
        let score = (sum as f64 * 100.0 / 35.0).round() as u64;
        assert_eq!(result["score"], score, "of the 35 that the level asks for");
        let start = result["current_position"]["start_date"].as_str().unwrap();
        let since: Vec<f64> =
            start.split('-').map(|part| part.parse().unwrap()).collect();
        let years =
            2026.0 - since[0] - (since[1] - 1.0) / 12.0 - (since[2] - 1.0) / 365.0;
        let near = |at: f64| (years - at).abs() < 0.03;
        if ![1.0, 2.0, 3.0, 5.0].into_iter().any(near) {
            let expected = match years {
                years if years > 5.0 => 5,
                years if years > 3.0 => 4,
                years if years > 2.0 => 3,
                years if years > 1.0 => 2,
                _ => 1,
            };
            assert_eq!(factors["experience"], expected, "{start}");
            seen.insert(expected);
        }
    }
    assert_eq!(seen.len(), 5, "{seen:?}");
    let company = results(&reply)[0]["current_position"]["company"].clone();
    for (headline, found) in [(false, false), (true, true)] {
        let level = json!({
            "include_title": [company], "include_headline_search": headline,
        });
        let reply = ask(level).await;
        assert_eq!(!results(&reply).is_empty(), found);
        let all = results(&reply).iter();
        assert!(all.clone().all(|of| of["ranking_factors"]["title_match"] == 20));
    }
}

#[tokio::test(start_paused = true)]
async fn a_later_level_keeps_only_who_is_left_and_scores_enough() {
    let sandbox = world(1_000_000);
    let (address, _) = largest(&sandbox).await;
    let ask = |more: Value| {
        let mut body = json!({ "company_linkedin_url": address, "max_results": 1 });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        post(&sandbox, FALL, body)
    };
    let twice = json!({ "job_levels": ["VP"] });
    let reply = ask(json!({ "cascade": [twice, twice] })).await;
    let stats =
        |pointer: &str| reply.at(&format!("/data/cascade_stats/{pointer}")).clone();
    assert_eq!(stats("1/candidates_found"), stats("0/candidates_found"));
    assert_eq!(stats("0/candidates_kept"), stats("0/candidates_found"));
    assert_eq!(stats("1/candidates_kept"), 0);
    let all = reply.at("/data/total_found").as_u64().unwrap();
    assert_eq!(reply.at("/data/total_returned"), 1);
    let strict = ask(json!({ "cascade": [twice], "min_score": 90 })).await;
    let some = strict.at("/data/total_found").as_u64().unwrap();
    assert!(some > 0 && some < all, "{some} of {all}");
    let bonus = json!({ "job_levels": ["VP"], "priority_bonus": 30 });
    let lifted = ask(json!({ "cascade": [bonus], "min_score": 90 })).await;
    assert!(lifted.at("/data/total_found").as_u64().unwrap() > some);
    assert_eq!(lifted.at("/data/results/0/score"), 100);
    assert_eq!(lifted.at("/data/results/0/ranking_factors/priority_bonus"), 30);
    let local = ask(json!({ "cascade": [{ "location": ["nowhere"] }] })).await;
    assert_eq!(
        (local.at("/data/total_found"), local.at("/meta/creditsUsed")),
        (&json!(0), &json!(0))
    );
}
