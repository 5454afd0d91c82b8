//! `leadmill check`: is the file right? Nothing is asked.

use crate::{
    args::FileArgs,
    exit::{Exit, Failure},
    prepared::{Checked, prepare},
    terminal::Terminal,
    whose,
};
use serde_json::json;
use std::collections::BTreeMap;

/// Checks the file, and its expressions where the source can be opened without a network.
pub(crate) async fn check(args: &FileArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let file = args.file.display();
    let (columns, accounts) = match prepare(args, terminal, true).await? {
        Checked::Whole(prepared) => {
            let columns: Vec<String> = prepared
                .output
                .fields()
                .iter()
                .map(|field| field.name().clone())
                .collect();
            terminal.print(&format!(
                "{file} is right: {} files of leads, {} steps, {} columns out\n",
                prepared.source.files(),
                prepared.steps.len(),
                columns.len()
            ));
            let accounts = whose::known(&prepared).await;
            for (provider, account) in &accounts {
                terminal.print(&format!(
                    "{provider} is {account}, as it has told the state\n"
                ));
            }
            (Some(columns), accounts)
        }
        Checked::Unopened => {
            terminal.print(&format!(
                "{file} is well formed; its source is remote, so that its expressions were not checked\n"
            ));
            (None, BTreeMap::new())
        }
    };
    terminal.last_line(&json!({
        "status": "right", "exit_code": 0, "source_opened": columns.is_some(), "columns": columns,
        "accounts": accounts,
    }));
    Ok(Exit::Done)
}
