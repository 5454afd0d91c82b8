//! Callbacks: what Enrich.so posts to a job's `webhookUrl`, one for each item and one at the end.
//!
//! They are unsigned, and may be lost, doubled or made up. One is only a hint that a job is worth a look,
//! so it is read no further than to which job it means: nothing else in it is trusted, kept or copied.

use super::wire::Text;
use leadmill_core::JobId;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The longest job id that is read, in bytes.
const LONGEST_ID: usize = 128;

/// A hint that something has happened to a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// The job, if it is one of ours: anybody may have posted this.
    pub job: JobId,
    /// What is said to have happened.
    pub kind: Kind,
    /// The product whose job it is said to be.
    pub family: Family,
}

/// What a callback tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One item has its result.
    Result,
    /// The job has ended, well or not.
    Completion,
}

/// The products that send callbacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// E-mail validation.
    Validation,
    /// E-mail finder.
    Finder,
    /// Phone finder.
    Phone,
    /// Reverse e-mail lookup.
    Reverse,
    /// A company's followers.
    CompanyFollower,
}

/// Reads the body of any callback.
///
/// `None` for an unknown event, for what is no JSON object, for an event or id that is missing or there
/// twice, and for an id of more than 128 bytes or with other characters than `A-Z a-z 0-9 _ . : -`.
/// All other members may hold anything, to any depth, and cost nothing but the reading.
pub fn read(body: &[u8]) -> Option<Callback> {
    let body: Body<'_> = object(str::from_utf8(body).ok()?)?;
    let (family, kind) = meaning(&text(body.event?)?)?;
    let job = match family {
        Family::CompanyFollower => body.batch_id,
        Family::Validation | Family::Finder | Family::Phone | Family::Reverse => {
            object::<Data<'_>>(body.data?.get())?.job_id
        }
    };
    let job = text(job?)?;
    is_id(&job).then(|| Callback { job: JobId(job.into_owned()), kind, family })
}

/// What an event's name says. The names are irregular, and `email_…` are those of two products.
///
/// # Source
/// Reference §13.2.
fn meaning(event: &str) -> Option<(Family, Kind)> {
    Some(match event {
        "webhook:email_lookup.completed" => (Family::Validation, Kind::Result),
        "validation.completed" => (Family::Validation, Kind::Completion),
        "webhook:finder_lookup.completed" => (Family::Finder, Kind::Result),
        "finder.completed" => (Family::Finder, Kind::Completion),
        "webhook:phone_result.completed" => (Family::Phone, Kind::Result),
        "webhook:phone_completion.completed" => (Family::Phone, Kind::Completion),
        "webhook:email_result.completed" => (Family::Reverse, Kind::Result),
        "webhook:email_completion.completed" => (Family::Reverse, Kind::Completion),
        "webhook:company_follower_result.completed" => {
            (Family::CompanyFollower, Kind::Result)
        }
        "webhook:company_follower_completion.completed" => {
            (Family::CompanyFollower, Kind::Completion)
        }
        _ => return None,
    })
}

/// The members that may matter, unread: whatever stands there is passed over without being built.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow, rename = "batchId")]
    batch_id: Option<&'a RawValue>,
}

/// The member of `data` that matters.
#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    job_id: Option<&'a RawValue>,
}

/// Reads an object, which serde alone would take from a list too.
fn object<'a, T: Deserialize<'a>>(json: &'a str) -> Option<T> {
    let is_object = json.trim_ascii_start().starts_with('{');
    is_object.then(|| serde_json::from_str(json).ok())?
}

fn text(json: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text<'_>>(json.get()).ok().map(|text| text.0)
}

fn is_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(plain)
}

#[cfg(test)]
mod tests;
