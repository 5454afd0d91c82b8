//! What the book knows about the questions that were put to one account.

use crate::enriching::At;
use leadmill_core::{
    Account, Asked, Index, KeyMap, KeySet, Ledger, Line, Ours, QueryKey, RunId, State,
    Status, Timestamp,
    index::{Need, Reuse},
    pack::PaidAct,
};

/// What is known about questions at one account, before and after it is asked.
pub(crate) struct Known<'a> {
    ledger: &'a Ledger,
    index: Index,
    reuse: Reuse,
    /// What charges for a job.
    paid: PaidAct,
    /// Questions in doubt that can be asked again, under the names of their batches, at no charge.
    repeats: KeySet,
    run: Option<RunId>,
    /// When the session began: answers are judged by this time throughout.
    now: Timestamp,
    /// The open batches that this process works on.
    ours: &'a Ours,
    refused: KeyMap<Status>,
}

/// What is known of one question.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// What to do with it.
    pub(crate) need: Need,
    /// What became of it, if it was asked and its batch is closed.
    pub(crate) status: Option<Status>,
    /// When it was answered, or asked last.
    pub(crate) at: Option<Timestamp>,
    /// The place in the ledger of the batch with which it was asked last.
    pub(crate) line: Option<usize>,
    /// Whether it is in doubt and to be asked again under the name of its batch, which is free.
    pub(crate) is_repeat: bool,
}

impl Look {
    const fn unasked(need: Need) -> Self {
        Self { need, status: None, at: None, line: None, is_repeat: false }
    }
}

impl<'a> Known<'a> {
    /// What the book says about the questions that were put to an account.
    pub(crate) fn new(
        ledger: &'a Ledger,
        account: &Account,
        reuse: Reuse,
        session: &At<'a>,
    ) -> Self {
        let At { run, now, ours } = *session;
        let (purse, paid) = (account.purse.as_str(), account.pack.jobs.paid);
        let repeats = ledger
            .open(purse)
            .filter(|line| account.can_repeat(line, now) && ours.holds(line));
        let repeats = repeats.flat_map(|line| line.keys.iter().copied()).collect();
        let mut refused = KeyMap::default();
        for line in ledger
            .lines()
            .iter()
            .filter(|line| *line.account == *purse && Some(line.run) == run)
        {
            if let State::Refused { again: false, .. } = line.state {
                refused.extend(line.keys.iter().map(|key| (*key, Status::Failed)));
            }
        }
        let index = Index::of(ledger, purse);
        Self { ledger, index, reuse, paid, repeats, run, now, ours, refused }
    }

    /// What is known of a question.
    pub(crate) fn look(&self, key: &QueryKey) -> Look {
        let Some(asked) = self.index.get(key) else {
            return Look::unasked(Need::Buy);
        };
        let Some(line) = self.ledger.lines().get(asked.line as usize) else {
            return Look::unasked(Need::Held);
        };
        let at = match &line.state {
            State::Settled { at, .. } => *at,
            _ => line.intended_at,
        };
        let is_ours = Some(line.run) == self.run;
        let is_repeat = asked.status.is_none() && self.repeats.contains(key);
        let need = match is_repeat {
            true => Need::Buy,
            false => self.reuse.judge(asked.status, at, self.now, is_ours),
        };
        let line = usize::try_from(asked.line).ok();
        Look { need, status: asked.status, at: Some(at), line, is_repeat }
    }

    /// What becomes of a row whose question has no answer.
    pub(crate) fn standing(&self, key: &QueryKey) -> Status {
        match self.index.get(key) {
            // Another process is about to have the answer: the next run finds it.
            Some(Asked { status: None, line }) if self.is_of_another(line) => {
                Status::Deferred
            }
            // Its job is there and nothing was charged: the next run goes on with it.
            Some(Asked { status: None, line }) if self.is_unpaid(line) => {
                Status::Deferred
            }
            Some(Asked { status: None | Some(Status::UnknownCharged), .. }) => {
                Status::UnknownCharged
            }
            Some(Asked { status: Some(Status::Failed), line })
                if self.is_of_this_session(line) =>
            {
                Status::Failed
            }
            _ => self.refused.get(key).copied().unwrap_or(Status::Deferred),
        }
    }

    /// Whether a person has said that a question without an answer is given up.
    pub(crate) fn is_given_up(&self, key: &QueryKey) -> bool {
        let asked = self.index.get(key);
        let line = asked.and_then(|asked| self.ledger.lines().get(asked.line as usize));
        line.is_some_and(|line| line.resolved)
    }

    fn is_unpaid(&self, line: u32) -> bool {
        let line = self.ledger.lines().get(line as usize);
        let is_open = |line: &Line| matches!(line.state, State::Accepted(_));
        self.paid == PaidAct::Fetch
            && line.is_some_and(|line| is_open(line) && !line.authorized)
    }

    fn is_of_another(&self, line: u32) -> bool {
        let line = self.ledger.lines().get(line as usize);
        line.is_some_and(|line| !self.ours.holds(line))
    }

    /// Whether a line was settled since this session began.
    fn is_of_this_session(&self, line: u32) -> bool {
        let line = self.ledger.lines().get(line as usize);
        matches!(line.map(|line| &line.state), Some(State::Settled { at, .. }) if *at >= self.now)
    }
}
