//! What an account tells: what is asked, what is read, and that no secret is carried.

use super::super::tests::{Canned, KEY, SECRET, tomba};
use super::*;
use leadmill_core::{ErrorKind, identity::Owner};

const ME: &str = r#"{"data":{"user_id":7,"secret_token":"ts_hush","role":"owner","confirmed":true,"blocked":false,"first_name":"Ada","last_name":"Byron","email":"ada@example.com","phone":null,"image":"https://img.example/a?token=hush","deleted":false,"provider":"email","timezone":"Europe/London","created_at":"2020-01-02T03:04:05+01:00","ip":"192.0.2.1","has_password":true,
    "pricing":{"name":"Enterprise","pricing_id":5,"available_searches":50000,"available_verifications":100000,"available_phones":5000,"frequency":"monthly","price_monthly":"389","update_url":"https://pay.example/update?token=hush","cancel_url":"https://pay.example/cancel?token=hush"},
    "teams":{"team_id":null,"role":null,"workspace":null,"export":null,"bulks":null,"limit":{"search":100,"verifier":200},"owner":null},
    "requests":{"domains":{"available":50000,"used":51},"verifications":{"available":100000,"used":"3"},"phones":{"available":5000,"used":0},"count":{"available":80000,"used":0},"similar":{"available":10,"used":1},"technologies":null}}}"#;

#[tokio::test]
async fn an_account_tells_its_plan_and_its_quotas_and_no_secret() {
    let canned = Canned::reply(200, &[("x-ratelimit-remaining", "4")], ME);
    let Reply { value: me, signals } = tomba(canned.clone()).me().await.unwrap();
    assert_eq!(canned.paths(), ["GET /v1/me"]);
    assert_eq!(signals.rates.len(), 1);
    assert_eq!((me.user_id.as_deref(), me.role.as_deref()), (Some("7"), Some("owner")));
    let plan = me.plan.clone().unwrap();
    assert_eq!(plan.name.as_deref(), Some("Enterprise"));
    assert_eq!(plan.available_phones, Some(5000));
    let limit = me.team.clone().unwrap().limit.unwrap();
    assert_eq!((limit.search, limit.verifier), (Some(100), Some(200)));
    let quotas = me.quotas.clone().unwrap();
    let searches = Quota { available: Some(50_000), used: Some(51) };
    assert_eq!(quotas.searches, Some(searches));
    assert_eq!(quotas.verifications.unwrap().used, Some(3));
    assert_eq!(quotas.technologies, None);
    let shown = format!("{me:?} {}", serde_json::to_string(&me).unwrap());
    assert!(!shown.contains("hush") && !shown.contains("192.0.2"), "{shown}");
    assert!(shown.contains("\"quotas\":{\"searches\""), "{shown}");
}

const USAGE: &str = r#"{"data":[{"id":1,"user_id":7,"search":10,"verifier":2,"phones":0,"sources":0,"similar":0,"technologies":0,"email_count":1,"export":0,"source_website":4,"source_bulk":0,"source_extension":0,"source_api":8,"source_sheets":0,"created_at":"2026-05-01"}],"total":{"search":10,"verifier":"2","source_api":8}}"#;

#[tokio::test]
async fn usage_is_told_by_day_with_its_sums() {
    let canned = Canned::reply(200, &[], USAGE);
    let usage = tomba(canned.clone()).usage().await.unwrap().value;
    assert_eq!(canned.paths(), ["GET /v1/usage"]);
    assert_eq!(usage.rows.len(), 1);
    assert_eq!((usage.rows[0].search, usage.rows[0].source_api), (Some(10), Some(8)));
    assert_eq!(usage.rows[0].created_at.as_deref(), Some("2026-05-01"));
    assert_eq!((usage.total.search, usage.total.verifier), (Some(10), Some(2)));
    assert!(serde_json::to_string(&usage).unwrap().contains("\"email_count\":1"));
}

#[tokio::test]
async fn the_log_is_paged_and_shows_no_credential() {
    let body = format!(
        r#"{{"data":[{{"id":9,"type":"finder","uri":"/v1/me?key={KEY}&secret={SECRET}","cost":true,"ip_address":"192.0.2.1","created_at":"2026-05-01","user_agent":"leadmill","source":"api","http_method":"GET","country":"GB"}},{{"cost":5}},{{"cost":null}}]}}"#
    );
    let canned = Canned::reply(200, &[], &body);
    let log = tomba(canned.clone()).logs(2, 50).await.unwrap().value;
    assert_eq!(canned.paths(), ["GET /v1/logs?page=2&limit=50"]);
    assert_eq!(log[0].uri.as_deref(), Some("/v1/me?key=[secret]&secret=[secret]"));
    let costs: Vec<_> = log.iter().map(|entry| entry.cost.as_deref()).collect();
    assert_eq!(costs, [Some("true"), Some("5"), None]);
    assert_eq!(
        (log[0].kind.as_deref(), log[0].method.as_deref()),
        (Some("finder"), Some("GET"))
    );
}

#[tokio::test]
async fn what_an_account_is_refused_becomes_its_kind() {
    for (status, body, kind) in [
        (401, r#"{"errors":{"message":"no such key","code":401}}"#, ErrorKind::Fatal),
        (400, r#"{"errors":{"type":"authentication_failed"}}"#, ErrorKind::Fatal),
        (404, r#"{"errors":{"type":"unknown_route"}}"#, ErrorKind::Fatal),
        (200, r#"{"errors":{"message":"it failed"}}"#, ErrorKind::Refused),
        (429, r#"{"errors":{"type":"rate_limit"}}"#, ErrorKind::Throttled(None)),
        (502, "<html>", ErrorKind::InDoubt),
        (200, "<html>", ErrorKind::InDoubt),
        (200, "{}", ErrorKind::InDoubt),
        (200, "[]", ErrorKind::InDoubt),
        (200, r#"{"data":"x"}"#, ErrorKind::InDoubt),
        (200, r#"{"data":null}"#, ErrorKind::InDoubt),
    ] {
        let tomba = tomba(Canned::reply(status, &[], body));
        let kinds = [
            tomba.me().await.unwrap_err().kind,
            tomba.usage().await.unwrap_err().kind,
            tomba.logs(1, 10).await.unwrap_err().kind,
        ];
        assert_eq!(kinds, [kind; 3], "{status} {body}");
    }
}

#[tokio::test]
async fn an_account_is_its_team_s_or_its_user_s() {
    let of = async |headers: &[(&'static str, &str)], body: &str| {
        tomba(Canned::reply(200, headers, body)).owner().await.unwrap().value
    };
    let Owner { name, is_sandbox } = of(&[], ME).await;
    assert_eq!((name.as_deref(), is_sandbox), (Some("user 7"), false));
    let team = ME.replace(r#""team_id":null"#, r#""team_id":"t\n9""#);
    let Owner { name, is_sandbox } =
        of(&[("x-leadmill-sandbox", "synthetic")], &team).await;
    assert_eq!((name.as_deref(), is_sandbox), (Some("team t9"), true));
    assert_eq!(of(&[], r#"{"data":{"email":"a@x.io"}}"#).await, Owner::default());
    let page = tomba(Canned::reply(200, &[], "<html>")).owner().await.unwrap_err();
    assert_eq!(page.kind, ErrorKind::InDoubt);
}
