//! The file of a job: what is known of its form is that it is CSV with a header.

use serde_json::{Value, json};

use super::columns::{cell, columns, title};
use super::evaluate::{evaluate, is_valid};
use super::job::Job;
use super::kinds::BulkKind;
use super::options::{Echo, FileForm, Namesakes};
use crate::answers::fold::plain;
use crate::random::Random;
use crate::tomba::options::Options;

/// A row of a file: the row of the input that it belongs to, if any, and what was found.
struct Line {
    row: Option<usize>,
    record: Value,
}

/// A file of a job.
pub(super) fn file(job: &Job, part: &str, options: &Options) -> String {
    let form = &options.bulk.file;
    let (shown, found) = (shown(job, form), columns(job.kind));
    let names = job.draft.sheet.names(&job.draft.places);
    let inputs = shown.iter().map(|at| names.get(*at).cloned().unwrap_or_default());
    let is_input = |name: &str| {
        form.namesakes == Namesakes::Input
            && shown.iter().any(|at| names.get(*at).is_some_and(|other| other == name))
    };
    let kept: Vec<_> = found.iter().filter(|(name, _)| !is_input(name)).collect();
    let with_results = part != "not_found";
    let mut header: Vec<String> = inputs.collect();
    if with_results {
        header.extend(kept.iter().map(|(name, _)| title(name, form.names)));
        header.extend(job.draft.wishes.sources.then(|| title("sources", form.names)));
    }
    let mut text = String::from(if form.bom { "\u{feff}" } else { "" });
    push(&mut text, &header, form);
    for Line { row, record } in lines(job, part, options) {
        let input = row.and_then(|row| job.draft.sheet.rows.get(row));
        let echoed = |at: &usize| input.and_then(|cells| cells.get(*at)).cloned();
        let spelt = |text: String| match job.quirks.plain {
            true => plain(&text),
            false => text,
        };
        let mut cells: Vec<String> =
            shown.iter().map(|at| spelt(echoed(at).unwrap_or_default())).collect();
        if with_results {
            cells.extend(kept.iter().map(|(name, pointer)| match *name {
                "first_name" | "last_name" | "full_name" => spelt(cell(&record, pointer)),
                _ => cell(&record, pointer),
            }));
            cells.extend(job.draft.wishes.sources.then(|| sources(&record)));
        }
        push(&mut text, &cells, form);
    }
    text
}

/// The columns of the input that are shown.
fn shown(job: &Job, form: &FileForm) -> Vec<usize> {
    let names = job.draft.sheet.names(&job.draft.places);
    let columns = 0..names.len();
    let asked = |at: &usize| job.draft.places.values().any(|place| place == at);
    let result = |at: &usize| {
        let results = columns_named(job.kind, form);
        names.get(*at).is_some_and(|name| results.iter().any(|result| result == name))
    };
    let unlike = |at: &usize| form.namesakes != Namesakes::Result || !result(at);
    match form.echo {
        Echo::All => columns.filter(unlike).collect(),
        Echo::Asked => columns.filter(asked).filter(unlike).collect(),
        Echo::None => Vec::new(),
    }
}

fn columns_named(kind: BulkKind, form: &FileForm) -> Vec<String> {
    columns(kind).iter().map(|(name, _)| title(name, form.names)).collect()
}

/// The lines of a file, in its order, and with what is wrong with them.
fn lines(job: &Job, part: &str, options: &Options) -> Vec<Line> {
    let form = &options.bulk.file;
    let mut lines = Vec::new();
    for item in job.items.iter() {
        let row = Some(item.row);
        let records = evaluate(job.kind, item, &job.draft.wishes, options).records;
        match (part, records.is_empty()) {
            ("not_found", true) => lines.push(Line { row, record: json!({}) }),
            ("full", true) if form.misses_in_full => {
                lines.push(Line { row, record: json!({}) });
            }
            ("not_found", false) => {}
            ("valid", _) => {
                let valid = records.into_iter().filter(is_valid);
                lines.extend(valid.map(|record| Line { row, record }));
            }
            _ => lines.extend(records.into_iter().map(|record| Line { row, record })),
        }
    }
    if options.bulk.shuffled {
        let mut random = Random::new(options.seed, job.id.unsigned_abs());
        for last in (1..lines.len()).rev() {
            lines.swap(last, random.below(last + 1));
        }
    }
    if part != "not_found" {
        spoil(&mut lines, job);
    }
    lines
}

/// Does to the lines what is wrong with them.
fn spoil(lines: &mut Vec<Line>, job: &Job) {
    let quirks = job.quirks;
    if let Some(at) = quirks.duplicate.filter(|at| *at < lines.len()) {
        let again =
            lines.get(at).map(|line| Line { row: line.row, record: line.record.clone() });
        lines.splice(at..at, again);
    }
    if let Some(at) = quirks.drop.filter(|at| *at < lines.len()) {
        lines.remove(at);
    }
    if quirks.extra {
        let record = json!({
            "email": "stranger@nobody.invalid",
            "first_name": "Stranger",
            "website_url": "nobody.invalid",
        });
        lines.push(Line { row: None, record });
    }
}

/// The first records of a job as objects, for its detail.
pub(super) fn preview(job: &Job, options: &Options) -> Vec<Value> {
    let object = |record: Value| {
        let columns = columns(job.kind).iter();
        let pairs = columns.map(|(name, pointer)| {
            ((*name).to_owned(), Value::String(cell(&record, pointer)))
        });
        Value::Object(pairs.collect())
    };
    let records = |item| evaluate(job.kind, item, &job.draft.wishes, options).records;
    job.items.iter().flat_map(records).take(5).map(object).collect()
}

fn sources(record: &Value) -> String {
    let sources = record.get("sources").and_then(Value::as_array);
    let uris = sources.into_iter().flatten().filter_map(|source| source["uri"].as_str());
    uris.collect::<Vec<_>>().join("; ")
}

/// Writes a line.
fn push(text: &mut String, cells: &[String], form: &FileForm) {
    for (nth, cell) in cells.iter().enumerate() {
        if nth > 0 {
            text.push(form.delimiter);
        }
        let special = [form.delimiter, '"', '\r', '\n'];
        if form.quoted || cell.contains(special) {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(cell);
        }
    }
    text.push_str(if form.crlf { "\r\n" } else { "\n" });
}
