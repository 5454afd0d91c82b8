//! The knobs of a sandbox.

use std::time::{Duration, SystemTime};

use crate::callbacks::Callbacks;
use crate::chaos::Chaos;
use crate::faults::{Fault, Quirks};
use crate::followers::knobs::Followers;
use crate::foreign::Percent;
use crate::keys::ApiKey;
use crate::knobs::{EarlyResults, HeaderFamily, NoCreditBody, RateHeaders, ThrottleBody};
use crate::leads::LeadOptions;
use crate::limiter::Algorithm;
use crate::lookups::Lookups;
use crate::plan::Plan;
use crate::team::Team;
use crate::window::Window;

/// How a sandbox behaves. Rows are those of section 14 of the reference: what it leaves open.
///
/// The defaults are the reference's own proposals.
#[derive(Clone, Debug)]
pub struct Options {
    /// The plan, which decides the windows.
    pub plan: Plan,
    /// Windows that replace the plan's, as of a contract beside the published table.
    pub windows: Option<Vec<Window>>,
    /// Whether windows are enforced. If not, requests are still counted for the audit.
    pub limits: bool,
    /// How windows count (row 2).
    pub algorithm: Algorithm,
    /// Which window the rate headers describe (row 2).
    pub rate_headers: RateHeaders,
    /// The names of the rate headers.
    pub header_family: HeaderFamily,
    /// The part of every sustained window's rate at which colleagues send requests of their own. They pass
    /// or are refused as the client is, and the audit counts them apart.
    pub foreign: Percent,
    /// The body of a 429 (row 3).
    pub throttle_body: ThrottleBody,
    /// The body of a 402 (row 5).
    pub no_credit_body: NoCreditBody,
    /// Whether a `limit` above the most is lowered to it instead of refused (row 6).
    pub clamp_limit: bool,
    /// The most bytes of a request body; a longer one gets 413 (row 7).
    pub max_body: Option<usize>,
    /// The reply to a fetch of results before the end (row 8).
    pub early_results: EarlyResults,
    /// Whether results come in another order than the submitted one, the same for a seed (row 11).
    pub shuffled: bool,
    /// Whether status and results of a validation batch come flat, with `processedCount`,
    /// `totalEmails` and `validCount`…, as seen live (row 12).
    pub flat_validation: bool,
    /// Whether `invalid` is charged in a validation batch (row 15). A single lookup always charges it.
    pub invalid_charged: bool,
    /// The keys of the account (row 23). All share its wallet and windows.
    pub api_keys: Vec<ApiKey>,
    /// Whether 401 and 403 carry the authentication page's `{"error": …}` (section 3.3).
    pub flat_auth: bool,
    /// Whether the deduction of a batch names the batch in its metadata (row 29 names no field).
    pub deductions_name_batch: bool,
    /// What answers, ids and orders are derived from.
    pub seed: u64,
    /// Credits at the start.
    pub balance: u64,
    /// The wall time at the start: timestamps are this plus the time elapsed.
    pub epoch: SystemTime,
    /// How long a job stays `queued`, counted from its submit.
    pub job_queued: Duration,
    /// How long a job takes whatever its size, counted from its submit.
    pub job_fixed: Duration,
    /// How long a job takes for each of its items, on top.
    pub job_per_item: Duration,
    /// How long the reply to a single lookup takes, after the lookup has been charged.
    pub single_latency: Duration,
    /// How long the way to the server and back takes, each half of it, for every request.
    pub latency: Duration,
    /// By how much `latency` is longer or shorter at random, each way on its own. No way takes less than
    /// no time.
    pub jitter: Duration,
    /// What goes wrong with the paid requests that pass the windows, in order; later ones go well.
    pub faults: Vec<Fault>,
    /// What goes wrong at random, with anything.
    pub chaos: Vec<Chaos>,
    /// How long after its end a batch settles by itself, if nobody has fetched results by then (row 17). By
    /// default its reservation stays for ever. A scrape of followers does the same, but one with a `webhookUrl`
    /// settles at its end, as do jobs of the lead finder.
    pub settles_after: Option<Duration>,
    /// How long after its end a batch, a scrape of followers or a job of the lead finder is known; then its
    /// status and results are 404 (row 19). By default it is known for ever.
    pub retention: Option<Duration>,
    /// What is wrong with pages of results.
    pub quirks: Quirks,
    /// How phone finder and reverse lookup answer (rows 10, 13 and 14).
    pub lookups: Lookups,
    /// How the callbacks of batches with a `webhookUrl` come (rows 20 to 22).
    pub callbacks: Callbacks,
    /// How company followers and count estimates behave.
    pub followers: Followers,
    /// Who is in the team, and as what the keys' owner.
    pub team: Team,
    /// The lead finder and the people search.
    pub leads: LeadOptions,
    /// Whether replies say in a header that they are a sandbox's. No provider's do.
    pub calls_itself_sandbox: bool,
    /// Whether the audit remembers each question. Costs memory for each distinct one.
    pub track_questions: bool,
}

/// 2026-01-01T00:00:00Z.
const EPOCH: Duration = Duration::from_secs(1_767_225_600);

impl Default for Options {
    fn default() -> Self {
        Self {
            plan: Plan::default(),
            windows: None,
            limits: true,
            algorithm: Algorithm::default(),
            rate_headers: RateHeaders::default(),
            header_family: HeaderFamily::default(),
            foreign: Percent::ZERO,
            throttle_body: ThrottleBody::default(),
            no_credit_body: NoCreditBody::default(),
            clamp_limit: false,
            max_body: None,
            early_results: EarlyResults::default(),
            shuffled: false,
            flat_validation: false,
            invalid_charged: true,
            api_keys: vec![ApiKey::active("sk_sandbox")],
            flat_auth: false,
            deductions_name_batch: false,
            seed: 0,
            balance: 1_000_000,
            epoch: SystemTime::UNIX_EPOCH + EPOCH,
            job_queued: Duration::from_millis(500),
            job_fixed: Duration::from_secs(2),
            job_per_item: Duration::from_millis(1),
            single_latency: Duration::ZERO,
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            faults: Vec::new(),
            chaos: Vec::new(),
            settles_after: None,
            retention: None,
            quirks: Quirks::default(),
            lookups: Lookups::default(),
            callbacks: Callbacks::default(),
            followers: Followers::default(),
            team: Team::default(),
            leads: LeadOptions::default(),
            calls_itself_sandbox: true,
            track_questions: true,
        }
    }
}
