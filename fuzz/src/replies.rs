//! Whatever a provider replies to whatever call, the money is told right.

mod canned;
mod money;
mod pages;
mod told;

use super::held::{self, at_once};
use super::providers::{self, Enrich};
use canned::{Canned, price, questions};
use leadmill_core::{
    Answered, Batch, Finding, JobId, Keys, Lane, Operation, Page, Provider,
    ProviderError, Query, Reply, RunId,
};
use std::sync::{Arc, LazyLock};
use told::{Call, Told};

/// A provider whose replies are made up.
struct Made {
    enrich: Enrich,
    canned: Arc<Canned>,
}

static MADE: LazyLock<Option<Made>> = LazyLock::new(canned::made);

/// Holds what is made of a reply against what must hold of every one.
pub fn judge(data: &[u8]) {
    let made = MADE.as_ref();
    assert!(made.is_some(), "the provider cannot be made");
    let told = Told::read(data);
    made.iter().for_each(|made| made.judge(&told));
}

impl Made {
    fn judge(&self, told: &Told) {
        let operation = told.operation;
        let job = JobId("65f000000000000000000001".to_owned());
        match told.call {
            Call::Submit => self.submit(told),
            Call::Ask => self.ask(told),
            Call::Poll => {
                let reply = self.call(told, self.enrich.poll(operation, &job));
                reply.iter().for_each(|reply| money::signals(told, &reply.signals));
            }
            Call::Fetch => {
                let keys = keys(operation);
                let page = if told.is_file() { 2 } else { 1 };
                let fetch = self.enrich.fetch(operation, &job, &keys, page, 100);
                let reply = self.call(told, fetch);
                let Some(Reply { value: page, signals }) = reply else { return };
                money::signals(told, &signals);
                money::owed(told, page.cost);
                pages::page(&self.enrich, told, &page);
                // Too early, there is no page. Where items name no question, one more is one too many.
                if !told.is_refused() && !names_none(operation) {
                    self.damage(told);
                }
            }
            Call::Balance => {
                let reply = self.call(told, self.enrich.balance());
                let Some(Reply { value: balance, signals }) = reply else { return };
                assert_eq!(signals.balance, Some(balance));
                money::signals(told, &signals);
            }
            Call::Transactions => {
                let reply = self.call(told, self.enrich.transactions(1));
                let Some(Reply { value, signals }) = reply else { return };
                money::signals(told, &signals);
                money::rows(told, &value.rows);
            }
        }
    }

    fn submit(&self, told: &Told) {
        let queries = questions(told.operation);
        let price = price(&self.enrich, told.operation);
        let (run, lane) = (RunId(1), Lane::Bulk);
        let batch = Batch::of(run, "purse", 1, told.operation, lane, price, queries);
        let reply = self.call(told, self.enrich.submit(&batch));
        let Some(Reply { value: JobId(job), signals }) = reply else { return };
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        assert!(!job.is_empty() && job.chars().all(plain), "`{job}` leaves its path");
        money::signals(told, &signals);
    }

    fn ask(&self, told: &Told) {
        for query in questions(told.operation) {
            let reply = self.call(told, self.enrich.ask(&query));
            let Some(Reply { value, signals }) = reply else { continue };
            let Answered { key, finding, credits } = value;
            assert_eq!(key, query.key(), "an answer to another question");
            held::finding(told.operation, &finding);
            match finding {
                Finding::Hit(_) | Finding::Miss => {
                    assert!(credits.is_some(), "an answer without a price");
                    pages::about(told, &query);
                }
                Finding::Unknown(_) => {}
                Finding::Failed(why) => assert!(why.is_empty(), "surely free: {why}"),
            }
            money::signals(told, &signals);
            money::owed(told, credits);
        }
    }

    /// One unreadable item on a page costs none of the others.
    fn damage(&self, told: &Told) {
        let Some((whole, damaged)) = pages::damaged(told) else { return };
        let told_of_reveal = told.is_of_reveal();
        let job = JobId("j".to_owned());
        let fetch = |told: &Told| {
            let keys = keys(told.operation);
            self.call(told, self.enrich.fetch(told.operation, &job, &keys, 1, 100))
        };
        let (whole, damaged) = (fetch(&whole), fetch(&damaged));
        assert!(whole.is_some() && damaged.is_some(), "an item made the page unreadable");
        let (whole, damaged) = (whole.map(|r| r.value), damaged.map(|r| r.value));
        let told = |page: Option<Page>| {
            page.map(|page| (page.items, page.ready, page.cost, page.answers))
        };
        // A reveal that runs holds nothing that counts.
        let more = |ready: bool| u64::from(ready || !told_of_reveal);
        let expected = told(whole)
            .map(|(items, ready, cost, all)| (items + more(ready), ready, cost, all));
        assert_eq!(told(damaged), expected);
    }

    /// Makes a call: one request, whose reply is the one that was made up.
    fn call<T>(
        &self,
        told: &Told,
        call: impl Future<Output = Result<Reply<T>, ProviderError>>,
    ) -> Option<Reply<T>> {
        self.canned.hold(told.outcome.clone());
        let ended = at_once(call);
        assert_eq!(self.canned.sent(), 1, "a call is one request");
        assert!(ended.is_some(), "the call waits for something");
        match ended? {
            Ok(reply) => {
                let status = told.outcome.as_ref().map(|response| response.status());
                let is_early = told.call == Call::Fetch && status.is_ok_and(|s| s == 409);
                let is_read = is_early || told.is_miss() || !told.is_refused();
                assert!(is_read, "a refusal is an answer");
                Some(reply)
            }
            Err(error) => {
                money::failed(told, &error);
                None
            }
        }
    }
}

/// Whether results do not tell which question they answer.
const fn names_none(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::FindPerson
            | Operation::FindEmployees
            | Operation::SearchPeople
            | Operation::FindFollowers
            | Operation::CountFollowers
            | Operation::SearchLeads
            | Operation::ExportLeads
    )
}

/// The questions of a job: one where results name none.
fn keys(operation: Operation) -> Keys {
    let most = if names_none(operation) { 1 } else { usize::MAX };
    questions(operation).iter().take(most).map(Query::key).collect()
}
