//! The `${…}` of the pipeline file.

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word<'a> {
    /// As it is. `$$` was read as `$`.
    Plain(&'a str),
    /// Something to fill in.
    Blank {
        /// The whole `${…}`, as it is written.
        written: &'a str,
        /// What goes here.
        wanted: Wanted<'a>,
    },
}

/// What is to be filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted<'a> {
    /// `${env:NAME}`, `${env:NAME:-default}` or `${env:NAME:?message}`.
    Env {
        /// The environment variable.
        name: &'a str,
        /// What holds where it is unset or empty.
        or: Otherwise<'a>,
    },
    /// `${file:/run/secrets/x}`: the path.
    File(&'a str),
    /// `${vars.x}`: the variable's name.
    Var(&'a str),
}

/// What holds where an environment variable is unset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Otherwise<'a> {
    /// An error.
    Fail,
    /// This text, also where the variable is empty.
    Default(&'a str),
    /// An error with this message, also where the variable is empty.
    Say(&'a str),
}

/// A `${` that means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Garbled<'a> {
    /// The part that is wrong, as it is written.
    pub(crate) written: &'a str,
    /// What is wrong with it.
    pub(crate) message: &'static str,
}

/// Splits a text into its words. A `$` before anything but `{` and `$` is itself.
pub(crate) fn words(mut text: &str) -> Vec<Result<Word<'_>, Garbled<'_>>> {
    let mut words = Vec::new();
    while !text.is_empty() {
        let (word, rest) = first(text);
        words.push(word);
        text = rest;
    }
    words
}

fn first(text: &str) -> (Result<Word<'_>, Garbled<'_>>, &str) {
    if let Some(rest) = text.strip_prefix("$$") {
        return (Ok(Word::Plain("$")), rest);
    }
    if let Some(rest) = text.strip_prefix("${") {
        let Some(end) = rest.find('}') else {
            let message = "`${` is never closed";
            return (Err(Garbled { written: text, message }), "");
        };
        let (inner, rest) = rest.split_at(end);
        let (written, _) = text.split_at(end + 3);
        let wanted = wanted(inner).map_err(|message| Garbled { written, message });
        let rest = rest.strip_prefix('}').unwrap_or_default();
        return (wanted.map(|wanted| Word::Blank { written, wanted }), rest);
    }
    let skip = usize::from(text.starts_with('$'));
    let next = text.split_at(skip).1.find('$').map_or(text.len(), |end| end + skip);
    let (plain, rest) = text.split_at(next);
    (Ok(Word::Plain(plain)), rest)
}

fn wanted(inner: &str) -> Result<Wanted<'_>, &'static str> {
    if inner.contains("${") {
        return Err("`${` cannot stand within another");
    }
    if let Some(name) = inner.strip_prefix("vars.") {
        return Ok(Wanted::Var(name));
    }
    if let Some(path) = inner.strip_prefix("file:") {
        return if path.is_empty() {
            Err("no file is named")
        } else {
            Ok(Wanted::File(path))
        };
    }
    let Some(rest) = inner.strip_prefix("env:") else {
        return Err("expected `${env:NAME}`, `${file:/path}` or `${vars.name}`");
    };
    let (name, or) = match rest.split_once(':') {
        None => (rest, Otherwise::Fail),
        Some((name, tail)) => match (tail.strip_prefix('-'), tail.strip_prefix('?')) {
            (Some(default), _) => (name, Otherwise::Default(default)),
            (None, Some(message)) => (name, Otherwise::Say(message)),
            (None, None) => {
                return Err("expected `:-default` or `:?message` after the name");
            }
        },
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(fits) {
        return Err("expected letters, digits and `_` as the variable's name");
    }
    Ok(Wanted::Env { name, or })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted_of(text: &str) -> Wanted<'_> {
        match &*words(text) {
            [Ok(Word::Blank { wanted, written })] if *written == text => *wanted,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_form_is_read() {
        let env = |or| Wanted::Env { name: "A_1", or };
        assert_eq!(wanted_of("${env:A_1}"), env(Otherwise::Fail));
        assert_eq!(wanted_of("${env:A_1:-}"), env(Otherwise::Default("")));
        assert_eq!(wanted_of("${env:A_1:-a:-b?}"), env(Otherwise::Default("a:-b?")));
        assert_eq!(wanted_of("${env:A_1:?set it}"), env(Otherwise::Say("set it")));
        assert_eq!(wanted_of("${file:/run/a:b}"), Wanted::File("/run/a:b"));
        assert_eq!(wanted_of("${vars.day}"), Wanted::Var("day"));
    }

    #[test]
    fn dollars_are_kept_or_halved() {
        let plain = |text| -> String {
            let plain = words(text).into_iter().map(|word| match word {
                Ok(Word::Plain(text)) => text,
                other => panic!("{other:?}"),
            });
            plain.collect()
        };
        assert_eq!(plain("a$b$"), "a$b$");
        assert_eq!(plain("$${env:A}$$$"), "${env:A}$$");
        assert_eq!(plain("x ~ '^a$' ä"), "x ~ '^a$' ä");
    }

    #[test]
    fn what_means_nothing_is_garbled() {
        for text in [
            "${",
            "${env:A",
            "${}",
            "${A}",
            "${env:}",
            "${env:A-B}",
            "${env:A:+x}",
            "${file:}",
            "${env:A:-${env:B}}",
        ] {
            assert!(words(text).iter().any(Result::is_err), "{text}");
        }
    }
}
