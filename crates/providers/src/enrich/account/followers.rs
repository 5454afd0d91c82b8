//! What a day holds of the followers of companies.

use super::super::Action;
use crate::Enrich;
use leadmill_core::{Credits, ProviderError, Reply, Terms};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Number, Value};

/// `GET /company-follower/limit`. A team that is not approved has a status alone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "camelCase"))]
pub struct FollowerLimit {
    /// Whether the team may: `approved`, `pending`, `rejected`, `revoked` or `none`, or a newer one.
    pub status: String,
    /// Most profiles of a day.
    pub daily_limit: Option<u64>,
    /// Those of today.
    pub daily_used: Option<u64>,
    /// What is left of today.
    pub daily_remaining: Option<u64>,
    /// The team's own price, in credits.
    #[serde(default, deserialize_with = "number")]
    pub credits_per_profile: Option<Number>,
}

/// A number, also where it comes as text.
fn number<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Number>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => Some(number),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

impl FollowerLimit {
    /// What it comes to for a team that may.
    ///
    /// # Errors
    /// Why another may not.
    pub fn terms(&self) -> Result<Terms, String> {
        if self.status != "approved" {
            let status = &self.status;
            return Err(format!(
                "company followers need an approved team (access status: {status})"
            ));
        }
        // What we owe is never understated.
        let price = self.credits_per_profile.as_ref().and_then(Number::as_f64);
        let price = price.map(|price| Credits(price.max(0.0).ceil() as u64));
        Ok(Terms {
            price,
            daily: self.daily_limit,
            left: self.daily_remaining,
            ..Terms::default()
        })
    }
}

impl Enrich {
    /// Reads whether the team may collect followers, and how many more today.
    pub async fn follower_limit(&self) -> Result<Reply<FollowerLimit>, ProviderError> {
        let action = Action::fixed("reading the daily limit of company followers");
        self.look(&action, "/company-follower/limit").await
    }
}
