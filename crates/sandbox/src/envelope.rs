//! The wrapping of every success, and the four kinds of `meta`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// `{"success": true, "data": …, "meta": …}`; some endpoints send no `meta`.
#[derive(Debug, Serialize)]
pub(crate) struct Envelope<D, M = RequestMeta> {
    success: bool,
    data: D,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<M>,
}

/// The `meta` of a status poll.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestMeta {
    /// Opaque.
    pub(crate) request_id: String,
}

/// The `meta` of a single lookup.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EnrichmentMeta {
    /// Opaque.
    pub(crate) request_id: String,
    /// Credits charged for this lookup.
    pub(crate) credits_used: u64,
    /// The balance afterwards.
    pub(crate) credits_remaining: u64,
    /// How long the server took.
    pub(crate) processing_time_ms: u64,
}

/// The `meta` of a submit.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchSubmitMeta {
    /// Opaque.
    pub(crate) request_id: String,
    /// Credits taken.
    pub(crate) credits_reserved: u64,
    /// The price of an item.
    pub(crate) credits_per_item: u64,
    /// The same as `credits_reserved`.
    pub(crate) estimated_credits: u64,
}

/// The `meta` of a page of results.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchResultsMeta {
    /// Opaque.
    pub(crate) request_id: String,
    /// Credits charged for the batch; absent until it is settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) credits_used: Option<u64>,
    /// Credits that came back; absent until the batch is settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) credits_refunded: Option<u64>,
    /// The balance now.
    pub(crate) credits_remaining: u64,
    /// Distinct items of the batch.
    pub(crate) total_items: usize,
    /// Items done.
    pub(crate) processed_items: usize,
}

impl<D> Envelope<D> {
    /// A success without `meta`.
    pub(crate) fn bare(data: D) -> Self {
        Self { success: true, data, meta: None }
    }
}

impl<D, M> Envelope<D, M> {
    /// A success with its `meta`.
    pub(crate) fn new(data: D, meta: M) -> Self {
        Self { success: true, data, meta: Some(meta) }
    }
}

impl<D: Serialize, M: Serialize> IntoResponse for Envelope<D, M> {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}
