//! The providers of a waterfall at work at the same time: what one provably does not know arrives at the next while
//! the first still works.

use super::{
    asking::{Asked, Asking, spool_failed},
    session::Session,
};
use crate::{
    chain::Chain, exit::Failure, prepared::PreparedStep, progress::Together, whose,
};
use futures::future::{join, join_all};
use leadmill_core::{Query, QueryKey};
use leadmill_engine::{Book, Ending, Engine, Order};
use leadmill_state::Spool;
use tokio::sync::mpsc;

/// Misses on their way to the next provider. What finds no room there is found in the journal, in the next round.
const ON_THE_WAY: usize = 10_000;

/// One provider at work.
struct Worker {
    /// Its place in the chain.
    turn: usize,
    engine: Engine,
    book: Book,
    order: Order,
    spool: Spool,
    arriving: Option<mpsc::Receiver<Query>>,
}

/// Where the misses of a provider come from, and where those before it in the chain may send theirs.
struct Gate {
    turn: usize,
    missed: mpsc::Receiver<Query>,
    /// By place in the chain.
    next: Vec<(usize, mpsc::Sender<Query>)>,
}

impl<'a> Session<'a> {
    /// Asks the providers in these places of the chain, all at once.
    pub(super) async fn ask_together(
        &mut self,
        step: &'a PreparedStep,
        spools: Vec<(usize, Spool)>,
        asking: &mut Asking,
    ) -> Result<Vec<(usize, Asked)>, Failure> {
        let before: Vec<usize> =
            step.attempts.iter().map(|attempt| self.open_jobs(attempt)).collect();
        let asked: Vec<(usize, u64)> =
            spools.iter().map(|(turn, spool)| (*turn, spool.len())).collect();
        let (workers, gates) = self.workers(step, spools).await?;
        let at = self.at();
        let chain = Chain::new(self.book.ledger(), step, &at, &asking.rejections);
        let routes = gates.into_iter().map(|gate| route(gate, &chain, asking));
        let shown = Together::new(&step.spec.name, self.terminal);
        let work = workers.into_iter().map(|worker| {
            let provider = step.attempts.get(worker.turn).map(|one| &*one.provider);
            worker.work(&shown, provider.unwrap_or_default())
        });
        let (ended, moved) = join(join_all(work), join_all(routes)).await;
        let (mut endings, mut failures) = (Vec::new(), Vec::new());
        for (turn, engine, ending) in ended {
            if let Some(attempt) = step.attempts.get(turn) {
                self.accounts.keep(&attempt.provider, engine);
            }
            match ending {
                Ok(ending) => endings.push((turn, ending)),
                Err(failure) => failures.push(failure),
            }
        }
        // What was written under the other books is not what another process has claimed.
        let reopened = whose::book(self.store).await.map(|(ledger, journal)| {
            self.book = Book::new(journal, ledger);
        });
        // One failure ends the session, and what the others say must not be lost with them.
        let mut failures = failures.into_iter();
        if let Some(failure) = failures.next() {
            failures.for_each(|other| other.show_if_it_stands_alone(self.terminal));
            return Err(failure);
        }
        reopened?;
        let moved: Vec<(usize, QueryKey)> = moved.into_iter().flatten().collect();
        for (turn, key) in &moved {
            asking.has_tried(*turn, *key);
        }
        let mut all = Vec::new();
        for (turn, ending) in endings {
            let arrived = moved.iter().filter(|(place, _)| *place == turn).count() as u64;
            let own = asked.iter().find(|(place, _)| *place == turn);
            let asked = own.map_or(0, |(_, asked)| *asked) + arrived;
            let open = step.attempts.get(turn).map_or(0, |one| self.open_jobs(one));
            let was_open = before.get(turn).copied().unwrap_or_default();
            let has_moved = asked > 0 || open < was_open;
            all.push((turn, Asked { ending, has_moved }));
        }
        Ok(all)
    }

    /// Engines with books and spools of their own, and the ways between them.
    async fn workers(
        &mut self,
        step: &'a PreparedStep,
        spools: Vec<(usize, Spool)>,
    ) -> Result<(Vec<Worker>, Vec<Gate>), Failure> {
        let (mut workers, mut gates) = (Vec::new(), Vec::new());
        let mut next: Vec<(usize, mpsc::Sender<Query>)> = Vec::new();
        // Whoever cannot be asked at all is found out before anybody is.
        for (turn, _) in &spools {
            let Some(attempt) = step.attempts.get(*turn) else { continue };
            let Self { prepared, store, run, accounts, stop, .. } = self;
            let engine = accounts.engine(prepared, attempt, store, run.id, stop).await?;
            engine.open_wallet().await?;
        }
        // From the last to the first: each may send to those after it.
        for (turn, spool) in spools.into_iter().rev() {
            let Some(attempt) = step.attempts.get(turn) else { continue };
            let mut order = self.order(step, attempt, spool.len());
            if !next.is_empty() {
                let (sender, missed) = mpsc::channel(ON_THE_WAY);
                order.missed = Some(sender);
                gates.push(Gate { turn, missed, next: next.clone() });
            }
            let (sender, arriving) = mpsc::channel(ON_THE_WAY);
            next.push((turn, sender));
            let (ledger, journal) = whose::book(self.store).await?;
            let book = Book::new(journal, ledger);
            let arriving = Some(arriving);
            let engine = self.accounts.lend(&attempt.provider)?;
            workers.push(Worker { turn, engine, book, order, spool, arriving });
        }
        // Nobody is before the first.
        if let Some(first) = workers.last_mut() {
            first.arriving = None;
        }
        Ok((workers, gates))
    }
}

impl Worker {
    /// Asks until all that is its to ask is answered, or something ends it. The others go on.
    async fn work(
        self,
        shown: &Together<'_>,
        provider: &str,
    ) -> (usize, Engine, Result<Ending, Failure>) {
        let Self { turn, mut engine, mut book, order, spool, arriving } = self;
        let snapshots = engine.progress();
        let ending = async {
            let mut questions = spool.read().map_err(spool_failed)?;
            let ending = engine.buy(&mut book, &order, &mut questions, arriving).await?;
            // Nobody sends any more: who is next need not wait.
            drop(order);
            Ok(ending)
        };
        let ending = tokio::select! {
            ending = ending => ending,
            () = shown.show(provider, snapshots) => {
                Err(Failure::failed("the progress ended before the run"))
            }
        };
        (turn, engine, ending)
    }
}

/// Sends each miss to whoever it is the turn of. Tells what was sent to whom.
async fn route(
    mut gate: Gate,
    chain: &Chain<'_>,
    asking: &Asking,
) -> Vec<(usize, QueryKey)> {
    let mut sent = Vec::new();
    // The nearest first.
    gate.next.reverse();
    while let Some(query) = gate.missed.recv().await {
        let key = query.key();
        let Some(turn) = chain.after(gate.turn, &key) else { continue };
        let Some((_, next)) = gate.next.iter().find(|(place, _)| *place == turn) else {
            continue;
        };
        // One that has ended takes nothing more: the miss is found in the journal.
        if !asking.is_tried(turn, &key) && next.send(query).await.is_ok() {
            sent.push((turn, key));
        }
    }
    sent
}
