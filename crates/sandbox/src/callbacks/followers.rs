//! The callbacks of scrapes: in camel case, and with the scrape's id beside the data.

use bytes::Bytes;
use serde::Serialize;

use super::schedule::{Callback, Subject};
use super::teller;
use crate::answers::followers::FollowerProfile;
use crate::followers::scrape::{Scrape, number};
use crate::job::Job;
use crate::sandbox::Sandbox;
use crate::timestamp;

const ITEM_EVENT: &str = "webhook:company_follower_result.completed";
const END_EVENT: &str = "webhook:company_follower_completion.completed";

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<D> {
    event: &'static str,
    timestamp: String,
    batch_id: String,
    data: D,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemData<'a> {
    company_url: &'a str,
    follower: Option<FollowerTold>,
}

/// A profile, and when it was collected.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FollowerTold {
    #[serde(flatten)]
    profile: FollowerProfile,
    created_at: String,
}

/// It has no status, however the scrape ended.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EndData<'a> {
    company_url: &'a str,
    follower_count: usize,
    processing_time_ms: u128,
}

/// Lets the callbacks of the last leg of a scrape be sent, if it has an address for them.
pub(crate) async fn announce(sandbox: &Sandbox, id: &str) {
    let Some(scrape) = sandbox.account().followers.scrapes.get(id).cloned() else {
        return;
    };
    let (Some(leg), Some(url)) = (scrape.legs.last(), scrape.callback.clone()) else {
        return;
    };
    let (job, told) = (leg.job.clone(), leg.job.clone());
    let words = move |sandbox: &Sandbox, batch_id: String, callback: Callback| {
        body(sandbox, &scrape, &told, batch_id, callback)
    };
    teller::tell(sandbox, id, job, &url, Box::new(words)).await;
}

fn body(
    sandbox: &Sandbox,
    scrape: &Scrape,
    job: &Job,
    batch_id: String,
    callback: Callback,
) -> Bytes {
    let timestamp = timestamp::format(sandbox.wall_time(callback.at));
    let company_url = scrape.company_url.as_str();
    let json = match callback.subject {
        Subject::Item(index) => {
            let crowd = scrape.crowd(sandbox.options());
            let profile =
                number(job, index).map(|number| crowd.profile(crowd.follower(number)));
            let created_at = timestamp.clone();
            let follower = profile.map(|profile| FollowerTold { profile, created_at });
            let data = ItemData { company_url, follower };
            serde_json::to_vec(&Event { event: ITEM_EVENT, timestamp, batch_id, data })
        }
        Subject::End => {
            let length = job.ends_at(sandbox.options()) - job.submitted;
            let follower_count = scrape.legs.iter().map(|leg| leg.job.work()).sum();
            let processing_time_ms = length.as_millis();
            let data = EndData { company_url, follower_count, processing_time_ms };
            serde_json::to_vec(&Event { event: END_EVENT, timestamp, batch_id, data })
        }
    };
    json.unwrap_or_default().into()
}
