//! What helps to write the filters of a lead search.

use super::{Desk, Told};
use crate::{
    exit::Failure,
    pipeline::meant,
    table::{plain, table},
};
use leadmill_core::Call;
use leadmill_providers::enrich::account::{Filter, Filters, Id, LeadCount, SavedSearch};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs};

/// Lists the filters, or the values of one.
pub(super) async fn options(
    desk: &mut Desk<'_>,
    filter: Option<&str>,
) -> Result<Told, Failure> {
    let all =
        desk.look(Call::Account, async |enrich| enrich.filter_options().await).await?;
    let Some(name) = filter else {
        let heads = ["filter", "category", "values", "at most"];
        let text = table(heads, all.iter().map(row));
        return Ok(Told { text, json: json!({ "filters": all }) });
    };
    let Some(filter) = all.get(name) else { return Err(unknown(name, &all)) };
    let text = match filter.values.is_empty() {
        true => "any text\n".to_owned(),
        false => lines(&filter.values),
    };
    Ok(Told { text, json: json!({ "filters": { name: filter } }) })
}

fn row((name, filter): (&String, &Filter)) -> [String; 4] {
    let values = match filter.values.as_slice() {
        [] => "any text".to_owned(),
        values => values.len().to_string(),
    };
    let most = filter.max_selections.map(|most| most.to_string());
    [
        name.clone(),
        filter.category.clone().unwrap_or_default(),
        values,
        most.unwrap_or_default(),
    ]
}

fn unknown(name: &str, all: &BTreeMap<String, Filter>) -> Failure {
    let failure = Failure::invalid(format!("no options are listed for `{name}`"));
    match meant(name, all.keys().map(String::as_str)) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn lines(values: &[String]) -> String {
    values.iter().map(|value| format!("{}\n", plain(value))).collect()
}

/// Suggests names of companies.
pub(super) async fn suggest(
    desk: &mut Desk<'_>,
    text: &str,
    limit: u32,
) -> Result<Told, Failure> {
    let values = desk
        .look(Call::Account, async |enrich| enrich.suggest(text, limit).await)
        .await?;
    Ok(Told { text: lines(&values), json: json!({ "values": values }) })
}

/// Lists the saved searches.
pub(super) async fn searches(desk: &mut Desk<'_>) -> Result<Told, Failure> {
    let searches =
        desk.look(Call::Account, async |enrich| enrich.searches().await).await?;
    let row = |search: &SavedSearch| {
        let SavedSearch { id, name, filters, updated_at, .. } = search.clone();
        let filters = Value::Object(filters).to_string();
        [id.to_string(), name, updated_at.unwrap_or_default(), filters]
    };
    let text = table(["id", "name", "changed", "filters"], searches.iter().map(row));
    Ok(Told { text, json: json!({ "searches": searches }) })
}

/// Saves a search.
pub(super) async fn save(
    desk: &mut Desk<'_>,
    name: &str,
    filters: &str,
) -> Result<Told, Failure> {
    let filters = read(filters)?;
    let search = desk
        .change("searches", async |enrich| enrich.save_search(name, &filters).await)
        .await?;
    let line = format!("saved `{}`: search {}", search.name, search.id);
    Ok(Told { text: format!("{}\n", plain(&line)), json: json!({ "search": search }) })
}

/// Deletes a saved search.
pub(super) async fn delete(desk: &mut Desk<'_>, search: &Id) -> Result<Told, Failure> {
    desk.change("searches", async |enrich| enrich.delete_search(search).await).await?;
    Ok(Told {
        text: format!("deleted search {search}\n"),
        json: json!({ "deleted": search }),
    })
}

/// Counts the leads of a search.
pub(super) async fn count(
    desk: &mut Desk<'_>,
    filters: &str,
    exclude: Option<&str>,
) -> Result<Told, Failure> {
    let (filters, exclude) = (read(filters)?, exclude.map(read).transpose()?);
    let counted = desk
        .look(Call::Account, async |enrich| {
            enrich.count_leads(&filters, exclude.as_ref()).await
        })
        .await?;
    let LeadCount { count, search_type, is_approximate, searched_total_result } =
        &counted;
    let about = if *is_approximate { "about " } else { "" };
    let mut line = format!("{about}{count} leads, by {search_type}");
    if let Some(total) = searched_total_result {
        line.push_str(&format!("; {total} before any cap"));
    }
    Ok(Told { text: format!("{}\n", plain(&line)), json: json!(counted) })
}

/// Filters as they were typed, or as a file has them.
fn read(typed: &str) -> Result<Filters, Failure> {
    let from_file = typed.strip_prefix('@').map(|file| {
        fs::read_to_string(file)
            .map_err(|error| Failure::invalid(format!("filters {file}: {error}")))
    });
    let text = from_file.transpose()?;
    serde_json::from_str(text.as_deref().unwrap_or(typed)).map_err(|error| {
        Failure::invalid(format!("the filters are no JSON object: {error}"))
            .hint(r#"write --filters '{"jobLevel":["VP"]}', or --filters @file.json"#)
    })
}
