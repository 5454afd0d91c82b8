//! A person and the employer.

use crate::leads::{Company, JOB, PLACE, Person};

/// Someone who may be returned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) person: &'a Person,
    pub(crate) company: &'a Company,
}

impl Candidate<'_> {
    /// Where the person lives, by a column of the places.
    pub(crate) fn place(&self, column: &str) -> &'static str {
        PLACE.cell(self.person.place, column)
    }

    /// What the person does.
    pub(crate) fn function(&self) -> &'static str {
        JOB.cell(self.person.job, "function")
    }
}
