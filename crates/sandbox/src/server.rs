//! The sandbox as a service: in process, or on a socket.

use std::future::Future;
use std::io;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

use crate::answers::{finder, validation};
use crate::chaos::chaos;
use crate::gate::{BASE, gate};
use crate::latency::hold_up;
use crate::leads;
use crate::options::Options;
use crate::people;
use crate::routes::finder::{EmailFinder, finder_results, finder_status};
use crate::routes::lookup::lookup;
use crate::routes::own::{audit, top_up};
use crate::routes::submit::submit;
use crate::routes::validation::{EmailValidation, validation_results, validation_status};
use crate::routes::wallets::{balance, transactions};
use crate::routes::{followers, phones, reverse, teams, unknown_route};
use crate::sandbox::Sandbox;

impl Sandbox {
    /// The API below `/api/v3`, and beside it, free and without a key, `GET /sandbox/audit` and
    /// `POST /sandbox/topup` with `{"credits": n}`.
    pub fn router(&self) -> Router {
        let api = |path: &str| format!("{BASE}/{path}");
        let [find, validate] = [api(finder::NAME), api(validation::NAME)];
        let router = Router::new()
            .route(&api("wallets/balance"), get(balance))
            .route(&api("wallets/transactions"), get(transactions))
            .route(&find, post(lookup::<EmailFinder>))
            .route(&format!("{find}/batch"), post(submit::<EmailFinder>))
            .route(&format!("{find}/batch/{{id}}"), get(finder_status))
            .route(&format!("{find}/batch/{{id}}/results"), get(finder_results))
            .route(&validate, post(lookup::<EmailValidation>))
            .route(&format!("{validate}/batch"), post(submit::<EmailValidation>))
            .route(&format!("{validate}/batch/{{id}}"), get(validation_status))
            .route(&format!("{validate}/batch/{{id}}/results"), get(validation_results))
            .merge(phones::routes())
            .merge(reverse::routes())
            .merge(followers::routes(self.options()))
            .merge(leads::routes(self.options()))
            .merge(people::routes())
            .merge(teams::routes())
            .route("/sandbox/audit", get(audit))
            .route("/sandbox/topup", post(top_up))
            .method_not_allowed_fallback(unknown_route)
            .fallback(unknown_route)
            .layer(from_fn_with_state(self.clone(), gate));
        let router = match self.options().chaos.is_empty() {
            true => router,
            false => router.layer(from_fn_with_state(self.clone(), chaos::<Self>)),
        };
        let Options { latency, jitter, .. } = self.options();
        let held_up = !latency.is_zero() || !jitter.is_zero();
        let router = match held_up {
            true => router.layer(from_fn_with_state(self.clone(), hold_up::<Self>)),
            false => router,
        };
        router.with_state(self.clone())
    }

    /// Serves on a socket until the future is dropped.
    ///
    /// # Errors
    /// None in practice: a failed accept is tried again.
    pub fn serve(
        &self,
        listener: TcpListener,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static + use<> {
        let router = self.router();
        // Replies are small and waited for: without this each waits for the last one's acknowledgement.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        async move { axum::serve(listener, router).await }
    }
}
