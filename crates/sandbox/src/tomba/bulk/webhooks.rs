//! The callback of a job's end: invented, as nothing is known of it (section 15, row A21).

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use tokio::time::{Duration, Instant, sleep, sleep_until, timeout};

use super::job::BulkState;
use super::kinds::BulkKind;
use super::secret::hex;
use crate::audit::CallbackAudit;
use crate::callbacks::outlet::Post;
use crate::chaos::Trouble;
use crate::tomba::handle::{Tomba, WeakTomba};

/// The header of the signature: hexadecimal HMAC-SHA256 of the body.
pub(super) const SIGNATURE: &str = "X-Tomba-Signature";

/// What tells of the end of one launch of one job. It keeps no sandbox alive.
struct Watch {
    tomba: WeakTomba,
    id: i64,
    kind: BulkKind,
    /// When it ends. A job that is stopped or run again ends at another time.
    end: Instant,
    post: Post,
}

/// Lets the end of a job be told, if it has where to and an end is in sight.
pub(super) fn watch(tomba: &Tomba, id: i64) {
    let bulk = &tomba.options().bulk;
    let book = tomba.book();
    let Some(job) = book.bulks.jobs.get(&id) else { return };
    let (Some(url), Some(end)) = (&job.draft.webhook, job.ends_at(bulk)) else { return };
    let watch = Watch {
        tomba: tomba.downgrade(),
        id,
        kind: job.kind,
        end,
        post: Post::new(&bulk.outlet, url),
    };
    drop(book);
    tomba.spawn(async move {
        sleep_until(end).await;
        watch.tell().await;
    });
}

impl Watch {
    async fn tell(&self) {
        let Some(state) = self.ended() else { return };
        let Some(tomba) = self.tomba.upgrade() else { return };
        let (lost, late, twice, forged) = {
            let chance = &mut tomba.book().chance;
            let mut strikes = |what| chance.strikes(what);
            (
                strikes(Trouble::WebhookLost),
                strikes(Trouble::WebhookLate),
                strikes(Trouble::WebhookTwice),
                strikes(Trouble::WebhookForged),
            )
        };
        let lateness = tomba.options().bulk.callback_lateness;
        drop(tomba);
        if late {
            sleep(lateness).await;
        }
        if forged {
            self.deliver(i64::MAX, state, true).await;
        }
        if lost {
            self.count(false, |audit| audit.lost += 1);
            return;
        }
        for _ in 0..=u8::from(twice) {
            self.deliver(self.id, state, false).await;
        }
    }

    /// How the launch ended, if it is still the last one.
    fn ended(&self) -> Option<BulkState> {
        let tomba = self.tomba.upgrade()?;
        let book = tomba.book();
        let job = book.bulks.jobs.get(&self.id)?;
        let state = job.state(&tomba.options().bulk, Instant::now());
        let same = job.ends_at(&tomba.options().bulk) == Some(self.end);
        (same && state.is_terminal()).then_some(state)
    }

    async fn deliver(&self, id: i64, state: BulkState, forged: bool) {
        let Some(tomba) = self.tomba.upgrade() else { return };
        let body = json!({
            "event": "bulk.finished",
            "bulk_id": id,
            "bulk_type": self.kind,
            "status": state,
        });
        let body = Bytes::from(body.to_string());
        // Whoever makes one up does not know the key.
        let key =
            if forged { String::new() } else { tomba.book().bulks.secret.value.clone() };
        let bulk = &tomba.options().bulk;
        let (patience, retries) = (bulk.callback_timeout, bulk.callback_retries);
        drop(tomba);
        let headers = [(SIGNATURE, signature(&key, &body))];
        for attempt in 0..=retries {
            if attempt > 0 {
                sleep(Duration::from_secs(1)).await;
            }
            self.count(forged, |audit| audit.sent += 1);
            let sent = self.post.send_with(body.clone(), &headers);
            if timeout(patience, sent).await == Ok(true) {
                self.count(forged, |audit| audit.acknowledged += 1);
                return;
            }
            self.count(forged, |audit| audit.failed += 1);
        }
    }

    fn count(&self, forged: bool, count: impl FnOnce(&mut CallbackAudit)) {
        let Some(tomba) = self.tomba.upgrade() else { return };
        let book = &mut *tomba.book();
        count(if forged { &mut book.forged } else { &mut book.callbacks });
    }
}

/// The signature of a body.
pub(in crate::tomba) fn signature(key: &str, body: &[u8]) -> String {
    // A key of any length will do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
        return String::new();
    };
    mac.update(body);
    hex(&mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_rfc_4231() {
        let published =
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(signature("Jefe", b"what do ya want for nothing?"), published);
    }
}
