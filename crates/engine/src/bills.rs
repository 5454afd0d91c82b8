//! What single calls have really cost, by the log that the provider keeps of them: prices are published in several
//! versions, and what is booked by the dearest is settled by the log.

use crate::{Again, Book, Engine, Order, RunError, engine::stopped, free::Heard};
use leadmill_core::{
    BatchId, Call, CallLog, CallName, Credits, KeyMap, Lane, Ledger, Line, Mark, Part,
    Query, RunId, State,
};
use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio::time::sleep;

/// Answers after which the log is read: it may show no more than the newest 100 calls, and some are in flight.
const SOME: usize = 40;

/// How often an answer is looked for. One that is not found is left at the price that is booked, and another run looks
/// for it.
const LOOKS: u32 = 3;

/// How long the log is waited for, once all is answered.
const APART: Duration = Duration::from_secs(1);

/// No answer waits longer than this for the log to be read.
const AT_ONCE: Duration = Duration::from_secs(2);

/// Lines of earlier runs that are looked for in the log.
const EARLIER: usize = 100;

/// What is known of the log, and which answers it has not told of.
#[derive(Debug, Default)]
pub(crate) struct Bills {
    log: Option<CallLog>,
    open: Vec<Open>,
    /// Answers since it was last read.
    answers: usize,
    /// Whether answers of earlier runs are among those.
    has_earlier: bool,
    /// It cannot be read: everything goes on as it would without it.
    is_off: bool,
    /// Doubts that were held against it.
    pub(crate) judged: HashSet<(BatchId, u64)>,
}

/// An answer that the log has not told of.
#[derive(Clone, Copy, Debug)]
struct Open {
    batch: BatchId,
    looks: u32,
    /// Whether this session has asked for it.
    is_ours: bool,
}

/// What the log says of one answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub(crate) batch: BatchId,
    is_ours: bool,
    booked: Credits,
    pub(crate) cost: Credits,
}

/// What the log has told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Billed {
    /// Answers that have cost something else than was booked.
    pub answers: u64,
    /// What they have cost less.
    pub less: Credits,
    /// What they have cost more.
    pub more: Credits,
}

impl Bills {
    /// A single call was answered.
    pub(crate) fn answered(&mut self, batch: BatchId) {
        if self.log.is_some() && !self.is_off {
            self.open.push(Open { batch, looks: 0, is_ours: true });
            self.answers += 1;
        }
    }

    /// Whether the log is to be read, lest it no longer shows what it is to tell of.
    pub(crate) fn is_due(&self) -> bool {
        let shown = self.log.as_ref().map_or(0, CallLog::len);
        // What it shows at once may be less than is said. A young account's is short.
        let most = if shown >= 10 { SOME.min(shown / 2) } else { 5 };
        self.answers >= most && !self.is_off
    }

    /// Whether it was read, or cannot be.
    pub(crate) const fn is_open(&self) -> bool {
        self.log.is_some() || self.is_off
    }

    /// Whether answers of this session are left that it has not told of.
    pub(crate) fn expects_some(&self) -> bool {
        !self.is_off && self.open.iter().any(|open| open.is_ours)
    }

    /// Whether a call that left after this mark, and would show by now, was not charged.
    pub(crate) fn proves_free(&self, mark: &Mark) -> bool {
        self.log.as_ref().is_some_and(|log| log.proves_free(mark))
    }

    /// Where the log stands, for a call that is about to leave.
    fn mark(&self, name: CallName) -> Option<Mark> {
        self.log.as_ref().map(|log| Mark { after: log.newest(), name })
    }

    /// Answers of earlier sessions of this pipeline that the log may still tell of: others settle their own.
    fn take_up(&mut self, ledger: &Ledger, purse: &str, is_own: impl Fn(RunId) -> bool) {
        if std::mem::replace(&mut self.has_earlier, true) {
            return;
        }
        let lines = ledger.lines().iter().rev();
        let lines = lines.filter(|line| {
            *line.account == *purse && is_own(line.run) && booked(line).is_some()
        });
        let open = |line: &Line| Open { batch: line.batch, looks: 0, is_ours: false };
        self.open.extend(lines.take(EARLIER).map(open));
    }

    /// Looks for what the log has not told of so far. What has cost as much as was booked is left out.
    fn look(&mut self, ledger: &Ledger) -> Vec<Told> {
        self.answers = 0;
        let Some(log) = &self.log else { return Vec::new() };
        let mut told = Vec::new();
        self.open.retain_mut(|open| {
            let line = ledger.line(open.batch);
            let Some((mark, cost)) = line.and_then(booked) else { return false };
            let asked = 1 + usize::from(line.is_some_and(|line| line.repeated));
            match log.charge(&mark, asked) {
                Some(charge) => {
                    if charge != cost {
                        let Open { batch, is_ours, .. } = *open;
                        told.push(Told { batch, is_ours, booked: cost, cost: charge });
                    }
                    false
                }
                None => {
                    open.looks += 1;
                    open.looks < LOOKS
                }
            }
        });
        if !told.is_empty() {
            let shared = shared(ledger, told.iter().map(|told| told.batch));
            told.retain(|told| !shared.contains(&told.batch));
        }
        told
    }
}

/// Those of these batches of one account whose question another batch there has asked about the same time: whose charge the
/// log shows is not known.
fn shared(ledger: &Ledger, told: impl Iterator<Item = BatchId>) -> HashSet<BatchId> {
    /// The log's newest calls are no older.
    const ABOUT: Duration = Duration::from_secs(86_400);
    let told: Vec<&Line> = told.filter_map(|batch| ledger.line(batch)).collect();
    let Some(first) = told.iter().map(|line| line.intended_at).min() else {
        return HashSet::new();
    };
    let since = first.before(ABOUT);
    let mut asked: KeyMap<Vec<BatchId>> = KeyMap::default();
    for line in &told {
        asked.extend(line.keys.iter().map(|key| (*key, Vec::new())));
    }
    let lines = ledger.lines().iter().rev();
    let here =
        |line: &&Line| told.first().is_some_and(|told| told.account == line.account);
    for line in lines.filter(|line| line.intended_at >= since).filter(here) {
        for key in &*line.keys {
            if let Some(batches) = asked.get_mut(key) {
                batches.push(line.batch);
            }
        }
    }
    asked.into_values().filter(|batches| batches.len() > 1).flatten().collect()
}

/// The mark of a single call that was answered, and what is booked for it.
fn booked(line: &Line) -> Option<(Mark, Credits)> {
    let State::Settled { part: Part::Inline(answers), .. } = &line.state else {
        return None;
    };
    let is_answered = line.lane == Lane::Single && answers.len() == 1;
    let mark = line.anchor.as_deref()?.parse().ok()?;
    is_answered.then_some((mark, line.credits))
}

impl Engine {
    /// What the journal keeps of where the wallet's history stands, as a question is about to be asked.
    pub(crate) fn anchor_of(&self, question: Option<&Query>) -> Option<Arc<str>> {
        let mark = || {
            let name = self.provider.call_log()?.name_of(question?)?;
            self.bills.mark(name)
        };
        match mark() {
            Some(mark) => Some(mark.to_string().into()),
            None => self.anchor.clone(),
        }
    }

    /// Whether the log tells of the single calls of an order.
    pub(crate) fn is_logged(&self, order: &Order) -> bool {
        let tells = self.provider.call_log().map(|log| log.tells_of(order.operation));
        order.lane != Some(Lane::Bulk)
            && self.provider.account().pack.logged.is_some()
            && tells.unwrap_or_default()
    }

    /// Reads the log, where the provider keeps one. Where it cannot be read that is told, and changes nothing. Tells
    /// whether it was read.
    pub(crate) async fn read_log(&mut self) -> Result<bool, RunError> {
        let provider = Arc::clone(&self.provider);
        let Some(log) = provider.call_log().filter(|_| !self.bills.is_off) else {
            return Ok(false);
        };
        if self.closed_for(Call::Transactions) > AT_ONCE {
            return Ok(false);
        }
        let mut stop = self.stop.clone();
        let read =
            self.free(Call::Transactions, Again::Never, async || log.calls().await);
        let heard = tokio::select! { biased;
            () = stopped(&mut stop, None) => return Ok(false),
            heard = read => heard?,
        };
        match heard {
            Heard::Answer(log) => {
                self.bills.log = Some(log);
                Ok(true)
            }
            Heard::Failure(error) => {
                self.bills.is_off = true;
                self.report.log_unread = Some(error.to_string());
                Ok(false)
            }
            Heard::Nothing(_) => Ok(false),
        }
    }

    /// Reads the log again, and tells what answers have cost by it.
    pub(crate) async fn read_bills(
        &mut self,
        book: &Book,
        siblings: &BTreeSet<RunId>,
    ) -> Result<Vec<Told>, RunError> {
        let run = self.run;
        let is_own = |other| other == run || siblings.contains(&other);
        self.bills.take_up(book.ledger(), &self.purse, is_own);
        if !self.read_log().await? {
            self.bills.answers = 0;
            return Ok(Vec::new());
        }
        Ok(self.bills.look(book.ledger()))
    }

    /// What answers have cost is written down.
    pub(crate) fn has_billed(&mut self, told: &[Told]) {
        let report = &mut self.report;
        for Told { is_ours, booked, cost, .. } in told {
            report.billed.answers += 1;
            report.billed.less += booked.less(*cost);
            report.billed.more += cost.less(*booked);
            if *is_ours {
                report.spent = report.spent.less(*booked) + *cost;
            }
        }
    }

    /// Gives the log a moment. Tells whether it may be read again.
    pub(crate) async fn wait_for_bills(&self) -> bool {
        let mut stop = self.stop.clone();
        tokio::select! { biased;
            () = stopped(&mut stop, None) => false,
            () = sleep(APART) => true,
        }
    }
}
