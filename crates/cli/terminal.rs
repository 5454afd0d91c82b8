//! Where words go: talk to stderr, results to stdout, and no secret to either.

use crate::{
    args::{Manners, Output},
    pipeline::{Secret, redact},
};
use serde_json::Value;
use std::{
    io::{self, IsTerminal, Write},
    sync::{Mutex, PoisonError},
};

/// The two streams.
#[derive(Debug)]
pub(crate) struct Terminal {
    output: Output,
    quiet: bool,
    is_tty: bool,
    colours: bool,
    secrets: Mutex<Vec<Secret>>,
}

impl Terminal {
    pub(crate) fn new(manners: &Manners) -> Self {
        let is_tty = io::stderr().is_terminal();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            output: manners.output,
            quiet: manners.quiet,
            is_tty,
            colours: is_tty && !plain,
            secrets: Mutex::default(),
        }
    }

    /// From here on these never appear.
    pub(crate) fn keep_secret<'a>(&self, secrets: impl Iterator<Item = &'a Secret>) {
        let mut kept = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(secrets.cloned());
    }

    /// Whether a person is watching and wants to.
    pub(crate) const fn is_watched(&self) -> bool {
        self.is_tty && !self.quiet
    }

    /// Whether progress may be told.
    pub(crate) const fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether colours are welcome.
    pub(crate) const fn has_colours(&self) -> bool {
        self.colours
    }

    /// Says something to people.
    pub(crate) fn talk(&self, text: &str) {
        if !self.quiet {
            self.error(text);
        }
    }

    /// Says something that even `--quiet` does not silence.
    pub(crate) fn error(&self, text: &str) {
        let text = self.clean(text);
        let coloured = match (self.colours, text.strip_prefix("error:")) {
            (true, Some(rest)) => format!("\u{1b}[1;31merror:\u{1b}[0m{rest}"),
            _ => text,
        };
        // Nobody is left to tell that stderr is gone.
        _ = io::stderr().write_all(coloured.as_bytes());
    }

    /// Prints a result for people; with `--output json` nothing.
    pub(crate) fn print(&self, text: &str) {
        if self.output == Output::Text {
            self.write(text);
        }
    }

    /// Prints the one line of JSON that ends the program; without `--output json` nothing.
    pub(crate) fn last_line(&self, value: &Value) {
        if self.output == Output::Json {
            _ = io::stderr().flush();
            self.write(&format!("{value}\n"));
        }
    }

    /// Prints text whatever the output's form is.
    pub(crate) fn write(&self, text: &str) {
        let mut stdout = io::stdout().lock();
        _ = stdout.write_all(self.clean(text).as_bytes()).and_then(|()| stdout.flush());
    }

    /// A text without any secret, in whatever form it may stand there.
    pub(crate) fn clean(&self, text: &str) -> String {
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        redact(text, secrets.iter())
    }
}
