//! What a job is created from.

use std::collections::BTreeMap;

use serde_json::Value;

use super::kinds::BulkKind;
use crate::csv;

/// Rows of cells.
#[derive(Clone, Debug, Default)]
pub(super) struct Sheet {
    /// The names of the columns, if they have any.
    pub(super) header: Option<Vec<String>>,
    /// The rows below.
    pub(super) rows: Vec<Vec<String>>,
    /// `list`, `data` or `file`.
    pub(super) source: &'static str,
    /// The name of the file.
    pub(super) file_name: Option<String>,
}

/// Where the columns stand that a tool asks with.
pub(super) type Places = BTreeMap<&'static str, usize>;

impl Sheet {
    /// One value a line.
    pub(super) fn of_list(list: &str) -> Self {
        let rows = list.lines().map(|line| vec![line.trim().to_owned()]).collect();
        Self { header: None, rows, source: "list", file_name: None }
    }

    /// Rows of texts, or nothing if they are none.
    pub(super) fn of_cells(cells: &Value, has_header: bool) -> Option<Self> {
        let text = |cell: &Value| match cell {
            Value::String(text) => Some(text.clone()),
            Value::Null => Some(String::new()),
            _ => None,
        };
        let row = |row: &Value| row.as_array()?.iter().map(text).collect();
        let rows: Option<Vec<Vec<String>>> = cells.as_array()?.iter().map(row).collect();
        Some(Self::of_rows(rows?, has_header, "data", None))
    }

    /// A file.
    pub(super) fn of_file(
        text: &str,
        delimiter: char,
        has_header: bool,
        name: String,
    ) -> Self {
        Self::of_rows(csv::records(text, delimiter), has_header, "file", Some(name))
    }

    fn of_rows(
        mut rows: Vec<Vec<String>>,
        has_header: bool,
        source: &'static str,
        file_name: Option<String>,
    ) -> Self {
        let header = (has_header && !rows.is_empty()).then(|| rows.remove(0));
        Self { header, rows, source, file_name }
    }

    /// The widest row's width.
    pub(super) fn width(&self) -> usize {
        let header = self.header.as_ref().map_or(0, Vec::len);
        self.rows.iter().map(Vec::len).max().unwrap_or(0).max(header)
    }

    /// The places that the header tells, or where a tool with one column finds it without.
    pub(super) fn detect(&self, kind: BulkKind) -> Places {
        let Some(header) = &self.header else {
            let single = kind.fields().first().filter(|_| self.width() <= 1);
            return single.map(|field| (field.name, 0)).into_iter().collect();
        };
        let normal = |name: &String| {
            name.trim()
                .trim_start_matches('\u{feff}')
                .to_lowercase()
                .replace([' ', '-'], "_")
        };
        let names: Vec<String> = header.iter().map(normal).collect();
        let place = |synonyms: &[&str]| {
            let known = |synonym: &&str| synonym.replace('-', "_");
            synonyms
                .iter()
                .find_map(|synonym| names.iter().position(|name| *name == known(synonym)))
        };
        let fields = kind.fields().iter();
        fields.filter_map(|field| Some((field.name, place(field.synonyms)?))).collect()
    }

    /// What the columns are called in a download.
    pub(super) fn names(&self, places: &Places) -> Vec<String> {
        if let Some(header) = &self.header {
            return header.clone();
        }
        let named = |at: usize| {
            let field = places.iter().find(|(_, place)| **place == at);
            field.map_or_else(
                || format!("column_{}", at + 1),
                |(name, _)| (*name).to_owned(),
            )
        };
        (0..self.width()).map(named).collect()
    }
}
