//! Which question a row of a file is about.
//!
//! # Source
//! Reference 11.10 and assumption A17: rows are left out, come in any order and come several times, so their places say
//! nothing. What is carried from the input to the file is not documented: the id that was sent, the inputs, or nothing.

use super::{
    fields,
    settings::Settings,
    sheet::{Sheet, told},
};
use csv::StringRecord;
use leadmill_core::{Input, KeyMap, KeySet, Keys, Operation, Presence, Query, QueryKey};

/// What the names of our columns begin with. No result is called so.
pub(super) const PREFIX: &str = "leadmill_";

/// Rows that are looked at for the settings of a job.
const TRIALS: usize = 3;

/// Most questions that are tried for one row. Few names of columns are alike, so that more of them are no file's.
const CHOICES: usize = 1_000;

/// Ties rows to questions.
#[derive(Debug)]
pub(super) struct Ties {
    operation: Operation,
    known: KeySet,
    /// The plain key of each question.
    plain: KeyMap<QueryKey>,
    /// What each plain key means; none where it means several.
    meant: KeyMap<Option<QueryKey>>,
    /// The columns of ids, where any row has one.
    ids: Option<Vec<usize>>,
    inputs: Vec<Echo>,
    /// The columns of addresses that were found.
    addresses: Vec<usize>,
    settings: Trial,
}

/// The question that a row is about, and how that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tied {
    /// It bears the question's own id.
    Named(QueryKey),
    /// Its inputs make the question.
    Exactly(QueryKey),
    /// Its inputs are the plain spelling of that question, and of no other of the job.
    Plainly(QueryKey),
}

impl Tied {
    pub(super) const fn key(self) -> QueryKey {
        match self {
            Self::Named(key) | Self::Exactly(key) | Self::Plainly(key) => key,
        }
    }
}

/// What is known of the settings of a search. Its questions are known by their keys only, and a file does not tell them.
#[derive(Debug)]
enum Trial {
    /// There are none, or no row has anything to try.
    None,
    Found(Settings),
    Failed,
}

/// The columns in which an input comes back.
#[derive(Debug)]
struct Echo {
    columns: Vec<usize>,
    /// Whether they are those that were sent, and not results that are called alike.
    is_ours: bool,
    is_needed: bool,
}

/// The id of a question.
pub(super) fn id(key: QueryKey) -> String {
    format!("{:032x}", u128::from_be_bytes(key.0))
}

fn read_id(text: &str) -> Option<QueryKey> {
    let number = (text.len() == 32).then(|| u128::from_str_radix(text, 16).ok());
    number.flatten().map(|number| QueryKey(number.to_be_bytes()))
}

impl Ties {
    /// Finds what tells the questions of a job. None where no column does.
    pub(super) fn of(operation: Operation, keys: &Keys, sheet: &Sheet) -> Option<Self> {
        let ids = sheet.columns(&format!("{PREFIX}id"));
        let has_ids =
            sheet.rows.iter().any(|row| told(row, &ids).any(|id| read_id(id).is_some()));
        let asked = operation.inputs().iter().take(fields(operation).len());
        let mut ties = Self {
            operation,
            known: keys.iter().copied().collect(),
            plain: keys.pairs().collect(),
            meant: keys.by_plain(|_| true),
            ids: has_ids.then_some(ids),
            inputs: asked.map(|input| Echo::of(operation, input, sheet)).collect(),
            addresses: sheet.columns("email"),
            settings: Trial::None,
        };
        let needed = |echo: &Echo| !echo.is_needed || !echo.columns.is_empty();
        if !has_ids && !ties.inputs.iter().all(needed) {
            return None;
        }
        if operation == Operation::SearchDomain {
            ties.settings = ties.tried(sheet);
        }
        Some(ties)
    }

    /// Whether it is told by what was sent. What is told by results is a guess that a known key proves.
    pub(super) fn is_sure(&self) -> bool {
        let is_readable = !matches!(self.settings, Trial::Failed);
        self.ids.is_some() || is_readable && self.is_echoed()
    }

    /// Whether the inputs are told by the columns that were sent, and not by results.
    pub(super) fn is_echoed(&self) -> bool {
        self.inputs.iter().all(|echo| echo.is_ours || !echo.is_needed)
    }

    /// Rows of an answer that are wanted, where it is known.
    pub(super) fn wanted(&self) -> Option<u32> {
        self.settings.found().and_then(Settings::wanted)
    }

    /// The question that a row is about. None for a row that is about none of them, or about several.
    pub(super) fn tie(&self, row: &StringRecord) -> Option<Tied> {
        let Some(ids) = &self.ids else { return self.by_inputs(row) };
        let key = told(row, ids).find_map(read_id)?;
        let is_known = self.known.contains(&key);
        // What comes back of the inputs may be written in another way; it contradicts where it is another question.
        let is_other = self.echoed(row).is_some_and(|echo| {
            let is_alike = self.plain.get(&echo) == self.plain.get(&key);
            self.known.contains(&echo) && !is_alike
        });
        (is_known && !is_other).then_some(Tied::Named(key))
    }

    /// Whether an address that came back as a result is another than that of a question, in whatever spelling.
    pub(super) fn is_another(&self, key: QueryKey, email: &str) -> bool {
        let plain = |email| Query::plain_key_of(self.operation, [Some(email)]).ok();
        plain(email).is_some_and(|echo| self.plain.get(&key) != Some(&echo))
    }

    /// The question that the inputs make that have come back, where all of them have.
    fn echoed(&self, row: &StringRecord) -> Option<QueryKey> {
        let ours = self.inputs.iter().all(|echo| echo.is_ours);
        let inputs = ours.then(|| self.inputs.iter().map(|echo| echo.first(row)))?;
        self.key(&inputs.collect::<Vec<_>>())
    }

    /// The one question of the job that the inputs can make that may have come back, in its own spelling or else in the
    /// plain one.
    fn by_inputs(&self, row: &StringRecord) -> Option<Tied> {
        let choices = self.choices(row)?;
        let exact = choices.iter().filter_map(|choice| self.key(choice));
        let mut exact = exact.filter(|key| self.known.contains(key)).peekable();
        if exact.peek().is_some() {
            let only = only(exact).filter(|key| !self.is_elsewhere(*key, row));
            return only.map(Tied::Exactly);
        }
        let plain = choices.iter().filter_map(|choice| self.plain_key(choice));
        // What means several is none of them.
        let meant: Option<Vec<_>> =
            plain.filter_map(|plain| self.meant.get(&plain).copied()).collect();
        only(meant?.into_iter()).map(Tied::Plainly)
    }

    /// Whether the address that was found is at the domain of a namesake's question: a result's site may be any of a
    /// company's.
    fn is_elsewhere(&self, key: QueryKey, row: &StringRecord) -> bool {
        if self.is_echoed() || self.operation != Operation::FindEmail {
            return false;
        }
        let host = told(row, &self.addresses).find_map(|address| address.split_once('@'));
        let [Some(first), Some(last)] = [0, 1].map(|at| self.inputs.get(at)) else {
            return false;
        };
        let inputs = [first.first(row), last.first(row), host.map(|(_, host)| host)];
        let there = self.key(&inputs).filter(|there| self.known.contains(there));
        there.is_some_and(|there| there != key)
    }

    /// What the inputs may have been.
    fn choices<'a>(&'a self, row: &'a StringRecord) -> Option<Vec<Vec<Option<&'a str>>>> {
        let mut choices: Vec<Vec<Option<&str>>> = vec![Vec::new()];
        for echo in &self.inputs {
            let values = echo.values(row);
            if choices.len().saturating_mul(values.len()) > CHOICES {
                return None;
            }
            let longer = choices.iter().flat_map(|choice| {
                values.iter().map(|value| {
                    let mut choice = choice.clone();
                    choice.push(*value);
                    choice
                })
            });
            choices = longer.collect();
        }
        Some(choices)
    }

    fn key(&self, inputs: &[Option<&str>]) -> Option<QueryKey> {
        match self.operation {
            Operation::SearchDomain => {
                self.settings.found()?.key(inputs.first().copied().flatten()?)
            }
            operation => Query::key_of(operation, inputs.iter().copied()).ok(),
        }
    }

    fn plain_key(&self, inputs: &[Option<&str>]) -> Option<QueryKey> {
        match self.operation {
            Operation::SearchDomain => {
                self.settings.found()?.plain_key(inputs.first().copied().flatten()?)
            }
            operation => Query::plain_key_of(operation, inputs.iter().copied()).ok(),
        }
    }

    /// Tries the settings of a search on its first rows.
    fn tried(&self, sheet: &Sheet) -> Trial {
        let domain = |row| self.inputs.first().and_then(|echo| echo.first(row));
        let rows = sheet.rows.iter().filter_map(|row| Some((row, domain(row)?)));
        let mut outcome = Trial::None;
        for (row, domain) in rows.take(TRIALS) {
            let found = match &self.ids {
                None => Settings::tried(domain, &self.known),
                Some(ids) => told(row, ids)
                    .find_map(read_id)
                    .filter(|key| self.known.contains(key))
                    .and_then(|key| Settings::tried(domain, &KeySet::from_iter([key]))),
            };
            match found {
                Some(found) => return Trial::Found(found),
                None => outcome = Trial::Failed,
            }
        }
        outcome
    }
}

/// The key that all of these are.
fn only(mut keys: impl Iterator<Item = QueryKey>) -> Option<QueryKey> {
    let first = keys.next()?;
    keys.all(|key| key == first).then_some(first)
}

impl Trial {
    const fn found(&self) -> Option<&Settings> {
        match self {
            Self::Found(settings) => Some(settings),
            Self::None | Self::Failed => None,
        }
    }
}

impl Echo {
    fn of(operation: Operation, input: &Input, sheet: &Sheet) -> Self {
        let ours = sheet.columns(&format!("{PREFIX}{}", input.name));
        let is_ours = !ours.is_empty();
        let others =
            || names(operation, input.name).iter().flat_map(|n| sheet.columns(n));
        Self {
            columns: if is_ours { ours } else { others().collect() },
            is_ours,
            is_needed: input.presence == Presence::Always,
        }
    }

    fn first<'a>(&'a self, row: &'a StringRecord) -> Option<&'a str> {
        told(row, &self.columns).next().map(unguarded)
    }

    /// What the input may have been: blank too, where it may be left out and others are called alike.
    fn values<'a>(&'a self, row: &'a StringRecord) -> Vec<Option<&'a str>> {
        let mut values: Vec<_> =
            told(row, &self.columns).map(|text| Some(unguarded(text))).collect();
        if !self.is_needed && (values.is_empty() || !self.is_ours) {
            values.push(None);
        }
        values
    }
}

/// A text without the mark that keeps spreadsheets from reckoning with it.
fn unguarded(text: &str) -> &str {
    let rest =
        text.strip_prefix('\'').filter(|rest| rest.starts_with(['+', '-', '=', '@']));
    rest.unwrap_or(text)
}

/// Other names of an input, among them those of results that say the same. The site of a company that is like another
/// says nothing of the one that was asked about.
fn names(operation: Operation, input: &str) -> &'static [&'static str] {
    match (operation, input) {
        (Operation::FindSimilar, "domain") => &["domain", "company_domain"],
        (_, "domain") => &["domain", "company_domain", "website_url", "website"],
        (_, "email") => &["email", "e-mail", "email_address"],
        (_, "linkedin_url") => &["linkedin_url", "linkedin", "profile"],
        (_, "url") => &["url", "article_url", "article"],
        (_, "phone") => &[
            "phone",
            "phone_number",
            "number",
            "e164_format",
            "intl_format",
            "local_format",
        ],
        (_, "country_code") => &["country", "country_code"],
        (_, "first_name") => &["first_name", "given_name"],
        (_, "last_name") => &["last_name", "family_name", "surname"],
        _ => &[],
    }
}
