//! The file of a job that charges at its first fetch: it is paid for, so whatever came of it is kept.

use super::{Drive, Errand};
use crate::{Ending, RunError, collection::Judged};
use leadmill_core::{BatchId, ErrorKind, ProviderError};
use std::{mem, time::Duration};

/// Times that a file may be put off before a later run is left to fetch it.
const MOST_PUT_OFF: u32 = 5;

impl Drive<'_> {
    /// A file of a job has come. Where it seems to lack something it is fetched once more; where it proves nothing of
    /// what it leaves out, that of what was not found is. Then it is what it is.
    pub(super) fn file_came(&mut self, batch: BatchId) {
        let Some(work) = self.jobs.get_mut(&batch) else { return };
        let Some(collection) = &mut work.collection else { return };
        let charge = &mut work.charge;
        charge.has_file = true;
        let judged = collection.judge_absent(&charge.bill);
        let is_short = judged == Judged::Short;
        if is_short && !mem::replace(&mut charge.refetched, true) {
            self.errand(Duration::ZERO, Errand::Page(batch, 1));
        } else if judged != Judged::Whole && !mem::replace(&mut charge.asked_misses, true)
        {
            self.errand(Duration::ZERO, Errand::Page(batch, 2));
        } else {
            collection.believe(&charge.bill);
            self.stage(batch);
        }
        if !mem::replace(&mut self.has_read_file, true) {
            self.harvest_next();
        }
    }

    /// A file of a job was not to be had: whether that leads to something else than any failed call does.
    pub(super) fn no_file(&mut self, batch: BatchId, error: &ProviderError) -> bool {
        let Some(work) = self.jobs.get_mut(&batch) else { return false };
        let charge = &mut work.charge;
        // What is here is kept, whatever becomes of the rest.
        if charge.has_file {
            if error.kind != ErrorKind::Fatal {
                self.file_came(batch);
            }
            return error.kind != ErrorKind::Fatal;
        }
        match error.kind {
            // A day has only so many downloads of a job: nothing else is held up by that.
            ErrorKind::Throttled(wait) => {
                charge.put_off += 1;
                let wait = wait.unwrap_or_default();
                if wait <= Duration::from_secs(60) && charge.put_off < MOST_PUT_OFF {
                    return false;
                }
                let wait = wait.max(self.engine.patience + Duration::from_secs(1));
                let resume = self.engine.clock.now().after(wait);
                self.engine.report.resume_at = Some(resume);
                self.leave_for_later(batch, Ending::Throttled, error.to_string());
                true
            }
            // The next job's would say no more of whose answers they are: nothing more is paid for.
            ErrorKind::Refused => {
                self.give_up(batch, error.to_string());
                self.fail(RunError::Unusable { error: error.clone(), batch });
                true
            }
            _ => false,
        }
    }
}
