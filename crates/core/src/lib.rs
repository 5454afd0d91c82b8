//! The domain of a run: what is asked, what it may cost, what has happened.
//!
//! Nothing here performs I/O, reads a clock or knows a runtime. Read in this order: [`operation`] and
//! [`query`] and [`key`] (what is asked), [`answer`] (what comes back), [`batch`] (what travels together),
//! [`pack`] (a provider's facts), [`event`] and [`ledger`] (the account book), then the ports:
//! [`provider`], through which money is spent, [`journal`], which remembers, [`staging`], which
//! keeps the answers, and [`clock`].

pub mod answer;
pub mod batch;
pub mod call_log;
pub mod chain;
pub mod clock;
pub mod credits;
pub mod dearest;
pub mod event;
pub mod hint;
pub mod history;
pub mod identity;
pub mod index;
pub mod journal;
pub mod key;
pub mod keys;
pub mod ledger;
pub mod limits;
pub mod older;
pub mod operation;
pub mod ours;
pub mod pack;
pub mod provider;
pub mod query;
pub mod schedule;
pub mod sizing;
pub mod slots;
pub mod staging;

pub use answer::{Answered, Finding, Status, Value};
pub use batch::{Batch, BatchId, JobId, Lane, RunId};
pub use call_log::{CallLog, CallName, LoggedCall, Mark};
pub use clock::{Clock, Moment, Timestamp};
pub use credits::Credits;
pub use dearest::Dearest;
pub use event::{Entry, Event, Part};
pub use hint::{Hint, HintKind};
pub use history::{History, Unproved};
pub use index::{Asked, Index};
pub use journal::{Appended, Journal, JournalError};
pub use key::{KeyMap, KeySet, QueryKey};
pub use keys::Keys;
pub use ledger::{Doubts, IllegalEvent, Ledger, Line, State};
pub use limits::{Call, Endpoint, Scope, Sent, Window};
pub use operation::{
    Field, FieldKind, Input, InputKind, Operation, Presence, Selection, Wish,
};
pub use ours::Ours;
pub use pack::{Account, Pack};
pub use provider::{
    AccountLimits, Bill, ErrorKind, Estimate, KeepsLog, Launch, OwnLimit, Page, Progress,
    Provider, ProviderError, RateSignal, Reply, Signals, Terms, Transaction,
    Transactions,
};
pub use query::{Query, Unaskable};
pub use slots::Leases;
pub use staging::{Staging, StagingError};
