//! Who is asked: the client of a provider on the way to its sandbox.

use super::{World, network::InProcess, process::Process};
use leadmill_core::{Account, Provider, pack::PaidAct};
use leadmill_providers::{Enrich, Tomba, packs};
use leadmill_sandbox::{
    Options,
    tomba::{self, TombaKey},
};
use std::sync::Arc;

impl World {
    /// A world of Tomba's; the sandbox's options may be anything.
    pub(crate) fn of_tomba(options: tomba::Options) -> Self {
        let usual = Self::new("enterprise", Options::default());
        let mut account = usual.account.clone();
        account.pack =
            packs().unwrap().into_iter().find(|pack| pack.name == "tomba").unwrap();
        assert_eq!(account.pack.jobs.paid, PaidAct::Fetch);
        account.windows = account.pack.plans["pro"].clone();
        (account.name, account.purse) = ("tomba".into(), "tomba".into());
        Self { account, tomba: Some(tomba::Tomba::new(options)), ..usual }
    }

    /// The same disk, clock and run, at another account: of this world's provider.
    pub(crate) fn at(&self, other: Self, purse: &str) -> Self {
        let account = Account { purse: purse.into(), ..other.account };
        let (disk, clock) = (Arc::clone(&self.disk), Arc::clone(&self.clock));
        Self { account, disk, clock, sent: Arc::clone(&self.sent), ..other }
    }

    pub(super) fn provider(&self, process: &Arc<Process>) -> Arc<dyn Provider> {
        let router = match &self.tomba {
            Some(tomba) => tomba.router(),
            None => self.sandbox.router(),
        };
        let weather = Arc::clone(&self.weather);
        let (rtt, sent, most) = (self.rtt, Arc::clone(&self.sent), self.most_requests);
        let process = Arc::clone(process);
        let transport = Arc::new(InProcess { router, rtt, weather, sent, most, process });
        if self.tomba.is_some() {
            let TombaKey { key, secret } = TombaKey::default();
            let account = self.account.clone();
            return Arc::new(Tomba::new(account, &key, &secret, transport).unwrap());
        }
        let enrich = Enrich::new(self.account.clone(), "sk_sandbox", transport).unwrap();
        let callbacks = self.receiving.as_ref().map(|all| all.callbacks.clone());
        Arc::new(enrich.calling_back(callbacks))
    }
}
