//! A step asks: round after round, each provider what those before it provably do not know.

use super::{Purpose, doubts::Freed, session::Session, taking::Elsewhere};
use crate::{
    chain::{Chain, Rejections},
    enriching::{Finished, each_batch},
    exit::Failure,
    needs::{Counts, Needs},
    prepared::{PreparedAttempt, PreparedStep},
    progress,
    summary::{ProviderSummary, StepSummary},
};
use leadmill_core::{BatchId, KeySet, Query, QueryKey, State, chain::Turn, index::Need};
use leadmill_engine::{Ending, Order};
use leadmill_state::Spool;
use std::{collections::BTreeMap, io};

/// Times that a provider is asked again for questions that proved not to be charged.
pub(super) const AGAIN: u32 = 3;

/// Times that jobs which are named for batches are looked at.
const LOOKS: u32 = 50;

/// What the asking of one step has come to in this session.
pub(super) struct Asking {
    /// Its questions.
    pub(super) seen: KeySet,
    /// What there was to do at the start.
    pub(super) counts: Option<Counts>,
    /// The same, of the pages of a search that were looked at before these.
    pub(super) turned: Option<Counts>,
    pub(super) rejections: Rejections,
    /// By attempt.
    pub(super) tries: Vec<Tries>,
}

/// What the asking of one provider has come to in this session.
pub(super) struct Tries {
    /// Where it did not come to its end, nothing more is asked.
    pub(super) ending: Ending,
    asked: u64,
    /// What was asked is asked again only if it proved not to be charged.
    tried: KeySet,
    /// How often that was so.
    again: u32,
    /// How often jobs were named for its batches.
    looks: u32,
    /// Jobs that were open at the start.
    jobs: Vec<BatchId>,
}

impl Asking {
    fn new(attempts: usize) -> Self {
        let tries = || Tries {
            ending: Ending::Complete,
            asked: 0,
            tried: KeySet::default(),
            again: 0,
            looks: 0,
            jobs: Vec::new(),
        };
        Self {
            seen: KeySet::default(),
            counts: None,
            turned: None,
            rejections: Rejections::default(),
            tries: std::iter::repeat_with(tries).take(attempts).collect(),
        }
    }

    /// Whether a provider was asked a question in this session.
    pub(super) fn is_tried(&self, turn: usize, key: &QueryKey) -> bool {
        self.tries.get(turn).is_none_or(|tries| tries.tried.contains(key))
    }

    /// A provider was asked a question that had arrived.
    pub(super) fn has_tried(&mut self, turn: usize, key: QueryKey) {
        if let Some(tries) = self.tries.get_mut(turn) {
            tries.asked += u64::from(tries.tried.insert(key));
        }
    }

    fn ending(&self) -> Ending {
        let endings = self.tries.iter().map(|tries| tries.ending);
        endings.max().unwrap_or(Ending::Complete)
    }
}

/// What came of asking one provider in one round.
pub(super) struct Asked {
    pub(super) ending: Ending,
    /// Whether others may have got something to do by it.
    pub(super) has_moved: bool,
}

impl<'a> Session<'a> {
    /// Finds out what a step has to ask, asks it, and loads the answers.
    pub(super) async fn step(
        &mut self,
        place: usize,
        step: &'a PreparedStep,
        finished: &[Finished<'a>],
    ) -> Result<(Ending, Finished<'a>), Failure> {
        let mut asking = Asking::new(step.attempts.len());
        for attempt in &step.attempts {
            if self.has_doubts(attempt).await? {
                self.reconcile(step, attempt).await?;
            }
        }
        // Whose turn it is depends on what the hits are worth that are known.
        if asking.rejections.are_pending(self.book.ledger(), step) {
            asking.seen = self.look(place, step, finished).await?;
            self.judge(place, step, &mut asking).await?;
        }
        for (attempt, tries) in step.attempts.iter().zip(&mut asking.tries) {
            tries.jobs = self.own_jobs(attempt);
        }
        let mut elsewhere;
        loop {
            while self.round(place, step, finished, &mut asking).await? {}
            if self.turn(place, &mut asking).await? {
                continue;
            }
            elsewhere = self.elsewhere(step).await?;
            if elsewhere != Elsewhere::Moved {
                break;
            }
        }
        self.hand_back().await?;
        let ending = match elsewhere {
            Elsewhere::Still => asking.ending().max(Ending::AtOthers),
            _ => asking.ending(),
        };
        let providers = step.attempts.iter().zip(&asking.tries);
        let providers = providers.map(|(attempt, tries)| ProviderSummary {
            name: attempt.provider.clone(),
            lanes: self.lanes(&step.spec.name, &attempt.account.purse),
            asked: tries.asked,
            ending: tries.ending,
            rows: 0,
        });
        let summary = StepSummary {
            name: step.spec.name.clone(),
            operation: step.operation.name(),
            order: step.order,
            providers: providers.collect(),
            counts: asking.counts.unwrap_or_default(),
            ending,
            rows: BTreeMap::new(),
            given_up: 0,
            stale_held: 0,
        };
        self.steps.push(summary);
        let (reopened, loaded) = self.load(place, step, &mut asking).await?;
        Ok((ending.max(reopened), loaded))
    }

    /// Asks every provider what it is its turn to be asked. Tells whether there is more to ask then.
    async fn round(
        &mut self,
        place: usize,
        step: &'a PreparedStep,
        finished: &[Finished<'a>],
        asking: &mut Asking,
    ) -> Result<bool, Failure> {
        let spools = self.needs(place, step, finished, asking).await?;
        let asked = self.ask_all(step, spools, asking).await?;
        self.judge(place, step, asking).await?;
        let mut is_more = false;
        let last = step.attempts.len().saturating_sub(1);
        for (turn, (attempt, asked)) in step.attempts.iter().zip(asked).enumerate() {
            let Some(tries) = asking.tries.get_mut(turn) else { continue };
            let Some(Asked { ending, has_moved }) = asked else { continue };
            tries.ending = ending;
            is_more |= has_moved && turn < last;
            if ending == Ending::Interrupted {
                return Ok(false);
            }
            let may_go_on = matches!(ending, Ending::Complete | Ending::TooMuchInDoubt);
            if !may_go_on || tries.again >= AGAIN {
                continue;
            }
            // What was lost in this session may prove to be free, and is asked again: a few times, since a
            // provider that loses every reply is not to be asked for ever.
            match self.freed(step, attempt, std::mem::take(&mut tries.jobs)).await? {
                Freed::Nothing => {}
                Freed::Questions => {
                    tries.again += 1;
                    tries.tried.clear();
                    tries.ending = Ending::Complete;
                    is_more = true;
                }
                // So many are named for a batch, and each of them is tried a few times.
                Freed::Jobs => {
                    tries.looks += 1;
                    if tries.looks < LOOKS {
                        tries.ending = Ending::Complete;
                        is_more = true;
                    }
                }
            }
        }
        Ok(is_more)
    }

    /// Asks the providers of a round, each with the questions in its spool. None of those is asked that came to an end
    /// before.
    async fn ask_all(
        &mut self,
        step: &'a PreparedStep,
        spools: Vec<Spool>,
        asking: &mut Asking,
    ) -> Result<Vec<Option<Asked>>, Failure> {
        let stop = *self.stop.borrow();
        let mut at_work = Vec::new();
        for (turn, (attempt, spool)) in step.attempts.iter().zip(spools).enumerate() {
            let tries = asking.tries.get(turn);
            let is_over =
                stop || tries.is_none_or(|tries| tries.ending != Ending::Complete);
            // Misses of those before it may arrive.
            let has_work =
                !spool.is_empty() || self.open_jobs(attempt) > 0 || !at_work.is_empty();
            match is_over || !has_work {
                true => drop(spool.read()),
                false => at_work.push((turn, spool)),
            }
        }
        let mut all: Vec<Option<Asked>> = step.attempts.iter().map(|_| None).collect();
        let asked = match at_work.len() > 1 && *self.purpose == Purpose::Buy {
            true => self.ask_together(step, at_work, asking).await?,
            false => {
                let mut asked = Vec::new();
                for (turn, spool) in at_work {
                    let Some(attempt) = step.attempts.get(turn) else { continue };
                    asked.push((turn, self.ask(step, attempt, spool).await?));
                }
                asked
            }
        };
        for (turn, asked) in asked {
            if let Some(place) = all.get_mut(turn) {
                *place = Some(asked);
            }
        }
        Ok(all)
    }

    /// Asks a provider what is to be asked, and fetches what was asked.
    async fn ask(
        &mut self,
        step: &'a PreparedStep,
        attempt: &'a PreparedAttempt,
        spool: Spool,
    ) -> Result<Asked, Failure> {
        let asked = match self.purpose {
            Purpose::Buy => spool.len(),
            Purpose::Fetch { .. } => 0,
        };
        let left = spool.len() - asked;
        let jobs = self.open_jobs(attempt);
        let ending = match asked > 0 || jobs > 0 {
            true => {
                let order = self.order(step, attempt, asked);
                self.buy(attempt, &order, spool).await?
            }
            false => {
                drop(spool.read());
                Ending::Complete
            }
        };
        let ending = if left > 0 { ending.max(Ending::Fetched) } else { ending };
        Ok(Asked { ending, has_moved: asked > 0 || self.open_jobs(attempt) < jobs })
    }

    /// What a provider is to be asked in a step.
    pub(super) fn order(
        &self,
        step: &PreparedStep,
        attempt: &PreparedAttempt,
        questions: u64,
    ) -> Order {
        Order {
            lane: attempt.lane,
            min_rows: Some(attempt.fewest_in_a_job()),
            buys: *self.purpose == Purpose::Buy,
            ours: self.ours.clone(),
            siblings: self.siblings(),
            ..Order::new(&step.spec.name, step.operation, questions)
        }
    }

    /// Our jobs at an account.
    pub(super) fn open_jobs(&self, attempt: &PreparedAttempt) -> usize {
        let open = self.book.ledger().open(&attempt.account.purse);
        let ours = open.filter(|line| self.ours.holds(line));
        ours.filter(|line| line.state != State::InDoubt).count()
    }

    /// Fetches what was asked, and asks nothing.
    pub(super) async fn fetch_jobs(
        &mut self,
        place: usize,
        step: &'a PreparedStep,
    ) -> Result<Ending, Failure> {
        let mut ending = Ending::Complete;
        for (turn, attempt) in step.attempts.iter().enumerate() {
            let spool = self.spool(place, turn)?;
            ending = ending.max(self.ask(step, attempt, spool).await?.ending);
        }
        Ok(ending)
    }

    async fn buy(
        &mut self,
        attempt: &PreparedAttempt,
        order: &Order,
        spool: Spool,
    ) -> Result<Ending, Failure> {
        let mut questions = spool.read().map_err(spool_failed)?;
        let Self {
            prepared, store, run, book, accounts, stop, terminal, purpose, ..
        } = self;
        let engine = accounts.engine(prepared, attempt, store, run.id, stop).await?;
        let snapshots = engine.progress();
        let buy = async {
            engine.open_wallet().await?;
            match purpose {
                Purpose::Buy => engine.buy(book, order, &mut questions, None).await,
                Purpose::Fetch { .. } => {
                    engine.buy(book, order, &mut std::iter::empty(), None).await
                }
            }
        };
        tokio::select! {
            ending = buy => Ok(ending?),
            () = progress::show(&order.step, &attempt.provider, snapshots, terminal) => {
                Err(Failure::failed("the progress ended before the run"))
            }
        }
    }

    fn spool(&self, place: usize, turn: usize) -> Result<Spool, Failure> {
        let number = turn * self.prepared.steps.len() + place;
        Spool::create(&self.store.questions(self.run.id, number)).map_err(spool_failed)
    }

    /// One pass over the rows: what is to be asked goes to the spool of whose turn it is, each question once.
    async fn needs(
        &self,
        place: usize,
        step: &PreparedStep,
        finished: &[Finished<'_>],
        asking: &mut Asking,
    ) -> Result<Vec<Spool>, Failure> {
        let mut spools = Vec::with_capacity(step.attempts.len());
        for turn in 0..step.attempts.len() {
            spools.push(self.spool(place, turn)?);
        }
        let Asking { rejections, tries, .. } = asking;
        let is_waterfall = tries.len() > 1;
        let chain = Chain::new(self.book.ledger(), step, &self.at(), rejections);
        let mut needs = Needs::default();
        let push = |turn: Turn, query: &Query| {
            let Turn::At(turn, Need::Buy) = turn else { return Ok(()) };
            let (Some(spool), Some(tries)) = (spools.get_mut(turn), tries.get_mut(turn))
            else {
                return Ok(());
            };
            let is_new = !is_waterfall || tries.tried.insert(query.key());
            if !is_new || tries.ending != Ending::Complete {
                return Ok(());
            }
            tries.asked += 1;
            spool.push(query)
        };
        self.pass(place, step, finished, &chain, &mut needs, push).await?;
        asking.seen = needs.seen;
        let earlier = asking.turned.take().unwrap_or_default();
        asking.counts.get_or_insert(needs.counts.with_bought(earlier.to_buy));
        Ok(spools)
    }

    /// The questions of the rows.
    async fn look(
        &self,
        place: usize,
        step: &PreparedStep,
        finished: &[Finished<'_>],
    ) -> Result<KeySet, Failure> {
        let rejections = Rejections::default();
        let chain = Chain::new(self.book.ledger(), step, &self.at(), &rejections);
        let mut needs = Needs::default();
        self.pass(place, step, finished, &chain, &mut needs, |_, _| Ok(())).await?;
        Ok(needs.seen)
    }

    async fn pass(
        &self,
        place: usize,
        step: &PreparedStep,
        finished: &[Finished<'_>],
        chain: &Chain<'_>,
        needs: &mut Needs,
        mut each: impl FnMut(Turn, &Query) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let mut key = self.prepared.source.key_check()?;
        let act = async |batch| {
            self.go_on()?;
            if place == 0 {
                key.check(&batch).map_err(|error| self.prepared.misfit(error))?;
            }
            let asked = step.questions.read(&batch);
            let asked = asked.map_err(|error| self.prepared.misfit_in(place, error))?;
            needs.take(&asked, chain, &mut each).map_err(spool_failed)
        };
        each_batch(self.prepared, self.source(), finished, act).await
    }
}

pub(super) fn spool_failed(error: io::Error) -> Failure {
    Failure::failed(format!("questions: {error}"))
}
