//! The wallet, and what has moved it.

use super::{Desk, Told};
use crate::{
    exit::Failure,
    table::{plain, table},
};
use leadmill_core::Call;
use leadmill_providers::enrich::account::{
    Kind, Movement, Movements, Pagination, Wallet,
};
use serde_json::json;

/// Reads the wallet.
pub(super) async fn balance(desk: &mut Desk<'_>) -> Result<Told, Failure> {
    let wallet = read(desk).await?;
    let Wallet { organization_id, balance, currency, as_of } = &wallet;
    let line =
        format!("{balance} {currency} in the wallet of team {organization_id}, {as_of}");
    Ok(Told { text: format!("{}\n", plain(&line)), json: json!({ "wallet": wallet }) })
}

/// The wallet, which also tells whose it is.
pub(super) async fn read(desk: &mut Desk<'_>) -> Result<Wallet, Failure> {
    desk.look(Call::Balance, async |enrich| enrich.wallet().await).await
}

/// Lists a page of transactions.
pub(super) async fn transactions(
    desk: &mut Desk<'_>,
    page: u32,
    limit: u32,
    kind: Option<Kind>,
) -> Result<Told, Failure> {
    let movements = desk
        .look(Call::Transactions, async |enrich| {
            enrich.movements(page, limit, kind).await
        })
        .await?;
    let Movements { transactions, pagination } = &movements;
    let heads = ["when", "type", "amount", "balance", "description", "more"];
    let mut text = table(heads, transactions.iter().map(row));
    let Pagination { page, total, total_pages, .. } = pagination;
    text.push_str(&format!("page {page} of {total_pages}; in all: {total}\n"));
    Ok(Told { text, json: json!(movements) })
}

fn row(movement: &Movement) -> [String; 6] {
    let Movement { kind, amount, balance_after, description, created_at, .. } = movement;
    let more = movement.metadata.iter().flatten();
    let more: Vec<String> = more.map(|(name, value)| format!("{name}={value}")).collect();
    [
        created_at.clone(),
        kind.clone(),
        amount.to_string(),
        balance_after.to_string(),
        description.clone(),
        more.join(" "),
    ]
}
