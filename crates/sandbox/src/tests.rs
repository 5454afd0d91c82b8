//! The sandbox as a client sees it.

mod callbacks;
mod chaos;
mod client;
mod faults;
mod foreign;
mod gate;
mod headers;
mod jobs;
mod latency;
mod lookups;
mod requests;
mod settlement;
mod wallets;
