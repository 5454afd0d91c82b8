//! The providers of a run at work: transports, keys, engines, and sandboxes where the file wants them.

use crate::{
    clock::SystemClock,
    exit::Failure,
    pipeline::{Provider, Secret, TOMBA},
    prepared::{Prepared, PreparedAttempt, PreparedStep},
    whose,
};
use leadmill_core::{Account, Clock, Credits, Operation, RunId, limits::Written};
use leadmill_engine::{Engine, GRACE, Hints, PATIENCE, Parts, Visit};
use leadmill_providers::{Callbacks, Enrich, Network, Tomba};
use leadmill_sandbox::{
    Options, Sandbox,
    tomba::{self, TombaKey},
};
use leadmill_state::Store;
use leadmill_tables::Parts as Staging;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};
use tokio::{net::TcpListener, sync::watch};

/// Longest time that one call may take.
const TIMEOUT: Duration = leadmill_core::provider::CALL_TIMEOUT;

/// The key of the embedded sandbox.
const SANDBOX_KEY: &str = "sk_sandbox";

/// The engines of a run, by provider.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    engines: BTreeMap<String, Engine>,
    network: Option<Network>,
    callbacks: Option<Callbacks>,
    hints: Hints,
    waits: Waits,
    /// Providers of which it is known whose account they are: they were asked in this session.
    known: BTreeSet<String>,
}

/// How long is waited, where the command line or the file says.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Waits {
    /// For what lets nothing through, at whichever provider.
    pub(crate) patience: Option<Duration>,
    /// For replies to paid calls, once the run is told to end.
    pub(crate) grace: Option<Duration>,
}

impl Accounts {
    /// None yet. Providers are to call back there, and `hints` is what they say.
    pub(crate) fn new(callbacks: Option<Callbacks>, hints: Hints, waits: Waits) -> Self {
        Self { callbacks, hints, waits, ..Self::default() }
    }

    /// The same, which need not ask these providers whose account they are.
    pub(crate) fn with_known(self, known: BTreeSet<String>) -> Self {
        Self { known, ..self }
    }

    /// The engine of an attempt's provider, made at first use.
    pub(crate) async fn engine(
        &mut self,
        prepared: &Prepared,
        attempt: &PreparedAttempt,
        store: &Store,
        run: RunId,
        stop: &watch::Receiver<bool>,
    ) -> Result<&mut Engine, Failure> {
        if !self.engines.contains_key(&attempt.provider) {
            let (pipeline, results) = (&prepared.pipeline, &prepared.results);
            let provider =
                pipeline.providers.get(&attempt.provider).ok_or_else(|| {
                    Failure::invalid(format!(
                        "no provider is called {}",
                        attempt.provider
                    ))
                })?;
            let budget = pipeline
                .budget
                .run
                .get(&attempt.provider)
                .copied()
                .unwrap_or(Credits::MAX);
            let mut account = attempt.account.clone();
            if provider.is_embedded() {
                account.pack.base_url = start_sandbox(provider).await?;
            }
            let Waits { patience, grace } = self.waits;
            let own = provider.patience.map(|Written(patience)| patience);
            let patience = patience.or(own).unwrap_or(PATIENCE);
            if !provider.is_embedded() && self.known.insert(attempt.provider.clone()) {
                whose::confirm(provider, &account, store, patience, stop).await?;
            }
            let leases = store.leases(&account, Arc::new(SystemClock)).await?;
            let parts = Parts {
                staging: Arc::new(Staging::open(results.clone())?),
                provider: self.provider(provider, account, prepared)?,
                clock: store.clock(Arc::new(SystemClock)).await?,
                leases,
                budget,
                stop: stop.clone(),
                hints: self.hints.clone(),
            };
            let engine = Engine::new(run, parts)
                .with_patience(patience)
                .with_grace(grace.unwrap_or(GRACE));
            self.engines.insert(attempt.provider.clone(), engine);
        }
        self.engines
            .get_mut(&attempt.provider)
            .ok_or_else(|| Failure::failed("no engine"))
    }

    /// Hands out an engine, to be at work beside others, until it is [kept](Self::keep) again.
    pub(crate) fn lend(&mut self, provider: &str) -> Result<Engine, Failure> {
        self.engines.remove(provider).ok_or_else(|| Failure::failed("no engine"))
    }

    /// Takes an engine back.
    pub(crate) fn keep(&mut self, provider: &str, engine: Engine) {
        self.engines.insert(provider.to_owned(), engine);
    }

    /// The wire to a provider's account, for what the pipeline asks of it.
    fn provider(
        &mut self,
        provider: &Provider,
        account: Account,
        prepared: &Prepared,
    ) -> Result<Arc<dyn leadmill_core::Provider>, Failure> {
        if provider.pack != TOMBA {
            return Ok(self.enrich(provider, account)?);
        }
        let is_asked = |step: &&PreparedStep| {
            step.attempts.iter().any(|attempt| attempt.provider == account.name)
        };
        let asked = prepared.steps.iter().filter(is_asked);
        let asked: Vec<Operation> = asked.map(|step| step.operation).collect();
        Ok(Arc::new(self.tomba(provider, account)?.drawing_for(asked)))
    }

    fn enrich(
        &mut self,
        provider: &Provider,
        account: Account,
    ) -> Result<Arc<Enrich>, Failure> {
        let network = self.network()?;
        let key = provider.api_key.as_ref().map_or(SANDBOX_KEY, |key| key.expose());
        let enrich = Enrich::new(account, key, Arc::new(network))
            .map_err(|error| Failure::invalid(error.to_string()))?
            .hiding(forms(provider))
            .calling_back(self.callbacks.clone());
        Ok(Arc::new(enrich))
    }

    fn tomba(&mut self, provider: &Provider, account: Account) -> Result<Tomba, Failure> {
        let network = self.network()?;
        let usual = TombaKey::default();
        let key = provider.key.as_ref().map_or(&*usual.key, |key| key.expose());
        let secret =
            provider.secret.as_ref().map_or(&*usual.secret, |secret| secret.expose());
        let tomba = Tomba::new(account, key, secret, Arc::new(network))
            .map_err(|error| Failure::invalid(error.to_string()))?;
        Ok(tomba.hiding(forms(provider)))
    }

    fn network(&mut self) -> Result<Network, Failure> {
        Ok(match &self.network {
            Some(network) => network.clone(),
            None => {
                let network = Network::new(TIMEOUT)
                    .map_err(|error| Failure::failed(error.to_string()))?;
                self.network.insert(network).clone()
            }
        })
    }

    /// The engines that were used, by provider.
    pub(crate) fn engines(&self) -> impl Iterator<Item = (&String, &Engine)> {
        self.engines.iter()
    }
}

/// The forms in which its credentials could come back.
fn forms(provider: &Provider) -> Vec<String> {
    let credentials = provider.credentials().into_iter();
    credentials.filter_map(|(_, secret)| secret).flat_map(Secret::forms).collect()
}

/// An account at Enrich.so for what costs nothing, outside of any run.
pub(crate) async fn visit(
    provider: &Provider,
    account: Account,
    store: &Store,
) -> Result<(Visit, Arc<Enrich>), Failure> {
    match visitor(provider, account, store).await? {
        (visit, Visitor::Enrich(enrich)) => Ok((visit, enrich)),
        (_, Visitor::Tomba(tomba)) => {
            let name = &leadmill_core::Provider::account(&*tomba).name;
            Err(Failure::invalid(format!("`{name}` is no account at enrich.so")))
        }
    }
}

/// Whose account is visited.
#[derive(Debug)]
pub(crate) enum Visitor {
    /// Enrich.so's.
    Enrich(Arc<Enrich>),
    /// Tomba's.
    Tomba(Arc<Tomba>),
}

/// A provider's account for what costs nothing, outside of any run.
pub(crate) async fn visitor(
    provider: &Provider,
    mut account: Account,
    store: &Store,
) -> Result<(Visit, Visitor), Failure> {
    if provider.is_embedded() {
        account.pack.base_url = start_sandbox(provider).await?;
    }
    let leases = store.leases(&account, Arc::new(SystemClock)).await?;
    let mut accounts = Accounts::default();
    let (visited, visitor): (Arc<dyn leadmill_core::Provider>, _) =
        if provider.pack == TOMBA {
            let tomba = Arc::new(accounts.tomba(provider, account)?);
            (Arc::clone(&tomba) as _, Visitor::Tomba(tomba))
        } else {
            let enrich = accounts.enrich(provider, account)?;
            (Arc::clone(&enrich) as _, Visitor::Enrich(enrich))
        };
    Ok((Visit::new(visited, Arc::new(SystemClock), leases), visitor))
}

/// Serves the sandbox on a free port of this machine, for as long as the process lives.
async fn start_sandbox(provider: &Provider) -> Result<String, Failure> {
    let failed = |error: std::io::Error| {
        Failure::failed(format!("the sandbox does not start: {error}"))
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    let epoch = UNIX_EPOCH + Duration::from_millis(SystemClock.now().0.unsigned_abs());
    if provider.pack == TOMBA {
        let options = tomba::Options {
            // It does not know the same people as the other sandbox.
            seed: 1,
            epoch,
            track_questions: false,
            ..Default::default()
        };
        tokio::spawn(tomba::Tomba::new(options).serve(listener));
        return Ok(format!("http://127.0.0.1:{port}/v1"));
    }
    let plan = provider.plan().unwrap_or_default();
    let plan = plan.parse().map_err(|_| {
        Failure::invalid(format!("the sandbox has no plan called `{plan}`"))
    })?;
    let sandbox = Sandbox::new(Options {
        plan,
        epoch,
        track_questions: false,
        ..Options::default()
    });
    tokio::spawn(sandbox.serve(listener));
    Ok(format!("http://127.0.0.1:{port}/api/v3"))
}
