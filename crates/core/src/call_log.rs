//! What a provider's log says of single calls: which of them came, and what each has cost.

use crate::Credits;
use std::{fmt, str::FromStr};

/// The newest calls of an account, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallLog {
    calls: Vec<LoggedCall>,
}

/// A call, as the log has it. Nothing of what was asked stays in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoggedCall {
    /// The log's number for it: a later call has a greater one.
    pub id: u64,
    /// What it has asked; none where that cannot be told.
    pub name: Option<CallName>,
    /// What it has cost; none where that is not told.
    pub cost: Option<Credits>,
}

/// What a call asks, as hashes: two calls that ask the same have one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallName {
    /// The endpoint, and of what a question to it is made.
    pub form: u64,
    /// The question.
    pub question: u64,
}

/// Where the log stood before a call left, and the name that the call has in it. It is what the journal keeps of an
/// intent as its anchor.
///
/// ```
/// # use leadmill_core::{CallName, Mark};
/// let mark = Mark { after: 81_234, name: CallName { form: 1, question: 2 } };
/// assert_eq!(mark.to_string().parse(), Ok(mark));
/// assert!("the id of a transaction".parse::<Mark>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The number of the newest call in it; 0 where there was none.
    pub after: u64,
    /// The name.
    pub name: CallName,
}

/// A log whose calls are not numbered from the newest to the oldest: it proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the calls in the log are not numbered from the newest to the oldest")]
pub struct Unordered;

impl CallLog {
    /// A log of these calls, newest first.
    pub fn new(calls: Vec<LoggedCall>) -> Result<Self, Unordered> {
        match calls.is_sorted_by(|newer, older| newer.id > older.id) {
            true => Ok(Self { calls }),
            false => Err(Unordered),
        }
    }

    /// The number of the newest call; 0 where there is none.
    pub fn newest(&self) -> u64 {
        self.calls.first().map_or(0, |call| call.id)
    }

    /// How many calls it shows.
    pub const fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether it shows none.
    pub const fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// What a question has cost that was asked so many times since its mark. None where it is not in the log yet, where
    /// its cost is not told, or where others have asked the same: then nobody knows whose charge it is.
    pub fn charge(&self, mark: &Mark, asked: usize) -> Option<Credits> {
        let costs: Vec<_> = self.since(mark).map(|call| call.cost).collect();
        match costs.len() {
            0 => None,
            found if found > asked => None,
            _ => costs.into_iter().sum(),
        }
    }

    /// Whether a call that left after this mark was not charged: the log reaches back to the mark, it names calls of this
    /// form, and it holds no charge for the question. When the call would show is for the caller to know.
    pub fn proves_free(&self, mark: &Mark) -> bool {
        let is_named =
            |call: &LoggedCall| call.name.is_some_and(|name| name.form == mark.name.form);
        self.calls.last().is_some_and(|oldest| oldest.id <= mark.after)
            && self.calls.iter().any(is_named)
            && self.since(mark).all(|call| call.cost == Some(Credits::ZERO))
    }

    fn since<'a>(&'a self, mark: &'a Mark) -> impl Iterator<Item = &'a LoggedCall> {
        let later = self.calls.iter().take_while(|call| call.id > mark.after);
        later.filter(|call| call.name == Some(mark.name))
    }
}

/// How a mark begins: a provider that lists transactions has other anchors.
const LOG: &str = "log";

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { after, name: CallName { form, question } } = self;
        write!(f, "{LOG}:{after}:{form:016x}:{question:016x}")
    }
}

/// A text that is no mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no mark in a log of calls")]
pub struct NoMark;

impl FromStr for Mark {
    type Err = NoMark;

    fn from_str(text: &str) -> Result<Self, NoMark> {
        let read = || {
            let mut parts = text.split(':');
            (parts.next()? == LOG).then_some(())?;
            let after = parts.next()?.parse().ok()?;
            let mut hash = || u64::from_str_radix(parts.next()?, 16).ok();
            let name = CallName { form: hash()?, question: hash()? };
            parts.next().is_none().then_some(Self { after, name })
        };
        read().ok_or(NoMark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: CallName = CallName { form: 1, question: 2 };
    const OTHER: CallName = CallName { form: 1, question: 3 };
    const FOREIGN: CallName = CallName { form: 9, question: 2 };

    fn log(calls: &[(u64, CallName, u64)]) -> CallLog {
        let call = |&(id, name, cost): &(u64, CallName, u64)| LoggedCall {
            id,
            name: Some(name),
            cost: Some(Credits(cost)),
        };
        CallLog::new(calls.iter().map(call).collect()).unwrap()
    }

    fn mark(after: u64) -> Mark {
        Mark { after, name: NAME }
    }

    #[test]
    fn a_question_costs_what_its_calls_since_its_mark_have_cost() {
        let log = log(&[(9, OTHER, 7), (8, NAME, 0), (5, NAME, 2), (3, NAME, 40)]);
        assert_eq!(log.charge(&mark(3), 2), Some(Credits(2)), "asked again for free");
        assert_eq!(log.charge(&mark(3), 1), None, "somebody else has asked it too");
        assert_eq!(log.charge(&mark(7), 1), Some(Credits::ZERO));
        assert_eq!(log.charge(&mark(7), 2), Some(Credits::ZERO), "one never came");
        assert_eq!(log.charge(&mark(8), 1), None, "not in it yet");
        assert_eq!(log.newest(), 9);
    }

    #[test]
    fn a_cost_that_is_not_told_is_none() {
        let call = LoggedCall { id: 5, name: Some(NAME), cost: None };
        let log = CallLog::new(vec![call]).unwrap();
        assert_eq!(log.charge(&mark(4), 1), None);
        assert!(!log.proves_free(&mark(4)));
    }

    #[test]
    fn only_a_log_that_reaches_back_and_names_such_calls_proves_that_one_was_free() {
        let free = log(&[(9, OTHER, 7), (8, NAME, 0), (5, FOREIGN, 1)]);
        assert!(free.proves_free(&mark(5)), "it came and cost nothing");
        assert!(free.proves_free(&mark(8)), "it never came");
        assert!(!free.proves_free(&mark(4)), "what lies between is not shown");
        let charged = log(&[(9, NAME, 1), (5, OTHER, 1)]);
        assert!(!charged.proves_free(&mark(5)));
        assert!(charged.proves_free(&mark(9)));
        let others = log(&[(9, FOREIGN, 7), (5, FOREIGN, 1)]);
        assert!(!others.proves_free(&mark(5)), "whether it names such calls is open");
        assert!(!CallLog::default().proves_free(&mark(0)));
    }

    #[test]
    fn numbers_that_do_not_fall_prove_nothing() {
        for ids in [[3, 3], [3, 4]] {
            let call = |id| LoggedCall { id, name: None, cost: None };
            assert_eq!(CallLog::new(ids.map(call).into()), Err(Unordered));
        }
    }

    #[test]
    fn what_is_no_mark_is_none() {
        let text = mark(7).to_string();
        assert_eq!(text, "log:7:0000000000000001:0000000000000002");
        for broken in
            ["", "log", "log:7", "log:7:1", "log:x:1:2", "lag:7:1:2", "log:7:1:2:3"]
        {
            assert_eq!(broken.parse::<Mark>(), Err(NoMark), "{broken}");
        }
    }
}
