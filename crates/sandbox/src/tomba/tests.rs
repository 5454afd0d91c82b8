//! The sandbox as a client sees it.

mod account;
mod bulk;
mod client;
mod contract;
mod faults;
mod knobs;
mod limits;
mod quota;
mod sockets;
