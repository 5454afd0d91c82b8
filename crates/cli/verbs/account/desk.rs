//! Where the calls of an action are made, one after the other.

use super::failures::failure;
use crate::{
    accounts::{self, Visitor},
    args::account::AccountArgs,
    exit::Failure,
    prepared,
    terminal::Terminal,
    whose,
};
use leadmill_core::{Call, ProviderError, Reply};
use leadmill_engine::{Again, Visit, VisitError};
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
    /// Whose leases the visit holds.
    _store: Store,
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
        let (visit, visitor) = accounts::visitor(&provider, account, &store).await?;
        Ok(Self { name, visitor, visit, terminal, _store: store })
    }

    /// Asks Enrich.so for something, which changes nothing.
    pub(super) async fn look<T>(
        &mut self,
        call: Call,
        send: impl AsyncFn(&Enrich) -> Result<Reply<T>, ProviderError>,
    ) -> Result<T, Failure> {
        let enrich = self.enrich()?;
        let asked = self.ask(call, Again::Harmless, async || send(&enrich).await).await;
        asked.map_err(|error| failure(error, None))
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
        let asked = self.ask(Call::Account, Again::Harmless, send).await;
        asked.map_err(|error| failure(error, None))
    }

    /// Changes something at Enrich.so, once. `shown_by` is the action by which a person sees whether it is changed.
    pub(super) async fn change<T>(
        &mut self,
        shown_by: &str,
        send: impl AsyncFn(&Enrich) -> Result<Reply<T>, ProviderError>,
    ) -> Result<T, Failure> {
        let enrich = self.enrich()?;
        let send = async || send(&enrich).await;
        let asked = self.ask(Call::Account, Again::Harmful, send).await;
        let shown_by = format!("`leadmill account {} {shown_by}`", self.name);
        asked.map_err(|error| failure(error, Some(&shown_by)))
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
        send: impl AsyncFn() -> Result<Reply<T>, ProviderError>,
    ) -> Result<T, VisitError> {
        let Self { visit, terminal, .. } = self;
        let mut asked = pin!(visit.call(call, again, send));
        tokio::select! { biased;
            asked = &mut asked => asked,
            () = sleep(SILENCE) => {
                terminal.talk("waiting for the provider, or for its limits\n");
                asked.await
            }
        }
    }
}
