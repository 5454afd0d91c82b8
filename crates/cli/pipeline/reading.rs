//! From a tree to types, through serde. A tree that fits the schema is read without errors.

use super::tree::{Kind, Node, Origin, Span};
use serde::{
    Deserialize, Deserializer,
    de::{
        self, IntoDeserializer, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use std::fmt;

/// A value that is not what a type takes.
#[derive(Debug)]
pub(crate) struct Misfit {
    /// Where, if known.
    pub(crate) at: Option<Span>,
    /// Why. Values that were filled in are not told.
    pub(crate) message: String,
}

/// Reads a type from a tree.
pub(crate) fn read<'de, T: Deserialize<'de>>(node: &'de Node) -> Result<T, Misfit> {
    T::deserialize(node)
}

impl Misfit {
    /// The place of the innermost node that was being read.
    fn at(self, node: &Node) -> Self {
        match self.at {
            Some(_) => self,
            None if node.origin != Origin::Written => {
                let message = "the value that is filled in here does not fit".to_owned();
                Self { at: Some(node.span.clone()), message }
            }
            None => Self { at: Some(node.span.clone()), ..self },
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { at: None, message: message.to_string() }
    }
}

impl<'de> IntoDeserializer<'de, Misfit> for &'de Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let read = match &self.kind {
            Kind::Nothing => visitor.visit_unit(),
            Kind::Flag(flag) => visitor.visit_bool(*flag),
            Kind::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            Kind::Text(text) => visitor.visit_borrowed_str(text),
            Kind::List(items) => visitor.visit_seq(SeqDeserializer::new(items.iter())),
            Kind::Map(entries) => visitor.visit_map(MapDeserializer::new(
                entries.iter().map(|entry| (entry.key.as_str(), &entry.value)),
            )),
        };
        read.map_err(|misfit| misfit.at(self))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.kind {
            Kind::Nothing => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
        .map_err(|misfit| misfit.at(self))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self).map_err(|misfit| misfit.at(self))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let text = self.text().unwrap_or_default().into_deserializer();
        let read: Result<_, Misfit> =
            Deserializer::deserialize_enum(text, name, variants, visitor);
        read.map_err(|misfit| misfit.at(self))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tree::parse, *};
    use std::collections::BTreeMap;

    #[test]
    fn a_misfit_knows_its_place_and_tells_no_filled_in_value() {
        let mut root = parse("a:\n  b: [1, x]").unwrap();
        let misfit = |root: &Node| {
            let read = read::<BTreeMap<String, BTreeMap<String, Vec<u8>>>>(root);
            let misfit = read.unwrap_err();
            let at = misfit.at.unwrap();
            assert_eq!((at.line, at.column), (2, 10));
            misfit.message
        };
        assert_eq!(misfit(&root), "invalid type: string \"x\", expected u8");
        mark(&mut root);
        assert_eq!(misfit(&root), "the value that is filled in here does not fit");
    }

    fn mark(node: &mut Node) {
        node.origin = Origin::Outside;
        match &mut node.kind {
            Kind::List(items) => items.iter_mut().for_each(mark),
            Kind::Map(entries) => {
                entries.iter_mut().for_each(|entry| mark(&mut entry.value));
            }
            _ => {}
        }
    }
}
