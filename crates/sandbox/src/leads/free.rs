//! Which rows of a search are free.

use tokio::time::Instant;

use super::filters::Filters;
use crate::account::Account;
use crate::page::Page;
use crate::sandbox::Sandbox;
use crate::timestamp;

/// The pages of a search that are free.
pub(crate) const FREE_PAGES: usize = 3;

/// The rows of a search that are free.
const FREE_ROWS: usize = 75;

/// How many of the rows that a page shows are charged.
pub(crate) fn charged(
    sandbox: &Sandbox,
    page: Page,
    shown: usize,
    free_search: bool,
) -> usize {
    if !free_search || page.number > FREE_PAGES {
        return shown;
    }
    if sandbox.options().leads.free_by_page {
        return 0;
    }
    let before = (page.number - 1) * page.limit;
    shown.saturating_sub(FREE_ROWS.saturating_sub(before))
}

/// Whether a search is among the free ones of this month. The same filters are the same search.
pub(crate) fn is_free(
    sandbox: &Sandbox,
    account: &Account,
    filters: &Filters,
    now: Instant,
) -> bool {
    let most = sandbox.options().leads.free_searches;
    let Some(searched) = account.leads.searched.get(&month(sandbox, now)) else {
        return most > 0;
    };
    searched.len() < most || searched.contains(&filters.name())
}

/// Remembers that a search was one of this month's.
pub(crate) fn note(
    sandbox: &Sandbox,
    account: &mut Account,
    filters: &Filters,
    now: Instant,
) {
    let month = account.leads.searched.entry(month(sandbox, now)).or_default();
    month.insert(filters.name());
}

/// For example `2026-01`.
fn month(sandbox: &Sandbox, now: Instant) -> String {
    let mut text = timestamp::format(sandbox.wall_time(now));
    text.truncate(7);
    text
}
