//! The wallet as people read it: whose it is, what is in it, and what has moved it.

use super::{
    super::{Action, wire::Envelope},
    Id,
};
use crate::{Enrich, rate, transport::is_sandbox};
use leadmill_core::{
    ProviderError, Reply, Signals,
    identity::{Owner, shown},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};
use std::fmt;
use url::form_urlencoded::Serializer;

/// `GET /wallets/balance`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "camelCase"))]
pub struct Wallet {
    /// The team whose wallet it is.
    pub organization_id: Id,
    /// What is in it, to the fraction.
    pub balance: Number,
    /// What is counted: `credits`.
    pub currency: String,
    /// When, as RFC 3339.
    pub as_of: String,
}

/// `GET /wallets/transactions`: a page of them, newest first.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Movements {
    /// What is on the page.
    pub transactions: Vec<Movement>,
    /// Where the page stands.
    pub pagination: Pagination,
}

/// Where a page stands. Pages are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "camelCase"))]
pub struct Pagination {
    /// The page.
    pub page: u64,
    /// Most rows of a page.
    pub limit: u64,
    /// Rows on all pages.
    pub total: u64,
    /// All pages.
    pub total_pages: u64,
}

/// One change of the balance.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "camelCase"))]
pub struct Movement {
    /// The provider's name for it.
    pub id: String,
    /// Why: one of [`Kind`], or a newer one.
    #[serde(rename = "type")]
    pub kind: String,
    /// What came; negative where it went.
    pub amount: Number,
    /// What was in the wallet after it.
    pub balance_after: Number,
    /// What the provider says about it.
    pub description: String,
    /// What else there is to know, such as the batch. Free form.
    #[serde(default)]
    pub metadata: Option<Map<String, Value>>,
    /// When, as RFC 3339.
    pub created_at: String,
}

/// Why credits come and go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// They were spent, or reserved.
    Deduction,
    /// They were bought.
    Topup,
    /// The provider put something right.
    Adjustment,
    /// They came back.
    Refund,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deduction => "deduction",
            Self::Topup => "topup",
            Self::Adjustment => "adjustment",
            Self::Refund => "refund",
        })
    }
}

/// Of `GET /wallets/balance`, whose it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Whose {
    organization_id: Value,
}

impl Enrich {
    /// Reads whose the wallet is.
    pub async fn owner(&self) -> Result<Reply<Owner>, ProviderError> {
        let action = Action::fixed("reading whose wallet it is");
        let response = self.get(&action, "/wallets/balance").await?;
        let envelope: Envelope<Whose> = self.read(&action, &response)?;
        let team = match &envelope.data.organization_id {
            Value::String(team) => shown(team),
            Value::Number(team) => Some(team.to_string()),
            _ => None,
        };
        let name = team.map(|team| format!("team {team}"));
        let value = Owner { name, is_sandbox: is_sandbox(response.headers()) };
        let signals = Signals { balance: None, rates: rate::signals(response.headers()) };
        Ok(Reply { value, signals })
    }

    /// Reads the wallet, with its owner.
    pub async fn wallet(&self) -> Result<Reply<Wallet>, ProviderError> {
        self.look(&Action::fixed("reading the wallet"), "/wallets/balance").await
    }

    /// Reads a page of at most 100 transactions, counted from 1, of one kind or of all.
    pub async fn movements(
        &self,
        page: u32,
        limit: u32,
        kind: Option<Kind>,
    ) -> Result<Reply<Movements>, ProviderError> {
        let mut query = Serializer::new(String::new());
        query.append_pair("page", &page.to_string());
        query.append_pair("limit", &limit.to_string());
        query.extend_pairs(kind.map(|kind| ("type", kind.to_string())));
        let path = format!("/wallets/transactions?{}", query.finish());
        self.look(&Action::fixed("reading the wallet's transactions"), &path).await
    }
}
