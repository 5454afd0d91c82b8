//! Pages of results: every answer is one that an item gave, and of its operation's form.

use super::super::held::finding;
use super::providers::Enrich;
use super::{canned::price, told::Told};
use leadmill_core::{Operation, Page, Query, QueryKey};
use serde_json::Value as Json;

/// What holds of every page.
pub(super) fn page(enrich: &Enrich, told: &Told, page: &Page) {
    // Where results name no question and leave misses out, the only one's miss is no item.
    let lone = super::names_none(told.operation);
    let most = if lone { page.items.max(1) } else { page.items };
    assert!(page.answers.len() as u64 <= most, "more answers than items");
    assert!(page.ready || !page.failed, "failed before its end");
    let price = price(enrich, told.operation);
    for answer in &page.answers {
        finding(told.operation, &answer.finding);
        assert!(answer.credits.is_none_or(|credits| credits <= price), "{answer:?}");
    }
    if lone {
        return;
    }
    let Some(body) = told.body() else { return };
    let items = items(&body).and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    if body.is_object() && body["data"].is_array() || items.iter().any(Json::is_array) {
        return;
    }
    let keys: Vec<QueryKey> =
        items.iter().flat_map(|item| keys(told.operation, item)).collect();
    for answer in &page.answers {
        assert!(keys.contains(&answer.key), "no item answers {:?}", answer.key);
    }
}

/// A single answer echoes no other question, however it is spelt.
pub(super) fn about(told: &Told, query: &Query) {
    let Some(body) = told.body() else { return };
    if told.operation == Operation::UnlockName {
        let names = body["data"]["results"].as_array().map_or(&[][..], Vec::as_slice);
        let mut echoes = names.iter().filter_map(|name| key(told.operation, name));
        assert!(names.is_empty() || echoes.any(|echo| echo == query.key()), "{names:?}");
        return;
    }
    let echo = body.get("data").and_then(|data| echo(told.operation, data));
    assert!(echo.is_none_or(|echo| !query.is_unlike(echo)), "an answer about {echo:?}");
}

/// A reply without doubled members, and the same with an item that cannot be read among the others.
pub(super) fn damaged(told: &Told) -> Option<(Told, Told)> {
    let mut body = told.body()?;
    let whole = told.with(body.to_string());
    let holder = match body["data"].is_object() {
        true => &mut body["data"],
        false => &mut body,
    };
    let results = match holder.get_mut("results")? {
        results if results.is_object() => results.get_mut("revealed")?,
        results => results,
    };
    let results = results.as_array_mut()?;
    results.insert(results.len() / 2, Json::from(7));
    Some((whole, told.with(body.to_string())))
}

fn items(body: &Json) -> Option<&Json> {
    let results = match body.get("data") {
        None | Some(Json::Null) => body.get("results"),
        Some(data) => data.get("results"),
    };
    // Of a reveal job they are in the company of its bill.
    results.map(|results| results.get("revealed").unwrap_or(results))
}

/// The question that an item echoes.
fn key(operation: Operation, item: &Json) -> Option<QueryKey> {
    Query::key_of(operation, echo(operation, item)?).ok()
}

/// The questions that it may be about: also in a plain spelling, and by each of the names that it tells.
fn keys(operation: Operation, item: &Json) -> Vec<QueryKey> {
    let Some(echo) = echo(operation, item) else { return Vec::new() };
    let by_address = [None, echo[1], None];
    let choices = [Some(echo), (operation == Operation::FindPhone).then_some(by_address)];
    let keys = choices.into_iter().flatten().flat_map(|raw| {
        [Query::key_of(operation, raw), Query::plain_key_of(operation, raw)]
    });
    keys.flatten().collect()
}

/// The inputs of a question as an item gives them back.
fn echo(operation: Operation, item: &Json) -> Option<[Option<&str>; 3]> {
    let text = |name: &str| item.get(name).and_then(Json::as_str);
    Some(match operation {
        Operation::VerifyEmail => [text("email"), None, None],
        Operation::FindPhone => [text("linkedin"), text("email"), None],
        Operation::FindPerson
        | Operation::FindEmployees
        | Operation::SearchPeople
        | Operation::FindFollowers
        | Operation::CountFollowers
        | Operation::SearchLeads
        | Operation::ExportLeads => return None,
        Operation::RevealEmail
        | Operation::RevealPhone
        | Operation::RevealContact
        | Operation::UnlockName => [text("id"), None, None],
        Operation::FindEmail => [text("firstName"), text("lastName"), text("domain")],
        // Not sold here.
        _ => return None,
    })
}
