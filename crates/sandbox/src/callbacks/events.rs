//! Callbacks on the wire: in snake case, unlike everything else of the API (section 13.2).

use bytes::Bytes;
use serde::Serialize;

use super::schedule::{Callback, Subject};
use crate::batches::{Tally, tally};
use crate::job::{Job, JobState};
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
    /// Whether the event of a job's end can say that the job failed.
    const END_TELLS_FAILURE: bool;

    /// What is told of an item.
    type Told: Serialize;
    /// The counters of a completion.
    type Counts: Serialize;

    /// Tells of an item.
    fn told(answer: Self::Answer, miss_id: MissId) -> Self::Told;
    /// Counts the items of a job by their ends. `lacking` of them were never done.
    fn counts(tally: Tally, lacking: u64) -> Self::Counts;
}

/// An item, where the answer stands under `result`.
#[derive(Debug, Serialize)]
pub(crate) struct WithResult<R> {
    pub(crate) result_id: String,
    pub(crate) result: R,
}

/// `successful` and `failed` add up to `total_items`, as in the reference's examples.
#[derive(Debug, Serialize)]
pub(crate) struct WithSuccess<C> {
    pub(crate) successful: u64,
    pub(crate) failed: u64,
    #[serde(flatten)]
    pub(crate) counts: C,
}

#[derive(Debug, Serialize)]
struct Event<D> {
    event: &'static str,
    timestamp: String,
    data: D,
}

#[derive(Debug, Serialize)]
struct ItemData<T> {
    job_id: String,
    #[serde(flatten)]
    told: T,
}

#[derive(Debug, Serialize)]
struct EndData<C> {
    job_id: String,
    status: JobState,
    total_items: u64,
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
    ItemData { job_id, told: P::told(answer, options.callbacks.miss_id) }
}

fn end<P: Tells>(
    sandbox: &Sandbox,
    job: &Job,
    job_id: String,
    completed_at: String,
) -> EndData<P::Counts> {
    let (total_items, done) = (job.items.len() as u64, job.work());
    let tally = tally::<P>(sandbox.options().seed, &job.items, done);
    let counts = P::counts(tally, total_items - done as u64);
    let status = if P::END_TELLS_FAILURE { job.end() } else { JobState::Completed };
    EndData { job_id, status, total_items, completed_at, counts }
}
