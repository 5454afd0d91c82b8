//! What a job is created from.

use super::{
    super::families::NotAsked,
    Generation, fields, name,
    settings::{self, Settings},
    ties::{self, PREFIX},
};
use leadmill_core::{Batch, Operation};
use serde::Serialize;
use serde_json::{Map, Value};
use std::iter::once;

/// The body of a creation. It does not launch: whether a launch was refused would be told in words only.
///
/// # Source
/// Reference 11.4. An option that a tool does not take is refused even where it is false, so none is sent that is not
/// needed.
#[derive(Serialize)]
struct Draft<'a> {
    name: String,
    data: Vec<Vec<&'a str>>,
    has_header: bool,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Writes the body. What is said for the whole job must be the same in all of its questions.
pub(super) fn write(batch: &Batch, generation: Generation) -> Result<Vec<u8>, NotAsked> {
    let operation = batch.operation;
    let asked = fields(operation);
    let inputs = operation.inputs().iter().take(asked.len());
    // No result is called as one of these, so that none hides another.
    let mut header: Vec<String> =
        inputs.map(|input| format!("{PREFIX}{}", input.name)).collect();
    header.push(format!("{PREFIX}id"));
    let ids: Vec<String> = batch.keys.iter().map(|key| ties::id(*key)).collect();
    let first = header.iter().map(String::as_str).collect();
    let rows = batch.queries.iter().zip(&ids).map(|(query, id)| {
        query.values().take(asked.len()).chain(once(id.as_str())).collect()
    });
    let mut rest = columns(asked, generation);
    rest.extend(options(batch, generation)?);
    let draft = Draft {
        name: name(batch.id),
        data: once(first).chain(rows).collect(),
        has_header: true,
        rest,
    };
    serde_json::to_vec(&draft).map_err(|error| NotAsked(error.to_string()))
}

/// Where the columns stand that are asked with.
///
/// # Source
/// Reference 11.1 and 11.4. Of the first generation it is documented that there are `column_*`, counted from one: that
/// they are called as those of the second is assumed. The second ignores them.
fn columns(asked: &[&str], generation: Generation) -> Map<String, Value> {
    let place = |(place, field): (usize, &&str)| match generation {
        Generation::First => (format!("column_{field}"), (place + 1).into()),
        Generation::Second => (format!("{field}_field_index"), place.into()),
    };
    asked.iter().enumerate().map(place).collect()
}

/// What goes for the whole job. Only searches of domains have any.
fn options(
    batch: &Batch,
    generation: Generation,
) -> Result<Map<String, Value>, NotAsked> {
    if batch.operation != Operation::SearchDomain {
        return Ok(Map::new());
    }
    let mut all = batch.queries.iter().map(Settings::of);
    let first = all.next().ok_or_else(|| NotAsked("no question".to_owned()))?;
    if all.any(|other| other != first) {
        return Err(NotAsked("the questions of one job have other settings".to_owned()));
    }
    settings::options(&first, generation)
}
