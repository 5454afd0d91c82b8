//! What an account tells of itself: its plan and quotas, what was used, what was asked. None of it costs requests, and
//! none of it carries a secret.

mod calls;
mod limits;
mod logs;
mod me;
mod usage;

#[cfg(test)]
mod tests;

pub use logs::LogEntry;
pub use me::{Plan, Profile, Quota, Quotas, Team, TeamLimit};
pub use usage::{Usage, UsageRow};

use super::{Tomba, signals, wire::Envelope};
use leadmill_core::{ProviderError, Reply};
use serde::de::{DeserializeOwned, Error as _};

impl Tomba {
    /// Asks for what stands under a path, and reads the member `data` of it.
    async fn look<T: DeserializeOwned>(
        &self,
        action: &str,
        path: &str,
    ) -> Result<Reply<T>, ProviderError> {
        let response = self.get(action, path).await?;
        let none = || serde_json::Error::custom("no member `data`");
        let read = Envelope::read(response.body())
            .and_then(|envelope| envelope.data.ok_or_else(none))
            .and_then(|data| T::deserialize(self.hidden.out_of_json(data)));
        let value = read.map_err(|error| self.unreadable(action, &error, &response))?;
        Ok(Reply { value, signals: signals(None, &response) })
    }
}
