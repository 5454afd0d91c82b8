//! A provider in the same process: every address is valid and costs one credit.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use leadmill_providers::{Transport, TransportError, transport::Connection};
use std::time::Duration;
use tokio::time::sleep;

/// The way to it, and what it takes to answer a question.
#[derive(Debug)]
pub(crate) struct AtHand {
    pub(crate) takes: Duration,
}

#[async_trait]
impl Transport for AtHand {
    async fn send(
        &self,
        request: Request<Bytes>,
        _: Connection,
    ) -> Result<Response<Bytes>, TransportError> {
        let path = request.uri().path();
        let (status, body) = match path.rsplit('/').next() {
            Some("email-validation") => {
                sleep(self.takes).await;
                (200, valid(&String::from_utf8_lossy(request.body())))
            }
            Some("balance") => {
                (200, r#"{"success":true,"data":{"balance":1000000000000}}"#.to_owned())
            }
            _ => (404, String::new()),
        };
        Response::builder()
            .status(status)
            .header("content-type", "application/json; charset=utf-8")
            .body(body.into())
            .map_err(|error| TransportError::Lost(error.to_string()))
    }
}

/// One validation, as the API's own examples show it, of the address that a request asks for.
fn valid(request: &str) -> String {
    let email = request.split('"').nth(3).unwrap_or_default();
    format!(
        r#"{{"success":true,"data":{{"email":"{email}","result":"valid","message":"Email is valid","isCatchAll":false,"isFederated":false,"hasSEG":false,"provider":"GOOGLE","confidence":"definitive"}},"meta":{{"requestId":"65f0000000000000000000a1","creditsUsed":1,"creditsRemaining":1000000000000,"processingTimeMs":1}}}}"#
    )
}
