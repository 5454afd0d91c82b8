//! The jobs of a team, and what limits them.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::audit::BulkAudit;
use super::job::Job;
use super::kinds::BulkKind;
use super::options::{BulkOptions, DayBoundary};
use super::rows::Item;
use super::secret::Secret;
use crate::tomba::normal;
use crate::tomba::options::Options;

/// The jobs of a team.
#[derive(Debug)]
pub(in crate::tomba) struct Bulks {
    pub(super) jobs: BTreeMap<i64, Job>,
    pub(in crate::tomba) secret: Secret,
    /// When each tool's jobs were created, those of deleted ones too.
    created: BTreeMap<BulkKind, Vec<(Instant, SystemTime)>>,
    /// When addresses of each domain were taken by the verifier.
    verified: HashMap<String, Vec<Instant>>,
    /// What the audit remembers of jobs that were deleted.
    pub(super) seen: BulkAudit,
    last_id: i64,
}
const DAY: Duration = Duration::from_secs(86_400);

impl Bulks {
    /// No jobs.
    pub(in crate::tomba) fn new(options: &Options) -> Self {
        Self {
            jobs: BTreeMap::new(),
            secret: Secret::new(options.seed),
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
