//! The machine that all batch products share: submit, progress, results, settlement.

use std::sync::Arc;

use tokio::time::Instant;

use crate::account::Account;
use crate::envelope::{BatchResultsMeta, BatchSubmitMeta};
use crate::faults::Fault;
use crate::items::Items;
use crate::job::{Job, Progress, Settlement};
use crate::knobs::EarlyResults;
use crate::lookups::ReversePages;
use crate::options::Options;
use crate::page::Page;
use crate::problem::Problem;
use crate::product::{Outcome, Product};
use crate::refusal::{NoCredit, Refusal};
use crate::sandbox::Sandbox;
use crate::wallet::NotCovered;

/// How many items of a job ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Hits.
    pub(crate) hits: u64,
    /// Misses.
    pub(crate) misses: u64,
    /// Disputed ones.
    pub(crate) disputed: u64,
}

/// One page of results.
#[derive(Debug)]
pub(crate) struct Results<A> {
    /// How far the job is.
    pub(crate) progress: Progress,
    /// The answers.
    pub(crate) answers: Vec<A>,
    /// Counters and credits.
    pub(crate) meta: BatchResultsMeta,
}

/// Takes the whole reserve and queues a job; answers with its id.
pub(crate) fn submit<P: Product>(
    sandbox: &Sandbox,
    items: Items,
    fault: Fault,
) -> Result<(String, BatchSubmitMeta), Refusal> {
    let (options, now, total) = (sandbox.options(), Instant::now(), items.len());
    let reserved = P::PRICE.saturating_mul(total as u64);
    let account = &mut *sandbox.account();
    let id = sandbox.id('b', account.next_number());
    let named = options.deductions_name_batch.then(|| id.clone());
    let description = format!("{} batch: {}", P::TITLE, counted(total as u64, P::ITEM));
    let note = sandbox.note(description, named, now);
    let balance = account.wallet.balance();
    account.wallet.reserve(reserved, note).map_err(|NotCovered| {
        let body = options.no_credit_body;
        Refusal::NoCredit(NoCredit { balance, items: total, price: P::PRICE, body })
    })?;
    for index in 0..total {
        sandbox.note_asked(account, P::NAME, || items.get(index));
    }
    let items = Arc::new(items);
    let product = P::NAME;
    let job = Job {
        product,
        quirks: account.chance.job_quirks(options.quirks, total),
        items,
        reserved,
        submitted: now,
        fails_after: fault.fails_after(),
        delay: fault.delays_by(),
        settlement: None,
    };
    if let Some(after) = options.settles_after {
        let due = job.ends_at(options) + after;
        account.settling.add(due, &id, settle_unfetched::<P>);
    }
    account.jobs.insert(id.clone(), job);
    let meta = BatchSubmitMeta {
        request_id: sandbox.request_id(account),
        credits_reserved: reserved,
        credits_per_item: P::PRICE,
        estimated_credits: reserved,
    };
    Ok((id, meta))
}

/// A job of this product, as it is now.
pub(crate) fn find<P: Product>(sandbox: &Sandbox, id: &str) -> Result<Job, Problem> {
    let (options, now) = (sandbox.options(), Instant::now());
    let account = sandbox.account();
    let job = account.jobs.get(id).filter(|job| job.product == P::NAME);
    job.filter(|job| !job.is_forgotten(options, now))
        .cloned()
        .ok_or_else(|| Problem::not_found("No batch found with that ID"))
}

/// One page of a job's results. The first one after its end settles it.
pub(crate) fn results<P: Product>(
    sandbox: &Sandbox,
    id: &str,
    page: Page,
) -> Result<Results<P::Answer>, Problem> {
    let (options, now) = (sandbox.options(), Instant::now());
    let job = find::<P>(sandbox, id)?;
    let progress = job.progress(options, now);
    let ended = progress.state.is_terminal();
    if !ended && options.early_results == EarlyResults::Conflict {
        return Err(Problem::conflict("Batch is not yet completed"));
    }
    let settlement = ended.then(|| cost::<P>(options, &job, progress));
    let shown = |index| {
        let outcome = || P::outcome(options.seed, &job.items.get(index));
        !P::OMITS_MISSES || outcome() == Outcome::Hit
    };
    let answer = |position: Option<usize>| match position {
        Some(position) => P::answer(options.seed, &job.items.get(position)),
        None => P::answer(options.seed, P::STRANGER),
    };
    let positions = positions(options, &job, progress.processed, page, shown);
    let mut answers: Vec<_> = positions.into_iter().map(answer).collect();
    if job.quirks.plain {
        answers.iter_mut().for_each(P::spell_plainly);
    }
    let account = &mut *sandbox.account();
    if let Some(settled) = settlement {
        settle::<P>(sandbox, account, id, settled, now);
    }
    let meta = BatchResultsMeta {
        request_id: sandbox.request_id(account),
        credits_used: settlement.map(|settled| settled.used),
        credits_refunded: settlement.map(|settled| settled.refunded),
        credits_remaining: account.wallet.balance(),
        total_items: job.items.len(),
        processed_items: progress.processed,
    };
    Ok(Results { progress, answers, meta })
}

/// How the items done so far ended.
pub(crate) fn tally<P: Product>(seed: u64, items: &Items, processed: usize) -> Tally {
    let mut tally = Tally::default();
    for index in 0..processed {
        match P::outcome(seed, &items.get(index)) {
            Outcome::Hit => tally.hits += 1,
            Outcome::Miss => tally.misses += 1,
            Outcome::Disputed => tally.disputed += 1,
        }
    }
    tally
}

/// Settles an ended job whose results nobody has fetched.
fn settle_unfetched<P: Product>(
    sandbox: &Sandbox,
    account: &mut Account,
    id: &str,
    at: Instant,
) {
    let Some(job) = account.jobs.get(id) else { return };
    let options = sandbox.options();
    let settled = cost::<P>(options, job, job.progress(options, at));
    settle::<P>(sandbox, account, id, settled, at);
}

/// What an ended job costs.
fn cost<P: Product>(options: &Options, job: &Job, progress: Progress) -> Settlement {
    if let Some(settled) = job.settlement {
        return settled;
    }
    let tally = tally::<P>(options.seed, &job.items, progress.processed);
    let disputed = if options.invalid_charged { tally.disputed } else { 0 };
    let used = P::PRICE * (tally.hits + disputed);
    Settlement { used, refunded: job.reserved.saturating_sub(used) }
}

/// Closes an ended job, once: what it cost is then a fact.
fn settle<P: Product>(
    sandbox: &Sandbox,
    account: &mut Account,
    id: &str,
    settled: Settlement,
    now: Instant,
) {
    let Some(job) = account.jobs.get_mut(id) else { return };
    if job.settlement.replace(settled).is_none() {
        let uncharged = counted(settled.refunded / P::PRICE, P::UNCHARGED);
        let description = format!("Batch refund — {uncharged} in batch {id}");
        let note = sandbox.note(description, Some(id.to_owned()), now);
        account.wallet.settle(job.reserved, settled.used, note);
    }
}

/// Which of a job's items a page shows, of those `done` so far and in its order, with all that is wrong with
/// it. `None` is an item that nobody asked for. Items that are not `shown` are left out: of the page, or of
/// what pages are cut from.
pub(crate) fn positions(
    options: &Options,
    job: &Job,
    done: usize,
    page: Page,
    shown: impl Fn(usize) -> bool,
) -> Vec<Option<usize>> {
    let (seed, quirks) = (options.seed, job.quirks);
    let place = |position| match options.shuffled {
        true => shuffled(position, done, seed),
        false => position,
    };
    let shows = |position: &usize| shown(place(*position));
    let (of_page, last): (Vec<usize>, bool) = match options.lookups.reverse_pages {
        ReversePages::Items => {
            let range = page.range(done);
            let last = !range.is_empty() && range.end == done;
            (range.filter(shows).collect(), last)
        }
        ReversePages::Hits => {
            let all: Vec<usize> = (0..done).filter(shows).collect();
            let range = page.range(all.len());
            let last = !range.is_empty() && range.end == all.len();
            (all.get(range).unwrap_or_default().to_vec(), last)
        }
    };
    let twice = quirks.duplicate.filter(|twice| of_page.contains(twice));
    let kept = of_page.into_iter().filter(|&position| quirks.drop != Some(position));
    let mut places: Vec<_> = kept.chain(twice).map(|at| Some(place(at))).collect();
    if quirks.extra && last && done == job.items.len() {
        places.push(None);
    }
    places
}

/// A place for every position, none twice, and the first never at home if there are two or more.
fn shuffled(position: usize, total: usize, seed: u64) -> usize {
    let seed = usize::try_from(seed % 1_000_003).unwrap_or_default();
    let step = (total / 2 + seed % 1_000..).find(|&step| coprime(step, total));
    let start = 1 + seed % total.saturating_sub(1).max(1);
    let place = step.unwrap_or(1) as u128 * position as u128 + start as u128;
    usize::try_from(place % total.max(1) as u128).unwrap_or(position)
}

fn coprime(a: usize, b: usize) -> bool {
    if b == 0 { a == 1 } else { coprime(b, a % b) }
}

/// `1 lead`, `2 leads`.
pub(crate) fn counted(count: u64, name: &str) -> String {
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_keeps_every_item_once_and_moves_the_first() {
        for total in 1..60 {
            for seed in [0, 1, 77, 999_999_999] {
                let mut places: Vec<_> =
                    (0..total).map(|at| shuffled(at, total, seed)).collect();
                assert!(total == 1 || places.first() != Some(&0));
                places.sort_unstable();
                assert_eq!(places, (0..total).collect::<Vec<_>>());
            }
        }
    }
}
