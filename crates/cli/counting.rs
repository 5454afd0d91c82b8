//! Leads that are to be searched are counted first, at no charge: pages beyond the last lead are not asked for.

use crate::{
    accounts,
    exit::Failure,
    prepared::{Prepared, PreparedStep},
};
use leadmill_core::{Call, Ledger, Operation};
use leadmill_engine::{Again, VisitError};
use leadmill_providers::enrich::account::LeadCount;
use leadmill_state::Store;

/// More than so many are not counted exactly.
///
/// # Source
/// Reference §9.2.
const EXACT: u64 = 10_000;

/// Counts the leads of the source. None where it has no filters.
pub(crate) async fn count(
    prepared: &Prepared,
    store: &Store,
) -> Result<Option<Result<LeadCount, VisitError>>, Failure> {
    let bought = prepared.pipeline.source.bought.as_ref();
    let Some((filters, exclude)) = bought.and_then(|bought| bought.filters()) else {
        return Ok(None);
    };
    let attempt = prepared.steps.first().and_then(PreparedStep::first);
    let Some(attempt) = attempt else { return Ok(None) };
    let Some(provider) = prepared.pipeline.providers.get(&attempt.provider) else {
        return Ok(None);
    };
    let (mut visit, enrich) =
        accounts::visit(provider, attempt.account.clone(), store).await?;
    let count = async || enrich.count_leads(filters, exclude).await;
    Ok(Some(visit.call(Call::Account, Again::Harmless, count).await))
}

/// Leaves out the pages that no lead is on, but for those that are known or paid for.
pub(crate) async fn narrow(
    prepared: &mut Prepared,
    ledger: &Ledger,
    count: &LeadCount,
) -> Result<(), Failure> {
    let Some(bought) = &prepared.pipeline.source.bought else { return Ok(()) };
    let (planned, rows) = (bought.pages(), u64::from(bought.rows().unwrap_or(1)));
    if count.is_approximate || count.count > EXACT {
        return Ok(());
    }
    let needed = u32::try_from(count.count.div_ceil(rows)).unwrap_or(planned).max(1);
    let is_known = |page: u32| {
        let key = bought.page(page);
        let mut lines = ledger.lines().iter();
        key.is_some_and(|key| {
            lines.any(|line| {
                line.operation == Operation::SearchLeads && line.keys.contains(&key)
            })
        })
    };
    let known = (needed + 1..=planned).rev().find(|page| is_known(*page));
    let pages = known.unwrap_or(needed);
    if pages < planned { prepared.narrow(pages).await } else { Ok(()) }
}
