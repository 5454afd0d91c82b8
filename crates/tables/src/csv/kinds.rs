//! Which types could hold every value of a column and give back the same text.

use arrow::{
    compute::kernels::cast_utils::Parser,
    datatypes::{DataType, Date32Type},
};

/// The types that no value has ruled out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kinds {
    empty: bool,
    integer: bool,
    float: bool,
    flag: bool,
    date: bool,
}

impl Default for Kinds {
    fn default() -> Self {
        Self { empty: true, integer: true, float: true, flag: true, date: true }
    }
}

impl Kinds {
    /// Looks at a value. An empty one is null and rules out nothing.
    pub(crate) fn see(&mut self, value: &str) {
        if value.is_empty() {
            return;
        }
        self.empty = false;
        self.integer = self.integer && integer(value).is_some();
        self.float = self.float && float(value).is_some();
        self.flag = self.flag && flag(value).is_some();
        self.date = self.date && date(value).is_some();
    }

    /// The type to read the column as.
    pub(crate) fn data_type(self) -> DataType {
        match self {
            Self { empty: true, .. } => DataType::Utf8,
            Self { integer: true, .. } => DataType::Int64,
            Self { float: true, .. } => DataType::Float64,
            Self { flag: true, .. } => DataType::Boolean,
            Self { date: true, .. } => DataType::Date32,
            Self { .. } => DataType::Utf8,
        }
    }
}

/// A whole number without plus, leading zeros or minus zero.
pub(crate) fn integer(value: &str) -> Option<i64> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    let canonical = match digits.as_bytes() {
        [b'0'] => digits.len() == value.len(),
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    canonical.then(|| value.parse().ok()).flatten()
}

/// A decimal number with a point that prints as it is written.
pub(crate) fn float(value: &str) -> Option<f64> {
    let plain = |b: u8| b.is_ascii_digit() || b == b'.' || b == b'-';
    if !value.contains('.') || !value.bytes().all(plain) {
        return None;
    }
    let number: f64 = value.parse().ok()?;
    (format!("{number:?}") == value).then_some(number)
}

/// `true` or `false`.
pub(crate) fn flag(value: &str) -> Option<bool> {
    match value {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// A day as `YYYY-MM-DD`, since 1970-01-01.
pub(crate) fn date(value: &str) -> Option<i32> {
    let shaped = value.len() == 10
        && value.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    shaped.then(|| Date32Type::parse(value)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(values: &[&str]) -> DataType {
        let mut kinds = Kinds::default();
        values.iter().for_each(|value| kinds.see(value));
        kinds.data_type()
    }

    #[test]
    fn a_type_is_taken_only_if_the_text_comes_back() {
        assert_eq!(kind(&["1", "", "-20", "0"]), DataType::Int64);
        assert_eq!(kind(&["1.5", "-0.25", "100.0"]), DataType::Float64);
        assert_eq!(kind(&["true", "false", ""]), DataType::Boolean);
        assert_eq!(kind(&["2024-02-29", ""]), DataType::Date32);
        for text in [
            ["01", "2"],
            ["+1", "2"],
            ["-0", "1"],
            ["9223372036854775808", "1"],
            ["1", "1.5"],
            ["1.50", "1.5"],
            ["1e5", "1.5"],
            ["0.1000000000000000055", "1.5"],
            [".5", "1.5"],
            ["NaN", "1.5"],
            ["1.2.3", "1.5"],
            ["True", "false"],
            ["2024-02-30", "2024-02-01"],
            ["2024-2-03", "2024-02-01"],
            ["1", "true"],
            ["", ""],
            [" 1", "2"],
        ] {
            assert_eq!(kind(&text), DataType::Utf8, "{text:?}");
        }
    }
}
