//! The calls of an account: what they send, how they read it, and what their failures mean.

mod refusals;
mod replies;
mod served;

use super::*;
use crate::{Transport, TransportError, packs};
use async_trait::async_trait;
use http::{Request, Response};
use leadmill_core::{
    Account,
    pack::{Percent, Risk},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

const KEY: &str = "sk_sandbox";

/// Every call of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Errand {
    Wallet,
    Movements,
    Members,
    Invitations,
    Invite,
    Cancel,
    Options,
    Suggest,
    Searches,
    Save,
    Delete,
    Count,
    Limit,
}

use Errand::{
    Cancel, Count, Delete, Invitations, Invite, Limit, Members, Movements, Options, Save,
    Searches, Suggest, Wallet as Balance,
};

/// All of them, with the request that each makes in [`run`].
const REQUESTS: [(Errand, &str); 13] = [
    (Balance, "GET /api/v3/wallets/balance"),
    (Movements, "GET /api/v3/wallets/transactions?page=2&limit=7&type=refund"),
    (Members, "GET /api/v3/teams/t1/members"),
    (Invitations, "GET /api/v3/teams/t1/invitations"),
    (
        Invite,
        r#"POST /api/v3/teams/t1/invitations {"email":"eve@example.com","role":"admin"}"#,
    ),
    (Cancel, "DELETE /api/v3/teams/t1/invitations/i1"),
    (Options, "GET /api/v3/lead-finder/filter-options"),
    (Suggest, "GET /api/v3/lead-finder/suggest?q=B%26B+%C3%BC&limit=5"),
    (Searches, "GET /api/v3/lead-finder/saved"),
    (
        Save,
        r#"POST /api/v3/lead-finder/saved {"name":"chiefs","filters":{"city":["Bern"]}}"#,
    ),
    (Delete, "DELETE /api/v3/lead-finder/saved/s1"),
    (
        Count,
        r#"POST /api/v3/lead-finder/count {"filters":{"city":["Bern"]},"excludeFilters":{"domain":"x.example"}}"#,
    ),
    (Limit, "GET /api/v3/company-follower/limit"),
];

/// Makes a call, and gives what it brought as JSON.
async fn run(errand: Errand, enrich: &Enrich) -> Result<Value, ProviderError> {
    fn value<T: Serialize>(reply: Reply<T>) -> Value {
        serde_json::to_value(reply.value).unwrap()
    }
    let (team, one) = (id("t1"), |text| id(text));
    let filters = object(json!({ "city": ["Bern"] }));
    let excluded = object(json!({ "domain": "x.example" }));
    Ok(match errand {
        Balance => value(enrich.wallet().await?),
        Movements => value(enrich.movements(2, 7, Some(Kind::Refund)).await?),
        Members => value(enrich.members(&team).await?),
        Invitations => value(enrich.invitations(&team).await?),
        Invite => value(enrich.invite(&team, "eve@example.com", Role::Admin).await?),
        Cancel => value(enrich.cancel(&team, &one("i1")).await?),
        Options => value(enrich.filter_options().await?),
        Suggest => value(enrich.suggest("B&B ü", 5).await?),
        Searches => value(enrich.searches().await?),
        Save => value(enrich.save_search("chiefs", &filters).await?),
        Delete => value(enrich.delete_search(&one("s1")).await?),
        Count => value(enrich.count_leads(&filters, Some(&excluded)).await?),
        Limit => value(enrich.follower_limit().await?),
    })
}

fn id(text: &str) -> Id {
    text.parse().unwrap()
}

fn object(value: Value) -> Filters {
    value.as_object().unwrap().clone()
}

/// The provider behind a transport.
fn enrich(transport: Arc<dyn Transport>) -> Enrich {
    let pack = packs().unwrap().swap_remove(0);
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
    Enrich::new(account, KEY, transport).unwrap().hiding(vec![KEY.to_owned()])
}

/// Gives one reply to whatever is asked, and keeps what was.
#[derive(Debug)]
struct Canned {
    outcome: Result<Response<Bytes>, TransportError>,
    asked: Mutex<Vec<String>>,
}

impl Canned {
    fn new(outcome: Result<Response<Bytes>, TransportError>) -> Arc<Self> {
        Arc::new(Self { outcome, asked: Mutex::default() })
    }

    fn reply(status: u16, body: &str) -> Arc<Self> {
        let response =
            Response::builder().status(status).body(body.to_owned().into()).unwrap();
        Self::new(Ok(response))
    }
}

#[async_trait]
impl Transport for Canned {
    async fn send(
        &self,
        request: Request<Bytes>,
        _: Connection,
    ) -> Result<Response<Bytes>, TransportError> {
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        let (method, to) = (request.method(), request.uri().path_and_query().unwrap());
        let asked = format!("{method} {to} {body}");
        self.asked.lock().unwrap().push(asked.trim_end().to_owned());
        self.outcome.clone()
    }
}
