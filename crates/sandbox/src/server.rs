//! The sandbox as a service: in process, or on a socket.

use std::future::Future;
use std::io;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tokio::net::TcpListener;

use crate::answers::{finder, validation};
use crate::gate::{BASE, gate};
use crate::host::{around, listen};
use crate::leads;
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
        around(self, router)
    }

    /// Serves on a socket until the future is dropped.
    ///
    /// # Errors
    /// None in practice: a failed accept is tried again.
    pub fn serve(
        &self,
        listener: TcpListener,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static + use<> {
        listen(self.router(), listener)
    }
}
