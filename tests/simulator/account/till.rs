//! What a provider's own books say, in one form for both.

use crate::life::text;
use leadmill_core::{Finding, Query, Value};
use leadmill_sandbox::{
    Sandbox, answer_finder, question,
    tomba::{Pool, Tomba, find_email},
};

/// The books of one account.
#[derive(Clone, Debug)]
pub(crate) enum Till {
    Enrich(Sandbox),
    Tomba(Tomba),
}

/// A copy of the books as they are at a time.
pub(crate) struct Books {
    till: Till,
    /// How often each question was charged for, or would have been if it found somebody.
    asked: std::collections::BTreeMap<String, u32>,
    paid: std::collections::BTreeMap<String, u32>,
    /// Length, limit and most requests of each window.
    pub(crate) windows: Vec<(u64, u64, u64)>,
    pub(crate) throttled: u64,
}

/// The seed of all answers: the two providers do not know the same people.
pub(crate) const ANSWERS: u64 = 7;

impl Till {
    /// What was charged, or is taken until it is settled.
    pub(crate) fn taken(&self) -> u64 {
        match self {
            Self::Enrich(sandbox) => {
                let audit = sandbox.audit();
                audit.charged + audit.reserved
            }
            Self::Tomba(tomba) => {
                tomba.audit().spent.get(&Pool::Searches).copied().unwrap_or_default()
            }
        }
    }

    /// What somebody who is found costs.
    pub(crate) const fn price(&self) -> u64 {
        match self {
            Self::Enrich(_) => 10,
            Self::Tomba(_) => 1,
        }
    }

    /// What the provider knows, as [`text`] says it.
    pub(crate) fn answer(&self, query: &Query) -> Option<String> {
        let fields: Vec<&str> = query.values().collect();
        let [first, last, domain] = fields.try_into().unwrap();
        let email = match self {
            Self::Enrich(_) => {
                answer_finder(ANSWERS, first, last, domain).map(|found| found.email)
            }
            Self::Tomba(_) => {
                find_email(ANSWERS, first, last, domain).and_then(|found| found.email)
            }
        };
        let hit =
            |email: String| text(Some(&Finding::Hit([Value::Text(email.into())].into())));
        email.map(hit)
    }

    pub(crate) fn books(&self) -> Books {
        match self {
            Self::Enrich(sandbox) => {
                let audit = sandbox.audit();
                let windows = audit.windows.iter();
                let windows =
                    windows.map(|one| (one.length_ms, u64::from(one.limit), one.offered));
                Books {
                    till: self.clone(),
                    windows: windows.collect(),
                    throttled: audit.throttled,
                    paid: audit.asked.clone(),
                    asked: audit.asked,
                }
            }
            Self::Tomba(tomba) => {
                let audit = tomba.audit();
                let windows = audit.windows.iter();
                let windows =
                    windows.map(|one| (one.length_ms, u64::from(one.limit), one.offered));
                Books {
                    till: self.clone(),
                    windows: windows.collect(),
                    // Others' jobs may hold the slots.
                    throttled: 0,
                    paid: audit.paid,
                    asked: audit.asked,
                }
            }
        }
    }
}

impl Books {
    pub(crate) fn is_asked(&self, query: &Query) -> bool {
        self.asked.contains_key(&name(query))
    }

    /// How often a question was paid for.
    pub(crate) fn paid(&self, query: &Query) -> u32 {
        match self.till.answer(query) {
            Some(_) => self.paid.get(&name(query)).copied().unwrap_or_default(),
            None => 0,
        }
    }
}

fn name(query: &Query) -> String {
    question("email-finder", &query.values().collect::<Vec<_>>())
}
