//! The knobs of the sandbox of Tomba.

use std::time::{Duration, SystemTime};

use super::bulk::options::BulkOptions;
use super::endpoint::Endpoint;
use super::keys::TombaKey;
use super::knobs::{
    AuthStatus, CostTable, Fraction, Miss, ParamsStatus, PlanLimits, PoolRule,
    QuotaStatus, SelfTold,
};
use super::pools::Quota;
use crate::chaos::Chaos;
use crate::faults::Fault;
use crate::foreign::Percent;
use crate::knobs::{HeaderFamily, RateHeaders};
use crate::limiter::Algorithm;
use crate::window::Window;

/// How a sandbox of Tomba behaves. Rows are those of section 15 of its reference: what that leaves open.
///
/// The defaults are the reference's own proposals.
#[derive(Clone, Debug)]
pub struct Options {
    /// Windows that replace the published ones.
    pub windows: Option<Vec<Window<Endpoint>>>,
    /// How published rates that are no whole number a second are enforced (row A5).
    pub fraction: Fraction,
    /// Limits of a plan over all endpoints (row A7).
    pub plan: Option<PlanLimits>,
    /// Whether windows are enforced. If not, requests are still counted for the audit.
    pub limits: bool,
    /// How windows count (row A5).
    pub algorithm: Algorithm,
    /// Which window the rate headers describe; by the documented example one of a second.
    pub rate_headers: RateHeaders,
    /// The names of the rate headers.
    pub header_family: HeaderFamily,
    /// Whether a 429 has the header `Retry-After`.
    pub retry_after: bool,
    /// The part of every endpoint's rate at which others of the team send requests of their own.
    pub foreign: Percent,
    /// The keys of the team. All share its quota and windows.
    pub keys: Vec<TombaKey>,
    /// The status of wrong keys (row A9).
    pub auth_status: AuthStatus,
    /// What `GET /rate-limits` answers.
    pub own_limits: SelfTold,
    /// What `GET /logs` answers.
    pub own_log: SelfTold,
    /// How long a request takes to stand in the log.
    pub log_delay: Duration,
    /// The status of wrong parameters (row A10).
    pub params_status: ParamsStatus,
    /// How a lookup says that it found nothing (row A8).
    pub miss: Miss,
    /// The status of an exhausted quota (row A3).
    pub quota_status: QuotaStatus,
    /// The `errors.type` of an exhausted quota (row A3).
    pub quota_type: &'static str,
    /// What the pools hold for a period.
    pub quota: Quota,
    /// How long a period is, from the start on.
    pub quota_period: Duration,
    /// Which pools pay for what (row A2).
    pub pool_rule: PoolRule,
    /// What things cost (row A1).
    pub costs: CostTable,
    /// The price of a lookup that neither table lists, if it finds something.
    pub unlisted_cost: u64,
    /// How long a repeat of a paid request is free, from the first on (row A4). Without it every request is paid.
    pub memory: Option<Duration>,
    /// Companies on a page of a search (row A23).
    pub companies_page: u64,
    /// What replies look like that are none.
    pub oddities: Oddities,
    /// Bulk jobs.
    pub bulk: BulkOptions,
    /// What answers are derived from.
    pub seed: u64,
    /// The wall time at the start: timestamps are this plus the time elapsed.
    pub epoch: SystemTime,
    /// How long the reply to a lookup takes, after the lookup has been charged.
    pub single_latency: Duration,
    /// How long the way to the server and back takes, each half of it, for every request.
    pub latency: Duration,
    /// By how much `latency` is longer or shorter at random, each way on its own.
    pub jitter: Duration,
    /// What goes wrong with the paid requests that pass the windows (lookups, creations and launches), in order;
    /// later ones go well.
    pub faults: Vec<Fault>,
    /// The statuses with which lookups that pass the windows are refused, without effect and before any fault, in
    /// order; later ones are not.
    pub refusals: Vec<u16>,
    /// What goes wrong at random, with anything. Callbacks of items are unknown to Tomba, and so is
    /// `webhook-early`.
    pub chaos: Vec<Chaos>,
    /// The user whose account it is.
    pub user: u64,
    /// The team that the user is in.
    pub team: Option<String>,
    /// Whether replies say in a header that they are a sandbox's. No provider's do.
    pub calls_itself_sandbox: bool,
    /// Whether the audit remembers each question. Costs memory for each distinct one.
    pub track_questions: bool,
}

/// How often lookups get replies that are no answers. None of them has an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Oddities {
    /// 200 with an `errors` object.
    pub errors_in_success: Percent,
    /// 502 with a page in HTML.
    pub html: Percent,
    /// 402 from the verifier: the mail server said something unexpected.
    pub smtp: Percent,
    /// Answers that take `slow_by` longer. These have their effect, and have it first.
    pub slow: Percent,
    /// How long that is.
    pub slow_by: Duration,
}

impl Default for Oddities {
    fn default() -> Self {
        Self {
            errors_in_success: Percent::ZERO,
            html: Percent::ZERO,
            smtp: Percent::ZERO,
            slow: Percent::ZERO,
            slow_by: Duration::from_secs(70),
        }
    }
}

/// 2026-01-01T00:00:00Z.
const EPOCH: Duration = Duration::from_secs(1_767_225_600);

/// Thirty days.
const PERIOD: Duration = Duration::from_secs(30 * 86_400);

impl Default for Options {
    fn default() -> Self {
        Self {
            windows: None,
            fraction: Fraction::default(),
            plan: None,
            limits: true,
            algorithm: Algorithm::default(),
            rate_headers: RateHeaders::Tightest,
            header_family: HeaderFamily::default(),
            retry_after: true,
            foreign: Percent::ZERO,
            keys: vec![TombaKey::default()],
            auth_status: AuthStatus::default(),
            own_limits: SelfTold::default(),
            own_log: SelfTold::default(),
            log_delay: Duration::ZERO,
            params_status: ParamsStatus::default(),
            miss: Miss::default(),
            quota_status: QuotaStatus::default(),
            quota_type: "quota_exceeded",
            quota: Quota::default(),
            quota_period: PERIOD,
            pool_rule: PoolRule::default(),
            costs: CostTable::default(),
            unlisted_cost: 1,
            memory: Some(PERIOD),
            companies_page: 50,
            oddities: Oddities::default(),
            bulk: BulkOptions::default(),
            seed: 0,
            epoch: SystemTime::UNIX_EPOCH + EPOCH,
            single_latency: Duration::ZERO,
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            faults: Vec::new(),
            refusals: Vec::new(),
            chaos: Vec::new(),
            user: 1,
            team: None,
            calls_itself_sandbox: true,
            track_questions: true,
        }
    }
}
