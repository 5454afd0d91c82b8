//! Last names of the lead finder's people: reference §9.4.

use super::{
    super::wire::{Envelope, Meta, Text, said},
    Words, first, key,
};
use leadmill_core::{Credits, Finding, Operation, Query, Value};
use serde::{Deserialize, Serialize};

/// A lead by the provider's own name for it.
#[derive(Serialize)]
pub(super) struct LeadId<'a> {
    id: &'a str,
}

/// The leads whose names are wanted.
#[derive(Serialize)]
pub(super) struct Names<'a> {
    leads: Vec<LeadId<'a>>,
}

impl<'a> LeadId<'a> {
    pub(super) fn of(query: &'a Query) -> Self {
        Self { id: first(query) }
    }
}

impl<'a> Names<'a> {
    pub(super) fn of(queries: &'a [Query]) -> Self {
        Self { leads: queries.iter().map(LeadId::of).collect() }
    }
}

#[derive(Deserialize)]
struct Unlocked<'a> {
    #[serde(borrow)]
    results: Vec<Name<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Name<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "said")]
    last_name: Option<Option<Text<'a>>>,
}

/// Reads the name of the one lead that is asked about.
pub(in super::super) fn unlocked(
    _: &Words,
    query: &Query,
    body: &[u8],
) -> Result<(Finding, Meta), serde_json::Error> {
    let envelope: Envelope<Unlocked<'_>> = serde_json::from_slice(body)?;
    let meta = envelope.meta.unwrap_or_default();
    let names = envelope.data.results;
    let (asked, is_empty) = (query.key(), names.is_empty());
    let is_asked = |name: &Name<'_>| {
        key(Operation::UnlockName, &[name.id.as_deref()]) == Some(asked)
    };
    let finding = match names.into_iter().find(is_asked) {
        Some(Name { last_name: Some(Some(name)), .. }) if !name.is_empty() => {
            Finding::Hit(Box::new([Value::Text(name.into())]))
        }
        Some(Name { last_name: Some(_), .. }) => Finding::Miss,
        None if is_empty && meta.credits_used == Some(Credits::ZERO) => Finding::Miss,
        None if !is_empty => {
            Finding::Unknown("the reply is about another question".into())
        }
        Some(_) | None => Finding::Unknown("the reply holds no answer".into()),
    };
    Ok((finding, meta))
}

#[cfg(test)]
mod tests {
    use super::*;
    use leadmill_core::Status;

    fn read(results: &str, used: u64) -> (Status, Option<Credits>) {
        let body = format!(
            r#"{{"success":true,"data":{{"results":[{results}]}},"meta":{{"requestId":"req_0","creditsUsed":{used}}}}}"#
        );
        let asked = Query::read(Operation::UnlockName, [Some("enc_A1")]).unwrap();
        let (finding, meta) = unlocked(&Words::new(), &asked, body.as_bytes()).unwrap();
        if let Finding::Hit(values) = &finding {
            assert_eq!(**values, [Value::Text("Example".into())]);
        }
        (finding.status(), meta.credits_used)
    }

    #[test]
    fn a_name_is_that_of_the_lead_that_was_asked_about() {
        let (hit, miss, unknown) = (Status::Hit, Status::Miss, Status::UnknownCharged);
        for (results, used, status) in [
            (r#"{"id":"enc_A1","lastName":"Example"}"#, 1, hit),
            (
                r#"{"id":"enc_B2","lastName":"X"},{"id":"enc_A1","lastName":"Example"}"#,
                2,
                hit,
            ),
            (r#"{"id":"enc_A1","lastName":null}"#, 0, miss),
            (r#"{"id":"enc_A1","lastName":""}"#, 1, miss),
            ("", 0, miss),
            ("", 1, unknown),
            (r#"{"id":"enc_A1"}"#, 1, unknown),
            (r#"{"id":"enc_a1","lastName":"Example"}"#, 1, unknown),
            (r#"{"lastName":"Example"}"#, 0, unknown),
        ] {
            assert_eq!(read(results, used), (status, Some(Credits(used))), "{results}");
        }
    }
}
