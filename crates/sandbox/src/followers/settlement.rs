//! What a scrape cost: a fact from its first fetch after the end, or from the end itself.

use tokio::time::Instant;

use super::scrape::Leg;
use crate::account::Account;
use crate::batches::counted;
use crate::job::Settlement;
use crate::sandbox::Sandbox;

/// Closes every leg that has ended, once. What was collected is charged, the rest comes back.
pub(crate) fn settle(sandbox: &Sandbox, account: &mut Account, id: &str, now: Instant) {
    let Account { wallet, followers, .. } = account;
    let options = sandbox.options();
    let Some(scrape) = followers.scrapes.get_mut(id) else { return };
    for Leg { job, asked } in &mut scrape.legs {
        let progress = job.progress(options, now);
        if !progress.state.is_terminal() || job.settlement.is_some() {
            continue;
        }
        let found = progress.processed as u64;
        let used = options.followers.price.saturating_mul(found);
        let refunded = job.reserved.saturating_sub(used);
        job.settlement = Some(Settlement { used, refunded });
        let unfound = counted(asked.saturating_sub(found), "unfound follower");
        let description = format!("Batch refund — {unfound} in batch {id}");
        let note = sandbox.note(description, Some(id.to_owned()), now);
        wallet.settle(job.reserved, used, note);
    }
}

/// Lets the last leg of a scrape settle by itself, if it does: at its end if there is an address for callbacks.
pub(crate) fn settle_later(sandbox: &Sandbox, account: &mut Account, id: &str) {
    let options = sandbox.options();
    let Some(scrape) = account.followers.scrapes.get(id) else { return };
    let Some(end) = scrape.ends_at(options) else { return };
    let due = match &scrape.callback {
        Some(_) => Some(end),
        None => options.settles_after.map(|after| end + after),
    };
    if let Some(due) = due {
        account.settling.add(due, id, settle);
    }
}
