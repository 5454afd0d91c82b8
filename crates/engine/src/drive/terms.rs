//! What a team has agreed on with the provider: the price of a row, and the rows of a day.

use super::{
    Drive,
    quota::{DAY, Quota},
};
use crate::{Again, Engine, Order, RunError, engine::stopped, free::Heard};
use leadmill_core::{Account, Call, Operation, Terms, Timestamp, pack::Offer};
use std::{num::NonZeroU32, time::Duration};

/// Terms, as they were read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agreed {
    terms: Terms,
    at: Timestamp,
    /// Until when the provider has said that it takes no more.
    closed_until: Option<Timestamp>,
}

impl Engine {
    /// Reads the terms of an operation, where it has some and there is anything to ask. None where nothing is let
    /// through, or buying was stopped: then nothing is bought either.
    pub(crate) async fn agree(
        &mut self,
        operation: Operation,
        questions: u64,
    ) -> Result<Option<Agreed>, RunError> {
        let offer = self.provider.account().offer(operation);
        if questions == 0 || !offer.is_some_and(|offer| offer.terms) {
            return Ok(None);
        }
        let (provider, mut stop) = (self.provider.clone(), self.stop.clone());
        let read = self
            .free(Call::Terms, Again::Harmless, async || provider.terms(operation).await);
        let heard = tokio::select! { biased;
            () = stopped(&mut stop, None) => return Ok(None),
            heard = read => heard?,
        };
        match heard {
            Heard::Answer(terms) => {
                let at = self.clock.now();
                Ok(Some(Agreed { terms, at, closed_until: None }))
            }
            Heard::Failure(error) => Err(error.into()),
            Heard::Nothing(_) => Ok(None),
        }
    }
}

impl Agreed {
    /// Corrects what the pack says, and refuses what no day could hold.
    pub(super) fn correct(
        self,
        operation: Operation,
        offer: &mut Offer,
    ) -> Result<Self, RunError> {
        if let Some(most) = self.terms.most_items {
            let most = NonZeroU32::new(u32::try_from(most).unwrap_or(u32::MAX));
            offer.most_items = most.map_or(offer.most_items, |m| m.min(offer.most_items));
        }
        if let Some(jobs) = self.terms.jobs.and_then(|jobs| u32::try_from(jobs).ok()) {
            let most = offer.daily.jobs.map_or(jobs, |most| most.get().min(jobs));
            offer.daily.jobs = NonZeroU32::new(most).or(offer.daily.jobs);
        }
        let rows = rows(offer);
        if let Some(price) = self.terms.price {
            offer.price = price * rows;
        }
        match self.terms.daily {
            Some(daily) if daily < rows => Err(RunError::TooMuch(format!(
                "{operation} asks for {rows} rows, and the team's day holds {daily}"
            ))),
            _ => Ok(self),
        }
    }
}

/// What the provider offers this team, on which terms, and why nothing is bought if they could not be read.
pub(super) fn offered(
    account: &Account,
    order: &Order,
    agreed: Result<Option<Agreed>, RunError>,
) -> Result<(Offer, Option<Agreed>, Option<RunError>), RunError> {
    let (name, operation) = (&account.name, order.operation);
    let mut offer = account
        .offer(operation)
        .cloned()
        .ok_or_else(|| RunError::Broken(format!("{name} does not offer {operation}")))?;
    let agreed = agreed.and_then(|agreed| match agreed {
        Some(agreed) => agreed.correct(operation, &mut offer).map(Some),
        None => Ok(None),
    });
    Ok(match agreed {
        Ok(agreed) => (offer, agreed, None),
        Err(error) => (offer, None, Some(error)),
    })
}

/// Rows that one question can come to.
fn rows(offer: &Offer) -> u64 {
    offer.rows.map_or(1, |rows| u64::from(rows.get()))
}

impl Drive<'_> {
    /// The provider takes no more jobs of this operation for so long. Where its team has a day of its own, that is what
    /// is used up, whoever did it: nothing else is held up by it. Tells whether it is so.
    pub(super) fn is_over_for_the_day(&mut self, wait: Option<Duration>) -> bool {
        /// No window of the provider's is so long.
        const A_WINDOW: Duration = Duration::from_secs(120);
        let now = self.engine.clock.now();
        let Some(agreed) = self.agreed.as_mut() else { return false };
        let Some(wait) = wait.filter(|wait| *wait > A_WINDOW) else { return false };
        agreed.closed_until = Some(now.after(wait));
        true
    }

    /// A submit was told to wait. Where a day holds only so many jobs, and this is said again and again, others have
    /// used it up: it is left to another run.
    pub(super) fn submit_throttled(&mut self) {
        /// Times in a row.
        const MOST: u32 = 3;
        self.submits_throttled += 1;
        if self.offer.daily.jobs.is_some() && self.submits_throttled >= MOST {
            let now = self.engine.clock.now();
            let wait = self.engine.patience + Duration::from_secs(60);
            self.no_jobs_until = Some(now.after(wait));
        }
    }

    /// Whether the rows of one more job fit into the day, beside `leaving` jobs that are about to leave.
    pub(super) fn rows_of_the_day(&self, leaving: usize) -> Quota {
        let Some(Agreed { terms, at, closed_until }) = self.agreed else {
            return Quota::Open;
        };
        let now = self.engine.clock.now();
        if let Some(until) = closed_until.filter(|until| *until > now) {
            return Quota::Until(until);
        }
        let Some(left) = terms.left else { return Quota::Open };
        // When a provider's day begins is not known: by its calendar, or a day after the first job of it.
        let midnight = next_midnight(at);
        let (left, since) = match terms.daily {
            Some(daily) if now >= midnight => (daily, midnight),
            _ => (left, at),
        };
        let (ledger, purse) = (self.book.ledger(), &*self.engine.purse);
        // What was begun in the same moment is not in what was told.
        let since = since.before(Duration::from_millis(1));
        let unit = self.offer.price_of_row().0.max(1);
        let begun = ledger.reserved(purse, self.order.operation, since);
        let begun: u64 = begun.map(|reserve| reserve.0.div_ceil(unit)).sum();
        let leaving = rows(&self.offer).saturating_mul(leaving as u64 + 1);
        if begun.saturating_add(leaving) <= left {
            return Quota::Open;
        }
        let day = ledger.begun(purse, self.order.operation, now.before(DAY));
        let patience = self.engine.patience;
        Quota::Until(next_day(now, day.map(|(at, _)| at).next(), patience))
    }
}

/// When a day that is used up may have ended whose first job was begun then: never within this run's patience, since
/// what is left is read once a run, and it takes another one to know that it has.
fn next_day(now: Timestamp, first: Option<Timestamp>, patience: Duration) -> Timestamp {
    let midnight = next_midnight(now);
    let end = first.map_or(midnight, |first| first.after(DAY).min(midnight));
    end.max(now.after(patience + Duration::from_secs(1)))
}

/// The next midnight in UTC, and a little later.
fn next_midnight(at: Timestamp) -> Timestamp {
    const MILLIS: i64 = 86_400_000;
    let today = Timestamp(at.0.div_euclid(MILLIS) * MILLIS);
    today.after(DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Book, Ending,
        drive::{
            arriving::tests::{Singles, engine},
            charging::tests::bulks::{Shelf, Written, query},
        },
    };
    use leadmill_core::{ErrorKind, Lane, Ledger, OwnLimit, Scope};
    use std::sync::Arc;
    use tokio::{sync::watch, time::Instant};

    /// Asks ten single questions of an operation that has jobs and terms too, so many first calls being told to wait for
    /// so many seconds. Tells how it ended, for how long it is put off, and when each call was made.
    async fn told_to_wait(
        calls: usize,
        seconds: u64,
    ) -> (Ending, Option<Duration>, Vec<Duration>) {
        let (_keep, stop) = watch::channel(false);
        let mut provider = Singles::new();
        let offers = provider.account.pack.operations.values_mut();
        offers.for_each(|offer| (offer.terms, offer.only) = (true, None));
        *provider.waits.lock().unwrap() = vec![Duration::from_secs(seconds); calls];
        let (provider, start) = (Arc::new(provider), Instant::now());
        let mut engine = engine(provider.clone(), &Shelf::default(), stop);
        let began = engine.clock.now();
        let mut book = Book::new(Box::new(Written::default()), Ledger::default());
        let order = Order {
            lane: Some(Lane::Single),
            ..Order::new("s", Operation::VerifyEmail, 10)
        };
        let mut questions = (0..10).map(|n| Ok(query(n)));
        let ending = engine.buy(&mut book, &order, &mut questions, None).await.unwrap();
        let put_off = engine.report().resume_at.map(|at| at.since(began));
        let asked = provider.asked.lock().unwrap();
        (ending, put_off, asked.iter().map(|(at, _)| *at - start).collect())
    }

    #[tokio::test(start_paused = true)]
    async fn a_single_call_that_is_told_to_wait_for_long_waits_so_long() {
        let (ending, _, asked) = told_to_wait(6, 300).await;
        assert_eq!(ending, Ending::Complete);
        let early = asked.iter().filter(|at| at.as_secs() < 300).count();
        assert!(early <= 5, "what left together, and nothing before 300 s: {asked:?}");
        let (ending, put_off, asked) = told_to_wait(60, 40_000).await;
        assert_eq!(ending, Ending::Throttled);
        assert!(asked.len() <= 5, "{asked:?}");
        assert!(asked.iter().all(|at| at.as_secs() < 2), "{asked:?}");
        assert!(put_off.unwrap().as_secs() >= 39_990, "{put_off:?}");
    }

    /// Asks ten single questions of an account that says this of its own limits. Tells how it ended, when each call was
    /// made, and what the report says.
    async fn limited(
        own: Result<Vec<OwnLimit>, ErrorKind>,
    ) -> (Ending, Vec<Duration>, crate::Report) {
        let (_keep, stop) = watch::channel(false);
        let mut provider = Singles::new();
        provider.own = Some(own);
        let scopes = &mut provider.account.pack.scopes;
        scopes.insert(Call::Account.into(), vec![Scope("bulk".into())]);
        let (provider, start) = (Arc::new(provider), Instant::now());
        let mut engine = engine(provider.clone(), &Shelf::default(), stop);
        let mut book = Book::new(Box::new(Written::default()), Ledger::default());
        let order = Order {
            lane: Some(Lane::Single),
            ..Order::new("s", Operation::VerifyEmail, 10)
        };
        let mut questions = (0..10).map(|n| Ok(query(n)));
        let ending = engine.buy(&mut book, &order, &mut questions, None).await.unwrap();
        let asked = provider.asked.lock().unwrap();
        let asked = asked.iter().map(|(at, _)| *at - start).collect();
        (ending, asked, engine.report())
    }

    fn own(window: &str, used: Option<u32>) -> OwnLimit {
        OwnLimit { scope: Scope("global".into()), window: window.parse().unwrap(), used }
    }

    /// The pack says five a second. What is left of the day goes out, two a minute, and the rest is another day's.
    #[tokio::test(start_paused = true)]
    async fn the_account_s_own_limits_hold_from_the_first_question() {
        let limits = vec![own("1/1s", None), own("2/60s", Some(0)), own("5/1d", Some(1))];
        let (ending, asked, report) = limited(Ok(limits)).await;
        assert_eq!((ending, asked.len()), (Ending::Throttled, 4), "{asked:?}");
        for two in asked.windows(2) {
            assert!(two[1] - two[0] >= Duration::from_secs(1), "{asked:?}");
        }
        for three in asked.windows(3) {
            assert!(three[2] - three[0] >= Duration::from_secs(60), "{asked:?}");
        }
        assert!(report.resume_at.is_some() && report.limits_unread.is_none());
        let learnt: Vec<String> = report.learnt.iter().map(ToString::to_string).collect();
        assert_eq!(
            learnt,
            [
                "global: 1/1s by the account's own limits, 5/1s by the plan",
                "global: 2/60s by the account's own limits, none by the plan",
                "global: 5/1d by the account's own limits, none by the plan",
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn limits_that_cannot_be_read_change_nothing_and_that_is_told() {
        for kind in [ErrorKind::Fatal, ErrorKind::InDoubt, ErrorKind::Refused] {
            let (ending, asked, report) = limited(Err(kind)).await;
            assert_eq!((ending, asked.len()), (Ending::Complete, 10), "{kind:?}");
            assert!(report.limits_unread.is_some() && report.learnt.is_empty());
        }
    }

    const PATIENCE: Duration = Duration::from_secs(600);

    fn next_day(now: Timestamp, first: Option<Timestamp>) -> Timestamp {
        super::next_day(now, first, PATIENCE)
    }

    #[test]
    fn a_day_that_is_used_up_is_left_to_another_run_at_any_hour() {
        const MINUTE: i64 = 60_000;
        let midnight = Timestamp(1_767_225_600_000);
        let at = |minutes: i64| Timestamp(midnight.0 + minutes * MINUTE);
        for minutes in [-1_439, -600, -11, -5, 0, 1] {
            let now = at(minutes);
            let until = next_day(now, None);
            assert!(until.since(now) > PATIENCE, "{minutes}");
            // In the last minutes of a day the next one is no farther than patience is long.
            assert!(until.since(now) <= DAY + PATIENCE, "{minutes}");
        }
        assert_eq!(
            next_day(at(-600), None),
            midnight.after(DAY).before(Duration::from_secs(86_400))
        );
        // A day may also begin with its first job.
        let first = at(-1_540);
        assert_eq!(next_day(at(-600), Some(first)), first.after(DAY));
        let soon = at(-2_040);
        assert_eq!(
            next_day(at(-600), Some(soon)),
            at(-590).after(Duration::from_secs(1))
        );
        let first = at(-700);
        assert_eq!(next_day(at(-600), Some(first)), next_day(at(-600), None));
    }
}
