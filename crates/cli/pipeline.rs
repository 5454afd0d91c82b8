//! The pipeline file, version 1: YAML text in, a [`Pipeline`] that makes sense out, or
//! everything that is wrong with it, each at its place.
//!
//! The text becomes a tree with places ([`tree`]), what it takes from outside is filled in
//! ([`interpolate`]), the tree is judged by the schema of the types ([`schema`], [`fit`]), read into the
//! types ([`reading`], [`mod@file`]), and their meaning is checked against the packs ([`check`]).

mod attempt;
mod bought;
mod check;
mod document;
mod file;
mod fit;
mod flaw;
mod formats;
mod interpolate;
mod listed;
mod location;
mod nearest;
mod operations;
mod outside;
mod provider;
mod reading;
mod remark;
mod schema;
mod secret;
mod shapes;
mod sheet;
mod step;
#[cfg(test)]
mod tests;
mod tree;
mod words;

pub(crate) use attempt::{Order, entry_path};
pub(crate) use bought::{Bought, Pages, Told};
pub(crate) use document::{Document, Hop};
pub(crate) use file::{AtLimit, Pipeline};
pub(crate) use flaw::{Flaw, report, warn};
pub(crate) use location::TableFormat;
pub(crate) use nearest::meant;
pub(crate) use outside::{Outside, Process};
pub(crate) use provider::{Provider, TOMBA};
pub(crate) use schema::json_schema;
pub(crate) use secret::{Secret, redact};
pub(crate) use step::Step;

use leadmill_core::Pack;
use sheet::Sheet;
use std::{borrow::Cow, collections::BTreeMap, iter};

/// A pipeline file that was read.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// What it says.
    pub(crate) pipeline: Pipeline,
    /// How it says it: for placing what turns out to be wrong later.
    pub(crate) document: Document,
    /// What is right in it and still unwise.
    pub(crate) remarks: Vec<Flaw>,
}

/// Reads a pipeline file. Nothing is asked but `outside`.
///
/// `overrides` are the variables of the command line. The flaws come in the order of the file; errors of
/// its form come alone, since without it nothing can be said about its meaning.
pub(crate) fn read(
    text: &str,
    outside: &dyn Outside,
    overrides: &BTreeMap<String, String>,
    packs: &[Pack],
) -> Result<Loaded, Vec<Flaw>> {
    let text = &*one_break(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut root = tree::parse(text)
        .map_err(|no| vec![Sheet::unread(text).flaw(&no.at, no.message, no.hint)])?;
    let sheet = Sheet::new(text, &root);
    let mut flaws = interpolate::interpolate(&mut root, &sheet, outside, overrides);
    flaws.extend(fit::fit(&mut root, &schema::rules(), &sheet));
    none(flaws)?;
    let mut pipeline: Pipeline = reading::read(&root).map_err(|misfit| {
        vec![sheet.flaw(&misfit.at.unwrap_or_default(), misfit.message, None)]
    })?;
    let document = Document::new(sheet, root);
    none(check::check(&mut pipeline, &document, packs))?;
    let remarks = remark::remarks(&pipeline, &document, packs);
    Ok(Loaded { pipeline, document, remarks })
}

/// The text with `\n` wherever a `\r` alone ends a line, as it does in YAML: no byte moves by it.
fn one_break(text: &str) -> Cow<'_, str> {
    if !text.contains('\r') {
        return text.into();
    }
    let mut chars = text.chars().peekable();
    let next = || {
        let is_alone = |c, next: Option<&char>| c == '\r' && next != Some(&'\n');
        chars.next().map(|c| if is_alone(c, chars.peek()) { '\n' } else { c })
    };
    iter::from_fn(next).collect::<String>().into()
}

/// No flaws, or all of them, in the order of the file and each once.
fn none(mut flaws: Vec<Flaw>) -> Result<(), Vec<Flaw>> {
    flaws.sort();
    flaws.dedup();
    if flaws.is_empty() { Ok(()) } else { Err(flaws) }
}
