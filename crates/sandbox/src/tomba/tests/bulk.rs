//! Bulk jobs, from their creation to their bill.

mod billing;
mod creating;
mod files;
mod first;
mod limits;
mod looking;
mod states;
mod webhooks;
