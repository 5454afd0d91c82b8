//! What phone finder and reverse lookup have in common: one contract, kept by each.

use std::ops::Range;

use serde_json::{Value, json};

use super::client::{Reply, get, post, read, send};
use crate::{Sandbox, answer_phones, answer_reverse};

mod jobs;
mod money;
mod refusals;

/// A family of endpoints, asked about the same crowd.
pub(super) struct Family {
    pub(super) price: u64,
    pub(super) most: usize,
    pub(super) title: &'static str,
    pub(super) unit: &'static str,
    pub(super) uncharged: &'static str,
    pub(super) message: &'static str,
    pub(super) bulk: &'static str,
    /// The route of a status in the audit.
    pub(super) route: &'static str,
    /// Whether results leave out misses.
    pub(super) omits: bool,
    pub(super) is_hit: fn(usize) -> bool,
}

pub(super) const PHONES: Family = Family {
    price: 500,
    most: 500_000,
    title: "Phone finder",
    unit: "contacts",
    uncharged: "unreached contacts",
    message: "Bulk phone lookup job created",
    bulk: "/reverse-lookup/phones/bulk",
    route: "GET /reverse-lookup/phones/bulk/{jobId}",
    omits: false,
    is_hit: |nth| !answer_phones(0, &email(nth), "").is_empty(),
};

pub(super) const REVERSE: Family = Family {
    price: 10,
    most: 100_000,
    title: "Reverse lookup",
    unit: "emails",
    uncharged: "unknown emails",
    message: "Bulk lookup job created",
    bulk: "/reverse-lookup/bulk-lookup",
    route: "GET /reverse-lookup/bulk-lookup/{batchId}",
    omits: true,
    is_hit: |nth| answer_reverse(0, &email(nth)).is_some(),
};

pub(super) const FAMILIES: [Family; 2] = [PHONES, REVERSE];

/// The address of the nth of the crowd.
pub(super) fn email(nth: usize) -> String {
    format!("Ada{nth}@X.io")
}

pub(super) fn emails(count: usize) -> Value {
    json!({ "emails": (0..count).map(email).collect::<Vec<_>>() })
}

impl Family {
    /// Asks about one of the crowd.
    pub(super) async fn ask(&self, sandbox: &Sandbox, nth: usize) -> Reply {
        let (method, path, body) = self.question(nth);
        read(send(sandbox, method, &path, &body).await).await
    }

    /// The method, path and body of a single lookup.
    pub(super) fn question(&self, nth: usize) -> (&'static str, String, String) {
        let (email, base) = (email(nth), "/api/v3/reverse-lookup");
        match self.omits {
            true => {
                ("POST", format!("{base}/lookup"), json!({ "email": email }).to_string())
            }
            false => ("GET", format!("{base}/phones?email={email}"), String::new()),
        }
    }

    /// Submits the first of the crowd; gives the job's id.
    pub(super) async fn submit(&self, sandbox: &Sandbox, count: usize) -> String {
        let reply = post(sandbox, self.bulk, emails(count)).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.at("/data/batchId").as_str().unwrap().to_owned()
    }

    pub(super) async fn status(&self, sandbox: &Sandbox, id: &str) -> Reply {
        get(sandbox, &format!("{}/{id}", self.bulk)).await
    }

    pub(super) async fn results(
        &self,
        sandbox: &Sandbox,
        id: &str,
        query: &str,
    ) -> Reply {
        get(sandbox, &format!("{}/{id}/results{query}", self.bulk)).await
    }

    /// How many of the first of the crowd are hits.
    pub(super) fn hits(&self, count: usize) -> u64 {
        (0..count).filter(|nth| (self.is_hit)(*nth)).count() as u64
    }

    /// How many results the items at these positions have.
    pub(super) fn shown(&self, positions: Range<usize>) -> usize {
        positions.filter(|nth| !self.omits || (self.is_hit)(*nth)).count()
    }

    /// The first of the crowd that is a hit, or is not.
    pub(super) fn first(&self, hit: bool) -> usize {
        (0..).find(|nth| (self.is_hit)(*nth) == hit).unwrap()
    }
}

/// The names in an object, in order.
pub(super) fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> =
        object.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

pub(super) fn length(reply: &Reply) -> usize {
    reply.at("/data/results").as_array().unwrap().len()
}
