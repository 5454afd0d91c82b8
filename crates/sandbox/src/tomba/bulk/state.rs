//! The jobs of a team, and what limits them.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::job::{BulkState, Job};
use super::kinds::BulkKind;
use super::options::{BulkOptions, DayBoundary};
use super::rows::Item;
use crate::tomba::normal;
use crate::tomba::options::Options;

/// The jobs of a team.
#[derive(Debug)]
pub(in crate::tomba) struct Bulks {
    pub(super) jobs: BTreeMap<i64, Job>,
    pub(super) secret: Secret,
    /// When each tool's jobs were created, those of deleted ones too.
    created: BTreeMap<BulkKind, Vec<(Instant, SystemTime)>>,
    /// When addresses of each domain were taken by the verifier.
    verified: HashMap<String, Vec<Instant>>,
    /// What the audit remembers of jobs that were deleted.
    pub(super) seen: BulkAudit,
    last_id: i64,
}

/// The key that callbacks are signed with.
#[derive(Debug)]
pub(super) struct Secret {
    pub(super) value: String,
    pub(super) rotated: Option<SystemTime>,
    turns: u32,
    seed: u64,
}

/// What became of bulk jobs.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BulkAudit {
    /// Jobs created, by tool.
    pub created: BTreeMap<BulkKind, u64>,
    /// Creations refused because the day's are used up.
    pub refused_creations: u64,
    /// The most jobs of one tool that were created in a day, counted as the limit is.
    pub most_created: u64,
    /// Launches that took effect.
    pub launched: u64,
    /// Launches refused because others run.
    pub refused_launches: u64,
    /// Launches of jobs that had been launched.
    pub relaunched: u64,
    /// The most jobs of one tool that ran at once.
    pub most_running: u64,
    /// Jobs that were billed.
    pub billed: u64,
    /// Credits that jobs were billed.
    pub credits: u64,
    /// Files given out.
    pub downloads: u64,
    /// Downloads refused.
    pub refused_downloads: u64,
    /// Jobs that failed, were cancelled, were run again, and were deleted.
    pub failed: u64,
    /// Jobs that were cancelled.
    pub cancelled: u64,
    /// Jobs that were run again.
    pub retried: u64,
    /// Jobs that were deleted.
    pub deleted: u64,
    /// Jobs that there are, by id.
    pub jobs: BTreeMap<i64, JobAudit>,
}

/// What became of one job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobAudit {
    /// Its tool.
    pub kind: BulkKind,
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: BulkState,
    /// Its rows, as submitted.
    pub rows: usize,
    /// Those that are asked.
    pub asked: usize,
    /// How often it was launched.
    pub launches: u32,
    /// Whether it was billed.
    pub billed: bool,
    /// Files given out.
    pub downloads: usize,
}

const DAY: Duration = Duration::from_secs(86_400);

impl Bulks {
    /// No jobs.
    pub(in crate::tomba) fn new(options: &Options) -> Self {
        let mut secret =
            Secret { value: String::new(), rotated: None, turns: 0, seed: options.seed };
        secret.renew();
        Self {
            jobs: BTreeMap::new(),
            secret,
            created: BTreeMap::new(),
            verified: HashMap::new(),
            seen: BulkAudit::default(),
            last_id: 100_000,
        }
    }

    /// An id that no other job has.
    pub(super) fn next_id(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }

    /// How long until a tool may create another job; nothing if it may now.
    pub(super) fn creation_wait(
        &self,
        kind: BulkKind,
        bulk: &BulkOptions,
        now: (Instant, SystemTime),
    ) -> Option<Duration> {
        let most = bulk.creates_per_day.saturating_sub(bulk.colleagues.created) as usize;
        let waits = boundaries(bulk.day).iter().map(|boundary| {
            let today = self.today(kind, *boundary, now);
            let over = (today.len() + 1).checked_sub(most).filter(|over| *over > 0)?;
            Some(match boundary {
                DayBoundary::Rolling => {
                    let leaves = today.get(over - 1).copied();
                    leaves.map_or(DAY, |at| (at + DAY).saturating_duration_since(now.0))
                }
                _ => DAY - into_day(now.1),
            })
        });
        waits.flatten().max()
    }

    /// Counts a creation.
    pub(super) fn count_creation(
        &mut self,
        kind: BulkKind,
        bulk: &BulkOptions,
        now: (Instant, SystemTime),
    ) {
        self.created.entry(kind).or_default().push(now);
        *self.seen.created.entry(kind).or_default() += 1;
        let counts =
            boundaries(bulk.day).iter().map(|day| self.today(kind, *day, now).len());
        let most = counts.max().unwrap_or_default() as u64;
        self.seen.most_created = self.seen.most_created.max(most);
    }

    /// How many addresses of each domain the verifier took in the last 24 hours.
    pub(super) fn verified_lately(&self, now: Instant) -> HashMap<String, usize> {
        let lately =
            |taken: &Vec<Instant>| taken.iter().filter(|at| **at + DAY > now).count();
        self.verified
            .iter()
            .map(|(domain, taken)| (domain.clone(), lately(taken)))
            .collect()
    }

    /// Counts the addresses that the verifier takes.
    pub(super) fn count_verified(&mut self, items: &[Item], now: Instant) {
        for item in items {
            let email = normal::email(item.value("email"));
            let domain = normal::domain_of(&email).to_owned();
            self.verified.entry(domain).or_default().push(now);
        }
    }

    /// Whether a tool may launch another job.
    pub(super) fn may_launch(
        &self,
        kind: BulkKind,
        bulk: &BulkOptions,
        now: Instant,
    ) -> bool {
        self.active(kind, bulk, now) + bulk.colleagues.running < bulk.running
    }

    /// How many jobs of a tool run.
    pub(super) fn active(
        &self,
        kind: BulkKind,
        bulk: &BulkOptions,
        now: Instant,
    ) -> usize {
        let of_kind = self.jobs.values().filter(|job| job.kind == kind);
        of_kind.filter(|job| job.is_active(bulk, now)).count()
    }

    /// Those of the day, the oldest first.
    fn today(
        &self,
        kind: BulkKind,
        boundary: DayBoundary,
        (now, wall): (Instant, SystemTime),
    ) -> Vec<Instant> {
        let midnight = wall - into_day(wall);
        let of_today = |(at, at_wall): &&(Instant, SystemTime)| match boundary {
            DayBoundary::Rolling => *at + DAY > now,
            _ => *at_wall >= midnight,
        };
        let created = self.created.get(&kind).into_iter().flatten();
        created.filter(of_today).map(|(at, _)| *at).collect()
    }

    /// What became of jobs.
    pub(in crate::tomba) fn audit(&self, options: &Options, now: Instant) -> BulkAudit {
        let bulk = &options.bulk;
        let told = |job: &Job| JobAudit {
            kind: job.kind,
            name: job.name.clone(),
            state: job.state(bulk, now),
            rows: job.rows.input,
            asked: job.items.len(),
            launches: job.launches,
            billed: job.billed.is_some(),
            downloads: job.downloads.len(),
        };
        let failed = |job: &&Job| job.state(bulk, now) == BulkState::Failed;
        BulkAudit {
            jobs: self.jobs.iter().map(|(id, job)| (*id, told(job))).collect(),
            failed: self.jobs.values().filter(failed).count() as u64,
            ..self.seen.clone()
        }
    }

    /// Credits of jobs that are completed and were never downloaded.
    pub(in crate::tomba) fn unbilled(
        &self,
        options: &Options,
        now: Instant,
    ) -> BTreeMap<BulkKind, u64> {
        let mut credits = BTreeMap::new();
        let done = |job: &&Job| job.state(&options.bulk, now) == BulkState::Completed;
        for job in self.jobs.values().filter(done).filter(|job| job.billed.is_none()) {
            *credits.entry(job.kind).or_default() +=
                job.credits() + job.tally.verifications;
        }
        credits
    }
}

impl Secret {
    /// Another key.
    pub(super) fn renew(&mut self) {
        self.turns += 1;
        let mut hash = Sha256::new();
        hash.update(b"webhook secret");
        hash.update(self.seed.to_le_bytes());
        hash.update(self.turns.to_le_bytes());
        self.value = hex(&hash.finalize());
    }
}

/// Bytes in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn boundaries(day: DayBoundary) -> &'static [DayBoundary] {
    match day {
        DayBoundary::Utc => &[DayBoundary::Utc],
        DayBoundary::Rolling => &[DayBoundary::Rolling],
        DayBoundary::Both => &[DayBoundary::Utc, DayBoundary::Rolling],
    }
}

/// How much of its day in UTC has passed at a time.
fn into_day(at: SystemTime) -> Duration {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Duration::from_nanos(
        u64::try_from(since.as_nanos() % DAY.as_nanos()).unwrap_or_default(),
    )
}
