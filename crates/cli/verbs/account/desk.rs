//! Where the calls of an action are made, one after the other.

use super::failures::failure;
use crate::{
    accounts::{self, Visitor},
    args::account::AccountArgs,
    exit::Failure,
    pipeline::Provider,
    prepared,
    terminal::Terminal,
    whose,
};
use leadmill_core::{Account, Call, ProviderError, Reply};
use leadmill_engine::{Again, Visit};
use leadmill_providers::{Enrich, Tomba};
use leadmill_state::Store;
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::time::sleep;

/// How long nobody wonders.
const SILENCE: Duration = Duration::from_secs(2);

/// An account that is visited.
pub(super) struct Desk<'a> {
    /// The provider's name in the file.
    pub(super) name: &'a str,
    visitor: Visitor,
    visit: Visit,
    terminal: &'a Terminal,
    provider: Provider,
    account: Account,
    /// Whose leases the visit holds.
    store: Store,
}

impl<'a> Desk<'a> {
    /// Finds the provider in the file. Asks nothing.
    pub(super) async fn open(
        args: &'a AccountArgs,
        terminal: &'a Terminal,
    ) -> Result<Self, Failure> {
        let name = args.provider.as_str();
        let (provider, mut account, place) =
            prepared::provider_of(&args.file_args(), name, terminal)?;
        let store = Store::open(&place).await?;
        account.purse = whose::account(&provider, &account, &store).await?;
        let visitor = accounts::visitor(&provider, account.clone(), &store);
        let (visit, visitor) = visitor.await?;
        Ok(Self { name, visitor, visit, terminal, provider, account, store })
    }

    /// Asks Enrich.so for something, which changes nothing.
    pub(super) async fn look<T>(
        &mut self,
        call: Call,
        send: impl AsyncFn(&Enrich) -> Result<Reply<T>, ProviderError>,
    ) -> Result<T, Failure> {
        let enrich = self.enrich()?;
        self.ask(call, Again::Harmless, None, async || send(&enrich).await).await
    }

    /// Asks Tomba for something, which changes nothing.
    pub(super) async fn look_at_tomba<T>(
        &mut self,
        send: impl AsyncFn(&Tomba) -> Result<Reply<T>, ProviderError>,
    ) -> Result<T, Failure> {
        let tomba = match &self.visitor {
            Visitor::Tomba(tomba) => Arc::clone(tomba),
            Visitor::Enrich(_) => return Err(self.elsewhere("tomba")),
        };
        let send = async || send(&tomba).await;
        self.ask(Call::Account, Again::Harmless, None, send).await
    }

    /// Changes something at Enrich.so, once. `shown_by` is the action by which a person sees whether it is changed.
    pub(super) async fn change<T>(
        &mut self,
        shown_by: &str,
        send: impl AsyncFn(&Enrich) -> Result<Reply<T>, ProviderError>,
    ) -> Result<T, Failure> {
        let enrich = self.enrich()?;
        let send = async || send(&enrich).await;
        let shown_by = format!("`leadmill account {} {shown_by}`", self.name);
        self.ask(Call::Account, Again::Harmful, Some(&shown_by), send).await
    }

    fn enrich(&self) -> Result<Arc<Enrich>, Failure> {
        match &self.visitor {
            Visitor::Enrich(enrich) => Ok(Arc::clone(enrich)),
            Visitor::Tomba(_) => Err(self.elsewhere("enrich.so")),
        }
    }

    fn elsewhere(&self, pack: &str) -> Failure {
        let message = format!("`{}` is no account at {pack}", self.name);
        Failure::invalid(message).hint(
            "of Tomba there are `me`, `usage` and `logs`, and all others of Enrich.so",
        )
    }

    async fn ask<T>(
        &mut self,
        call: Call,
        again: Again,
        shown_by: Option<&str>,
        send: impl AsyncFn() -> Result<Reply<T>, ProviderError>,
    ) -> Result<T, Failure> {
        let Self { visit, terminal, provider, account, store, .. } = self;
        let noted = whose::asked(provider, account, store).await?;
        let send = async || {
            if let Some(noted) = &noted {
                noted.leaves().await?;
            }
            send().await
        };
        let mut asked = pin!(visit.call(call, again, send));
        let asked = tokio::select! { biased;
            asked = &mut asked => asked,
            () = sleep(SILENCE) => {
                terminal.talk("waiting for the provider, or for its limits\n");
                asked.await
            }
        };
        match noted.as_ref().and_then(whose::Asked::failure) {
            Some(failure) => Err(failure),
            None => asked.map_err(|error| failure(error, shown_by)),
        }
    }
}
