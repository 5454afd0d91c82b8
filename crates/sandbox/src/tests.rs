//! The sandbox as a client sees it.

mod client;
mod faults;
mod gate;
mod jobs;
mod lookups;
mod requests;
mod settlement;
mod wallets;
