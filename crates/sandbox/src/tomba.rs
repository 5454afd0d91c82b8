//! A local server that behaves as Tomba does: limits of every endpoint, a quota in pools, bulk jobs, and faults on
//! demand.
//!
//! Written from the provider's published reference and from no client of it. What that leaves open is a knob of
//! [`Options`].
//!
//! Every answer is synthetic: computed from a seed and the question, with addresses under `.invalid` that no mail
//! can reach, and a header `X-Leadmill-Sandbox: synthetic`. Only an address that was asked about is told back as it
//! was.
//!
//! Time is `tokio::time`; state moves only when a request looks at the clock. So a test may pause time and call
//! [`Tomba::router`] as a `tower` service. Only the callback of a job with a `webhook_url` is sent by a task.

mod account;
mod answer;
mod answers;
mod audit;
mod body;
mod book;
mod bulk;
mod endpoint;
mod failure;
mod gate;
mod handle;
mod keys;
mod knobs;
mod lookup;
mod memory;
mod normal;
mod options;
mod params;
mod pools;
mod prices;
mod route;
mod server;
mod times;
mod tools;
mod windows;

#[cfg(test)]
mod tests;

pub use answers::people::{enrich_email, find_author, find_email, find_linkedin};
pub use answers::person::{Person, PhoneEntry, Source, Verification};
pub use answers::phone::{Phone, Region, find_phones, validate_phone};
pub use answers::roster::{DomainEmail, domain_emails};
pub use answers::verification::{Servers, Verified, Whois, verify};
pub use audit::Audit;
pub use bulk::audit::{BulkAudit, JobAudit};
pub use bulk::job::BulkState;
pub use bulk::kinds::BulkKind;
pub use bulk::options::{
    BulkOptions, Colleagues, ColumnNames, DayBoundary, Echo, FileForm, Generation,
    LaunchNeeds, Namesakes, RefusedLaunch, Relaunch,
};

pub use endpoint::Endpoint;
pub use handle::Tomba;
pub use keys::TombaKey;
pub use knobs::{
    AuthStatus, CostTable, Fraction, Miss, ParamsStatus, PlanLimits, PoolRule,
    QuotaStatus, SelfTold,
};
pub use options::{Oddities, Options};
pub use pools::{Pool, Quota};
