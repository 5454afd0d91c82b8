//! Whose turn it is in a step's chain of attempts: providers are asked one after the other, each only what those before it
//! provably do not know.

use crate::index::Need;

/// Where a question stands in a step's chain of attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// At the attempt at this index, and what to do there.
    At(usize, Need),
    /// It is answered by the attempt at this index, or missed by all, of which this is the last.
    Over(usize),
}

/// Whose turn it is, by what is to be done at each attempt and whether its answer is a good one. A good answer counts,
/// whoever has it; while the question is open anywhere, nobody else is asked; else it is the turn of the first who has
/// not said that there is nothing.
pub fn turn(attempts: impl IntoIterator<Item = (Need, bool)>) -> Turn {
    let (mut turn, mut last) = (None, 0);
    for (place, attempt) in attempts.into_iter().enumerate() {
        last = place;
        match (attempt, turn) {
            ((Need::Reuse, true), _) => return Turn::Over(place),
            ((Need::Reuse, false), _) => {}
            ((need, _), None) => turn = Some((place, need)),
            ((Need::Held, _), Some((_, Need::Buy))) => turn = Some((place, Need::Held)),
            (_, Some(_)) => {}
        }
    }
    turn.map_or(Turn::Over(last), |(place, need)| Turn::At(place, need))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Need::{Buy, Held, Reuse};

    #[test]
    fn the_next_is_asked_only_what_those_before_provably_do_not_know() {
        let (miss, hit, old_hit) = ((Reuse, false), (Reuse, true), (Buy, true));
        let (unknown, open) = ((Buy, false), (Held, false));
        for (attempts, expected) in [
            (vec![unknown, unknown], Turn::At(0, Buy)),
            (vec![miss, unknown], Turn::At(1, Buy)),
            (vec![miss, miss], Turn::Over(1)),
            (vec![hit, unknown], Turn::Over(0)),
            (vec![miss, hit], Turn::Over(1)),
            // Open or in doubt: nobody else is asked, whatever the order.
            (vec![open, unknown], Turn::At(0, Held)),
            (vec![unknown, open], Turn::At(1, Held)),
            (vec![miss, open, unknown], Turn::At(1, Held)),
            // Known at one that is asked later: it need not be asked before.
            (vec![unknown, hit], Turn::Over(1)),
            (vec![open, miss, hit], Turn::Over(2)),
            (vec![unknown, miss], Turn::At(0, Buy)),
            // What is too old is no answer.
            (vec![old_hit, unknown], Turn::At(0, Buy)),
            (vec![miss, old_hit], Turn::At(1, Buy)),
            (vec![unknown], Turn::At(0, Buy)),
            (vec![miss], Turn::Over(0)),
        ] {
            assert_eq!(turn(attempts.clone()), expected, "{attempts:?}");
        }
    }
}
