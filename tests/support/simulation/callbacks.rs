//! Callbacks on their way from the sandbox to the engine, true ones and made-up ones.

use leadmill_core::{BatchId, Hint, HintKind, JobId};
use leadmill_engine::Hints;
use leadmill_providers::{
    Callbacks, Tags,
    enrich::callback::{self, Kind},
};
use leadmill_sandbox::{Delivery, Outlet};
use tokio::sync::mpsc::unbounded_channel;

const ADDRESS: &str = "https://hooks.example/leadmill/";

/// A receiver that is always up, and somebody who knows its addresses: every so many times it is told the
/// job of another batch too.
#[derive(Clone, Debug)]
pub(crate) struct Receiving {
    pub(crate) callbacks: Callbacks,
    pub(crate) hints: Hints,
}

impl Receiving {
    /// The outlet for a sandbox, and what comes out of it. `forged`: every so many.
    pub(crate) fn start(forged: usize) -> (Outlet, Self) {
        let (outlet, mut sent) = unbounded_channel::<Delivery>();
        let tags = Tags::new(b"simulated");
        let callbacks = Callbacks::new(ADDRESS, tags.clone()).unwrap();
        let receiving = Self { callbacks, hints: Hints::default() };
        let hints = receiving.hints.clone();
        tokio::spawn(async move {
            let mut known: Vec<(BatchId, JobId)> = Vec::new();
            let mut count = 0;
            while let Some(delivery) = sent.recv().await {
                let batch = tags.batch_of(&delivery.url).unwrap();
                let said = callback::read(&delivery.body).unwrap();
                let kind = match said.kind {
                    Kind::Result => HintKind::Item,
                    Kind::Completion => HintKind::End,
                };
                count += 1;
                if forged > 0 && count % forged == 0 {
                    let other = known.iter().find(|(other, _)| *other != batch);
                    if let Some((_, job)) = other.cloned() {
                        hints.tell(Hint { batch, job, kind: HintKind::End });
                    }
                }
                known.push((batch, said.job.clone()));
                hints.tell(Hint { batch, job: said.job, kind });
                delivery.answer(204);
            }
        });
        (Outlet::Channel(outlet), receiving)
    }
}
