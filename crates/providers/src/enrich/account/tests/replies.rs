//! What is asked, and the shapes in which it is answered.

use super::*;

#[tokio::test]
async fn each_call_asks_once_for_what_is_documented() {
    for (errand, request) in REQUESTS {
        let canned = Canned::reply(500, "");
        run(errand, &enrich(canned.clone())).await.unwrap_err();
        assert_eq!(*canned.asked.lock().unwrap(), [request], "{errand:?}");
    }
}

async fn read(errand: Errand, data: Value) -> Value {
    let body = json!({ "success": true, "data": data }).to_string();
    run(errand, &enrich(Canned::reply(200, &body))).await.unwrap()
}

#[tokio::test]
async fn filter_options_are_read_in_both_documented_shapes() {
    let lists =
        json!({ "jobLevel": ["C-Team", "VP"], "jobTitle": [], "continent": ["Asia"] });
    let read_lists = read(Options, lists).await;
    assert_eq!(read_lists["jobLevel"]["values"], json!(["C-Team", "VP"]));
    assert_eq!(read_lists["jobLevel"]["category"], Value::Null);
    assert_eq!(read_lists["jobTitle"]["values"], json!([]));
    let objects = json!({
        "jobLevel": { "label": "Level", "category": "person", "mode": "IN", "values": ["VP"], "maxSelections": 25 },
        "continent": ["Asia"],
        "city": { "values": [] },
    });
    let read_objects = read(Options, objects).await;
    assert_eq!(
        read_objects["jobLevel"],
        json!({ "label": "Level", "category": "person", "mode": "IN", "values": ["VP"], "max_selections": 25 })
    );
    assert_eq!(read_objects["continent"]["values"], json!(["Asia"]));
    assert_eq!(read_objects["city"]["max_selections"], Value::Null);
}

#[tokio::test]
async fn amounts_are_exact_and_unknown_words_are_kept() {
    let row = json!({
        "id": "x1", "organizationId": "t1", "type": "gift", "amount": -0.25, "balanceAfter": 9007199254740993_u64,
        "description": "a gift", "createdAt": "2026-01-01T00:00:00Z", "later": true,
    });
    let page = json!({ "page": 2, "limit": 7, "total": 8, "totalPages": 2 });
    let got = read(Movements, json!({ "transactions": [row], "pagination": page })).await;
    let expected = json!({
        "transactions": [{
            "id": "x1", "type": "gift", "amount": -0.25, "balance_after": 9007199254740993_u64,
            "description": "a gift", "metadata": null, "created_at": "2026-01-01T00:00:00Z",
        }],
        "pagination": { "page": 2, "limit": 7, "total": 8, "total_pages": 2 },
    });
    assert_eq!(got, expected);
}

#[tokio::test]
async fn a_team_without_access_has_a_status_alone() {
    let got = read(Limit, json!({ "status": "pending" })).await;
    assert_eq!(
        got,
        json!({
            "status": "pending", "daily_limit": null, "daily_used": null, "daily_remaining": null,
            "credits_per_profile": null,
        })
    );
}

#[test]
fn an_id_cannot_leave_its_path() {
    for text in ["65f0a1", "a-b_C"] {
        assert_eq!(id(text).to_string(), text);
    }
    for text in ["", "..", "a/b", "a?b", "a b", "ä", "%2e"] {
        assert_eq!(text.parse::<Id>(), Err(NoId(text.to_owned())), "{text}");
    }
}

#[tokio::test]
async fn a_wallet_is_a_team_s_where_it_says_so() {
    for (organization, name) in [
        (json!("665b12"), Some("team 665b12")),
        (json!(17), Some("team 17")),
        (json!(" "), None),
        (json!(null), None),
        (json!({ "id": "x" }), None),
    ] {
        let data = json!({ "organizationId": organization, "balance": 5 });
        let body = json!({ "success": true, "data": data }).to_string();
        let owner = enrich(Canned::reply(200, &body)).owner().await.unwrap().value;
        assert_eq!((owner.name.as_deref(), owner.is_sandbox), (name, false), "{body}");
    }
    assert!(enrich(Canned::reply(200, "<html>")).owner().await.is_err());
}
