//! Which question an item of a page is about: its echo tells, in whatever spelling it comes.

use super::families::Echo;
use leadmill_core::{
    Answered, KeyMap, KeySet, Keys, Operation, Presence, Query, QueryKey, Unaskable,
};

/// The question that an item is about, and how that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tied {
    /// Its echo makes the question.
    Exactly(QueryKey),
    /// Its echo is the plain spelling of that question, and of no other of the job.
    Plainly(QueryKey),
}

impl Tied {
    pub(super) const fn key(self) -> QueryKey {
        match self {
            Self::Exactly(key) | Self::Plainly(key) => key,
        }
    }
}

/// Ties each item to a question by what it gives back. What is spelt as no question of the job is tied to the only one that
/// has the same plain spelling.
pub(super) fn tied<'a>(
    operation: Operation,
    keys: &Keys,
    echoes: impl Iterator<Item = Echo<'a>>,
) -> Vec<Option<Tied>> {
    let echoes: Vec<Echo<'_>> = echoes.collect();
    let exact: Vec<Vec<QueryKey>> =
        echoes.iter().map(|echo| choices(operation, *echo, Query::key_of)).collect();
    let told: KeySet = exact.iter().flatten().copied().collect();
    let known: KeySet = keys.iter().copied().filter(|key| told.contains(key)).collect();
    let is_known =
        |choices: &&Vec<QueryKey>| choices.iter().any(|key| known.contains(key));
    let plain: Vec<Vec<QueryKey>> = (echoes.iter().zip(&exact))
        .map(|(echo, exact)| match is_known(&exact) || keys.is_empty() {
            true => Vec::new(),
            false => choices(operation, *echo, Query::plain_key_of),
        })
        .collect();
    let wanted: KeySet = plain.iter().flatten().copied().collect();
    let meant = match wanted.is_empty() {
        true => KeyMap::default(),
        false => keys.by_plain(|plain| wanted.contains(plain)),
    };
    let tie = |(exact, plain): (&Vec<QueryKey>, &Vec<QueryKey>)| {
        let ours = exact.iter().find(|key| known.contains(key));
        let plain = || {
            let meant =
                plain.iter().find_map(|plain| meant.get(plain).copied().flatten());
            meant.map(Tied::Plainly)
        };
        // What is none of the job's stays what it is: it is counted.
        let strange = || exact.first().copied().map(Tied::Exactly);
        ours.copied().map(Tied::Exactly).or_else(plain).or_else(strange)
    };
    exact.iter().zip(&plain).map(tie).collect()
}

/// The questions that an item may be about: of several inputs of which one is asked with, each may be the one.
fn choices<'a>(
    operation: Operation,
    echo: Echo<'a>,
    key: impl Fn(Operation, Echo<'a>) -> Result<QueryKey, Unaskable>,
) -> Vec<QueryKey> {
    let inputs = operation.inputs();
    let is_choice =
        |at: usize| inputs.get(at).is_some_and(|input| input.presence == Presence::OneOf);
    if !is_choice(0) {
        return key(operation, echo).into_iter().collect();
    }
    let alone = (0..echo.len()).filter(|at| is_choice(*at)).filter_map(|at| {
        let mut alone = [None; 3];
        *alone.get_mut(at)? = *echo.get(at)?;
        key(operation, alone).ok()
    });
    alone.collect()
}

/// The answers of items whose question is certain. One in a plain spelling gives way to one in the question's own, and of
/// several that differ none is taken: one of them is about somebody else.
pub(super) fn told_apart(items: Vec<(Tied, Answered)>) -> Vec<Answered> {
    let is_plain = |(tied, _): &&(Tied, Answered)| matches!(tied, Tied::Plainly(_));
    if !items.iter().any(|item| is_plain(&item)) {
        return items.into_iter().map(|(_, answer)| answer).collect();
    }
    let mut spoilt: KeySet =
        items.iter().filter(|item| !is_plain(item)).map(|(tied, _)| tied.key()).collect();
    let mut first: KeyMap<&Answered> = KeyMap::default();
    for (tied, answer) in items.iter().filter(is_plain) {
        if **first.entry(tied.key()).or_insert(answer) != *answer {
            spoilt.insert(tied.key());
        }
    }
    let is_certain = |(tied, _): &(Tied, Answered)| match tied {
        Tied::Exactly(_) => true,
        Tied::Plainly(key) => !spoilt.contains(key),
    };
    let certain = items.into_iter().filter(is_certain);
    certain.map(|(_, answer)| answer).collect()
}

#[cfg(test)]
mod tests;
