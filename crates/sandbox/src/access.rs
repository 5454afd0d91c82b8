//! Parts of the API that a team must apply for.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use serde::Serialize;

use crate::problem::Problem;
use crate::routes::body::drain;
use crate::words::worded;

/// What has become of a team's application for a part of the API (section 14, row 27).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Access {
    /// It has access.
    #[default]
    Approved,
    /// It has applied.
    Pending,
    /// It was turned down.
    Rejected,
    /// It had access, and has it no more.
    Revoked,
    /// It has not applied.
    None,
}

worded!(
    Access,
    "access",
    [
        ("approved", Approved),
        ("pending", Pending),
        ("rejected", Rejected),
        ("revoked", Revoked),
        ("none", None),
    ]
);

/// A part of the API, and what became of the application for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Door {
    /// What the part is called, e.g. `Lead Finder`.
    pub(crate) name: &'static str,
    /// Whether the team may enter.
    pub(crate) access: Access,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccessStatus {
    access_status: String,
}

/// Refuses teams without access.
pub(crate) async fn admit(
    State(door): State<Door>,
    request: Request,
    next: Next,
) -> Response {
    let Some(detail) = door.refusal() else { return next.run(request).await };
    drain(request).await;
    let access_status = door.access.to_string();
    Problem::access_denied(detail).extended(AccessStatus { access_status })
}

impl Door {
    /// Why the team may not enter.
    fn refusal(self) -> Option<String> {
        let Self { name, access } = self;
        Some(match access {
            Access::Approved => return None,
            Access::Pending => {
                format!("Your team's application for {name} access is pending.")
            }
            Access::Rejected => {
                format!("Your team's application for {name} access was rejected.")
            }
            Access::Revoked => format!("Your team's {name} access was revoked."),
            Access::None => format!(
                "Your team has not applied for {name} access. Please submit an application first."
            ),
        })
    }
}
