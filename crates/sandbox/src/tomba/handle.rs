//! The handle of a sandbox of Tomba.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use axum::response::{IntoResponse, Response};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::audit::Audit;
use super::book::Book;
use super::failure::Failure;
use super::options::Options;
use super::pools::Pool;
use crate::chaos::Chance;
use crate::host::Host;

/// The path of the API; requests elsewhere are no requests to the provider.
pub(super) const BASE: &str = "/v1";

/// Tomba on this machine. Clones share one team.
///
/// Create it in the runtime that will drive it: its clock starts then.
#[derive(Clone, Debug)]
pub struct Tomba {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    options: Options,
    start: Instant,
    book: Mutex<Book>,
    /// What runs beside requests. It ends with the last handle.
    tasks: Mutex<JoinSet<()>>,
}

/// A handle that keeps nothing alive.
#[derive(Clone, Debug)]
pub(super) struct WeakTomba(Weak<Shared>);

impl WeakTomba {
    /// The sandbox, if anyone still has it.
    pub(super) fn upgrade(&self) -> Option<Tomba> {
        self.0.upgrade().map(|shared| Tomba { shared })
    }
}

impl Tomba {
    /// A sandbox that has served nothing.
    pub fn new(options: Options) -> Self {
        let start = Instant::now();
        let book = Mutex::new(Book::new(&options, start));
        Self {
            shared: Arc::new(Shared { options, start, book, tasks: Mutex::default() }),
        }
    }

    /// What the sandbox has seen and sold so far.
    pub fn audit(&self) -> Audit {
        let now = Instant::now();
        let mut book = self.book();
        book.pools.advance(now);
        book.audit(self.options(), now)
    }

    /// Adds to what a pool holds; a negative number takes some out.
    pub fn top_up(&self, pool: Pool, credits: i64) {
        self.book().pools.top_up(pool, credits);
    }

    /// From here on every window lets so many per cent pass of what it let through at first, and never nothing.
    pub fn scale_limits(&self, percent: u32) {
        self.book().limits.scale(percent);
    }

    /// The knobs.
    pub(super) fn options(&self) -> &Options {
        &self.shared.options
    }

    /// The state, for as long as the guard lives. No lock is held over an await.
    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.shared.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A handle for what must not keep the sandbox alive.
    pub(super) fn downgrade(&self) -> WeakTomba {
        WeakTomba(Arc::downgrade(&self.shared))
    }

    /// Runs a task until it ends or the last handle is gone. It must hold no handle itself.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.shared.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    /// The wall time of an instant.
    pub(super) fn wall_time(&self, now: Instant) -> SystemTime {
        self.options().epoch + now.saturating_duration_since(self.shared.start)
    }
}

impl Host for Tomba {
    const BASE: &'static str = BASE;

    fn chance<T>(&self, throw: impl FnOnce(&mut Chance) -> T) -> T {
        throw(&mut self.book().chance)
    }

    fn is_troubled(&self) -> bool {
        !self.options().chaos.is_empty()
    }

    fn is_far(&self) -> bool {
        let (latency, jitter) = (self.options().latency, self.options().jitter);
        !latency.is_zero() || !jitter.is_zero()
    }

    fn way(&self) -> Duration {
        self.book().ways.draw()
    }

    fn unavailable() -> Response {
        Failure::unavailable().into_response()
    }

    fn internal() -> Response {
        Failure::internal().into_response()
    }
}
