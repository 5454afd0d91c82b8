//! The file of a job. The first one that is given out is what the job is billed by.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{StatusCode, Uri};
use tokio::time::Instant;

use super::actions::find;
use super::create::bill;
use super::file::file;
use super::job::{BulkState, Job};
use super::kinds::BulkKind;
use super::options::Generation;
use crate::tomba::book::Book;
use crate::tomba::failure::Failure;
use crate::tomba::handle::Tomba;
use crate::tomba::memory::count;
use crate::tomba::options::Options;
use crate::tomba::params::Params;

/// `GET /bulk/{type}/{id}/download`
pub(super) fn download(
    tomba: &Tomba,
    kind: BulkKind,
    id: i64,
    uri: &Uri,
) -> Result<Response, Failure> {
    let (options, now) = (tomba.options(), Instant::now());
    let params = Params::of(uri, options);
    let name = match options.bulk.generation {
        Generation::First => "type",
        Generation::Second => "file",
    };
    let part = params.word(name, kind.downloads())?.unwrap_or("full");
    let mut book = tomba.book();
    let given = give(&mut book, kind, id, tomba, now);
    if given.is_err() {
        book.bulks.seen.refused_downloads += 1;
    }
    let job = given?;
    drop(book);
    let file = file(&job, part, options);
    let disposition = format!("attachment; filename=\"bulk-{id}-{part}.csv\"");
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, file).into_response())
}

/// Lets a file be given out, and bills the job if it is the first.
fn give(
    book: &mut Book,
    kind: BulkKind,
    id: i64,
    tomba: &Tomba,
    now: Instant,
) -> Result<Job, Failure> {
    const DAY: Duration = Duration::from_secs(86_400);
    let options = tomba.options();
    let bulk = &options.bulk;
    book.pools.advance(now);
    let job = find(book, kind, id)?;
    if job.is_expired(bulk, now) {
        return Err(Failure::new(StatusCode::GONE, "gone", "The bulk has expired."));
    }
    if job.state(bulk, now) != BulkState::Completed {
        return Err(Failure::conflict("The bulk is not completed."));
    }
    let lately = job.downloads.iter().filter(|at| **at + DAY > now);
    if lately.count() >= bulk.downloads_per_day as usize {
        let message = "The bulk was downloaded too often today.";
        return Err(Failure::throttled(message, DAY.as_secs()));
    }
    if job.billed.is_none() {
        let job = job.clone();
        let due = bill(kind, job.credits(), job.tally.verifications, options);
        let lacking = |pool| Failure::quota(options, pool);
        book.pools.take(&due).map_err(lacking)?;
        let cost = job.credits() + job.tally.verifications;
        book.usage.add(tomba.wall_time(now), kind.endpoint(), cost, true);
        book.bulks.seen.billed += 1;
        book.bulks.seen.credits += cost;
        note_paid(book, &job, options);
        let job = find(book, kind, id)?;
        job.billed = Some(due);
        job.happened("billed", now);
    }
    book.bulks.seen.downloads += 1;
    let job = find(book, kind, id)?;
    job.downloads.push(now);
    job.happened("downloaded", now);
    Ok(job.clone())
}

fn note_paid(book: &mut Book, job: &Job, options: &Options) {
    if !options.track_questions {
        return;
    }
    for (item, credits) in job.items.iter().zip(&job.tally.credits) {
        if *credits > 0 {
            count(&mut book.memory.paid, &item.question);
        }
    }
}
