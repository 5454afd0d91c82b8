//! The shapes of jobs. Pure: no I/O. Like all others they are read loosely.

use super::{
    super::wire::{Envelope, Flag, Many, Part, Text, Whole},
    Generation,
};
use leadmill_core::{Bill, Credits, Estimate, JobId, Progress, Terms};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

/// A job: in a list, on its own, or how far it is. Members of either generation.
///
/// # Source
/// Reference 11.6 and 11.7.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Job {
    id: Text,
    bulk_id: Text,
    pub(super) name: Text,
    deleted: Flag,
    status: Value,
    progress: Whole,
    processed: Whole,
    billed: Flag,
    metrics: Part<Metrics>,
    launched: Flag,
    total: Whole,
    verify_cost: Whole,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metrics {
    rows: Part<Rows>,
    results: Part<Results>,
    errors: Part<Errors>,
    credits: Part<Cost>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Rows {
    errors: Whole,
    skipped: Whole,
    duplicates: Whole,
    invalid_input: Whole,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Results {
    found: Whole,
    records: Whole,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Errors {
    client: Whole,
    server: Whole,
    rate_limited: Whole,
}

/// Credits of telephone numbers are among those of searches.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cost {
    search: Whole,
    verify: Whole,
    total: Whole,
}

/// # Source
/// Reference 11.8.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Quote {
    basis: Text,
    billed: Flag,
    credits: Part<Cost>,
    sufficient: Flag,
}

/// A tool.
///
/// # Source
/// Reference 11.11.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tool {
    #[serde(rename = "type")]
    kind: Text,
    max_rows: Whole,
    creates_per_day: Whole,
}

/// What was done, or why it was not.
///
/// # Source
/// Reference 1.1.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Done {
    pub(super) status: Flag,
    pub(super) message: Text,
    pub(super) code: Whole,
}

/// What stands under `data`, alone or first in a list.
pub(super) fn data<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    let data = Envelope::read(body).ok()?.data?;
    Many::<T>::of(data).0.into_iter().next()
}

/// How far a job is, told bare or under `data`. None where no status is told.
///
/// # Source
/// Reference 1.1: progress is bare, and the detail is not.
pub(super) fn progress(body: &[u8]) -> Option<Progress> {
    let bare = Part::<Job>::of(serde_json::from_slice(body).ok()?).0;
    let bare = bare.and_then(|job| job.progress());
    bare.or_else(|| data::<Job>(body)?.progress())
}

/// What a team may ask of a tool; nothing where the body does not tell.
pub(super) fn terms(tool: &str, body: &[u8]) -> Terms {
    let data = Envelope::read(body).ok().and_then(|envelope| envelope.data);
    let tools = Many::<Tool>::of(data.unwrap_or_default()).0;
    let found = tools.into_iter().find(|found| found.kind.0.as_deref() == Some(tool));
    let found = found.unwrap_or_default();
    // That nothing may be asked is told by a refusal.
    let some = |whole: Whole| number(whole).filter(|number| *number > 0);
    Terms {
        most_items: some(found.max_rows),
        jobs: some(found.creates_per_day),
        ..Terms::default()
    }
}

impl Job {
    /// Its name at the provider. None where it has none that a path can hold.
    pub(super) fn id(&self) -> Option<JobId> {
        let id = self.bulk_id.0.as_ref().or(self.id.0.as_ref())?;
        is_id(id).then(|| JobId(id.clone()))
    }

    /// Whether there is nothing left of it.
    pub(super) fn is_deleted(&self) -> bool {
        self.deleted.0 == Some(true)
    }

    /// Whether it was charged, where that is told.
    pub(super) fn is_paid(&self) -> Option<bool> {
        // What `used` of the first generation means is documented nowhere.
        self.billed.0
    }

    /// How far it is. None where it does not say.
    ///
    /// A job that waits after its launch says the same as one that was never launched. Where a flag says that it is
    /// done, all of it must be: what the flag means is not documented, and a download that comes too early might be
    /// charged. Only the first generation's detail tells whether it was launched, and nothing tells that it has failed.
    fn progress(&self) -> Option<Progress> {
        let (done, part) = (number(self.processed), self.progress.0.unwrap_or_default());
        // Rows that the provider does not take are not among its own: they are not all that there are.
        let running = Progress::Running { done, total: None };
        let is_untouched = part == 0 && done.unwrap_or_default() == 0;
        Some(match &self.status {
            Value::String(word) => match word.trim().to_lowercase().as_str() {
                "pending" if is_untouched => Progress::Waiting,
                "completed" => Progress::Ready,
                "failed" | "cancelled" | "canceled" => Progress::Failed,
                "pending" | "queued" | "running" | "processing" => running,
                // Another word for its end.
                _ if part >= 100 => Progress::Ready,
                _ => running,
            },
            Value::Bool(true) if self.progress.0.is_none_or(|part| part >= 100) => {
                Progress::Ready
            }
            Value::Bool(_) if self.launched.0 == Some(false) => Progress::Waiting,
            Value::Bool(_) => running,
            _ => return None,
        })
    }

    /// What it says of its bill.
    pub(super) fn bill(self) -> Bill {
        let is_paid = self.is_paid();
        let metrics = self.metrics.whole();
        let (rows, results) = (metrics.rows.whole(), metrics.results.whole());
        let errors = metrics.errors.whole();
        let errors = [errors.client, errors.server, errors.rate_limited].map(number);
        let told = errors.iter().any(Option::is_some);
        let add = |counts: [Option<u64>; 3]| {
            counts.into_iter().flatten().fold(0, u64::saturating_add)
        };
        let sum = told.then(|| add(errors));
        // What was not taken or was passed over was not looked for: nobody knows which they are, so that any question
        // has no answer proves as little as where it was failed at.
        let passed_over = [rows.skipped, rows.duplicates, rows.invalid_input].map(number);
        let passed_over = add(passed_over);
        // Two counts of the same.
        let failed = sum.max(number(rows.errors));
        let failed = match (failed, passed_over) {
            (failed, 0) => failed,
            (failed, more) => Some(failed.unwrap_or_default().saturating_add(more)),
        };
        Bill {
            cost: metrics.credits.whole().total(),
            is_paid,
            found: number(results.found),
            failed,
            records: number(results.records),
        }
    }

    /// What its first download charges at most, where nothing asks for less: the first generation has no estimate.
    pub(super) fn bound(&self, price: Credits) -> Estimate {
        let verified = number(self.verify_cost).unwrap_or_default();
        let cost = number(self.total).map(|rows| price * rows);
        Estimate {
            cost: cost.map(|cost| Credits(cost.0.saturating_add(verified))),
            is_exact: false,
            is_covered: None,
            is_paid: self.is_paid() == Some(true),
        }
    }
}

impl Quote {
    /// What it says.
    pub(super) fn estimate(self) -> Estimate {
        Estimate {
            cost: self.credits.whole().total(),
            is_exact: self.basis.0.as_deref() == Some("exact"),
            is_covered: self.sufficient.0,
            is_paid: self.billed.0 == Some(true),
        }
    }
}

impl Cost {
    fn total(&self) -> Option<Credits> {
        let (search, verify) = (number(self.search), number(self.verify));
        let sum = search.or(verify).map(|_| {
            search.unwrap_or_default().saturating_add(verify.unwrap_or_default())
        });
        number(self.total).or(sum).map(Credits)
    }
}

/// Whether a text is a name that the provider gives to jobs.
///
/// # Source
/// Reference 11.3: a number of 64 bits.
pub(super) fn is_id(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<i64>().is_ok()
}

/// Which of a list's rows are jobs.
pub(super) struct List {
    /// Those that can be read.
    pub(super) jobs: Vec<Job>,
    /// Whether it holds all that there are, as far as can be told. The number of pages is not believed: sources round
    /// it in both ways.
    pub(super) is_whole: bool,
}

impl List {
    /// Reads a list of which `most` rows were asked for. None where there is none.
    pub(super) fn read(body: &[u8], most: usize) -> Option<Self> {
        let envelope = Envelope::read(body).ok()?;
        let Some(Value::Array(rows)) = envelope.data else { return None };
        let meta = envelope.meta.whole();
        let count = rows.len();
        let size = number(meta.page_size).filter(|size| *size > 0);
        let most = size.map_or(most, |size| most.min(size as usize));
        let is_all = number(meta.total).is_none_or(|total| total <= count as u64);
        let jobs: Vec<Job> = Many::of(Value::Array(rows)).0;
        let is_readable = jobs.len() == count
            && jobs.iter().all(|job| job.name.is_told() && job.id().is_some());
        Some(Self { jobs, is_whole: is_readable && is_all && count < most })
    }
}

/// A number that counts something.
fn number(whole: Whole) -> Option<u64> {
    u64::try_from(whole.0?).ok()
}

impl Generation {
    /// Where it is told how far a job is: only the first generation's detail tells whether it was launched.
    pub(super) const fn progress_path(self) -> &'static str {
        match self {
            Self::First => "",
            Self::Second => "/progress",
        }
    }

    /// The parameter that names a file.
    pub(super) const fn file_parameter(self) -> &'static str {
        match self {
            Self::First => "type",
            Self::Second => "file",
        }
    }
}
