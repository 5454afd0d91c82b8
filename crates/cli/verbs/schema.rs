//! `leadmill schema`: the JSON Schema of the pipeline file.

use crate::{
    exit::{Exit, Failure},
    pipeline,
    terminal::Terminal,
};

/// Prints the schema, made from the types that read the file.
pub(crate) fn schema(terminal: &Terminal) -> Result<Exit, Failure> {
    let schema = serde_json::to_string_pretty(&pipeline::json_schema());
    let schema = schema.map_err(|error| Failure::failed(error.to_string()))?;
    terminal.write(&format!("{schema}\n"));
    Ok(Exit::Done)
}
