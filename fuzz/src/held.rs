//! What holds of every provider.

use leadmill_core::{Finding, Operation, Signals, Value, operation::FieldKind};
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

/// No window that a server tells of is longer, and no wait is taken at its word beyond it.
pub(super) const FARTHEST: Duration = Duration::from_secs(400 * 86_400);

/// Waits for what has no reason to wait.
pub(super) fn at_once<T>(call: impl Future<Output = T>) -> Option<T> {
    match pin!(call).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(ended) => Some(ended),
        Poll::Pending => None,
    }
}

/// Windows of which something is told, and that make sense.
pub(super) fn rates(signals: &Signals) {
    for rate in &signals.rates {
        let told = rate.limit.is_some() || rate.remaining.is_some();
        assert!(told || rate.reset.is_some(), "a window of which nothing is told");
        assert!(rate.reset.is_none_or(|reset| reset <= FARTHEST), "{rate:?}");
        assert!(rate.per.is_none_or(|per| per <= FARTHEST && !per.is_zero()), "{rate:?}");
    }
}

/// One value for each field, and of its type.
pub(super) fn finding(operation: Operation, finding: &Finding) {
    let Finding::Hit(values) = finding else { return };
    let fields = operation.fields();
    assert_eq!(values.len(), fields.len());
    for (value, field) in values.iter().zip(fields) {
        assert!(fits(value, field.kind), "{value:?} is no {}", field.name);
    }
}

fn fits(value: &Value, kind: FieldKind) -> bool {
    match (value, kind) {
        (Value::Null, _) => true,
        (Value::Flag(_), kind) => kind == FieldKind::Flag,
        (Value::Integer(_), kind) => kind == FieldKind::Integer,
        (Value::Text(_), kind) => kind == FieldKind::Text,
        (Value::Values(values), FieldKind::List(items)) => {
            values.iter().all(|value| fits(value, *items))
        }
        (Value::Values(values), FieldKind::Struct(fields)) => {
            let mut fields = values.iter().zip(fields);
            values.len() == fields.len()
                && fields.all(|(value, field)| fits(value, field.kind))
        }
        (Value::Values(_), _) => false,
    }
}
