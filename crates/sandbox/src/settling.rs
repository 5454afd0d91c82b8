//! Batches whose results nobody fetches: they settle by themselves, if they do (section 14, row 17).

use tokio::time::Instant;

use crate::account::Account;
use crate::batches;
use crate::options::Options;
use crate::product::Product;
use crate::sandbox::Sandbox;

/// A batch that will settle by itself.
#[derive(Debug)]
pub(crate) struct Due {
    at: Instant,
    job_id: String,
    settle: fn(&Sandbox, &str, Instant),
}

/// Remembers when a new batch settles by itself.
pub(crate) fn remember<P: Product>(account: &mut Account, options: &Options, id: &str) {
    let job = account.jobs.get(id);
    let at = job.and_then(|job| Some(job.ends_at(options) + options.settles_after?));
    account.due.extend(at.map(|at| Due {
        at,
        job_id: id.to_owned(),
        settle: batches::settle_by_itself::<P>,
    }));
}

/// Settles what is due, each as of its own time. Who looks at the wallet looks here first.
pub(crate) fn settle_due(sandbox: &Sandbox) {
    let now = Instant::now();
    let mut due: Vec<Due> = {
        let account = &mut *sandbox.account();
        let (due, later) = account.due.drain(..).partition(|due| due.at <= now);
        account.due = later;
        due
    };
    due.sort_by_key(|due| due.at);
    for Due { at, job_id, settle } in due {
        settle(sandbox, &job_id, at);
    }
}
