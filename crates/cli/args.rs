//! What was typed. Every option has an environment variable.

pub(crate) mod account;
mod followers;

use self::{account::AccountArgs, followers::FollowerArgs};
use clap::{
    Args, Parser, Subcommand, ValueEnum, builder::BoolishValueParser, value_parser,
};
use clap_complete::Shell;
use leadmill_core::limits::{LONGEST, Written};
use leadmill_sandbox::{
    Algorithm, Chaos, HeaderFamily, LeadSetting, Percent, PhoneMiss, RateHeaders,
    ReverseMiss, ReversePages, Window,
};
use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

/// Most milliseconds, or microseconds, that a knob of the sandbox takes.
const MOST_MS: u64 = LONGEST.as_millis() as u64;

/// Enriches leads through paid APIs: as fast as the limits allow, and never paid for twice.
#[derive(Debug, Parser)]
#[command(name = "leadmill", version, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed and a retry may help, 2 the file or the arguments are \
wrong, 3 done with failed or held rows, 4 needs a person (key or credits), 75 stopped cleanly and \
resumable, 99 nothing to do (only with --empty skip), 130/143 interrupted after a checkpoint, 141 nobody reads the log any more."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) manners: Manners,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// How to speak.
#[derive(Clone, Debug, Args)]
pub(crate) struct Manners {
    /// `json` prints one line of JSON as the last bytes of stdout.
    #[arg(long, global = true, env = "LEADMILL_OUTPUT", value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
    /// Says nothing but errors on stderr.
    #[arg(long, short, global = true, env = "LEADMILL_QUIET", value_parser = BoolishValueParser::new(), num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false")]
    pub(crate) quiet: bool,
}

/// The form of what is printed on stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Text,
    /// For programs.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Writes a pipeline file to begin with.
    Init(InitArgs),
    /// Checks a pipeline file and its expressions, offline, and shows all that is wrong.
    Check(FileArgs),
    /// Tells what a run would ask, cost and take. Asks nothing.
    Plan(FileArgs),
    /// Runs a pipeline, or goes on where an earlier run ended.
    Run(RunArgs),
    /// Fetches the answers of everything that is paid for, and buys nothing.
    Fetch(FetchArgs),
    /// Ends the doubt about batches whose reply was lost, or that were settled without an answer.
    Resolve(ResolveArgs),
    /// Shows the runs of a state, what they cost, and what is held.
    Status(FileArgs),
    /// Shows what each step has asked, found and paid at each provider, by the journal.
    Report(ReportArgs),
    /// Looks after the account behind a provider: wallet, team, filters, saved searches. None of it costs credits.
    Account(AccountArgs),
    /// Hears the provider's callbacks for all runs on a state, for as long as it lives.
    Serve(ServeArgs),
    /// Serves the sandbox: the provider's API with made-up answers, real limits and no money.
    Sandbox(SandboxArgs),
    /// Prints the JSON Schema of the pipeline file.
    Schema,
    /// Lists the providers: operations, fields, prices and limits.
    Packs,
    /// Prints a completion script for a shell.
    Completions {
        /// The shell.
        #[arg(env = "LEADMILL_SHELL")]
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The file to write; it must not exist.
    #[arg(default_value = "pipeline.yaml", env = "LEADMILL_FILE")]
    pub(crate) file: PathBuf,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct FileArgs {
    /// The pipeline file.
    #[arg(env = "LEADMILL_FILE")]
    pub(crate) file: PathBuf,
    /// Sets a variable of the file's `vars:`; may be given several times.
    #[arg(long = "var", value_name = "NAME=TEXT", env = "LEADMILL_VAR", value_delimiter = ',', value_parser = pair)]
    pub(crate) vars: Vec<(String, String)>,
    /// The state, a folder or `postgres://…`, instead of the file's `state:`.
    #[arg(long, value_name = "PLACE", env = "LEADMILL_STATE", hide_env_values = true)]
    pub(crate) state: Option<String>,
    /// Names the run, instead of the pipeline's name and source: a run of the same key is resumed.
    #[arg(long, value_name = "KEY", env = "LEADMILL_RUN_KEY")]
    pub(crate) run_key: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    pub(crate) file: FileArgs,
    /// Only of this run, by its number in `leadmill status`; by default of all.
    #[arg(long, value_name = "NUMBER", env = "LEADMILL_RUN")]
    pub(crate) run: Option<i64>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) file: FileArgs,
    /// Failed and held rows up to which the run still ends with status 0.
    #[arg(long, value_name = "ROWS", env = "LEADMILL_TOLERANCE", default_value_t = 0)]
    pub(crate) tolerance: u64,
    /// What to end with when there was nothing to ask: `ok` is 0, `skip` is 99.
    #[arg(long, env = "LEADMILL_EMPTY", value_enum, default_value_t = Empty::Ok)]
    pub(crate) empty: Empty,
    /// Ends as by SIGTERM when the process that started it dies. By default only within an Airflow task; not for
    /// `nohup`.
    #[arg(long, value_name = "BOOL", env = "LEADMILL_END_WITH_PARENT", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) end_with_parent: Option<bool>,
    /// How long calls that charge are waited for when the run is told to end: each one whose reply is missed is in doubt.
    /// Longer than whoever ends it waits before it kills is of no use. Instead of the file's `grace:`; 2500ms by default.
    #[arg(long, value_name = "TIME", env = "LEADMILL_GRACE", value_parser = length)]
    pub(crate) grace: Option<Duration>,
    /// How long the run waits where a provider lets nothing through, one refusal after the other or at its word, before
    /// it ends with 75. Instead of the `patience:` of each provider in the file; 15m by default.
    #[arg(long, value_name = "TIME", env = "LEADMILL_PATIENCE", value_parser = length)]
    pub(crate) patience: Option<Duration>,
    /// Also writes the JSON summary to this file.
    #[arg(long, value_name = "FILE", env = "LEADMILL_RESULT_FILE")]
    pub(crate) result_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) webhooks: WebhookArgs,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct FetchArgs {
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Takes over first what can still be read in the folder of a damaged state. The run's own must be new.
    #[arg(long, value_name = "FOLDER", env = "LEADMILL_SALVAGE")]
    pub(crate) salvage: Option<PathBuf>,
}

/// Callbacks of the provider. They are hints: without them, a run ends the same, somewhat later.
#[derive(Clone, Debug, Args)]
pub(crate) struct WebhookArgs {
    /// Listens for callbacks while it runs.
    #[arg(long, value_name = "ADDRESS:PORT", env = "LEADMILL_WEBHOOK_LISTEN")]
    pub(crate) webhook_listen: Option<SocketAddr>,
    /// How the provider reaches --webhook-listen, or the `leadmill serve` of this state.
    #[arg(
        long,
        value_name = "URL",
        env = "LEADMILL_WEBHOOK_URL",
        hide_env_values = true
    )]
    pub(crate) webhook_url: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ServeArgs {
    /// The pipeline file, whose `state:` it is; or name the state with --state.
    #[arg(env = "LEADMILL_FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Sets a variable of the file's `vars:`; may be given several times.
    #[arg(long = "var", value_name = "NAME=TEXT", env = "LEADMILL_VAR", value_delimiter = ',', value_parser = pair)]
    pub(crate) vars: Vec<(String, String)>,
    /// The state, a folder or `postgres://…`, instead of the file's `state:`.
    #[arg(long, value_name = "PLACE", env = "LEADMILL_STATE", hide_env_values = true)]
    pub(crate) state: Option<String>,
    /// Where to listen. It speaks HTTP: TLS is for what stands in front of it.
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        env = "LEADMILL_SERVE_LISTEN",
        default_value = "127.0.0.1:8080"
    )]
    pub(crate) listen: SocketAddr,
}

impl ServeArgs {
    /// As for other verbs on a file.
    pub(crate) fn file_args(&self, file: &Path) -> FileArgs {
        let (file, vars) = (file.to_owned(), self.vars.clone());
        FileArgs { file, vars, state: None, run_key: None }
    }
}

/// The end of a run that had nothing to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Empty {
    /// Status 0.
    Ok,
    /// Status 99.
    Skip,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ResolveArgs {
    /// The pipeline file (or --state), and the batches as `leadmill status` names them; the beginning of a name is
    /// enough where no other begins so.
    #[arg(value_name = "[FILE] BATCH", required_unless_present = "all")]
    pub(crate) target: Vec<String>,
    /// Every batch that is in doubt or was settled without an answer, but for those of runs that are at work.
    #[arg(long, env = "LEADMILL_RESOLVE_ALL", conflicts_with = "job")]
    pub(crate) all: bool,
    /// Sets a variable of the file's `vars:`; may be given several times.
    #[arg(long = "var", value_name = "NAME=TEXT", env = "LEADMILL_VAR", value_delimiter = ',', value_parser = pair)]
    pub(crate) vars: Vec<(String, String)>,
    /// The state, a folder or `postgres://…`, instead of the file's `state:`.
    #[arg(long, value_name = "PLACE", env = "LEADMILL_STATE", hide_env_values = true)]
    pub(crate) state: Option<String>,
    #[command(flatten)]
    pub(crate) verdict: Verdict,
}

/// What became of the batch.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Verdict {
    /// The provider has it under this name: the next run fetches its answers.
    #[arg(long, value_name = "ID", env = "LEADMILL_RESOLVE_JOB")]
    pub(crate) job: Option<String>,
    /// The provider does not have it and has not charged it: its questions may be asked again.
    #[arg(long, env = "LEADMILL_RESOLVE_NOT_CHARGED")]
    pub(crate) not_charged: bool,
    /// It is taken for charged, and its answers for lost: its questions are asked again, and paid for again.
    #[arg(long, env = "LEADMILL_RESOLVE_ASK_AGAIN")]
    pub(crate) ask_again: bool,
    /// It is taken for charged, and its answers for lost: its questions are not asked again, and no longer counted
    /// against a run.
    #[arg(long, env = "LEADMILL_RESOLVE_GIVE_UP")]
    pub(crate) give_up: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SandboxArgs {
    /// Whose API it serves: enrich.so or tomba. For tomba the knobs of Enrich.so's own products and of its windows say
    /// nothing.
    #[arg(long, env = "LEADMILL_SANDBOX_PROVIDER", default_value = "enrich.so")]
    pub(crate) provider: String,
    /// The plan whose limits it keeps.
    #[arg(long, env = "LEADMILL_SANDBOX_PLAN", default_value = "growth")]
    pub(crate) plan: String,
    /// The port; 0 takes a free one and prints it.
    #[arg(long, env = "LEADMILL_SANDBOX_PORT", default_value_t = 0)]
    pub(crate) port: u16,
    /// The address to listen on.
    #[arg(long, env = "LEADMILL_SANDBOX_HOST", default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,
    /// The seed of the made-up answers.
    #[arg(long, env = "LEADMILL_SANDBOX_SEED")]
    pub(crate) seed: Option<u64>,
    /// The team that it belongs to, as its wallet says: what was bought for another is not reused. By default one for each
    /// seed.
    #[arg(long, value_name = "TEAM", env = "LEADMILL_SANDBOX_TEAM")]
    pub(crate) team: Option<String>,
    /// Keeps from its replies that they are a sandbox's, so that it is taken for a provider.
    #[arg(long, hide = true, env = "LEADMILL_SANDBOX_UNMARKED")]
    pub(crate) unmarked: bool,
    /// Credits in the wallet at the start.
    #[arg(long, env = "LEADMILL_SANDBOX_BALANCE")]
    pub(crate) balance: Option<u64>,
    /// Milliseconds that a job takes before its first item.
    #[arg(long, value_name = "MS", value_parser = value_parser!(u64).range(..=MOST_MS), env = "LEADMILL_SANDBOX_JOB_MS")]
    pub(crate) job_ms: Option<u64>,
    /// Microseconds that a job takes for each item.
    #[arg(long, value_name = "US", value_parser = value_parser!(u64).range(..=MOST_MS), env = "LEADMILL_SANDBOX_ITEM_US")]
    pub(crate) item_us: Option<u64>,
    /// Milliseconds that the answer to a single lookup takes.
    #[arg(
        long,
        value_name = "MS", value_parser = value_parser!(u64).range(..=MOST_MS),
        env = "LEADMILL_SANDBOX_SINGLE_MS",
        default_value_t = 0
    )]
    pub(crate) single_ms: u64,
    /// Milliseconds that the way to the sandbox and back takes, half of it before a request is counted.
    #[arg(
        long,
        value_name = "MS", value_parser = value_parser!(u64).range(..=MOST_MS),
        env = "LEADMILL_SANDBOX_LATENCY_MS",
        default_value_t = 0
    )]
    pub(crate) latency_ms: u64,
    /// Milliseconds by which that is longer or shorter at random, each way on its own.
    #[arg(
        long,
        value_name = "MS", value_parser = value_parser!(u64).range(..=MOST_MS),
        env = "LEADMILL_SANDBOX_JITTER_MS",
        default_value_t = 0
    )]
    pub(crate) jitter_ms: u64,
    /// Milliseconds after its end at which a batch that nobody has fetched settles; by default it never does.
    #[arg(long, value_name = "MS", value_parser = value_parser!(u64).range(..=MOST_MS), env = "LEADMILL_SANDBOX_SETTLES_AFTER_MS")]
    pub(crate) settles_after_ms: Option<u64>,
    /// Milliseconds after its end for which a batch is known; by default it always is.
    #[arg(long, value_name = "MS", value_parser = value_parser!(u64).range(..=MOST_MS), env = "LEADMILL_SANDBOX_RETENTION_MS")]
    pub(crate) retention_ms: Option<u64>,
    /// How it counts: rolling, rolling-counting-rejects, fixed or weighted.
    #[arg(long, env = "LEADMILL_SANDBOX_ALGORITHM", default_value_t)]
    pub(crate) algorithm: Algorithm,
    /// A window instead of the plan's, such as bulk=10/60s; may be given several times.
    #[arg(
        long = "limit",
        value_name = "CATEGORY=CALLS/LENGTH",
        env = "LEADMILL_SANDBOX_LIMIT",
        value_delimiter = ','
    )]
    pub(crate) limits: Vec<Window>,
    /// Which window the rate headers describe: sustained or tightest.
    #[arg(long, env = "LEADMILL_SANDBOX_RATE_HEADERS", default_value_t)]
    pub(crate) rate_headers: RateHeaders,
    /// The names of the rate headers: x-ratelimit, x-minute, both or none.
    #[arg(long, env = "LEADMILL_SANDBOX_HEADER_FAMILY", default_value_t)]
    pub(crate) header_family: HeaderFamily,
    /// The part of every limit that colleagues on the same account ask for.
    #[arg(
        long,
        value_name = "PERCENT",
        env = "LEADMILL_SANDBOX_FOREIGN",
        default_value_t
    )]
    pub(crate) foreign: Percent,
    /// How a phone lookup that finds no number says so: empty or 404.
    #[arg(long, env = "LEADMILL_SANDBOX_PHONE_MISS", default_value_t)]
    pub(crate) phone_miss: PhoneMiss,
    /// How a reverse lookup that finds no profile says so: flagged, 500 or 404.
    #[arg(long, env = "LEADMILL_SANDBOX_REVERSE_MISS", default_value_t)]
    pub(crate) reverse_miss: ReverseMiss,
    /// What the pages of a reverse batch are cut from: items, of which misses are then left out, or hits.
    #[arg(long, env = "LEADMILL_SANDBOX_REVERSE_PAGES", default_value_t)]
    pub(crate) reverse_pages: ReversePages,
    /// Charges nothing for a reverse lookup that is repeated within seven days.
    #[arg(long, env = "LEADMILL_SANDBOX_REPEATS_FREE", value_parser = BoolishValueParser::new(), num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false")]
    pub(crate) repeats_free: bool,
    /// What goes wrong, and how often: reset-before, reset-after, truncated, error-before, error-after, page-before,
    /// page-after (a proxy's page instead of being served, or after it), redirect, throttled (of all requests), job-failed, job-stuck, duplicate-item, missing-item, extra-item (of all
    /// jobs), plain-echo (of all jobs and single lookups: names that are given back lose capitals and accents),
    /// miss-as-error (of single lookups that find nobody), webhook-lost, webhook-twice, webhook-late (by
    /// 30 s), webhook-forged (of all callbacks), webhook-early (of all jobs with a webhookUrl: the first callback
    /// comes before the reply). Such as reset-after=5%; several may be given.
    #[arg(
        long = "fault",
        value_name = "KIND=PERCENT",
        env = "LEADMILL_SANDBOX_FAULT",
        value_delimiter = ','
    )]
    pub(crate) faults: Vec<Chaos>,
    #[command(flatten)]
    pub(crate) followers: FollowerArgs,
    /// A knob of the lead finder, such as people=500, access=pending or personal-email; several may be given. A
    /// wrong name is answered with all of them.
    #[arg(
        long = "lead-finder",
        value_name = "KNOB=VALUE",
        env = "LEADMILL_SANDBOX_LEAD_FINDER",
        value_delimiter = ','
    )]
    pub(crate) lead_finder: Vec<LeadSetting>,
    /// Keeps no limits at all, for measuring.
    #[arg(long, env = "LEADMILL_SANDBOX_NO_LIMITS", value_parser = BoolishValueParser::new(), num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false")]
    pub(crate) no_limits: bool,
}

fn length(text: &str) -> Result<Duration, String> {
    let Written(length) = text.parse::<Written>().map_err(|error| error.to_string())?;
    match length <= LONGEST {
        true => Ok(length),
        false => Err(format!("{text} is longer than {}", Written(LONGEST))),
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=TEXT")?;
    Ok((name.to_owned(), value.to_owned()))
}
