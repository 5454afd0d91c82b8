//! What can be wrong with a table, told to a data engineer.

use std::{error::Error, fmt::Display};

/// A table, an expression or an output that cannot be used as the pipeline says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TableError {
    /// Which part of the pipeline it is about.
    pub subject: Subject,
    /// One sentence: lower case, no full stop, naming the thing.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// The part of a pipeline that an error is about, so that the caller can point at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The source's location, or the files there.
    Location,
    /// The source's `where:`.
    Filter,
    /// The source's `sql:`.
    Sql,
    /// The source's `key:`.
    Key,
    /// A step's `when:`.
    When,
    /// A step's input, by its place among the operation's inputs.
    Input(usize),
    /// The `accept:` of an entry of a step's `try:`, by its place there.
    Accept(usize),
    /// A column that a step adds, by its place in the step's `output:`. One past the end is the step's
    /// status column, two past the end its receipt.
    Output(usize),
    /// The sink's location, or the table written there.
    Sink,
    /// Staged answers.
    Part,
}

impl TableError {
    pub(crate) fn new(subject: Subject, message: impl Into<String>) -> Self {
        Self { subject, message: message.into(), hint: None }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn hint_if(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }

    /// One of ours that travelled inside a library's error.
    pub(crate) fn inside(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(ours) = error.downcast_ref::<Self>() {
                return Some(ours.clone());
            }
            next = error.source();
        }
        None
    }
}

/// Names what an error is about, as in `leads.csv: line 3: …`.
pub(crate) fn at(
    subject: Subject,
    place: impl Display,
) -> impl Fn(&dyn Display) -> TableError {
    move |error| TableError::new(subject, format!("{place}: {error}"))
}
