//! From YAML text to the tree.

use super::{Entry, Kind, Node, Origin, Span};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::Number;
use serde_saphyr::{
    Location, Spanned, budget, from_str_with_options, options,
    options::{MergeKeyPolicy, NonFiniteFloatPolicy},
};
use std::fmt;

/// Text that is no YAML, or more than a pipeline can need.
#[derive(Debug)]
pub(crate) struct NoTree {
    /// Where reading stopped.
    pub(crate) at: Span,
    /// Why.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

/// Reads one YAML document. Duplicate keys and aliases that grow without bound are errors.
pub(crate) fn parse(text: &str) -> Result<Node, NoTree> {
    let options = options! {
        budget: budget! { max_nodes: 20_000, max_depth: 32 },
        merge_keys: MergeKeyPolicy::Error,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        strict_booleans: true,
    };
    from_str_with_options::<Spanned<Kind>>(text, options).map(Node::from).map_err(
        |error| {
            let at = error.location().map_or_else(Span::default, Span::from);
            explain(text, at, &error.without_snippet().to_string())
        },
    )
}

/// The parser's error in words for those who write pipelines.
fn explain(text: &str, at: Span, message: &str) -> NoTree {
    let line = text.lines().nth(at.line.saturating_sub(1)).unwrap_or_default();
    let hint = line.contains("${").then(|| "put `${…}` in quotation marks".to_owned());
    let is_tabbed = |line: &str| {
        let rest = line.trim_start_matches(' ');
        rest.starts_with('\t').then_some(line.len() - rest.len() + 1)
    };
    let mut lines = text.lines().enumerate().skip(at.line.saturating_sub(1));
    let tab = lines.find_map(|(place, line)| Some((place + 1, is_tabbed(line)?)));
    match tab.filter(|_| message.contains("tab")) {
        Some((line, column)) => {
            let message = "a tab cannot indent: write blanks".to_owned();
            NoTree { at: Span { line, column, bytes: 0..0 }, message, hint: None }
        }
        None => NoTree { at, message: plain(message), hint },
    }
}

/// The parser's sentence without its place and its advice to programmers.
fn plain(message: &str) -> String {
    let message = message.split(" at line ").next().unwrap_or_default();
    let message = message.split(", set DuplicateKeyPolicy").next().unwrap_or_default();
    let starts = |start| message.starts_with(start);
    match message {
        _ if starts("budget breached") || starts("recursion limit") => {
            "this is larger or deeper than a pipeline can need".to_owned()
        }
        _ if starts("multiple YAML documents") => {
            "a second document begins here".to_owned()
        }
        _ if starts("YAML merge keys") => {
            "merge keys (`<<`) are not supported".to_owned()
        }
        _ if starts("expected string scalar") => "expected text as a key".to_owned(),
        _ => message.replace('\n', " "),
    }
}

impl From<Location> for Span {
    fn from(location: Location) -> Self {
        let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let start = location.span().byte_offset().map_or(0, place);
        let len = location.span().byte_len().map_or(0, place);
        Self {
            line: place(location.line()),
            column: place(location.column()),
            bytes: start..start.saturating_add(len),
        }
    }
}

impl From<Spanned<Kind>> for Node {
    fn from(spanned: Spanned<Kind>) -> Self {
        let span = Span::from(spanned.referenced);
        Self { span, origin: Origin::Written, kind: spanned.value }
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KindVisitor)
    }
}

/// A number that is not whole; what is not finite becomes the largest.
fn fraction(number: f64) -> Kind {
    let finite = if number.is_finite() { number } else { f64::MAX };
    Number::from_f64(finite).map_or(Kind::Nothing, Kind::Number)
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Nothing)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Kind, E> {
        Ok(Kind::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Kind, E> {
        Ok(Kind::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Kind, E> {
        Ok(Kind::Number(number.into()))
    }

    /// Wider than any number of a pipeline: kept as what it is, a number that fits nowhere.
    fn visit_u128<E>(self, _: u128) -> Result<Kind, E> {
        Ok(fraction(f64::MAX))
    }

    fn visit_i128<E>(self, _: i128) -> Result<Kind, E> {
        Ok(fraction(f64::MIN))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Kind, E> {
        Ok(fraction(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Kind, E> {
        Ok(Kind::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Kind, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Spanned<Kind>>()? {
            list.push(item.into());
        }
        Ok(Kind::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Kind, A::Error> {
        let mut map = Vec::new();
        while let Some((key, value)) =
            entries.next_entry::<Spanned<String>, Spanned<Kind>>()?
        {
            let at = key.referenced.into();
            map.push(Entry { key: key.value, at, value: value.into() });
        }
        Ok(Kind::Map(map))
    }
}
