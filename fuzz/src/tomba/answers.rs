//! Answers to single questions, and the wallet.

use super::super::held::finding;
use super::{
    Judge,
    said::{Errors, Fullness, Said},
};
use leadmill_core::{Answered, Credits, Finding, Operation, Query};
use serde_json::Value;

/// What a telephone number costs that comes with another answer.
const NUMBER: u64 = 5;

/// An answer is one to its question, of its form, and costs its price where anything was said.
///
/// # Source
/// Reference 4.1, 4.2 and 5.6; assumption A8.
pub(super) fn single(judge: &Judge<'_>, query: &Query, answer: &Answered) {
    let said = judge.said;
    assert_eq!(answer.key, query.key(), "an answer to another question");
    finding(query.operation(), &answer.finding);
    let credits = answer.credits;
    match &answer.finding {
        Finding::Hit(_) | Finding::Miss => {
            assert!(credits.is_some(), "an answer without a price");
        }
        Finding::Unknown(why) => assert!(!why.is_empty(), "nothing is said"),
        Finding::Failed(why) => assert!(why.is_empty(), "surely free: {why}"),
    }
    let is_unknown = said.error_type() == Some("unknown_record");
    let is_refused = !judge.told.is_success() || said.errors == Errors::Surely;
    if is_unknown && is_refused || said.fullness() == Fullness::Empty {
        assert_eq!(answer.finding, Finding::Miss, "nothing was said");
        assert_eq!(credits, Some(Credits::ZERO), "what says nothing is free");
        return;
    }
    assert!(said.data().is_some(), "made up: {answer:?}");
    let is_hit = matches!(answer.finding, Finding::Hit(_));
    if is_hit || said.fullness() == Fullness::Full {
        let price = price(judge, query.operation());
        let numbers = if said.has_numbers() { NUMBER } else { 0 };
        let least = Credits(price + numbers);
        assert!(credits.is_none_or(|credits| credits >= least), "{credits:?} of {least}");
    }
    if query.operation() == Operation::VerifyEmail && is_hit {
        let about = said.json["data"]["email"]["email"].as_str();
        let about = about
            .and_then(|email| Query::key_of(Operation::VerifyEmail, [Some(email)]).ok());
        assert!(about.is_none_or(|about| about == query.key()), "about another address");
    }
}

/// The list price of what was asked for.
fn price(judge: &Judge<'_>, operation: Operation) -> u64 {
    let rows = || judge.made.canned.parameter("limit").and_then(|rows| rows.parse().ok());
    match operation {
        Operation::FindPhone => 10,
        Operation::SearchDomain => rows().map_or(1, |rows: u64| rows.div_ceil(10)),
        _ => 1,
    }
}

/// The wallet holds no more than any quota that questions draw on.
pub(super) fn balance(said: &Said, balance: Credits) {
    let quotas = &said.json["data"]["requests"];
    let mut are_told = false;
    for name in ["domains", "verifications"] {
        let quota = &quotas[name];
        let number = |name: &str| quota[name].as_i64().map(i128::from);
        are_told |= quota.is_object();
        if let (Some(whole), Some(used)) = (number("available"), number("used")) {
            let left = (whole - used).max(0);
            assert!(i128::from(balance.0) <= left, "{balance} of {left} left");
        }
        let fraction = |name: &str| quota[name].as_f64().filter(|_| quota[name].is_f64());
        if let (Some(whole), Some(used)) = (fraction("available"), fraction("used")) {
            let left = (whole - used).max(0.0) + 1.0;
            assert!(balance.0 as f64 <= left, "{balance} of {left} left");
        }
        assert_ne!(quota["available"], Value::Null, "of {name} nothing is told");
    }
    assert!(are_told, "made up: {balance}");
}
