//! Companies that are searched for: what they are looked for by, and which pages of them are looked at.

use super::{
    super::{
        formats::{COUNTRY, SENTENCE, TEXT},
        step::Written,
    },
    Bought, KEPT, Kind, QUERY,
};
use leadmill_core::{Operation, Query, QueryKey};
use serde_json::{Map, Value, json};

/// Companies of a page that are kept, and what one price buys.
///
/// # Source
/// Reference 4.1 and 15, A23. What a page really holds is told by the first one.
const PAGE: u32 = 50;

/// Pages that a search can have.
const PAGES: u32 = 1_000;

/// What companies are looked for by, as free text.
const TEXTS: [&str; 11] = [
    "company",
    "location_city",
    "location_state",
    "industry",
    "keywords",
    "founded",
    "technologies",
    "similar",
    "sic",
    "naics",
    "funding",
];

/// Those that have words of their own.
const WORDS: [(&str, &[&str]); 3] = [
    (
        "size",
        &[
            "1-10", "11-50", "51-250", "251-1K", "1K-5K", "5K-10K", "10K-50K",
            "50K-100K", "100K+",
        ],
    ),
    (
        "revenue",
        &[
            "$0-$1M",
            "$1M-$10M",
            "$10M-$50M",
            "$50M-$100M",
            "$100M-$250M",
            "$250M-$500M",
            "$500M-$1B",
            "$1B-$10B",
            "$10B+",
        ],
    ),
    ("type", &["education", "government", "nonprofit", "private", "public", "personal"]),
];

/// Which pages of a search are looked at: the first so many, and how many companies each holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pages {
    /// How many.
    pub(crate) count: u32,
    size: u32,
}

/// What a page tells of its search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// How many companies there are on all pages, where it says so.
    pub(crate) total: Option<u32>,
    /// How many a page holds, where it says so.
    pub(crate) size: Option<u32>,
    /// How many it holds itself.
    pub(crate) shown: u32,
}

impl Bought {
    /// Whether it wants more companies than a sentence shows.
    pub(crate) fn is_beyond_query(&self) -> bool {
        self.written.contains_key(QUERY) && self.most().is_some_and(|most| most > PAGE)
    }

    /// The column by whose values its leads are told apart anyway, where they are.
    pub(crate) fn own_key(&self) -> Option<&'static str> {
        (self.kind == Kind::Companies).then_some("domain")
    }

    /// Most companies of a search whose first page tells which others there are to look at; none of what is no such
    /// search.
    pub(crate) fn most_companies(&self) -> Option<u32> {
        self.most().filter(|_| self.kind == Kind::Companies)
    }

    /// The rows that ask for these pages of companies.
    pub(crate) fn rows_of(&self, pages: Pages) -> String {
        let most = self.most().unwrap_or(PAGE);
        let row = |page: u32| {
            let kept = pages.kept(page, most).to_string();
            json!({ self.kind.column(): page.to_string(), KEPT: kept }).to_string()
        };
        (1..=pages.count).map(row).collect::<Vec<_>>().join("\n")
    }

    /// The question of a page of companies.
    pub(crate) fn page_of(&self, pages: Pages, page: u32) -> Option<QueryKey> {
        let text = |key: &str| match self.written.get(key)? {
            Written::Json(json) => Some(json.to_string()),
            Written::Sql(text) => Some(text.clone()),
            _ => None,
        };
        let (filters, sentence) = (text("filters"), text(QUERY));
        let kept = pages.kept(page, self.most()?).to_string();
        let page = page.to_string();
        let raw = [filters.as_deref(), sentence.as_deref(), Some(&kept), Some(&page)];
        Query::key_of(Operation::SearchCompanies, raw).ok()
    }
}

impl Pages {
    /// The one that is asked for before anything is known.
    pub(crate) const FIRST: Self = Self { count: 1, size: PAGE };

    /// As many as so many companies can be on, where nothing is known.
    pub(crate) fn most(most: u32) -> Self {
        Self { count: most.div_ceil(PAGE).clamp(1, PAGES), size: PAGE }
    }

    /// Those of which no less will do, by what the first page and the last of these tell: none after the last
    /// company. Where nobody says how many there are, one more as long as pages are full.
    pub(crate) fn after(self, most: u32, first: &Told, last: &Told) -> Self {
        let size = first.page_size();
        let wanted = most.div_ceil(size.min(PAGE));
        let there = match first.total {
            _ if first.shown == 0 => 1,
            Some(total) => total.div_ceil(size),
            None if last.shown < size => self.count,
            None => self.count + 1,
        };
        Self { count: wanted.min(there).max(self.count).min(PAGES), size }
    }

    /// Whether a page holds another number of companies than one price is said to buy.
    pub(crate) const fn unusual(self) -> Option<u32> {
        if self.size == PAGE { None } else { Some(self.size) }
    }

    /// How many companies of a page are kept at most, so that all pages together show no more than are wanted.
    pub(crate) fn kept(self, page: u32, most: u32) -> u32 {
        // The first one is asked for before anybody knows what a page holds.
        let size = if page == 1 { PAGE } else { self.size.min(PAGE) };
        let rest = most.saturating_sub((page - 1).saturating_mul(size));
        if rest < size { rest.max(1) } else { PAGE }
    }
}

impl Told {
    /// How many companies a page holds. What a page that is not the last one shows counts for more than what it says.
    fn page_size(&self) -> u32 {
        let told = self.size.filter(|size| *size > 0).unwrap_or(PAGE).max(self.shown);
        let has_more = self.total.is_some_and(|total| total > self.shown);
        if has_more && self.shown > 0 { self.shown } else { told }
    }
}

/// What companies are looked for by: each with what is to be in, and what is not.
///
/// # Source
/// Reference 9: the keys, 50 values each, and the words.
pub(super) fn filters() -> Value {
    let words = WORDS.map(|(name, words)| {
        (name.to_owned(), filter(&json!({ "type": "string", "enum": words })))
    });
    let text = filter(&TEXT.schema().to_value());
    let texts = TEXTS.map(|name| (name.to_owned(), text.clone()));
    let country = filter(&COUNTRY.schema().to_value());
    let country = ("location_country".to_owned(), country);
    let keys: Map<_, _> = words.into_iter().chain(texts).chain([country]).collect();
    json!({
        "description": "What the companies are looked for by.",
        "type": "object", "minProperties": 1, "properties": keys,
        "additionalProperties": false,
    })
}

fn filter(value: &Value) -> Value {
    let values =
        json!({ "type": "array", "minItems": 1, "maxItems": 50, "items": value });
    json!({
        "type": "object", "minProperties": 1,
        "properties": { "include": values, "exclude": values },
        "additionalProperties": false,
    })
}

/// The keys of the source.
pub(super) fn schema() -> Value {
    json!({
        "description": "Companies that pass the filters, or fit a sentence, `max` of them, a page of 50 for a credit: each is a lead. A `query` shows one page.",
        "type": "object",
        "properties": {
            "filters": filters(),
            "query": SENTENCE.schema().to_value(),
            "max": { "type": "integer", "minimum": 1, "maximum": PAGE * PAGES },
            "provider": TEXT.schema().to_value(),
        },
        "required": ["max"],
        "oneOf": [{ "required": ["filters"] }, { "required": ["query"] }],
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(total: impl Into<Option<u32>>, size: u32, shown: u32) -> Told {
        Told { total: total.into(), size: Some(size), shown }
    }

    /// Turns pages until there are no more, each of what is left of a search. Tells how many there were and how many
    /// companies were kept.
    fn turn(most: u32, total: u32, size: u32, is_told: bool) -> (u32, u32) {
        let shown = |page: u32| total.saturating_sub((page - 1) * size).min(size);
        let tell = |page| told(is_told.then_some(total), size, shown(page));
        let mut pages = Pages::FIRST;
        loop {
            let next = pages.after(most, &tell(1), &tell(pages.count));
            if next == pages || next.count == pages.count {
                let kept =
                    (1..=next.count).map(|page| shown(page).min(next.kept(page, most)));
                return (next.count, kept.sum());
            }
            pages = next;
        }
    }

    #[test]
    fn no_page_is_looked_at_in_vain_and_no_company_is_lost() {
        for size in [1, 10, 49, 50] {
            for total in [0_u32, 1, 9, 10, 49, 50, 51, 99, 100, 101, 120, 500, 777] {
                for most in [1, 7, 10, 30, 49, 50, 51, 100, 120, 500, 999] {
                    let at = format!("{size} {total} {most}");
                    let wanted = total.min(most);
                    let needed = wanted.div_ceil(size).max(1);
                    assert_eq!(turn(most, total, size, true), (needed, wanted), "{at}");
                    let (pages, kept) = turn(most, total, size, false);
                    assert_eq!(kept, wanted, "{at}");
                    assert!((needed..=needed + 1).contains(&pages), "{at}: {pages}");
                }
            }
        }
    }

    /// Of a larger page than is paid for no more is kept, and never more than is wanted.
    #[test]
    fn larger_pages_show_no_more_than_is_wanted() {
        for most in [30, 70, 100, 199] {
            let (pages, kept) = turn(most, 400, 100, true);
            assert_eq!((pages, kept), (most.div_ceil(50).min(4), most));
        }
    }

    #[test]
    fn what_a_page_shows_counts_for_more_than_what_it_says() {
        let first = told(95, 50, 10);
        let pages = Pages::FIRST.after(500, &first, &first);
        assert_eq!((pages.count, pages.unusual()), (10, Some(10)));
        let silent = Told { total: Some(95), size: None, shown: 50 };
        assert_eq!(Pages::FIRST.after(500, &silent, &silent), Pages::most(95));
        let beyond = Pages::FIRST.after(50_000, &told(900_000, 10, 10), &first);
        assert_eq!(beyond.count, PAGES);
        assert_eq!(Pages::most(50_000).count, PAGES);
    }

    #[test]
    fn whole_pages_ask_the_same_whatever_is_wanted() {
        for most in [51, 100, 101, 500] {
            assert_eq!(Pages::most(most).kept(1, most), PAGE);
        }
        assert_eq!(Pages::most(500).kept(10, 500), PAGE);
        assert_eq!(Pages::most(120).kept(3, 120), 20);
        assert_eq!(Pages::most(20).kept(1, 20), 20);
    }
}
