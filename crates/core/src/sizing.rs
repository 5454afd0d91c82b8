//! How many questions go into the next batch.

use crate::{Credits, Query, pack::Offer};

/// What bounds a batch besides the provider's own limits.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Credits that may still be reserved: the whole reserve must fit.
    pub credits: Credits,
    /// What is reserved for each question.
    pub each: Credits,
    /// Most questions, if something smaller than the offer's batch is wanted.
    pub items: usize,
}

/// How many of the waiting questions fit into one batch: by items, by bytes and by credits.
pub fn fitting<'a>(
    offer: &Offer,
    room: Room,
    waiting: impl IntoIterator<Item = &'a Query>,
) -> usize {
    let items = offer.batch.get().min(offer.most_items.get()) as usize;
    let affordable =
        usize::try_from(room.credits.items_at(room.each)).unwrap_or(usize::MAX);
    let mut bytes = 0;
    waiting
        .into_iter()
        .take(items.min(room.items).min(affordable))
        .take_while(|query| {
            bytes += sent_bytes(query);
            bytes <= offer.most_bytes
        })
        .count()
}

/// An upper bound of what one question adds to a JSON body: every byte escaped, names and punctuation.
fn sent_bytes(query: &Query) -> usize {
    let names: usize =
        query.operation().inputs().iter().map(|input| input.name.len() + 8).sum();
    query.bytes() * 2 + names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Operation, pack::Daily};
    use std::num::NonZeroU32;

    fn offer() -> Offer {
        let number = |n| NonZeroU32::new(n).unwrap();
        Offer {
            price: Credits(10),
            least_price: None,
            free: String::new(),
            least: Credits(0),
            most_items: number(500),
            batch: number(100),
            page: number(10),
            most_bytes: 1_000,
            running: None,
            daily: Daily::default(),
            only: None,
            rows: None,
            each: NonZeroU32::MIN,
            fewest: None,
            unbounded: false,
            job_answers: NonZeroU32::MIN,
            echo: true,
            misses: Vec::new(),
            likely_misses: Vec::new(),
            repeats: None,
            poll: None,
            early_results: None,
            terms: false,
            free_a_month: None,
        }
    }

    #[test]
    fn the_tightest_of_items_bytes_and_credits_binds() {
        let email = |n: usize| {
            Query::read(Operation::VerifyEmail, [Some(format!("{n}@x.io").as_str())])
                .unwrap()
        };
        let queries: Vec<_> = (10..90).map(email).collect();
        let fit = |offer: &Offer, credits, items| {
            fitting(
                offer,
                Room { credits: Credits(credits), each: offer.price, items },
                &queries,
            )
        };
        let mut offer = offer();
        assert_eq!(fit(&offer, 10_000, 1_000), 1_000 / (7 * 2 + 13));
        assert_eq!(fit(&offer, 10_000, 7), 7);
        assert_eq!(fit(&offer, 59, 1_000), 5);
        assert_eq!(fit(&offer, 9, 1_000), 0);
        offer.most_bytes = 1 << 20;
        assert_eq!(fit(&offer, 10_000, 1_000), 80);
        offer.batch = NonZeroU32::new(40).unwrap();
        assert_eq!(fit(&offer, 10_000, 1_000), 40);
    }
}
