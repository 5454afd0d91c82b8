//! Names that were probably meant.

/// The name nearest to what was written, if one is near enough to be meant.
pub(crate) fn nearest<'a>(
    written: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let lower = written.to_lowercase();
    let far = (lower.chars().count() / 3).max(1);
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= far)
        .min()
        .map(|(_, name)| name)
}

/// A hint that names the nearest name, or else all of them.
pub(crate) fn meant<'a>(
    written: &str,
    names: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<String> {
    match nearest(written, names.clone()) {
        Some(name) => Some(format!("did you mean `{name}`?")),
        None => one_of(names),
    }
}

/// A hint that names all names; none where there is none.
pub(crate) fn one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match &*names {
        [] => None,
        [name] => Some(format!("write {name}")),
        _ => Some(format!("one of {}", names.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        let names = ["plan", "poll", "api_key"];
        assert_eq!(nearest("plann", names), Some("plan"));
        assert_eq!(nearest("apikey", names), Some("api_key"));
        assert_eq!(nearest("API_KEY", names), Some("api_key"));
        assert_eq!(nearest("colour", names), None);
        assert_eq!(nearest("1k-5k", ["51-250", "1K-5K", "5K-10K"]), Some("1K-5K"));
        assert_eq!(
            meant("x", names).as_deref(),
            Some("one of `plan`, `poll`, `api_key`")
        );
    }
}
