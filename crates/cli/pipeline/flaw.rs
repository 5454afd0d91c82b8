//! What is wrong with a pipeline file, where, and how it is shown to people.

use serde::Serialize;
use std::fmt::Write as _;

/// A stretch of one line of the file. Counted in characters, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Place {
    /// The line.
    pub(crate) line: usize,
    /// The first character.
    pub(crate) column: usize,
    /// Characters, at least one.
    pub(crate) len: usize,
}

/// One thing that is wrong. It quotes the file as it is written and never a value that came from outside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Flaw {
    /// Where.
    pub(crate) at: Place,
    /// What: lower case, no full stop.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// The line of the file, with written secrets masked; empty where it is better not shown.
    #[serde(skip)]
    pub(crate) excerpt: String,
}

/// Renders flaws for people, one after the other, without colours.
pub(crate) fn report(file_name: &str, flaws: &[Flaw]) -> String {
    render(file_name, "error", flaws)
}

/// Renders what is no error, and better changed.
pub(crate) fn warn(file_name: &str, remarks: &[Flaw]) -> String {
    render(file_name, "warning", remarks)
}

fn render(file_name: &str, word: &str, flaws: &[Flaw]) -> String {
    flaws.iter().map(|flaw| flaw.render(file_name, word)).collect::<Vec<_>>().join("\n")
}

impl Flaw {
    fn render(&self, file_name: &str, word: &str) -> String {
        let Place { line, column, len } = self.at;
        let mut text = format!("{file_name}:{line}:{column}: {word}: {}\n", self.message);
        if !self.excerpt.trim().is_empty() {
            let number = line.to_string();
            let margin = " ".repeat(number.len());
            let before = self.excerpt.chars().take(column.saturating_sub(1));
            let indent: String =
                before.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            let carets = "^".repeat(len);
            // Writing to a string cannot fail.
            _ = writeln!(text, "  {number} | {}", self.excerpt);
            _ = writeln!(text, "  {margin} | {indent}{carets}");
        }
        if let Some(hint) = &self.hint {
            _ = writeln!(text, "  hint: {hint}");
        }
        text
    }
}
