//! Telephone numbers, found or validated: reference 7.2 and 7.3.

use super::super::wire::{Flag, Many, Part, Text};
use leadmill_core::{Finding, Value};
use serde::Deserialize;
use serde_json::Value as Json;

/// A number in its forms.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Number {
    valid: Flag,
    local_format: Text,
    intl_format: Text,
    e164_format: Text,
    rfc3966_format: Text,
    country_code: Text,
    line_type: Text,
    carrier: Text,
    region: Part<Region>,
    timezones: Many<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Region {
    name: Text,
    code: Text,
}

/// Reads the numbers of a person. The first that is one comes first, where the provider knows which are.
pub(super) fn found(data: Json) -> Option<Finding> {
    let mut numbers = Many::<Number>::of(data).0;
    numbers.retain(|number| number.written().is_told());
    let best = numbers.iter().find(|number| number.valid.0 != Some(false));
    let Some(first) = best.or(numbers.first()).map(Number::written) else {
        return Some(Finding::Miss);
    };
    let phones = numbers.iter().map(|number| number.written().into()).collect();
    let numbers = numbers.into_iter().map(|number| Value::Values(number.fields()));
    Some(Finding::Hit(Box::new([
        first.into(),
        Value::Values(phones),
        Value::Values(numbers.collect()),
    ])))
}

/// Reads what a number is. That it is none is an answer too.
pub(super) fn validated(data: Json) -> Option<Finding> {
    let number = Many::<Number>::of(data).0.into_iter().next()?;
    Some(match number.valid.0.is_some() || number.written().is_told() {
        true => Finding::Hit(number.fields()),
        false => Finding::Miss,
    })
}

impl Number {
    /// As it is dialled from everywhere, if it is told in such a form.
    fn written(&self) -> Text {
        let forms = [&self.e164_format, &self.intl_format, &self.local_format];
        forms.into_iter().find(|form| form.is_told()).cloned().unwrap_or_default()
    }

    fn fields(self) -> Box<[Value]> {
        let phone = self.written();
        let Region { name, code } = self.region.whole();
        Box::new([
            phone.into(),
            self.valid.into(),
            self.local_format.into(),
            self.intl_format.into(),
            self.rfc3966_format.into(),
            self.country_code.into(),
            self.line_type.into(),
            self.carrier.into(),
            name.into(),
            code.into(),
            self.timezones.into(),
        ])
    }
}
