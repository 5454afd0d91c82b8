//! Whatever Tomba replies to whatever call, nothing is made up, understated or told on.

mod answers;
mod asked;
mod canned;
mod files;
mod jobs;
mod refused;
mod said;
mod told;

use super::held::{at_once, rates};
use super::providers;
use asked::questions;
use canned::Made;
use leadmill_core::{
    Batch, Credits, JobId, Keys, Lane, Provider, ProviderError, Query, Reply, RunId,
};
use said::{Errors, Said};
use std::sync::LazyLock;
use told::{Call, Told};

/// A name of a job.
const JOB: &str = "7001";

static MADE: LazyLock<Option<Vec<Made>>> = LazyLock::new(canned::made);

/// Holds what is made of a reply against what must hold of every one. Whether anything was answered in any generation of
/// jobs.
pub fn judge(data: &[u8]) -> bool {
    let told = Told::read(data);
    let said = Said::of(&told);
    let made = MADE.as_deref().unwrap_or_default();
    assert_eq!(made.len(), 2, "the provider cannot be made");
    let judged = made.iter().map(|made| Judge { made, told: &told, said: &said }.judge());
    judged.fold(false, |any, one| any | one)
}

/// A reply before a provider.
struct Judge<'a> {
    made: &'a Made,
    told: &'a Told,
    said: &'a Said,
}

impl Judge<'_> {
    /// Makes the call, and says whether it was answered.
    fn judge(&self) -> bool {
        let (tomba, operation) = (&self.made.tomba, self.told.operation);
        let job = JobId(JOB.to_owned());
        let is_again = self.told.call == Call::Retry;
        match self.told.call {
            Call::Ask => self.ask(),
            Call::Submit => self.submit(),
            Call::Find => self.find(),
            Call::Retry if self.made.generation == 1 => false,
            Call::Launch | Call::Retry => {
                let launch = self.call(tomba.launch(operation, &job, is_again));
                launch.map(|launch| jobs::launched(self, launch)).is_some()
            }
            Call::Poll => {
                let progress = self.call(tomba.poll(operation, &job));
                progress.map(|progress| jobs::progress(self, progress)).is_some()
            }
            Call::Estimate => {
                let estimate = self.call(tomba.estimate(operation, &job));
                estimate.map(|estimate| jobs::estimate(self, estimate)).is_some()
            }
            Call::Bill => {
                let bill = self.call(tomba.bill(operation, &job));
                bill.map(|bill| jobs::bill(self, bill)).is_some()
            }
            Call::Fetch => self.fetch(),
            Call::Terms => {
                let terms = self.call(tomba.terms(operation));
                terms.map(|terms| jobs::terms(self, terms)).unwrap_or_default()
            }
            Call::Balance => {
                let balance = self.call(tomba.balance());
                balance.map(|balance| answers::balance(self.said, balance)).is_some()
            }
        }
    }

    fn ask(&self) -> bool {
        let judge = |query: &Query| {
            let answer = self.call(self.made.tomba.ask(query));
            answer.map(|answer| answers::single(self, query, &answer)).is_some()
        };
        let operation = self.told.operation;
        questions(operation).iter().fold(false, |any, query| any | judge(query))
    }

    fn submit(&self) -> bool {
        let job = self.call(self.made.tomba.submit(&self.batch()));
        job.map(|job| jobs::created(self, &job)).is_some()
    }

    fn find(&self) -> bool {
        let batch = self.batch();
        let found = self.call(self.made.tomba.find(batch.operation, batch.id));
        found.map(|found| jobs::found(self, found)).unwrap_or_default()
    }

    fn batch(&self) -> Batch {
        let operation = self.told.operation;
        let queries = questions(operation);
        Batch::of(RunId(1), "tomba", 1, operation, Lane::Bulk, Credits(1), queries)
    }

    fn fetch(&self) -> bool {
        let asked = questions(self.told.operation);
        let keys: Keys = asked.iter().map(Query::key).collect();
        let fetch = |told: &Told| {
            let said = Said::of(told);
            let (operation, job) = (told.operation, JobId(JOB.to_owned()));
            let judge = Judge { made: self.made, told, said: &said };
            let page = self.made.tomba.fetch(operation, &job, &keys, 1, 100);
            let page = judge.call(page)?;
            files::page(&judge, &asked, &page);
            Some(page)
        };
        let Some(page) = fetch(self.told) else { return false };
        // Files are the same in both generations.
        if self.made.generation == 2 && !page.answers.is_empty() {
            files::damaged(self.told, &page, fetch);
        }
        !page.answers.is_empty()
    }

    /// Makes a call: one request, whose reply is the one that was made up. What is refused is no answer, unless it is
    /// documented to be one.
    fn call<T: std::fmt::Debug>(
        &self,
        call: impl Future<Output = Result<Reply<T>, ProviderError>>,
    ) -> Option<T> {
        self.made.canned.hold(self.told.outcome.clone());
        let ended = at_once(call);
        let sent = self.made.canned.sent();
        assert_eq!(sent.len(), 1, "a call is one request: {sent:?}");
        assert!(ended.is_some(), "the call waits for something");
        match ended? {
            Ok(Reply { value, signals }) => {
                rates(&signals);
                refused::hidden(self.told, &format!("{value:?}"));
                let is_said =
                    self.told.is_success() && self.said.errors != Errors::Surely;
                assert!(is_said || self.is_answer(), "a refusal is an answer: {value:?}");
                Some(value)
            }
            Err(error) => {
                refused::failed(self, &error);
                None
            }
        }
    }

    /// Whether a refusal may be an answer to its call.
    fn is_answer(&self) -> bool {
        let status = self.told.status().unwrap_or_default();
        match self.told.call {
            // A miss.
            Call::Ask => {
                (status == 404 || self.told.is_success())
                    && self.said.error_type() == Some("unknown_record")
            }
            // Too early.
            Call::Fetch => status == 409,
            // What has a name was made, whatever else is said.
            Call::Submit => self.told.is_success(),
            // Not yet, or long since.
            Call::Launch | Call::Retry => matches!(status, 200..=499),
            // As the pack says.
            Call::Terms => matches!(status, 200..=499),
            _ => false,
        }
    }
}
