//! The first generation of the API of bulk jobs.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use super::super::client::{ask, found, get, letters, post, with_bulk};
use crate::tomba::{BulkOptions, Generation};

#[tokio::test(start_paused = true)]
async fn statuses_are_booleans_and_columns_count_from_one() {
    let generation = Generation::First;
    let tomba = with_bulk(BulkOptions { generation, ..BulkOptions::default() });
    let rows: Vec<_> = (0..10)
        .map(|nth| json!(["example.com", "Ada", format!("Testerly{}", letters(nth))]))
        .collect();
    let body = json!({
        "name": "Old", "data": rows, "has_header": false, "column_domain": 1,
        "column_first_name": 2, "column_last_name": 3, "notifie": true,
    });
    let created = post(&tomba, "/bulk/finder", body).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let id = created.at("/data/id").as_i64().unwrap();
    let path = format!("/bulk/finder/{id}");
    assert_eq!(get(&tomba, &path).await.at("/data/0/launched"), false);
    assert_eq!(ask(&tomba, "PUT", &path).await.status, 200);
    let progress = get(&tomba, &format!("{path}/progress")).await;
    assert_eq!(progress.at("/status"), false);
    sleep(Duration::from_secs(5)).await;
    let progress = get(&tomba, &format!("{path}/progress")).await;
    let emails = found(10).len();
    let expected = json!({ "status": true, "progress": 100, "processed": 10, "processed_email": emails });
    assert_eq!(progress.body, expected);
    let detail = get(&tomba, &path).await;
    assert_eq!(detail.at("/data/0/status"), true);
    assert_eq!(detail.at("/data/0/used"), false);
    sleep(Duration::from_secs(1)).await;
    let file = get(&tomba, &format!("{path}/download?type=valid")).await;
    assert_eq!(file.status, 200);
    assert!(file.text.lines().skip(1).all(|line| line.ends_with(",valid")));
    assert_eq!(get(&tomba, &path).await.at("/data/0/used"), true);
    assert_eq!(get(&tomba, "/bulk/finder?filter=archived").await.at("/meta/total"), 0);
    assert_eq!(get(&tomba, "/bulk/finder?filter=all").await.at("/meta/total"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_second_generation_brought_is_not_there() {
    let generation = Generation::First;
    let tomba = with_bulk(BulkOptions { generation, ..BulkOptions::default() });
    for path in ["/bulk/types", "/bulk/stats", "/bulk/finder/1/estimate"] {
        assert_eq!(get(&tomba, path).await.failure(), (404, "unknown_route"), "{path}");
    }
}
