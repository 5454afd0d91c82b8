//! What a session knows of its paid calls beside the book, by a clock that nobody sets: which are in doubt, and whether the
//! charges of the others must be among the wallet's transactions.

use crate::reconciliation::Listing;
use leadmill_core::{BatchId, Credits};
use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};
use tokio::time::Instant;

/// Times that a doubt is judged while the run goes on where the history says nothing: then it is left to the end.
const TRIES: u32 = 3;

/// The least time between two judgements: each holds back paid calls for a moment.
const APART: Duration = Duration::from_secs(10);

/// The paid calls of a session.
#[derive(Debug, Default)]
pub(crate) struct Suspects {
    /// When each call in doubt was given up.
    given_up: HashMap<BatchId, Instant>,
    /// Those that are to be judged while the run goes on, and how often they were.
    waiting: VecDeque<(BatchId, u32)>,
    judged_at: Option<Instant>,
    /// Batches that left since the anchor of the oldest of them, each time that they left.
    recent: VecDeque<BatchId>,
    /// Paid calls since the newest transaction was last read at rest.
    since_rest: usize,
    /// The newest transaction when no paid call was last in flight, and the lowest balance that replies to paid calls
    /// have told since.
    mark: Arc<str>,
    lowest: Option<Credits>,
    /// The last reply to a paid call, and the last whose charge no balance tells.
    replied_at: Option<Instant>,
    untold_at: Option<Instant>,
    /// The last reply before a rest at which nobody looked whether its charge was in the list.
    unseen_at: Option<Instant>,
    /// Doubts that were ended while the run went on: their questions may be asked again.
    freed: Vec<BatchId>,
}

/// Whether the list of transactions holds all that replies told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It does.
    All,
    /// It does not, or that cannot be seen.
    Less,
    /// Nobody looked, and no doubt waits that it bears on.
    Unknown,
}

impl Suspects {
    /// Paid calls leave.
    pub(crate) fn leave(&mut self, batches: impl Iterator<Item = BatchId>) {
        let before = self.recent.len();
        self.recent.extend(batches);
        self.since_rest += self.recent.len() - before;
    }

    /// The reply to a paid call came, which was charged; perhaps with the balance after it.
    pub(crate) fn reply(&mut self, balance: Option<Credits>) {
        let now = Instant::now();
        self.replied_at = Some(now);
        match balance {
            Some(balance) => {
                self.lowest = Some(self.lowest.map_or(balance, |low| low.min(balance)));
            }
            None => self.untold_at = Some(now),
        }
    }

    /// No reply will come. `provable`: whether the wallet's history could tell.
    pub(crate) fn suspect(&mut self, batch: BatchId, provable: bool) {
        self.given_up.insert(batch, Instant::now());
        if provable {
            self.waiting.push_back((batch, 0));
        }
    }

    /// When a call in doubt was given up, if that was in this session.
    pub(crate) fn given_up(&self, batch: BatchId) -> Option<Instant> {
        self.given_up.get(&batch).copied()
    }

    /// When doubts can next be judged, where a charge shows after `settling`.
    pub(crate) fn due(&self, settling: Duration) -> Option<Instant> {
        let (first, _) = self.waiting.front()?;
        let shows = *self.given_up.get(first)? + settling;
        let apart = self.judged_at.map(|at| at + APART.max(settling / 2));
        Some(apart.map_or(shows, |apart| apart.max(shows)))
    }

    /// Doubts that are waiting, and whether the charge of each would show by now.
    pub(crate) fn waiting(
        &self,
        settling: Duration,
        now: Instant,
    ) -> impl Iterator<Item = (BatchId, bool)> {
        self.waiting.iter().map(move |(batch, _)| {
            let at = self.given_up.get(batch);
            (*batch, at.is_some_and(|at| *at + settling <= now))
        })
    }

    /// They are not judged before some time has gone by.
    pub(crate) fn put_off(&mut self) {
        (self.judged_at, self.since_rest) = (Some(Instant::now()), 0);
    }

    /// Doubts were judged, or nothing said anything about them.
    pub(crate) fn judged(&mut self, batches: &BTreeSet<BatchId>, in_vain: bool) {
        self.put_off();
        for (batch, tries) in &mut self.waiting {
            *tries += u32::from(in_vain && batches.contains(batch));
        }
        self.waiting.retain(|(batch, tries)| match batches.contains(batch) {
            true => in_vain && *tries < TRIES,
            false => true,
        });
    }

    /// Batches that left since the anchor of the oldest doubt that waits, each once.
    pub(crate) fn recent(&self) -> BTreeSet<BatchId> {
        self.recent.iter().copied().collect()
    }

    /// Forgets batches that left before those that are needed.
    pub(crate) fn forget(&mut self, is_needed: impl Fn(BatchId) -> bool) {
        if self.waiting.is_empty() {
            self.recent.clear();
        }
        while self.recent.front().is_some_and(|batch| !is_needed(*batch)) {
            self.recent.pop_front();
        }
    }

    /// Paid calls since the newest transaction was last read at rest.
    pub(crate) const fn since_rest(&self) -> usize {
        self.since_rest
    }

    /// No paid call is in flight, and this is the newest transaction.
    pub(crate) fn rest(&mut self, newest: Arc<str>, told: Told) {
        (self.mark, self.since_rest) = (newest, 0);
        match told {
            Told::All => {}
            Told::Less => self.untold_at = self.replied_at,
            Told::Unknown => self.unseen_at = self.replied_at,
        }
        self.lowest = None;
    }

    /// Whether the balance has come down to what the replies since the last rest told, in the list that was read.
    pub(crate) fn told(&self, listing: &Listing) -> Told {
        let Some(lowest) = self.lowest else { return Told::All };
        let Some(rows) = listing.rows_after(&self.mark) else { return Told::Less };
        let mut rows = listing.history().rows.iter().take(rows);
        let reaches = listing.newest().is_some_and(|row| row.balance_after <= lowest);
        // A balance that rises in between is reached more than once.
        match reaches && rows.all(|row| row.amount <= 0) {
            true => Told::All,
            false => Told::Less,
        }
    }

    /// Whether the charges of the paid calls that are still looked at, and were replied to, must be in the list: the last
    /// is old enough, or the list is seen to hold them.
    pub(crate) fn recent_show(&self, listing: &Listing, settling: Duration) -> bool {
        let now = Instant::now();
        let is_old =
            |at: Option<Instant>| at.is_none_or(|at| now.duration_since(at) >= settling);
        is_old(self.replied_at)
            || is_old(self.untold_at) && self.told(listing) == Told::All
    }

    /// The same of all paid calls of the session.
    pub(crate) fn all_show(&self, listing: &Listing, settling: Duration) -> bool {
        let is_old = self.unseen_at.is_none_or(|at| at.elapsed() >= settling);
        is_old && self.recent_show(listing, settling)
    }

    /// When the last reply to a paid call came.
    pub(crate) const fn replied_at(&self) -> Option<Instant> {
        self.replied_at
    }

    /// A doubt was ended: its question may be asked again.
    pub(crate) fn free(&mut self, batch: BatchId) {
        self.freed.push(batch);
    }

    /// Whether there are such.
    pub(crate) const fn has_freed(&self) -> bool {
        !self.freed.is_empty()
    }

    /// Gives them, once.
    pub(crate) fn take_freed(&mut self) -> Vec<BatchId> {
        std::mem::take(&mut self.freed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leadmill_core::{Transaction, Transactions};
    use tokio::time::advance;

    const SETTLING: Duration = Duration::from_secs(180);

    fn listed(balances: &[u64]) -> Listing {
        let mut before = 1_000;
        let row = |balance: &u64| {
            let amount = *balance as i64 - before;
            before = *balance as i64;
            let id = format!("t{balance}").into();
            let balance_after = Credits(*balance);
            Transaction { id, amount, balance_after, about: "".into() }
        };
        let mut rows: Vec<Transaction> = balances.iter().map(row).collect();
        rows.reverse();
        let mut listing = Listing::default();
        listing.begin();
        listing.take(1, Transactions { rows, pages: 1 });
        listing
    }

    fn show(suspects: &Suspects, balances: &[u64]) -> bool {
        suspects.recent_show(&listed(balances), SETTLING)
    }

    /// The list may lag behind what replies have told, as may the balance that it ends with.
    #[tokio::test(start_paused = true)]
    async fn what_replies_told_must_be_in_the_list_or_be_old() {
        let mut suspects = Suspects::default();
        assert!(show(&suspects, &[]), "nothing was paid");
        suspects.reply(Some(Credits(980)));
        suspects.reply(Some(Credits(990)));
        assert!(show(&suspects, &[990, 980]));
        assert!(show(&suspects, &[990, 980, 970]));
        assert!(!show(&suspects, &[990]), "the second is missing");
        assert!(!show(&suspects, &[]));
        assert!(!show(&suspects, &[500, 990, 980]), "it rose in between");
        suspects.rest("t980".into(), Told::All);
        assert!(show(&suspects, &[990, 980]));
        suspects.reply(None);
        assert!(!show(&suspects, &[990, 980]), "nobody told");
        advance(SETTLING).await;
        assert!(show(&suspects, &[]), "it is old");
    }

    /// What was not seen at one rest is not seen at the next only because that looks at later replies alone.
    #[tokio::test(start_paused = true)]
    async fn what_was_missing_once_is_missing_until_it_is_old() {
        for (told, all) in [(Told::Less, false), (Told::Unknown, true)] {
            let mut suspects = Suspects::default();
            suspects.reply(Some(Credits(980)));
            assert_eq!(suspects.told(&listed(&[990])), Told::Less);
            suspects.rest("t990".into(), told);
            assert_eq!(show(&suspects, &[990]), all);
            assert!(!suspects.all_show(&listed(&[990]), SETTLING));
            advance(SETTLING / 2).await;
            suspects.reply(Some(Credits(970)));
            advance(SETTLING / 2).await;
            assert!(suspects.all_show(&listed(&[990, 980, 970]), SETTLING));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn doubts_are_judged_once_their_charges_would_show_and_not_too_often() {
        let mut suspects = Suspects::default();
        assert_eq!(suspects.due(SETTLING), None);
        let start = Instant::now();
        suspects.suspect(BatchId(1), true);
        suspects.suspect(BatchId(2), false);
        assert_eq!(suspects.due(SETTLING), Some(start + SETTLING));
        advance(Duration::from_secs(179)).await;
        suspects.suspect(BatchId(3), true);
        advance(Duration::from_secs(1)).await;
        let waiting: Vec<_> = suspects.waiting(SETTLING, Instant::now()).collect();
        assert_eq!(waiting, [(BatchId(1), true), (BatchId(3), false)]);
        suspects.judged(&[BatchId(1)].into(), false);
        assert_eq!(suspects.due(SETTLING), Some(start + Duration::from_secs(359)));
        for _ in 0..TRIES {
            assert!(suspects.due(SETTLING).is_some());
            suspects.judged(&[BatchId(3)].into(), true);
        }
        assert_eq!(suspects.due(SETTLING), None);
        assert_eq!(suspects.given_up(BatchId(2)), Some(start));
    }
}
