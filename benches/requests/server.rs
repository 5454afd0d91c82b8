//! The local server: canned answers, no limits, no accounts, as little work as an honest reply allows.
//!
//! HTTP/1.1 with keep-alive and pipelining, on one thread. Every reply echoes what was asked, so that the
//! real decoder takes it; every address is valid and costs one credit.

use std::{
    collections::HashMap,
    io::{self, Write},
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// The job that is there from the start, for `wrk`.
const READY_JOB: &str = "ready";

/// Its size.
const READY_ITEMS: usize = 10_000;

type Jobs = Arc<Mutex<HashMap<String, Arc<Job>>>>;

/// A batch as it was submitted, and where in it the addresses stand.
struct Job {
    body: Vec<u8>,
    emails: Vec<Range<usize>>,
}

/// Serves until the process is ended. Prints its address first.
pub(crate) async fn serve() -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(io::stdout(), "{}", listener.local_addr()?)?;
    let jobs = Jobs::default();
    let emails: Vec<_> =
        (0..READY_ITEMS).map(|n| format!("\"lead.{n}@ready.example\"")).collect();
    let ready = Job::read(format!("{{\"emails\":[{}]}}", emails.join(",")).into_bytes());
    keep(&jobs, READY_JOB.to_owned(), ready);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let jobs = Arc::clone(&jobs);
        tokio::spawn(async move {
            // A client that goes away is no matter of the server's.
            drop(converse(stream, &jobs).await);
        });
    }
}

async fn converse(mut stream: TcpStream, jobs: &Jobs) -> io::Result<()> {
    let (mut read, mut written) = (Vec::with_capacity(16 << 10), Vec::new());
    while stream.read_buf(&mut read).await? > 0 {
        let mut taken = 0;
        while let Some(request) = Request::read(&read[taken..]) {
            answer(&request, jobs, &mut written);
            taken += request.length;
        }
        read.drain(..taken);
        if !written.is_empty() {
            stream.write_all(&written).await?;
            written.clear();
        }
    }
    Ok(())
}

/// One whole request at the beginning of a buffer.
struct Request<'a> {
    path: &'a str,
    body: &'a [u8],
    /// Bytes that it takes, head and body.
    length: usize,
}

impl<'a> Request<'a> {
    /// `None` until all of it is here.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|end| end == b"\r\n\r\n")?;
        let head = str::from_utf8(&bytes[..end]).ok()?;
        let mut lines = head.split("\r\n");
        let path = lines.next()?.split(' ').nth(1)?;
        let size = lines
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(Some(0), |(_, size)| size.trim().parse().ok())?;
        let length = end + 4 + size;
        Some(Self { path, body: bytes.get(end + 4..length)?, length })
    }
}

impl Job {
    /// Addresses are the strings of the array; none of them holds an escape.
    fn read(body: Vec<u8>) -> Self {
        let start = body.iter().position(|byte| *byte == b'[').unwrap_or(body.len());
        let quotes: Vec<usize> =
            (start..body.len()).filter(|at| body[*at] == b'"').collect();
        let emails = quotes.chunks_exact(2).map(|pair| pair[0] + 1..pair[1]).collect();
        Self { body, emails }
    }
}

fn keep(jobs: &Jobs, name: String, job: Job) {
    jobs.lock().unwrap_or_else(PoisonError::into_inner).insert(name, Arc::new(job));
}

fn find(jobs: &Jobs, name: &str) -> Option<Arc<Job>> {
    jobs.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
}

fn answer(request: &Request<'_>, jobs: &Jobs, out: &mut Vec<u8>) {
    let (path, query) = request.path.split_once('?').unwrap_or((request.path, ""));
    match path.strip_prefix("/api/v3/").unwrap_or_default() {
        "email-validation" => {
            let email = request.body.split(|byte| *byte == b'"').nth(3);
            reply(out, |body| {
                body.extend_from_slice(b"{\"success\":true,\"data\":");
                item(body, email.unwrap_or_default());
                body.extend_from_slice(b",\"meta\":{\"requestId\":\"65f0000000000000000000a1\",\"creditsUsed\":1,\"creditsRemaining\":1000000000000,\"processingTimeMs\":1}}");
            });
        }
        "email-validation/batch" => {
            let job = Job::read(request.body.to_vec());
            let (name, items) = (fresh_name(jobs), job.emails.len());
            keep(jobs, name.clone(), job);
            text(
                out,
                &format!(
                    r#"{{"success":true,"data":{{"batchId":"{name}","status":"queued","totalItems":{items}}},"meta":{{"requestId":"65f0000000000000000000a1","creditsReserved":{items},"creditsPerItem":1,"estimatedCredits":{items}}}}}"#
                ),
            );
        }
        "wallets/balance" => {
            text(out, r#"{"success":true,"data":{"balance":1000000000000}}"#)
        }
        other => match of_job(other, jobs) {
            Some((name, job, true)) => results(out, name, &job, query),
            Some((name, job, false)) => {
                let items = job.emails.len();
                text(
                    out,
                    &format!(
                        r#"{{"success":true,"data":{{"batchId":"{name}","status":"completed","totalItems":{items},"processedItems":{items}}},"meta":{{"requestId":"65f0000000000000000000a1"}}}}"#
                    ),
                );
            }
            None => out.extend_from_slice(
                b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            ),
        },
    }
}

fn fresh_name(jobs: &Jobs) -> String {
    format!("job-{}", jobs.lock().unwrap_or_else(PoisonError::into_inner).len())
}

/// The job that a path is about, and whether it asks for its results.
fn of_job<'a>(path: &'a str, jobs: &Jobs) -> Option<(&'a str, Arc<Job>, bool)> {
    let name = path.strip_prefix("email-validation/batch/")?;
    let plain = name.strip_suffix("/results");
    let (name, results) = (plain.unwrap_or(name), plain.is_some());
    Some((name, find(jobs, name)?, results))
}

fn results(out: &mut Vec<u8>, name: &str, job: &Job, query: &str) {
    let number = |wanted: &str| -> Option<usize> {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(name, _)| *name == wanted)?.1.parse().ok()
    };
    let (page, limit) = (number("page").unwrap_or(1), number("limit").unwrap_or(100));
    let (total, start) = (job.emails.len(), page.saturating_sub(1) * limit);
    let emails = job.emails.iter().skip(start).take(limit);
    reply(out, |body| {
        body.extend_from_slice(format!(r#"{{"success":true,"data":{{"batchId":"{name}","status":"completed","totalItems":{total},"processedCount":{total},"results":["#).as_bytes());
        for (at, email) in emails.enumerate() {
            if at > 0 {
                body.push(b',');
            }
            item(body, &job.body[email.clone()]);
        }
        body.extend_from_slice(format!(r#"]}},"meta":{{"requestId":"65f0000000000000000000a1","creditsUsed":{total},"creditsRefunded":0,"creditsRemaining":1000000000000,"totalItems":{total},"processedItems":{total}}}}}"#).as_bytes());
    });
}

/// One validation, as the API's own examples show it.
fn item(body: &mut Vec<u8>, email: &[u8]) {
    body.extend_from_slice(b"{\"email\":\"");
    body.extend_from_slice(email);
    body.extend_from_slice(b"\",\"result\":\"valid\",\"message\":\"Email is valid\",\"isCatchAll\":false,\"isFederated\":false,\"hasSEG\":false,\"provider\":\"GOOGLE\",\"confidence\":\"definitive\"}");
}

fn text(out: &mut Vec<u8>, text: &str) {
    reply(out, |body| body.extend_from_slice(text.as_bytes()));
}

/// Writes a head, then a body, then its length into the head.
fn reply(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    const WIDTH: usize = 9;
    out.extend_from_slice(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ",
    );
    let place = out.len();
    out.extend_from_slice(b"000000000\r\n\r\n");
    let start = out.len();
    write(out);
    let length = format!("{:0WIDTH$}", out.len() - start);
    out[place..place + WIDTH].copy_from_slice(length.as_bytes());
}
