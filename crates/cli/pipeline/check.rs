//! Whether a file of the right form makes sense, judged offline: names that point nowhere, facts that a
//! pack contradicts, columns that collide.

mod columns;
mod providers;
mod steps;

use super::{
    bought::{Bought, MOST},
    document::{Document, Hop},
    file::Pipeline,
    flaw::Flaw,
};
use leadmill_core::{Pack, Unaskable};

/// Finds everything that makes no sense, and completes what the file leaves open.
pub(crate) fn check(
    pipeline: &mut Pipeline,
    document: &Document,
    packs: &[Pack],
) -> Vec<Flaw> {
    steps::default_providers(pipeline, document, packs);
    steps::ids_of_leads(pipeline);
    let mut checking = Checking { pipeline, document, packs, flaws: Vec::new() };
    checking.providers();
    checking.steps();
    checking.columns();
    checking.budget();
    checking.tables();
    checking.flaws
}

struct Checking<'a> {
    pipeline: &'a Pipeline,
    document: &'a Document,
    packs: &'a [Pack],
    flaws: Vec<Flaw>,
}

impl<'a> Checking<'a> {
    fn wrong(
        &mut self,
        path: &[Hop<'_>],
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        self.flaws.push(self.document.flaw(path, message, hint));
    }

    fn wrong_key(
        &mut self,
        path: &[Hop<'_>],
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        self.flaws.push(self.document.flaw_at_key(path, message, hint));
    }

    /// The pack that a provider uses, if both are known.
    fn pack(&self, provider: &str) -> Option<&'a Pack> {
        let provider = self.pipeline.providers.get(provider)?;
        self.packs.iter().find(|pack| pack.name == provider.pack)
    }

    fn provider_names(&self) -> impl Iterator<Item = &'a str> + Clone + use<'a> {
        self.pipeline.providers.keys().map(String::as_str)
    }

    fn budget(&mut self) {
        for name in self.pipeline.budget.run.keys() {
            if !self.pipeline.providers.contains_key(name) {
                let hint = super::nearest::meant(name, self.provider_names());
                let path = ["budget".into(), "run".into(), Hop::Key(name)];
                self.wrong_key(
                    &path,
                    format!("`{name}` is no provider of this file"),
                    hint,
                );
            }
        }
    }

    /// A source that is bought names a provider that sells it.
    fn bought(&mut self, bought: &Bought) {
        let names: Vec<&str> = self.provider_names().collect();
        let kind = bought.kind.name();
        if bought.is_too_much() {
            let path = ["source".into(), kind.into(), MOST.into()];
            let message = "a search shows 4,000 leads at most";
            let hint = "write `by: export`, which leaves out what `reveal_contact` and `unlock_name` need, or split the filters";
            self.wrong(&path, message, Some(hint.to_owned()));
        }
        if bought.is_beyond_query() {
            let path = ["source".into(), kind.into(), MOST.into()];
            let message = "a `query` shows one page, 50 companies at most";
            let hint = "write `max: 50` or less, or `filters` instead of `query`";
            self.wrong(&path, message, Some(hint.to_owned()));
        }
        if let Some((key, why)) = bought.unaskable() {
            let path = ["source".into(), kind.into(), key.into()];
            let why = match why {
                Unaskable::Empty(_) => "is empty",
                Unaskable::TooLong(_) => "is too long",
                _ => "is no address of a company's LinkedIn page",
            };
            let hint = "write one such as https://www.linkedin.com/company/name";
            let message = format!("`{}` {why}", self.document.quoted(&path));
            self.wrong(&path, message, Some(hint.to_owned()));
        }
        let name = match (&bought.provider, &names[..]) {
            (Some(name), _) => name.clone(),
            (None, [only]) => (*only).to_owned(),
            (None, _) => {
                let message = "`provider` is missing: there are several providers";
                let hint = super::nearest::one_of(names.iter().copied());
                self.wrong(&["source".into(), kind.into()], message, hint);
                return;
            }
        };
        let path = ["source".into(), kind.into(), "provider".into()];
        if !self.pipeline.providers.contains_key(&name) {
            let written = self.document.quoted(&path);
            let hint = super::nearest::meant(&written, names.iter().copied());
            self.wrong(&path, format!("`{written}` is no provider of this file"), hint);
        } else if let Some(pack) = self.pack(&name)
            && !pack.operations.contains_key(&bought.operation())
        {
            let message = format!("`{}` sells no `{kind}`", pack.name);
            self.wrong_key(&["source".into(), kind.into()], message, None);
        }
    }

    fn tables(&mut self) {
        let Pipeline { source, sink, state, results, .. } = self.pipeline;
        let keys =
            ["parquet", "csv", "ndjson"].map(|kind| ["sink".into(), Hop::Key(kind)]);
        if sink.location.path == source.location.path {
            let there = |path: &&[Hop<'_>; 2]| self.document.has(&path[..]);
            let path = keys.iter().find(there).map_or(&[][..], |path| path);
            self.wrong(path, "the sink would overwrite the source", None);
        }
        if let Some(bought) = &source.bought {
            let own_key = bought.own_key();
            let has_own = source.key.iter().all(|key| Some(key.as_str()) == own_key);
            let whole = [
                ("key", has_own),
                ("sql", source.sql.is_none()),
                ("where", source.filter.is_none()),
            ];
            for (key, _) in whole.into_iter().filter(|(_, is_empty)| !is_empty) {
                let kind = bought.kind.name();
                let message = format!("`{key}` is for tables: `{kind}` is taken whole");
                self.wrong(&["source".into(), key.into()], message, None);
            }
            self.bought(bought);
        }
        if sink.errors.as_ref() == Some(&sink.location.path) {
            let path = ["sink".into(), "errors".into()];
            self.wrong(&path, "the failed leads would overwrite the output", None);
        }
        let scheme = state.split_once("://").map(|(scheme, _)| scheme.to_lowercase());
        match (scheme.as_deref(), results) {
            (None, _) | (Some("postgres" | "postgresql"), Some(_)) => {}
            (Some("postgres" | "postgresql"), None) => {
                let message =
                    "a state on Postgres needs `results:`, where the answers are kept";
                let hint = "add `results: s3://bucket/leadmill/`, or a folder that all machines share";
                self.wrong(&["state".into()], message, Some(hint.to_owned()));
            }
            (Some(_), _) => {
                let hint = "name a folder, such as .leadmill, or postgres://…";
                let message = "the state is neither a folder nor a Postgres database";
                self.wrong(&["state".into()], message, Some(hint.to_owned()));
            }
        }
    }
}
