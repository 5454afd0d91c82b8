//! E-mail verifier: reference 7.1.

use super::{
    super::wire::{Flag, Many, Part, Source, Text, Whole},
    sources, verdict,
};
use leadmill_core::{Finding, Value};
use serde::Deserialize;
use serde_json::Value as Json;

/// What stands under `data`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Verified {
    email: Part<Verdict>,
    sources: Many<Source>,
}

/// What is known of an address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Verdict {
    email: Text,
    status: Text,
    result: Text,
    score: Whole,
    mx_check: Flag,
    mx_records: Flag,
    smtp_server: Text,
    smtp_check: Flag,
    smtp_provider: Text,
    accept_all: Flag,
    block: Flag,
    greylisted: Flag,
    gibberish: Flag,
    disposable: Flag,
    webmail: Flag,
}

/// The address that a verdict is about.
pub(super) fn echo(data: &Json) -> Option<&str> {
    data.get("email")?.get("email")?.as_str()
}

/// Reads a verdict. Without a verdict it is a miss: so are addresses that the
/// provider does not check.
pub(super) fn verified(data: Json) -> Option<Finding> {
    let Verified { email, sources } = Part::<Verified>::of(data).0?;
    let found = email.0?;
    let word = found.status.clone().or(found.result.clone());
    if !word.is_told() {
        return Some(Finding::Miss);
    }
    let has_mx = Flag(found.mx_check.0.or(found.mx_records.0));
    Some(Finding::Hit(Box::new([
        verdict(&found.result.or(found.status)).into(),
        found.score.into(),
        Value::Null,
        found.accept_all.into(),
        Value::Null,
        Value::Null,
        Value::Null,
        found.smtp_provider.into(),
        Value::Null,
        word.into(),
        found.webmail.into(),
        found.disposable.into(),
        found.gibberish.into(),
        found.greylisted.into(),
        found.block.into(),
        has_mx.into(),
        found.smtp_check.into(),
        found.smtp_server.into(),
        sources::seen(sources),
    ])))
}
