//! `leadmill check`: is the file right? Nothing is asked.

use crate::{
    args::FileArgs,
    exit::{Exit, Failure},
    prepared::{Checked, prepare},
    terminal::Terminal,
};
use serde_json::json;

/// Checks the file, and its expressions where the source can be opened without a network.
pub(crate) async fn check(args: &FileArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let file = args.file.display();
    let (columns, opened) = match prepare(args, terminal, true).await? {
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
            (Some(columns), true)
        }
        Checked::Unopened => {
            terminal.print(&format!(
                "{file} is well formed; its source is remote, so that its expressions were not checked\n"
            ));
            (None, false)
        }
    };
    terminal.last_line(&json!({
        "status": "right", "exit_code": 0, "source_opened": opened, "columns": columns,
    }));
    Ok(Exit::Done)
}
