//! `leadmill init`: a pipeline file to begin with.

use crate::{
    args::InitArgs,
    exit::{Exit, Failure},
    terminal::Terminal,
};
use serde_json::json;
use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write},
};

const TEMPLATE: &str = include_str!("init/pipeline.yaml");
const LEADS: &str = include_str!("init/leads.csv");

/// Writes the file and, beside it, a few leads to try it on. Replaces nothing.
pub(crate) fn init(args: &InitArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let leads = args.file.with_file_name("leads.csv");
    let mut written = Vec::new();
    for (path, text) in [(&args.file, TEMPLATE), (&leads, LEADS)] {
        let file = OpenOptions::new().create_new(true).write(true).open(path);
        match file.and_then(|mut file| file.write_all(text.as_bytes())) {
            Ok(()) => written.push(path.display().to_string()),
            // The user's own leads stay.
            Err(error) if error.kind() == ErrorKind::AlreadyExists && *path == leads => {}
            Err(error) => {
                return Err(Failure::invalid(format!("{}: {error}", path.display())));
            }
        }
    }
    let file = args.file.display();
    terminal.print(&format!("wrote {}\n", written.join(" and ")));
    terminal.talk(&format!("next: leadmill plan {file}, then leadmill run {file}\n"));
    terminal.last_line(&json!({ "status": "done", "exit_code": 0, "written": written }));
    Ok(Exit::Done)
}
