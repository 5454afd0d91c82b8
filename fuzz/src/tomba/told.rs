//! Which call was answered, and with what: `<call> <operation> <status>` on the first line, then headers, a blank line
//! and a body. There is no input that is not a reply to something.

use super::super::written::{line, outcome};
use super::providers::TransportError;
use bytes::Bytes;
use http::{HeaderValue, Response};
use leadmill_core::Operation;

/// A call, and what comes back.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) call: Call,
    pub(super) operation: Operation,
    pub(super) outcome: Result<Response<Bytes>, TransportError>,
}

/// What was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Ask,
    Submit,
    Find,
    Launch,
    Retry,
    Poll,
    Estimate,
    Bill,
    Fetch,
    Terms,
    Balance,
}

const CALLS: [(&str, Call); 11] = [
    ("ask", Call::Ask),
    ("submit", Call::Submit),
    ("find", Call::Find),
    ("launch", Call::Launch),
    ("retry", Call::Retry),
    ("poll", Call::Poll),
    ("estimate", Call::Estimate),
    ("bill", Call::Bill),
    ("fetch", Call::Fetch),
    ("terms", Call::Terms),
    ("balance", Call::Balance),
];

/// What has jobs, and after it what has none.
const OPERATIONS: [Operation; 14] = [
    Operation::FindEmail,
    Operation::VerifyEmail,
    Operation::FindPerson,
    Operation::FindEmailByProfile,
    Operation::FindAuthor,
    Operation::ValidatePhone,
    Operation::FindCompany,
    Operation::FindSimilar,
    Operation::SearchDomain,
    Operation::FindPhone,
    Operation::FindTechnology,
    Operation::CountEmails,
    Operation::FindFormat,
    Operation::FindSources,
];

/// How many of them have jobs.
const JOBS: usize = 9;

impl Told {
    pub(super) fn read(data: &[u8]) -> Self {
        let (first, rest) = line(data);
        let mut words = first.split(|byte| *byte == b' ');
        let mut word = || words.next().unwrap_or_default();
        let (called, about) = (word(), word());
        let nth = |word: &[u8], of: usize| {
            usize::from(word.first().copied().unwrap_or_default()) % of
        };
        let call = CALLS.iter().find(|(name, _)| name.as_bytes() == called);
        let call = call.unwrap_or(&CALLS[nth(called, CALLS.len())]).1;
        let most = if call == Call::Ask { OPERATIONS.len() } else { JOBS };
        let mut offered = OPERATIONS.iter().take(most);
        let operation = offered.find(|operation| operation.name().as_bytes() == about);
        let operation = *operation.unwrap_or(&OPERATIONS[nth(about, most)]);
        Self { call, operation, outcome: outcome(word(), rest) }
    }

    /// The same with another body.
    pub(super) fn with(&self, body: Vec<u8>) -> Self {
        let outcome = self.outcome.clone();
        let outcome = outcome.map(|response| response.map(|_| Bytes::from(body)));
        Self { outcome, ..*self }
    }

    /// The status, where there is one.
    pub(super) fn status(&self) -> Option<u16> {
        self.outcome.as_ref().ok().map(|response| response.status().as_u16())
    }

    /// Whether the status says that the call has succeeded.
    pub(super) fn is_success(&self) -> bool {
        matches!(self.status(), Some(200..=299))
    }

    /// The body; empty where no response came.
    pub(super) fn body(&self) -> &[u8] {
        self.outcome.as_ref().map(|response| &response.body()[..]).unwrap_or_default()
    }

    /// All of the response as a text.
    pub(super) fn replied(&self) -> String {
        let headers = self.outcome.as_ref().ok().map(Response::headers);
        let headers = headers.into_iter().flat_map(|headers| headers.values());
        let parts = headers.map(HeaderValue::as_bytes).chain([self.body()]);
        let bytes = parts.collect::<Vec<_>>().join(&b'\n');
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
