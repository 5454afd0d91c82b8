//! The team and its invitations.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::advance;

use super::client::{Reply, get, post, read, send};
use crate::{Options, Role, Sandbox, Team};

async fn team(sandbox: &Sandbox) -> String {
    let balance = get(sandbox, "/wallets/balance").await;
    balance.at("/data/organizationId").as_str().unwrap().to_owned()
}

async fn invite(sandbox: &Sandbox, email: &str, role: &str) -> Reply {
    let path = format!("/teams/{}/invitations", team(sandbox).await);
    post(sandbox, &path, json!({ "email": email, "role": role })).await
}

async fn invited(sandbox: &Sandbox) -> Vec<Value> {
    let reply =
        get(sandbox, &format!("/teams/{}/invitations", team(sandbox).await)).await;
    assert_eq!((reply.status.as_u16(), reply.body.get("meta")), (200, None));
    reply.at("/data").as_array().unwrap().clone()
}

async fn cancel(sandbox: &Sandbox, team: &str, id: &str) -> Reply {
    let path = format!("/api/v3/teams/{team}/invitations/{id}");
    read(send(sandbox, "DELETE", &path, "").await).await
}

fn with_caller(caller: Role) -> Sandbox {
    let team = Team { caller, ..Team::default() };
    Sandbox::new(Options { team, limits: false, ..Options::default() })
}

#[tokio::test(start_paused = true)]
async fn the_team_has_one_of_each_role() {
    let sandbox = with_caller(Role::Owner);
    let reply = get(&sandbox, &format!("/teams/{}/members", team(&sandbox).await)).await;
    assert_eq!(reply.body.get("meta"), None);
    let members = reply.at("/data").as_array().unwrap();
    let roles: Vec<&Value> = members.iter().map(|member| &member["role"]).collect();
    assert_eq!(roles, [&json!("owner"), &json!("admin"), &json!("member")]);
    for member in members {
        let keys: Vec<&String> = member.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["createdAt", "email", "id", "name", "role", "userId"]);
        assert!(member["email"].as_str().unwrap().ends_with(".invalid"));
        assert_ne!(member["id"], member["userId"]);
        assert_eq!(member["createdAt"], "2026-01-01T00:00:00.000Z");
    }
    assert!(members[2]["name"].is_null(), "a name may be missing");
}

#[tokio::test(start_paused = true)]
async fn an_invitation_is_listed_until_it_is_cancelled() {
    let sandbox = with_caller(Role::Owner);
    assert_eq!(invited(&sandbox).await, Vec::<Value>::new());
    let reply = invite(&sandbox, "New@people.example", "admin").await;
    let invitation = json!({
        "id": reply.at("/data/id"), "email": "New@people.example", "role": "admin",
        "status": "pending", "expiresAt": "2026-01-31T00:00:00.000Z",
        "createdAt": "2026-01-01T00:00:00.000Z",
    });
    assert_eq!(reply.body, json!({ "success": true, "data": invitation }));
    let second =
        invite(&sandbox, "other@people.example", "member").await.at("/data").clone();
    assert_eq!(invited(&sandbox).await, [invitation.clone(), second.clone()]);
    let (team, id) = (team(&sandbox).await, invitation["id"].as_str().unwrap());
    let cancelled = cancel(&sandbox, &team, id).await;
    assert_eq!(cancelled.status, 200);
    assert_eq!(cancelled.body, json!({ "success": true, "data": { "success": true } }));
    assert_eq!(invited(&sandbox).await, [second]);
    let again = cancel(&sandbox, &team, id).await;
    assert_eq!(
        (again.status.as_u16(), again.at("/detail")),
        (404, &json!("Invitation not found"))
    );
    assert_eq!(sandbox.audit().balance, 1_000_000, "all of it is free");
}

#[tokio::test(start_paused = true)]
async fn an_invitation_lasts_thirty_days() {
    let sandbox = with_caller(Role::Owner);
    let id =
        invite(&sandbox, "new@people.example", "member").await.at("/data/id").clone();
    advance(Duration::from_secs(30 * 86_400 - 1)).await;
    assert_eq!(invited(&sandbox).await.len(), 1);
    advance(Duration::from_secs(1)).await;
    assert_eq!(invited(&sandbox).await.len(), 0);
    let team = team(&sandbox).await;
    assert_eq!(cancel(&sandbox, &team, id.as_str().unwrap()).await.status, 404);
    let again = invite(&sandbox, "new@people.example", "member").await;
    assert_eq!(again.status, 200);
}

#[tokio::test(start_paused = true)]
async fn an_invitation_that_is_none_is_400() {
    let sandbox = with_caller(Role::Owner);
    assert_eq!(invite(&sandbox, "new@people.example", "member").await.status, 200);
    let known = "body/email Already a member of the team or invited to it";
    for (email, role, detail) in [
        ("nobody", "member", "body/email Invalid email"),
        ("", "member", "body/email Invalid email"),
        ("a@people.example", "owner", "body/role Invalid enum value"),
        ("a@people.example", "Admin", "body/role Invalid enum value"),
        ("NEW@people.example", "admin", known),
        ("admin@team.invalid", "admin", known),
    ] {
        let reply = invite(&sandbox, email, role).await;
        assert_eq!((reply.status.as_u16(), reply.at("/detail")), (400, &json!(detail)));
    }
    let path = format!("/teams/{}/invitations", team(&sandbox).await);
    for body in [json!({}), json!({ "email": "a@people.example" }), json!([])] {
        let reply = post(&sandbox, &path, body).await;
        assert_eq!(reply.at("/detail"), "body Invalid request");
    }
    assert_eq!(invited(&sandbox).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn another_team_is_404() {
    let sandbox = with_caller(Role::Owner);
    let id =
        invite(&sandbox, "new@people.example", "member").await.at("/data/id").clone();
    let other = "a00000000000000000000001";
    let body = json!({ "email": "a@people.example", "role": "member" });
    for reply in [
        get(&sandbox, &format!("/teams/{other}/members")).await,
        get(&sandbox, &format!("/teams/{other}/invitations")).await,
        post(&sandbox, &format!("/teams/{other}/invitations"), body).await,
        cancel(&sandbox, other, id.as_str().unwrap()).await,
    ] {
        assert_eq!(reply.status, 404);
        assert_eq!(reply.at("/detail"), "Team not found");
        assert_eq!(reply.at("/type"), "https://dev.enrich.so/errors/not-found");
    }
    assert_eq!(invited(&sandbox).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_member_may_look_and_neither_invite_nor_cancel() {
    for (caller, status) in [(Role::Owner, 200), (Role::Admin, 200), (Role::Member, 403)]
    {
        let sandbox = with_caller(caller);
        let team = team(&sandbox).await;
        let reply = invite(&sandbox, "new@people.example", "member").await;
        assert_eq!(reply.status, status, "{caller}");
        if status == 403 {
            assert_eq!(reply.at("/type"), "https://dev.enrich.so/errors/forbidden");
            assert_eq!(cancel(&sandbox, &team, "f0").await.status, 403);
        }
        assert_eq!(get(&sandbox, &format!("/teams/{team}/members")).await.status, 200);
        invited(&sandbox).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_team_counts_as_any_request_and_has_the_headers() {
    let sandbox = Sandbox::new(Options::default());
    let path = format!("/teams/{}/members", team(&sandbox).await);
    let reply = get(&sandbox, &path).await;
    assert_eq!(reply.header("x-ratelimit-limit"), "300");
    assert_eq!(reply.header("x-ratelimit-remaining"), "298");
    let requests = sandbox.audit().requests;
    assert_eq!(requests.get("GET /teams/{teamId}/members"), Some(&1), "{requests:?}");
}
