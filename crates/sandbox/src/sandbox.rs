//! The handle of a sandbox.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use axum::response::{IntoResponse, Response};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::account::Account;
use crate::audit::Audit;
use crate::canonical::question;
use crate::chaos::Chance;
use crate::gate::BASE;
use crate::host::Host;
use crate::options::Options;
use crate::problem::Problem;
use crate::settling::settled;
use crate::wallet::Note;

/// A provider on this machine. Clones share one account.
///
/// Create it in the runtime that will drive it: its clock starts then.
#[derive(Clone, Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    options: Options,
    start: Instant,
    account: Mutex<Account>,
    /// What runs beside requests. It ends with the last handle.
    tasks: Mutex<JoinSet<()>>,
}

/// A handle that keeps nothing alive.
#[derive(Clone, Debug)]
pub(crate) struct WeakSandbox(Weak<Shared>);

impl WeakSandbox {
    /// The sandbox, if anyone still has it.
    pub(crate) fn upgrade(&self) -> Option<Sandbox> {
        self.0.upgrade().map(|shared| Sandbox { shared })
    }
}

/// Whether a sandbox has given this id to something; none where it does not tell. The provider's ids differ where a
/// sandbox's have zeros.
pub fn is_made_up(id: &str) -> Option<bool> {
    let is_hex = id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| id.get(8..16) == Some("00000000"))
}

impl Sandbox {
    /// A sandbox that has served nothing.
    pub fn new(options: Options) -> Self {
        let start = Instant::now();
        let account = Mutex::new(Account::new(&options, start));
        let tasks = Mutex::default();
        Self { shared: Arc::new(Shared { options, start, account, tasks }) }
    }

    /// What the sandbox has seen and sold so far.
    pub fn audit(&self) -> Audit {
        let (account, _) = settled(self);
        account.audit()
    }

    /// The ids of all batches, oldest first, as a person finds them in the provider's own pages.
    pub fn batches(&self) -> Vec<String> {
        let (account, _) = settled(self);
        let mut ids: Vec<String> = account.jobs.keys().cloned().collect();
        // They are numbered.
        ids.sort_unstable();
        ids
    }

    /// Puts credits into the wallet; a negative number takes some out, as a colleague would.
    pub fn top_up(&self, credits: i64) {
        let (mut account, now) = settled(self);
        account.wallet.top_up(credits, self.wall_time(now));
    }

    /// From here on every window lets so many per cent pass of what it let through at first, and never nothing.
    pub fn scale_limits(&self, percent: u32) {
        self.account().limits.scale(percent);
    }

    /// The knobs.
    pub(crate) fn options(&self) -> &Options {
        &self.shared.options
    }

    /// The state, for as long as the guard lives. No lock is held over an await.
    pub(crate) fn account(&self) -> MutexGuard<'_, Account> {
        self.shared.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A handle for what must not keep the sandbox alive.
    pub(crate) fn downgrade(&self) -> WeakSandbox {
        WeakSandbox(Arc::downgrade(&self.shared))
    }

    /// Runs a task until it ends or the last handle is gone. It must hold no handle itself.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.shared.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    /// The wall time of an instant.
    pub(crate) fn wall_time(&self, now: Instant) -> SystemTime {
        self.options().epoch + now.saturating_duration_since(self.shared.start)
    }

    /// The organization that owns every key.
    pub(crate) fn organization(&self) -> String {
        self.options().team.id.clone().unwrap_or_else(|| self.id('a', 0))
    }

    /// An id of the provider's shape, 24 hex digits: one letter for what it names, the seed, a number.
    pub(crate) fn id(&self, kind: char, number: u64) -> String {
        let seed = self.options().seed & 0xfff_ffff;
        format!("{kind}{seed:07x}{number:016x}")
    }

    /// An id for one request.
    pub(crate) fn request_id(&self, account: &mut Account) -> String {
        self.id('c', account.next_number())
    }

    /// Remembers a paid act that was accepted.
    pub(crate) fn note_asked<'a, F: AsRef<[&'a str]>>(
        &self,
        account: &mut Account,
        product: &str,
        fields: impl FnOnce() -> F,
    ) {
        if self.options().track_questions {
            *account.asked.entry(question(product, fields().as_ref())).or_default() += 1;
        }
    }

    /// Remembers that one cost nothing.
    pub(crate) fn note_free<'a, F: AsRef<[&'a str]>>(
        &self,
        account: &mut Account,
        product: &str,
        fields: impl FnOnce() -> F,
    ) {
        if self.options().track_questions {
            *account.free.entry(question(product, fields().as_ref())).or_default() += 1;
        }
    }

    /// What a transaction at `now` says beside its amount.
    pub(crate) fn note(
        &self,
        description: String,
        batch: Option<String>,
        now: Instant,
    ) -> Note {
        Note { description, batch, at: self.wall_time(now) }
    }
}

impl Host for Sandbox {
    const BASE: &'static str = BASE;

    fn chance<T>(&self, throw: impl FnOnce(&mut Chance) -> T) -> T {
        throw(&mut self.account().chance)
    }

    fn is_troubled(&self) -> bool {
        !self.options().chaos.is_empty()
    }

    fn is_far(&self) -> bool {
        let (latency, jitter) = (self.options().latency, self.options().jitter);
        !latency.is_zero() || !jitter.is_zero()
    }

    fn way(&self) -> Duration {
        self.account().ways.draw()
    }

    fn unavailable() -> Response {
        Problem::unavailable().into_response()
    }

    fn internal() -> Response {
        Problem::internal().into_response()
    }
}
