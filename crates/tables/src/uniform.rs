//! Several files as one table.

use crate::{Subject, TableError};
use arrow::datatypes::{Field, Schema, SchemaRef};
use std::{collections::HashMap, sync::Arc};

/// The columns of files in the order of their first mention. A column that a file lacks is null there;
/// one whose type differs between files is an error.
#[derive(Debug, Default)]
pub(crate) struct Uniform {
    fields: Vec<Field>,
    places: HashMap<String, (usize, String)>,
    files: usize,
}

impl Uniform {
    /// Adds a file's columns.
    pub(crate) fn add(&mut self, file: &str, schema: &Schema) -> Result<(), TableError> {
        for field in schema.fields() {
            let Some((place, first)) = self.places.get(field.name()) else {
                let place = (self.fields.len(), file.to_owned());
                self.places.insert(field.name().clone(), place);
                let nullable = field.is_nullable() || self.files > 0;
                self.fields.push(field.as_ref().clone().with_nullable(nullable));
                continue;
            };
            let Some(known) = self.fields.get_mut(*place) else { continue };
            if known.data_type() != field.data_type() {
                let name = field.name();
                let (here, there) = (field.data_type(), known.data_type());
                let message = format!(
                    "{file}: column {name} is {here} here and {there} in {first}"
                );
                return Err(TableError::new(Subject::Location, message));
            }
            known.set_nullable(known.is_nullable() || field.is_nullable());
        }
        for known in &mut self.fields {
            if schema.field_with_name(known.name()).is_err() {
                known.set_nullable(true);
            }
        }
        self.files += 1;
        Ok(())
    }

    /// The table's schema.
    pub(crate) fn schema(self) -> SchemaRef {
        Arc::new(Schema::new(self.fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::DataType::{Int32, Int64, Utf8};

    #[test]
    fn columns_come_in_the_order_of_first_mention_and_keep_their_types() {
        let schema = |fields: &[(&str, _)]| {
            let field = |(name, kind): &(&str, arrow::datatypes::DataType)| {
                Field::new(*name, kind.clone(), false)
            };
            Schema::new(fields.iter().map(field).collect::<Vec<_>>())
        };
        let mut all = Uniform::default();
        all.add("a", &schema(&[("id", Int64), ("name", Utf8)])).unwrap();
        all.add("b", &schema(&[("city", Utf8), ("id", Int64)])).unwrap();
        let error = all.add("c", &schema(&[("id", Int32)])).unwrap_err();
        assert_eq!(error.message, "c: column id is Int32 here and Int64 in a");
        let schema = all.schema();
        let names: Vec<_> = schema
            .fields()
            .iter()
            .map(|f| (f.name().as_str(), f.is_nullable()))
            .collect();
        assert_eq!(names, [("id", false), ("name", true), ("city", true)]);
    }
}
