//! `POST /lead-finder/search`

use axum::extract::{Request, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::counts::{Counted, LARGEST};
use super::filters::Filters;
use super::free::{self, FREE_PAGES};
use super::preview;
use super::replies::request_id;
use crate::envelope::Envelope;
use crate::page::Page;
use crate::problem::Problem;
use crate::refusal::{NoCredit, Refusal};
use crate::routes::paid::paid;
use crate::sandbox::Sandbox;
use crate::wallet::NotCovered;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SearchRequest {
    filters: Map<String, Value>,
    exclude_filters: Option<Map<String, Value>>,
    page: Option<i64>,
    page_size: Option<i64>,
}

#[derive(Debug, Serialize)]
struct SearchData {
    results: Vec<Map<String, Value>>,
    pagination: SearchPagination,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SearchPagination {
    page: usize,
    page_size: usize,
    total_results: usize,
    total_pages: usize,
    has_more: bool,
    is_approximate: bool,
    searched_total_result: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SearchMeta {
    request_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    free_page_limit: Option<usize>,
}

/// One page of previews.
pub(crate) async fn search(State(sandbox): State<Sandbox>, request: Request) -> Response {
    paid(&sandbox, request, |body, _| answer(&sandbox, body)).await
}

fn answer(
    sandbox: &Sandbox,
    body: SearchRequest,
) -> Result<Envelope<SearchData, SearchMeta>, Refusal> {
    let (options, now) = (sandbox.options(), Instant::now());
    let leads = &options.leads;
    let page = page(body.page, body.page_size)?;
    if page.number > leads.last_page {
        let most = leads.last_page;
        return Err(
            out_of_bounds("page", &format!("less than or equal to {most}")).into()
        );
    }
    let filters = Filters::read(&body.filters, body.exclude_filters.as_ref(), leads)?;
    let account = &mut *sandbox.account();
    let population = account.leads.population(options);
    let matching = filters.matching(&population);
    let total = matching.len().min(LARGEST);
    let shown = matching.get(page.range(total)).unwrap_or_default();
    let free = free::is_free(sandbox, account, &filters, now);
    let charged = free::charged(sandbox, page, shown.len(), free);
    let balance = account.wallet.balance();
    let description = format!("Lead search: {charged} results on page {}", page.number);
    let note = sandbox.note(description, None, now);
    account.wallet.charge(charged as u64, note).map_err(|NotCovered| {
        let body = options.no_credit_body;
        Refusal::NoCredit(NoCredit { balance, items: charged, price: 1, body })
    })?;
    if charged > 0 {
        let at = format!("{} {}", page.number, page.limit);
        let fields = [filters.name(), at];
        let fields = fields.each_ref().map(String::as_str);
        sandbox.note_asked(account, "lead-finder/search", || fields);
    }
    if free {
        free::note(sandbox, account, &filters, now);
    }
    let row = |position: &usize| {
        let (person, company) = population.at(*position)?;
        Some(preview::row(person, company, leads))
    };
    let data = SearchData {
        results: shown.iter().filter_map(row).collect(),
        pagination: pagination(page, total, Counted::new(matching.len(), leads.counts)),
    };
    let meta = SearchMeta {
        request_id: request_id(sandbox, account),
        free_page_limit: leads.tells_free_pages.then_some(FREE_PAGES),
    };
    Ok(Envelope::new(data, meta))
}

fn pagination(page: Page, total: usize, counted: Counted) -> SearchPagination {
    SearchPagination {
        page: page.number,
        page_size: page.limit,
        total_results: total,
        total_pages: page.count(total),
        has_more: page.range(total).end < total,
        is_approximate: counted.is_approximate,
        searched_total_result: counted.raw,
    }
}

/// The page that a body asks for.
pub(crate) fn page(number: Option<i64>, size: Option<i64>) -> Result<Page, Problem> {
    let whole = |sent: Option<i64>, usual: usize, name: &str| match sent {
        None => Ok(usual),
        Some(number) => usize::try_from(number)
            .ok()
            .filter(|number| *number > 0)
            .ok_or_else(|| out_of_bounds(name, "greater than or equal to 1")),
    };
    let page =
        Page { number: whole(number, 1, "page")?, limit: whole(size, 25, "pageSize")? };
    if page.limit > 100 {
        return Err(out_of_bounds("pageSize", "less than or equal to 100"));
    }
    if (page.number - 1).saturating_mul(page.limit) >= LARGEST {
        let detail = format!("body (page - 1) * pageSize must be less than {LARGEST}");
        return Err(Problem::validation(detail));
    }
    Ok(page)
}

fn out_of_bounds(name: &str, bound: &str) -> Problem {
    Problem::validation(format!("body/{name} Number must be {bound}"))
}
