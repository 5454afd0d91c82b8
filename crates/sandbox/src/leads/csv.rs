//! The file of an export.

use super::company::Company;
use super::export::Columns;
use super::facets::FACETS;
use super::field::Field;
use super::jobs::Seen;
use super::person::Person;
use super::population::Population;
use super::preview::text;
use crate::csv::cell;

/// The columns of every file, each with the filter whose attribute it holds.
const COLUMNS: [(&str, &str); 16] = [
    ("First Name", "firstName"),
    ("Last Name", "lastName"),
    ("Job Title", "jobTitle"),
    ("Company Name", "companyName"),
    ("Domain", "domain"),
    ("LinkedIn URL", "linkedinUrl"),
    ("Job Level", "jobLevel"),
    ("Job Function", "jobFunction"),
    ("City", "city"),
    ("State", "stateName"),
    ("Country", "countryName"),
    ("Employee Count", "employeeCount"),
    ("Revenue", "revenueBuckets"),
    ("Industry", "linkedinIndustry"),
    ("Headquarters City", "headquartersCity"),
    ("Headquarters Country", "headquartersCountry"),
];

/// A header and a row for each lead, in order.
pub(crate) fn file(seen: &Seen, columns: &Columns, population: &Population) -> String {
    let mut names: Vec<String> =
        COLUMNS.iter().map(|(name, _)| (*name).to_owned()).collect();
    for (field, more) in [
        (Field::Email, ["Email"].as_slice()),
        (Field::Phone, ["Phone", "Cellphone"].as_slice()),
    ] {
        if columns.0.contains(&field) {
            names.extend(more.iter().map(|name| (*name).to_owned()));
        }
    }
    let mut file = line(&names);
    for lead in &seen.lead_job.leads {
        if let Some((person, company)) = lead.person.and_then(|at| population.at(at)) {
            file.push_str(&line(&row(person, company, columns)));
        }
    }
    file
}

fn row(person: &Person, company: &Company, columns: &Columns) -> Vec<String> {
    let cell = |(name, filter): &(&str, &str)| match *name {
        "Last Name" if !columns.0.contains(&Field::Name) => person.masked(),
        _ => FACETS
            .get(filter)
            .and_then(|facet| text(facet, person, company))
            .unwrap_or_default(),
    };
    let mut row: Vec<String> = COLUMNS.iter().map(cell).collect();
    if columns.0.contains(&Field::Email) {
        row.push(person.email(company).unwrap_or_default());
    }
    if columns.0.contains(&Field::Phone) {
        row.extend([person.phone(), person.cellphone()].map(Option::unwrap_or_default));
    }
    row
}

/// By RFC 4180, but for line ends, which are those of Unix.
fn line(cells: &[String]) -> String {
    let cells: Vec<_> = cells.iter().map(|text| cell(text)).collect();
    let mut line = cells.join(",");
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_if_it_must_be() {
        let cells = ["a", "b, c", "d \"e\""].map(str::to_owned);
        assert_eq!(line(&cells), "a,\"b, c\",\"d \"\"e\"\"\"\n");
    }
}
