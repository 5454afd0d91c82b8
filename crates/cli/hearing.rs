//! What providers call back: heard here, or by a `leadmill serve` on the same state, and passed on as hints.

use crate::{args::WebhookArgs, exit::Failure, terminal::Terminal};
use leadmill_core::Hint;
use leadmill_engine::Hints;
use leadmill_providers::{Callbacks, Receiver, Tags};
use leadmill_state::Store;
use std::{collections::HashSet, convert::Infallible, net::SocketAddr, time::Duration};
use tokio::{
    net::TcpListener,
    sync::mpsc,
    time::{MissedTickBehavior, interval, timeout},
};

/// How often it is looked what others have heard.
const LOOK: Duration = Duration::from_millis(500);

/// How long the state may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Hints that are read again: what was written a little earlier may be seen a little later.
const OVERLAP: i64 = 64;

/// The secret that seals the addresses.
const SECRET: &str = "callbacks";

/// The callbacks of a run.
pub(crate) struct Hearing {
    /// Where the provider is to call, if it is to.
    pub(crate) callbacks: Option<Callbacks>,
    /// What was said.
    pub(crate) hints: Hints,
    heard: Option<mpsc::Receiver<Hint>>,
    seen: i64,
}

impl Hearing {
    /// Begins to listen as the arguments say, and takes in what was heard before.
    pub(crate) async fn begin(
        args: &WebhookArgs,
        store: &Store,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        let mut hearing =
            Self { callbacks: None, hints: Hints::default(), heard: None, seen: 0 };
        hearing.read(store).await?;
        if args.webhook_listen.is_none() && args.webhook_url.is_none() {
            return Ok(hearing);
        }
        let tags = tags(store).await?;
        let mut url = args.webhook_url.clone();
        if let Some(address) = args.webhook_listen {
            let (listener, here) = bind(address).await?;
            let (receiver, heard) = Receiver::new(tags.clone());
            tokio::spawn(receiver.serve(listener));
            terminal.talk(&format!("listens for callbacks at http://{here}\n"));
            url = Some(url.unwrap_or_else(|| format!("http://{here}")));
            hearing.heard = Some(heard);
        }
        if let Some(url) = url {
            let callbacks = Callbacks::new(&url, tags).map_err(|error| {
                Failure::invalid(format!("--webhook-url: {error}"))
                    .hint("it is how the provider reaches --webhook-listen, or `leadmill serve`")
            })?;
            hearing.callbacks = Some(callbacks);
        }
        Ok(hearing)
    }

    /// Passes on what is heard, here and by others. Never ends. A state that cannot be read now may be later:
    /// what is lost is time.
    pub(crate) async fn listen(&mut self, store: &Store) -> Infallible {
        if self.callbacks.is_none() {
            return std::future::pending().await;
        }
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let heard = async {
                match &mut self.heard {
                    Some(heard) => heard.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some(hint) = heard => {
                    // For a later process, if this one is killed.
                    _ = timeout(PATIENCE, store.hint(&hint)).await;
                    self.hints.tell(hint);
                }
                _ = looks.tick() => {
                    // A state that hangs must not keep the run's journal waiting for us.
                    _ = timeout(PATIENCE, self.read(store)).await;
                }
            }
        }
    }

    async fn read(&mut self, store: &Store) -> Result<(), Failure> {
        for (place, hint) in store.hints(self.seen - OVERLAP).await? {
            self.seen = self.seen.max(place);
            self.hints.tell(hint);
        }
        Ok(())
    }
}

/// The tags of a state.
pub(crate) async fn tags(store: &Store) -> Result<Tags, Failure> {
    Ok(Tags::new(&store.secret(SECRET).await?))
}

/// Listens at an address; tells which it is.
pub(crate) async fn bind(
    address: SocketAddr,
) -> Result<(TcpListener, SocketAddr), Failure> {
    let failed = |error: std::io::Error| {
        Failure::failed(format!("cannot listen for callbacks on {address}: {error}"))
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let here = listener.local_addr().map_err(failed)?;
    Ok((listener, here))
}

/// Writes what is heard into a state, for the runs that use it. Tells how many batches it was about.
pub(crate) async fn keep(
    store: &Store,
    heard: &mut mpsc::Receiver<Hint>,
    batches: &mut HashSet<leadmill_core::BatchId>,
) -> Result<Infallible, Failure> {
    loop {
        let Some(hint) = heard.recv().await else {
            return Err(Failure::failed("the receiver has ended"));
        };
        store.hint(&hint).await?;
        batches.insert(hint.batch);
    }
}
