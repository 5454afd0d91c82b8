//! What a creation says, read and checked.

use serde_json::{Map, Value, json};

use super::kinds::{BulkKind, OPTIONS};
use super::options::Generation;
use super::sheet::{Places, Sheet};
use crate::tomba::failure::Failure;
use crate::tomba::normal;
use crate::tomba::options::Options;

/// What was sent: named values, and perhaps a file.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) values: Map<String, Value>,
    pub(super) file: Option<File>,
}

/// A file that was sent.
#[derive(Debug)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) text: String,
}

/// A job that may be created.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) sheet: Sheet,
    pub(super) places: Places,
    pub(super) wishes: Wishes,
    pub(super) launch: bool,
    pub(super) notify: bool,
    pub(super) webhook: Option<String>,
}

/// The options of a job.
#[derive(Clone, Debug, Default)]
pub(super) struct Wishes {
    /// As they were sent.
    pub(super) sent: Map<String, Value>,
    pub(super) verify: bool,
    pub(super) sources: bool,
    pub(super) all_phones: bool,
    pub(super) skip_with_email: bool,
    pub(super) most_emails: usize,
    pub(super) email_type: Option<String>,
    pub(super) departments: Vec<String>,
}

impl Draft {
    /// Reads what was sent.
    pub(super) fn read(
        kind: BulkKind,
        raw: Raw,
        options: &Options,
    ) -> Result<Self, Failure> {
        let refuse = |message: String| Failure::params(options, message);
        let name = raw.values.get("name").and_then(Value::as_str).unwrap_or_default();
        let name = name.trim().to_owned();
        if !(3..=200).contains(&name.chars().count()) {
            return Err(refuse("The name must have 3 to 200 characters.".to_owned()));
        }
        let webhook = raw.values.get("webhook_url").and_then(Value::as_str);
        let webhook = webhook.filter(|url| !url.is_empty()).map(str::to_owned);
        if webhook.as_deref().is_some_and(|url| !normal::is_web(url)) {
            return Err(refuse("The parameter webhook_url is not valid.".to_owned()));
        }
        let wishes = match options.bulk.generation {
            Generation::Second => Wishes::read(kind, &raw.values).map_err(refuse)?,
            Generation::First => Wishes::read_first(&raw.values),
        };
        let values = raw.values.clone();
        let sheet = sheet(raw).map_err(refuse)?;
        if sheet.rows.is_empty() {
            return Err(refuse("There are no rows.".to_owned()));
        }
        if sheet.rows.len() > options.bulk.max_rows {
            let most = options.bulk.max_rows;
            return Err(refuse(format!("A job has at most {most} rows.")));
        }
        let places = places(kind, &values, &sheet, options).map_err(refuse)?;
        Ok(Self {
            name,
            sheet,
            places,
            wishes,
            launch: truth(values.get("launch")),
            notify: truth(values.get("notify")),
            webhook,
        })
    }
}

impl Wishes {
    /// Those of the second generation. An option that a tool does not take is refused, whatever its value.
    fn read(kind: BulkKind, values: &Map<String, Value>) -> Result<Self, String> {
        let mut sent = Map::new();
        for name in OPTIONS {
            let Some(value) = values.get(name) else { continue };
            if !kind.options().contains(&name) {
                return Err(format!("The option {name} is not known to {kind}."));
            }
            sent.insert(name.to_owned(), value.clone());
        }
        let most = match sent.get("max_emails_per_domain") {
            None => 10,
            Some(value) => match number(value) {
                Some(most @ 1..=100) => most,
                _ => return Err("max_emails_per_domain is not valid.".to_owned()),
            },
        };
        let text = |name: &str| sent.get(name).and_then(Value::as_str).map(str::to_owned);
        let departments = match sent.get("departments") {
            Some(Value::Array(names)) => {
                names.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            Some(Value::String(name)) => vec![name.clone()],
            _ => Vec::new(),
        };
        Ok(Self {
            verify: truth(sent.get("verify_emails")),
            sources: truth(sent.get("include_sources")),
            all_phones: truth(sent.get("find_all_phones")),
            skip_with_email: truth(sent.get("skip_rows_with_email")),
            most_emails: most,
            email_type: text("email_type").filter(|kind| kind != "all"),
            departments,
            sent,
        })
    }

    /// Those of the first generation, which ignored what it did not know.
    fn read_first(values: &Map<String, Value>) -> Self {
        let most = values.get("maximum").and_then(number);
        Self {
            verify: truth(values.get("verify")),
            sources: truth(values.get("sources")),
            most_emails: most.filter(|most| (1..=100).contains(most)).unwrap_or(10),
            ..Self::default()
        }
    }
}

/// The one source of rows.
fn sheet(raw: Raw) -> Result<Sheet, String> {
    let Raw { values, file } = raw;
    let has_header = values.get("has_header").is_none_or(|value| truth(Some(value)));
    let list = values.get("list").and_then(Value::as_str).filter(|list| !list.is_empty());
    let cells = values.get("data").filter(|cells| !cells.is_null());
    let delimiter = match values.get("delimiter").and_then(Value::as_str) {
        Some("\\t" | "tab") => '\t',
        Some(text) => text.chars().next().unwrap_or(','),
        None => ',',
    };
    match (list, cells, file) {
        (Some(list), None, None) => Ok(Sheet::of_list(list)),
        (None, Some(Value::String(text)), None) => {
            let cells = serde_json::from_str(text).unwrap_or(Value::Null);
            Sheet::of_cells(&cells, has_header)
                .ok_or_else(|| "data is not valid.".to_owned())
        }
        (None, Some(cells), None) => Sheet::of_cells(cells, has_header)
            .ok_or_else(|| "data is not valid.".to_owned()),
        (None, None, Some(File { name, text })) => {
            Ok(Sheet::of_file(&text, delimiter, has_header, name))
        }
        _ => Err("Give exactly one of data, list and file.".to_owned()),
    }
}

/// Where the columns stand: as was said, else as the header tells.
fn places(
    kind: BulkKind,
    values: &Map<String, Value>,
    sheet: &Sheet,
    options: &Options,
) -> Result<Places, String> {
    let mut places = Places::new();
    for field in kind.fields() {
        let (name, first) = match options.bulk.generation {
            Generation::Second => (format!("{}_field_index", field.name), 0),
            Generation::First => (format!("column_{}", field.name), 1),
        };
        let Some(value) = values.get(&name) else { continue };
        let place = number(value).and_then(|place| place.checked_sub(first));
        let place = place.filter(|place| *place < sheet.width());
        places.insert(field.name, place.ok_or_else(|| format!("{name} is not valid."))?);
    }
    if places.is_empty() {
        places = sheet.detect(kind);
    }
    let has = |name: &str| places.contains_key(name);
    let complete = match kind {
        BulkKind::Finder => {
            has("domain") && (has("full_name") || has("first_name") && has("last_name"))
        }
        _ => kind.fields().first().is_some_and(|field| has(field.name)),
    };
    match complete {
        true => Ok(places),
        false => Err("The columns to ask with are missing.".to_owned()),
    }
}

/// Whether a value says yes; forms say so in text.
fn truth(value: Option<&Value>) -> bool {
    value.is_some_and(|value| *value == json!(true) || *value == "true" || *value == "1")
}

fn number(value: &Value) -> Option<usize> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_u64().and_then(|number| usize::try_from(number).ok()),
    }
}
