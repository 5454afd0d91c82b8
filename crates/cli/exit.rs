//! How the program ends: codes that an orchestrator can act upon.

use crate::{
    bug,
    pipeline::{Flaw, report},
    terminal::Terminal,
};
use leadmill_core::{ErrorKind, JournalError, StagingError};
use leadmill_engine::RunError;
use leadmill_state::StateError;
use leadmill_tables::TableError;
use serde_json::{Value, json};

/// What to do where somebody else than the provider has answered.
pub(crate) const BETWEEN: &str = "check what is between this machine and the provider (a proxy, a login page), and the base_url";

/// The end of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// Failed; a retry may help.
    Failed,
    /// The file or the arguments are wrong.
    Invalid,
    /// Done, with failed or held rows above the tolerance.
    Partial,
    /// Needs a person: credentials or credits.
    NeedsPerson,
    /// Stopped cleanly and resumable.
    Later,
    /// Nothing to do.
    NothingToDo,
    /// Interrupted by this signal, after a checkpoint.
    Signal(u8),
}

impl Exit {
    /// The end with this status, of those that a run that is closed can have.
    pub(crate) fn of(code: u64) -> Option<Self> {
        let closed = [Self::Done, Self::Partial, Self::NothingToDo];
        closed.into_iter().find(|exit| u64::from(exit.code()) == code)
    }

    /// The process's status.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Invalid => 2,
            Self::Partial => 3,
            Self::NeedsPerson => 4,
            Self::Later => 75,
            Self::NothingToDo => 99,
            Self::Signal(number) => 128 + number,
        }
    }
}

/// An end before anything could be summed up.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    hint: Option<String>,
    flaws: Option<(String, Vec<Flaw>)>,
    /// It says what stands nowhere else.
    stands_alone: bool,
    /// People were told already.
    is_told: bool,
}

impl Failure {
    /// An end with a message.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            hint: None,
            flaws: None,
            stands_alone: false,
            is_told: false,
        }
    }

    /// An end after which a retry may help.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    /// The file or the arguments are wrong.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Exit::Invalid, message)
    }

    /// The file is wrong, at these places.
    pub(crate) fn flaws(file: &str, flaws: Vec<Flaw>) -> Self {
        let message = match flaws.len() {
            1 => format!("{file} has an error"),
            count => format!("{file} has {count} errors"),
        };
        Self { flaws: Some((file.to_owned(), flaws)), ..Self::invalid(message) }
    }

    /// A panic has ended it, or a part of it.
    pub(crate) fn bug() -> Self {
        let message = bug::seen().map_or_else(|| "a bug".to_owned(), ToString::to_string);
        Self { is_told: bug::seen().is_some(), ..Self::failed(message).hint(bug::HINT) }
    }

    /// An end as it is, but for one in which a panic was seen: somebody has to look at that, whatever came of it.
    pub(crate) fn unless_bug(
        ended: Result<Exit, Self>,
        terminal: &Terminal,
    ) -> Result<Exit, Self> {
        if bug::seen().is_none() {
            return ended;
        }
        if let Err(failure) = &ended {
            failure.show_if_it_stands_alone(terminal);
        }
        Err(Self::bug())
    }

    /// The same, found when something may have been asked already: the run can go on later.
    pub(crate) fn after_asking(self) -> Self {
        match self.exit {
            Exit::Invalid => Self { exit: Exit::Failed, ..self },
            _ => self,
        }
    }

    /// What to do about it.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        json!({
            "status": "error",
            "exit_code": self.exit.code(),
            "message": self.message,
            "hint": self.hint,
            "errors": self.flaws.as_ref().map(|(_, flaws)| flaws),
        })
    }

    /// Tells it, for people and as asked for, and gives the exit.
    pub(crate) fn tell(self, terminal: &Terminal) -> Exit {
        if !self.is_told {
            self.show(terminal);
        }
        terminal.last_line(&self.json());
        self.exit
    }

    /// Tells people.
    fn show(&self, terminal: &Terminal) {
        if let Some((file, flaws)) = &self.flaws {
            terminal.error(&report(file, flaws));
        }
        terminal.error(&format!("error: {}\n", self.message));
        if let Some(hint) = &self.hint {
            terminal.error(&format!("  hint: {hint}\n"));
        }
    }

    /// Tells people what stands nowhere else, where the program goes on or ends for another reason.
    pub(crate) fn show_if_it_stands_alone(&self, terminal: &Terminal) {
        if self.stands_alone {
            self.show(terminal);
        }
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        let hint = match &error {
            StateError::Locked(_) => Some(
                "wait for it: what shares a wallet and its limits must share a state",
            ),
            StateError::Older => {
                Some("the next `leadmill run` or `fetch` brings it up to date")
            }
            StateError::Newer { .. } => {
                Some("update leadmill, or give this run a state of its own with --state")
            }
            StateError::Corrupt(_) => Some(
                "nothing was bought. Keep what is there: restore it from a backup, or let `leadmill fetch FILE --state NEW --salvage OLD` take over what can be read",
            ),
            StateError::Address(_) => {
                Some("write postgres://user:password@host:port/database, or a folder")
            }
            StateError::Full { .. } => {
                Some("make room, then run again: what was paid for is remembered")
            }
            StateError::Unsafe(_) | StateError::Io(..) | StateError::Database(_) => None,
            StateError::Lost(_) | StateError::Server(_) => Some(
                "what was paid for is remembered: run again when the database answers",
            ),
        };
        let exit = match error {
            StateError::Locked(_) | StateError::Older => Exit::Later,
            StateError::Newer { .. }
            | StateError::Corrupt(_)
            | StateError::Address(_)
            | StateError::Unsafe(_) => Exit::Invalid,
            StateError::Full { .. }
            | StateError::Io(..)
            | StateError::Database(_)
            | StateError::Lost(_)
            | StateError::Server(_) => Exit::Failed,
        };
        let failure = Self::new(exit, error.to_string());
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        let failure = Self::failed(error.message);
        match error.hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl From<StagingError> for Failure {
    fn from(error: StagingError) -> Self {
        Self::failed(error.to_string())
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        Self::failed(error.to_string())
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match &error {
            RunError::Provider(refused)
                if refused.kind == ErrorKind::Fatal
                    && refused.detail.contains("access status") =>
            {
                Self::new(Exit::NeedsPerson, error.to_string())
                    .hint("the provider's team decides who may; what was paid for is kept")
            }
            RunError::Provider(refused)
                if matches!(refused.kind, ErrorKind::Foreign | ErrorKind::Intercepted) =>
            {
                Self::new(Exit::NeedsPerson, error.to_string())
                    .hint(format!("{BETWEEN}; what was paid for is kept"))
            }
            RunError::Provider(refused) if refused.kind == ErrorKind::Fatal => {
                Self::new(Exit::NeedsPerson, error.to_string())
                    .hint("check the API key, the account and the base_url; what was paid for is kept")
            }
            RunError::Unusable { batch, .. } => {
                Self::new(Exit::NeedsPerson, error.to_string()).hint(format!(
                    "its job is paid for, and its file stays at the provider. `leadmill resolve FILE {batch}` ends it, with `--ask-again` or `--give-up`; with `lane: single` each answer comes with its question"
                ))
            }
            RunError::TooMuch(_) => Self::new(Exit::NeedsPerson, error.to_string())
                .hint("lower `max` of the source, or `max_results` of the step"),
            RunError::Provider(refused) if refused.kind == ErrorKind::NoCredit => {
                Self::new(Exit::NeedsPerson, error.to_string()).hint("top up the wallet, then run again")
            }
            RunError::Unwritten { .. } => Self { stands_alone: true, ..Self::failed(error.to_string()) }.hint(
                "keep this message: `leadmill resolve FILE BATCH --job ID` takes the jobs that it names, and what it says of answers stands nowhere else",
            ),
            RunError::Provider(_) => Self::failed(error.to_string())
                .hint("run again: it goes on where it stopped, and pays for nothing twice"),
            _ => Self::failed(error.to_string()),
        }
    }
}
