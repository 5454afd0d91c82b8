//! What a reply means for the money, by the reference's words alone.

use super::super::held::{FARTHEST, rates};
use super::providers::TransportError;
use super::{
    canned::KEY,
    told::{Call, Told},
};
use leadmill_core::{Credits, ErrorKind, Operation, ProviderError, Signals, Transaction};
use serde_json::Value;

/// A call that failed is in doubt wherever the provider may have acted on it, and only there.
pub(super) fn failed(told: &Told, error: &ProviderError) {
    let kind = error.kind;
    let status = told.outcome.as_ref().map(|response| response.status().as_u16());
    match status {
        Err(TransportError::Unsent(_)) => assert_eq!(kind, ErrorKind::Unsent),
        Err(TransportError::Lost(_))
            if told.is_of_export() && told.call == Call::Submit =>
        {
            assert_eq!(kind, ErrorKind::Unsent);
        }
        Err(TransportError::Lost(_)) => assert_eq!(kind, ErrorKind::InDoubt),
        Ok(500)
            if told.operation == Operation::FindPerson
                && told.call == Call::Ask
                && told.is_problem() =>
        {
            assert_eq!(kind, ErrorKind::LikelyMiss);
        }
        // Nothing is at stake: it may go again.
        Ok(..300 | 408 | 425 | 500..)
            if told.is_of_export() && told.call == Call::Submit =>
        {
            assert_eq!(kind, ErrorKind::Unsent);
        }
        Ok(..300) if kind == ErrorKind::NoCredit => {
            assert!(told.is_uncovered(), "nothing says that the wallet is to blame");
        }
        Ok(500) if kind == ErrorKind::LikelyMiss => {
            assert!(told.call == Call::Ask && told.is_json_object(), "it says nothing");
        }
        Ok(..300 | 408 | 425 | 500..) => assert_eq!(kind, ErrorKind::InDoubt),
        // What is no object is nobody's word, and a proxy may have passed on what may charge.
        Ok(status @ 300..=499) if told.is_paid() && !told.is_json_object() => {
            assert!(is_of_a_paid_call(status, kind), "{status} {kind:?}");
        }
        Ok(status @ 300..=499)
            if matches!(kind, ErrorKind::Intercepted | ErrorKind::InDoubt) =>
        {
            assert!(told.is_paid() && is_of_a_paid_call(status, kind), "{status}");
            assert!(!told.is_problem(), "it is the provider's own");
        }
        // Somebody in between has turned it away.
        Ok(300..=399 | 401..=407 | 410 | 451) if kind == ErrorKind::Foreign => {
            assert!(!told.is_problem(), "it is the provider's own");
        }
        Ok(402) => assert_eq!(kind, ErrorKind::NoCredit),
        Ok(404) if matches!(told.call, Call::Poll | Call::Fetch) && told.is_problem() => {
            assert_eq!(kind, ErrorKind::Gone);
        }
        Ok(429) => assert!(matches!(kind, ErrorKind::Throttled(_)), "{kind:?}"),
        Ok(404) if kind == ErrorKind::Gone => {
            assert!(told.is_json_object(), "nobody says that it is gone");
        }
        Ok(300..) => {
            assert!(matches!(kind, ErrorKind::Refused | ErrorKind::Fatal), "{kind:?}");
        }
    }
    if let ErrorKind::Throttled(Some(wait)) = kind {
        assert!(wait <= FARTHEST, "told to wait for {wait:?}");
    }
    rates(&error.signals);
    let shown = format!("{error}{error:?}");
    assert!(!shown.contains(KEY), "{shown}");
}

/// Whether somebody else's refusal of a paid call means this: in doubt, unless it cannot have been passed on.
fn is_of_a_paid_call(status: u16, kind: ErrorKind) -> bool {
    match status {
        429 => matches!(kind, ErrorKind::Throttled(_)),
        401 | 407 => kind == ErrorKind::Foreign,
        411 | 413 | 414 | 431 => kind == ErrorKind::Refused,
        300..=399 | 402..=406 | 410 | 451 => kind == ErrorKind::Intercepted,
        _ => kind == ErrorKind::InDoubt,
    }
}

/// What is told beside a reply: windows that make sense, and no more in the wallet than it says.
pub(super) fn signals(told: &Told, signals: &Signals) {
    rates(signals);
    let body = told.body().unwrap_or_default();
    let said = match told.call {
        Call::Balance => &body["data"]["balance"],
        Call::Ask | Call::Fetch => &body["meta"]["creditsRemaining"],
        Call::Submit | Call::Poll | Call::Transactions => &Value::Null,
    };
    if let Some(Credits(read)) = signals.balance
        && said.is_number()
    {
        match said.as_u64() {
            Some(said) => assert!(read <= said, "{read} of {said} in the wallet"),
            None => assert!(read as f64 <= float(said), "{read} of {said}"),
        }
    }
}

/// A bill is never understated.
pub(super) fn owed(told: &Told, read: Option<Credits>) {
    let body = told.body().unwrap_or_default();
    if told.is_of_export() {
        return;
    }
    if told.is_of_reveal() {
        return revealed(&body["data"]["results"], read);
    }
    let said = &body["meta"]["creditsUsed"];
    if !told.is_refused() && said.is_number() {
        let read = read.map_or(0, |credits| credits.0);
        match said.as_u64() {
            Some(said) => assert!(read >= said, "{read} of {said} owed"),
            None => assert!(read as f64 >= float(said).min(u64::MAX as f64), "{read}"),
        }
    }
}

/// What was used and did not come back.
fn revealed(results: &Value, read: Option<Credits>) {
    let said = |name: &str| results[name].as_u64();
    if let (Some(read), Some(used)) = (read, said("creditsUsed")) {
        let owed = match &results["creditsRefunded"] {
            Value::Null => used,
            refunded => used.saturating_sub(refunded.as_u64().unwrap_or(u64::MAX)),
        };
        assert!(read.0 >= owed, "{} of {owed} owed", read.0);
    }
}

/// What proves something is exactly what was said.
pub(super) fn rows(told: &Told, rows: &[Transaction]) {
    let body = told.body().unwrap_or_default();
    for (place, row) in rows.iter().enumerate() {
        let said = &body["data"]["transactions"][place];
        if let Some(amount) = said["amount"].as_f64() {
            assert_eq!(said["id"], *row.id);
            assert_eq!(said["balanceAfter"].as_u64(), Some(row.balance_after.0));
            let exact = said["amount"].as_i64();
            assert!(exact.is_none_or(|exact| exact == row.amount), "{row:?}");
            assert!((row.amount as f64).total_cmp(&(amount + 0.0)).is_eq(), "{row:?}");
        }
    }
}

fn float(said: &Value) -> f64 {
    said.as_f64().unwrap_or_default().max(0.0)
}
