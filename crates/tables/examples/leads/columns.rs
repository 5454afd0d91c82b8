//! The columns of the file.

use crate::lead::Lead;
use arrow::{
    array::{
        ArrayRef, Float64Builder, Int64Builder, ListBuilder, RecordBatch, StringBuilder,
        TimestampMillisecondBuilder,
    },
    error::ArrowError,
};
use std::sync::Arc;

/// The rows, column by column.
#[derive(Default)]
pub(crate) struct Columns {
    lead_id: Int64Builder,
    first_name: StringBuilder,
    last_name: StringBuilder,
    company: StringBuilder,
    domain: StringBuilder,
    country: StringBuilder,
    title: StringBuilder,
    email: StringBuilder,
    created_at: TimestampMillisecondBuilder,
    score: Float64Builder,
    tags: ListBuilder<StringBuilder>,
    source: StringBuilder,
}

impl Columns {
    pub(crate) fn push(&mut self, lead: Lead) {
        self.lead_id.append_value(lead.lead_id);
        self.first_name.append_option(lead.first_name);
        self.last_name.append_option(lead.last_name);
        self.company.append_value(lead.company);
        self.domain.append_option(lead.domain);
        self.country.append_value(lead.country);
        self.title.append_option(lead.title);
        self.email.append_option(lead.email);
        self.created_at.append_value(lead.created_at);
        self.score.append_option(lead.score);
        self.tags.append_option(lead.tags.map(|tags| tags.into_iter().map(Some)));
        self.source.append_value(lead.source);
    }

    pub(crate) fn finish(mut self) -> Result<RecordBatch, ArrowError> {
        let created_at = self.created_at.finish().with_timezone("UTC");
        RecordBatch::try_from_iter_with_nullable([
            ("lead_id", Arc::new(self.lead_id.finish()) as ArrayRef, false),
            ("first_name", Arc::new(self.first_name.finish()), true),
            ("last_name", Arc::new(self.last_name.finish()), true),
            ("company", Arc::new(self.company.finish()), true),
            ("domain", Arc::new(self.domain.finish()), true),
            ("country", Arc::new(self.country.finish()), true),
            ("title", Arc::new(self.title.finish()), true),
            ("email", Arc::new(self.email.finish()), true),
            ("created_at", Arc::new(created_at), true),
            ("score", Arc::new(self.score.finish()), true),
            ("tags", Arc::new(self.tags.finish()), true),
            ("source", Arc::new(self.source.finish()), true),
        ])
    }
}
