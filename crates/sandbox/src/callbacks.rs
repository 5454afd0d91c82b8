//! Callbacks to the `webhookUrl` of a batch: one for each item as it finishes, and one for the end.

use std::time::Duration;

use crate::callbacks::outlet::Outlet;
use crate::knobs::MissId;

pub(crate) mod events;
mod finder;
pub(crate) mod followers;
mod http;
pub(crate) mod outlet;
mod phones;
mod reverse;
mod schedule;
pub(crate) mod teller;
mod validation;

/// How callbacks come. What goes wrong with them at random is [`Options::chaos`](crate::Options::chaos).
///
/// The defaults are the reference's own proposals (section 14, rows 20 to 22). No callback causes a settlement:
/// a scrape of followers with a `webhookUrl` is settled by its end, whatever becomes of its callbacks. No callback
/// carries a key or a signature.
#[derive(Clone, Debug)]
pub struct Callbacks {
    /// Where they go.
    pub outlet: Outlet,
    /// How long a receiver may take for its answer, the connection included (row 20).
    pub timeout: Duration,
    /// How often a callback that is not acknowledged is sent again (row 20).
    pub retries: u32,
    /// How long after a failure that is.
    pub retry_after: Duration,
    /// How much longer a late callback takes ([`Trouble::WebhookLate`](crate::Trouble::WebhookLate)).
    pub lateness: Duration,
    /// The most that any callback is held up at random, so that they come in another order (row 20).
    pub jitter: Duration,
    /// How long before the status becomes terminal the completion callback comes; by default it comes after
    /// that, and after the callbacks of all items (row 21). At the earliest it comes after the submit.
    pub completion_ahead: Duration,
    /// What a finder item that found nobody is called (row 22).
    pub miss_id: MissId,
    /// Whether a job that ends `failed` has a completion callback. Its form is unknown: here it is the only
    /// one that the schema allows, with the status `completed`. That of a scrape of followers has no status and is
    /// documented to come in any case; without this knob it comes for whole scrapes alone.
    pub failed_completion: bool,
}

impl Default for Callbacks {
    fn default() -> Self {
        Self {
            outlet: Outlet::default(),
            timeout: Duration::from_secs(10),
            retries: 0,
            retry_after: Duration::from_secs(1),
            lateness: Duration::from_secs(30),
            jitter: Duration::ZERO,
            completion_ahead: Duration::ZERO,
            miss_id: MissId::default(),
            failed_completion: true,
        }
    }
}
