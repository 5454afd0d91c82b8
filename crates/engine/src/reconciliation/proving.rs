//! What the wallet's transactions say of doubts: how far they are read, and which charges must be among them.

use super::{Listing, listing::Next};
use crate::{Book, Engine, RunError, suspects::Told};
use leadmill_core::{
    BatchId, Call, Credits, Hint, HintKind, Lane, Line, Operation, State, Unproved,
    history::{Facts, Proofs},
    provider::CALL_TIMEOUT,
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};
use tokio::time::{Instant, sleep_until};

/// Times that the history is read: what came while it was read does not add up.
const READS: u32 = 3;

/// How long the transactions are read farther back than to the doubts, and how far that is.
const WIDER: Duration = Duration::from_secs(60);
const SHORTLY: Duration = Duration::from_secs(3_600);

/// The age from which on that is not done.
const LONG_AGO: Duration = Duration::from_secs(86_400);

/// Why the wallet's history says nothing.
#[derive(Clone, Debug)]
pub(super) enum Blind {
    /// It never will: the provider has none, or it was not read before the batch was sent.
    Always(&'static str),
    /// It may another time.
    Now(String),
}

impl Engine {
    /// Why a doubt stays one, and whether that is so whatever is read later.
    pub(super) fn held(&self, unproved: Unproved) -> (String, bool) {
        match unproved {
            Unproved::Gap | Unproved::Early => (unproved.to_string(), false),
            Unproved::TooShort if self.listing.is_cut() => {
                (self.so_far(&unproved.to_string()), false)
            }
            _ => (unproved.to_string(), true),
        }
    }

    /// Holds the wallet's history against the book, back to the oldest doubt; else tells why that cannot be done.
    pub(super) async fn prove(
        &mut self,
        book: &Book,
        doubts: &[Line],
    ) -> Result<Result<Proofs, Blind>, RunError> {
        let Some(settling) = self.settling() else {
            return Ok(Err(Blind::Always("the provider lists no transactions")));
        };
        let mut anchors: BTreeSet<Arc<str>> =
            doubts.iter().filter_map(|line| line.anchor.clone()).collect();
        if anchors.is_empty() {
            let why = "the wallet's history was not read before it was sent";
            return Ok(Err(Blind::Always(why)));
        }
        let (mut reads, mut patience, mut is_wide) = (0, self.patience, false);
        loop {
            if let Err(blind) = self.read_listing(&anchors, patience).await? {
                return Ok(Err(blind));
            }
            reads += 1;
            let ours_show = self.suspects.all_show(&self.listing, settling);
            let proofs = self.proofs(usize::MAX, self.ours(book), ours_show, settling);
            let left = |line: &&Line| proofs.proves_free(line).err();
            let has = |unproved| doubts.iter().any(|line| left(&line) == Some(unproved));
            if has(Unproved::Gap) && reads < READS {
                continue;
            }
            // Of what was answered here it is known when it surely shows.
            let shows = self.suspects.replied_at().map(|at| at + settling);
            if let Some(at) = shows.filter(|at| *at > Instant::now())
                && has(Unproved::Early)
            {
                self.progress.send_modify(|shown| shown.settling = true);
                sleep_until(at).await;
                self.progress.send_modify(|shown| shown.settling = false);
                continue;
            }
            let is_charged =
                |line: &&Line| matches!(left(line), Some(Unproved::Charged(_)));
            let wider = self.before(book, doubts.iter().filter(is_charged));
            if is_wide || wider.is_empty() {
                return Ok(Ok(proofs));
            }
            anchors.extend(wider);
            (is_wide, patience) = (true, WIDER);
        }
    }

    fn ours<'a>(&'a self, book: &'a Book) -> impl Iterator<Item = &'a Line> {
        book.ledger().lines().iter().filter(|line| line.account == self.purse)
    }

    /// The anchors of what left shortly before doubts: where several processes spend, a moment at which nothing of one was
    /// in flight was none of the others'.
    fn before<'a>(
        &self,
        book: &Book,
        doubts: impl Iterator<Item = &'a Line>,
    ) -> BTreeSet<Arc<str>> {
        let now = self.clock.now();
        let times = doubts.map(|line| line.intended_at);
        // What was held so long stays held: nothing is read for it again and again.
        let times = times.filter(|at| now.since(*at) < LONG_AGO);
        let Some(first) = times.min() else { return BTreeSet::new() };
        let since = first.before(SHORTLY);
        let lines = self.ours(book);
        let before =
            lines.filter(|line| line.intended_at >= since && line.intended_at <= first);
        before.filter_map(|line| line.anchor.clone()).collect()
    }

    /// How long a charge may take to show among the wallet's transactions, where there are any.
    pub(crate) fn settling(&self) -> Option<Duration> {
        self.provider.account().pack.settling.map(|settling| settling.0)
    }

    /// The reply to a paid call was lost: whether it was charged, the wallet's history may tell once it would show.
    pub(crate) fn suspect(&mut self, batch: BatchId) {
        let is_provable = self.settling().is_some() && self.anchor.is_some();
        self.suspects.suspect(batch, is_provable);
    }

    /// What the newest `most` transactions prove, held against these lines. `ours_show`: whether the charges of this
    /// session's must be among them.
    pub(super) fn proofs<'a>(
        &self,
        most: usize,
        lines: impl Iterator<Item = &'a Line>,
        ours_show: bool,
        settling: Duration,
    ) -> Proofs {
        let account = self.provider.account();
        let least_price = |operation: Operation| {
            account.offer(operation).and_then(|offer| offer.least_price)
        };
        let shows = |line: &Line| match self.is_of_this_session(line) {
            true => ours_show,
            false => self.is_old(line, settling),
        };
        let facts = Facts { least_price: &least_price, shows: &shows };
        self.listing.history().proofs(most, lines, &facts)
    }

    fn is_of_this_session(&self, line: &Line) -> bool {
        line.run == self.run && line.moment.is_some_and(|moment| moment >= self.begun)
    }

    /// Whether the reply to a line of another process came so long ago that its charge shows.
    fn is_old(&self, line: &Line, settling: Duration) -> bool {
        let (now, moment) = (self.clock.now(), self.clock.moment());
        let age = line.age(now, moment);
        let answered = match &line.state {
            State::Settled { at, .. } => now.since(*at),
            _ => Duration::ZERO,
        };
        age >= settling && answered >= settling || age >= settling + CALL_TIMEOUT
    }

    /// Reads the wallet's transactions back to these, and its balance after them. What was read before is not read
    /// again.
    pub(super) async fn read_listing(
        &mut self,
        anchors: &BTreeSet<Arc<str>>,
        patience: Duration,
    ) -> Result<Result<(), Blind>, RunError> {
        let until = Instant::now() + patience;
        let mut page = 1;
        self.listing.begin();
        loop {
            let provider = Arc::clone(&self.provider);
            let read = self
                .free_call(Call::Transactions, async || provider.transactions(page).await)
                .await?;
            let Some(read) = read else {
                let why = "the wallet's transactions could not be read";
                return Ok(Err(Blind::Now(self.so_far(why))));
            };
            let next = self.listing.take(page, read);
            let reaches = |listing: &Listing| {
                anchors.iter().all(|anchor| listing.rows_after(anchor).is_some())
            };
            match next {
                Next::End => break,
                Next::Page(_) if self.listing.is_joined() && reaches(&self.listing) => {
                    break;
                }
                Next::Page(next) if Instant::now() < until => page = next,
                Next::Page(_) | Next::Stuck => {
                    self.listing.cut();
                    break;
                }
            }
        }
        // What came since it was last read is not there.
        if !self.listing.is_joined() {
            return Ok(Err(Blind::Now(
                self.so_far("the newest transactions are too many"),
            )));
        }
        let provider = Arc::clone(&self.provider);
        let balance =
            self.free_call(Call::Balance, async || provider.balance().await).await?;
        let Some(balance) = balance else {
            return Ok(Err(Blind::Now("the wallet could not be read".to_owned())));
        };
        self.listing.weigh(balance);
        Ok(Ok(()))
    }

    /// Why reading ended, and where: the next look goes on there.
    fn so_far(&self, why: &str) -> String {
        match self.listing.history().rows.len() {
            0 => why.to_owned(),
            count => {
                format!("{why}: {count} were read, and the next look goes on from there")
            }
        }
    }

    /// Remembers the wallet's newest transaction: what is charged from here on is newer. No paid call may be in flight.
    pub(crate) async fn drop_anchor(&mut self) -> Result<(), RunError> {
        if self.settling().is_none() {
            return Ok(());
        }
        let provider = Arc::clone(&self.provider);
        let read = self
            .free_call(Call::Transactions, async || provider.transactions(1).await)
            .await?;
        if let Some(read) = read {
            let newest = read.rows.first().map(|row| Arc::clone(&row.id));
            self.anchored(newest.unwrap_or_default(), Told::Unknown);
        }
        Ok(())
    }

    /// The newest transaction while no paid call is in flight.
    pub(super) fn anchored(&mut self, newest: Arc<str>, told: Told) {
        self.anchor = Some(Arc::clone(&newest));
        self.suspects.rest(newest, told);
    }

    /// Transactions that name a job which is none of ours hint at what became of a doubt, as callbacks do.
    pub(super) fn hear_of_jobs(&self, doubts: &[Line], proofs: &Proofs) {
        let mut turns: HashMap<Credits, usize> = HashMap::new();
        let bulks = doubts.iter().filter(|line| line.lane == Lane::Bulk);
        for line in bulks.filter(|line| proofs.proves_free(line).is_err()) {
            let turn = turns.entry(line.reserve).or_default();
            for job in proofs.jobs(line, *turn) {
                self.hints.tell(Hint { batch: line.batch, job, kind: HintKind::Item });
            }
            *turn += 1;
        }
    }
}
