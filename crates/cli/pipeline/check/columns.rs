//! Columns that steps add: each name once, whatever its letter case.

use super::{super::document::Hop, Checking};
use std::collections::BTreeMap;

/// The column of `receipt: true`.
const RECEIPT: &str = "_leadmill";

impl Checking<'_> {
    pub(super) fn columns(&mut self) {
        let pipeline = self.pipeline;
        let mut taken = BTreeMap::from([(RECEIPT.to_owned(), "the receipt".to_owned())]);
        for (place, step) in pipeline.enrich.iter().enumerate() {
            let owner = format!("the status of step `{}`", self.written_name(place));
            taken.insert(format!("{}_status", step.name), owner);
        }
        for (place, step) in pipeline.enrich.iter().enumerate() {
            for output in &step.output {
                let column = &output.column;
                let owner = format!("an output of step `{}`", self.written_name(place));
                if let Some(owner) = taken.insert(column.to_lowercase(), owner) {
                    let path = [
                        "enrich".into(),
                        place.into(),
                        "output".into(),
                        Hop::Key(column),
                    ];
                    let message =
                        format!("the column `{column}` is taken: it is {owner}");
                    self.wrong_key(&path, message, None);
                }
            }
        }
    }

    /// The name of a step as it is written: what is filled in is not told.
    fn written_name(&self, place: usize) -> String {
        self.document.quoted(&["enrich".into(), place.into(), "name".into()])
    }
}
