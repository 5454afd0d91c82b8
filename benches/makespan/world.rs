//! The engine's other ports, of memory that forgets, and one run of the real engine among them.

use crate::{
    network::Network,
    provider::Model,
    server::{Counts, Server},
    service::{OPERATION, Service},
};
use async_trait::async_trait;
use leadmill_core::{
    Answered, Appended, BatchId, Clock, Credits, Endpoint, Entry, Journal, JournalError,
    Leases, Ledger, Moment, Operation, Query, RunId, Sent, Staging, StagingError,
    Timestamp,
    slots::{Agreement, Noted, ProcessId, Slots, Trade},
};
use leadmill_engine::{Book, Ending, Engine, Hints, Order, Parts};
use leadmill_sandbox::Options;
use std::{error::Error, io, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

/// What the simulated world is like, whatever the service.
#[derive(Clone, Debug)]
pub(crate) struct Weather {
    /// The sandbox's knobs: how windows count, and who else uses them.
    pub(crate) options: Options,
    pub(crate) headers: bool,
    pub(crate) jitter: Duration,
}

/// What one run came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    pub(crate) takes: Duration,
    pub(crate) answered: u64,
    pub(crate) counts: Counts,
}

/// Wall-clock time that follows tokio's, from 2026-01-01.
#[derive(Debug)]
struct SimulatedClock(Instant);

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        Timestamp(1_767_225_600_000).after(self.0.elapsed())
    }

    fn moment(&self) -> Moment {
        Moment(0).after(self.0.elapsed())
    }
}

/// A journal that nobody will read.
#[derive(Debug)]
struct Nowhere;

#[async_trait]
impl Journal for Nowhere {
    async fn append(&mut self, _: &[Entry]) -> Result<Appended, JournalError> {
        Ok(Appended::Written { before: Vec::new() })
    }
}

#[async_trait]
impl Staging for Nowhere {
    async fn stage(
        &self,
        batch: BatchId,
        _: Operation,
        _: Vec<Answered>,
    ) -> Result<String, StagingError> {
        Ok(batch.to_string())
    }
}

/// The windows' slots, where no other process wants any.
#[derive(Debug, Default)]
struct Alone(Slots);

impl Leases for Alone {
    fn note(&mut self, _: &[Sent]) -> Result<Noted, JournalError> {
        Ok(Noted::Written)
    }

    fn heard(&mut self, _: Moment, _: Endpoint) -> Result<(), JournalError> {
        Ok(())
    }

    fn freeze(&mut self, now: Moment, until: Moment) -> Result<(), JournalError> {
        self.0.freeze(now, until);
        Ok(())
    }

    fn close(
        &mut self,
        now: Moment,
        to: Endpoint,
        until: Moment,
    ) -> Result<(), JournalError> {
        self.0.close(now, to, until);
        Ok(())
    }

    fn trade(
        &mut self,
        now: Moment,
        trades: &[Trade],
    ) -> Result<Agreement, JournalError> {
        Ok(self.0.trade(ProcessId(1), now, trades))
    }
}

/// Asks so many questions, as one run of the binary would, and runs again when a quota ends it.
pub(crate) fn run(
    service: &Service,
    questions: u64,
    weather: &Weather,
) -> Result<Outcome, Box<dyn Error>> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build()?;
    runtime.block_on(simulate(service, questions, weather))
}

async fn simulate(
    service: &Service,
    questions: u64,
    weather: &Weather,
) -> Result<Outcome, Box<dyn Error>> {
    let options =
        Options { windows: Some(service.windows.clone()), ..weather.options.clone() };
    let server = Server::new(service.clone(), &options, weather.headers);
    let network = Network::new(options.seed, weather.jitter);
    let model = Model::new(service.account.clone(), service.price(), network, server);
    let model = Arc::new(model);
    let clock = Arc::new(SimulatedClock(Instant::now()));
    let (_keep, stop) = watch::channel(false);
    let mut engine = Engine::new(
        RunId(1),
        Parts {
            provider: Arc::clone(&model) as _,
            staging: Arc::new(Nowhere),
            clock: Arc::clone(&clock) as _,
            leases: Box::new(Alone::default()),
            budget: Credits::MAX,
            stop,
            hints: Hints::default(),
        },
    );
    let mut book = Book::new(Box::new(Nowhere), Ledger::default());
    let start = Instant::now();
    engine.open_wallet().await?;
    loop {
        // Questions are asked in their order, so those that were not are the last ones.
        let asked = engine.report().asked;
        let order = Order::new("step", OPERATION, questions - asked);
        let mut left = (asked..questions).map(question);
        match engine.buy(&mut book, &order, &mut left, None).await? {
            Ending::Complete => break,
            Ending::DailyQuota | Ending::Throttled => {
                let resume = engine.report().resume_at.ok_or("no time to resume at")?;
                sleep(resume.since(clock.now())).await;
            }
            other => return Err(format!("the run ended early: {other:?}").into()),
        }
    }
    let report = engine.report();
    let answered = report.hits + report.misses;
    Ok(Outcome { takes: start.elapsed(), answered, counts: model.counts() })
}

/// The n-th of many distinct questions.
fn question(n: u64) -> io::Result<Query> {
    let email = format!("p{n}@c{}.example", n % 13);
    Query::read(OPERATION, [Some(&*email)]).map_err(io::Error::other)
}
