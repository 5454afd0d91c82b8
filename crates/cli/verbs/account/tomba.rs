//! What an account at Tomba tells of itself.

use super::{Desk, Told};
use crate::{
    exit::Failure,
    table::{plain, table},
};
use leadmill_providers::tomba::account::{LogEntry, Profile, Quota, UsageRow};
use serde_json::json;

/// Whose it is, and what its quotas hold.
pub(super) async fn me(desk: &mut Desk<'_>) -> Result<Told, Failure> {
    let me = desk.look_at_tomba(async |tomba| tomba.me().await).await?;
    let Profile { email, plan, quotas, .. } = &me;
    let plan = plan.as_ref().and_then(|plan| plan.name.as_deref());
    let line = format!(
        "{}, plan {}",
        email.as_deref().unwrap_or("unknown"),
        plan.unwrap_or("unknown")
    );
    let mut text = format!("{}\n", plain(&line));
    let quotas = quotas.clone().unwrap_or_default();
    let rows = [
        ("searches", quotas.searches),
        ("verifications", quotas.verifications),
        ("phones", quotas.phones),
        ("count", quotas.count),
        ("similar", quotas.similar),
        ("technologies", quotas.technologies),
    ];
    let rows = rows.into_iter().filter_map(|(name, quota)| Some(row(name, quota?)));
    text.push_str(&table(["quota", "of the plan", "used"], rows));
    Ok(Told { text, json: json!({ "me": me }) })
}

fn row(name: &str, quota: Quota) -> [String; 3] {
    [name.to_owned(), number(quota.available), number(quota.used)]
}

fn number(number: Option<i64>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| number.to_string())
}

/// What was used.
pub(super) async fn usage(desk: &mut Desk<'_>) -> Result<Told, Failure> {
    let usage = desk.look_at_tomba(async |tomba| tomba.usage().await).await?;
    let row = |name: &str, row: &UsageRow| {
        let when = row.created_at.clone().unwrap_or_else(|| name.to_owned());
        let counts = [row.search, row.verifier, row.phones].map(number);
        let [search, verifier, phones] = counts;
        [when, search, verifier, phones]
    };
    let rows = usage.rows.iter().map(|used| row("-", used));
    let rows = rows.chain([row("in all", &usage.total)]);
    let text = table(["when", "searches", "verifications", "phones"], rows);
    Ok(Told { text, json: json!({ "usage": usage }) })
}

/// What was asked, newest first.
pub(super) async fn logs(
    desk: &mut Desk<'_>,
    page: u32,
    limit: u32,
) -> Result<Told, Failure> {
    let logs = desk.look_at_tomba(async |tomba| tomba.logs(page, limit).await).await?;
    let cell = |cell: &Option<String>| cell.clone().unwrap_or_default();
    let rows =
        logs.iter().map(|LogEntry { created_at, uri, .. }| [cell(created_at), cell(uri)]);
    let text = table(["when", "what"], rows);
    Ok(Told { text, json: json!({ "logs": logs }) })
}
