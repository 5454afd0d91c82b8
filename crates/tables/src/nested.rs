//! Values of answers as columns, lists and structs included, and the way into them.

use arrow::{
    array::{
        Array, ArrayRef, AsArray, BooleanArray, Int64Array, ListArray, StringArray,
        StructArray, UInt64Array,
    },
    buffer::{NullBuffer, OffsetBuffer},
    compute::{nullif, take},
    datatypes::{DataType, Field, Fields, Int64Type},
    error::ArrowError,
};
use leadmill_core::{FieldKind, Selection, Value, operation::Hop};
use std::sync::Arc;

/// The type of a field's column.
pub(crate) fn data_type(kind: FieldKind) -> DataType {
    match kind {
        FieldKind::Text => DataType::Utf8,
        FieldKind::Integer => DataType::Int64,
        FieldKind::Flag => DataType::Boolean,
        FieldKind::List(items) => DataType::List(Arc::new(item(*items))),
        FieldKind::Struct(fields) => DataType::Struct(members(fields)),
    }
}

fn item(kind: FieldKind) -> Field {
    Field::new("item", data_type(kind), true)
}

fn members(fields: &[leadmill_core::Field]) -> Fields {
    let member = |field: &leadmill_core::Field| {
        Field::new(field.name, data_type(field.kind), true)
    };
    fields.iter().map(member).collect()
}

/// Values of one kind as a column; what is of another kind is null.
pub(crate) fn column(
    kind: FieldKind,
    values: &[Option<&Value>],
) -> Result<ArrayRef, ArrowError> {
    let each = values.iter().copied();
    Ok(match kind {
        FieldKind::Text => {
            let text = each.map(|value| match value? {
                Value::Text(text) => Some(text.as_ref()),
                _ => None,
            });
            Arc::new(text.collect::<StringArray>())
        }
        FieldKind::Integer => {
            let numbers = each.map(|value| match value? {
                Value::Integer(number) => Some(*number),
                _ => None,
            });
            Arc::new(numbers.collect::<Int64Array>())
        }
        FieldKind::Flag => {
            let flags = each.map(|value| match value? {
                Value::Flag(flag) => Some(*flag),
                _ => None,
            });
            Arc::new(flags.collect::<BooleanArray>())
        }
        FieldKind::List(items) => Arc::new(list(*items, values)?),
        FieldKind::Struct(fields) => Arc::new(structure(fields, values)?),
    })
}

fn list(items: FieldKind, values: &[Option<&Value>]) -> Result<ListArray, ArrowError> {
    let lists: Vec<Option<&[Value]>> = values.iter().copied().map(within).collect();
    let lengths = lists.iter().map(|list| list.map_or(0, <[Value]>::len));
    let offsets = OffsetBuffer::from_lengths(lengths);
    let flat: Vec<Option<&Value>> =
        lists.iter().flatten().copied().flatten().map(Some).collect();
    ListArray::try_new(
        Arc::new(item(items)),
        offsets,
        column(items, &flat)?,
        nulls(&lists),
    )
}

fn structure(
    fields: &[leadmill_core::Field],
    values: &[Option<&Value>],
) -> Result<StructArray, ArrowError> {
    let structs: Vec<Option<&[Value]>> = values.iter().copied().map(within).collect();
    let columns = fields.iter().enumerate().map(|(place, field)| {
        let values: Vec<Option<&Value>> = structs
            .iter()
            .map(|values| values.and_then(|values| values.get(place)))
            .collect();
        column(field.kind, &values)
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    StructArray::try_new(members(fields), columns, nulls(&structs))
}

fn within(value: Option<&Value>) -> Option<&[Value]> {
    match value? {
        Value::Values(values) => Some(values),
        _ => None,
    }
}

fn nulls(values: &[Option<&[Value]>]) -> Option<NullBuffer> {
    let is_there: NullBuffer = values.iter().map(Option::is_some).collect();
    (is_there.null_count() > 0).then_some(is_there)
}

/// The value of a row.
pub(crate) fn value(kind: FieldKind, column: &ArrayRef, row: usize) -> Value {
    if !column.is_valid(row) {
        return Value::Null;
    }
    let found = || {
        Some(match kind {
            FieldKind::Text => {
                Value::Text(column.as_string_opt::<i32>()?.value(row).into())
            }
            FieldKind::Integer => {
                Value::Integer(column.as_primitive_opt::<Int64Type>()?.value(row))
            }
            FieldKind::Flag => Value::Flag(column.as_boolean_opt()?.value(row)),
            FieldKind::List(items) => {
                let list = column.as_list_opt::<i32>()?.value(row);
                Value::Values(
                    (0..list.len()).map(|at| value(*items, &list, at)).collect(),
                )
            }
            FieldKind::Struct(fields) => {
                let columns = column.as_struct_opt()?;
                let member = |field: &leadmill_core::Field| {
                    let column = columns.column_by_name(field.name);
                    column.map_or(Value::Null, |column| value(field.kind, column, row))
                };
                Value::Values(fields.iter().map(member).collect())
            }
        })
    };
    found().unwrap_or(Value::Null)
}

/// The type of the column at the end of a way: where items become rows, they are a list yet.
pub(crate) fn selected_type(selection: &Selection) -> DataType {
    match selection.fan_out() {
        None => data_type(selection.kind),
        Some(_) => DataType::List(Arc::new(item(selection.kind))),
    }
}

/// What is in a column at the end of a way into it; null where there is nothing. `None` if the column is not of
/// the kind that the way leads through.
pub(crate) fn follow(
    column: &ArrayRef,
    hops: &[Hop],
) -> Option<Result<ArrayRef, ArrowError>> {
    let mut column = column.clone();
    for (place, hop) in hops.iter().enumerate() {
        let next = match hop {
            Hop::Each => {
                let list = column.as_list_opt::<i32>()?;
                return Some(each(list, follow(list.values(), hops.get(place + 1..)?)?));
            }
            Hop::Item(number) => nth(column.as_list_opt::<i32>()?, *number),
            Hop::Member(place) => {
                let outer = column.as_struct_opt()?;
                let member = outer.columns().get(*place)?;
                match outer.nulls() {
                    Some(nulls) => nullif(member, &(!nulls.inner()).into()),
                    None => Ok(member.clone()),
                }
            }
        };
        match next {
            Ok(next) => column = next,
            Err(error) => return Some(Err(error)),
        }
    }
    Some(Ok(column))
}

/// A list with other items.
fn each(
    list: &ListArray,
    items: Result<ArrayRef, ArrowError>,
) -> Result<ArrayRef, ArrowError> {
    let items = items?;
    let field = Field::new("item", items.data_type().clone(), true);
    let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
    Ok(Arc::new(ListArray::try_new(Arc::new(field), offsets, items, nulls)?))
}

fn nth(list: &ListArray, number: usize) -> Result<ArrayRef, ArrowError> {
    let place = |row: usize| {
        let (start, length) = (*list.value_offsets().get(row)?, list.value_length(row));
        let is_there = list.is_valid(row) && number < usize::try_from(length).ok()?;
        is_there.then(|| u64::try_from(start).ok().map(|start| start + number as u64))?
    };
    let places: UInt64Array = (0..list.len()).map(place).collect();
    take(list.values(), &places, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use leadmill_core::Operation;

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    fn position(title: &str, year: i64) -> Value {
        let mut values = vec![text(title), Value::Null, text("here"), Value::Null];
        values.extend([
            Value::Null,
            Value::Integer(year),
            Value::Null,
            Value::Null,
            Value::Null,
        ]);
        Value::Values(values.into())
    }

    #[test]
    fn nested_values_come_back_as_they_were() {
        let positions = Operation::FindPerson.select("positions").unwrap();
        let values = [
            Value::Values([position("CTO", 2020), position("Engineer", 2010)].into()),
            Value::Null,
            Value::Values([].into()),
            Value::Values([Value::Null, position("Founder", 1999)].into()),
        ];
        let there: Vec<_> = values.iter().map(Some).chain([None]).collect();
        let column = column(positions.kind, &there).unwrap();
        assert_eq!(column.data_type(), &data_type(positions.kind));
        for (row, expected) in values.iter().enumerate() {
            assert_eq!(&value(positions.kind, &column, row), expected);
        }
        assert_eq!(value(positions.kind, &column, 4), Value::Null);
        let title = |path: &str| {
            let selection = Operation::FindPerson.select(path).unwrap();
            let found = follow(&column, &selection.hops).unwrap().unwrap();
            assert_eq!(found.data_type(), &data_type(selection.kind));
            (0..5).map(|row| value(selection.kind, &found, row)).collect::<Vec<_>>()
        };
        let null = || Value::Null;
        assert_eq!(
            title("positions[0].title"),
            [text("CTO"), null(), null(), null(), null()]
        );
        assert_eq!(
            title("positions[1].start_year"),
            [Value::Integer(2010), null(), null(), Value::Integer(1999), null()]
        );
        // A part of a column knows its own rows.
        let sliced = column.slice(3, 2);
        let second = follow(&sliced, &[Hop::Item(1), Hop::Member(0)]).unwrap().unwrap();
        assert_eq!(value(FieldKind::Text, &second, 0), text("Founder"));
    }
}
