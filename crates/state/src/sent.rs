//! Calls as they are stored: when, and to which endpoint.

use leadmill_core::{Call, Endpoint, Moment, Operation, Sent};

/// Bytes of a record.
pub(crate) const RECORD: usize = 16;

/// A call as it is stored.
pub(crate) fn encode(sent: &Sent) -> [u8; RECORD] {
    let mut record = [0; RECORD];
    let (at, what) = record.split_at_mut(8);
    at.copy_from_slice(&sent.at.0.to_le_bytes());
    let operation = sent.to.operation;
    let codes = [
        position(&Call::ALL, &sent.to.call),
        operation.map_or(0, |operation| position(&Operation::ALL, &operation)),
        u8::from(sent.arrived),
    ];
    what.iter_mut().zip(codes).for_each(|(byte, code)| *byte = code);
    record
}

/// A record with a number, which tells it from others of the same call.
pub(crate) fn numbered(mut record: [u8; RECORD], number: u32) -> [u8; RECORD] {
    let (_, last) = record.split_at_mut(RECORD - 4);
    last.copy_from_slice(&number.to_le_bytes());
    record
}

/// The call of a record; `None` if it is one of a newer release.
pub(crate) fn decode(record: &[u8; RECORD]) -> Option<Sent> {
    let [a, b, c, d, e, f, g, h, call, operation, arrived, ..] = *record;
    let at = Moment(i64::from_le_bytes([a, b, c, d, e, f, g, h]));
    let call = *Call::ALL.get(usize::from(call).checked_sub(1)?)?;
    let operation = usize::from(operation).checked_sub(1);
    let operation = operation.and_then(|code| Operation::ALL.get(code).copied());
    Some(Sent { at, to: Endpoint { call, operation }, arrived: arrived == 1 })
}

/// The place in a list, counted from 1; the lists grow at their ends.
fn position<T: PartialEq>(all: &[T], one: &T) -> u8 {
    let place = all.iter().position(|other| other == one);
    place.and_then(|place| u8::try_from(place + 1).ok()).unwrap_or(0)
}
