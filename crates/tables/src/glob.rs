//! Patterns in locations: `*`, `?`, `[..]` within a name, `**` over folders.

/// A pattern, split at its first wildcard: what lies before needs no search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glob {
    /// The folder to search.
    pub folder: String,
    names: Vec<String>,
}

impl Glob {
    /// Reads a key; `None` if it holds no wildcard.
    pub(crate) fn read(key: &str) -> Option<Self> {
        let mut names: Vec<&str> =
            key.split('/').filter(|name| !name.is_empty()).collect();
        let first = names.iter().position(|name| name.contains(['*', '?', '[']))?;
        let searched = names.split_off(first);
        Some(Self {
            folder: names.join("/"),
            names: searched.into_iter().map(str::to_owned).collect(),
        })
    }

    /// Whether it names a path below [`Self::folder`]. With `below`, a folder that it names is enough.
    pub(crate) fn names(&self, path: &str, below: bool) -> bool {
        let path: Vec<&str> = path.split('/').collect();
        paths_match(&self.names, &path, below)
    }
}

/// Whether a name is ours or the system's: never a lead's.
pub(crate) fn is_hidden(name: &str) -> bool {
    name.starts_with(['_', '.'])
}

fn paths_match(pattern: &[String], path: &[&str], below: bool) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => !below,
        (None, Some(_)) => below && !path.iter().any(|name| is_hidden(name)),
        (Some((first, rest)), _) if first == "**" => {
            let skip = |(name, path): (&&str, &[&str])| {
                !is_hidden(name) && paths_match(pattern, path, below)
            };
            paths_match(rest, path, below) || path.split_first().is_some_and(skip)
        }
        (Some(_), None) => false,
        (Some((first, rest)), Some((name, path))) => {
            let seen = !is_hidden(name) || first.chars().next() == name.chars().next();
            let first: Vec<char> = first.chars().collect();
            let name: Vec<char> = name.chars().collect();
            seen && name_matches(&first, &name) && paths_match(rest, path, below)
        }
    }
}

fn name_matches(pattern: &[char], name: &[char]) -> bool {
    let Some((first, rest)) = pattern.split_first() else { return name.is_empty() };
    if *first == '*' {
        return (0..=name.len())
            .any(|taken| name.get(taken..).is_some_and(|name| name_matches(rest, name)));
    }
    let Some((letter, name)) = name.split_first() else { return false };
    match first {
        '?' => name_matches(rest, name),
        '[' => match set(rest) {
            Some((set, rest)) => holds(set, *letter) && name_matches(rest, name),
            None => *letter == '[' && name_matches(rest, name),
        },
        first => first == letter && name_matches(rest, name),
    }
}

/// The letters up to the closing bracket, and what follows it. A bracket in the first place is a letter.
fn set(pattern: &[char]) -> Option<(&[char], &[char])> {
    let skip = usize::from(pattern.first() == Some(&'!')) + 1;
    let end = skip + pattern.get(skip..)?.iter().position(|c| *c == ']')?;
    Some((pattern.get(..end)?, pattern.get(end + 1..)?))
}

fn holds(set: &[char], letter: char) -> bool {
    match set {
        ['!', set @ ..] => !holds(set, letter),
        [from, '-', to, rest @ ..] => {
            (*from..=*to).contains(&letter) || holds(rest, letter)
        }
        [one, rest @ ..] => *one == letter || holds(rest, letter),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        Glob::read(pattern).unwrap().names(path, pattern.ends_with('/'))
    }

    #[test]
    fn wildcards_stay_within_a_name_and_two_stars_do_not() {
        let glob = Glob::read("lake/leads/dt=*/part-[0-9]?.parquet").unwrap();
        assert_eq!(glob.folder, "lake/leads");
        assert!(glob.names("dt=2026-01-01/part-07.parquet", false));
        for not in ["dt=1/part-7.parquet", "dt=1/x/part-07.parquet", "part-07.parquet"] {
            assert!(!glob.names(not, false), "{not}");
        }
        assert!(matches("**/*.csv", "a.csv") && matches("**/*.csv", "x/y/a.csv"));
        assert!(matches("[!a-c]*", "d1") && !matches("[!a-c]*", "b1"));
        assert!(matches("dt=*/", "dt=1/x/a.csv") && !matches("dt=*/", "dt=1"));
        assert!(matches("a[*", "a[b"));
        assert_eq!(Glob::read("lake/leads.parquet"), None);
    }

    #[test]
    fn what_is_hidden_must_be_named() {
        assert!(!matches("*", "_log") && !matches("**", ".a/b") && !matches("?x", ".x"));
        assert!(matches("_*", "_log") && !matches("d*/", "d1/_tmp/a"));
    }
}
