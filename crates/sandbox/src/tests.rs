//! The sandbox as a client sees it.

mod callbacks;
mod chaos;
mod client;
mod families;
mod faults;
mod followers;
mod foreign;
mod gate;
mod headers;
mod jobs;
mod latency;
mod leads;
mod lookups;
mod people;
mod phones;
mod requests;
mod reverse;
mod settlement;
mod teams;
mod wallets;
