//! Names that were probably meant.

use arrow::datatypes::Schema;

/// `did you mean …?`, or the names there are, if they are few.
pub(crate) fn hint<'a>(
    typed: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    const FEW: usize = 12;
    let names: Vec<_> = names.into_iter().collect();
    if let Some(name) = nearest(typed, &names) {
        return Some(format!("did you mean {}?", written(name)));
    }
    let few = !names.is_empty() && names.len() <= FEW;
    few.then(|| {
        let names: Vec<_> = names.into_iter().map(written).collect();
        format!("the columns are {}", names.join(", "))
    })
}

/// The columns of a schema.
pub(crate) fn columns(schema: &Schema) -> impl Iterator<Item = &str> {
    schema.fields().iter().map(|field| field.name().as_str())
}

fn nearest<'a>(typed: &str, names: &[&'a str]) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let distance = |name: &str| strsim::damerau_levenshtein(&typed, &name.to_lowercase());
    let near = (typed.chars().count() / 3).max(1);
    names
        .iter()
        .map(|name| (distance(name), *name))
        .filter(|(distance, _)| *distance <= near)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// A column as SQL needs it: in double quotes unless it is lower case throughout.
pub(crate) fn written(name: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let starts_plain = name.starts_with(|c: char| !c.is_ascii_digit());
    match starts_plain && name.chars().all(plain) {
        true => name.to_owned(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_as_it_must_be_written() {
        let names = ["email", "FirstName", "domain"];
        assert_eq!(hint("emial", names).unwrap(), "did you mean email?");
        assert_eq!(hint("firstname", names).unwrap(), "did you mean \"FirstName\"?");
        assert_eq!(
            hint("zzz", names).unwrap(),
            "the columns are email, \"FirstName\", domain"
        );
        assert_eq!(hint("zzz", []), None);
    }
}
