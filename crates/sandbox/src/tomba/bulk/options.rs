//! The knobs of bulk jobs.

use std::time::Duration;

use crate::callbacks::outlet::Outlet;
use crate::faults::Quirks;
use crate::words::worded;

/// How bulk jobs behave. Rows are those of section 15.
#[derive(Clone, Debug)]
pub struct BulkOptions {
    /// Which generation of the API is spoken.
    pub generation: Generation,
    /// The most rows of a job (row A11).
    pub max_rows: usize,
    /// Jobs created a day for each tool.
    ///
    /// # Source
    /// <https://docs.tomba.io/rate-limits>
    pub creates_per_day: u32,
    /// When a day begins (row A13).
    pub day: DayBoundary,
    /// Jobs that run at once for each tool.
    ///
    /// # Source
    /// <https://docs.tomba.io/rate-limits>
    pub running: usize,
    /// The jobs of each tool that others of the team have created today and have running all the time.
    pub colleagues: Colleagues,
    /// Downloads of a job a day (row A14).
    pub downloads_per_day: u32,
    /// What becomes of a creation that also launches and must not.
    pub refused_launch: RefusedLaunch,
    /// What the quota must hold before a job is launched.
    pub launch_needs: LaunchNeeds,
    /// How the launch of a job that was launched before is answered.
    pub relaunch: Relaunch,
    /// The `Retry-After` of a launch that is refused because others run.
    pub retry_after: Duration,
    /// Whether a running job can be cancelled.
    pub cancels_running: bool,
    /// How long after its creation a job can be downloaded (row A25).
    pub expiry: Duration,
    /// Addresses of a domain that the verifier takes in 24 hours, over all jobs; more are skipped. They count from
    /// the creation of their job on.
    ///
    /// # Source
    /// <https://docs.tomba.io/bulks/email-verifier>
    pub verified_per_domain: usize,
    /// The form of a download (row A16).
    pub file: FileForm,
    /// Whether rows of a download come in another order than the submitted one, the same for a seed.
    pub shuffled: bool,
    /// What is wrong with downloads. Positions count records.
    pub quirks: Quirks,
    /// How long a job stays `pending`, counted from its launch.
    pub queued: Duration,
    /// How long a job takes whatever its size, counted from its launch.
    pub fixed: Duration,
    /// How long a job takes for each of its rows, on top.
    pub per_row: Duration,
    /// Where callbacks of jobs go.
    pub outlet: Outlet,
    /// How long a receiver may take for its answer.
    pub callback_timeout: Duration,
    /// How often a callback that is not acknowledged is sent again, a second later (row A21 says nothing of it).
    pub callback_retries: u32,
    /// How much longer a late callback takes.
    pub callback_lateness: Duration,
}

/// A generation of the API of bulk jobs: they share paths and not names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Generation {
    /// Statuses are booleans, columns count from one.
    First,
    /// Statuses are words, columns count from zero.
    #[default]
    Second,
}

worded!(Generation, "generation", [("1", First), ("2", Second)]);

/// When a day of creations begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DayBoundary {
    /// At midnight in UTC.
    #[default]
    Utc,
    /// Twenty-four hours before.
    Rolling,
    /// The stricter of both.
    Both,
}

worded!(
    DayBoundary,
    "boundary of days",
    [("utc", Utc), ("rolling", Rolling), ("both", Both)]
);

/// What others of the team do with a tool's jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Colleagues {
    /// Created today.
    pub created: u32,
    /// Running, and never done.
    pub running: usize,
}

/// What becomes of a creation that also launches and must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RefusedLaunch {
    /// 201 with a `message`; the job is created.
    #[default]
    Message,
    /// The refusal of the launch, 429 or that of the quota; the job is created.
    CreatedAnyway,
    /// The same refusal; no job is created, and none counts for the day.
    NotCreated,
}

worded!(
    RefusedLaunch,
    "refusal of launches",
    [("message", Message), ("created", CreatedAnyway), ("refused", NotCreated)]
);

/// What the quota must hold before a job is launched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LaunchNeeds {
    /// The most that the job may cost.
    #[default]
    UpperBound,
    /// One credit.
    Something,
    /// Nothing.
    Nothing,
}

worded!(
    LaunchNeeds,
    "need of a launch",
    [("upper-bound", UpperBound), ("something", Something), ("nothing", Nothing)]
);

/// How the launch of a job that was launched before is answered. Nothing runs twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Relaunch {
    /// 409.
    #[default]
    Conflict,
    /// 200 with `status: true`.
    Accepted,
    /// 200 with `status: false`.
    Declined,
}

worded!(
    Relaunch,
    "answer to a second launch",
    [("409", Conflict), ("accepted", Accepted), ("declined", Declined)]
);

/// The form of a download: what is known is that it is CSV with a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileForm {
    /// Which columns of the input stand first.
    pub echo: Echo,
    /// What becomes of a column of the input that is called as one of the results.
    pub namesakes: Namesakes,
    /// How the columns of results are called.
    pub names: ColumnNames,
    /// Whether rows without a result are in `full` too, with empty cells.
    pub misses_in_full: bool,
    /// Whether a byte order mark comes first.
    pub bom: bool,
    /// Whether every cell is quoted.
    pub quoted: bool,
    /// Whether lines end in CR LF.
    pub crlf: bool,
    /// What stands between cells.
    pub delimiter: char,
}

impl Default for FileForm {
    fn default() -> Self {
        Self {
            echo: Echo::default(),
            namesakes: Namesakes::default(),
            names: ColumnNames::default(),
            misses_in_full: false,
            bom: false,
            quoted: false,
            crlf: false,
            delimiter: ',',
        }
    }
}

/// Which columns of the input stand in a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Echo {
    /// All of them.
    #[default]
    All,
    /// Those that were asked with.
    Asked,
    /// None.
    None,
}

worded!(Echo, "echo of columns", [("all", All), ("asked", Asked), ("none", None)]);

/// What becomes of a column of the input that is called as one of the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Namesakes {
    /// Both stand there, that of the input first.
    #[default]
    Both,
    /// Only that of the results.
    Result,
    /// Only that of the input.
    Input,
}

worded!(
    Namesakes,
    "treatment of namesakes",
    [("both", Both), ("result", Result), ("input", Input)]
);

/// How the columns of results are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ColumnNames {
    /// As the fields of the single lookup: `first_name`.
    #[default]
    Fields,
    /// For people: `First name`.
    Titles,
}

worded!(ColumnNames, "names of columns", [("fields", Fields), ("titles", Titles)]);

impl Default for BulkOptions {
    fn default() -> Self {
        Self {
            generation: Generation::default(),
            max_rows: 10_000,
            creates_per_day: 15,
            day: DayBoundary::default(),
            running: 2,
            colleagues: Colleagues::default(),
            downloads_per_day: 10,
            refused_launch: RefusedLaunch::default(),
            launch_needs: LaunchNeeds::default(),
            relaunch: Relaunch::default(),
            retry_after: Duration::from_secs(60),
            cancels_running: false,
            expiry: Duration::from_secs(180 * 86_400),
            verified_per_domain: 50,
            file: FileForm::default(),
            shuffled: false,
            quirks: Quirks::default(),
            queued: Duration::from_millis(500),
            fixed: Duration::from_secs(2),
            per_row: Duration::from_millis(1),
            outlet: Outlet::default(),
            callback_timeout: Duration::from_secs(10),
            callback_retries: 0,
            callback_lateness: Duration::from_secs(30),
        }
    }
}
