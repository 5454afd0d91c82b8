//! What callbacks say, on its way to whoever can make use of it.

use leadmill_core::{BatchId, Hint, HintKind, JobId};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;

/// Jobs that are kept of one batch: its own, and a few that somebody may have made up.
const MOST: usize = 16;

/// What callbacks have said so far. Clones share it.
///
/// Nothing in it is believed: it wakes a look early, and it names jobs to be looked at where a reply was
/// lost.
#[derive(Clone, Debug)]
pub struct Hints {
    told: Arc<Mutex<Told>>,
    changes: Arc<watch::Sender<()>>,
}

/// The jobs that were named for each batch, and whether each is said to have ended.
type Told = BTreeMap<BatchId, Vec<(JobId, bool)>>;

/// Hears of new hints.
pub(crate) struct Listener(watch::Receiver<()>);

impl Default for Hints {
    fn default() -> Self {
        Self { told: Arc::default(), changes: Arc::new(watch::Sender::new(())) }
    }
}

impl Hints {
    /// Takes a hint in. One that is known wakes nobody.
    pub fn tell(&self, hint: Hint) {
        let is_end = hint.kind == HintKind::End;
        let is_news = {
            let mut told = self.told();
            let jobs = told.entry(hint.batch).or_default();
            let most = jobs.len() >= MOST;
            match jobs.iter_mut().find(|(job, _)| *job == hint.job) {
                Some((_, ended)) => !std::mem::replace(ended, *ended || is_end) && is_end,
                None if most => false,
                None => {
                    jobs.push((hint.job, is_end));
                    true
                }
            }
        };
        if is_news {
            self.changes.send_replace(());
        }
    }

    /// The jobs that were named for a batch, in the order in which they were.
    pub(crate) fn jobs(&self, batch: BatchId) -> Vec<JobId> {
        let told = self.told();
        let jobs = told.get(&batch).into_iter().flatten();
        jobs.map(|(job, _)| job.clone()).collect()
    }

    /// Whether a batch's job is said to have ended.
    pub(crate) fn has_ended(&self, batch: BatchId, job: &JobId) -> bool {
        let told = self.told();
        let jobs = told.get(&batch).into_iter().flatten();
        jobs.into_iter().any(|(named, ended)| named == job && *ended)
    }

    /// Hears of what is told from here on.
    pub(crate) fn listen(&self) -> Listener {
        Listener(self.changes.subscribe())
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    /// Resolves when something new was told.
    pub(crate) async fn heard(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending().await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(job: &str, kind: HintKind) -> Hint {
        Hint { batch: BatchId(1), job: JobId(job.into()), kind }
    }

    #[tokio::test]
    async fn only_news_wake_and_only_some_jobs_are_kept() {
        let hints = Hints::default();
        let mut listener = hints.listen();
        let mut is_news = |job: &str, kind| {
            hints.tell(hint(job, kind));
            let news = listener.0.has_changed().unwrap();
            listener.0.mark_unchanged();
            news
        };
        assert!(is_news("a", HintKind::Item));
        assert!(!is_news("a", HintKind::Item));
        assert!(is_news("a", HintKind::End));
        assert!(!is_news("a", HintKind::End));
        assert!(!is_news("a", HintKind::Item));
        let ended = |job: &str| hints.has_ended(BatchId(1), &JobId(job.into()));
        assert!(ended("a"));
        assert!(!ended("b"));
        for forged in 0..100 {
            hints.tell(hint(&forged.to_string(), HintKind::End));
        }
        assert_eq!(hints.jobs(BatchId(1)).len(), MOST);
        assert_eq!(hints.jobs(BatchId(1))[0].0, "a");
        assert!(hints.jobs(BatchId(2)).is_empty());
    }
}
