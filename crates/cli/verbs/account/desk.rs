//! Where the calls of an action are made, one after the other.

use super::failures::failure;
use crate::{
    accounts, args::account::AccountArgs, exit::Failure, prepared, terminal::Terminal,
};
use leadmill_core::{Call, ProviderError, Reply};
use leadmill_engine::{Again, Visit, VisitError};
use leadmill_providers::Enrich;
use leadmill_state::Store;
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::time::sleep;

/// How long nobody wonders.
const SILENCE: Duration = Duration::from_secs(2);

/// An account that is visited.
pub(super) struct Desk<'a> {
    /// The provider's name in the file.
    pub(super) name: &'a str,
    enrich: Arc<Enrich>,
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
        let (provider, account, place) =
            prepared::provider_of(&args.file_args(), name, terminal)?;
        let store = Store::open(&place).await?;
        let (visit, enrich) = accounts::visit(&provider, account, &store).await?;
        Ok(Self { name, enrich, visit, terminal, _store: store })
    }

    /// Asks for something, which changes nothing.
    pub(super) async fn look<T>(
        &mut self,
        call: Call,
        send: impl AsyncFn(&Enrich) -> Result<Reply<T>, ProviderError>,
    ) -> Result<T, Failure> {
        let asked = self.ask(call, Again::Harmless, send).await;
        asked.map_err(|error| failure(error, None))
    }

    /// Changes something, once. `shown_by` is the action by which a person sees whether it is changed.
    pub(super) async fn change<T>(
        &mut self,
        shown_by: &str,
        send: impl AsyncFn(&Enrich) -> Result<Reply<T>, ProviderError>,
    ) -> Result<T, Failure> {
        let asked = self.ask(Call::Account, Again::Harmful, send).await;
        let shown_by = format!("`leadmill account {} {shown_by}`", self.name);
        asked.map_err(|error| failure(error, Some(&shown_by)))
    }

    async fn ask<T>(
        &mut self,
        call: Call,
        again: Again,
        send: impl AsyncFn(&Enrich) -> Result<Reply<T>, ProviderError>,
    ) -> Result<T, VisitError> {
        let Self { enrich, visit, terminal, .. } = self;
        let mut asked = pin!(visit.call(call, again, async || send(enrich).await));
        tokio::select! { biased;
            asked = &mut asked => asked,
            () = sleep(SILENCE) => {
                terminal.talk("waiting for the provider, or for its limits\n");
                asked.await
            }
        }
    }
}
