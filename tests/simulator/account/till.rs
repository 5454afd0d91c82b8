//! What a provider's own books say, in one form for both.

use super::questions::{ANSWERS, calm_answer};
use crate::life::text;
use leadmill_core::{Finding, Operation, Query, Value};
use leadmill_sandbox::{
    Sandbox, answer_finder, question,
    tomba::{Pool, Tomba, find_email},
};

/// The pools of Tomba that questions are paid from.
const POOLS: [Pool; 2] = [Pool::Searches, Pool::Verifications];

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

impl Till {
    /// What was charged, or is taken until it is settled.
    pub(crate) fn taken(&self) -> u64 {
        match self {
            Self::Enrich(sandbox) => {
                let audit = sandbox.audit();
                audit.charged + audit.reserved
            }
            Self::Tomba(tomba) => {
                let spent = tomba.audit().spent;
                POOLS.iter().filter_map(|pool| spent.get(pool)).sum()
            }
        }
    }

    /// Somebody else spends, or pays in, until so much is left.
    pub(crate) fn leave(&self, credits: u64) {
        let less = |left: u64| credits as i64 - left as i64;
        match self {
            Self::Enrich(sandbox) => sandbox.top_up(less(sandbox.audit().balance)),
            Self::Tomba(tomba) => {
                let left = tomba.audit().left;
                POOLS.iter().for_each(|pool| tomba.top_up(*pool, less(left[pool])));
            }
        }
    }

    /// From here on the windows let so many per cent pass of what they did at first.
    pub(crate) fn scale_limits(&self, percent: u32) {
        match self {
            Self::Enrich(sandbox) => sandbox.scale_limits(percent),
            Self::Tomba(tomba) => tomba.scale_limits(percent),
        }
    }

    /// What somebody who is found costs.
    pub(crate) fn price(&self, operation: Operation) -> u64 {
        match (self, operation) {
            (Self::Enrich(_), Operation::FindEmail | Operation::FindPerson) => 10,
            _ => 1,
        }
    }

    const fn is_tomba(&self) -> bool {
        matches!(self, Self::Tomba(_))
    }

    /// What the provider knows, as [`text`] says it.
    pub(crate) fn answer(&self, query: &Query) -> Option<String> {
        if query.operation() != Operation::FindEmail {
            return calm_answer(self.is_tomba(), query);
        }
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
        self.asked.contains_key(&self.name(query))
    }

    /// How often a question was paid for.
    pub(crate) fn paid(&self, query: &Query) -> u32 {
        match self.till.answer(query) {
            // The reference: `risky` is free.
            Some(answer) if !self.till.is_tomba() && answer.contains("risky") => 0,
            Some(_) => self.paid.get(&self.name(query)).copied().unwrap_or_default(),
            None => 0,
        }
    }

    /// What the books call a question. Tomba leaves accents out, so that namesakes are one.
    pub(crate) fn name(&self, query: &Query) -> String {
        let product = match (query.operation(), self.till.is_tomba()) {
            (Operation::FindEmail, _) => "email-finder",
            (Operation::VerifyEmail, true) => "email-verifier",
            (Operation::VerifyEmail, false) => "email-validation",
            (_, true) => "enrich",
            (_, false) => "reverse-lookup/lookup",
        };
        let plain = |value: &str| match self.till.is_tomba() {
            true => value.replace('\u{eb}', "e"),
            false => value.to_owned(),
        };
        let values: Vec<String> = query.values().map(plain).collect();
        question(product, &values.iter().map(String::as_str).collect::<Vec<_>>())
    }
}
