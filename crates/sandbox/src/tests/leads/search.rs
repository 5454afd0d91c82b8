//! Pages of a search.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{count, keys, rows, search, set, world};
use crate::tests::client::sandbox;
use crate::{LeadOptions, Options};

const ROW: [&str; 34] = [
    "id",
    "firstName",
    "lastName",
    "logoUrl",
    "emailDomain",
    "linkedinUrl",
    "linkedinHeadline",
    "jobTitle",
    "jobFunction",
    "jobLevel",
    "companyName",
    "skills",
    "city",
    "stateName",
    "countryName",
    "domain",
    "orgLinkedinUrl",
    "employeeCount",
    "industrySicDescription",
    "industryNaicsDescription",
    "revenue",
    "specialties",
    "foundedOn",
    "headquartersCity",
    "headquartersState",
    "headquartersCountry",
    "employeeOnLinkedinGrowthRateOrg",
    "totalMonthlyTrafficOrg",
    "totalFundingAmountOrg",
    "lastFundingTypeOrg",
    "lastFundingDateOrg",
    "linkedinConnectionsCount",
    "logoUrlOrg",
    "companyHeadline",
];

#[tokio::test(start_paused = true)]
async fn a_row_shows_everything_but_what_is_sold() {
    let sandbox = world(LeadOptions::default());
    let reply = search(&sandbox, json!({ "filters": {} })).await;
    assert_eq!(keys(&reply.body), set(&["success", "data", "meta"]));
    assert_eq!(keys(reply.at("/data")), set(&["results", "pagination"]));
    assert_eq!(keys(reply.at("/meta")), set(&["requestId"]));
    assert!(reply.at("/meta/requestId").as_str().unwrap().starts_with("req_"));
    let rows = reply.at("/data/results").as_array().unwrap();
    assert_eq!(rows.len(), 25);
    for row in rows {
        assert_eq!(keys(row), set(&ROW));
        let text = |key: &str| row[key].as_str().unwrap();
        assert!(text("id").starts_with("enc_"), "{row}");
        assert!(text("lastName").len() == 2 && text("lastName").ends_with('.'), "{row}");
        assert!(text("domain").ends_with(".invalid"), "{row}");
        assert!(text("linkedinHeadline").ends_with(" (synthetic)"), "{row}");
        assert!(row["employeeCount"].is_u64() && row["foundedOn"].is_string(), "{row}");
        assert!(text("skills").contains(", "), "{row}");
        assert_eq!(row["linkedinConnectionsCount"], Value::Null);
        assert!(!row.to_string().contains('@'), "{row}");
    }
}

#[tokio::test(start_paused = true)]
async fn pages_hold_each_match_once_and_agree_with_the_count() {
    let sandbox = world(LeadOptions::default());
    let filters = json!({ "jobLevel": "Director", "continent": "Europe" });
    let total = count(&sandbox, filters.clone()).await;
    assert!((60..400).contains(&total), "{total}");
    let (mut seen, mut page) = (BTreeSet::new(), 0);
    loop {
        page += 1;
        let body = json!({ "filters": filters, "page": page, "pageSize": 40 });
        let reply = search(&sandbox, body).await;
        let pages = total.div_ceil(40);
        assert_eq!(
            *reply.at("/data/pagination"),
            json!({
                "page": page, "pageSize": 40, "totalResults": total, "totalPages": pages,
                "hasMore": page < pages, "isApproximate": false,
                "searchedTotalResult": total,
            })
        );
        let rows = reply.at("/data/results").as_array().unwrap();
        assert!(rows.iter().all(|row| seen.insert(row["id"].to_string())));
        if page > pages {
            assert!(rows.is_empty(), "past the end");
            break;
        }
    }
    assert_eq!(seen.len() as u64, total);
}

#[tokio::test(start_paused = true)]
async fn what_is_unknown_at_the_top_is_ignored() {
    let sandbox = world(LeadOptions::default());
    let reply = search(&sandbox, json!({ "filters": {}, "limit": 3 })).await;
    assert_eq!(reply.at("/data/results").as_array().map(Vec::len), Some(25));
}

#[tokio::test(start_paused = true)]
async fn pages_out_of_bounds_are_refused() {
    let sandbox = world(LeadOptions { last_page: 1_000_000, ..LeadOptions::default() });
    for (more, detail) in [
        (json!({ "page": 0 }), "body/page Number must be greater than or equal to 1"),
        (json!({ "page": -1 }), "body/page Number must be greater than or equal to 1"),
        (json!({ "page": "2" }), "body Invalid request"),
        (
            json!({ "pageSize": 0 }),
            "body/pageSize Number must be greater than or equal to 1",
        ),
        (
            json!({ "pageSize": 101 }),
            "body/pageSize Number must be less than or equal to 100",
        ),
        (
            json!({ "page": 5_001, "pageSize": 100 }),
            "body (page - 1) * pageSize must be less than 500000",
        ),
        (json!({ "filters": null }), "body Invalid request"),
    ] {
        let mut body = json!({ "filters": {} });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let reply = search(&sandbox, body).await;
        assert_eq!((reply.status.as_u16(), reply.at("/detail")), (400, &json!(detail)));
    }
    let body = json!({ "filters": {}, "page": 5_000, "pageSize": 100 });
    assert_eq!(search(&sandbox, body).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn there_is_no_page_after_the_fortieth() {
    let sandbox = world(LeadOptions::default());
    let body = |page: u32| json!({ "filters": {}, "page": page, "pageSize": 10 });
    assert_eq!(search(&sandbox, body(40)).await.status, 200);
    let reply = search(&sandbox, body(41)).await;
    let detail = "body/page Number must be less than or equal to 40";
    assert_eq!((reply.status.as_u16(), reply.at("/detail")), (400, &json!(detail)));
}

#[tokio::test(start_paused = true)]
async fn what_one_client_saw_is_a_switch() {
    let sandbox = world(LeadOptions {
        zero_for_empty: true,
        tells_free_pages: true,
        ..LeadOptions::default()
    });
    let reply = search(&sandbox, json!({ "filters": {} })).await;
    assert_eq!(reply.at("/data/results/0/linkedinConnectionsCount"), "0");
    assert_eq!(reply.at("/meta/freePageLimit"), 3);
    assert_eq!(keys(reply.at("/meta")), set(&["requestId", "freePageLimit"]));
}

#[tokio::test(start_paused = true)]
async fn the_usual_world_has_twenty_thousand_people_in_two_thousand_companies() {
    let sandbox = sandbox(Options::default());
    let reply = search(&sandbox, json!({ "filters": {} })).await;
    assert_eq!(reply.at("/data/pagination/totalResults"), 20_000);
    let companies: BTreeSet<String> = rows(&sandbox, json!({}))
        .await
        .iter()
        .map(|row| row["domain"].to_string())
        .collect();
    assert_eq!(companies.len(), 100, "the first of each company come first");
    let top = rows(&sandbox, json!({ "companyName": "Amber" })).await;
    assert!(top.is_empty(), "a name is exact");
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_finds_the_same_people_and_another_seed_others() {
    let mut found = Vec::new();
    for seed in [1, 1, 2] {
        let options = Options { seed, ..super::small(LeadOptions::default()) };
        found.push(rows(&sandbox(options), json!({ "jobLevel": "VP" })).await);
    }
    assert_eq!(found[0], found[1]);
    assert_ne!(found[0], found[2]);
}
