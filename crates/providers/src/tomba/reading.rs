//! From bodies to findings, with what each answer costs: no reply carries a bill.

use super::{
    families::{self, Answer},
    wire::{Envelope, is_empty, phone_numbers},
};
use leadmill_core::{Answered, Credits, Finding, Operation, Query, pack::Offer};
use serde::de::Error as _;
use serde_json::Value;

/// What each telephone number costs that comes with another answer.
///
/// # Source
/// Reference 4.1, the provider's own actors. All that we send declines them.
const PHONE: Credits = Credits(5);

/// Addresses of a domain that one credit buys, by one of two price lists. By the other it buys one.
///
/// # Source
/// Rate-limits page.
pub(super) const ADDRESSES: u64 = 10;

/// Most numbers that one price of a telephone lookup covers.
///
/// # Source
/// Rate-limits page: the price is for as many at most.
const NUMBERS: u64 = 10;

/// Reads the answer to a single call. An error where the body holds none: whether it was charged is not known, and
/// asking again is free.
pub(super) fn single(
    query: &Query,
    offer: &Offer,
    body: &[u8],
) -> Result<Answered, serde_json::Error> {
    let key = query.key();
    let envelope = Envelope::read(body)?;
    let data = envelope.data.ok_or_else(|| none("no member `data`"))?;
    if is_empty(&data) {
        return Ok(Answered {
            key,
            finding: Finding::Miss,
            credits: Some(Credits::ZERO),
        });
    }
    let is_answer = match &data {
        Value::Array(items) => items.iter().any(Value::is_object),
        data => data.is_object(),
    };
    if !is_answer {
        return Err(none("`data` is neither an object nor a list of them"));
    }
    let credits = charge(query, offer, &data);
    if query.is_unlike([families::echo(query.operation(), &data)]) {
        let finding = Finding::Unknown("the reply is about another address".into());
        return Ok(Answered { key, finding, credits: Some(credits) });
    }
    let meta = envelope.meta.whole();
    let finding = families::finding(query.into(), Answer { data, meta });
    let finding = finding.ok_or_else(|| none("no answer of this operation's"))?;
    Ok(Answered { key, finding, credits: Some(credits) })
}

fn none(what: &str) -> serde_json::Error {
    serde_json::Error::custom(what)
}

/// What an answer that says something costs, by the larger of two price lists, and never less. That a question was
/// asked before within 30 days, and is free, no reply tells.
///
/// # Source
/// Reference 4.1 and 4.2, assumption A1: also what finds nobody costs its price where `data` is not empty; a page of a
/// domain costs by the addresses that were asked for, or one for each that has come, whichever is more (section 3 of what
/// was observed). A page of companies costs its price also where none is on it, and
/// by what is on it where that is more than the price is said to buy.
fn charge(query: &Query, offer: &Offer, data: &Value) -> Credits {
    let units = match query.operation() {
        Operation::SearchDomain => {
            let asked = u64::from(families::page_size(query));
            asked.div_ceil(ADDRESSES).max(families::on_domain(data))
        }
        Operation::SearchCompanies => {
            let companies = families::on_page(data);
            companies.div_ceil(u64::from(offer.each.get())).max(1)
        }
        Operation::FindPhone => {
            let numbers = data.as_array().map_or(1, Vec::len) as u64;
            numbers.div_ceil(NUMBERS)
        }
        _ => 1,
    };
    price_of_unit(offer) * units + PHONE * phone_numbers(data)
}

/// What one question costs that asks for no more rows than one price buys. The price of an offer is for all of the rows
/// that one question can ask for.
pub(super) fn price_of_unit(offer: &Offer) -> Credits {
    let most = offer.rows.map_or(1, |rows| rows.get().div_ceil(offer.each.get()));
    Credits(offer.price.0.div_ceil(u64::from(most)))
}
