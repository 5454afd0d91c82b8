//! What the server of any provider lends to what goes wrong with all of them.

use std::time::Duration;

use axum::response::Response;

use crate::chaos::Chance;

/// The server of a provider.
pub(crate) trait Host: Clone + Send + Sync + 'static {
    /// Where the path of its API begins; requests elsewhere are no requests to the provider.
    const BASE: &'static str;

    /// Throws the dice of what goes wrong.
    fn chance<T>(&self, throw: impl FnOnce(&mut Chance) -> T) -> T;

    /// How long the next way to the server, or back, takes.
    fn way(&self) -> Duration;

    /// 503 in the provider's words: nothing happened.
    fn unavailable() -> Response;

    /// 500 in the provider's words: whatever happened, happened.
    fn internal() -> Response;
}
