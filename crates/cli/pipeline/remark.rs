//! What is right and still unwise.

use super::{
    Document, Flaw, Order, Pipeline, Provider, Step, document::Hop, entry_path, secret,
    tree::Origin,
};
use leadmill_core::{Operation, Pack, Window, Wish};

/// All that is to be said of a file.
pub(crate) fn remarks(
    pipeline: &Pipeline,
    document: &Document,
    packs: &[Pack],
) -> Vec<Flaw> {
    let mut remarks = keys(pipeline, document);
    remarks.extend(shares(pipeline, document, packs));
    remarks.extend(unasked(pipeline, document));
    remarks.extend(waterfalls(pipeline, document, packs));
    remarks
}

/// Keys and passwords that stand in the file itself, from which they would be committed.
fn keys(pipeline: &Pipeline, document: &Document) -> Vec<Flaw> {
    let mut remarks = Vec::new();
    for (name, provider) in
        pipeline.providers.iter().filter(|(_, provider)| !provider.sandbox)
    {
        for (key, credential) in provider.credentials() {
            let path: [Hop<'_>; 3] =
                ["providers".into(), name.as_str().into(), key.into()];
            let is_there = credential.is_some();
            if is_there && document.nearest(&path).origin != Origin::Outside {
                let message = "the key stands in the file: whoever reads the file has it";
                let hint =
                    "write `${env:NAME}` or `${file:/run/secrets/name}`".to_owned();
                remarks.push(document.flaw(&path, message, Some(hint)));
            }
        }
    }
    let state: [Hop<'_>; 1] = ["state".into()];
    if secret::holds_password(&pipeline.state)
        && document.nearest(&state).origin != Origin::Outside
    {
        let message = "the password stands in the file: whoever reads the file has it";
        let hint = "write the whole address as `${env:NAME}`, or the password alone";
        remarks.push(document.flaw(&state, message, Some(hint.to_owned())));
    }
    remarks
}

/// Shares of windows so small that they hold no call: one is taken all the same.
fn shares(pipeline: &Pipeline, document: &Document, packs: &[Pack]) -> Vec<Flaw> {
    let remark = |(name, provider): (&String, &Provider)| {
        let pack = packs.iter().find(|pack| pack.name == provider.pack)?;
        let share = provider.share?;
        let windows = provider.windows(pack, provider.plan());
        let windows = windows.into_iter().flat_map(|(scope, windows)| {
            windows.into_iter().map(move |window| (scope.clone(), window))
        });
        let holds_none =
            |(_, window): &(_, Window)| share.of(window.limit.get().into()) == 0;
        let small: Vec<String> = windows
            .filter(holds_none)
            .map(|(scope, window)| format!("{scope} {window}"))
            .collect();
        if small.is_empty() {
            return None;
        }
        let message = format!(
            "{share} is less than one call of {}, where one is made all the same",
            small.join(", ")
        );
        let path: [Hop<'_>; 3] =
            ["providers".into(), name.as_str().into(), "share".into()];
        Some(document.flaw(&path, message, None))
    };
    pipeline.providers.iter().filter_map(remark).collect()
}

/// Columns of fields that their step does not ask for: they are null in every row.
fn unasked(pipeline: &Pipeline, document: &Document) -> Vec<Flaw> {
    let mut remarks = Vec::new();
    for (place, step) in pipeline.enrich.iter().enumerate() {
        let wishes = step.operation.wishes();
        let missing = Wish::ALL.iter().filter(|wish| !wishes.contains(wish));
        for wish in missing.filter(|_| !wishes.is_empty()) {
            let is_null = |field: &str| wish.fields().contains(&field);
            for output in step.output.iter().filter(|output| is_null(&output.field)) {
                let path: [Hop<'_>; 4] = [
                    "enrich".into(),
                    place.into(),
                    "output".into(),
                    output.column.as_str().into(),
                ];
                let message =
                    format!("`{}` is always null: `fields` leaves it out", output.field);
                let hint = format!("add `{}` to `fields`", wish.name());
                remarks.push(document.flaw(&path, message, Some(hint)));
            }
        }
    }
    remarks
}

/// Hits that are paid for and not used, and entries whose turn never comes.
fn waterfalls(pipeline: &Pipeline, document: &Document, packs: &[Pack]) -> Vec<Flaw> {
    let mut remarks = Vec::new();
    for (place, step) in pipeline.enrich.iter().enumerate() {
        let at: [Hop<'_>; 2] = ["enrich".into(), place.into()];
        let mut entries = step.attempts.iter();
        if let Some(entry) = entries.position(|attempt| attempt.accept.is_some()) {
            let path = entry_path(at, step.order, entry, Some("accept"));
            let message = "a hit that `accept` turns down was paid for all the same";
            remarks.push(document.flaw(&path, message, None));
        }
        let Some((entry, why)) = dead_end(pipeline, step, packs) else { continue };
        let path = entry_path(at, step.order, entry + 1, Some("provider"));
        let name = step.attempts.get(entry + 1).map(|next| next.provider.as_str());
        let message = format!("`{}` is never asked: {why}", name.unwrap_or_default());
        remarks.push(document.flaw(&path, message, None));
    }
    remarks
}

/// The first entry of a step that lets nothing through to the next one, and why.
fn dead_end(pipeline: &Pipeline, step: &Step, packs: &[Pack]) -> Option<(usize, String)> {
    if step.order == Order::Cheapest {
        return None;
    }
    let earlier = step.attempts.len().saturating_sub(1);
    let mut entries = step.attempts.iter().enumerate().take(earlier);
    entries.find_map(|(entry, attempt)| {
        let name = &attempt.provider;
        let account = pipeline.account(name, packs)?;
        let price = account.offer(step.operation)?.price;
        let budget = pipeline.budget.run.get(name);
        // Validation at Enrich.so ends with a verdict, whatever it is.
        let always = account.pack.name == "enrich.so"
            && step.operation == Operation::VerifyEmail
            && attempt.accept.is_none();
        let why = match budget {
            Some(budget) if *budget < price => {
                format!(
                    "the budget at `{name}` holds no question, so that it misses none"
                )
            }
            _ if always => format!("`{name}` has a verdict on every address"),
            _ => return None,
        };
        Some((entry, why))
    })
}
