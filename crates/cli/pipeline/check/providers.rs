//! What each provider declares, against its pack.

use super::{
    super::{
        document::Hop,
        nearest::{meant, one_of},
        provider::{Provider, is_one_plan},
    },
    Checking,
};
use leadmill_core::{Operation, Pack, Scope};
use std::collections::BTreeSet;

impl Checking<'_> {
    pub(super) fn providers(&mut self) {
        for (name, provider) in &self.pipeline.providers {
            let at = ["providers".into(), Hop::Key(name)];
            self.credentials(&at, provider);
            match self.pack(name) {
                None => self.unknown_pack(&at),
                Some(pack) => {
                    self.generation(&at, provider, pack);
                    self.plan(&at, provider, pack);
                    self.limits(&at, provider, pack);
                    self.sizes(&at, name, provider, pack);
                    self.prices(&at, provider, pack);
                }
            }
            if provider.poll.is_some_and(|poll| poll.0.is_zero()) {
                self.wrong(
                    &under(&at, "poll"),
                    "a poll needs a pause of more than 0s",
                    None,
                );
            }
        }
    }

    fn credentials(&mut self, at: &[Hop<'_>; 2], provider: &Provider) {
        let hint = Some("write `${env:NAME}` or `${file:/run/secrets/name}`".to_owned());
        let wanted = provider.wanted_credentials();
        for (key, credential) in provider.credentials() {
            let path = under(at, key);
            match credential {
                None if wanted.contains(&key) && !provider.sandbox => {
                    self.wrong_key(at, format!("`{key}` is missing"), hint.clone());
                }
                Some(_) if !wanted.contains(&key) => {
                    let message = format!("`{}` has no `{key}`", provider.pack);
                    self.wrong_key(&path, message, one_of(wanted.iter().copied()));
                }
                Some(secret)
                    if secret
                        .expose()
                        .contains(|c: char| c.is_whitespace() || c.is_control()) =>
                {
                    let message = "the key holds a blank or a line break";
                    self.wrong(&path, message, None);
                }
                _ => {}
            }
        }
    }

    /// Forms of jobs that there are not.
    fn generation(&mut self, at: &[Hop<'_>; 2], provider: &Provider, pack: &Pack) {
        if provider.generation.is_some() && pack.jobs.generation.is_none() {
            let message = format!("jobs of `{}` have one form only", pack.name);
            let hint = "leave `generation` out".to_owned();
            self.wrong_key(&under(at, "generation"), message, Some(hint));
        }
    }

    fn unknown_pack(&mut self, at: &[Hop<'_>; 2]) {
        let path = under(at, "use");
        let written = self.document.quoted(&path);
        let hint = meant(&written, self.packs.iter().map(|pack| &*pack.name));
        self.wrong(&path, format!("no provider is called `{written}`"), hint);
    }

    fn plan(&mut self, at: &[Hop<'_>; 2], provider: &Provider, pack: &Pack) {
        let path = under(at, "plan");
        let plans = pack.plans.keys().map(String::as_str);
        match provider.plan() {
            Some(plan) if pack.plans.contains_key(plan) => {}
            Some(_) if provider.plan.is_some() => {
                let written = self.document.quoted(&path);
                let message = format!("`{}` has no plan `{written}`", pack.name);
                self.wrong(&path, message, meant(&written, plans));
            }
            None if is_one_plan(pack) => {}
            None if !provider.limits.is_empty() => self.uncovered(at, provider, pack),
            _ => self.wrong_key(at, "`plan` is missing", one_of(plans)),
        }
    }

    /// Without a plan the limits must speak for every scope that is limited under any plan.
    fn uncovered(&mut self, at: &[Hop<'_>; 2], provider: &Provider, pack: &Pack) {
        let limited: BTreeSet<&Scope> =
            pack.plans.values().flatten().map(|(scope, _)| scope).collect();
        for scope in limited {
            if !provider.limits.contains_key(scope) {
                let message =
                    format!("without a plan, `limits` must give windows for `{scope}`");
                let plans = pack.plans.keys().map(String::as_str);
                self.wrong_key(
                    &under(at, "limits"),
                    message,
                    one_of(plans).map(|plans| format!("or name a plan: {plans}")),
                );
            }
        }
    }

    fn limits(&mut self, at: &[Hop<'_>; 2], provider: &Provider, pack: &Pack) {
        let of_plans = pack.plans.values().flat_map(|scopes| scopes.keys());
        let scopes: BTreeSet<&str> = pack
            .scopes
            .values()
            .flatten()
            .chain(of_plans)
            .map(|scope| &*scope.0)
            .collect();
        for Scope(scope) in provider.limits.keys() {
            if !scopes.contains(&**scope) {
                let message = format!("`{}` limits no scope `{scope}`", pack.name);
                let hint = meant(scope, scopes.iter().copied());
                self.wrong_key(&under2(at, "limits", scope), message, hint);
            }
        }
    }

    /// The most that the provider takes, for what this pipeline asks it. One size is for all operations, and each
    /// takes no more of it than it can.
    fn sizes(&mut self, at: &[Hop<'_>; 2], name: &str, provider: &Provider, pack: &Pack) {
        let steps = &self.pipeline.enrich;
        let is_asked = |operation: &Operation| {
            steps.iter().any(|step| {
                step.operation == *operation
                    && step.attempts.iter().any(|attempt| attempt.provider == name)
            })
        };
        let asked =
            || pack.operations.iter().filter(|(operation, _)| is_asked(operation));
        let batch = asked().max_by_key(|(_, offer)| offer.most_items);
        let page = asked().max_by_key(|(_, offer)| offer.page);
        let batch = batch.map(|(operation, offer)| (*operation, offer.most_items));
        let page = page.map(|(operation, offer)| (*operation, offer.page));
        for (key, size, most) in
            [("batch", provider.batch, batch), ("page", provider.page, page)]
        {
            if let (Some(size), Some((operation, most))) = (size, most)
                && size > most
            {
                let message = format!(
                    "`{}` takes at most {most} for `{}`",
                    pack.name,
                    operation.key()
                );
                self.wrong(&under(at, key), message, None);
            }
        }
    }

    fn prices(&mut self, at: &[Hop<'_>; 2], provider: &Provider, pack: &Pack) {
        for operation in provider.prices.keys() {
            if !pack.operations.contains_key(operation) {
                let message = format!("`{}` offers no `{operation}`", pack.name);
                let offered = pack.operations.keys().copied().map(Operation::name);
                let path = under2(at, "prices", operation.name());
                self.wrong_key(&path, message, one_of(offered));
            }
        }
    }
}

fn under<'a>([section, name]: &[Hop<'a>; 2], key: &'a str) -> [Hop<'a>; 3] {
    [*section, *name, Hop::Key(key)]
}

fn under2<'a>(
    [section, name]: &[Hop<'a>; 2],
    key: &'a str,
    inner: &'a str,
) -> [Hop<'a>; 4] {
    [*section, *name, Hop::Key(key), Hop::Key(inner)]
}
