//! Callbacks on the wire: in snake case, unlike everything else of the API (section 13.2).

use bytes::Bytes;
use serde::Serialize;

use super::schedule::{Callback, Subject};
use crate::batches::{Tally, tally};
use crate::job::Job;
use crate::knobs::MissId;
use crate::product::Product;
use crate::sandbox::Sandbox;
use crate::timestamp;

/// A product that tells of its batches. The names of the events follow no rule.
pub(crate) trait Tells: Product {
    /// The event of an item.
    const ITEM_EVENT: &'static str;
    /// The event of a job's end.
    const END_EVENT: &'static str;

    /// The `result` of an item.
    type Told: Serialize;
    /// The counters of this product's own in a completion.
    type Counts: Serialize;

    /// The `result_id` and `result` of an item.
    fn told(answer: Self::Answer, miss_id: MissId) -> (String, Self::Told);
    /// How many items count as successful, and the product's own counters. `lacking` items were never done.
    fn counts(tally: Tally, lacking: u64) -> (u64, Self::Counts);
}

#[derive(Debug, Serialize)]
struct Event<D> {
    event: &'static str,
    timestamp: String,
    data: D,
}

#[derive(Debug, Serialize)]
struct ItemData<R> {
    job_id: String,
    result_id: String,
    result: R,
}

/// `successful` and `failed` add up to `total_items`, as in the reference's examples.
#[derive(Debug, Serialize)]
struct EndData<C> {
    job_id: String,
    status: &'static str,
    total_items: u64,
    successful: u64,
    failed: u64,
    completed_at: String,
    #[serde(flatten)]
    counts: C,
}

/// The JSON of a callback of a job.
pub(crate) fn body<P: Tells>(
    sandbox: &Sandbox,
    job: &Job,
    job_id: String,
    callback: Callback,
) -> Bytes {
    let timestamp = timestamp::format(sandbox.wall_time(callback.at));
    let json = match callback.subject {
        Subject::Item(index) => {
            let data = item::<P>(sandbox, job, job_id, index);
            serde_json::to_vec(&Event { event: P::ITEM_EVENT, timestamp, data })
        }
        Subject::End => {
            let completed_at = timestamp.clone();
            let data = end::<P>(sandbox, job, job_id, completed_at);
            serde_json::to_vec(&Event { event: P::END_EVENT, timestamp, data })
        }
    };
    json.unwrap_or_default().into()
}

fn item<P: Tells>(
    sandbox: &Sandbox,
    job: &Job,
    job_id: String,
    index: usize,
) -> ItemData<P::Told> {
    let options = sandbox.options();
    let answer = P::answer(options.seed, &job.items.get(index));
    let (result_id, result) = P::told(answer, options.callbacks.miss_id);
    ItemData { job_id, result_id, result }
}

fn end<P: Tells>(
    sandbox: &Sandbox,
    job: &Job,
    job_id: String,
    completed_at: String,
) -> EndData<P::Counts> {
    let (total_items, done) = (job.items.len() as u64, job.work());
    let tally = tally::<P>(sandbox.options().seed, &job.items, done);
    let (successful, counts) = P::counts(tally, total_items - done as u64);
    EndData {
        job_id,
        status: "completed",
        total_items,
        successful,
        failed: total_items - successful,
        completed_at,
        counts,
    }
}
