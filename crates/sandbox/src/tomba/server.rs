//! The sandbox as a service: in process, or on a socket.

use std::future::Future;
use std::io;

use axum::extract::{Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use tokio::net::TcpListener;

use super::audit::Audit;
use super::failure::Failure;
use super::gate::gate;
use super::handle::{BASE, Tomba};
use super::pools::Pool;
use super::route::{self, NoRoute, Route};
use super::{account, body, bulk, lookup};
use crate::host::{around, listen};
use crate::routes::body::drain;

impl Tomba {
    /// The API below `/v1`, and beside it, free and without keys, `GET /sandbox/audit` and `POST /sandbox/topup`
    /// with `{"pool": "searches", "credits": n}`.
    pub fn router(&self) -> Router {
        let router = Router::new()
            .route("/sandbox/audit", get(audit))
            .route("/sandbox/topup", post(top_up))
            .fallback(serve)
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

/// Whatever is asked for below `/v1`.
async fn serve(State(tomba): State<Tomba>, request: Request) -> Response {
    let path = request.uri().path().strip_prefix(BASE);
    let generation = tomba.options().bulk.generation;
    let found = match path {
        Some(path) => route::find(request.method(), path, generation),
        None => Err(NoRoute::Unknown),
    };
    match found {
        Ok(Route::Lookup(endpoint, in_path)) => {
            lookup::lookup(&tomba, endpoint, in_path, request).await
        }
        Ok(Route::Reveal) => lookup::reveal(&tomba, request).await,
        Ok(Route::Me) => account::me(&tomba).into_response(),
        Ok(Route::Usage) => account::usage(&tomba).into_response(),
        Ok(Route::Logs) => account::logs(&tomba, request.uri()),
        Ok(Route::RateLimits) => account::rate_limits(&tomba),
        Ok(bulk_route) => bulk::serve::serve(&tomba, bulk_route, request).await,
        Err(why) => {
            drain(request).await;
            match why {
                NoRoute::Unknown => Failure::unknown_route().into_response(),
                NoRoute::WrongMethod => Failure::wrong_method().into_response(),
            }
        }
    }
}

#[derive(Debug, Deserialize)]
struct TopUp {
    pool: Pool,
    credits: i64,
}

async fn audit(State(tomba): State<Tomba>) -> Json<Audit> {
    Json(tomba.audit())
}

async fn top_up(
    State(tomba): State<Tomba>,
    request: Request,
) -> Result<Json<Audit>, Failure> {
    let (_, body) = body::read(request, tomba.options()).await?;
    let refuse = |_| Failure::params(tomba.options(), "Name a pool and credits.");
    let TopUp { pool, credits } = serde_json::from_slice(&body).map_err(refuse)?;
    tomba.top_up(pool, credits);
    Ok(Json(tomba.audit()))
}
