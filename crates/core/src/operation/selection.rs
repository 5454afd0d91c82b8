//! A value within an answer, by its path: `email`, `positions[0].title`; or one value for each item of a list, each on
//! a row of its own: `employees[].name`.

use super::{Field, FieldKind, Operation};

/// Where in an answer a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The field, by its place among [`Operation::fields`].
    pub field: usize,
    /// The way from there on. At most one of them is [`Hop::Each`].
    pub hops: Box<[Hop]>,
    /// The type of what is there.
    pub kind: FieldKind,
}

impl Selection {
    /// The list whose items become rows, if they do: its field, and the way from there on.
    pub fn fan_out(&self) -> Option<(usize, &[Hop])> {
        let each = self.hops.iter().position(|hop| *hop == Hop::Each)?;
        Some((self.field, self.hops.get(..each)?))
    }
}

/// One step into a nested value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop {
    /// The item of a list, counted from 0.
    Item(usize),
    /// The field of a struct, by its place.
    Member(usize),
    /// Every item of a list, on a row of its own.
    Each,
}

/// A path that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchField {
    /// There is no field of this name, among those that there are.
    #[error("{} `{name}`", of(.within))]
    Unknown {
        /// What was looked for.
        name: String,
        /// Where: empty for the answer itself.
        within: String,
        /// What there is.
        there: Vec<&'static str>,
    },
    /// What is written is no path.
    #[error(
        "`{0}` is no path to a field: write a name, such as `positions`, or a way into it, such as `positions[0].title`"
    )]
    Malformed(String),
    /// The way goes on where there is nothing within.
    #[error("`{0}` is a single value: nothing is within it")]
    Single(String),
    /// A list's items are numbered.
    #[error(
        "`{0}` is a list: say which item, such as `{0}[0]`, the first, or `{0}[]` for a row each"
    )]
    List(String),
    /// Rows for each item of a list within an item would multiply.
    #[error("`{0}`: only one list can become rows")]
    Twice(String),
    /// Only lists have numbered items.
    #[error("`{0}` is no list: it has no numbered items")]
    NoList(String),
}

fn of(within: &str) -> String {
    match within {
        "" => "there is no field".to_owned(),
        within => format!("`{within}` has no field"),
    }
}

impl Operation {
    /// Finds a value by its path.
    pub fn select(self, path: &str) -> Result<Selection, NoSuchField> {
        let malformed = || NoSuchField::Malformed(path.to_owned());
        let end = path.find(['.', '[']).unwrap_or(path.len());
        let (name, mut rest) = path.split_at_checked(end).ok_or_else(malformed)?;
        let (field, mut kind) = member(self.fields(), name, "")?;
        let mut hops = Vec::new();
        while !rest.is_empty() {
            let so_far = path.strip_suffix(rest).unwrap_or(path).to_owned();
            if let Some(numbered) = rest.strip_prefix('[') {
                let (number, after) = numbered.split_once(']').ok_or_else(malformed)?;
                let FieldKind::List(items) = kind else {
                    return Err(NoSuchField::NoList(so_far));
                };
                let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
                let number = number.parse().ok().filter(|_| is_number);
                hops.push(match number {
                    _ if !numbered.starts_with(']') => {
                        Hop::Item(number.ok_or_else(malformed)?)
                    }
                    _ if hops.contains(&Hop::Each) => {
                        return Err(NoSuchField::Twice(so_far));
                    }
                    _ => Hop::Each,
                });
                (kind, rest) = (*items, after);
            } else {
                let named = rest.strip_prefix('.').ok_or_else(malformed)?;
                let end = named.find(['.', '[']).unwrap_or(named.len());
                let (name, after) = named.split_at_checked(end).ok_or_else(malformed)?;
                let fields = match kind {
                    FieldKind::Struct(fields) => fields,
                    FieldKind::List(_) => return Err(NoSuchField::List(so_far)),
                    _ => return Err(NoSuchField::Single(so_far)),
                };
                let (place, next) = member(fields, name, &so_far)?;
                hops.push(Hop::Member(place));
                (kind, rest) = (next, after);
            }
        }
        Ok(Selection { field, hops: hops.into(), kind })
    }
}

fn member(
    fields: &'static [Field],
    name: &str,
    within: &str,
) -> Result<(usize, FieldKind), NoSuchField> {
    let found = fields.iter().position(|field| field.name == name);
    match found.and_then(|place| Some((place, fields.get(place)?.kind))) {
        Some(found) => Ok(found),
        None => Err(NoSuchField::Unknown {
            name: name.to_owned(),
            within: within.to_owned(),
            there: fields.iter().map(|field| field.name).collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(path: &str) -> Result<Selection, NoSuchField> {
        Operation::FindPerson.select(path)
    }

    #[test]
    fn paths_lead_into_lists_and_structs() {
        let headline = person("headline").unwrap();
        assert_eq!((headline.kind, headline.hops.len()), (FieldKind::Text, 0));
        assert_eq!(headline.field, Operation::FindPerson.field("headline").unwrap());
        assert_eq!(person("skills[12]").unwrap().hops[..], [Hop::Item(12)]);
        let year = person("positions[0].start_year").unwrap();
        assert_eq!(year.hops[..], [Hop::Item(0), Hop::Member(5)]);
        assert_eq!(year.kind, FieldKind::Integer);
        assert!(matches!(person("positions[1]").unwrap().kind, FieldKind::Struct(_)));
        assert!(matches!(person("positions").unwrap().kind, FieldKind::List(_)));
        assert_eq!(year.fan_out(), None);
        let each = person("positions[].title").unwrap();
        assert_eq!(each.hops[..], [Hop::Each, Hop::Member(0)]);
        assert_eq!(each.fan_out(), Some((each.field, &[][..])));
    }

    #[test]
    fn a_path_that_leads_nowhere_says_where_it_ends() {
        for (path, told) in [
            ("titel", "there is no field `titel`"),
            ("", "there is no field ``"),
            ("positions[0].titel", "`positions[0]` has no field `titel`"),
            ("positions.title", "`positions` is a list: say which item"),
            ("headline[0]", "`headline` is no list"),
            ("headline.x", "`headline` is a single value"),
            ("positions[0]title", "is no path"),
            ("positions[-1]", "is no path"),
            ("positions[+1]", "is no path"),
            ("positions[", "is no path"),
            ("positions[][]", "`positions[]` is no list"),
        ] {
            let error = person(path).unwrap_err().to_string();
            assert!(error.contains(told), "{path}: {error}");
        }
    }
}
