//! The providers of a run at work: transports, keys, engines, and sandboxes where the file wants them.

use crate::{
    clock::SystemClock,
    exit::Failure,
    pipeline::{Provider, Secret},
    prepared::{Prepared, PreparedStep},
};
use leadmill_core::{Account, Clock, Credits, RunId};
use leadmill_engine::{Engine, Hints, Parts, Visit};
use leadmill_providers::{Callbacks, Enrich, Network};
use leadmill_sandbox::{Options, Sandbox};
use leadmill_state::Store;
use leadmill_tables::Parts as Staging;
use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};
use tokio::{net::TcpListener, sync::watch};

/// Longest time that one call may take.
const TIMEOUT: Duration = Duration::from_secs(120);

/// The key of the embedded sandbox.
const SANDBOX_KEY: &str = "sk_sandbox";

/// The engines of a run, by provider.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    engines: BTreeMap<String, Engine>,
    network: Option<Network>,
    callbacks: Option<Callbacks>,
    hints: Hints,
}

impl Accounts {
    /// None yet. Providers are to call back there, and `hints` is what they say.
    pub(crate) fn new(callbacks: Option<Callbacks>, hints: Hints) -> Self {
        Self { callbacks, hints, ..Self::default() }
    }

    /// The engine of a step's provider, made at first use.
    pub(crate) async fn engine(
        &mut self,
        prepared: &Prepared,
        step: &PreparedStep,
        store: &Store,
        run: RunId,
        stop: &watch::Receiver<bool>,
    ) -> Result<&mut Engine, Failure> {
        if !self.engines.contains_key(&step.provider) {
            let (pipeline, results) = (&prepared.pipeline, &prepared.results);
            let provider = pipeline.providers.get(&step.provider).ok_or_else(|| {
                Failure::invalid(format!("no provider is called {}", step.provider))
            })?;
            let budget =
                pipeline.budget.run.get(&step.provider).copied().unwrap_or(Credits::MAX);
            let mut account = step.account.clone();
            if provider.is_embedded() {
                account.pack.base_url = start_sandbox(provider).await?;
            }
            let leases = store.leases(&account, Arc::new(SystemClock)).await?;
            let parts = Parts {
                staging: Arc::new(Staging::open(results.clone())?),
                provider: self.provider(provider, account)?,
                clock: Arc::new(SystemClock),
                leases,
                budget,
                stop: stop.clone(),
                hints: self.hints.clone(),
            };
            let engine = Engine::new(run, parts);
            self.engines.insert(step.provider.clone(), engine);
        }
        self.engines.get_mut(&step.provider).ok_or_else(|| Failure::failed("no engine"))
    }

    /// The wire to a provider's account.
    fn provider(
        &mut self,
        provider: &Provider,
        account: Account,
    ) -> Result<Arc<Enrich>, Failure> {
        let network = match &self.network {
            Some(network) => network.clone(),
            None => {
                let network = Network::new(TIMEOUT)
                    .map_err(|error| Failure::failed(error.to_string()))?;
                self.network.insert(network).clone()
            }
        };
        let key = provider.api_key.as_ref().map_or(SANDBOX_KEY, |key| key.expose());
        let enrich = Enrich::new(account, key, Arc::new(network))
            .map_err(|error| Failure::invalid(error.to_string()))?
            .hiding(provider.api_key.as_ref().map(Secret::forms).unwrap_or_default())
            .calling_back(self.callbacks.clone());
        Ok(Arc::new(enrich))
    }

    /// The engines that were used, by provider.
    pub(crate) fn engines(&self) -> impl Iterator<Item = (&String, &Engine)> {
        self.engines.iter()
    }
}

/// A provider's account for what costs nothing, outside of any run.
pub(crate) async fn visit(
    provider: &Provider,
    mut account: Account,
    store: &Store,
) -> Result<(Visit, Arc<Enrich>), Failure> {
    if provider.is_embedded() {
        account.pack.base_url = start_sandbox(provider).await?;
    }
    let leases = store.leases(&account, Arc::new(SystemClock)).await?;
    let enrich = Accounts::default().provider(provider, account)?;
    let visit = Visit::new(Arc::clone(&enrich) as _, Arc::new(SystemClock), leases);
    Ok((visit, enrich))
}

/// Serves the sandbox on a free port of this machine, for as long as the process lives.
async fn start_sandbox(provider: &Provider) -> Result<String, Failure> {
    let failed = |error: std::io::Error| {
        Failure::failed(format!("the sandbox does not start: {error}"))
    };
    let plan = provider.plan().unwrap_or_default();
    let plan = plan.parse().map_err(|_| {
        Failure::invalid(format!("the sandbox has no plan called `{plan}`"))
    })?;
    let epoch = UNIX_EPOCH + Duration::from_millis(SystemClock.now().0.unsigned_abs());
    let sandbox = Sandbox::new(Options {
        plan,
        epoch,
        track_questions: false,
        ..Options::default()
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    tokio::spawn(sandbox.serve(listener));
    Ok(format!("http://127.0.0.1:{port}/api/v3"))
}
