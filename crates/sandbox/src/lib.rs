//! A local server that behaves as Enrich.so does: exact windows, a wallet, jobs, and faults on demand.
//!
//! Written from the provider's published reference and from no client of it, so that a client that
//! misreads the reference fails here. What the reference leaves open is a knob of [`Options`].
//!
//! Every answer is synthetic: computed from a seed and the question, with addresses under `.invalid`
//! that no mail can reach, messages that say so, and a header `X-Leadmill-Sandbox: synthetic`.
//!
//! Time is `tokio::time`; state moves only when a request looks at the clock. So a test may pause time
//! and call [`Sandbox::router`] as a `tower` service. Only the callbacks of a batch with a `webhookUrl` are
//! sent by a task, one for each such batch. Nothing runs on once the last handle is gone.

mod access;
mod account;
mod answers;
mod audit;
mod batches;
mod callbacks;
mod canonical;
mod chaos;
mod csv;
mod envelope;
mod faults;
mod followers;
mod foreign;
mod gate;
mod host;
mod items;
mod job;
mod keys;
mod kind;
mod knobs;
mod latency;
mod leads;
mod limiter;
mod limits;
mod lookups;
mod options;
mod page;
mod pages;
mod peak;
mod people;
mod plan;
mod problem;
mod product;
mod random;
mod rate_headers;
mod refusal;
mod routes;
mod sandbox;
mod server;
mod settling;
mod team;
mod timestamp;
pub mod tomba;
mod wallet;
mod window;
mod words;

#[cfg(test)]
mod tests;

pub use access::Access;
pub use answers::finder::{FoundEmail, answer_finder};
pub use answers::phones::answer_phones;
pub use answers::profile::{
    Education, Locale, PartialDate, Position, Positions, Profile, Schools, StartEndDate,
};
pub use answers::reverse::answer_reverse;
pub use answers::validation::{Verdict, answer_validation};
pub use audit::{Audit, CallbackAudit, CallbacksAudit, ForeignAudit, WindowAudit};
pub use callbacks::Callbacks;
pub use callbacks::outlet::{Delivery, Outlet};
pub use canonical::question;
pub use chaos::{Chaos, Trouble};
pub use faults::{Fault, Quirks};
pub use followers::knobs::{EarlyFollowers, EstimateEnd, Followers, OverQuota};
pub use foreign::{Percent, UnreadablePercent};
pub use keys::{ApiKey, KeyState};
pub use kind::Kind;
pub use knobs::{
    EarlyResults, HeaderFamily, MissId, NoCreditBody, RateHeaders, ThrottleBody,
};
pub use leads::{
    ExportStatus, FilterOptions, LargeCounts, LeadOptions, LeadSetting, TopLevel,
    UnreadableLeadSetting,
};
pub use limiter::Algorithm;
pub use limits::{Admission, Limits, Rates};
pub use lookups::{Lookups, PhoneMiss, ReverseMiss, ReversePages};
pub use options::Options;
pub use plan::{Category, Plan, UnknownPlan};
pub use sandbox::{Sandbox, is_made_up};
pub use team::{Role, Team};
pub use window::{UnreadableWindow, Window};
pub use words::UnknownWord;
