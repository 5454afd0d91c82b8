//! Steps: who is asked, and for what.

use super::{
    super::{
        document::Hop,
        file::Pipeline,
        nearest::{meant, one_of},
        step::{Attempt, Step},
    },
    Checking,
};
use leadmill_core::{InputKind, Lane, operation::NoSuchField};
use std::collections::BTreeSet;

/// A step without `try:` asks the only provider there is.
pub(super) fn default_provider(pipeline: &mut Pipeline) {
    let mut names = pipeline.providers.keys();
    let (Some(only), None) = (names.next(), names.next()) else { return };
    for step in &mut pipeline.enrich {
        if step.attempts.is_empty() {
            step.attempts.push(Attempt { provider: only.clone(), lane: None });
        }
    }
}

/// A source of leads tells their names where a step asks by them.
pub(super) fn ids_of_leads(pipeline: &mut Pipeline) {
    let by_id = |step: &Step| {
        let mut inputs = step.operation.inputs().iter();
        inputs.any(|input| input.kind == InputKind::Id)
    };
    let needs_ids = pipeline.enrich.iter().any(by_id);
    if let Some(bought) = &mut pipeline.source.bought {
        bought.needs_ids = needs_ids;
    }
}

impl Checking<'_> {
    pub(super) fn steps(&mut self) {
        let pipeline = self.pipeline;
        for (place, step) in pipeline.enrich.iter().enumerate() {
            let at = ["enrich".into(), Hop::Item(place)];
            let mut earlier = pipeline.enrich.iter().take(place);
            if earlier.any(|earlier| earlier.name == step.name) {
                let path = [at[0], at[1], "name".into()];
                let written = self.document.quoted(&path);
                let message = format!("another step is called `{written}` already");
                self.wrong(&path, message, None);
            }
            if step.attempts.is_empty() {
                let message = "`try` is missing: there are several providers";
                self.wrong(&at, message, one_of(self.provider_names()));
            }
            for (entry, attempt) in step.attempts.iter().enumerate() {
                self.attempt(&at, entry, step, attempt);
            }
            self.fields(&at, step);
        }
    }

    fn attempt(
        &mut self,
        at: &[Hop<'_>; 2],
        entry: usize,
        step: &Step,
        attempt: &Attempt,
    ) {
        let path = [at[0], at[1], "try".into(), Hop::Item(entry), "provider".into()];
        if !self.pipeline.providers.contains_key(&attempt.provider) {
            let written = self.document.quoted(&path);
            let hint = meant(&written, self.provider_names());
            self.wrong(&path, format!("`{written}` is no provider of this file"), hint);
            return;
        }
        let Some(pack) = self.pack(&attempt.provider) else { return };
        let Some(offer) = pack.operations.get(&step.operation) else {
            let message = format!("`{}` offers no `{}`", pack.name, step.operation.key());
            let offered = pack.operations.keys().map(|operation| operation.key());
            let offered: BTreeSet<_> = offered.collect();
            let path = [at[0], at[1], step.operation.key().into()];
            self.wrong_key(&path, message, one_of(offered));
            return;
        };
        let path = [at[0], at[1], "try".into(), Hop::Item(entry), "lane".into()];
        if let (Some(wanted), Some(only)) = (attempt.lane, offer.only)
            && wanted != only
        {
            let (how, only) = match only {
                Lane::Bulk => ("in jobs", "bulk"),
                Lane::Single => ("in single calls", "single"),
            };
            let (name, asked) = (&pack.name, step.operation.key());
            let message = format!("`{name}` answers `{asked}` {how} only");
            let hint = format!("write `lane: {only}`, or leave it out");
            self.wrong(&path, message, Some(hint));
        }
    }

    fn fields(&mut self, at: &[Hop<'_>; 2], step: &Step) {
        for output in &step.output {
            let path = [at[0], at[1], "output".into(), Hop::Key(&output.column)];
            // What is written, since what is filled in is not told.
            let written = self.document.quoted(&path);
            if step.operation.select(&output.field).is_ok() {
                continue;
            }
            match step.operation.select(&written) {
                Err(NoSuchField::Unknown { name, within, there }) => {
                    let within = match within.as_str() {
                        "" => step.operation.key(),
                        within => within,
                    };
                    let message = format!("`{within}` has no field `{name}`");
                    self.wrong(&path, message, meant(&name, there.iter().copied()));
                }
                Err(error) => self.wrong(&path, error.to_string(), None),
                Ok(_) => {
                    let message = format!("`{}` has no such field", step.operation.key());
                    self.wrong(&path, message, None);
                }
            }
        }
    }
}
