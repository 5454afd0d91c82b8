//! The account's own limits, as the provider tells them, beside those of the pack, of the pipeline and of the headers: of
//! all sources the strictest holds.

use super::{Gate, Learnt, Limiter, Source};
use leadmill_core::{Account, Call, Endpoint, OwnLimit, Scope};
use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
    time::Duration,
};
use tokio::time::Instant;

/// What is known of the account's own limits.
#[derive(Debug, Default)]
pub(super) struct Agreed {
    /// The provider tells limits to its accounts.
    is_told: bool,
    /// The scopes that it has told some of.
    scopes: BTreeSet<Scope>,
}

impl Limiter {
    /// The account, with the windows that hold.
    pub(crate) const fn account(&self) -> &Account {
        &self.account
    }

    /// The provider has limits for each account, which are still to be read.
    pub(crate) fn expect_own_limits(&mut self) {
        self.agreed.is_told = true;
    }

    /// Takes in the account's own limits, and what is used of them.
    pub(crate) fn agree(&mut self, limits: &[OwnLimit]) {
        let mut strictest: BTreeMap<(Scope, Duration), (NonZeroU32, Option<u32>)> =
            BTreeMap::new();
        for OwnLimit { scope, window, used } in limits {
            let entry = strictest
                .entry((scope.clone(), window.per))
                .or_insert((window.limit, *used));
            *entry = (entry.0.min(window.limit), entry.1.max(*used));
        }
        let scopes = self.account.pack.scopes.values().flatten();
        let known: BTreeSet<Scope> = scopes.cloned().collect();
        strictest.retain(|(scope, _), _| known.contains(scope));
        for ((scope, per), (limit, used)) in strictest {
            self.agree_on(&scope, per, limit, used);
            self.agreed.scopes.insert(scope);
        }
    }

    fn agree_on(
        &mut self,
        scope: &Scope,
        per: Duration,
        limit: NonZeroU32,
        used: Option<u32>,
    ) {
        let now = Instant::now();
        let is_it = |gate: &Gate| gate.scope == *scope && gate.window.per == per;
        let index = match self.gates.iter().position(is_it) {
            Some(index) => index,
            None => self.add_gate(scope, per, limit),
        };
        let Some(gate) = self.gates.get_mut(index) else { return };
        let known = gate.known;
        if gate.agree(limit, now) {
            let window = gate.window;
            Learnt::enter(&mut self.learnt, gate, known, Source::Account);
            let windows = self.account.windows.entry(scope.clone()).or_default();
            match windows.iter_mut().find(|known| known.per == per) {
                Some(known) => *known = window,
                None => windows.push(window),
            }
        }
        if let Some(used) = used {
            gate.log.tell_used(used.min(gate.window.limit.get()), now);
        }
    }

    /// A window that nobody knew.
    fn add_gate(&mut self, scope: &Scope, per: Duration, limit: NonZeroU32) -> usize {
        let window = leadmill_core::Window { limit, per };
        let mut gate = Gate::new(scope.clone(), window, self.account.share);
        gate.known = None;
        self.gates.push(gate);
        let endpoints: Vec<Endpoint> = self.routes.drain().map(|(to, _)| to).collect();
        endpoints.into_iter().for_each(|endpoint| self.route(endpoint));
        self.gates.len() - 1
    }

    /// Whether nothing is known of what this account may ask: the first reply is waited for, which may tell.
    pub(super) fn is_unknown(&self, endpoint: Endpoint) -> bool {
        let has_replied = self.delays.get(&endpoint).is_some_and(super::Delays::is_told);
        endpoint.call == Call::Ask
            && self.agreed.is_told
            && !has_replied
            && !self
                .account
                .scopes_of(endpoint)
                .any(|scope| self.agreed.scopes.contains(scope))
    }
}
