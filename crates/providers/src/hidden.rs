//! What nobody is shown: the credentials, in whatever form and wherever a reply gives them back. Whoever is asked may
//! repeat what asked, and what is answered is kept. Both clients pass everything through here that leaves them.

use leadmill_core::{Answered, Finding, Page, Transaction, Value};
use serde_json::Value as Json;
use std::{cmp::Reverse, mem};

/// What stands in the place of a credential.
const MARK: &str = "[secret]";

/// Texts that are taken out of whatever a provider says.
pub(crate) struct Hidden(Vec<String>);

impl Hidden {
    pub(crate) fn of(forms: impl IntoIterator<Item = String>) -> Self {
        let mut hidden = Self(Vec::new());
        hidden.add(forms);
        hidden
    }

    /// Hides these too, also as they stand in JSON, which some answers hold as text.
    pub(crate) fn add(&mut self, forms: impl IntoIterator<Item = String>) {
        for form in forms.into_iter().filter(|form| !form.is_empty()) {
            let quoted = Json::String(form.clone()).to_string();
            let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            self.0.extend(inner.filter(|inner| *inner != form).map(str::to_owned));
            self.0.push(form);
        }
        // One may hold another, and would be left in part.
        self.0.sort_by_key(|form| Reverse(form.len()));
    }

    /// A text without them.
    pub(crate) fn out_of(&self, text: String) -> String {
        match self.is_in(&text) {
            true => self.0.iter().fold(text, |text, form| text.replace(form, MARK)),
            false => text,
        }
    }

    /// Whether a text holds one: a name that does cannot be used, since without it it would name something else.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        self.0.iter().any(|form| text.contains(form.as_str()))
    }

    /// An answer without them.
    pub(crate) fn out_of_answer(&self, answered: Answered) -> Answered {
        Answered { finding: self.out_of_finding(answered.finding), ..answered }
    }

    /// A page of answers without them.
    pub(crate) fn out_of_page(&self, page: Page) -> Page {
        let answers = page.answers.into_iter().map(|answer| self.out_of_answer(answer));
        Page { answers: answers.collect(), ..page }
    }

    /// A line of the wallet without them.
    pub(crate) fn out_of_transaction(&self, row: Transaction) -> Transaction {
        let clear = |text: &str| self.out_of(text.to_owned()).into();
        Transaction { id: clear(&row.id), about: clear(&row.about), ..row }
    }

    /// A body without them, the names of its members included.
    pub(crate) fn out_of_json(&self, json: Json) -> Json {
        match json {
            Json::String(text) => Json::String(self.out_of(text)),
            Json::Array(items) => {
                items.into_iter().map(|item| self.out_of_json(item)).collect()
            }
            Json::Object(members) => {
                let clear =
                    |(name, member)| (self.out_of(name), self.out_of_json(member));
                Json::Object(members.into_iter().map(clear).collect())
            }
            json => json,
        }
    }

    fn out_of_finding(&self, finding: Finding) -> Finding {
        let clear = |text: Box<str>| self.out_of(text.into()).into();
        match finding {
            Finding::Hit(mut values) => {
                values.iter_mut().for_each(|value| self.clear(value));
                Finding::Hit(values)
            }
            Finding::Miss => Finding::Miss,
            Finding::Failed(why) => Finding::Failed(clear(why)),
            Finding::Unknown(why) => Finding::Unknown(clear(why)),
        }
    }

    fn clear(&self, value: &mut Value) {
        match value {
            Value::Text(text) if self.is_in(text) => {
                *text = self.out_of(mem::take(text).into()).into();
            }
            Value::Values(values) => {
                values.iter_mut().for_each(|value| self.clear(value));
            }
            Value::Null | Value::Flag(_) | Value::Integer(_) | Value::Text(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
