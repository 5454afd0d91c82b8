//! How many match.

use serde_json::json;

use super::{keys, set, small};
use crate::tests::client::{post, sandbox};
use crate::{LargeCounts, LeadOptions, Options};

#[tokio::test(start_paused = true)]
async fn a_count_is_free_and_tells_whom_the_filters_look_at() {
    let sandbox = sandbox(Options { balance: 0, ..small(LeadOptions::default()) });
    for (filters, search_type) in [
        (json!({}), "people"),
        (json!({ "jobLevel": "VP" }), "people"),
        (json!({ "revenueBuckets": "<$1M" }), "company"),
        (json!({ "crmTechOrg": "Hubspot", "jobLevel": "VP" }), "unified"),
    ] {
        let reply =
            post(&sandbox, "/lead-finder/count", json!({ "filters": filters })).await;
        let data = reply.at("/data");
        let all = ["count", "searchType", "isApproximate", "searchedTotalResult"];
        assert_eq!(keys(data), set(&all));
        assert_eq!(data["searchType"], search_type);
        assert_eq!(data["count"], data["searchedTotalResult"]);
        assert_eq!(keys(reply.at("/meta")), set(&["requestId"]));
    }
    assert_eq!(post(&sandbox, "/lead-finder/count", json!({})).await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn more_than_ten_thousand_are_told_as_a_quarter_less_or_as_they_are() {
    for (counts, count, is_approximate) in
        [(LargeCounts::Discounted, 7_501, true), (LargeCounts::Exact, 10_002, false)]
    {
        let leads = LeadOptions { people: 10_002, counts, ..LeadOptions::default() };
        let sandbox = sandbox(Options { leads, ..Options::default() });
        let body = json!({ "filters": {} });
        let reply = post(&sandbox, "/lead-finder/count", body.clone()).await;
        assert_eq!(
            *reply.at("/data"),
            json!({
                "count": count, "searchType": "people", "isApproximate": is_approximate,
                "searchedTotalResult": 10_002,
            })
        );
        let reply = post(&sandbox, "/lead-finder/search", body).await;
        let pagination = reply.at("/data/pagination");
        assert_eq!(pagination["totalResults"], 10_002, "all can be paged through");
        assert_eq!(pagination["isApproximate"], is_approximate);
    }
}
