//! Journal events as rows: a name, a JSON body, and the bytes that would be wasteful in JSON.

use leadmill_core::{
    Credits, Event, JobId, Keys, Lane, Moment, Operation, Part, QueryKey, Status,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One event, ready to be stored.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) event: String,
    pub(crate) body: String,
    pub(crate) bytes: Option<Vec<u8>>,
}

/// A row that is no event.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unreadable(String);

#[derive(Serialize, Deserialize)]
struct Intent {
    account: Arc<str>,
    step: Arc<str>,
    operation: Operation,
    lane: Lane,
    reserve: Credits,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    anchor: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    moment: Option<Moment>,
    /// How many of the questions have plain keys of their own, which stand behind the keys.
    #[serde(default, skip_serializing_if = "is_zero")]
    plain: usize,
}

/// Bytes of a plain key, with the place of its question.
const PLAIN: usize = 20;

#[derive(Serialize, Deserialize)]
struct Repeat {
    reserve: Credits,
}

#[derive(Serialize, Deserialize)]
struct Acceptance {
    job: JobId,
}

#[derive(Serialize, Deserialize)]
struct Authorization {
    charge: Credits,
    #[serde(default, skip_serializing_if = "is_false")]
    paid: bool,
}

#[derive(Serialize, Deserialize)]
struct Refusal {
    reason: String,
    again: bool,
}

#[derive(Serialize, Deserialize)]
struct Doubt {
    reason: String,
    #[serde(default, skip_serializing_if = "is_false")]
    likely_miss: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

#[derive(Serialize, Deserialize)]
struct Price {
    cost: Credits,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

#[derive(Serialize, Deserialize)]
struct Settlement<P> {
    cost: Credits,
    part: P,
}

/// Writes an event.
pub(crate) fn encode(event: &Event) -> Result<Row, serde_json::Error> {
    let row =
        |event: &str, body: String, bytes| Row { event: event.to_owned(), body, bytes };
    let json = serde_json::to_string::<Refusal>;
    Ok(match event {
        Event::Intended {
            account,
            step,
            operation,
            lane,
            reserve,
            anchor,
            moment,
            keys,
        } => {
            let (account, step) = (Arc::clone(account), Arc::clone(step));
            let (operation, lane, reserve) = (*operation, *lane, *reserve);
            let body = serde_json::to_string(&Intent {
                account,
                step,
                operation,
                lane,
                reserve,
                anchor: anchor.clone(),
                moment: *moment,
                plain: keys.plain().len(),
            })?;
            row("intended", body, Some(bytes_of(keys)))
        }
        Event::Repeated { reserve } => {
            row("repeated", serde_json::to_string(&Repeat { reserve: *reserve })?, None)
        }
        Event::Accepted { job } => row("accepted", named(job)?, None),
        Event::Adopted { job } => row("adopted", named(job)?, None),
        Event::Authorized { charge, paid } => {
            let authorization = Authorization { charge: *charge, paid: *paid };
            row("authorized", serde_json::to_string(&authorization)?, None)
        }
        Event::Reopened => row("reopened", "{}".to_owned(), None),
        Event::Refused { reason, again } => row(
            "refused",
            json(&Refusal { reason: reason.clone(), again: *again })?,
            None,
        ),
        Event::Doubted { reason, likely_miss } => {
            let doubt = Doubt { reason: reason.clone(), likely_miss: *likely_miss };
            row("doubted", serde_json::to_string(&doubt)?, None)
        }
        Event::Settled { cost, statuses, part } => {
            let body = serde_json::to_string(&Settlement { cost: *cost, part })?;
            row("settled", body, Some(codes(statuses)))
        }
        Event::Billed { cost } => {
            row("billed", serde_json::to_string(&Price { cost: *cost })?, None)
        }
        Event::Resolved { cost, statuses } => {
            let body = serde_json::to_string(&Price { cost: *cost })?;
            row("resolved", body, Some(codes(statuses)))
        }
    })
}

/// The keys, and then the places and plain keys of those that have one of their own.
fn bytes_of(keys: &Keys) -> Vec<u8> {
    let plain = keys.plain().iter();
    let plain =
        plain.flat_map(|(place, key)| place.to_be_bytes().into_iter().chain(key.0));
    keys.iter().flat_map(|key| key.0).chain(plain).collect()
}

fn named(job: &JobId) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Acceptance { job: job.clone() })
}

fn codes(statuses: &[Status]) -> Vec<u8> {
    statuses.iter().map(|status| status.code()).collect()
}

/// Reads an event.
pub(crate) fn decode(row: Row) -> Result<Event, Unreadable> {
    fn body<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Unreadable> {
        serde_json::from_str(text).map_err(|error| Unreadable(error.to_string()))
    }
    let bytes = row.bytes.unwrap_or_default();
    Ok(match row.event.as_str() {
        "intended" => {
            let Intent { account, step, operation, lane, reserve, anchor, moment, plain } =
                body(&row.body)?;
            let keys = keys_in(&bytes, plain)?;
            Event::Intended {
                account,
                step,
                operation,
                lane,
                reserve,
                anchor,
                moment,
                keys,
            }
        }
        "repeated" => Event::Repeated { reserve: body::<Repeat>(&row.body)?.reserve },
        "adopted" => Event::Adopted { job: body::<Acceptance>(&row.body)?.job },
        "authorized" => {
            let Authorization { charge, paid } = body(&row.body)?;
            Event::Authorized { charge, paid }
        }
        "reopened" => Event::Reopened,
        "accepted" => Event::Accepted { job: body::<Acceptance>(&row.body)?.job },
        "refused" => {
            let Refusal { reason, again } = body(&row.body)?;
            Event::Refused { reason, again }
        }
        "doubted" => {
            let Doubt { reason, likely_miss } = body(&row.body)?;
            Event::Doubted { reason, likely_miss }
        }
        "settled" => {
            let Settlement::<Part> { cost, part } = body(&row.body)?;
            Event::Settled { cost, statuses: statuses(&bytes)?, part }
        }
        "billed" => Event::Billed { cost: body::<Price>(&row.body)?.cost },
        "resolved" => {
            let Price { cost } = body(&row.body)?;
            Event::Resolved { cost, statuses: statuses(&bytes)? }
        }
        other => return Err(Unreadable(format!("no event is called `{other}`"))),
    })
}

fn keys_in(bytes: &[u8], plain: usize) -> Result<Keys, Unreadable> {
    let cut = || Unreadable("the keys of an intent are cut short".into());
    let behind =
        plain.checked_mul(PLAIN).and_then(|behind| bytes.len().checked_sub(behind));
    let (keys, plain) = bytes.split_at(behind.ok_or_else(cut)?);
    let (keys, rest) = keys.as_chunks();
    if !rest.is_empty() {
        return Err(cut());
    }
    let keys = keys.iter().map(|key| QueryKey(*key)).collect();
    let plain = plain.chunks_exact(PLAIN).filter_map(|pair| {
        let (place, key) = pair.split_first_chunk()?;
        Some((u32::from_be_bytes(*place), QueryKey(key.try_into().ok()?)))
    });
    Ok(Keys::spelt(keys, plain.collect()))
}

fn statuses(codes: &[u8]) -> Result<Arc<[Status]>, Unreadable> {
    let status = |code: &u8| {
        Status::from_code(*code)
            .ok_or_else(|| Unreadable(format!("no status has the code {code}")))
    };
    codes.iter().map(status).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use leadmill_core::{Answered, Finding, Value};

    #[test]
    fn events_survive_being_stored() {
        let answer = Answered {
            key: QueryKey([7; 16]),
            finding: Finding::Hit(
                [
                    Value::Text("a@x.io".into()),
                    Value::Null,
                    Value::Integer(-3),
                    Value::Flag(true),
                ]
                .into(),
            ),
            credits: Some(Credits(10)),
        };
        let miss = Answered { finding: Finding::Miss, credits: None, ..answer.clone() };
        for event in [
            Event::Intended {
                account: "enrich.so".into(),
                step: "mail".into(),
                operation: Operation::FindEmail,
                lane: Lane::Single,
                reserve: Credits(20),
                anchor: Some("t1".into()),
                moment: Some(Moment(-3)),
                keys: [QueryKey([1; 16]), QueryKey([2; 16])].into(),
            },
            Event::Accepted { job: JobId("65f0".into()) },
            Event::Adopted { job: JobId("65f1".into()) },
            Event::Repeated { reserve: Credits(6) },
            Event::Authorized { charge: Credits(7), paid: false },
            Event::Authorized { charge: Credits(8), paid: true },
            Event::Reopened,
            Event::Refused { reason: "no \"such\" thing".into(), again: true },
            Event::Doubted { reason: "reset".into(), likely_miss: false },
            Event::Doubted { reason: "HTTP 500".into(), likely_miss: true },
            Event::Settled {
                cost: Credits(10),
                statuses: [Status::Hit, Status::UnknownCharged].into(),
                part: Part::File("b.parquet".into()),
            },
            Event::Settled {
                cost: Credits(0),
                statuses: Status::ALL.into(),
                part: Part::Inline([answer, miss].into()),
            },
            Event::Billed { cost: Credits(4) },
            Event::Resolved { cost: Credits(3), statuses: Status::ALL.into() },
        ] {
            assert_eq!(decode(encode(&event).unwrap()).unwrap(), event);
        }
    }

    #[test]
    fn plain_keys_are_stored_behind_the_keys() {
        let keys = [QueryKey([1; 16]), QueryKey([2; 16])].into();
        let event = Event::Intended {
            account: "enrich.so".into(),
            step: "mail".into(),
            operation: Operation::FindEmail,
            lane: Lane::Bulk,
            reserve: Credits(20),
            anchor: None,
            moment: None,
            keys: Keys::spelt(keys, [(1, QueryKey([3; 16]))].into()),
        };
        assert_eq!(decode(encode(&event).unwrap()).unwrap(), event);
    }

    #[test]
    fn a_damaged_row_is_refused() {
        let row = |event: &str, body: &str, bytes: &[u8]| Row {
            event: event.into(),
            body: body.into(),
            bytes: Some(bytes.into()),
        };
        let intent = r#"{"account":"a","step":"s","operation":"find_email","lane":"bulk","reserve":1}"#;
        assert!(decode(row("intended", intent, &[0; 16])).is_ok());
        assert!(decode(row("intended", intent, &[0; 15])).is_err());
        let plain = intent.replace("1}", "1,\"plain\":1}");
        assert!(decode(row("intended", &plain, &[0; 36])).is_ok());
        for cut in [0, 16, 19, 35] {
            assert!(decode(row("intended", &plain, &[0; 36][..cut])).is_err());
        }
        assert!(decode(row("intended", &intent[..40], &[0; 16])).is_err());
        assert!(decode(row("invented", "{}", &[])).is_err());
        assert!(
            decode(row("settled", r#"{"cost":1,"part":{"file":"p"}}"#, &[99])).is_err()
        );
    }
}
