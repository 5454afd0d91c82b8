//! The type that holds every value seen in one place of JSON lines.

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::{fmt, sync::Arc};

/// A type under discovery.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Only nulls so far.
    Unknown,
    /// Booleans.
    Flag,
    /// Whole numbers of 64 bits.
    Integer,
    /// Numbers.
    Float,
    /// Text, or several kinds of scalar, which then keep their spelling.
    Text,
    /// Lists.
    List(Box<Self>),
    /// Objects, with their fields in the order of first mention.
    Object(Vec<(String, Self)>),
}

impl Shape {
    /// The schema of an object's fields.
    pub(crate) fn schema(&self) -> SchemaRef {
        match self {
            Self::Object(fields) => Arc::new(Schema::new(nullable(fields))),
            _ => Arc::new(Schema::empty()),
        }
    }

    fn data_type(&self) -> DataType {
        match self {
            Self::Unknown | Self::Text => DataType::Utf8,
            Self::Flag => DataType::Boolean,
            Self::Integer => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::List(items) => DataType::new_list(items.data_type(), true),
            Self::Object(fields) => DataType::Struct(nullable(fields)),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Unknown => "null",
            Self::Flag => "a boolean",
            Self::Integer | Self::Float => "a number",
            Self::Text => "text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// Widens a scalar place.
    fn meet<E: Error>(&mut self, seen: Self) -> Result<(), E> {
        let (was, is) = (self.name(), seen.name());
        let mixed = || Error::custom(format!("{is} where earlier lines have {was}"));
        let met = match (&*self, seen) {
            (Self::List(_) | Self::Object(_), _) => return Err(mixed()),
            (Self::Unknown, seen) => seen,
            (Self::Flag, Self::Flag) => Self::Flag,
            (Self::Integer, Self::Integer) => Self::Integer,
            (Self::Integer | Self::Float, Self::Integer | Self::Float) => Self::Float,
            _ => Self::Text,
        };
        *self = met;
        Ok(())
    }
}

fn nullable(fields: &[(String, Shape)]) -> Fields {
    fields.iter().map(|(name, shape)| Field::new(name, shape.data_type(), true)).collect()
}

impl<'de> DeserializeSeed<'de> for &mut Shape {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Shape {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.meet(Shape::Flag)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.meet(Shape::Integer)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        // A larger number keeps its digits only as text.
        self.meet(i64::try_from(number).map_or(Shape::Text, |_| Shape::Integer))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        // Whole numbers beyond 64 bits arrive here too, without their last digits.
        let exact = number.abs() < 9e15 || number.fract() != 0.0;
        self.meet(if exact { Shape::Float } else { Shape::Text })
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.meet(Shape::Text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        if matches!(self, Shape::Unknown) {
            *self = Shape::List(Box::new(Shape::Unknown));
        }
        let Shape::List(inner) = self else {
            let was = self.name();
            return Err(Error::custom(format!("a list where earlier lines have {was}")));
        };
        while items.next_element_seed(&mut **inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if matches!(self, Shape::Unknown) {
            *self = Shape::Object(Vec::new());
        }
        let Shape::Object(fields) = self else {
            let was = self.name();
            return Err(Error::custom(format!(
                "an object where earlier lines have {was}"
            )));
        };
        while let Some(name) = map.next_key::<String>()? {
            let place = fields.iter().position(|(known, _)| *known == name);
            let place = place.unwrap_or(fields.len());
            if place == fields.len() {
                fields.push((name, Shape::Unknown));
            }
            if let Some((_, shape)) = fields.get_mut(place) {
                map.next_value_seed(shape)?;
            }
        }
        Ok(())
    }
}
