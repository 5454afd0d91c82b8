//! The wire: what each provider's API takes and returns, and what its failures mean for the money.
//!
//! A provider is a folder: `pack.yaml` (its facts), `wire` (its shapes, pure), and the calls, which are
//! thin. Calls go through a [`Transport`], so that the same code speaks to the network and, in tests, to
//! a server in the same process on simulated time.

pub mod callbacks;
pub mod enrich;
pub mod network;
pub mod receiver;
pub mod tomba;
pub mod transport;

mod between;
mod excerpt;
mod form;
mod hidden;
mod packs;
mod rate;
#[cfg(test)]
mod seeds;

pub use callbacks::{Callbacks, Tags};
pub use enrich::Enrich;
pub use network::Network;
pub use packs::{PackError, packs};
pub use receiver::Receiver;
pub use tomba::Tomba;
pub use transport::{Transport, TransportError};
