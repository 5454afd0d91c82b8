//! What was asked lately, by whom and from where.

use super::super::{Tomba, wire::Text};
use super::me::text;
use leadmill_core::{ProviderError, Reply};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use url::form_urlencoded::Serializer;

/// A request to the API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct LogEntry {
    /// The provider's name for it.
    #[serde(deserialize_with = "text")]
    pub id: Option<String>,
    /// What kind of work it was.
    #[serde(rename(deserialize = "type"), deserialize_with = "text")]
    pub kind: Option<String>,
    /// What was asked for, without the credentials.
    #[serde(deserialize_with = "text")]
    pub uri: Option<String>,
    /// What it cost: requests as text, or `true` or `false` where the provider only tells whether it was charged.
    #[serde(deserialize_with = "cost")]
    pub cost: Option<String>,
    /// How it was asked.
    #[serde(rename(deserialize = "http_method"), deserialize_with = "text")]
    pub method: Option<String>,
    /// Through what, such as `api`.
    #[serde(deserialize_with = "text")]
    pub source: Option<String>,
    /// By which program.
    #[serde(deserialize_with = "text")]
    pub user_agent: Option<String>,
    /// From which address.
    #[serde(deserialize_with = "text")]
    pub ip_address: Option<String>,
    /// When, as the provider writes it.
    #[serde(deserialize_with = "text")]
    pub created_at: Option<String>,
}

impl Tomba {
    /// Reads a page of the log, counted from 1: the last 1,000 requests of the last 90 days are in it.
    pub async fn logs(
        &self,
        page: u32,
        limit: u32,
    ) -> Result<Reply<Vec<LogEntry>>, ProviderError> {
        let mut query = Serializer::new(String::new());
        query.append_pair("page", &page.to_string());
        query.append_pair("limit", &limit.to_string());
        let path = format!("/logs?{}", query.finish());
        self.look("reading the log", &path).await
    }
}

fn cost<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    let value = Value::deserialize(d)?;
    match value.as_bool() {
        Some(is_charged) => Ok(Some(is_charged.to_string())),
        None => Ok(Text::deserialize(value).unwrap_or_default().0),
    }
}
