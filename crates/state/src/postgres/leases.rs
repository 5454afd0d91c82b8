//! The windows' slots in the database, shared by processes of many machines: a thread that trades.

mod purse;

use self::purse::{Call, Purse};
use super::address::Address;
use crate::StateError;
use leadmill_core::{
    Account, Endpoint, JournalError, Leases, Moment, Sent,
    slots::{Agreement, Noted, ProcessId, Trade},
};
use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel},
    thread,
    time::Duration,
};
use tokio::runtime;

/// How long the server may take for a trade or a note, a restart of its included. After that the run ends.
const PATIENCE: Duration = Duration::from_secs(80);

/// How long the end of a process waits for the server.
const FAREWELL: Duration = Duration::from_secs(1);

/// [`Leases`] of one purse at work in this process. Its trades run on a thread of their own.
#[derive(Debug)]
pub(crate) struct PostgresLeases {
    calls: Sender<(Call, SyncSender<Answer>)>,
}

impl PostgresLeases {
    /// Takes part in sharing the windows of a purse. Blocks.
    pub(super) fn open(
        address: Address,
        account: Account,
        process: ProcessId,
    ) -> Result<Self, StateError> {
        let (calls, served) = channel();
        let (opened, open) = sync_channel(1);
        let spawned = thread::Builder::new().name("leases".into()).spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            let runtime = match runtime {
                Ok(runtime) => runtime,
                Err(error) => {
                    _ = opened.send(Err(StateError::Server(error.to_string())));
                    return;
                }
            };
            let purse = runtime.block_on(Purse::open(&address, account, process));
            match purse {
                Ok(mut purse) => {
                    _ = opened.send(Ok(()));
                    serve(&runtime, &mut purse, &served);
                }
                Err(error) => _ = opened.send(Err(error)),
            }
        });
        spawned.map_err(|error| StateError::Server(error.to_string()))?;
        open.recv().map_err(|_| gone())??;
        Ok(Self { calls })
    }

    fn call(&self, call: Call) -> Result<Option<Agreement>, JournalError> {
        let told = |error: StateError| JournalError(error.to_string());
        let (reply, replied) = sync_channel(1);
        self.calls.send((call, reply)).map_err(|_| told(gone()))?;
        match replied.recv_timeout(PATIENCE) {
            Ok(agreement) => agreement.map_err(told),
            Err(RecvTimeoutError::Timeout) => Err(told(StateError::Server(format!(
                "the server took more than {} s to share the windows",
                PATIENCE.as_secs()
            )))),
            Err(RecvTimeoutError::Disconnected) => Err(told(gone())),
        }
    }
}

impl Drop for PostgresLeases {
    /// What is not written down at the end is assumed to have been long on its way: no harm, but some waiting.
    fn drop(&mut self) {
        let (reply, replied) = sync_channel(1);
        if self.calls.send((Call::End, reply)).is_ok() {
            _ = replied.recv_timeout(FAREWELL);
        }
    }
}

fn gone() -> StateError {
    StateError::Server("the connection that shares the windows is gone".into())
}

impl Leases for PostgresLeases {
    fn note(&mut self, sends: &[Sent]) -> Result<Noted, JournalError> {
        let noted = self.call(Call::Note(sends.to_vec()))?;
        Ok(noted.map_or(Noted::SlotsAreGone, |_| Noted::Written))
    }

    /// Written down with the next calls: nobody waits for it.
    fn heard(&mut self, now: Moment, to: Endpoint) -> Result<(), JournalError> {
        let (reply, _) = sync_channel(1);
        let call = Call::Heard { now, to };
        self.calls.send((call, reply)).map_err(|_| JournalError(gone().to_string()))
    }

    fn freeze(&mut self, now: Moment, until: Moment) -> Result<(), JournalError> {
        self.call(Call::Freeze { now, to: None, until }).map(drop)
    }

    fn close(
        &mut self,
        now: Moment,
        to: Endpoint,
        until: Moment,
    ) -> Result<(), JournalError> {
        self.call(Call::Freeze { now, to: Some(to), until }).map(drop)
    }

    fn trade(
        &mut self,
        now: Moment,
        trades: &[Trade],
    ) -> Result<Agreement, JournalError> {
        let trades = trades.to_vec();
        let agreement = self.call(Call::Trade { now, trades })?;
        agreement.ok_or_else(|| JournalError("a trade came to nothing".into()))
    }
}

/// What a call came to: nothing where our slots are gone.
type Answer = Result<Option<Agreement>, StateError>;

type Served = Receiver<(Call, SyncSender<Answer>)>;

/// Until nobody is left who could call.
fn serve(runtime: &runtime::Runtime, purse: &mut Purse, served: &Served) {
    while let Ok((call, reply)) = served.recv() {
        // Who has lost patience does not listen any more.
        _ = reply.send(runtime.block_on(purse.answer(call)));
    }
}
