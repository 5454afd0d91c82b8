//! A transport that has its reply already, and the provider that uses it.

use super::Made;
use super::providers::{Enrich, Transport, TransportError, packs, transport::Connection};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response};
use leadmill_core::{
    Account, Credits, Operation, Provider as _, Query,
    pack::{Percent, Risk},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The key, which no message may show.
pub(super) const KEY: &str = "sk_live_canary_42";

/// Gives the reply that it holds to whatever is sent.
#[derive(Debug)]
pub(super) struct Canned(Mutex<Held>);

#[derive(Debug)]
struct Held {
    outcome: Result<Response<Bytes>, TransportError>,
    sent: u32,
}

impl Canned {
    /// Holds another reply.
    pub(super) fn hold(&self, outcome: Result<Response<Bytes>, TransportError>) {
        *self.held() = Held { outcome, sent: 0 };
    }

    /// How many requests it was sent since.
    pub(super) fn sent(&self) -> u32 {
        self.held().sent
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Transport for Canned {
    async fn send(
        &self,
        request: Request<Bytes>,
        connection: Connection,
    ) -> Result<Response<Bytes>, TransportError> {
        let batches = [
            "/batch",
            "/bulk",
            "/bulk-lookup",
            "/enrich",
            "/company-follower",
            "/count-estimate",
            "/lead-finder/export",
        ];
        let path = request.uri().path();
        let is_batch = request.method() == Method::POST
            && batches.iter().any(|batch| path.ends_with(batch));
        assert_eq!(is_batch, connection == Connection::Fresh, "{request:?}");
        let mut held = self.held();
        held.sent += 1;
        held.outcome.clone()
    }
}

/// The provider as a pipeline without overrides uses it.
pub(super) fn made() -> Option<Made> {
    let outcome = Err(TransportError::Unsent(String::new()));
    let canned = Arc::new(Canned(Mutex::new(Held { outcome, sent: 0 })));
    let pack = packs().ok()?.into_iter().find(|pack| pack.name == "enrich.so")?;
    let account = Account {
        name: "live".to_owned(),
        purse: pack.name.clone(),
        windows: BTreeMap::new(),
        poll: pack.jobs.poll.0,
        share: Percent::WHOLE,
        batch_risk: Risk::default(),
        in_doubt_limit: None,
        pack,
    };
    let enrich = Enrich::new(account, KEY, canned.clone()).ok()?;
    Some(Made { enrich: enrich.hiding(vec![KEY.to_owned()]), canned })
}

/// What is asked: the same in every seed.
pub(super) fn questions(operation: Operation) -> Vec<Query> {
    let raw = match operation {
        Operation::FindEmail => [
            ["Ada", "Byron", "example.com"].map(Some),
            ["No", "Body", "example.org"].map(Some),
        ],
        Operation::VerifyEmail | Operation::FindPerson => {
            [[Some("ada@example.com"), None, None], [Some("bob@example.com"), None, None]]
        }
        Operation::FindEmployees | Operation::SearchPeople => [
            [Some("linkedin.com/company/example"), None, None],
            [Some("linkedin.com/company/other"), Some("25"), None],
        ],
        Operation::FindPhone => [
            [Some("linkedin.com/in/ada"), None, None],
            [None, Some("bob@example.com"), None],
        ],
        Operation::RevealEmail
        | Operation::RevealPhone
        | Operation::RevealContact
        | Operation::UnlockName => {
            [[Some("enc_A1"), None, None], [Some("enc_B2"), None, None]]
        }
        // Jobs of one question.
        Operation::FindFollowers | Operation::CountFollowers => {
            let company = Some("linkedin.com/company/example");
            let raw = match operation {
                Operation::FindFollowers => [company, Some("500")],
                _ => [company, Some("Germany")],
            };
            return Query::read(operation, raw).into_iter().collect();
        }
        Operation::SearchLeads | Operation::ExportLeads => {
            let filters = Some(r#"{"jobLevel":["VP"]}"#);
            let raw = [filters, None, Some("25"), Some("4")];
            return Query::read(operation, raw).into_iter().collect();
        }
        // Not sold here.
        _ => [[None; 3]; 2],
    };
    raw.into_iter().filter_map(|raw| Query::read(operation, raw).ok()).collect()
}

/// The list price of one question.
pub(super) fn price(enrich: &Enrich, operation: Operation) -> Credits {
    enrich.account().offer(operation).map_or(Credits::ZERO, |offer| offer.price)
}
