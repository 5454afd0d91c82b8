//! `leadmill packs`: what is known about the providers.

use crate::{
    exit::{Exit, Failure},
    prepared,
    terminal::Terminal,
};
use leadmill_core::{Field, FieldKind, Lane, Operation, Pack, Window, pack::Offer};
use serde_json::{Value, json};
use std::fmt::Write;

/// Lists operations with their inputs and fields, and each provider's prices and limits.
pub(crate) fn packs(terminal: &Terminal) -> Result<Exit, Failure> {
    let packs = prepared::packs()?;
    let mut text = String::new();
    for operation in Operation::ALL {
        operation_text(&mut text, operation);
        fields_text(&mut text, "", operation.fields());
    }
    packs.iter().for_each(|pack| pack_text(&mut text, pack));
    terminal.print(&text);
    terminal.last_line(&json!({
        "operations": Operation::ALL.map(operation_json),
        "packs": packs.iter().map(pack_json).collect::<Vec<_>>(),
    }));
    Ok(Exit::Done)
}

/// How a step asks it.
fn operation_text(text: &mut String, operation: Operation) {
    let inputs: Vec<&str> = operation.inputs().iter().map(|input| input.name).collect();
    let (key, inputs) = (operation.key(), inputs.join(", "));
    _ = match &*wishes(operation) {
        [] => writeln!(text, "{key} {{ {inputs} }}"),
        wishes => {
            let wishes = wishes.join(", ");
            writeln!(text, "{key} {{ {inputs}, fields: [{wishes}] }}: {operation}")
        }
    };
}

fn wishes(operation: Operation) -> Vec<&'static str> {
    operation.wishes().iter().map(|wish| wish.name()).collect()
}

fn pack_text(text: &mut String, pack: &Pack) {
    _ = writeln!(text, "\n{} (read on {} from {})", pack.name, pack.read, pack.source);
    for (operation, offer) in &pack.operations {
        let Offer { price, free, most_items, batch, page, .. } = offer;
        let each = match (offer.rows, offer.each.get()) {
            (None, _) => String::new(),
            (Some(_), 1) => " a row".to_owned(),
            (Some(_), rows) => format!(" for {rows} rows"),
        };
        let sizes = match offer.only {
            Some(Lane::Single) => "in single calls only".to_owned(),
            only => {
                let only = if only.is_some() { "; in jobs only" } else { "" };
                format!(
                    "up to {most_items} a batch, {batch} by default; {page} a page{only}"
                )
            }
        };
        _ = writeln!(
            text,
            "  {operation}: {price} credits{each}, nothing for {free}; {sizes}"
        );
    }
    for (plan, scopes) in &pack.plans {
        let scopes: Vec<String> = scopes
            .iter()
            .map(|(scope, windows)| format!("{scope} {}", list(windows)))
            .collect();
        _ = writeln!(text, "  plan {plan}: {}", scopes.join("; "));
    }
}

fn list(windows: &[Window]) -> String {
    windows.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Each field by its path, and what is within it.
fn fields_text(text: &mut String, prefix: &str, fields: &[Field]) {
    for field in fields {
        let path = format!("{prefix}{}", field.name);
        let kind = kind_name(field.kind);
        _ = writeln!(text, "  {path:<24} {kind:<12} {}", field.about);
        match field.kind {
            FieldKind::Struct(within) => fields_text(text, &format!("{path}."), within),
            FieldKind::List(FieldKind::Struct(within)) => {
                fields_text(text, &format!("{path}[n]."), within);
            }
            _ => {}
        }
    }
}

fn kind_name(kind: FieldKind) -> String {
    match kind {
        FieldKind::Text => "text".to_owned(),
        FieldKind::Integer => "integer".to_owned(),
        FieldKind::Flag => "flag".to_owned(),
        FieldKind::Struct(_) => "struct".to_owned(),
        FieldKind::List(items) => format!("list<{}>", kind_name(*items)),
    }
}

fn field_json(field: &Field) -> Value {
    let mut json = json!({ "name": field.name, "type": kind_name(field.kind), "about": field.about });
    let within = match field.kind {
        FieldKind::List(items) => *items,
        kind => kind,
    };
    if let FieldKind::Struct(within) = within {
        json["fields"] = within.iter().map(field_json).collect();
    }
    json
}

fn operation_json(operation: Operation) -> Value {
    let fields = operation.fields().iter().map(field_json);
    json!({
        "name": operation.name(),
        "key": operation.key(),
        "wanted": wishes(operation),
        "inputs": operation.inputs().iter().map(|input| input.name).collect::<Vec<_>>(),
        "fields": fields.collect::<Vec<_>>(),
    })
}

fn pack_json(pack: &Pack) -> Value {
    let operations = pack.operations.iter().map(|(operation, offer)| {
        json!({
            "operation": operation.name(),
            "price": offer.price.0,
            "least": offer.least.0,
            "per_row": offer.rows.is_some(),
            "rows_each": offer.rows.map(|_| offer.each),
            "fewest_rows": offer.fewest,
            "unbounded": offer.unbounded,
            "free": offer.free,
            "most_items": offer.most_items,
            "batch": offer.batch,
            "page": offer.page,
            "lane": offer.only,
        })
    });
    let plans: serde_json::Map<String, Value> = pack
        .plans
        .iter()
        .map(|(plan, scopes)| {
            let scopes: serde_json::Map<String, Value> = scopes
                .iter()
                .map(|(scope, windows)| {
                    (scope.to_string(), windows.iter().map(ToString::to_string).collect())
                })
                .collect();
            (plan.clone(), scopes.into())
        })
        .collect();
    json!({
        "name": pack.name,
        "read": pack.read,
        "source": pack.source,
        "operations": operations.collect::<Vec<_>>(),
        "plans": plans,
    })
}
