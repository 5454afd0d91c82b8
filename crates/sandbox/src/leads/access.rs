//! Whether the team may use the lead finder at all, and what its replies have in common.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use serde::Serialize;

use super::options::LeadAccess;
use crate::account::Account;
use crate::envelope::{Envelope, RequestMeta};
use crate::problem::Problem;
use crate::random::Random;
use crate::routes::body::drain;
use crate::sandbox::Sandbox;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    access_status: String,
}

/// Refuses teams without access (section 14, row 27).
pub(crate) async fn access(
    State(sandbox): State<Sandbox>,
    request: Request,
    next: Next,
) -> Response {
    let access = sandbox.options().leads.access;
    let detail = match access {
        LeadAccess::Approved => return next.run(request).await,
        LeadAccess::None => {
            "Your team has not applied for Lead Finder access. Please submit an application first."
        }
        LeadAccess::Pending => "Your team's application for Lead Finder is pending.",
        LeadAccess::Rejected => "Your team's application for Lead Finder was rejected.",
        LeadAccess::Revoked => "Your team's access to Lead Finder was revoked.",
    };
    drain(request).await;
    Problem::access_denied(detail).extended(Status { access_status: access.to_string() })
}

/// An id for one request of the lead finder.
pub(crate) fn request_id(sandbox: &Sandbox, account: &mut Account) -> String {
    format!("req_{:016x}", opaque(sandbox, account))
}

/// A number that tells nothing and that no other thing has.
pub(crate) fn opaque(sandbox: &Sandbox, account: &mut Account) -> u64 {
    Random::new(sandbox.options().seed, account.next_number()).number()
}

/// A success whose `meta` has the request's id and no credits.
pub(crate) fn envelope<D>(
    sandbox: &Sandbox,
    account: &mut Account,
    data: D,
) -> Envelope<D> {
    Envelope::new(data, RequestMeta { request_id: request_id(sandbox, account) })
}
