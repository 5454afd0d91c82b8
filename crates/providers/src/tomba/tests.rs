//! The calls: what they send, what their failures mean, and what the wallet is.

mod asked;
mod refusals;
pub(super) mod robust;
mod wallet;

use super::*;
use crate::packs;
use http::Request;
use leadmill_core::{
    Pack,
    pack::{Percent, Risk},
};
use std::{
    collections::BTreeMap,
    sync::{LazyLock, Mutex},
};

pub(super) const KEY: &str = "ta_canary0key";
pub(super) const SECRET: &str = "ts_0canary0-0000-4000-8000-00000secret0";

/// Gives one reply to whatever is asked, and keeps what was.
#[derive(Debug)]
pub(super) struct Canned {
    outcome: Result<Response<Bytes>, TransportError>,
    pub(super) asked: Mutex<Vec<Request<Bytes>>>,
    pub(super) connections: Mutex<Vec<Connection>>,
}

impl Canned {
    pub(super) fn new(outcome: Result<Response<Bytes>, TransportError>) -> Arc<Self> {
        let (asked, connections) = Default::default();
        Arc::new(Self { outcome, asked, connections })
    }

    pub(super) fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> Arc<Self> {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        Self::new(Ok(response.body(body.to_owned().into()).unwrap()))
    }

    /// What was asked for, without the server.
    pub(super) fn paths(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        let path = |request: &Request<Bytes>| {
            format!("{} {}", request.method(), request.uri().path_and_query().unwrap())
        };
        asked.iter().map(path).collect()
    }
}

#[async_trait]
impl Transport for Canned {
    async fn send(
        &self,
        request: Request<Bytes>,
        connection: Connection,
    ) -> Result<Response<Bytes>, TransportError> {
        self.asked.lock().unwrap().push(request);
        self.connections.lock().unwrap().push(connection);
        self.outcome.clone()
    }
}

pub(super) fn account() -> Account {
    static PACKS: LazyLock<Vec<Pack>> = LazyLock::new(|| packs().unwrap());
    let pack = PACKS.iter().find(|pack| pack.name == "tomba").unwrap().clone();
    Account {
        name: "live".to_owned(),
        purse: pack.name.clone(),
        windows: BTreeMap::new(),
        poll: pack.jobs.poll.0,
        share: Percent::WHOLE,
        batch_risk: Risk::default(),
        in_doubt_limit: None,
        pack,
    }
}

/// The provider behind a transport.
pub(super) fn tomba(transport: Arc<dyn Transport>) -> Tomba {
    Tomba::new(account(), KEY, SECRET, transport).unwrap()
}

pub(super) fn query<const N: usize>(operation: Operation, raw: [&str; N]) -> Query {
    let raw = raw.map(|text| (!text.is_empty()).then_some(text));
    Query::read(operation, raw).unwrap()
}

/// A question of every operation that is offered.
pub(super) fn questions() -> Vec<Query> {
    let domain = "example.com";
    vec![
        query(Operation::FindEmail, ["Ada", "Byron", domain]),
        query(Operation::VerifyEmail, ["ada@example.com"]),
        query(Operation::FindPhone, ["", "ada@example.com"]),
        query(Operation::FindPerson, ["ada@example.com"]),
        query(Operation::FindEmailByProfile, ["linkedin.com/in/ada"]),
        query(Operation::FindAuthor, ["https://blog.example.com/a"]),
        query(Operation::ValidatePhone, ["+14155550100", ""]),
        query(Operation::FindCompany, [domain]),
        query(Operation::SearchDomain, [domain]),
        query(Operation::FindSimilar, [domain]),
        query(Operation::FindTechnology, [domain]),
        query(Operation::CountEmails, [domain]),
        query(Operation::FindFormat, [domain]),
        query(Operation::FindSources, ["ada@example.com"]),
        query(
            Operation::SearchCompanies,
            [r#"{"type":{"include":["public"]}}"#, "", "", "1"],
        ),
    ]
}
