//! The limits that providers have told runs, as the summaries of those have them: the account's own, and what their headers
//! named.

use leadmill_core::{Account, Scope, Window};
use leadmill_state::RunRecord;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Write};

/// By account the windows of each scope, by the last run that was told any.
#[derive(Debug, Default)]
pub(crate) struct OwnLimits(BTreeMap<String, Vec<(Scope, Window)>>);

impl OwnLimits {
    /// Reads the runs of a state, oldest first.
    pub(crate) fn of(runs: &[RunRecord]) -> Self {
        let mut limits = BTreeMap::new();
        for summary in runs.iter().filter_map(|run| run.summary.as_deref()) {
            let summary: Value = serde_json::from_str(summary).unwrap_or_default();
            let accounts = summary.get("accounts").and_then(Value::as_object);
            for (name, account) in accounts.into_iter().flatten() {
                let learnt = account.get("learnt_limits").and_then(Value::as_array);
                let learnt: Vec<_> =
                    learnt.into_iter().flatten().filter_map(window).collect();
                if !learnt.is_empty() {
                    limits.insert(name.clone(), learnt);
                }
            }
        }
        Self(limits)
    }

    /// Narrows the windows of an account to these: the strictest of all sources holds.
    pub(crate) fn narrow(&self, account: &mut Account) {
        for (scope, window) in self.0.get(&account.name).into_iter().flatten() {
            let windows = account.windows.entry(scope.clone()).or_default();
            match windows.iter_mut().find(|known| known.per == window.per) {
                Some(known) => known.limit = known.limit.min(window.limit),
                None => windows.push(*window),
            }
        }
    }

    /// A line for each account that is named, for people.
    pub(crate) fn text(&self, accounts: &[String]) -> String {
        let mut text = String::new();
        for (account, limits) in self.0.iter().filter(|(name, _)| accounts.contains(name))
        {
            let mut scopes: BTreeMap<&Scope, Vec<String>> = BTreeMap::new();
            for (scope, window) in limits {
                scopes.entry(scope).or_default().push(window.to_string());
            }
            let scopes: Vec<String> = scopes
                .into_iter()
                .map(|(scope, windows)| format!("{scope} {}", windows.join(" ")))
                .collect();
            _ = writeln!(
                text,
                "{account}: limits as the last run was told them: {}",
                scopes.join(", ")
            );
        }
        text
    }

    /// The same, for programs.
    pub(crate) fn json(&self, accounts: &[String]) -> Value {
        let known = self.0.iter().filter(|(name, _)| accounts.contains(name));
        let limits = known.map(|(account, limits)| {
            let limits = limits.iter().map(
                |(scope, window)| json!({ "scope": scope, "window": window.to_string() }),
            );
            (account.clone(), limits.collect::<Value>())
        });
        limits.collect::<serde_json::Map<_, _>>().into()
    }

    /// All accounts of which any are known.
    pub(crate) fn accounts(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}

fn window(learnt: &Value) -> Option<(Scope, Window)> {
    let text = |name| learnt.get(name).and_then(Value::as_str);
    Some((Scope(text("scope")?.into()), text("found")?.parse().ok()?))
}
