//! `GET /email-verifier`

use serde_json::json;

use super::super::answer::{Answer, Wanted};
use super::super::answers::domains::seen;
use super::super::answers::people::with_phones;
use super::super::answers::person::Person;
use super::super::answers::verification::verify;
use super::super::failure::Failure;
use super::super::normal;
use super::super::options::Options;
use super::super::params::Params;
use super::super::prices::Yield;

/// What an address is worth. One of webmail that could not be asked is a miss.
pub(super) fn verifier(
    params: &Params<'_>,
    options: &Options,
) -> Result<Answer, Failure> {
    let email = params.need("email", normal::is_email)?;
    let verified = verify(options.seed, email);
    let question = vec![verified.email.clone()];
    if verified.result.is_none() {
        return Ok(Answer::missed(options, Wanted::Thing, question));
    }
    let mut body = json!({ "sources": seen(options.seed, email) });
    let mut phones = 0;
    if params.flag("enrich_mobile") {
        let person = Person {
            email: Some(verified.email.clone()),
            phone_number: Some(true),
            ..Person::default()
        };
        let numbers = with_phones(options.seed, person).phone_data.unwrap_or_default();
        phones = numbers.len() as u64;
        body["phone_data"] = json!(numbers);
    }
    body["email"] = json!(verified);
    let found = Yield { emails: 1, phones, ..Yield::default() };
    Ok(Answer::found(body, found, question))
}
