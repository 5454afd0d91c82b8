//! What nobody is shown: the credentials, in whatever form they come back.

use leadmill_core::{Finding, Value};

/// Texts that are taken out of whatever the provider says.
pub(super) struct Hidden(Vec<String>);

impl Hidden {
    pub(super) fn of(forms: impl IntoIterator<Item = String>) -> Self {
        let mut hidden = Self(Vec::new());
        hidden.add(forms);
        hidden
    }

    pub(super) fn add(&mut self, forms: impl IntoIterator<Item = String>) {
        self.0.extend(forms.into_iter().filter(|form| !form.is_empty()));
    }

    /// A text without them.
    pub(super) fn out_of(&self, text: String) -> String {
        match self.is_in(&text) {
            true => self.0.iter().fold(text, |text, form| text.replace(form, "[secret]")),
            false => text,
        }
    }

    /// A finding without them: whoever is asked may give back what asked, and findings are kept.
    pub(super) fn out_of_finding(&self, finding: Finding) -> Finding {
        match finding {
            Finding::Hit(mut values) => {
                values.iter_mut().for_each(|value| self.clear(value));
                Finding::Hit(values)
            }
            other => other,
        }
    }

    fn clear(&self, value: &mut Value) {
        match value {
            Value::Text(text) if self.is_in(text) => {
                *text = self.out_of(std::mem::take(text).into()).into();
            }
            Value::Values(values) => {
                values.iter_mut().for_each(|value| self.clear(value));
            }
            Value::Null | Value::Flag(_) | Value::Integer(_) | Value::Text(_) => {}
        }
    }

    fn is_in(&self, text: &str) -> bool {
        self.0.iter().any(|form| text.contains(form.as_str()))
    }
}
