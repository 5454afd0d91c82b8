//! Whose account it is, its plan and its quotas.
//!
//! The body holds the account's secret, and addresses for paying and for cancelling: they are not read.

use super::super::{
    Tomba, signals,
    wire::{Envelope, Part, Text, Whole},
};
use crate::transport::is_sandbox;
use leadmill_core::{
    ErrorKind, ProviderError, Reply,
    identity::{Owner, shown},
};
use serde::{Deserialize, Deserializer, Serialize};

/// `GET /me`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Profile {
    /// The account.
    #[serde(deserialize_with = "text")]
    pub user_id: Option<String>,
    /// Its address.
    #[serde(deserialize_with = "text")]
    pub email: Option<String>,
    /// The owner's given name.
    #[serde(deserialize_with = "text")]
    pub first_name: Option<String>,
    /// The owner's family name.
    #[serde(deserialize_with = "text")]
    pub last_name: Option<String>,
    /// What they may do, such as `owner`.
    #[serde(deserialize_with = "text")]
    pub role: Option<String>,
    /// In which time zone the account is kept.
    #[serde(deserialize_with = "text")]
    pub timezone: Option<String>,
    /// Since when, as the provider writes it.
    #[serde(deserialize_with = "text")]
    pub created_at: Option<String>,
    /// The plan.
    #[serde(rename(deserialize = "pricing"), deserialize_with = "part")]
    pub plan: Option<Plan>,
    /// The team, for those who are in one.
    #[serde(rename(deserialize = "teams"), deserialize_with = "part")]
    pub team: Option<Team>,
    /// What the plan holds, and what of it was used.
    #[serde(rename(deserialize = "requests"), deserialize_with = "part")]
    pub quotas: Option<Quotas>,
}

/// A plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Plan {
    /// Its name.
    #[serde(deserialize_with = "text")]
    pub name: Option<String>,
    /// How often it is paid for.
    #[serde(deserialize_with = "text")]
    pub frequency: Option<String>,
    /// Searches of a period.
    #[serde(deserialize_with = "whole")]
    pub available_searches: Option<i64>,
    /// Verifications of a period.
    #[serde(deserialize_with = "whole")]
    pub available_verifications: Option<i64>,
    /// Telephone numbers of a period.
    #[serde(deserialize_with = "whole")]
    pub available_phones: Option<i64>,
}

/// A team.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Team {
    /// Which.
    #[serde(deserialize_with = "text")]
    pub team_id: Option<String>,
    /// What the member may do.
    #[serde(deserialize_with = "text")]
    pub role: Option<String>,
    /// What the team is called.
    #[serde(deserialize_with = "text")]
    pub workspace: Option<String>,
    /// The most that the member may use of the team's quotas.
    #[serde(deserialize_with = "part")]
    pub limit: Option<TeamLimit>,
}

/// The most that a member may use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct TeamLimit {
    /// Searches.
    #[serde(deserialize_with = "whole")]
    pub search: Option<i64>,
    /// Verifications.
    #[serde(deserialize_with = "whole")]
    pub verifier: Option<i64>,
}

/// The quotas of the account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Quotas {
    /// Searches: most work.
    #[serde(rename(deserialize = "domains"), deserialize_with = "part")]
    pub searches: Option<Quota>,
    /// Verifications of addresses.
    #[serde(deserialize_with = "part")]
    pub verifications: Option<Quota>,
    /// Telephone numbers.
    #[serde(deserialize_with = "part")]
    pub phones: Option<Quota>,
    /// Counts of addresses.
    #[serde(deserialize_with = "part")]
    pub count: Option<Quota>,
    /// Similar companies.
    #[serde(deserialize_with = "part")]
    pub similar: Option<Quota>,
    /// Technologies.
    #[serde(deserialize_with = "part")]
    pub technologies: Option<Quota>,
}

/// One quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Quota {
    /// The plan's whole, not what is left.
    #[serde(deserialize_with = "whole")]
    pub available: Option<i64>,
    /// What of it was used.
    #[serde(deserialize_with = "whole")]
    pub used: Option<i64>,
}

impl Tomba {
    /// Reads whose the quotas are: the team's of those who are in one.
    pub async fn owner(&self) -> Result<Reply<Owner>, ProviderError> {
        let action = "reading whose account it is";
        let response = self.get(action, "/me").await?;
        let envelope = Envelope::read(response.body())
            .map_err(|error| self.unreadable(action, &error, &response))?;
        let me = Part::<Profile>::of(envelope.data.unwrap_or_default()).whole();
        let team = me.team.and_then(|team| shown(&team.team_id?));
        let user = me.user_id.and_then(|user| shown(&user));
        let name = team.map(|team| format!("team {team}"));
        let name = name.or_else(|| Some(format!("user {}", user?)));
        let value = Owner { name, is_sandbox: is_sandbox(response.headers()) };
        Ok(Reply { value, signals: signals(None, &response) })
    }

    /// Reads whose account it is, its plan and its quotas.
    pub async fn me(&self) -> Result<Reply<Profile>, ProviderError> {
        let action = "reading the account";
        let Reply { value, signals } = self.look::<Part<Profile>>(action, "/me").await?;
        let none = || "the reply holds no account".to_owned();
        let value =
            value.0.ok_or_else(|| self.failed(action, ErrorKind::InDoubt, none()))?;
        Ok(Reply { value, signals })
    }
}

pub(super) fn text<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    Text::deserialize(d).map(|text| text.0)
}

pub(super) fn whole<'de, D: Deserializer<'de>>(d: D) -> Result<Option<i64>, D::Error> {
    Whole::deserialize(d).map(|whole| whole.0)
}

fn part<'de, D: Deserializer<'de>, T: serde::de::DeserializeOwned>(
    d: D,
) -> Result<Option<T>, D::Error> {
    Part::deserialize(d).map(|part| part.0)
}
