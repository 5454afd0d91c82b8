//! Whole last names.

use serde_json::json;

use super::{conserved, ids, keys, leads, revealed, set, small, world};
use crate::tests::client::{post, sandbox};
use crate::{LeadOptions, Options};

const PATH: &str = "/lead-finder/unlock-names";

#[tokio::test(start_paused = true)]
async fn names_are_unlocked_at_once_for_a_credit_each() {
    let sandbox = world(LeadOptions::default());
    let mut ids = ids(&sandbox, 3).await;
    let contacts = revealed(&sandbox, &ids, &["email"]).await;
    let before = conserved(&sandbox, 1_000_000).1;
    ids.extend([ids[0].clone(), "enc_nobody".to_owned()]);
    let reply = post(&sandbox, PATH, json!({ "leads": leads(&ids) })).await;
    let last = |at: usize| contacts.at(&format!("/data/results/revealed/{at}/lastName"));
    assert_eq!(
        *reply.at("/data"),
        json!({ "results": [
            { "id": ids[0], "lastName": last(0) },
            { "id": ids[1], "lastName": last(1) },
            { "id": ids[2], "lastName": last(2) },
            { "id": "enc_nobody", "lastName": null },
        ]})
    );
    assert_eq!(keys(reply.at("/meta")), set(&["requestId", "creditsUsed"]));
    assert_eq!(reply.at("/meta/creditsUsed"), 3);
    assert_eq!(conserved(&sandbox, 1_000_000).1, before + 3);
}

#[tokio::test(start_paused = true)]
async fn up_to_a_hundred_names_that_are_covered_as_a_whole() {
    let sandbox = sandbox(Options { balance: 99, ..small(LeadOptions::default()) });
    let mut ids = ids(&sandbox, 75).await;
    let more = json!({ "filters": {}, "page": 4 });
    let more = post(&sandbox, "/lead-finder/search", more).await;
    let rows = more.at("/data/results").as_array().unwrap();
    ids.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
    sandbox.top_up(25);
    let reply = post(&sandbox, PATH, json!({ "leads": leads(&ids) })).await;
    assert_eq!((reply.status.as_u16(), reply.at("/shortfall")), (402, &json!(1)));
    sandbox.top_up(1);
    let reply = post(&sandbox, PATH, json!({ "leads": leads(&ids) })).await;
    assert_eq!((reply.status.as_u16(), sandbox.audit().balance), (200, 0));
    ids.push(ids[0].clone());
    for leads in [leads(&ids), Vec::new()] {
        let reply = post(&sandbox, PATH, json!({ "leads": leads })).await;
        assert_eq!(reply.status, 400);
    }
}
