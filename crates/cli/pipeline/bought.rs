//! Leads that are bought: the source is the answer to a question.

mod companies;

use super::{
    attempt::{Attempt, Order},
    operations::{self, inputs},
    shapes,
    step::{Output, Step, Written},
};
pub(crate) use companies::{Pages, Told};
use leadmill_core::{Operation, Query, QueryKey, Unaskable, index::Reuse};
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Which leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// People at a company, found level by level of a cascade.
    People,
    /// Followers of a company.
    Followers,
    /// The lead finder's own people.
    Leads,
    /// Companies that pass filters or fit a sentence.
    Companies,
}

/// Leads that are the answer to a question.
#[derive(Clone, Debug)]
pub(crate) struct Bought {
    /// Which.
    pub(crate) kind: Kind,
    /// What is asked, by the keys of the file.
    written: BTreeMap<String, Written>,
    /// Whom to ask; the only provider, where none is named.
    pub(crate) provider: Option<String>,
    /// Whether a step takes the provider's own names for the leads.
    pub(crate) needs_ids: bool,
}

/// Filters, and what is excluded.
type Filters<'a> = (&'a Map<String, Value>, Option<&'a Map<String, Value>>);

/// The key of the most leads.
pub(crate) const MOST: &str = "max";
const PROVIDER: &str = "provider";
const COMPANY: &str = "company";
const BY: &str = "by";
/// The key of a sentence that says what is looked for.
pub(crate) const QUERY: &str = "query";
/// The column that tells how many companies of a page are kept.
const KEPT: &str = "search_rows";

/// Leads of a search that cost nothing: so many are looked at page by page, and more are exported, which costs
/// nothing either.
const FREE: u32 = 75;
/// Pages of a search, and most leads of one.
const PAGES: u32 = 40;
const PAGE: u32 = 100;
/// The size of pages of which the first three are exactly what is free.
const USUAL_PAGE: u32 = 25;

impl Kind {
    pub(crate) const ALL: [Self; 4] =
        [Self::People, Self::Followers, Self::Leads, Self::Companies];

    /// Its key in the file.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::People => "enrich_people",
            Self::Followers => "enrich_followers",
            Self::Leads => "enrich_leads",
            Self::Companies => "tomba_reveal",
        }
    }

    /// The operation whose inputs its keys are.
    const fn operation(self) -> Operation {
        match self {
            Self::People => Operation::SearchPeople,
            Self::Followers => Operation::FindFollowers,
            Self::Leads => Operation::ExportLeads,
            Self::Companies => Operation::SearchCompanies,
        }
    }

    /// The column of the one row that asks, where the company has one.
    const fn column(self) -> &'static str {
        match self {
            Self::People => "company_linkedin_url",
            // Followers have a company of their own.
            Self::Followers => "followed",
            Self::Leads | Self::Companies => "search_page",
        }
    }
}

impl Bought {
    pub(crate) fn new(kind: Kind, mut written: BTreeMap<String, Written>) -> Self {
        let provider = written.remove(PROVIDER).and_then(|written| match written {
            Written::Sql(name) => Some(name),
            _ => None,
        });
        Self { kind, written, provider, needs_ids: false }
    }

    /// What tells one such source from another.
    pub(crate) fn name(&self) -> String {
        let written = self.written.iter();
        let written =
            written.map(|(name, written)| format!("{name}={}", written.clone().sql()));
        format!("{} {}", self.kind.name(), written.collect::<Vec<_>>().join(" "))
    }

    /// What is asked. Leads are looked at page by page where that is free or their names are needed, else exported.
    pub(crate) fn operation(&self) -> Operation {
        let by_search = match self.written.get(BY) {
            Some(Written::Sql(by)) => by == "search",
            _ => self.needs_ids || self.most().is_none_or(|most| most <= FREE),
        };
        match self.kind {
            Kind::Leads if by_search => Operation::SearchLeads,
            kind => kind.operation(),
        }
    }

    /// The most leads, where the file says it.
    pub(crate) fn most(&self) -> Option<u32> {
        match self.written.get(MOST) {
            Some(Written::Count(most)) => u32::try_from(*most).ok(),
            _ => None,
        }
    }

    /// The most rows of one answer, where the file says it.
    pub(crate) fn rows(&self) -> Option<u32> {
        match self.operation() {
            Operation::SearchLeads => self.most().map(|most| pages(most).1),
            // Each page says itself how many of it are kept.
            Operation::SearchCompanies => None,
            _ => self.most(),
        }
    }

    /// Whether it wants more leads than a search shows.
    pub(crate) fn is_too_much(&self) -> bool {
        self.operation() == Operation::SearchLeads
            && self.most().is_some_and(|most| most > PAGES * PAGE)
    }

    /// What its leads can be counted by, where filters say it, and what is left out.
    pub(crate) fn filters(&self) -> Option<Filters<'_>> {
        let map = |name: &str| match self.written.get(name) {
            Some(Written::Json(Value::Object(map))) => Some(map),
            _ => None,
        };
        (self.kind == Kind::Leads)
            .then(|| Some((map("filters")?, map("exclude_filters"))))
            .flatten()
    }

    /// What cannot be asked, and why, where its key is.
    pub(crate) fn unaskable(&self) -> Option<(&'static str, Unaskable)> {
        let Some(Written::Sql(company)) = self.written.get(COMPANY) else { return None };
        let inputs = self.operation().inputs().iter();
        let raw: Vec<_> = inputs
            .map(|input| match (input.name, self.rows()) {
                ("company_linkedin_url", _) => Some(company.clone()),
                (Operation::ROWS, Some(rows)) => Some(rows.to_string()),
                _ => None,
            })
            .collect();
        let read = Query::read(self.operation(), raw.iter().map(Option::as_deref));
        read.err().map(|why| (COMPANY, why))
    }

    /// The question of how many followers there are in all.
    pub(crate) fn estimate(&self) -> Option<QueryKey> {
        if self.kind != Kind::Followers {
            return None;
        }
        let inputs = Operation::CountFollowers.inputs().iter();
        let inputs: Vec<_> = inputs
            .map(|input| match (input.name, self.written.get(input.name)) {
                ("company_linkedin_url", _) => match self.written.get(COMPANY) {
                    Some(Written::Sql(company)) => Some(company.clone()),
                    _ => None,
                },
                (_, Some(Written::Words(words))) => Some(words.join("|")),
                _ => None,
            })
            .collect();
        let inputs = inputs.iter().map(Option::as_deref);
        Query::key_of(Operation::CountFollowers, inputs).ok()
    }

    /// How many questions there are: a search has one for each page.
    pub(crate) fn pages(&self) -> u32 {
        match self.operation() {
            Operation::SearchLeads => pages(self.most().unwrap_or(USUAL_PAGE)).0,
            _ => 1,
        }
    }

    /// The question of a page of a search.
    pub(crate) fn page(&self, page: u32) -> Option<QueryKey> {
        let text = |written: &Written| match written {
            Written::Json(json) => Some(json.to_string()),
            _ => None,
        };
        let filters = self.written.get("filters").and_then(text);
        let exclude = self.written.get("exclude_filters").and_then(text);
        let (rows, page) = (self.rows()?.to_string(), page.to_string());
        let raw = [filters.as_deref(), exclude.as_deref(), Some(&rows), Some(&page)];
        Query::key_of(Operation::SearchLeads, raw).ok()
    }

    /// The rows that ask, one a question, as NDJSON: what each question is about. Of a search so many pages.
    pub(crate) fn questions(&self, pages: u32) -> String {
        let column = self.kind.column();
        let row = |value: &str| json!({ column: value }).to_string();
        match (self.operation(), self.written.get(COMPANY)) {
            (Operation::SearchCompanies, _) => self.rows_of(Pages::FIRST),
            (Operation::SearchLeads, _) => {
                let pages = (1..=pages).map(|page| row(&page.to_string()));
                pages.collect::<Vec<_>>().join("\n")
            }
            (_, Some(Written::Sql(company))) => row(company),
            _ => row("all"),
        }
    }

    /// The step that asks: each item of the answers' lists becomes a row.
    pub(crate) fn step(&self, only_provider: Option<&str>) -> Step {
        let operation = self.operation();
        let inputs = operation.inputs().iter().map(|input| match input.name {
            "company_linkedin_url" | "page" => Some(self.kind.column().to_owned()),
            Operation::ROWS if self.kind == Kind::Companies => Some(KEPT.to_owned()),
            // It is no SQL.
            QUERY => match self.written.get(QUERY) {
                Some(Written::Sql(text)) => {
                    Some(Written::Words(vec![text.clone()]).sql())
                }
                _ => None,
            },
            Operation::ROWS => {
                self.rows().map(|rows| Written::Count(u64::from(rows)).sql())
            }
            name => self.written.get(name).cloned().map(Written::sql),
        });
        let output = operation.rows().into_iter().flat_map(|(list, fields)| {
            fields.iter().map(|field| Output {
                column: field.name.to_owned(),
                field: format!("{}[].{}", list.name, field.name),
            })
        });
        let provider = self.provider.as_deref().or(only_provider);
        let attempts = provider.map(Attempt::of);
        Step {
            name: "source".to_owned(),
            operation,
            inputs: inputs.collect(),
            rows: self.rows(),
            when: None,
            attempts: attempts.into_iter().collect(),
            order: Order::File,
            output: output.collect(),
            reuse: Reuse::default(),
        }
    }
}

/// Pages of a search, and how many leads each holds: of those that show at most so many leads those that show the
/// most, if possible of the usual size, else as few as will do.
fn pages(most: u32) -> (u32, u32) {
    if most <= FREE {
        return (1, most);
    }
    let most = most.min(PAGES * PAGE);
    let sizes = (1..=PAGES).map(|pages| (pages, (most / pages).min(PAGE)));
    let shown = |(pages, size): &(u32, u32)| pages * size;
    let best = sizes.clone().map(|pages| shown(&pages)).max().unwrap_or_default();
    let mut best = sizes.filter(|pages| shown(pages) == best);
    let first = best.next();
    let usual = first.into_iter().chain(best).find(|(_, size)| *size == USUAL_PAGE);
    usual.or(first).unwrap_or((1, FREE))
}

/// The keys of a source: the same for all of it, so no SQL.
fn schema(kind: Kind) -> Value {
    let mut schema = inputs(kind.operation());
    let text = shapes::sql();
    let Some(Value::Object(properties)) = schema.get_mut("properties") else {
        return schema;
    };
    for (input, key) in [("company_linkedin_url", COMPANY), (Operation::ROWS, MOST)] {
        let moved = properties.remove(input);
        properties.extend(moved.map(|schema| (key.to_owned(), schema)));
    }
    properties.insert(PROVIDER.into(), text);
    if kind == Kind::Leads {
        properties
            .insert(BY.into(), json!({ "type": "string", "enum": ["search", "export"] }));
    }
    let required = match kind {
        Kind::People => vec![COMPANY],
        Kind::Followers => vec![COMPANY, MOST],
        Kind::Leads | Kind::Companies => vec!["filters", MOST],
    };
    schema["required"] = json!(required);
    schema["description"] = json!(match kind {
        Kind::People =>
            "People at a company, bought level by level of a cascade: each of them is a lead.",
        Kind::Followers =>
            "Followers of a company's LinkedIn page, `max` of them: each is a lead.",
        Kind::Leads | Kind::Companies =>
            "The lead finder's own people, `max` of those that pass the filters: each is a lead. `by` tells whether they are looked at page by page or exported, without their `lead_id`; by default whichever is cheaper and does.",
    });
    schema
}

pub(crate) fn people(_: &mut SchemaGenerator) -> Schema {
    operations::schema(schema(Kind::People))
}

pub(crate) fn followers(_: &mut SchemaGenerator) -> Schema {
    operations::schema(schema(Kind::Followers))
}

pub(crate) fn leads(_: &mut SchemaGenerator) -> Schema {
    operations::schema(schema(Kind::Leads))
}

pub(crate) fn companies(_: &mut SchemaGenerator) -> Schema {
    operations::schema(companies::schema())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_never_show_more_than_is_wanted_and_as_much_of_it_as_they_can() {
        for most in 1..=PAGES * PAGE {
            let (count, size) = pages(most);
            assert!((1..=PAGES).contains(&count) && (1..=PAGE).contains(&size), "{most}");
            let shown = count * size;
            assert!(shown <= most && most - shown < PAGES, "{most}: {shown}");
        }
        assert_eq!(pages(75), (1, 75));
        assert_eq!(pages(80), (1, 80));
        assert_eq!(pages(100), (4, 25));
        assert_eq!(pages(1_000), (40, 25));
        assert_eq!(pages(1_100), (11, 100));
        assert_eq!(pages(101), (4, 25));
        assert_eq!(pages(9_999), (40, 100));
    }
}
