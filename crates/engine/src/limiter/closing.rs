//! Endpoints that the provider takes no calls to before a time that it has named, such as the end of a day that is used
//! up. That holds for other processes too, and for those to come.

use super::Limiter;
use leadmill_core::{Endpoint, limits::LONGEST};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};
use tokio::time::Instant;

/// What is over so soon nobody else needs to be told of.
const SOON: Duration = Duration::from_secs(2);

/// The endpoints that are closed.
#[derive(Debug, Default)]
pub(super) struct Closings {
    until: HashMap<Endpoint, Instant>,
    /// Those of them that other processes have not been told of.
    untold: HashSet<Endpoint>,
}

impl Closings {
    /// Until when an endpoint is closed, if it is.
    pub(super) fn of(&self, endpoint: Endpoint) -> Option<Instant> {
        self.until.get(&endpoint).copied()
    }

    /// Whether others are to be told of some.
    pub(super) fn has_news(&self) -> bool {
        !self.untold.is_empty()
    }

    /// The provider wants no calls to an endpoint for so long.
    pub(super) fn close(&mut self, endpoint: Endpoint, now: Instant, left: Duration) {
        let until = now + left.min(LONGEST);
        let before = self.until.get(&endpoint).copied();
        // Whole seconds are told: the same end is told now a little earlier and now a little later.
        let is_news = before.is_none_or(|before| before + SOON < until);
        if is_news && left > SOON {
            self.untold.insert(endpoint);
        }
        self.until.insert(endpoint, before.map_or(until, |before| before.max(until)));
    }
}

impl Limiter {
    /// The endpoints that have been closed since this was last asked, and until when: to be written down for other
    /// processes.
    pub(crate) fn take_closings(&mut self) -> Vec<(Endpoint, Instant)> {
        let Closings { until, untold } = &mut self.closings;
        let news = untold.drain();
        news.filter_map(|endpoint| Some((endpoint, *until.get(&endpoint)?))).collect()
    }

    /// Another process was told that an endpoint is closed.
    pub(super) fn stays_closed(&mut self, endpoint: Endpoint, until: Instant) {
        let known = self.closings.until.entry(endpoint).or_insert(until);
        *known = (*known).max(until);
    }
}
