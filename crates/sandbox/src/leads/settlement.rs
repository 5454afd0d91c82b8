//! What jobs of the lead finder cost in the end, and what has been revealed by then.

use std::mem;
use std::sync::MutexGuard;

use tokio::time::Instant;

use super::jobs::{Work, refund};
use crate::account::Account;
use crate::job::{JobState, Settlement};
use crate::sandbox::Sandbox;

/// Settles the jobs that have ended by `now`, as of their ends. Whoever looks at the account looks here first.
pub(crate) fn catch_up(sandbox: &Sandbox, account: &mut Account, now: Instant) {
    let open = mem::take(&mut account.leads.open);
    let options = sandbox.options();
    let mut ended = Vec::new();
    for id in open {
        match account.jobs.get(&id).map(|job| job.ends_at(options)) {
            Some(end) if end <= now => ended.push((end, id)),
            Some(_) => account.leads.open.push(id),
            None => {}
        }
    }
    ended.sort_by_key(|(end, _)| *end);
    for (end, id) in ended {
        settle(sandbox, account, &id, end);
    }
}

/// The account with everything settled that has ended by now, which is told too.
pub(crate) fn settled(sandbox: &Sandbox) -> (MutexGuard<'_, Account>, Instant) {
    let (mut account, now) = (sandbox.account(), Instant::now());
    catch_up(sandbox, &mut account, now);
    (account, now)
}

/// A completed job is charged for what was on file, a failed one for nothing.
fn settle(sandbox: &Sandbox, account: &mut Account, id: &str, end: Instant) {
    let population = account.leads.population(sandbox.options());
    let Some(lead_job) = account.leads.jobs.iter().find(|job| job.id == id) else {
        return;
    };
    let Some(job) = account.jobs.get_mut(id) else { return };
    let completed = job.end() == JobState::Completed;
    let refunded = match completed {
        true => refund(&lead_job.leads, &population),
        false => job.reserved,
    };
    let used = job.reserved.saturating_sub(refunded);
    job.settlement = Some(Settlement { used, refunded });
    let description = format!("{} refund — job {id}", lead_job.work.title());
    let note = sandbox.note(description, Some(id.to_owned()), end);
    account.wallet.settle(job.reserved, used, note);
    if let (true, Work::Reveal(_) | Work::Enrich(_)) = (completed, &lead_job.work) {
        for lead in &lead_job.leads {
            let Some(person) = lead.person else { continue };
            for field in &lead.paid {
                if population.people.get(person).is_some_and(|who| who.has(*field)) {
                    account.leads.revealed.insert((person, *field), end);
                }
            }
        }
    }
}
