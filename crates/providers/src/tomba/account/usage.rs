//! What was used, day by day.

use super::super::{Tomba, signals, wire::Many};
use super::me::{text, whole};
use leadmill_core::{ProviderError, Reply};
use serde::{Deserialize, Serialize, de::Error as _};
use serde_json::Value;

/// `GET /usage`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// What is told of each day, in the provider's order.
    pub rows: Vec<UsageRow>,
    /// The sums.
    pub total: UsageRow,
}

/// What was used of each kind of work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct UsageRow {
    /// When, as the provider writes it.
    #[serde(deserialize_with = "text")]
    pub created_at: Option<String>,
    /// Searches.
    #[serde(deserialize_with = "whole")]
    pub search: Option<i64>,
    /// Verifications.
    #[serde(deserialize_with = "whole")]
    pub verifier: Option<i64>,
    /// Telephone numbers.
    #[serde(deserialize_with = "whole")]
    pub phones: Option<i64>,
    /// Sources.
    #[serde(deserialize_with = "whole")]
    pub sources: Option<i64>,
    /// Similar companies.
    #[serde(deserialize_with = "whole")]
    pub similar: Option<i64>,
    /// Technologies.
    #[serde(deserialize_with = "whole")]
    pub technologies: Option<i64>,
    /// Counts of addresses.
    #[serde(deserialize_with = "whole")]
    pub email_count: Option<i64>,
    /// Exports.
    #[serde(deserialize_with = "whole")]
    pub export: Option<i64>,
    /// What came through the site.
    #[serde(deserialize_with = "whole")]
    pub source_website: Option<i64>,
    /// What came through jobs.
    #[serde(deserialize_with = "whole")]
    pub source_bulk: Option<i64>,
    /// What came through the browser extension.
    #[serde(deserialize_with = "whole")]
    pub source_extension: Option<i64>,
    /// What came through the API.
    #[serde(deserialize_with = "whole")]
    pub source_api: Option<i64>,
    /// What came through spreadsheets.
    #[serde(deserialize_with = "whole")]
    pub source_sheets: Option<i64>,
}

#[derive(Deserialize)]
struct Body {
    data: Vec<UsageRow>,
    #[serde(default)]
    total: Value,
}

impl Tomba {
    /// Reads what was used.
    pub async fn usage(&self) -> Result<Reply<Usage>, ProviderError> {
        let action = "reading the usage";
        let response = self.get(action, "/usage").await?;
        let read = match serde_json::from_slice(response.body()) {
            Ok(body @ Value::Object(_)) => {
                Body::deserialize(self.hidden.out_of_json(body))
            }
            Ok(_) => Err(serde_json::Error::custom("the body is no object")),
            Err(error) => Err(error),
        };
        let body = read.map_err(|error| self.unreadable(action, &error, &response))?;
        let total = Many::of(body.total).0.into_iter().next().unwrap_or_default();
        let value = Usage { rows: body.data, total };
        Ok(Reply { value, signals: signals(None, &response) })
    }
}
