//! What a team has agreed on with the provider: the price of a row, and the rows of a day.

use super::{
    Drive,
    quota::{DAY, Quota},
};
use crate::{Again, Engine, RunError, engine::stopped, free::Heard};
use leadmill_core::{
    Call, ErrorKind, Operation, ProviderError, Terms, Timestamp, pack::Offer,
};

/// Terms, as they were read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agreed {
    terms: Terms,
    at: Timestamp,
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
        let read = self.free(Call::Account, Again::Harmless, async || {
            provider.terms(operation).await
        });
        let heard = tokio::select! { biased;
            () = stopped(&mut stop, None) => return Ok(None),
            heard = read => heard?,
        };
        match heard {
            Heard::Answer(terms) => Ok(Some(Agreed { terms, at: self.clock.now() })),
            Heard::Failure(error) => Err(error.into()),
            Heard::Nothing(_) => Ok(None),
        }
    }
}

impl Agreed {
    /// Corrects what the pack says, and refuses what no day could hold.
    pub(super) fn correct(
        &self,
        provider: &str,
        operation: Operation,
        offer: &mut Offer,
    ) -> Result<(), ProviderError> {
        let rows = rows(offer);
        if let Some(price) = self.terms.price {
            offer.price = price * rows;
        }
        match self.terms.daily {
            Some(daily) if daily < rows => Err(ProviderError {
                provider: provider.to_owned(),
                action: format!("{operation} of {rows} rows"),
                kind: ErrorKind::Refused,
                status: None,
                detail: format!("the team's day holds {daily} rows: ask for fewer"),
                signals: Box::default(),
            }),
            _ => Ok(()),
        }
    }
}

/// Rows that one question can come to.
fn rows(offer: &Offer) -> u64 {
    offer.rows.map_or(1, |rows| u64::from(rows.get()))
}

impl Drive<'_> {
    /// Whether the rows of one more job fit into the day, beside `leaving` jobs that are about to leave.
    pub(super) fn rows_of_the_day(&self, leaving: usize) -> Quota {
        let Some(Agreed { terms, at }) = self.agreed else { return Quota::Open };
        let Some(left) = terms.left else { return Quota::Open };
        let now = self.engine.clock.now();
        // When a provider's day begins is not known: by its calendar, or a day after the first job of it.
        let midnight = next_midnight(at);
        let (left, since) = match terms.daily {
            Some(daily) if now >= midnight => (daily, midnight),
            _ => (left, at),
        };
        let (ledger, purse) = (self.book.ledger(), &*self.engine.purse);
        let begun = ledger.begun(purse, self.order.operation, since);
        let asked = begun.map(|(_, questions)| questions).sum::<usize>() + leaving + 1;
        if rows(&self.offer) * asked as u64 <= left {
            return Quota::Open;
        }
        let day = ledger.begun(purse, self.order.operation, now.before(DAY));
        let first = day.map(|(at, _)| at.after(DAY)).next();
        let midnight = next_midnight(now);
        Quota::Until(first.map_or(midnight, |first| first.min(midnight)))
    }
}

/// The next midnight in UTC, and a little later.
fn next_midnight(at: Timestamp) -> Timestamp {
    const MILLIS: i64 = 86_400_000;
    let today = Timestamp(at.0.div_euclid(MILLIS) * MILLIS);
    today.after(DAY)
}
