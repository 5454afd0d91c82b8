//! What makes two questions the same, and the dice that a question throws.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use crate::answers::phones;

/// One field as the provider compares it: outer blanks and letter case do not matter (section 14, row 26).
pub(crate) fn canonical(field: &str) -> Cow<'_, str> {
    let trimmed = field.trim();
    if trimmed.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(trimmed);
    }
    Cow::Owned(trimmed.to_lowercase())
}

/// The fields that are compared letter by letter: the product's path and the position among its fields.
const EXACT: &[(&str, usize)] = &[(phones::NAME, 1)];

/// A field of a product's question as the provider compares it.
fn compared<'a>(product: &str, position: usize, field: &'a str) -> Cow<'a, str> {
    match EXACT.contains(&(product, position)) {
        true => Cow::Borrowed(field),
        false => canonical(field),
    }
}

/// The name of a question in [`Audit::asked`](crate::Audit::asked): the product's path and the canonical
/// fields, e.g. `email-finder:ada|byron|example.com`. A `|` or `\` within a field is escaped by `\`.
pub fn question(product: &str, fields: &[&str]) -> String {
    let mut name = format!("{product}:");
    for (position, field) in fields.iter().enumerate() {
        if position > 0 {
            name.push('|');
        }
        for letter in compared(product, position, field).chars() {
            if matches!(letter, '|' | '\\') {
                name.push('\\');
            }
            name.push(letter);
        }
    }
    name
}

/// Thirty-two bytes that depend on a seed and a canonical question, and on nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dice([u8; 32]);

impl Dice {
    /// Throws the dice of a question.
    pub(crate) fn throw(seed: u64, product: &str, fields: &[&str]) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.to_le_bytes());
        hash.update(product);
        for (position, field) in fields.iter().enumerate() {
            let field = compared(product, position, field);
            hash.update((field.len() as u64).to_le_bytes());
            hash.update(field.as_bytes());
        }
        Self(hash.finalize().into())
    }

    /// A number below `sides`, independent for each of the eight dice 0..8.
    pub(crate) fn roll(&self, which: usize, sides: u32) -> u32 {
        let bytes = self.0.chunks_exact(4).nth(which % 8);
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
        u32::from_le_bytes(bytes) % sides.max(1)
    }

    /// One of some choices.
    pub(crate) fn pick<T: Copy>(&self, which: usize, first: T, others: &[T]) -> T {
        let sides = u32::try_from(others.len() + 1).unwrap_or(1);
        match self.roll(which, sides) {
            0 => first,
            nth => others.get(nth as usize - 1).copied().unwrap_or(first),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_case_make_no_new_question() {
        let name = question("email-finder", &[" ADA", "Byron ", "Example.com"]);
        assert_eq!(name, "email-finder:ada|byron|example.com");
        assert_eq!(canonical(" ÅSA "), "åsa");
    }

    #[test]
    fn a_profile_is_compared_letter_by_letter() {
        let name = question("reverse-lookup/phones", &[" Ada@X.io", " in/Ada"]);
        assert_eq!(name, "reverse-lookup/phones:ada@x.io| in/Ada");
        let dice = |profile| Dice::throw(1, phones::NAME, &["", profile]).0;
        assert_ne!(dice("in/Ada"), dice("in/ada"));
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        assert_ne!(question("p", &["a|b", "c"]), question("p", &["a", "b|c"]));
        let dice = |fields: &[&str]| Dice::throw(1, "p", fields).0;
        assert_ne!(dice(&["ab", "c"]), dice(&["a", "bc"]));
    }
}
