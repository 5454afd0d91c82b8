//! The one account behind all keys: its wallet, windows and jobs. Everything that changes.

use std::collections::{BTreeMap, HashMap, VecDeque};

use tokio::time::Instant;

use crate::audit::{Audit, CallbacksAudit};
use crate::chaos::Chance;
use crate::faults::Fault;
use crate::followers::state::FollowerState;
use crate::job::Job;
use crate::latency::Ways;
use crate::leads::LeadBook;
use crate::limits::Limits;
use crate::options::Options;
use crate::settling::Settling;
use crate::team::Invitation;
use crate::wallet::Wallet;

/// The state of a sandbox.
#[derive(Debug)]
pub(crate) struct Account {
    /// Its credits.
    pub(crate) wallet: Wallet,
    /// Its windows.
    pub(crate) limits: Limits,
    /// How long requests and replies are on their way.
    pub(crate) ways: Ways,
    /// Its jobs by id.
    pub(crate) jobs: HashMap<String, Job>,
    /// Its scrapes and estimates.
    pub(crate) followers: FollowerState,
    /// Who is invited to its team.
    pub(crate) invitations: Vec<Invitation>,
    /// What the lead finder keeps.
    pub(crate) leads: LeadBook,
    /// How often each question was accepted where it may be paid for.
    pub(crate) asked: BTreeMap<String, u32>,
    /// How often each of them cost nothing.
    pub(crate) free: BTreeMap<String, u32>,
    /// What will settle by itself.
    pub(crate) settling: Settling,
    /// When the answer to each question that is kept for a repeat was charged.
    pub(crate) kept: HashMap<String, Instant>,
    /// Requests by route.
    pub(crate) requests: BTreeMap<String, u64>,
    /// Replies by status.
    pub(crate) statuses: BTreeMap<u16, u64>,
    /// Callbacks by kind.
    pub(crate) callbacks: CallbacksAudit,
    pub(crate) chance: Chance,
    faults: VecDeque<Fault>,
    ids: u64,
}

impl Account {
    /// How many questions were paid for more than once: a lookup that cost nothing counts for none.
    fn asked_twice(&self) -> u64 {
        let paid = |(question, times): &(&String, &u32)| {
            times.saturating_sub(self.free.get(*question).copied().unwrap_or_default())
                > 1
        };
        self.asked.iter().filter(paid).count() as u64
    }

    /// An account that has done nothing.
    pub(crate) fn new(options: &Options, start: Instant) -> Self {
        Self {
            wallet: Wallet::new(options.balance),
            limits: Limits::new(options, start),
            ways: Ways::new(options.latency, options.jitter, options.seed),
            jobs: HashMap::new(),
            followers: FollowerState::default(),
            invitations: Vec::new(),
            leads: LeadBook::default(),
            asked: BTreeMap::new(),
            free: BTreeMap::new(),
            settling: Settling::default(),
            kept: HashMap::new(),
            requests: BTreeMap::new(),
            statuses: BTreeMap::new(),
            callbacks: CallbacksAudit::default(),
            chance: Chance::new(&options.chaos, options.seed),
            faults: options.faults.iter().copied().collect(),
            ids: 0,
        }
    }

    /// The fate of the next paid request.
    pub(crate) fn next_fault(&mut self) -> Fault {
        self.faults.pop_front().unwrap_or_default()
    }

    /// A number that no other thing has.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    /// What the account has seen so far.
    pub(crate) fn audit(&self) -> Audit {
        let foreign = self.limits.foreign();
        let unsettled = self.jobs.values().filter(|job| job.settlement.is_none());
        Audit {
            requests: self.requests.clone(),
            statuses: self.statuses.clone(),
            throttled: self.statuses.get(&429).copied().unwrap_or_default(),
            foreign_accepted: foreign.accepted,
            foreign_refused: foreign.refused,
            windows: self.limits.audit(),
            balance: self.wallet.balance(),
            charged: self.wallet.charged(),
            reserved: self.wallet.reserved(),
            jobs: (self.jobs.len() + self.followers.scrapes.len()) as u64,
            unsettled: unsettled.count() as u64 + self.followers.unsettled(),
            callbacks: self.callbacks,
            asked: self.asked.clone(),
            asked_twice: self.asked_twice(),
        }
    }
}
