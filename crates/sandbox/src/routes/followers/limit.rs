//! Whether the team may use company followers, and how much of the day is left.

use axum::extract::State;
use serde::Serialize;
use tokio::time::Instant;

use super::quota;
use crate::access::Access;
use crate::envelope::{Envelope, RequestMeta};
use crate::sandbox::Sandbox;

/// A team that is not approved sees its status alone.
#[derive(Debug, Serialize)]
pub(crate) struct LimitData {
    status: String,
    #[serde(flatten)]
    quota: Option<Quota>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Quota {
    daily_limit: u64,
    daily_used: u64,
    daily_remaining: u64,
    credits_per_profile: u64,
}

/// `GET /company-follower/limit`
pub(crate) async fn limit(State(sandbox): State<Sandbox>) -> Envelope<LimitData> {
    let knobs = &sandbox.options().followers;
    let account = &mut *sandbox.account();
    let daily_used = quota::used(&sandbox, account, Instant::now());
    let quota = Quota {
        daily_limit: knobs.daily_limit,
        daily_used,
        daily_remaining: knobs.daily_limit.saturating_sub(daily_used),
        credits_per_profile: knobs.price,
    };
    let data = LimitData {
        status: knobs.access.to_string(),
        quota: (knobs.access == Access::Approved).then_some(quota),
    };
    Envelope::new(data, RequestMeta { request_id: sandbox.request_id(account) })
}
