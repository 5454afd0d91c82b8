//! A panic is a bug of this program. It says so, with its place in the source and nothing of what it was working on;
//! a run stops buying, and the process ends with 1.

use crate::signals;
use std::{
    backtrace::Backtrace,
    fmt,
    io::{self, Write},
    panic::{self, PanicHookInfo},
    sync::OnceLock,
};

/// What to do about it.
pub(crate) const HINT: &str = "please report these lines where you got leadmill from. What was paid for is kept: \
run again to go on";

/// The first one of this process.
static FIRST: OnceLock<Bug> = OnceLock::new();

/// A panic, as far as it may be told.
#[derive(Debug)]
pub(crate) struct Bug {
    /// The file and the line.
    place: String,
    /// What was wrong, where the text is part of the source: any other may hold data.
    text: Option<&'static str>,
}

/// From here on panics are told as bugs.
pub(crate) fn watch() {
    panic::set_hook(Box::new(|panic| {
        let bug = Bug::of(panic);
        let text = format!("error: {bug}\n  hint: {HINT}\n");
        _ = FIRST.set(bug);
        signals::stop();
        // Nobody is left to tell that stderr is gone.
        _ = io::stderr().write_all(text.as_bytes());
        // Looking it up takes a moment.
        let within = within(&Backtrace::force_capture().to_string());
        let within = within.map_or_else(String::new, |name| format!("  in: {name}\n"));
        _ = io::stderr().write_all(within.as_bytes());
        signals::end_soon();
    }));
}

/// The first bug that showed itself, whatever became of it.
pub(crate) fn seen() -> Option<&'static Bug> {
    FIRST.get()
}

impl Bug {
    fn of(panic: &PanicHookInfo<'_>) -> Self {
        let place = panic.location().map_or_else(
            || "an unknown place".to_owned(),
            |at| format!("{}:{}", shortened(at.file()), at.line()),
        );
        let text = panic.payload().downcast_ref::<&'static str>().copied();
        Self { place, text }
    }
}

impl fmt::Display for Bug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = env!("CARGO_PKG_VERSION");
        write!(f, "a bug in leadmill {version}: it panicked at {}", self.place)?;
        match self.text {
            Some(text) => write!(f, ": {text}"),
            None => Ok(()),
        }
    }
}

/// The file without the folders of the machine on which it was compiled.
fn shortened(file: &str) -> &str {
    ["/registry/src/", "/rustc/"]
        .iter()
        .find_map(|mark| file.split_once(mark))
        .map_or(file, |(_, rest)| rest.split_once('/').map_or(rest, |(_, rest)| rest))
}

/// The innermost function of ours in a backtrace.
fn within(backtrace: &str) -> Option<String> {
    let mut names = backtrace.lines().filter_map(|line| {
        let (number, name) = line.trim().split_once(": ")?;
        number.parse::<u32>().is_ok().then_some(name.trim())
    });
    let is_ours = |name: &&str| {
        let name = name.trim_start_matches('<');
        name.starts_with("leadmill") && !name.starts_with("leadmill::bug")
    };
    names.find(is_ours).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_names_no_folder_of_the_machine_that_compiled_it() {
        for (file, expected) in [
            ("crates/engine/src/limiter/gate.rs", "crates/engine/src/limiter/gate.rs"),
            (
                "/home/ada/.cargo/registry/src/index-1/tokio-1.54/src/a.rs",
                "tokio-1.54/src/a.rs",
            ),
            ("/rustc/59807616/library/core/src/cmp.rs", "library/core/src/cmp.rs"),
        ] {
            assert_eq!(shortened(file), expected);
        }
    }

    #[test]
    fn the_innermost_function_of_ours_is_named() {
        let backtrace = "   0: std::backtrace::Backtrace::force_capture\n             at /x/y.rs:1:2\n   \
            1: leadmill::bug::Bug::of\n   2: core::panicking::panic_fmt\n   \
            3: <leadmill_core::Pack as core::ops::Drop>::drop\n   4: leadmill::main\n";
        let name = "<leadmill_core::Pack as core::ops::Drop>::drop";
        assert_eq!(within(backtrace).as_deref(), Some(name));
        assert_eq!(within("disabled backtrace"), None);
    }
}
