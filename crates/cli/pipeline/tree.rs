//! YAML text as a tree in which every node knows its place.

mod yaml;

pub(crate) use yaml::parse;

use serde_json::Number;
use std::{fmt, ops::Range};

/// Where a node or a key stands in the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    /// The line, from 1.
    pub(crate) line: usize,
    /// The first character in the line, from 1.
    pub(crate) column: usize,
    /// The bytes of the text, empty for block collections.
    pub(crate) bytes: Range<usize>,
}

/// A value of the file. Its `Debug` shows no text, since that may be a secret.
#[derive(Clone)]
pub(crate) struct Node {
    /// Where it is written.
    pub(crate) span: Span,
    /// Where its text comes from.
    pub(crate) origin: Origin,
    /// What it is.
    pub(crate) kind: Kind,
}

/// Where the text of a scalar comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// It stands in the file as it is.
    Written,
    /// Something in it was filled in, from variables of the file or the command line.
    Composed,
    /// Something in it was filled in from the environment or another file.
    Outside,
    /// It could not be filled in. That was reported; its text means nothing.
    Broken,
}

/// What a node is.
#[derive(Clone)]
pub(crate) enum Kind {
    /// No value after the key, or `null`.
    Nothing,
    /// `true` or `false`.
    Flag(bool),
    /// A number.
    Number(Number),
    /// Anything else that is one value.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the file.
    Map(Vec<Entry>),
}

/// One key of a mapping with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: String,
    /// Where the key is written.
    pub(crate) at: Span,
    /// The value.
    pub(crate) value: Node,
}

impl Node {
    /// The entries of a mapping; none for anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none for anything else.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a text.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Kind {
    /// What people call it.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Flag(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}:{}", self.kind.name(), self.span.line, self.span.column)
    }
}
