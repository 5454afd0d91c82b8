//! Steps: who is asked, and for what.

use super::{
    super::{
        attempt::{Attempt, Order, entry_path},
        document::{Document, Hop},
        file::Pipeline,
        nearest::{meant, one_of},
        step::Step,
    },
    Checking,
};
use leadmill_core::{InputKind, Lane, Pack, operation::NoSuchField};
use std::collections::BTreeSet;

/// A step without `try:` asks the only provider there is; one that asks the cheapest first, and names none, all that
/// can be asked, in the order of the file.
pub(super) fn default_providers(
    pipeline: &mut Pipeline,
    document: &Document,
    packs: &[Pack],
) {
    let Pipeline { providers, enrich, .. } = pipeline;
    let written = document.nearest(&["providers".into()]).entries().iter();
    let written: Vec<&str> = written.map(|entry| entry.key.as_str()).collect();
    for step in enrich.iter_mut().filter(|step| step.attempts.is_empty()) {
        let offers = |name: &&str| {
            let pack = providers.get(*name).map(|provider| &provider.pack);
            let mut packs = packs.iter();
            packs.any(|one| {
                Some(&one.name) == pack && one.operations.contains_key(&step.operation)
            })
        };
        let names: Vec<&str> = match step.order {
            Order::Cheapest => written.iter().copied().filter(offers).collect(),
            Order::File if written.len() == 1 => written.clone(),
            Order::File => Vec::new(),
        };
        step.attempts = names.into_iter().map(Attempt::of).collect();
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
            self.no_attempts(&at, step);
            for (entry, attempt) in step.attempts.iter().enumerate() {
                self.attempt(&at, entry, step, attempt);
            }
            self.purses(at, step);
            self.credits(at, step);
            self.fields(&at, step);
        }
    }

    fn no_attempts(&mut self, at: &[Hop<'_>; 2], step: &Step) {
        match (step.attempts.is_empty(), step.order) {
            (false, _) => {}
            (true, Order::File) => {
                let message = "`try` is missing: there are several providers";
                self.wrong(at, message, one_of(self.provider_names()));
            }
            (true, Order::Cheapest) => {
                let key = step.operation.key();
                let message = format!("no provider of this file offers `{key}`");
                self.wrong_key(&[at[0], at[1], key.into()], message, None);
            }
        }
    }

    /// Whoever was asked is not asked again: what the one knows, the other knows.
    fn purses(&mut self, at: [Hop<'_>; 2], step: &Step) {
        let purse = |attempt: &Attempt| {
            let account = self.pipeline.account(&attempt.provider, self.packs);
            account.map(|account| account.purse)
        };
        let purses: Vec<Option<String>> = step.attempts.iter().map(purse).collect();
        for (entry, attempt) in step.attempts.iter().enumerate() {
            let Some(Some(purse)) = purses.get(entry) else { continue };
            let mut earlier = step.attempts.iter().zip(&purses).take(entry);
            let same = earlier.find(|(_, other)| other.as_ref() == Some(purse));
            let Some((other, _)) = same else { continue };
            let (name, other) = (&attempt.provider, &other.provider);
            let message = match name == other {
                true => format!("`{name}` is asked already"),
                false => format!("`{name}` spends from the same wallet as `{other}`"),
            };
            let hint = match step.order {
                Order::Cheapest => "name the providers to ask: `of: [...]`",
                Order::File => "leave one of the two out",
            };
            let path = entry_path(at, step.order, entry, Some("provider"));
            self.wrong(&path, message, Some(hint.to_owned()));
        }
    }

    /// What is compared must have a price in money, unless all of it is the same provider's credits.
    fn credits(&mut self, at: [Hop<'_>; 2], step: &Step) {
        if step.order != Order::Cheapest {
            return;
        }
        let of = |attempt: &Attempt| self.pipeline.providers.get(&attempt.provider);
        let mut packs =
            step.attempts.iter().filter_map(of).map(|provider| &provider.pack);
        let first = packs.next();
        if packs.all(|pack| Some(pack) == first) {
            return;
        }
        for attempt in &step.attempts {
            if of(attempt).is_some_and(|provider| provider.credit.is_none()) {
                let name = &attempt.provider;
                let message =
                    format!("`{name}` has no price of a credit to compare it by");
                let hint = format!(
                    "add `credit: 0.005` to `providers: {{ {name}: ... }}`, what one credit costs; in the same currency for all"
                );
                let path = [at[0], at[1], "try".into(), "order".into()];
                self.wrong(&path, message, Some(hint));
            }
        }
    }

    fn attempt(
        &mut self,
        at: &[Hop<'_>; 2],
        entry: usize,
        step: &Step,
        attempt: &Attempt,
    ) {
        let path = entry_path(*at, step.order, entry, Some("provider"));
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
            // Of several it is the entry that is wrong, else what is asked.
            match step.attempts.len() {
                1 => {
                    let path = [at[0], at[1], step.operation.key().into()];
                    self.wrong_key(&path, message, one_of(offered));
                }
                _ => self.wrong(&path, message, None),
            }
            return;
        };
        let path = entry_path(*at, step.order, entry, Some("lane"));
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
        // What a job would hold too few of travels alone.
        let lane = attempt.lane.or(offer.only);
        if let (Some(_), Some(lane)) = (attempt.min_rows, lane) {
            let path = entry_path(*at, step.order, entry, Some("min_rows"));
            let message = match lane {
                Lane::Bulk => "fewer questions than `min_rows` cannot travel alone here",
                Lane::Single => "nothing travels in jobs here",
            };
            let hint = "leave `min_rows` out, or `lane:` where it is written";
            self.wrong(&path, message.to_owned(), Some(hint.to_owned()));
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
