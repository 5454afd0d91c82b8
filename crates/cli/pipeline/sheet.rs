//! The text of the file, as it may be shown.

use super::{
    flaw::{Flaw, Place},
    secret,
    tree::{Node, Span},
};
use std::ops::Range;

/// The text of the file, and the parts of it that are never shown.
#[derive(Debug)]
pub(crate) struct Sheet {
    text: String,
    hidden: Vec<Range<usize>>,
}

impl Sheet {
    /// A text of which nothing is known yet: lines that may hold a secret are not shown.
    pub(crate) fn unread(text: &str) -> Self {
        Self { text: text.to_owned(), hidden: secret::suspects(text) }
    }

    /// A text whose tree is known: secrets that are written in it are not shown.
    pub(crate) fn new(text: &str, root: &Node) -> Self {
        Self { text: text.to_owned(), hidden: secret::written(root) }
    }

    /// A flaw at a span.
    pub(crate) fn flaw(
        &self,
        span: &Span,
        message: impl Into<String>,
        hint: Option<String>,
    ) -> Flaw {
        let line = span.line.max(1);
        let excerpt = self.line(line);
        let column = span.column.max(1);
        let room = (excerpt.chars().count() + 1).saturating_sub(column);
        let len = self.raw(span).chars().count().min(room).max(1);
        let at = Place { line, column, len };
        let message = message.into().replace(char::is_control, " ");
        Flaw { at, message, hint, excerpt }
    }

    /// What is written at a span, as it may be quoted: its first line, without quotation marks.
    pub(crate) fn quoted(&self, span: &Span) -> String {
        if self.hidden.iter().any(|hidden| overlap(hidden, &span.bytes)) {
            return "***".to_owned();
        }
        let first = self.raw(span).lines().next().unwrap_or_default().trim();
        let bare = ['"', '\'']
            .into_iter()
            .find_map(|mark| first.strip_prefix(mark)?.strip_suffix(mark));
        bare.unwrap_or(first).trim().to_owned()
    }

    /// The place of a stretch of text within a span, or the span where it is not found.
    pub(crate) fn within(&self, span: &Span, part: &str) -> Span {
        let Some(offset) = self.raw(span).find(part) else { return span.clone() };
        let start = span.bytes.start + offset;
        let before = self.text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        Span {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            bytes: start..start + part.len(),
        }
    }

    fn raw(&self, span: &Span) -> &str {
        self.text.get(span.bytes.clone()).unwrap_or_default()
    }

    /// A line with hidden parts as `*` and control characters as blanks; empty where all is hidden.
    fn line(&self, number: usize) -> String {
        let Some(line) = self.text.lines().nth(number - 1) else { return String::new() };
        let offset = line.as_ptr().addr() - self.text.as_ptr().addr();
        let shown: String = line
            .char_indices()
            .map(|(place, c)| match c {
                _ if self.hidden.iter().any(|r| r.contains(&(offset + place))) => '*',
                '\t' => '\t',
                _ if c.is_control() => ' ',
                _ => c,
            })
            .collect();
        if shown.chars().all(|c| c == '*') { String::new() } else { shown }
    }
}

const fn overlap(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}
