//! All followers as one file.

use axum::body::to_bytes;

use super::{crowd_of, results, search, start, wait};
use crate::Sandbox;
use crate::tests::client::{get, send};

#[tokio::test(start_paused = true)]
async fn an_export_is_a_table_of_all_followers_and_is_free() {
    let sandbox = Sandbox::new(crowd_of(342));
    let id = start(&sandbox, search(500)).await;
    wait().await;
    let path = format!("/api/v3/company-follower/{id}/export");
    let response = send(&sandbox, "GET", &path, "").await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/csv");
    let name = format!("attachment; filename=\"followers-{id}.csv\"");
    assert_eq!(response.headers()["content-disposition"], name.as_str());
    assert!(response.headers().contains_key("x-ratelimit-limit"));
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 343);
    assert!(lines[0].starts_with("profileUrl,objectURN,name,firstName,lastName,"));
    assert!(lines[0].ends_with(",isSaved,spotlights"));
    let reply = results(&sandbox, &id, "").await;
    let first = reply.at("/data/data/0");
    let start = [&first["profileUrl"], &first["objectURN"], &first["name"]]
        .map(|field| field.as_str().unwrap().to_owned())
        .join(",");
    assert!(lines[1].starts_with(&format!("{start},")), "{}", lines[1]);
    assert_eq!(sandbox.audit().charged, 34_200, "only the results were paid");
}

#[tokio::test(start_paused = true)]
async fn an_export_of_what_has_not_ended_is_400() {
    let sandbox = Sandbox::new(crowd_of(342));
    let id = start(&sandbox, search(500)).await;
    let reply = get(&sandbox, &format!("/company-follower/{id}/export")).await;
    assert_eq!(reply.status, 400);
    assert_eq!(reply.at("/type"), "https://dev.enrich.so/errors/validation-error");
    assert_eq!(reply.at("/detail"), "Batch is not yet completed");
}
