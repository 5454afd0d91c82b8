//! What a day holds of the followers of companies.

use super::{Desk, Told};
use crate::{exit::Failure, table::plain};
use leadmill_core::Call;
use leadmill_providers::enrich::account::FollowerLimit;
use serde_json::json;

/// Tells what is left of today.
pub(super) async fn limit(desk: &mut Desk<'_>) -> Result<Told, Failure> {
    let limit =
        desk.look(Call::Account, async |enrich| enrich.follower_limit().await).await?;
    let FollowerLimit {
        status, daily_limit, daily_remaining, credits_per_profile, ..
    } = &limit;
    let mut line = format!("access to company followers: {status}");
    if let (Some(remaining), Some(most)) = (daily_remaining, daily_limit) {
        line.push_str(&format!("; {remaining} of {most} profiles are left today"));
    }
    if let Some(credits) = credits_per_profile {
        line.push_str(&format!("; {credits} credits each"));
    }
    Ok(Told { text: format!("{}\n", plain(&line)), json: json!(limit) })
}
