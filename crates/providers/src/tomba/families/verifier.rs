//! E-mail verifier: reference 7.1.

use super::{
    super::wire::{Flag, Many, Part, Source, Text, Whole},
    sources, verdict,
};
use leadmill_core::{Finding, Operation, Query, QueryKey, Value};
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

/// Reads a verdict about the address that was asked about. Without a verdict it is a miss: so are addresses that the
/// provider does not check.
pub(super) fn verified(asked: QueryKey, data: Json) -> Option<Finding> {
    let Verified { email, sources } = Part::<Verified>::of(data).0?;
    let found = email.0?;
    let echo = Query::key_of(Operation::VerifyEmail, [found.email.0.as_deref()]);
    if echo.is_ok_and(|echo| echo != asked) {
        return Some(Finding::Unknown("the reply is about another address".into()));
    }
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
