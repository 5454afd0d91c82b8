//! Filter options, suggestions, saved searches.

use serde_json::{Value, json};

use super::{keys, set, world};
use crate::tests::client::{get, post, read, send};
use crate::{FilterOptions, LeadOptions, TopLevel};

#[tokio::test(start_paused = true)]
async fn filter_options_are_lists_of_values_by_filter() {
    let sandbox = world(LeadOptions::default());
    let reply = get(&sandbox, "/lead-finder/filter-options").await;
    let data = reply.at("/data").as_object().unwrap();
    assert_eq!(data.len(), 46);
    assert!(data.values().all(Value::is_array));
    let levels = json!(["C-Team", "VP", "Director", "Manager", "Staff", "Other"]);
    assert_eq!(data["jobLevel"], levels);
    let length = |key: &str| data[key].as_array().unwrap().len();
    let lengths = ["jobFunction", "lastFundingTypeOrg", "revenueBuckets", "continent"];
    assert_eq!(lengths.map(length), [22, 28, 6, 7]);
    assert_eq!((length("jobTitle"), length("city")), (0, 0));
    assert_eq!(keys(reply.at("/meta")), set(&["requestId"]));
    let country = data["countryName"][0].clone();
    let body = json!({ "filters": { "countryName": country } });
    let found = post(&sandbox, "/lead-finder/count", body).await;
    assert!(found.at("/data/count").as_u64().unwrap() > 0);
}

#[tokio::test(start_paused = true)]
async fn filter_options_may_come_as_objects() {
    let sandbox = world(LeadOptions {
        filter_options: FilterOptions::Objects,
        top_level: TopLevel::Suite,
        ..LeadOptions::default()
    });
    let reply = get(&sandbox, "/lead-finder/filter-options").await;
    assert_eq!(reply.at("/data").as_object().map(|data| data.len()), Some(46));
    assert_eq!(
        *reply.at("/data/jobLevel"),
        json!({
            "label": "Job Level", "category": "person", "mode": "IN", "maxSelections": 10,
            "values": ["C-Suite", "VP", "Director", "Manager", "Staff", "Other"],
        })
    );
    assert_eq!(reply.at("/data/crmTechOrg/category"), "insights");
    assert_eq!(reply.at("/data/companyName/category"), "organization");
    assert_eq!(reply.at("/data/martechCategoriesOrg/values"), &json!([]));
}

#[tokio::test(start_paused = true)]
async fn names_of_companies_are_suggested_by_a_part() {
    let sandbox = world(LeadOptions::default());
    let values = |reply: crate::tests::client::Reply| {
        reply.at("/data/values").as_array().unwrap().clone()
    };
    let found = values(get(&sandbox, "/lead-finder/suggest?q=aM").await);
    assert!(!found.is_empty() && found.len() <= 20);
    assert!(
        found.iter().all(|name| name.as_str().unwrap().to_lowercase().contains("am"))
    );
    let all = values(get(&sandbox, "/lead-finder/suggest?q=ar&limit=50").await);
    let two = values(get(&sandbox, "/lead-finder/suggest?q=ar&limit=2").await);
    assert_eq!(all[..2], two);
    for query in ["", "?q=a", "?q=am&limit=0", "?q=am&limit=51", "?q=am&limit=x"] {
        let path = format!("/lead-finder/suggest{query}");
        assert_eq!(get(&sandbox, &path).await.status, 400, "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_search_is_saved_listed_and_deleted() {
    let sandbox = world(LeadOptions::default());
    let path = "/lead-finder/saved";
    let filters = json!({ "jobLevel": ["VP"] });
    let body = json!({ "name": "Heads", "filters": filters });
    let saved = post(&sandbox, path, body).await;
    let item = saved.at("/data").clone();
    assert_eq!(keys(&item), set(&["id", "name", "filters", "createdAt", "updatedAt"]));
    assert_eq!((&item["name"], &item["filters"]), (&json!("Heads"), &filters));
    assert_eq!(item["createdAt"], "2026-01-01T00:00:00.000Z");
    assert_eq!(get(&sandbox, path).await.at("/data"), &json!([item]));
    let one = format!("/api/v3{path}/{}", item["id"].as_str().unwrap());
    for _ in 0..2 {
        let deleted = read(send(&sandbox, "DELETE", &one, "").await).await;
        assert_eq!(deleted.at("/data"), &json!({ "deleted": true }));
        assert!(deleted.at("/meta/requestId").is_string());
    }
    assert_eq!(get(&sandbox, path).await.at("/data"), &json!([]));
    for body in [
        json!({ "name": "", "filters": {} }),
        json!({ "name": "x".repeat(101), "filters": {} }),
        json!({ "name": "x", "filters": { "nothing": 1 } }),
        json!({ "name": "x" }),
    ] {
        assert_eq!(post(&sandbox, path, body.clone()).await.status, 400, "{body}");
    }
    assert!(sandbox.audit().requests.contains_key("DELETE /lead-finder/saved/{id}"));
}

#[tokio::test(start_paused = true)]
async fn to_delete_what_there_is_not_may_be_404() {
    let sandbox = world(LeadOptions { strict_delete: true, ..LeadOptions::default() });
    let path = "/api/v3/lead-finder/saved/none";
    assert_eq!(send(&sandbox, "DELETE", path, "").await.status(), 404);
}
