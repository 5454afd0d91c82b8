//! What the server of any provider lends to what goes wrong with all of them.

use std::future::Future;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

use crate::chaos::{Chance, chaos};
use crate::latency::hold_up;

/// The server of a provider.
pub(crate) trait Host: Clone + Send + Sync + 'static {
    /// Where the path of its API begins; requests elsewhere are no requests to the provider.
    const BASE: &'static str;

    /// Throws the dice of what goes wrong.
    fn chance<T>(&self, throw: impl FnOnce(&mut Chance) -> T) -> T;

    /// Whether anything is to go wrong at all.
    fn is_troubled(&self) -> bool;

    /// Whether the ways take any time.
    fn is_far(&self) -> bool;

    /// How long the next way to the server, or back, takes.
    fn way(&self) -> Duration;

    /// 503 in the provider's words: nothing happened.
    fn unavailable() -> Response;

    /// 500 in the provider's words: whatever happened, happened.
    fn internal() -> Response;
}

/// Puts what goes wrong around a server, and the way to it around that.
pub(crate) fn around<H: Host>(host: &H, mut router: Router<H>) -> Router {
    if host.is_troubled() {
        router = router.layer(from_fn_with_state(host.clone(), chaos::<H>));
    }
    if host.is_far() {
        router = router.layer(from_fn_with_state(host.clone(), hold_up::<H>));
    }
    router.with_state(host.clone())
}

/// Serves on a socket until the future is dropped. A failed accept is tried again.
pub(crate) fn listen(
    router: Router,
    listener: TcpListener,
) -> impl Future<Output = io::Result<()>> + Send + 'static + use<> {
    // Replies are small and waited for: without this each waits for the last one's acknowledgement.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    async move { axum::serve(listener, router).await }
}
