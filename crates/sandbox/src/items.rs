//! The distinct questions of one batch, side by side in one string.

use std::collections::HashSet;

use crate::canonical::question;

/// Items of a fixed number of fields, each as first submitted.
#[derive(Debug, Default)]
pub(crate) struct Items {
    text: String,
    /// Where each field ends in `text`, item after item. The most bytes of a body keep these in 32 bits.
    ends: Vec<u32>,
    fields: usize,
}

impl Items {
    /// Keeps the first of each of a product's questions, by its canonical fields.
    pub(crate) fn distinct<'a, F>(
        product: &str,
        submitted: impl IntoIterator<Item = F>,
    ) -> Self
    where
        F: AsRef<[&'a str]>,
    {
        let mut items = Self::default();
        let mut seen = HashSet::new();
        for fields in submitted {
            if seen.insert(question(product, fields.as_ref())) {
                items.push(fields.as_ref());
            }
        }
        items.text.shrink_to_fit();
        items.ends.shrink_to_fit();
        items
    }

    /// How many items there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len() / self.fields.max(1)
    }

    /// The fields of one item.
    pub(crate) fn get(&self, index: usize) -> Vec<&str> {
        (index * self.fields..(index + 1) * self.fields)
            .map(|at| self.field(at))
            .collect()
    }

    fn push(&mut self, fields: &[&str]) {
        self.fields = fields.len();
        for field in fields {
            self.text.push_str(field);
            self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        }
    }

    fn field(&self, at: usize) -> &str {
        let end = |at: usize| self.ends.get(at).map_or(0, |&end| end as usize);
        let start = at.checked_sub(1).map_or(0, end);
        self.text.get(start..end(at)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_spelling_of_a_question_stays() {
        let submitted =
            [["Ada", "Byron", "x.io"], [" ada", "BYRON", "X.io"], ["No", "Body", "y.io"]];
        let items = Items::distinct("email-finder", submitted);
        assert_eq!(items.len(), 2);
        assert_eq!(items.get(0), ["Ada", "Byron", "x.io"]);
        assert_eq!(items.get(1), ["No", "Body", "y.io"]);
    }
}
