//! Whose account it is.

use std::fmt;

/// Whose answers and whose money: a provider's account, as the provider names it.
///
/// Its text is the account's [purse](crate::Account::purse), and stands in the journal:
/// `enrich.so (team 665b12 at api.enrich.so)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The provider, as in `use:`.
    pub provider: String,
    /// Where it is.
    pub host: Host,
    /// Who owns the wallet; none where the provider does not say.
    pub owner: Option<String>,
}

/// Where a provider is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// Somewhere in the world.
    Named(String),
    /// A sandbox, wherever it is: its answers are made up.
    Sandbox,
}

/// What a provider says of the account behind a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// The wallet's owner, such as `team 665b12`; none where it is not told.
    pub name: Option<String>,
    /// Whether it calls itself a sandbox.
    pub is_sandbox: bool,
}

/// What a sandbox's purse says in the place of a host.
const SANDBOX: &str = "(sandbox";

impl Identity {
    /// The account of an earlier version, which knew no more than the provider and whether the pipeline called it a
    /// sandbox.
    pub fn nameless(provider: &str, is_sandbox: bool) -> String {
        match is_sandbox {
            true => format!("{provider} {SANDBOX})"),
            false => provider.to_owned(),
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.provider)?;
        match (&self.host, &self.owner) {
            (Host::Named(host), Some(owner)) => write!(f, "({owner} at {host})"),
            (Host::Named(host), None) => write!(f, "(at {host})"),
            (Host::Sandbox, Some(owner)) => write!(f, "{SANDBOX}, {owner})"),
            (Host::Sandbox, None) => write!(f, "{SANDBOX})"),
        }
    }
}

/// The provider of a purse, as in `use:`.
pub fn provider_of(purse: &str) -> &str {
    purse.split_once(" (").map_or(purse, |(provider, _)| provider)
}

/// Whether the answers of a purse are made up.
pub fn is_sandbox(purse: &str) -> bool {
    let place = purse.split_once(" (").map_or("", |(_, place)| place);
    place.starts_with("sandbox") || place.starts_with("embedded sandbox")
}

/// A name of the provider's, fit to be shown: on one line, and no longer than a name is.
pub fn shown(name: &str) -> Option<String> {
    const LONGEST: usize = 100;
    let name: String = name.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purse_names_the_host_and_the_owner_and_says_whether_it_is_a_sandbox() {
        let named = || Host::Named("api.x.io".into());
        for (host, owner, purse, made_up) in [
            (named(), Some("team a"), "x.io (team a at api.x.io)", false),
            (named(), None, "x.io (at api.x.io)", false),
            (Host::Sandbox, Some("team a"), "x.io (sandbox, team a)", true),
            (Host::Sandbox, None, "x.io (sandbox)", true),
        ] {
            let owner = owner.map(str::to_owned);
            let identity = Identity { provider: "x.io".into(), host, owner };
            assert_eq!(identity.to_string(), purse);
            assert_eq!((provider_of(purse), is_sandbox(purse)), ("x.io", made_up));
        }
        assert_eq!((provider_of("x.io"), is_sandbox("x.io")), ("x.io", false));
        assert!(is_sandbox("x.io (embedded sandbox)"));
    }

    #[test]
    fn a_name_is_one_line() {
        assert_eq!(shown(" a\n\u{1b}b ").as_deref(), Some("ab"));
        assert_eq!(shown("\n \t"), None);
        assert_eq!(shown(&"x".repeat(1_000)).map(|name| name.len()), Some(100));
    }
}
