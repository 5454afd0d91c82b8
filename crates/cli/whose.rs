//! Whose account a key opens: read from the provider before anything is bought, and kept in the state. A state that
//! belongs to one account never answers for another.

mod asked;
mod made_up;

use crate::{
    accounts::{self, Visitor},
    enriching::each_batch,
    exit::{Exit, Failure},
    pipeline::Provider,
    prepared::{Prepared, PreparedAttempt},
    progress::duration,
    terminal::Terminal,
};
pub(crate) use asked::Asked;
use leadmill_core::{
    Account, Call, Journal, Ledger, Line,
    identity::{self, Host, Identity, Owner},
    limits::Written,
};
use leadmill_engine::{Again, PATIENCE, RunError, Visit, VisitError};
use leadmill_state::{Place, Store};
use made_up::{MadeUp, is_made_up};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::sync::watch;

/// What the state calls the account of a key.
const KEY: &str = "account of key ";

/// What the state calls the account that has taken over batches of none.
const CLAIM: &str = "account of all ";

/// What the state calls the times at which a key was asked for its account.
const ASKED: &str = "account of asked ";

/// What the names of all begin with.
const FACTS: &str = "account of ";

/// What the state knows of accounts.
#[derive(Debug, Default)]
struct Whose {
    facts: BTreeMap<String, String>,
}

/// A session that is about to begin.
pub(crate) struct Beginning<'a> {
    pub(crate) store: &'a Store,
    pub(crate) terminal: &'a Terminal,
    pub(crate) stop: watch::Receiver<bool>,
    pub(crate) patience: Option<Duration>,
    /// Whether it may buy. One that fetches goes by what the state knows, where the provider says nothing.
    pub(crate) buys: bool,
}

/// The book of a state, by the accounts that its batches are taken for.
pub(crate) async fn book(store: &Store) -> Result<(Ledger, Box<dyn Journal>), Failure> {
    let (mut ledger, journal) = store.book().await?;
    Whose::read(store).await?.rename(&mut ledger);
    Ok((ledger, journal))
}

/// The same, for looking only.
pub(crate) async fn ledger(store: &Store) -> Result<Ledger, Failure> {
    let mut ledger = store.ledger().await?;
    Whose::read(store).await?.rename(&mut ledger);
    Ok(ledger)
}

/// Puts the accounts of a pipeline in, as far as the state knows them. Nothing is asked.
pub(crate) async fn guess_all(
    prepared: &mut Prepared,
    store: Option<&Store>,
    ledger: &Ledger,
) -> Result<(), Failure> {
    let whose = match store {
        Some(store) => Whose::read(store).await?,
        None => Whose::default(),
    };
    for (name, account) in accounts_of(prepared) {
        let Some(provider) = prepared.pipeline.providers.get(&name) else { continue };
        let purse = whose.guess(provider, &account, ledger);
        put_in(prepared, &name, &purse);
    }
    Ok(())
}

/// The accounts of a pipeline's providers that a state on this machine knows. Nothing is asked.
pub(crate) async fn known(prepared: &Prepared) -> BTreeMap<String, String> {
    let Place::Folder(_) = &prepared.state else { return BTreeMap::new() };
    // What is wrong with a state is told by those who need it.
    let Ok(Some(store)) = Store::look(&prepared.state).await else {
        return BTreeMap::new();
    };
    let Ok(whose) = Whose::read(&store).await else { return BTreeMap::new() };
    let known = |(name, account): (String, Account)| {
        let provider = prepared.pipeline.providers.get(&name)?;
        let account = whose.known(provider, &account)?.to_owned();
        Some((name, account))
    };
    accounts_of(prepared).into_iter().filter_map(known).collect()
}

/// The account of a provider that is visited, as far as the state knows it.
pub(crate) async fn account(
    provider: &Provider,
    account: &Account,
    store: &Store,
) -> Result<String, Failure> {
    let ledger = ledger(store).await?;
    Ok(Whose::read(store).await?.guess(provider, account, &ledger))
}

/// The calls of a key, of which one more is about to be made, where the state does not know whose account it opens.
pub(crate) async fn asked<'a>(
    provider: &Provider,
    account: &Account,
    store: &'a Store,
) -> Result<Option<Asked<'a>>, Failure> {
    let whose = Whose::read(store).await?;
    let is_known = whose.known(provider, account).is_some_and(has_owner);
    match provider.is_embedded() || is_known {
        true => Ok(None),
        false => whose.asks(provider, account, store).await.map(Some),
    }
}

/// Puts the accounts of a pipeline in. What a key has opened before it is taken to open again, until it is
/// [asked](confirm) before anything is bought. Whose account a key opens that is new to the state is asked at once, if
/// there are leads: what names no account is taken over then, once. Gives the providers that were asked.
pub(crate) async fn identify_all(
    prepared: &mut Prepared,
    ledger: &mut Ledger,
    beginning: &Beginning<'_>,
) -> Result<BTreeSet<String>, Failure> {
    guess_all(prepared, Some(beginning.store), ledger).await?;
    let (mut asked, mut has_leads) = (BTreeSet::new(), None);
    for (name, account) in accounts_of(prepared) {
        let mut whose = Whose::read(beginning.store).await?;
        let Some(provider) = prepared.pipeline.providers.get(&name) else { continue };
        let is_known = whose.known(provider, &account).is_some_and(has_owner);
        if provider.is_embedded() || is_known {
            continue;
        }
        let mut stop = beginning.stop.clone();
        if has_leads.is_none() {
            // What is wrong with the leads is told before anything is asked.
            has_leads = tokio::select! { biased;
                _ = stop.wait_for(|stop| *stop) => Some(false),
                found = has_rows(prepared) => Some(found?),
            };
        }
        if has_leads == Some(false) {
            break;
        }
        let purse = whose.identified(provider, &account, ledger, beginning).await?;
        whose.rename(ledger);
        tell_others(&name, &purse, ledger, beginning.terminal);
        put_in(prepared, &name, &purse);
        asked.insert(name);
    }
    Ok(asked)
}

/// Whether there are any leads. All of them are looked at, as by a run.
async fn has_rows(prepared: &Prepared) -> Result<bool, Failure> {
    let Some(step) = prepared.steps.first() else { return Ok(false) };
    let (mut key, mut has_rows) = (prepared.source.key_check()?, false);
    let act = async |batch| {
        key.check(&batch).map_err(|error| prepared.misfit(error))?;
        let asked = step.questions.read(&batch);
        let asked = asked.map_err(|error| prepared.misfit_in(0, error))?;
        has_rows |= !asked.is_empty();
        Ok(())
    };
    each_batch(prepared, &prepared.source, &[], act).await?;
    Ok(has_rows)
}

/// Asks a provider, before anything is bought, whether its key still opens the account that it has opened before. Where it
/// does not say, it is taken to.
pub(crate) async fn confirm(
    provider: &Provider,
    account: &Account,
    store: &Store,
    patience: Duration,
    stop: &watch::Receiver<bool>,
) -> Result<(), Failure> {
    let mut stop = stop.clone();
    let asked = Whose::read(store).await?.asks(provider, account, store).await?;
    let owner = tokio::select! { biased;
        _ = stop.wait_for(|stop| *stop) => return Ok(()),
        owner = owner(provider, account, &asked, store, patience) => owner,
    };
    if let Some(failure) = asked.failure() {
        return Err(failure);
    }
    let Ok(Owner { name: Some(name), is_sandbox }) = owner else { return Ok(()) };
    let place = place_of(provider, account, is_sandbox);
    let purse = Identity { owner: Some(name), ..place }.to_string();
    if purse == account.purse {
        return Ok(());
    }
    let at = Account { purse: purse.clone(), ..account.clone() };
    tokio::select! { biased;
        _ = stop.wait_for(|stop| *stop) => {}
        counted = asked.count(provider, &at) => counted?,
    }
    store.put_fact(&key_of(provider, account), &purse).await?;
    let message = format!(
        "{} was {} and is {purse} now: nothing was asked",
        account.name, account.purse
    );
    Err(Failure::failed(message).hint("run again: it goes by the account that it is now"))
}

/// The account of each provider that is asked.
fn accounts_of(prepared: &Prepared) -> BTreeMap<String, Account> {
    let account =
        |attempt: &PreparedAttempt| (attempt.provider.clone(), attempt.account.clone());
    prepared.attempts().map(account).collect()
}

fn put_in(prepared: &mut Prepared, provider: &str, purse: &str) {
    let attempts = prepared.steps.iter_mut().flat_map(|step| &mut step.attempts);
    for attempt in attempts.filter(|attempt| attempt.provider == provider) {
        purse.clone_into(&mut attempt.account.purse);
    }
}

/// Tells, where an account has nothing in a state and others have.
fn tell_others(name: &str, purse: &str, ledger: &Ledger, terminal: &Terminal) {
    let pack = identity::provider_of(purse);
    let mut others: BTreeSet<&str> = BTreeSet::new();
    for line in
        ledger.lines().iter().filter(|line| identity::provider_of(&line.account) == pack)
    {
        if *line.account == *purse {
            return;
        }
        others.insert(&line.account);
    }
    if !others.is_empty() {
        let others: Vec<&str> = others.into_iter().collect();
        terminal.talk(&format!(
            "{name} is {purse}: what the state holds of {} is not used\n",
            others.join(", ")
        ));
    }
}

impl Whose {
    /// What a state knows.
    async fn read(store: &Store) -> Result<Self, Failure> {
        Ok(Self { facts: store.facts(FACTS).await? })
    }

    /// Puts an account's name in the place of those that name none, where it has taken them over.
    fn rename(&self, ledger: &mut Ledger) {
        let made_up = MadeUp::of(ledger);
        ledger.rename(|line| {
            let account = match made_up.is(line) {
                true => Identity::nameless(&line.account, true),
                false => line.account.to_string(),
            };
            let claimed = self.claimed(&account).map(str::to_owned);
            let account = claimed.unwrap_or(account);
            (account != *line.account).then(|| account.into())
        });
    }

    fn claimed(&self, purse: &str) -> Option<&str> {
        self.facts.get(&format!("{CLAIM}{purse}")).map(String::as_str)
    }

    /// The account that a key has opened when it was last asked.
    fn known(&self, provider: &Provider, account: &Account) -> Option<&str> {
        self.facts.get(&key_of(provider, account)).map(String::as_str)
    }

    /// The account of a provider, as far as it is known without asking.
    fn guess(&self, provider: &Provider, account: &Account, ledger: &Ledger) -> String {
        if provider.is_embedded() {
            return account.purse.clone();
        }
        let known = self.known(provider, account).map(str::to_owned);
        let base =
            Identity { owner: None, ..place_of(provider, account, false) }.to_string();
        let is_here = |line: &&Line| {
            *line.account == *account.purse
                || is_at(&line.account, &place_of(provider, account, false))
        };
        let last = || {
            let mut lines = ledger.lines().iter().rev();
            lines.find(is_here).map(|line| line.account.to_string())
        };
        let claimed = self.claimed(&base).map(str::to_owned);
        known.or_else(last).or(claimed).unwrap_or(base)
    }

    /// The account of a provider, as it says. Where it says nothing, what is known holds, if that is safe.
    async fn identified(
        &mut self,
        provider: &Provider,
        account: &Account,
        ledger: &mut Ledger,
        beginning: &Beginning<'_>,
    ) -> Result<String, Failure> {
        let guess = self.guess(provider, account, ledger);
        if provider.is_embedded() {
            return Ok(guess);
        }
        let Beginning { store, patience, .. } = *beginning;
        let mut stop = beginning.stop.clone();
        let at = Account { purse: guess.clone(), ..account.clone() };
        let own = provider.patience.map(|Written(patience)| patience);
        let patience = patience.or(own).unwrap_or(PATIENCE);
        let asked = self.asks(provider, account, store).await?;
        let owner = tokio::select! { biased;
            _ = stop.wait_for(|stop| *stop) => return Ok(guess),
            owner = owner(provider, &at, &asked, store, patience) => owner,
        };
        if let Some(failure) = asked.failure() {
            return Err(failure);
        }
        let owner = match owner {
            Ok(owner) => owner,
            Err(error) => {
                let is_safe = !beginning.buys
                    || self.known(provider, account).is_some()
                    || !has_owners(ledger, &account.pack.name);
                return if is_safe { Ok(guess) } else { Err(error) };
            }
        };
        let place = place_of(provider, account, owner.is_sandbox);
        let nameless = Identity { owner: None, ..place.clone() }.to_string();
        let identity = Identity { owner: owner.name, ..place };
        let purse = match &identity.owner {
            Some(_) => identity.to_string(),
            // Whoever the key has been before, it still is.
            None => {
                let known = self.known(provider, account);
                let known = known.filter(|known| is_at(known, &identity));
                known.or(self.claimed(&nameless)).unwrap_or(&nameless).to_owned()
            }
        };
        if purse != guess {
            let at = Account { purse: purse.clone(), ..at };
            tokio::select! { biased;
                _ = stop.wait_for(|stop| *stop) => {}
                counted = asked.count(provider, &at) => counted?,
            }
        }
        let key = key_of(provider, account);
        if self.facts.get(&key) != Some(&purse) {
            store.put_fact(&key, &purse).await?;
        }
        if identity.owner.is_some() {
            self.take_over(&identity, &nameless, ledger, beginning).await?;
        }
        Ok(purse)
    }

    /// The calls of a key, of which one more is about to be made.
    async fn asks<'a>(
        &self,
        provider: &Provider,
        account: &Account,
        store: &'a Store,
    ) -> Result<Asked<'a>, Failure> {
        let fact = key_of(provider, account).replacen(KEY, ASKED, 1);
        let before = self.facts.get(&fact).cloned();
        Asked::new(before.as_deref(), fact, account, store).await
    }

    /// Takes over what names no account, unless another one has: what earlier versions have bought at the provider, and
    /// what was bought while it did not say whose account it is. What is known to be a sandbox's stays with sandboxes, and
    /// what is not with the others.
    async fn take_over(
        &mut self,
        identity: &Identity,
        nameless: &str,
        ledger: &Ledger,
        beginning: &Beginning<'_>,
    ) -> Result<(), Failure> {
        let is_sandbox = identity.host == Host::Sandbox;
        let of_old = Identity::nameless(&identity.provider, false);
        let purse = identity.to_string();
        for name in BTreeSet::from([nameless, &*of_old]) {
            let lines = ledger.lines().iter().filter(|line| *line.account == *name);
            let (count, real) = lines.fold((0, false), |(count, real), line| {
                (count + 1, real || is_made_up(line) == Some(false))
            });
            if count == 0
                || self.claimed(name).is_some()
                || (is_sandbox && real && name == of_old)
            {
                continue;
            }
            let fact = format!("{CLAIM}{name}");
            let claimed = beginning.store.fact(&fact, &purse).await?;
            if claimed == purse {
                beginning.terminal.talk(&format!(
                    "{count} batches of this state name no account: they are taken for those of {purse}\n"
                ));
            }
            self.facts.insert(fact, claimed);
        }
        Ok(())
    }
}

/// Whether a state holds anything of a provider's that names its owner.
fn has_owners(ledger: &Ledger, pack: &str) -> bool {
    let mut accounts = ledger.lines().iter().map(|line| &*line.account);
    accounts.any(|account| identity::provider_of(account) == pack && has_owner(account))
}

/// Whether a purse names its owner.
fn has_owner(purse: &str) -> bool {
    const NAMELESS: [&str; 3] = ["(at ", "(sandbox)", "(embedded sandbox)"];
    let place = purse.find(" (").and_then(|at| purse.get(at + 1..));
    place
        .is_some_and(|place| !NAMELESS.iter().any(|nameless| place.starts_with(nameless)))
}

/// Where a provider is, and of no owner.
fn place_of(provider: &Provider, account: &Account, is_sandbox: bool) -> Identity {
    let pack = &account.pack;
    let host = match provider.sandbox || is_sandbox {
        true => Host::Sandbox,
        false => Host::Named(host_of(&pack.base_url)),
    };
    Identity { provider: pack.name.clone(), host, owner: None }
}

/// The host of an address. All ports of a machine are one: what differs is whose wallet it is.
fn host_of(base_url: &str) -> String {
    let url = url::Url::parse(base_url).ok();
    let host = url.as_ref().and_then(url::Url::host_str).unwrap_or(base_url);
    host.trim_end_matches('.').to_ascii_lowercase()
}

/// Whether a purse is one at this place.
fn is_at(purse: &str, place: &Identity) -> bool {
    identity::provider_of(purse) == place.provider
        && match &place.host {
            Host::Sandbox => identity::is_sandbox(purse) && !purse.contains("(embedded"),
            Host::Named(host) => purse.ends_with(&format!("at {host})")),
        }
}

/// What the state calls a key at a place. The key itself is not kept.
fn key_of(provider: &Provider, account: &Account) -> String {
    let mut hash = Sha256::new();
    hash.update(&account.pack.name);
    hash.update([0]);
    hash.update(account.pack.base_url.trim_end_matches('/'));
    for (name, secret) in provider.credentials() {
        hash.update([0]);
        hash.update(name);
        hash.update([0]);
        hash.update(secret.map_or("", |secret| secret.expose()));
    }
    let digest = hash.finalize();
    let digest: String =
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{KEY}{digest}")
}

/// Asks a provider whose account it is.
async fn owner(
    provider: &Provider,
    account: &Account,
    asked: &Asked<'_>,
    store: &Store,
    patience: Duration,
) -> Result<Owner, Failure> {
    let (visit, visitor) = accounts::visitor(provider, account.clone(), store).await?;
    let mut visit: Visit = visit.with_patience(patience);
    let (call, again) = (Call::Balance, Again::Harmless);
    let read = match &visitor {
        Visitor::Enrich(enrich) => {
            let send = async || match asked.leaves().await {
                Ok(()) => enrich.owner().await,
                Err(error) => Err(error),
            };
            visit.call(call, again, send).await
        }
        Visitor::Tomba(tomba) => {
            let send = async || match asked.leaves().await {
                Ok(()) => tomba.owner().await,
                Err(error) => Err(error),
            };
            visit.call(call, again, send).await
        }
    };
    read.map_err(|error| match error {
        VisitError::Provider(error) => RunError::from(error).into(),
        VisitError::Closed(closed) => Failure::new(
            Exit::Later,
            format!(
                "the limits of {} let nothing through for {}: whose account it is cannot be read",
                account.name,
                duration(closed)
            ),
        ),
        VisitError::Broken(error) => error.into(),
    })
}
