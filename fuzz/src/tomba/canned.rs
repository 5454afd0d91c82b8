//! A transport that has its reply already, and the provider that uses it, in both generations of jobs.

use super::providers::{Tomba, Transport, TransportError, packs, transport::Connection};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response};
use leadmill_core::{
    Account, Operation,
    pack::{Percent, Risk},
};
use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The key, which nothing may show.
pub(super) const KEY: &str = "ta_canary0key";

/// The secret, which nothing may show.
pub(super) const SECRET: &str = "ts_0canary0-0000-4000-8000-00000secret0";

/// The provider, whose replies are made up.
pub(super) struct Made {
    pub(super) tomba: Tomba,
    pub(super) generation: u32,
    pub(super) canned: Arc<Canned>,
}

/// Gives the reply that it holds to whatever is sent.
#[derive(Debug)]
pub(super) struct Canned(Mutex<Held>);

#[derive(Debug)]
struct Held {
    outcome: Result<Response<Bytes>, TransportError>,
    sent: Vec<String>,
}

impl Canned {
    /// Holds another reply.
    pub(super) fn hold(&self, outcome: Result<Response<Bytes>, TransportError>) {
        *self.held() = Held { outcome, sent: Vec::new() };
    }

    /// The addresses that were asked since.
    pub(super) fn sent(&self) -> Vec<String> {
        self.held().sent.clone()
    }

    /// A parameter of the last address.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let sent = self.sent();
        let (_, query) = sent.last()?.split_once('?')?;
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(key, _)| *key == name).map(|(_, v)| v.to_owned())
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
        let address = request.uri().to_string();
        assert!(address.starts_with("https://api.tomba.io/v1/"), "{address}");
        let body = String::from_utf8_lossy(request.body());
        for hidden in [KEY, SECRET] {
            assert!(!address.contains(hidden) && !body.contains(hidden), "{address}");
        }
        // What risks a whole job: to make one, and to pay for it.
        let path = request.uri().path();
        let is_made = request.method() == Method::POST && !path.ends_with("/retry");
        let is_whole = is_made || path.ends_with("/download");
        assert_eq!(is_whole, connection == Connection::Fresh, "{request:?}");
        let mut held = self.held();
        held.sent.push(address);
        held.outcome.clone()
    }
}

/// The provider as a pipeline uses it that asks for all that there is, in each generation.
pub(super) fn made() -> Option<Vec<Made>> {
    [1, 2].into_iter().map(of).collect()
}

fn of(generation: u32) -> Option<Made> {
    let outcome = Err(TransportError::Unsent(String::new()));
    let canned = Arc::new(Canned(Mutex::new(Held { outcome, sent: Vec::new() })));
    let mut pack = packs().ok()?.into_iter().find(|pack| pack.name == "tomba")?;
    pack.jobs.generation = NonZeroU32::new(generation);
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
    let tomba = Tomba::new(account, KEY, SECRET, canned.clone()).ok()?;
    let tomba = tomba.drawing_for([Operation::FindEmail, Operation::VerifyEmail]);
    Some(Made { tomba, generation, canned })
}
