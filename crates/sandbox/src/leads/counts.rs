//! `POST /lead-finder/count`, and how many matches are said to be.

use axum::extract::{Request, State};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::filters::Filters;
use super::options::LargeCounts;
use super::replies::envelope;
use crate::envelope::Envelope;
use crate::problem::Problem;
use crate::routes::body;
use crate::sandbox::Sandbox;

/// The most matches that are told of, and that can be paged through.
pub(crate) const LARGEST: usize = 500_000;

/// The most matches that are counted one by one.
const EXACT: usize = 10_000;

/// How many matches are said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    /// What is told.
    pub(crate) count: usize,
    /// Whether that is a guess.
    pub(crate) is_approximate: bool,
    /// How many there are.
    pub(crate) raw: usize,
}

impl Counted {
    /// Of so many matches.
    pub(crate) fn new(raw: usize, counts: LargeCounts) -> Self {
        let is_approximate = counts == LargeCounts::Discounted && raw > EXACT;
        let count = if is_approximate { raw / 4 * 3 + raw % 4 * 3 / 4 } else { raw };
        Self { count: count.min(LARGEST), is_approximate, raw }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CountRequest {
    filters: Map<String, Value>,
    exclude_filters: Option<Map<String, Value>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CountData {
    count: usize,
    search_type: &'static str,
    is_approximate: bool,
    searched_total_result: usize,
}

/// How many people match; free.
pub(crate) async fn count(
    State(sandbox): State<Sandbox>,
    request: Request,
) -> Result<Envelope<CountData>, Problem> {
    let options = sandbox.options();
    let body = body::read::<CountRequest>(request, options).await?;
    let excluded = body.exclude_filters.as_ref();
    let filters = Filters::read(&body.filters, excluded, &options.leads)?;
    let account = &mut *sandbox.account();
    let population = account.leads.population(options);
    let matching = filters.matching(&population).len();
    let counted = Counted::new(matching, options.leads.counts);
    let data = CountData {
        count: counted.count,
        search_type: filters.search_type(),
        is_approximate: counted.is_approximate,
        searched_total_result: counted.raw,
    };
    Ok(envelope(&sandbox, account, data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_count_is_a_quarter_less_and_never_above_the_cap() {
        let told = |raw, counts| {
            let counted = Counted::new(raw, counts);
            (counted.count, counted.is_approximate)
        };
        assert_eq!(told(10_000, LargeCounts::Discounted), (10_000, false));
        assert_eq!(told(10_001, LargeCounts::Discounted), (7_500, true));
        assert_eq!(told(20_000, LargeCounts::Discounted), (15_000, true));
        assert_eq!(told(20_000, LargeCounts::Exact), (20_000, false));
        assert_eq!(told(1_000_000, LargeCounts::Discounted), (500_000, true));
    }
}
