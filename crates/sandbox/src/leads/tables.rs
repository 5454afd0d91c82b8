//! The words that synthetic people and companies are made of, from the data files.

use std::sync::LazyLock;

const VALUES: &str = include_str!("data/values.txt");
const PLACES: &str = include_str!("data/places.txt");
const INDUSTRIES: &str = include_str!("data/industries.txt");
const JOBS: &str = include_str!("data/jobs.txt");

/// Countries with their states and cities.
pub(crate) static PLACE: LazyLock<Table> = LazyLock::new(|| Table::read(PLACES));
/// Industries with their codes.
pub(crate) static INDUSTRY: LazyLock<Table> = LazyLock::new(|| Table::read(INDUSTRIES));
/// Functions with the word that their titles are made of.
pub(crate) static JOB: LazyLock<Table> = LazyLock::new(|| Table::read(JOBS));

static LISTS: LazyLock<Vec<(&'static str, Vec<&'static str>)>> = LazyLock::new(|| {
    let list = |line: &'static str| {
        let (name, values) = line.split_once('=')?;
        Some((name.trim(), values.split('|').map(str::trim).collect()))
    };
    VALUES.lines().filter(|line| !line.starts_with('#')).filter_map(list).collect()
});

/// Rows of cells; the first line of its file names the columns.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<&'static str>,
    rows: Vec<Vec<&'static str>>,
}

impl Table {
    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// One cell; empty if there is none.
    pub(crate) fn cell(&self, row: usize, column: &str) -> &'static str {
        let at = self.columns.iter().position(|name| *name == column);
        let cell = at.and_then(|at| self.rows.get(row)?.get(at));
        cell.copied().unwrap_or_default()
    }

    /// The distinct cells of a column, in order.
    fn column(&self, column: &str) -> Vec<&'static str> {
        let mut cells = Vec::new();
        for row in 0..self.len() {
            let cell = self.cell(row, column);
            if !cells.contains(&cell) {
                cells.push(cell);
            }
        }
        cells
    }

    fn read(text: &'static str) -> Self {
        let cells = |line: &'static str| line.split('|').map(str::trim).collect();
        let header = text.lines().next().unwrap_or_default();
        let columns = cells(header.trim_start_matches('#'));
        Self { columns, rows: text.lines().skip(1).map(cells).collect() }
    }
}

/// The values of a list such as `jobLevel`; empty if there is none.
pub(crate) fn list(name: &str) -> &'static [&'static str] {
    LISTS.iter().find(|(list, _)| *list == name).map_or(&[], |(_, values)| values)
}

/// The values of a list, or of a column such as `places.country`.
pub(crate) fn options(name: &str) -> Vec<&'static str> {
    match name.split_once('.') {
        Some(("places", column)) => PLACE.column(column),
        Some(("industries", column)) => INDUSTRY.column(column),
        Some(("jobs", column)) => JOB.column(column),
        _ => list(name).to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_as_long_as_documented() {
        let lengths = [
            "jobLevel",
            "continent",
            "countryRegion",
            "revenueBuckets",
            "companyEntityType",
            "lastFundingTypeOrg",
            "jobs.function",
        ]
        .map(|name| options(name).len());
        assert_eq!(lengths, [6, 7, 4, 6, 10, 28, 22]);
        assert!(list("continent").contains(&PLACE.cell(0, "continent")));
    }

    #[test]
    fn every_row_has_every_cell() {
        for table in [&PLACE, &INDUSTRY, &JOB] {
            for row in 0..table.len() {
                for column in &table.columns {
                    assert!(!table.cell(row, column).is_empty(), "{row} {column}");
                }
            }
        }
    }
}
