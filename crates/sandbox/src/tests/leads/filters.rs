//! What filters let through, and which are refused.

use serde_json::{Value, json};

use super::{count, rows, search, world};
use crate::tests::client::post;
use crate::{LeadOptions, TopLevel};

/// The values that the rows of a search show.
fn shown<'a>(rows: &'a [Value], key: &str) -> Vec<&'a str> {
    rows.iter().map(|row| row[key].as_str().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn values_of_a_filter_are_alternatives_and_filters_are_conditions() {
    let sandbox = world(LeadOptions::default());
    let filters = json!({ "jobLevel": ["VP", "Director"], "countryName": "Germany" });
    let found = rows(&sandbox, filters).await;
    let levels = shown(&found, "jobLevel");
    assert!(levels.contains(&"VP") && levels.contains(&"Director"));
    assert!(levels.iter().all(|level| ["VP", "Director"].contains(level)));
    assert!(shown(&found, "countryName").iter().all(|country| *country == "Germany"));
    let of = |level: &str| json!({ "jobLevel": level, "countryName": "Germany" });
    let sum = count(&sandbox, of("VP")).await + count(&sandbox, of("Director")).await;
    let both = json!({ "jobLevel": ["VP", "Director"], "countryName": "Germany" });
    assert_eq!(count(&sandbox, both).await, sum);
}

#[tokio::test(start_paused = true)]
async fn every_option_of_a_level_adds_up_to_everybody() {
    let sandbox = world(LeadOptions::default());
    let mut sum = 0;
    for level in ["C-Team", "VP", "Director", "Manager", "Staff", "Other"] {
        let part = count(&sandbox, json!({ "jobLevel": level })).await;
        assert!(part > 50, "{level}");
        sum += part;
    }
    assert_eq!(sum, 3_000);
}

#[tokio::test(start_paused = true)]
async fn headlines_contain_and_all_else_is_exact_and_case_sensitive() {
    let sandbox = world(LeadOptions::default());
    let found = rows(&sandbox, json!({ "personHeadline": "director OF sales" })).await;
    assert!(!found.is_empty());
    assert!(shown(&found, "jobTitle").iter().all(|title| *title == "Director of Sales"));
    for nobody in [
        json!({ "jobTitle": "director of sales" }),
        json!({ "jobTitle": "Director" }),
        json!({ "jobFunction": "Marketing" }),
        json!({ "jobLevel": "vp" }),
        json!({ "middleName": "Q" }),
    ] {
        assert_eq!(count(&sandbox, nobody.clone()).await, 0, "{nobody}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_company_is_named_exactly_or_in_part_and_by_its_domain() {
    let sandbox = world(LeadOptions::default());
    let one = &rows(&sandbox, json!({})).await[7];
    let name = one["companyName"].as_str().unwrap();
    let word = name.split(' ').next().unwrap();
    let whole = count(&sandbox, json!({ "companyName": name })).await;
    assert!(whole > 0);
    assert_eq!(count(&sandbox, json!({ "companyName": word })).await, 0);
    let contains = json!({ "companyName": word, "companyNameMode": "contains" });
    assert!(count(&sandbox, contains).await > whole);
    let exact = json!({ "companyName": name, "companyNameMode": "exact" });
    assert_eq!(count(&sandbox, exact).await, whole);
    assert_eq!(count(&sandbox, json!({ "domain": [one["domain"]] })).await, whole);
}

#[tokio::test(start_paused = true)]
async fn numbers_are_bounds_and_flags_are_halves() {
    let sandbox = world(LeadOptions::default());
    let at_least = count(&sandbox, json!({ "employeeCountMin": 500 })).await;
    let below = count(&sandbox, json!({ "employeeCountMax": 499 })).await;
    assert!(at_least > 0 && below > 0);
    assert_eq!(at_least + below, 3_000);
    assert_eq!(count(&sandbox, json!({ "employeeCount": 500 })).await, at_least);
    let between = json!({ "employeeCountMin": 100, "employeeCountMax": 500 });
    let found = rows(&sandbox, between).await;
    let sizes = found.iter().map(|row| row["employeeCount"].as_u64().unwrap());
    assert!(sizes.clone().all(|size| (100..=500).contains(&size)) && sizes.count() > 0);
    let rich = rows(&sandbox, json!({ "revenueMin": 1e9 })).await;
    assert!(shown(&rich, "revenue").iter().all(|revenue| *revenue == "$1B+"));
    assert!(!rich.is_empty());
    let year = rich[0]["foundedOn"].as_str().unwrap();
    let filters = json!({ "foundedOn": year.parse::<u32>().unwrap() });
    let found = rows(&sandbox, filters).await;
    assert!(shown(&found, "foundedOn").iter().all(|founded| *founded == year));
    let yes = count(&sandbox, json!({ "hasMobileAppOrg": true })).await;
    let no = count(&sandbox, json!({ "hasMobileAppOrg": false })).await;
    assert!(yes > 0 && no > 0 && yes + no == 3_000);
    let shrinking = json!({ "employeeOnLinkedinGrowthRateOrg": -30 });
    assert_eq!(count(&sandbox, shrinking).await, 3_000, "no lower bound");
}

#[tokio::test(start_paused = true)]
async fn exclusions_take_away_and_titles_among_them_contain() {
    let sandbox = world(LeadOptions::default());
    let reply = |excluded: Value| {
        let body = json!({ "filters": { "jobLevel": "VP" }, "excludeFilters": excluded });
        post(&sandbox, "/lead-finder/count", body)
    };
    let all = reply(json!({})).await.at("/data/count").as_u64().unwrap();
    let sales = count(&sandbox, json!({ "jobTitle": "VP of Sales" })).await;
    let left = reply(json!({ "jobTitle": "sales" })).await;
    assert!(sales > 0);
    assert_eq!(left.at("/data/count"), &json!(all - sales));
    let left = reply(json!({ "personHeadline": ["VP of"] })).await;
    assert_eq!(left.at("/data/count"), 0);
    let unknown = reply(json!({ "jobLevel": "VP" })).await;
    let detail = "body/excludeFilters Unrecognized key(s) in object: 'jobLevel'";
    assert_eq!((unknown.status.as_u16(), unknown.at("/detail")), (400, &json!(detail)));
}

#[tokio::test(start_paused = true)]
async fn filters_are_strict() {
    let sandbox = world(LeadOptions::default());
    let many = |count: usize| vec!["x"; count];
    let at_most = |most: usize| format!("Array must contain at most {most} element(s)");
    for (filters, detail) in [
        (json!({ "title": "CEO" }), " Unrecognized key(s) in object: 'title'".to_owned()),
        (json!({ "jobTitle": many(26) }), format!("/jobTitle {}", at_most(25))),
        (json!({ "jobFunction": many(27) }), format!("/jobFunction {}", at_most(26))),
        (json!({ "continent": many(8) }), format!("/continent {}", at_most(7))),
        (json!({ "revenueBuckets": many(7) }), format!("/revenueBuckets {}", at_most(6))),
        (json!({ "domain": many(5_001) }), format!("/domain {}", at_most(5_000))),
        (json!({ "jobTitle": 1 }), "/jobTitle Expected string or array".to_owned()),
        (json!({ "jobTitle": ["x", 1] }), "/jobTitle Expected string".to_owned()),
        (json!({ "city": ["Berlin"] }), "/city Expected string".to_owned()),
        (
            json!({ "employeeCountMin": "9" }),
            "/employeeCountMin Expected number".to_owned(),
        ),
        (
            json!({ "employeeCountMin": 1.5 }),
            "/employeeCountMin Expected integer".to_owned(),
        ),
        (
            json!({ "revenueMin": -1 }),
            "/revenueMin Number must be greater than or equal to 0".to_owned(),
        ),
        (json!({ "hasWebAppOrg": 1 }), "/hasWebAppOrg Expected boolean".to_owned()),
        (
            json!({ "companyNameMode": "like" }),
            "/companyNameMode Invalid enum value".to_owned(),
        ),
    ] {
        let reply = search(&sandbox, json!({ "filters": filters })).await;
        assert_eq!(reply.status, 400, "{filters}");
        assert_eq!(reply.at("/type"), "https://dev.enrich.so/errors/validation-error");
        assert_eq!(reply.at("/detail"), &json!(format!("body/filters{detail}")));
    }
    assert_eq!(count(&sandbox, json!({ "jobTitle": many(25) })).await, 0);
    assert_eq!(count(&sandbox, json!({ "jobTitle": [] })).await, 3_000);
}

#[tokio::test(start_paused = true)]
async fn what_was_seen_live_is_a_switch() {
    let hubspot = |name: &str| json!({ "crmTechOrg": [name] });
    let documented = world(LeadOptions::default());
    let users = count(&documented, hubspot("Hubspot")).await;
    assert!(users > 0);
    assert_eq!(count(&documented, hubspot("hubspot")).await, 0);
    let live = world(LeadOptions {
        strict_levels: true,
        any_case_technology: true,
        exact_employee_count: true,
        ..LeadOptions::default()
    });
    assert_eq!(count(&live, hubspot("hubspot")).await, users);
    let reply = search(&live, json!({ "filters": { "jobLevel": ["VP", "vp"] } })).await;
    let detail = "body/filters/jobLevel Invalid value \"vp\". Valid values: C-Team, VP, Director, Manager, Staff, Other";
    assert_eq!((reply.status.as_u16(), reply.at("/detail")), (400, &json!(detail)));
    assert!(count(&live, json!({ "jobLevel": "C-Team" })).await > 0);
    assert_eq!(count(&live, json!({ "jobFunction": "Marketing" })).await, 0);
    let size = rows(&live, json!({})).await[0]["employeeCount"].clone();
    let found = rows(&live, json!({ "employeeCount": size })).await;
    assert!(!found.is_empty() && found.iter().all(|row| row["employeeCount"] == size));
}

#[tokio::test(start_paused = true)]
async fn the_top_level_has_one_of_two_names() {
    for (top_level, name, other) in
        [(TopLevel::Team, "C-Team", "C-Suite"), (TopLevel::Suite, "C-Suite", "C-Team")]
    {
        let leads =
            LeadOptions { top_level, strict_levels: true, ..LeadOptions::default() };
        let sandbox = world(leads);
        assert!(count(&sandbox, json!({ "jobLevel": name })).await > 0);
        let body = json!({ "filters": { "jobLevel": other } });
        assert_eq!(search(&sandbox, body).await.status, 400);
    }
}
