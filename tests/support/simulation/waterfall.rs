//! Two providers, of which the second is asked what the first provably does not know: both at work at once, as in the
//! binary.

use super::{Crash, Freed, Known, World, own_jobs, process::Process};
use leadmill_core::{
    BatchId, Ledger, Operation, Ours, Query, QueryKey, State,
    chain::{self, turn},
    index::Need,
};
use leadmill_engine::{Book, Ending, Engine, Order, Report, RunError};
use std::{
    collections::HashSet,
    io,
    sync::{Arc, Mutex},
};
use tokio::sync::{mpsc, watch};

/// A step that tries two providers, on one disk.
pub(crate) struct Waterfall {
    pub(crate) first: World,
    pub(crate) second: World,
}

/// What one session came to, at both.
pub(crate) struct Flow {
    pub(crate) ending: Result<Ending, RunError>,
    pub(crate) reports: [Report; 2],
}

/// Whose turn a question is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    First,
    Second,
    Nobody,
}

/// A provider at work.
struct Worker<'a> {
    world: &'a World,
    engine: Engine,
    book: Book,
    ours: Ours,
    /// Doubts that led to questions, and to jobs.
    rounds: u32,
    looks: u32,
}

impl Waterfall {
    /// Runs once, as a new process would, whose journals die where it is told.
    pub(crate) async fn run_until(
        &self,
        queries: &[Query],
        crashes: [Option<Crash>; 2],
        stop: watch::Receiver<bool>,
    ) -> Flow {
        let patience = self.first.patience + self.second.patience;
        let append_takes = self.first.append_takes.max(self.second.append_takes);
        let process = Arc::new(Process::new(patience, append_takes));
        let work = |world, crash| Worker::new(world, crash, &stop, &process);
        let (mut first, mut second) =
            (work(&self.first, crashes[0]), work(&self.second, crashes[1]));
        let run = self.session(&mut first, &mut second, queries);
        let ending = process.lasting(run).await;
        process.judge(&self.first.disk.lock().unwrap().entries, &ending);
        Flow { ending, reports: [first.engine.report(), second.engine.report()] }
    }

    fn turns(&self, ledger: &Ledger, queries: &[Query]) -> Vec<(Turn, Query)> {
        let known = [Known::new(&self.first, ledger), Known::new(&self.second, ledger)];
        let mut seen = HashSet::new();
        let fresh = queries.iter().filter(|query| seen.insert(query.key()));
        let turn = |query: &Query| {
            let looks = known.each_ref().map(|known| known.look(&query.key()));
            let repeat = looks.iter().position(|look| look.is_repeat);
            let turn = match turn(looks.map(|look| (look.need, look.is_hit))) {
                // While it is in doubt at one of them nobody else is asked it.
                chain::Turn::At(at, Need::Buy) => match repeat.unwrap_or(at) {
                    0 => Turn::First,
                    _ => Turn::Second,
                },
                chain::Turn::At(..) | chain::Turn::Over(_) => Turn::Nobody,
            };
            (turn, query.clone())
        };
        fresh.map(turn).collect()
    }

    async fn session(
        &self,
        first: &mut Worker<'_>,
        second: &mut Worker<'_>,
        queries: &[Query],
    ) -> Result<Ending, RunError> {
        first.begin().await?;
        second.begin().await?;
        // What was asked is asked again only if it proved not to be charged.
        let (mut at_first, mut at_second) = (HashSet::new(), HashSet::new());
        loop {
            first.book.refresh().await?;
            second.book.refresh().await?;
            let turns = self.turns(first.book.ledger(), queries);
            let of = |turn: Turn, tried: &mut HashSet<QueryKey>| -> Vec<Query> {
                let ours = turns.iter().filter(|(at, _)| *at == turn);
                let queries = ours.map(|(_, query)| query.clone());
                queries.filter(|query| tried.insert(query.key())).collect()
            };
            let (asked, next) =
                (of(Turn::First, &mut at_first), of(Turn::Second, &mut at_second));
            let has_work = !asked.is_empty() || !next.is_empty() || first.has_jobs();
            if !has_work && !second.has_jobs() {
                return Ok(Ending::Complete);
            }
            let jobs = [first.own_jobs(), second.own_jobs()];
            let ending =
                self.together(first, second, asked, next, &mut at_second).await?;
            let [first_jobs, second_jobs] = jobs;
            let moved =
                [first.freed(&first_jobs).await?, second.freed(&second_jobs).await?];
            if !matches!(ending, Ending::Complete | Ending::TooMuchInDoubt) {
                return Ok(ending);
            }
            if matches!(moved[0], Freed::Questions) {
                at_first.clear();
            }
            if matches!(moved[1], Freed::Questions) {
                at_second.clear();
            }
            let is_still = moved.iter().all(|freed| matches!(freed, Freed::Nothing));
            let turns = self.turns(first.book.ledger(), queries);
            let is_next = |(turn, query): &(Turn, Query)| match turn {
                Turn::First => !at_first.contains(&query.key()),
                Turn::Second => !at_second.contains(&query.key()),
                Turn::Nobody => false,
            };
            if is_still && !turns.iter().any(is_next)
                || first.is_tired()
                || second.is_tired()
            {
                return Ok(ending);
            }
        }
    }

    /// Both at once: what the first does not know arrives at the second while the first still works.
    async fn together(
        &self,
        first: &mut Worker<'_>,
        second: &mut Worker<'_>,
        asked: Vec<Query>,
        next: Vec<Query>,
        tried: &mut HashSet<QueryKey>,
    ) -> Result<Ending, RunError> {
        const ON_THE_WAY: usize = 10_000;
        let Some(operation) = asked.first().or(next.first()).map(Query::operation) else {
            let operation = self.operation(first.book.ledger());
            let ours = first.buy(operation, Vec::new(), None, None).await?;
            return Ok(ours.max(second.buy(operation, Vec::new(), None, None).await?));
        };
        // By what was known when they began.
        let known = self.second_known(second.book.ledger(), &asked);
        let (sender, mut missed) = mpsc::channel::<Query>(ON_THE_WAY);
        let (arrive, arriving) = mpsc::channel(ON_THE_WAY);
        let moved = Mutex::new(tried);
        let route = async {
            while let Some(query) = missed.recv().await {
                let key = query.key();
                let is_new = known.contains(&key) && moved.lock().unwrap().insert(key);
                if is_new && arrive.send(query).await.is_err() {
                    moved.lock().unwrap().remove(&key);
                }
            }
            drop(arrive);
        };
        let (ours, theirs, ()) = tokio::join!(
            first.buy(operation, asked, Some(sender), None),
            second.buy(operation, next, None, Some(arriving)),
            route
        );
        Ok(ours?.max(theirs?))
    }

    /// Questions that the second is to be asked if the first misses them.
    fn second_known(&self, ledger: &Ledger, asked: &[Query]) -> HashSet<QueryKey> {
        let known = Known::new(&self.second, ledger);
        let keys = asked.iter().map(Query::key);
        keys.filter(|key| known.look(key).need == Need::Buy).collect()
    }

    fn operation(&self, ledger: &Ledger) -> Operation {
        let purses = [&self.first.account.purse, &self.second.account.purse];
        let open = purses.iter().flat_map(|purse| ledger.open(purse));
        open.map(|line| line.operation).next().unwrap()
    }
}

impl<'a> Worker<'a> {
    fn new(
        world: &'a World,
        crash: Option<Crash>,
        stop: &watch::Receiver<bool>,
        process: &Arc<Process>,
    ) -> Self {
        let (engine, book) =
            (world.engine(stop.clone(), process), world.book(crash, process));
        let ours = world.ours(book.ledger());
        Self { world, engine, book, ours, rounds: 0, looks: 0 }
    }

    async fn begin(&mut self) -> Result<(), RunError> {
        self.engine.open_wallet().await?;
        self.freed(&[]).await.map(|_| ())
    }

    /// Ends the doubts that can be ended. Tells what there is to do then.
    async fn freed(&mut self, jobs: &[BatchId]) -> Result<Freed, RunError> {
        self.book.refresh().await?;
        let Some(policy) = &self.world.doubtful else { return Ok(Freed::Nothing) };
        let ours = &self.ours;
        let reconciled = self.engine.reconcile(&mut self.book, ours, policy).await?;
        let freed = Freed::by(&reconciled, jobs, self.book.ledger());
        match freed {
            Freed::Nothing => {}
            Freed::Jobs => self.looks += 1,
            Freed::Questions => self.rounds += 1,
        }
        Ok(freed)
    }

    const fn is_tired(&self) -> bool {
        self.rounds > super::AGAIN || self.looks > super::LOOKS
    }

    fn own_jobs(&self) -> Vec<BatchId> {
        own_jobs(self.book.ledger(), &self.world.account.purse)
    }

    fn has_jobs(&self) -> bool {
        let open = self.book.ledger().open(&self.world.account.purse);
        let mut ours = open.filter(|line| self.ours.holds(line));
        ours.any(|line| line.state != State::InDoubt)
    }

    async fn buy(
        &mut self,
        operation: Operation,
        asked: Vec<Query>,
        missed: Option<mpsc::Sender<Query>>,
        arriving: Option<mpsc::Receiver<Query>>,
    ) -> Result<Ending, RunError> {
        let order =
            Order { missed, ..self.world.order(&self.ours, operation, asked.len()) };
        let mut questions = asked.into_iter().map(io::Result::Ok);
        // The order ends here: who is next need not wait.
        self.engine.buy(&mut self.book, &order, &mut questions, arriving).await
    }
}
