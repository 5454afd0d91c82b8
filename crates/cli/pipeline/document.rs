//! The file as a tree, with a place for every path.

use super::{
    flaw::Flaw,
    sheet::Sheet,
    tree::{Kind, Node, Span},
};

/// A file that was read: for placing what is found wrong later.
#[derive(Debug)]
pub(crate) struct Document {
    sheet: Sheet,
    root: Node,
}

/// One step down the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hop<'a> {
    /// To the value under a key.
    Key(&'a str),
    /// To an item of a list, from 0.
    Item(usize),
}

impl<'a> From<&'a str> for Hop<'a> {
    fn from(key: &'a str) -> Self {
        Self::Key(key)
    }
}

impl From<usize> for Hop<'_> {
    fn from(item: usize) -> Self {
        Self::Item(item)
    }
}

impl Document {
    pub(crate) const fn new(sheet: Sheet, root: Node) -> Self {
        Self { sheet, root }
    }

    /// A flaw at the value under a path, or at its nearest ancestor that exists.
    /// A mapping or list is placed at its key.
    pub(crate) fn flaw(
        &self,
        path: &[Hop<'_>],
        message: impl Into<String>,
        hint: Option<String>,
    ) -> Flaw {
        let (node, key) = self.walk(path);
        let span = match node.kind {
            Kind::Flag(_) | Kind::Number(_) | Kind::Text(_) => &node.span,
            Kind::Nothing | Kind::List(_) | Kind::Map(_) => key,
        };
        self.sheet.flaw(span, message, hint)
    }

    /// A flaw at the last key of a path, or at its nearest ancestor that exists.
    pub(crate) fn flaw_at_key(
        &self,
        path: &[Hop<'_>],
        message: impl Into<String>,
        hint: Option<String>,
    ) -> Flaw {
        self.sheet.flaw(self.walk(path).1, message, hint)
    }

    /// The value under a path as it is written, for quoting.
    pub(crate) fn quoted(&self, path: &[Hop<'_>]) -> String {
        self.sheet.quoted(&self.walk(path).0.span)
    }

    /// The node under a path, or its nearest ancestor that exists.
    pub(crate) fn nearest(&self, path: &[Hop<'_>]) -> &Node {
        self.walk(path).0
    }

    /// Whether the file has a value under a path.
    pub(crate) fn has(&self, path: &[Hop<'_>]) -> bool {
        let step = |node, hop: &Hop<'_>| down(node, *hop).map(|(node, _)| node);
        path.iter().try_fold(&self.root, step).is_some()
    }

    /// The node, and the key that leads to it.
    fn walk(&self, path: &[Hop<'_>]) -> (&Node, &Span) {
        let mut found = (&self.root, &self.root.span);
        for hop in path {
            let Some(next) = down(found.0, *hop) else { break };
            found = next;
        }
        found
    }
}

fn down<'a>(node: &'a Node, hop: Hop<'_>) -> Option<(&'a Node, &'a Span)> {
    match hop {
        Hop::Key(key) => {
            let mut entries = node.entries().iter();
            entries.find(|entry| entry.key == key).map(|entry| (&entry.value, &entry.at))
        }
        Hop::Item(item) => node.items().get(item).map(|node| (node, &node.span)),
    }
}
