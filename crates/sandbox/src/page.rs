//! Which part of a list a request asks for.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// The query of a paged list, as sent.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct PageQuery {
    page: Option<String>,
    limit: Option<String>,
    /// Only lists of transactions look at it.
    pub(crate) r#type: Option<String>,
}

/// One page, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// Which page.
    pub(crate) number: usize,
    /// How many items a page has.
    pub(crate) limit: usize,
}

/// The bounds of `limit` at one endpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageBounds {
    /// The limit if none is sent.
    pub(crate) usual: usize,
    /// The largest that is accepted.
    pub(crate) most: usize,
    /// Whether a larger one is lowered instead of refused (section 14, row 6).
    pub(crate) clamp: bool,
}

/// What a paged list says of its pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pagination {
    page: usize,
    limit: usize,
    total: usize,
    total_pages: usize,
}

impl PageQuery {
    /// The page that is asked for, if it is within bounds.
    pub(crate) fn page(&self, bounds: PageBounds) -> Result<Page, Problem> {
        let number = whole(self.page.as_deref(), "page", 1)?;
        let limit = whole(self.limit.as_deref(), "limit", bounds.usual)?;
        if limit > bounds.most && !bounds.clamp {
            let most = bounds.most;
            let detail =
                format!("querystring/limit Number must be less than or equal to {most}");
            return Err(Problem::validation(detail));
        }
        Ok(Page { number, limit: limit.min(bounds.most) })
    }
}

impl Page {
    /// The positions of the page in a list of `total`; empty past the end.
    pub(crate) fn range(self, total: usize) -> Range<usize> {
        let start = (self.number - 1).saturating_mul(self.limit).min(total);
        start..start.saturating_add(self.limit).min(total)
    }

    /// How many pages a list of `total` has.
    pub(crate) fn count(self, total: usize) -> usize {
        total.div_ceil(self.limit)
    }

    /// What a list of `total` says of this page.
    pub(crate) fn of(self, total: usize) -> Pagination {
        let Self { number: page, limit } = self;
        Pagination { page, limit, total, total_pages: self.count(total) }
    }
}

fn whole(sent: Option<&str>, name: &str, usual: usize) -> Result<usize, Problem> {
    let Some(sent) = sent else { return Ok(usual) };
    let refuse = |why: &str| Problem::validation(format!("querystring/{name} {why}"));
    match sent.parse::<i128>() {
        Err(_) => Err(refuse("Expected integer")),
        Ok(number) if number < 1 => {
            Err(refuse("Number must be greater than or equal to 1"))
        }
        Ok(number) => Ok(usize::try_from(number).unwrap_or(usize::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(page: &str, limit: &str, clamp: bool) -> Result<Page, Problem> {
        let query = PageQuery {
            page: Some(page.to_owned()),
            limit: Some(limit.to_owned()),
            r#type: None,
        };
        query.page(PageBounds { usual: 100, most: 1_000, clamp })
    }

    #[test]
    fn a_page_out_of_bounds_is_refused() {
        for (page, limit) in
            [("0", "1"), ("-1", "1"), ("x", "1"), ("1", "0"), ("1", "1001")]
        {
            assert!(ask(page, limit, false).is_err(), "{page} {limit}");
        }
        assert_eq!(ask("1", "1001", true), Ok(Page { number: 1, limit: 1_000 }));
    }

    #[test]
    fn a_page_past_the_end_is_empty() {
        let page = Page { number: 3, limit: 10 };
        assert_eq!((page.range(25), page.count(25)), (20..25, 3));
        assert!(page.range(20).is_empty());
        assert!(Page { number: usize::MAX, limit: 1_000 }.range(20).is_empty());
    }
}
