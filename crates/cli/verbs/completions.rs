//! `leadmill completions`: a completion script for a shell.

use crate::{
    args::Cli,
    exit::{Exit, Failure},
    terminal::Terminal,
};
use clap::CommandFactory;
use clap_complete::{Shell, generate};

/// Prints the script.
pub(crate) fn completions(shell: Shell, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "leadmill", &mut script);
    terminal.write(&String::from_utf8_lossy(&script));
    Ok(Exit::Done)
}
