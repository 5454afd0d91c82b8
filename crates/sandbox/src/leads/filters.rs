//! Filters as they were sent: refused, or turned into conditions that people are held against.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::attributes::{Value, of_company, of_person};
use super::facets::{FACETS, Facet, Kind, Match};
use super::options::{LeadOptions, TopLevel};
use super::population::Population;
use super::tables::list;
use crate::problem::Problem;

/// What a search asks for: all of these.
#[derive(Debug)]
pub(crate) struct Filters {
    wanted: Vec<Condition>,
    unwanted: Vec<Condition>,
}

/// One filter and its values, of which one must fit.
#[derive(Debug)]
struct Condition {
    facet: &'static Facet,
    matches: Match,
    values: Values,
}

#[derive(Clone, Debug, PartialEq)]
enum Values {
    Texts(Vec<String>),
    Number(f64),
    Flag(bool),
}

/// The keys of `excludeFilters`, with their most values.
const EXCLUDED: [(&str, usize); 5] = [
    ("personHeadline", 10),
    ("companyHeadline", 10),
    ("aboutUs", 10),
    ("domain", 5_000),
    ("jobTitle", 25),
];

impl Filters {
    /// Reads both objects of a body, or says what is wrong with them.
    pub(crate) fn read(
        filters: &Map<String, Json>,
        excluded: Option<&Map<String, Json>>,
        options: &LeadOptions,
    ) -> Result<Self, Problem> {
        let at = "body/filters";
        let mode = filters.get("companyNameMode").map(company_mode).transpose()?;
        let mut wanted = Vec::new();
        for (key, value) in filters {
            let facet = FACETS.get(key.as_str()).ok_or_else(|| unknown(at, key))?;
            if facet.kind == Kind::Mode {
                continue;
            }
            let values = values(facet, facet.most, value, &format!("{at}/{key}"))?;
            if key == "jobLevel" && options.strict_levels {
                check_levels(&values, options.top_level)?;
            }
            let matches = match (facet.matches, key.as_str()) {
                (Match::Exact, "companyName") => mode.unwrap_or(Match::Exact),
                (Match::Least, "employeeCount") if options.exact_employee_count => {
                    Match::Equal
                }
                (Match::AnyCase, _) if !options.any_case_technology => Match::Exact,
                (usual, _) => usual,
            };
            // An empty list asks for nothing.
            if values != Values::Texts(Vec::new()) {
                wanted.push(Condition { facet, matches, values });
            }
        }
        let unwanted = excluded.map(exclusions).transpose()?.unwrap_or_default();
        Ok(Self { wanted, unwanted })
    }

    /// The positions of those who fit, in order.
    pub(crate) fn matching(&self, population: &Population) -> Vec<usize> {
        let fits = |company| {
            self.of(false).all(|(condition, fit)| {
                condition.fits(&of_company(condition.facet, company)) == fit
            })
        };
        let employers: Vec<bool> = population.companies.iter().map(fits).collect();
        let everybody = 0..population.people.len();
        let fits = |position: &usize| {
            population.at(*position).is_some_and(|(person, company)| {
                employers.get(person.company) == Some(&true)
                    && self.of(true).all(|(condition, fit)| {
                        let value = of_person(condition.facet, person, company);
                        condition.fits(&value) == fit
                    })
            })
        };
        everybody.filter(fits).collect()
    }

    /// Whom the filters look at.
    pub(crate) fn search_type(&self) -> &'static str {
        let any = |personal| self.of(personal).next().is_some();
        match (any(true), any(false)) {
            (true, true) => "unified",
            (false, true) => "company",
            _ => "people",
        }
    }

    /// The same text for the same filters, whatever the order and form in which they came.
    pub(crate) fn name(&self) -> String {
        let conditions = self.wanted.iter().chain(&self.unwanted);
        let part = |(nth, condition): (usize, &Condition)| {
            let mut values = condition.values.clone();
            if let Values::Texts(texts) = &mut values {
                texts.sort_unstable();
                texts.dedup();
            }
            let facet = condition.facet.key;
            let key = (nth >= self.wanted.len(), facet);
            (key, format!("{facet} {:?} {values:?}", condition.matches))
        };
        let parts: BTreeMap<_, _> = conditions.enumerate().map(part).collect();
        let text = |((not, _), part)| format!("{}{part}", if not { "not " } else { "" });
        parts.into_iter().map(text).collect::<Vec<_>>().join("; ")
    }

    /// The conditions on people, or those on companies, each with what it should say.
    fn of(&self, personal: bool) -> impl Iterator<Item = (&Condition, bool)> {
        let wanted = self.wanted.iter().map(|condition| (condition, true));
        let unwanted = self.unwanted.iter().map(|condition| (condition, false));
        let all = wanted.chain(unwanted);
        all.filter(move |(condition, _)| condition.facet.is_personal() == personal)
    }
}

impl Condition {
    fn fits(&self, value: &Value) -> bool {
        match (&self.values, value) {
            (Values::Texts(wanted), Value::Text(text)) => {
                wanted.iter().any(|wanted| self.is(wanted, text))
            }
            (Values::Texts(wanted), Value::Texts(texts)) => {
                texts.iter().any(|text| wanted.iter().any(|wanted| self.is(wanted, text)))
            }
            (Values::Number(wanted), Value::Number(number)) => match self.matches {
                Match::Least => number >= wanted,
                Match::Most => number <= wanted,
                _ => number == wanted,
            },
            (Values::Flag(wanted), Value::Flag(flag)) => wanted == flag,
            _ => false,
        }
    }

    fn is(&self, wanted: &str, text: &str) -> bool {
        match self.matches {
            Match::Contains => text.to_lowercase().contains(&wanted.to_lowercase()),
            Match::AnyCase => text.eq_ignore_ascii_case(wanted),
            _ => wanted == text,
        }
    }
}

fn exclusions(excluded: &Map<String, Json>) -> Result<Vec<Condition>, Problem> {
    let at = "body/excludeFilters";
    let read = |(key, value): (&String, &Json)| {
        let known = EXCLUDED.iter().find(|(known, _)| known == key);
        let (key, most) = known.ok_or_else(|| unknown(at, key))?;
        let facet = FACETS.get(key).ok_or_else(|| unknown(at, key))?;
        let values = values(facet, *most, value, &format!("{at}/{key}"))?;
        let matches = if *key == "jobTitle" { Match::Contains } else { facet.matches };
        Ok(Condition { facet, matches, values })
    };
    excluded.iter().map(read).collect()
}

fn values(facet: &Facet, most: usize, value: &Json, at: &str) -> Result<Values, Problem> {
    let refuse = |why: &str| Err(Problem::validation(format!("{at} {why}")));
    match (facet.kind, value) {
        (Kind::Texts | Kind::Text, Json::String(text)) => {
            Ok(Values::Texts(vec![text.clone()]))
        }
        (Kind::Texts, Json::Array(texts)) if texts.len() > most => {
            refuse(&format!("Array must contain at most {most} element(s)"))
        }
        (Kind::Texts, Json::Array(texts)) => {
            let texts = texts.iter().map(|text| text.as_str().map(str::to_owned));
            match texts.collect() {
                Some(texts) => Ok(Values::Texts(texts)),
                None => refuse("Expected string"),
            }
        }
        (Kind::Flag, Json::Bool(flag)) => Ok(Values::Flag(*flag)),
        (Kind::Int | Kind::Number, Json::Number(number)) => {
            let number = number.as_f64().unwrap_or_default();
            let unbounded = facet.key == "employeeOnLinkedinGrowthRateOrg";
            if facet.kind == Kind::Int && number.fract() != 0.0 {
                return refuse("Expected integer");
            }
            if number < 0.0 && !unbounded {
                return refuse("Number must be greater than or equal to 0");
            }
            Ok(Values::Number(number))
        }
        (Kind::Texts, _) => refuse("Expected string or array"),
        (Kind::Text | Kind::Mode, _) => refuse("Expected string"),
        (Kind::Flag, _) => refuse("Expected boolean"),
        (Kind::Int | Kind::Number, _) => refuse("Expected number"),
    }
}

fn company_mode(value: &Json) -> Result<Match, Problem> {
    match value.as_str() {
        Some("exact") => Ok(Match::Exact),
        Some("contains") => Ok(Match::Contains),
        _ => Err(Problem::validation("body/filters/companyNameMode Invalid enum value")),
    }
}

fn check_levels(values: &Values, top: TopLevel) -> Result<(), Problem> {
    let top = top.to_string();
    let levels: Vec<&str> = [top.as_str()]
        .into_iter()
        .chain(list("jobLevel").iter().copied().skip(1))
        .collect();
    let Values::Texts(texts) = values else { return Ok(()) };
    match texts.iter().find(|text| !levels.contains(&text.as_str())) {
        None => Ok(()),
        Some(text) => Err(Problem::validation(format!(
            "body/filters/jobLevel Invalid value \"{text}\". Valid values: {}",
            levels.join(", ")
        ))),
    }
}

fn unknown(at: &str, key: &str) -> Problem {
    Problem::validation(format!("{at} Unrecognized key(s) in object: '{key}'"))
}
