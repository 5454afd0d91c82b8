//! What an account can do beside enriching: its wallet, its team, its searches. None of it costs credits.
//!
//! Where a call changes something, its documentation says so: only then may its repetition do harm.

mod followers;
mod id;
mod leads;
mod team;
mod wallet;

#[cfg(test)]
mod tests;

pub use followers::FollowerLimit;
pub use id::{Id, NoId};
pub use leads::{Filter, Filters, LeadCount, SavedSearch};
pub use team::{Invitation, Member, Role};
pub use wallet::{Kind, Movement, Movements, Pagination, Wallet};

use super::{Action, Enrich, wire::Envelope};
use crate::{rate, transport::Connection};
use bytes::Bytes;
use http::Method;
use leadmill_core::{ErrorKind, ProviderError, Reply, Signals};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

impl Enrich {
    /// Asks for what stands under a path.
    async fn look<T: DeserializeOwned>(
        &self,
        action: &Action,
        path: &str,
    ) -> Result<Reply<T>, ProviderError> {
        self.tell(action, Method::GET, path, Bytes::new(), Connection::Pooled).await
    }

    /// Sends a body for something to be done with it. On a connection of its own a change is less often lost.
    async fn hand_over<T: DeserializeOwned>(
        &self,
        action: &Action,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Reply<T>, ProviderError> {
        let body = serde_json::to_vec(body)
            .map_err(|error| self.failed(action, ErrorKind::Unsent, error.to_string()))?;
        self.tell(action, Method::POST, path, body.into(), Connection::Fresh).await
    }

    /// Takes away what stands under a path; `was_done` finds in the reply whether it is gone.
    async fn take_away<T: DeserializeOwned>(
        &self,
        action: &Action,
        path: &str,
        was_done: fn(T) -> bool,
    ) -> Result<Reply<()>, ProviderError> {
        let Reply { value, signals } = self
            .tell(action, Method::DELETE, path, Bytes::new(), Connection::Fresh)
            .await?;
        match was_done(value) {
            true => Ok(Reply { value: (), signals }),
            false => {
                let detail = "the reply says that it was not done".to_owned();
                Err(self.failed(action, ErrorKind::Refused, detail))
            }
        }
    }

    async fn tell<T: DeserializeOwned>(
        &self,
        action: &Action,
        method: Method,
        path: &str,
        body: Bytes,
        connection: Connection,
    ) -> Result<Reply<T>, ProviderError> {
        let response = self.call(action, method, path, body, connection).await?;
        let body = self.hidden.out_of_json(self.read(action, &response)?);
        let envelope = Envelope::<T>::deserialize(body);
        let envelope = envelope.map_err(|error| self.unreadable(action, &error))?;
        let signals = Signals { balance: None, rates: rate::signals(response.headers()) };
        Ok(Reply { value: envelope.data, signals })
    }
}
