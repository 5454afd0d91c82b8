//! Bulk jobs: many questions in one file.

mod actions;
mod columns;
mod create;
mod download;
mod draft;
mod evaluate;
mod first;
pub(super) mod job;
pub(super) mod kinds;
mod multipart;
pub(super) mod options;
mod rows;
pub(super) mod serve;
mod sheet;
pub(super) mod state;
mod stats;
mod views;
pub(super) mod webhooks;
