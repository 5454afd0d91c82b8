//! Whose turn it is: providers are asked one after the other, each only what those before it provably do not know.

use crate::{
    enriching::At,
    known::{Known, Look},
    prepared::{PreparedAttempt, PreparedStep},
};
use leadmill_core::{
    KeySet, Ledger, Line, Part, QueryKey, State, Status,
    chain::{Turn, turn},
    index::Need,
};
use leadmill_tables::{Counts, Results, TableError};
use std::collections::HashSet;

/// A step's attempts, with what is known at each.
pub(crate) struct Chain<'a> {
    links: Vec<Link<'a>>,
}

struct Link<'a> {
    known: Known<'a>,
    /// Questions whose hits here were turned down.
    rejected: Option<&'a KeySet>,
}

/// Hits that are not good enough for the `accept:` of their attempt. Each batch is judged once.
#[derive(Debug, Default)]
pub(crate) struct Rejections {
    /// By attempt.
    rejected: Vec<KeySet>,
    judged: HashSet<usize>,
}

impl<'a> Chain<'a> {
    /// What the book says of a step's questions.
    pub(crate) fn new(
        ledger: &'a Ledger,
        step: &PreparedStep,
        session: &At<'a>,
        rejections: &'a Rejections,
    ) -> Self {
        let link = |(place, attempt): (usize, &PreparedAttempt)| Link {
            known: Known::new(ledger, &attempt.account, step.reuse, session),
            rejected: rejections.rejected.get(place),
        };
        Self { links: step.attempts.iter().enumerate().map(link).collect() }
    }

    /// Judges a question.
    pub(crate) fn judge(&self, key: &QueryKey) -> Turn {
        let mut repeat = None;
        let turn = turn(self.links.iter().enumerate().map(|(place, link)| {
            let look = link.known.look(key);
            repeat = repeat.or(look.is_repeat.then_some(place));
            let is_good = look.status == Some(Status::Hit) && !link.rejects(key);
            (look.need, is_good)
        }));
        // While it is in doubt at one of them nobody else is asked it.
        match (turn, repeat) {
            (Turn::At(_, Need::Buy), Some(place)) => Turn::At(place, Need::Buy),
            (turn, _) => turn,
        }
    }

    /// Whose turn it is after the attempt in this place, if that provably does not know the answer; none where it is
    /// nobody's.
    pub(crate) fn after(&self, place: usize, key: &QueryKey) -> Option<usize> {
        let later = self.links.iter().enumerate().skip(place + 1).map(|(at, link)| {
            let look = link.known.look(key);
            let is_good = look.status == Some(Status::Hit) && !link.rejects(key);
            (at, (look.need, is_good))
        });
        let (places, looks): (Vec<usize>, Vec<_>) = later.unzip();
        let repeat = places.iter().copied().find(|place| {
            self.links.get(*place).is_some_and(|link| link.known.look(key).is_repeat)
        });
        match turn(looks) {
            Turn::At(turn, Need::Buy) => repeat.or(places.get(turn).copied()),
            Turn::At(..) | Turn::Over(_) => None,
        }
    }

    /// What becomes of a row whose question is not over: what the attempt makes of it at which it stands.
    pub(crate) fn standing(&self, key: &QueryKey) -> Option<Status> {
        match self.judge(key) {
            Turn::At(place, _) => Some(self.links.get(place)?.known.standing(key)),
            Turn::Over(_) => None,
        }
    }

    /// Whether a person has given up the answer to a question, where it stands.
    pub(crate) fn is_given_up(&self, key: &QueryKey) -> bool {
        match self.judge(key) {
            Turn::At(place, _) => {
                self.links.get(place).is_some_and(|link| link.known.is_given_up(key))
            }
            Turn::Over(_) => false,
        }
    }

    /// What is known of a question at an attempt.
    pub(crate) fn look(&self, place: usize, key: &QueryKey) -> Option<Look> {
        self.links.get(place).map(|link| link.known.look(key))
    }

    /// How the answer to a question counts that an attempt gave with the batch in this place of the ledger.
    pub(crate) fn counts(&self, place: usize, line: usize, key: &QueryKey) -> Counts {
        let Some(link) = self.links.get(place) else { return Counts::Not };
        let look = link.known.look(key);
        if look.line != Some(line) || look.need != Need::Reuse {
            return Counts::Not;
        }
        let is_over = self.links.len() == 1 || self.judge(key) == Turn::Over(place);
        match (is_over, link.rejects(key)) {
            (false, _) => Counts::AsCost,
            (true, true) => Counts::AsMiss,
            (true, false) => Counts::Whole,
        }
    }
}

impl Link<'_> {
    fn rejects(&self, key: &QueryKey) -> bool {
        self.rejected.is_some_and(|rejected| rejected.contains(key))
    }
}

impl Rejections {
    /// Whether any hit of an attempt with `accept:` is still to be judged.
    pub(crate) fn are_pending(&self, ledger: &Ledger, step: &PreparedStep) -> bool {
        let with_accept = step.attempts.iter().filter(|one| one.accept.is_some());
        with_accept
            .into_iter()
            .any(|one| self.pending(ledger, step, one).next().is_some())
    }

    /// Judges the hits that are known by now of the questions in `seen`.
    pub(crate) async fn judge(
        &mut self,
        step: &PreparedStep,
        ledger: &Ledger,
        results: &Results,
        session: &At<'_>,
        seen: &KeySet,
    ) -> Result<(), TableError> {
        self.rejected.resize_with(step.attempts.len(), KeySet::default);
        for (place, attempt) in step.attempts.iter().enumerate() {
            let Some(accept) = &attempt.accept else { continue };
            let known = Known::new(ledger, &attempt.account, step.reuse, session);
            let is_judged = |line: usize, key: &QueryKey| {
                let look = known.look(key);
                seen.contains(key) && look.line == Some(line) && look.need == Need::Reuse
            };
            let lines: Vec<(usize, &Line, &Part)> =
                self.pending(ledger, step, attempt).collect();
            let needed = lines.iter().filter(|(place, line, _)| {
                line.keys.iter().any(|key| is_judged(*place, key))
            });
            let needed: Vec<_> = needed.collect();
            let parts: Vec<&Part> = needed.iter().map(|(_, _, part)| *part).collect();
            let of_part = |part: usize, key: &QueryKey| {
                needed.get(part).is_some_and(|(line, ..)| is_judged(*line, key))
            };
            let rejected = accept.rejected(results, &parts, &of_part).await?;
            let judged: Vec<usize> = lines.iter().map(|(place, ..)| *place).collect();
            // What was asked again is judged by what was said last.
            if let Some(earlier) = self.rejected.get_mut(place) {
                let keys = needed.iter().flat_map(|(_, line, _)| line.keys.iter());
                keys.for_each(|key| _ = earlier.remove(key));
                earlier.extend(rejected);
            }
            self.judged.extend(judged);
        }
        Ok(())
    }

    fn pending<'l>(
        &self,
        ledger: &'l Ledger,
        step: &PreparedStep,
        attempt: &PreparedAttempt,
    ) -> impl Iterator<Item = (usize, &'l Line, &'l Part)> {
        let lines = ledger.lines().iter().enumerate();
        lines.filter_map(move |(place, line)| match &line.state {
            State::Settled { part, statuses, .. }
                if *line.account == *attempt.account.purse
                    && line.operation == step.operation
                    && !self.judged.contains(&place)
                    && statuses.contains(&Status::Hit) =>
            {
                Some((place, line, part))
            }
            _ => None,
        })
    }
}
