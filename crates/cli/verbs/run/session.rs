//! What a process does for a run: step after step, then the output.

use super::{Purpose, doubts::Freed};
use crate::{
    accounts::Accounts,
    clock::SystemClock,
    enriching::{At, Finished, each_batch},
    exit::{Exit, Failure},
    needs::{Known, Needs},
    prepared::{Prepared, PreparedStep},
    progress,
    summary::{AccountSummary, StepSummary, Summary},
    terminal::Terminal,
};
use leadmill_core::{
    Clock, Credits, Entry, Event, KeySet, Lane, Line, Part, RunId, State, Status,
    Timestamp, schedule::Lanes,
};
use leadmill_engine::{Book, Doubt, Ending, Order, Recorded};
use leadmill_state::{Run, Spool, Store};
use leadmill_tables::{Sink, Subject, Written, failed_rows, statuses};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::Arc,
};
use tokio::{sync::watch, time::Instant};

/// Times that a step goes round again for questions that proved not to be charged.
const AGAIN: u32 = 3;

/// A process at work on a run.
pub(super) struct Session<'a> {
    pub(super) prepared: &'a Prepared,
    pub(super) store: &'a Store,
    pub(super) run: Run,
    pub(super) purpose: &'a Purpose,
    /// Runs whose open jobs other processes fetch.
    pub(super) others: BTreeSet<RunId>,
    pub(super) book: Book,
    pub(super) accounts: Accounts,
    pub(super) stop: watch::Receiver<bool>,
    pub(super) terminal: &'a Terminal,
    /// When the session began: answers are judged by this time throughout.
    pub(super) now: Timestamp,
    pub(super) steps: Vec<StepSummary>,
}

impl<'a> Session<'a> {
    /// Every step, and the output.
    pub(super) async fn whole(mut self, start: Instant) -> Result<Summary, Failure> {
        // What a process that has ended left open is ours from here on; what others are at work on is not.
        self.take_up().await?;
        self.forget_embedded().await?;
        let prepared = self.prepared;
        let (mut finished, mut ending) = (Vec::new(), Ending::Complete);
        for (place, step) in prepared.steps.iter().enumerate() {
            let stepped = self.step(place, step, &finished).await;
            if *self.stop.borrow() {
                ending = Ending::Interrupted;
                break;
            }
            let (step_ending, loaded) =
                stepped.map_err(|failure| self.place_failure(failure))?;
            ending = ending.max(step_ending);
            finished.push(loaded);
        }
        let (mut output, mut errors) = (None, None);
        if ending != Ending::Interrupted {
            match self.write(&finished).await.map_err(Failure::after_asking)? {
                Some((written, failed)) => (output, errors) = (Some(written), failed),
                None => ending = Ending::Interrupted,
            }
        }
        Ok(Summary { output, errors, ..self.sum_up(ending, start) })
    }

    /// An error, if the run was told to stop. It never gets further than the verb.
    fn go_on(&self) -> Result<(), Failure> {
        match *self.stop.borrow() {
            true => Err(Failure::failed("interrupted")),
            false => Ok(()),
        }
    }

    /// A failure of a step: once anything was asked, the file is no longer to blame.
    fn place_failure(&self, failure: Failure) -> Failure {
        let mut engines = self.accounts.engines();
        match engines.any(|(_, engine)| engine.report().balance.is_some()) {
            true => failure.after_asking(),
            false => failure,
        }
    }

    /// The embedded sandbox of an earlier process is gone, with its jobs and without any money.
    async fn forget_embedded(&mut self) -> Result<(), Failure> {
        let providers = &self.prepared.pipeline.providers;
        let is_embedded = |step: &&PreparedStep| {
            providers.get(&step.provider).is_some_and(|provider| provider.is_embedded())
        };
        let embedded = self.prepared.steps.iter().filter(is_embedded);
        let purses: BTreeSet<&str> =
            embedded.map(|step| step.account.purse.as_str()).collect();
        let mut entries = Vec::new();
        let open = purses.iter().flat_map(|purse| self.book.ledger().open(purse));
        for line in open.filter(|line| !self.others.contains(&line.run)) {
            let event = match &line.state {
                State::Accepted(_) => Event::Settled {
                    cost: Credits::ZERO,
                    statuses: line.keys.iter().map(|_| Status::Failed).collect(),
                    part: Part::Inline([].into()),
                },
                _ => {
                    Event::Refused { reason: "the sandbox has ended".into(), again: true }
                }
            };
            // Before the session, so that nothing of it counts as failed in this one.
            let at = Timestamp(self.now.0 - 1);
            entries.push(Entry { at, run: self.run.id, batch: line.batch, event });
        }
        match self.book.record(&entries).await {
            Ok(Recorded::Written) => Ok(()),
            Ok(Recorded::Collides) => Err(Failure::failed("the journal has changed")),
            Err(error) => Err(Failure::failed(error.to_string())),
        }
    }

    fn at(&self) -> At<'_> {
        At { run: Some(self.run.id), now: self.now, others: &self.others }
    }

    /// Takes up what processes that have ended left open.
    async fn take_up(&mut self) -> Result<(), Failure> {
        // At other accounts others may want to.
        let steps = &self.prepared.steps;
        let purses: BTreeSet<&str> =
            steps.iter().map(|step| step.account.purse.as_str()).collect();
        let open = self.book.ledger().lines().iter().filter(|line| line.is_open());
        let open = open.filter(|line| purses.contains(&*line.account));
        let runs: BTreeSet<RunId> = open.map(|line| line.run).collect();
        self.others = self.store.others(runs).await?;
        Ok(())
    }

    /// Whose open jobs are not ours, now that others may have begun some.
    pub(super) fn notice_others(&mut self) {
        let open = self.book.ledger().lines().iter().filter(|line| line.is_open());
        self.others = self.store.strangers(open.map(|line| line.run));
    }

    /// Finds out what a step has to ask, asks it, and loads the answers.
    async fn step(
        &mut self,
        place: usize,
        step: &'a PreparedStep,
        finished: &[Finished<'a>],
    ) -> Result<(Ending, Finished<'a>), Failure> {
        let spool_failed =
            |error: io::Error| Failure::failed(format!("questions: {error}"));
        let mut spool = Spool::create(&self.store.questions(self.run.id, place))
            .map_err(spool_failed)?;
        if self.has_doubts(step).await? {
            self.reconcile(step).await?;
        }
        let mut needs = self.needs(place, step, finished, &mut spool).await?;
        let mut taken_up = self.own_jobs(step);
        let mut ending = self.ask(step, spool).await?;
        // What was lost in this session may prove to be free, and is asked again: a few times, since a
        // provider that loses every reply is not to be asked for ever.
        let mut again = 0;
        while again < AGAIN && ending == Ending::Complete {
            match self.freed(step, std::mem::take(&mut taken_up)).await? {
                Freed::Nothing => break,
                Freed::Questions => again += 1,
                // So many are named for a batch, and each of them is tried a few times.
                Freed::Jobs => {}
            }
            let mut spool = Spool::create(&self.store.questions(self.run.id, place))
                .map_err(spool_failed)?;
            let more = self.needs(place, step, finished, &mut spool).await?;
            needs.seen = more.seen;
            ending = self.ask(step, spool).await?;
        }
        self.notice_others();
        let lanes = self.lanes(&step.spec.name);
        self.steps.push(StepSummary {
            name: step.spec.name.clone(),
            operation: step.operation.name(),
            provider: step.provider.clone(),
            lanes,
            counts: needs.counts,
            ending,
            rows: BTreeMap::new(),
        });
        let (reopened, loaded) = self.load(place, step, &needs.seen).await?;
        Ok((ending.max(reopened), loaded))
    }

    /// Loads the answers of a step. Those that can no longer be read are fetched again, which is free.
    async fn load(
        &mut self,
        place: usize,
        step: &'a PreparedStep,
        seen: &KeySet,
    ) -> Result<(Ending, Finished<'a>), Failure> {
        let (results, mut ending) = (&self.prepared.results, Ending::Complete);
        for round in 0.. {
            let ledger = self.book.ledger();
            let loaded =
                Finished::load(place, step, ledger, results, &self.at(), seen).await;
            match loaded {
                Ok(loaded) => return Ok((ending, loaded)),
                Err(error) if error.subject == Subject::Part && round < AGAIN => {
                    if !self.reopen(step, seen).await? {
                        return Err(error.into());
                    }
                    let spool = Spool::create(&self.store.questions(self.run.id, place));
                    let spool = spool.map_err(|error| {
                        Failure::failed(format!("questions: {error}"))
                    })?;
                    ending = ending.max(self.ask(step, spool).await?);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::failed("the staged answers cannot be read"))
    }

    /// Opens the jobs again whose answers can no longer be read here, as far as they are needed.
    async fn reopen(
        &mut self,
        step: &PreparedStep,
        seen: &KeySet,
    ) -> Result<bool, Failure> {
        let provider = self.prepared.pipeline.providers.get(&step.provider);
        if provider.is_none_or(|provider| provider.is_embedded()) {
            return Ok(false);
        }
        let lines = self.book.ledger().lines().iter().filter(|line| {
            *line.account == *step.account.purse
                && line.operation == step.operation
                && line.keys.iter().any(|key| seen.contains(key))
        });
        let mut entries = Vec::new();
        for line in lines {
            if let State::Settled { part: Part::File(name), job: Some(_), .. } =
                &line.state
                && !self.prepared.results.holds(name).await
            {
                let (batch, event) = (line.batch, Event::Reopened);
                entries.push(Entry {
                    at: SystemClock.now(),
                    run: line.run,
                    batch,
                    event,
                });
            }
        }
        match self.book.record(&entries).await {
            Ok(Recorded::Written) => {}
            Ok(Recorded::Collides) => {
                return Err(Failure::failed("the journal has changed"));
            }
            Err(error) => return Err(Failure::failed(error.to_string())),
        }
        if !entries.is_empty() {
            self.terminal.talk(&format!(
                "the answers of {} batches can no longer be read here: they are fetched again, at no charge\n",
                entries.len()
            ));
        }
        self.take_up().await?;
        Ok(!entries.is_empty())
    }

    /// Asks what is to be asked, and fetches what was asked.
    async fn ask(
        &mut self,
        step: &'a PreparedStep,
        spool: Spool,
    ) -> Result<Ending, Failure> {
        let asked = match self.purpose {
            Purpose::Buy => spool.len(),
            Purpose::Fetch { .. } => 0,
        };
        let left = spool.len() - asked;
        let open = self.book.ledger().open(&step.account.purse);
        let mut ours = open.filter(|line| !self.others.contains(&line.run));
        let has_jobs = ours.any(|line| line.state != State::InDoubt);
        drop(ours);
        let ending = match asked > 0 || has_jobs {
            true => {
                let order = Order {
                    lane: step.lane,
                    buys: *self.purpose == Purpose::Buy,
                    others: self.others.clone(),
                    ..Order::new(&step.spec.name, step.operation, asked)
                };
                self.buy(step, &order, spool).await?
            }
            false => {
                drop(spool.read());
                Ending::Complete
            }
        };
        Ok(if left > 0 { ending.max(Ending::Fetched) } else { ending })
    }

    /// The lanes that a step's questions have taken in this run.
    fn lanes(&self, step: &str) -> Option<Lanes> {
        let lines = self.book.ledger().lines().iter();
        let lines = lines.filter(|line| line.run == self.run.id && *line.step == *step);
        let (mut bulk, mut single) = (false, false);
        for line in lines {
            bulk |= line.lane == Lane::Bulk;
            single |= line.lane == Lane::Single;
        }
        match (bulk, single) {
            (true, true) => Some(Lanes::Both),
            (true, false) => Some(Lanes::Bulk),
            (false, true) => Some(Lanes::Single),
            (false, false) => None,
        }
    }

    /// One pass over the rows: what is to be asked goes to the spool, each question once.
    async fn needs(
        &self,
        place: usize,
        step: &PreparedStep,
        finished: &[Finished<'_>],
        spool: &mut Spool,
    ) -> Result<Needs, Failure> {
        let known = Known::new(self.book.ledger(), step, &self.at());
        let mut needs = Needs::default();
        let mut key = self.prepared.source.key_check()?;
        let act = async |batch| {
            self.go_on()?;
            if place == 0 {
                key.check(&batch).map_err(|error| self.prepared.misfit(error))?;
            }
            let asked = step.questions.read(&batch);
            let asked = asked.map_err(|error| self.prepared.misfit_in(place, error))?;
            let pushed = needs.take(&asked, &known, |query| spool.push(query));
            pushed.map_err(|error| Failure::failed(format!("questions: {error}")))
        };
        each_batch(self.prepared, finished, act).await?;
        Ok(needs)
    }

    async fn buy(
        &mut self,
        step: &PreparedStep,
        order: &Order,
        spool: Spool,
    ) -> Result<Ending, Failure> {
        let mut questions = spool
            .read()
            .map_err(|error| Failure::failed(format!("questions: {error}")))?;
        let Self {
            prepared, store, run, book, accounts, stop, terminal, purpose, ..
        } = self;
        let engine = accounts.engine(prepared, step, store, run.id, stop).await?;
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
            () = progress::show(&order.step, &step.provider, snapshots, terminal) => {
                Err(Failure::failed("the progress ended before the run"))
            }
        }
    }

    /// Joins leads and answers into the output, all or nothing. `None` if it was interrupted.
    async fn write(
        &mut self,
        finished: &[Finished<'a>],
    ) -> Result<Option<(Written, Option<Written>)>, Failure> {
        let prepared = self.prepared;
        let mut sink = Sink::open(&prepared.sink, &prepared.output).await?;
        let mut errors = match &prepared.errors {
            Some(spec) => Some(Sink::open(spec, &prepared.output).await?),
            None => None,
        };
        let columns: Vec<String> =
            prepared.steps.iter().map(|step| step.spec.status_column()).collect();
        let mut counts: Vec<BTreeMap<Status, u64>> = vec![BTreeMap::new(); columns.len()];
        let stop = self.stop.clone();
        let act = async |batch| {
            if *stop.borrow() {
                return Err(Failure::failed("interrupted"));
            }
            for (column, counts) in columns.iter().zip(&mut counts) {
                for status in statuses(&batch, column)? {
                    *counts.entry(status).or_default() += 1;
                }
            }
            if let Some(errors) = &mut errors
                && let Some(rows) = failed_rows(&batch, &columns)?
            {
                errors.write(&rows).await?;
            }
            Ok(sink.write(&batch).await?)
        };
        let passed = each_batch(prepared, finished, act).await;
        if *stop.borrow() {
            return Ok(None);
        }
        passed?;
        let errors = match errors {
            Some(errors) => Some(errors.commit().await?),
            None => None,
        };
        let written = sink.commit().await?;
        self.steps.iter_mut().zip(counts).for_each(|(step, counts)| step.rows = counts);
        Ok(Some((written, errors)))
    }

    fn sum_up(self, ending: Ending, start: Instant) -> Summary {
        let budgets = &self.prepared.pipeline.budget.run;
        let purse = |provider: &str| {
            let step = self.prepared.steps.iter().find(|step| step.provider == provider);
            step.map(|step| step.account.purse.as_str().into())
        };
        let ledger = self.book.ledger();
        let accounts = self.accounts.engines().map(|(provider, engine)| {
            let purse: Option<Arc<str>> = purse(provider);
            let committed = purse
                .as_ref()
                .map_or(Credits::ZERO, |purse| ledger.committed(self.run.id, purse));
            let doubts =
                purse.iter().flat_map(|purse| ledger.open(purse)).filter_map(doubt);
            let summary = AccountSummary {
                report: engine.report(),
                doubts: doubts.collect(),
                committed,
                budget: budgets.get(provider).copied(),
            };
            (provider.clone(), summary)
        });
        let accounts = accounts.collect();
        Summary {
            pipeline: self.prepared.pipeline.name.clone(),
            run: self.run.id.0,
            resumed: self.run.resumed,
            exit: Exit::Done,
            ending,
            accounts,
            steps: self.steps,
            output: None,
            errors: None,
            took: start.elapsed(),
        }
    }
}

/// A batch in doubt, as the journal knows it.
fn doubt(line: &Line) -> Option<Doubt> {
    let unseen = || "the process ended before a reply came".to_owned();
    (line.state == State::InDoubt).then(|| Doubt {
        batch: line.batch,
        at: line.intended_at,
        questions: line.keys.len(),
        reserve: line.credits,
        reason: line.doubt.clone().unwrap_or_else(unseen),
    })
}
