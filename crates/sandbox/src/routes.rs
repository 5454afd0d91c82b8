//! The endpoints, one family a file, and what they share.

pub(crate) mod body;
pub(crate) mod counted;
pub(crate) mod finder;
pub(crate) mod flat;
pub(crate) mod followers;
pub(crate) mod lookup;
pub(crate) mod own;
pub(crate) mod paid;
pub(crate) mod phones;
pub(crate) mod polls;
pub(crate) mod reverse;
pub(crate) mod submit;
pub(crate) mod teams;
pub(crate) mod validation;
pub(crate) mod wallets;

use crate::problem::Problem;

/// 404 for a path or method that the API does not have.
pub(crate) async fn unknown_route() -> Problem {
    Problem::not_found("Route not found")
}
