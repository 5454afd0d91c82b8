//! What jobs of the lead finder cost in the end, and what has been revealed by then.

use tokio::time::Instant;

use super::jobs::{Work, refund};
use crate::account::Account;
use crate::job::{JobState, Settlement};
use crate::sandbox::Sandbox;

/// A completed job is charged for what was on file, a failed one for nothing.
pub(crate) fn settle(sandbox: &Sandbox, account: &mut Account, id: &str, end: Instant) {
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
