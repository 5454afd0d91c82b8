//! Bulk jobs: many questions in one file.

mod actions;
pub(super) mod audit;
mod columns;
mod create;
mod download;
mod draft;
mod evaluate;
mod file;
mod first;
pub(super) mod job;
pub(super) mod kinds;
mod metrics;
mod multipart;
pub(super) mod options;
mod rows;
mod secret;
pub(super) mod serve;
mod sheet;
pub(super) mod state;
mod stats;
mod views;
pub(super) mod webhooks;
