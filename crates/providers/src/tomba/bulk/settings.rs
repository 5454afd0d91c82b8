//! What goes for a whole job that searches domains.

use super::{super::families::NotAsked, Generation};
use leadmill_core::{KeySet, Operation, Query, QueryKey};
use serde_json::{Map, Value, json};

/// The departments that there are.
///
/// # Source
/// Reference 5.1.
const DEPARTMENTS: &str = "engineering sales finance hr it marketing operations management executive \
    legal support communication software security pr warehouse diversity administrative facilities accounting";

/// The sizes that the first generation takes.
///
/// # Source
/// Reference 11.4.
const SIZES: [u32; 6] = [1, 5, 10, 20, 50, 100];

/// Addresses that are asked for where a question does not say: as many as a single question gets.
const USUAL: u32 = 10;

/// The most addresses of a domain that a question can ask for.
const MOST: u32 = 50;

/// What a search takes beside its domain, as the operation's inputs have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings {
    most: String,
    page: String,
    department: String,
    country: String,
    kind: String,
}

impl Settings {
    /// Those of a question.
    pub(super) fn of(query: &Query) -> Self {
        let mut values = query.values().skip(1).map(str::to_owned);
        let mut next = || values.next().unwrap_or_default();
        let (most, page, department) = (next(), next(), next());
        Self { most, page, department, country: next(), kind: next() }
    }

    /// The addresses that are wanted, where they say.
    pub(super) fn wanted(&self) -> Option<u32> {
        self.most.parse().ok()
    }

    /// The key of the question that they make with a domain.
    pub(super) fn key(&self, domain: &str) -> Option<QueryKey> {
        Query::key_of(Operation::SearchDomain, self.inputs(domain)).ok()
    }

    /// Its plain key.
    pub(super) fn plain_key(&self, domain: &str) -> Option<QueryKey> {
        Query::plain_key_of(Operation::SearchDomain, self.inputs(domain)).ok()
    }

    fn inputs<'a>(&'a self, domain: &'a str) -> [Option<&'a str>; 6] {
        let told = |text: &'a String| Some(text.as_str()).filter(|text| !text.is_empty());
        [
            Some(domain),
            told(&self.most),
            told(&self.page),
            told(&self.department),
            told(&self.country),
            told(&self.kind),
        ]
    }

    /// The settings with which a domain makes one of these questions. They are tried one after the other: a key that
    /// fits proves them. None where they hold several departments, or the domain is not one of the job's.
    pub(super) fn tried(domain: &str, known: &KeySet) -> Option<Self> {
        let counts =
            || std::iter::once(String::new()).chain((1..=MOST).map(|n| n.to_string()));
        let departments = || std::iter::once("").chain(DEPARTMENTS.split_whitespace());
        for kind in ["", "personal", "generic", "all"] {
            for department in departments() {
                for most in counts() {
                    for page in ["", "1"] {
                        let [page, department, kind] =
                            [page, department, kind].map(str::to_owned);
                        let country = String::new();
                        let most = most.clone();
                        let tried = Self { most, page, department, country, kind };
                        if tried.key(domain).is_some_and(|key| known.contains(&key)) {
                            return Some(tried);
                        }
                    }
                }
            }
        }
        None
    }
}

/// The options of the job.
///
/// # Source
/// Reference 11.4. A job has no pages and no countries. Whether a filter prefers or leaves out where nothing is said is
/// not documented: it is said. Of the first generation's filters only the names are known, and one that is not
/// understood would be paid for.
pub(super) fn options(
    settings: &Settings,
    generation: Generation,
) -> Result<Map<String, Value>, NotAsked> {
    let refuse = |what: &str| Err(NotAsked(format!("a job cannot be asked for {what}")));
    if !["", "1"].contains(&settings.page.as_str()) {
        return refuse("a later page");
    }
    if !settings.country.is_empty() {
        return refuse("a country");
    }
    if !["", "all", "personal", "generic"].contains(&settings.kind.as_str()) {
        return refuse(&format!("addresses of type `{}`", settings.kind));
    }
    let wanted = settings.wanted().unwrap_or(USUAL);
    let mut options = Map::new();
    let mut add = |name: &str, value: Value| options.insert(name.to_owned(), value);
    let is_filtered =
        !settings.department.is_empty() || !["", "all"].contains(&settings.kind.as_str());
    match generation {
        Generation::First if is_filtered => {
            return refuse("a type or a department in its first generation");
        }
        Generation::First => {
            let fitting = SIZES.into_iter().rfind(|size| *size <= wanted);
            add("maximum", json!(fitting.unwrap_or(1)));
        }
        Generation::Second => {
            add("max_emails_per_domain", json!(wanted));
            if !["", "all"].contains(&settings.kind.as_str()) {
                add("email_type", json!(settings.kind));
                add("email_type_mode", json!("only"));
            }
            if !settings.department.is_empty() {
                let departments: Vec<_> = settings.department.split('|').collect();
                add("departments", json!(departments));
                add("departments_mode", json!("only"));
            }
        }
    }
    Ok(options)
}
