//! The balance and its history.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::body::page_query;
use crate::envelope::{Envelope, RequestMeta};
use crate::page::{PageBounds, PageQuery, Pagination};
use crate::problem::Problem;
use crate::sandbox::Sandbox;
use crate::timestamp;
use crate::wallet::{Transaction, TransactionKind};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WalletBalance {
    organization_id: String,
    balance: u64,
    currency: &'static str,
    as_of: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct WalletTransactions {
    transactions: Vec<WalletTransaction>,
    pagination: Pagination,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct WalletTransaction {
    id: String,
    organization_id: String,
    r#type: TransactionKind,
    amount: i64,
    balance_after: u64,
    description: String,
    metadata: Metadata,
    created_at: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_id: Option<String>,
}

/// `GET /wallets/balance`. The schema has no `meta`; live it comes with `requestId`.
pub(crate) async fn balance(State(sandbox): State<Sandbox>) -> Envelope<WalletBalance> {
    let account = &mut *sandbox.account();
    let data = WalletBalance {
        organization_id: sandbox.organization(),
        balance: account.wallet.balance(),
        currency: "credits",
        as_of: timestamp::format(sandbox.wall_time(Instant::now())),
    };
    Envelope::new(data, RequestMeta { request_id: sandbox.request_id(account) })
}

/// `GET /wallets/transactions`, newest first.
pub(crate) async fn transactions(
    State(sandbox): State<Sandbox>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Envelope<WalletTransactions>, Problem> {
    let query = page_query(query)?;
    let clamp = sandbox.options().clamp_limit;
    let page = query.page(PageBounds { usual: 50, most: 100, clamp })?;
    let kind = query.r#type.as_deref().map(transaction_kind).transpose()?;
    let account = sandbox.account();
    let rows = account.wallet.transactions();
    let wanted = || {
        rows.iter()
            .enumerate()
            .filter(|(_, row)| kind.is_none_or(|kind| row.kind == kind))
    };
    let total = if kind.is_none() { rows.len() } else { wanted().count() };
    let range = page.range(total);
    let transactions = wanted()
        .rev()
        .skip(range.start)
        .take(range.len())
        .map(|(index, row)| wire(&sandbox, index, row))
        .collect();
    let pagination = page.of(total);
    Ok(Envelope::bare(WalletTransactions { transactions, pagination }))
}

fn wire(sandbox: &Sandbox, index: usize, row: &Transaction) -> WalletTransaction {
    WalletTransaction {
        id: sandbox.id('d', index as u64 + 1),
        organization_id: sandbox.organization(),
        r#type: row.kind,
        amount: row.amount,
        balance_after: row.balance_after,
        description: row.description.clone(),
        metadata: Metadata { batch_id: row.batch.clone() },
        created_at: timestamp::format(row.at),
    }
}

fn transaction_kind(name: &str) -> Result<TransactionKind, Problem> {
    let name: StrDeserializer<'_, Error> = name.into_deserializer();
    TransactionKind::deserialize(name)
        .map_err(|_| Problem::validation("querystring/type Invalid enum value"))
}
