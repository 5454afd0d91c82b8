//! A step of the pipeline, as far as tables are concerned.

use leadmill_core::{Operation, Selection};

/// Which question a step asks of a row, and where the answer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepSpec {
    /// Its name.
    pub name: String,
    /// What it asks.
    pub operation: Operation,
    /// Which rows it asks about: SQL that is true or false. All, if there is none.
    pub when: Option<String>,
    /// SQL for each of [`Operation::inputs`], in that order; none for one that is left out.
    pub inputs: Vec<Option<String>>,
    /// The columns it adds, each with where its value is in an answer.
    pub output: Vec<(String, Selection)>,
    /// Whether rows keep a receipt.
    pub receipt: bool,
    /// Whether its rows are only there to ask: one whose question nothing was found for is left out.
    pub asks_for_rows: bool,
}

impl StepSpec {
    /// The name of the column that tells what became of a row.
    pub fn status_column(&self) -> String {
        format!("{}_status", self.name)
    }
}
