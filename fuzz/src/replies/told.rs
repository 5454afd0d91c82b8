//! A reply, written as people would write it, so that seeds can be read:
//!
//! ```text
//! submit find_email 200
//! X-RateLimit-Remaining: 59
//!
//! {"data":{"batchId":"65f000000000000000000001"}}
//! ```
//!
//! The first line may end in `unsent` or `lost` instead of a status. What makes no sense means something all
//! the same: there is no input that is not a reply to something.

use super::super::written::{line, outcome};
use super::providers::TransportError;
use bytes::Bytes;
use http::Response;
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
    Submit,
    Ask,
    Poll,
    Fetch,
    Balance,
    Transactions,
}

impl Told {
    pub(super) fn read(data: &[u8]) -> Self {
        let (first, rest) = line(data);
        let mut words = first.split(|byte| *byte == b' ');
        let mut word = || words.next().unwrap_or_default();
        let call = call(word());
        let mut operation = match word() {
            b"find_phone" => Operation::FindPhone,
            b"find_person" => Operation::FindPerson,
            b"find_employees" => Operation::FindEmployees,
            b"search_people" => Operation::SearchPeople,
            b"reveal_email" => Operation::RevealEmail,
            b"reveal_phone" => Operation::RevealPhone,
            b"reveal_contact" => Operation::RevealContact,
            b"unlock_name" => Operation::UnlockName,
            b"find_followers" => Operation::FindFollowers,
            b"count_followers" => Operation::CountFollowers,
            b"search_leads" => Operation::SearchLeads,
            b"export_leads" => Operation::ExportLeads,
            [b'v', ..] => Operation::VerifyEmail,
            _ => Operation::FindEmail,
        };
        let outcome = outcome(word(), rest);
        // Not every operation has every lane.
        match call {
            Call::Ask if is_reveal(operation) => operation = Operation::UnlockName,
            Call::Ask if is_list(operation) => operation = Operation::SearchLeads,
            Call::Submit | Call::Poll | Call::Fetch
                if operation == Operation::SearchLeads =>
            {
                operation = Operation::ExportLeads;
            }
            Call::Submit | Call::Poll | Call::Fetch
                if operation == Operation::UnlockName =>
            {
                operation = Operation::RevealEmail;
            }
            Call::Submit | Call::Poll | Call::Fetch
                if operation == Operation::FindEmployees =>
            {
                operation = Operation::FindEmail;
            }
            _ => {}
        }
        Self { call, operation, outcome }
    }

    /// Whether it tells how a reveal job goes.
    pub(super) fn is_of_reveal(&self) -> bool {
        matches!(self.call, Call::Poll | Call::Fetch) && is_reveal(self.operation)
    }

    /// Whether it is one whose bill, if there is one, stands in a header.
    pub(super) fn is_of_export(&self) -> bool {
        self.operation == Operation::ExportLeads
    }

    /// Whether it may be charged: an export never is.
    pub(super) fn is_paid(&self) -> bool {
        match self.call {
            Call::Ask => true,
            Call::Submit => !self.is_of_export(),
            _ => false,
        }
    }

    /// Whether it is the file of an export, and not how it goes.
    pub(super) fn is_file(&self) -> bool {
        self.is_of_export() && self.body().is_none()
    }

    /// Whether it may be the end of a job that the wallet did not cover.
    pub(super) fn is_uncovered(&self) -> bool {
        let Some(body) = self.body().filter(|_| self.is_of_reveal()) else {
            return false;
        };
        let error = body["data"]["error"].to_string().to_lowercase();
        error.contains("insufficient credit")
    }

    /// Whether no call has succeeded by it.
    pub(super) fn is_refused(&self) -> bool {
        self.outcome.as_ref().map_or(true, |response| !response.status().is_success())
    }

    /// Whether it is one that says that nothing was found.
    pub(super) fn is_miss(&self) -> bool {
        let names_nobody =
            matches!(self.operation, Operation::FindPhone | Operation::FindPerson);
        let status = self.outcome.as_ref().map(|response| response.status());
        self.call == Call::Ask
            && names_nobody
            && status.is_ok_and(|s| s == 404)
            && self.is_json_object()
    }

    /// Whether an error is of the one form that the reference calls canonical, and of a type that says so, if any.
    pub(super) fn is_problem(&self) -> bool {
        let Ok(response) = &self.outcome else { return false };
        let status = response.status();
        let is_typed = response.headers().contains_key(http::header::CONTENT_TYPE);
        let body: serde_json::Value =
            serde_json::from_slice(response.body()).unwrap_or_default();
        let said = |name: &str| body[name].as_str().filter(|said| said.len() > 3);
        let kind = said("type").unwrap_or_default();
        let is_of_record = status != 404 || kind.ends_with("/not-found");
        let is_about_a_route = said("detail").is_some_and(|said| {
            let said = said.trim().to_lowercase();
            ["route ", "cannot ", "no route"].iter().any(|word| said.starts_with(word))
        });
        !is_typed
            && !status.is_redirection()
            && said("title").is_some()
            && said("detail").is_some()
            && body["status"].as_u64() == Some(u64::from(status.as_u16()))
            && is_of_record
            && !is_about_a_route
            && body.as_object().is_some_and(|body| body.len() == 4)
    }

    /// Whether the body is an object, as all of the provider's are.
    pub(super) fn is_json_object(&self) -> bool {
        self.body().is_some_and(|body| body.is_object())
    }

    /// The same with another body.
    pub(super) fn with(&self, body: String) -> Self {
        let outcome = self.outcome.clone();
        let outcome = outcome.map(|response| response.map(|_| Bytes::from(body)));
        Self { outcome, ..*self }
    }

    /// The body as a value, where it is one. What is passed over may be no text.
    pub(super) fn body(&self) -> Option<serde_json::Value> {
        let body = self.outcome.as_ref().ok()?.body();
        serde_json::from_str(&String::from_utf8_lossy(body)).ok()
    }
}

fn is_reveal(operation: Operation) -> bool {
    operation.key() == "reveal_contact"
}

fn is_list(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::FindFollowers | Operation::CountFollowers | Operation::ExportLeads
    )
}

fn call(word: &[u8]) -> Call {
    match word.first().copied().unwrap_or_default() {
        b's' => Call::Submit,
        b'a' => Call::Ask,
        b'p' => Call::Poll,
        b'f' => Call::Fetch,
        b'b' => Call::Balance,
        b't' => Call::Transactions,
        other => match other % 4 {
            0 => Call::Submit,
            1 => Call::Ask,
            2 => Call::Poll,
            _ => Call::Fetch,
        },
    }
}
