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
use leadmill_core::{Input, KeySet, Operation, Presence, Query, QueryKey};

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
    /// The columns of ids, where any row has one.
    ids: Option<Vec<usize>>,
    inputs: Vec<Echo>,
    settings: Trial,
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
    pub(super) fn of(
        operation: Operation,
        keys: &[QueryKey],
        sheet: &Sheet,
    ) -> Option<Self> {
        let ids = sheet.columns(&format!("{PREFIX}id"));
        let has_ids =
            sheet.rows.iter().any(|row| told(row, &ids).any(|id| read_id(id).is_some()));
        let asked = operation.inputs().iter().take(fields(operation).len());
        let mut ties = Self {
            operation,
            known: keys.iter().copied().collect(),
            ids: has_ids.then_some(ids),
            inputs: asked.map(|input| Echo::of(operation, input, sheet)).collect(),
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
        let ours = |echo: &Echo| echo.is_ours || !echo.is_needed;
        let is_readable = !matches!(self.settings, Trial::Failed);
        self.ids.is_some() || is_readable && self.inputs.iter().all(ours)
    }

    /// Rows of an answer that are wanted, where it is known.
    pub(super) fn wanted(&self) -> Option<u32> {
        self.settings.found().and_then(Settings::wanted)
    }

    /// The question that a row is about. None for a row that is about none of them, or about several.
    pub(super) fn tie(&self, row: &StringRecord) -> Option<QueryKey> {
        let Some(ids) = &self.ids else { return self.by_inputs(row) };
        let key = told(row, ids).find_map(read_id)?;
        let is_known = self.known.contains(&key);
        // What comes back of the inputs may be written in another way; it contradicts where it is another question.
        let is_other = self
            .echoed(row)
            .is_some_and(|echo| echo != key && self.known.contains(&echo));
        (is_known && !is_other).then_some(key)
    }

    /// The question that the inputs make that have come back, where all of them have.
    fn echoed(&self, row: &StringRecord) -> Option<QueryKey> {
        let ours = self.inputs.iter().all(|echo| echo.is_ours);
        let inputs = ours.then(|| self.inputs.iter().map(|echo| echo.first(row)))?;
        self.key(&inputs.collect::<Vec<_>>())
    }

    /// The one question of the job that the inputs can make that may have come back.
    fn by_inputs(&self, row: &StringRecord) -> Option<QueryKey> {
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
        let keys = choices.iter().filter_map(|choice| self.key(choice));
        let mut keys = keys.filter(|key| self.known.contains(key));
        let first = keys.next()?;
        keys.all(|key| key == first).then_some(first)
    }

    fn key(&self, inputs: &[Option<&str>]) -> Option<QueryKey> {
        match self.operation {
            Operation::SearchDomain => {
                self.settings.found()?.key(inputs.first().copied().flatten()?)
            }
            operation => Query::key_of(operation, inputs.iter().copied()).ok(),
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
