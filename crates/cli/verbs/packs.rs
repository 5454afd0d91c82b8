//! `leadmill packs`: what is known about the providers.

use crate::{
    exit::{Exit, Failure},
    prepared,
    terminal::Terminal,
};
use leadmill_core::{FieldKind, Operation, Pack, Window};
use serde_json::{Value, json};
use std::fmt::Write;

/// Lists operations with their inputs and fields, and each provider's prices and limits.
pub(crate) fn packs(terminal: &Terminal) -> Result<Exit, Failure> {
    let packs = prepared::packs()?;
    let mut text = String::new();
    for operation in Operation::ALL {
        let inputs: Vec<&str> =
            operation.inputs().iter().map(|input| input.name).collect();
        _ = writeln!(text, "{operation} {{ {} }}", inputs.join(", "));
        for field in operation.fields() {
            _ = writeln!(
                text,
                "  {:<18} {:<8} {}",
                field.name,
                kind_name(field.kind),
                field.about
            );
        }
    }
    packs.iter().for_each(|pack| pack_text(&mut text, pack));
    terminal.print(&text);
    terminal.last_line(&json!({
        "operations": Operation::ALL.map(operation_json),
        "packs": packs.iter().map(pack_json).collect::<Vec<_>>(),
    }));
    Ok(Exit::Done)
}

fn pack_text(text: &mut String, pack: &Pack) {
    _ = writeln!(text, "\n{} (read on {} from {})", pack.name, pack.read, pack.source);
    for (operation, offer) in &pack.operations {
        _ = writeln!(
            text,
            "  {operation}: {} credits, nothing for {}; up to {} a batch, {} by default; {} a page",
            offer.price, offer.free, offer.most_items, offer.batch, offer.page
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

const fn kind_name(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "text",
        FieldKind::Integer => "integer",
        FieldKind::Flag => "flag",
    }
}

fn operation_json(operation: Operation) -> Value {
    let fields = operation.fields().iter().map(|field| {
        json!({ "name": field.name, "type": kind_name(field.kind), "about": field.about })
    });
    json!({
        "name": operation.name(),
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
            "free": offer.free,
            "most_items": offer.most_items,
            "batch": offer.batch,
            "page": offer.page,
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
