//! The way to the provider and back, with the chance that every way has.

use crate::{random::Random, service::ROUND_TRIP};
use std::time::Duration;
use tokio::time::sleep;

/// The part of the calls that take much longer: half of it on either way.
const SPIKES: f64 = 0.002;

/// How much longer.
const SPIKE: Duration = Duration::from_millis(300);

/// A network between the engine and the provider.
#[derive(Debug)]
pub(crate) struct Network {
    random: std::sync::Mutex<Random>,
    jitter: Duration,
}

impl Network {
    /// Each way takes half of the round trip, up to `jitter` more or less, and now and then a spike more.
    pub(crate) const fn new(seed: u64, jitter: Duration) -> Self {
        Self { random: std::sync::Mutex::new(Random::new(seed)), jitter }
    }

    /// One way.
    pub(crate) async fn pass(&self) {
        sleep(self.way()).await;
    }

    fn way(&self) -> Duration {
        let Ok(mut random) = self.random.lock() else { return ROUND_TRIP / 2 };
        let spike = if random.unit() < SPIKES / 2.0 { SPIKE } else { Duration::ZERO };
        let late = self.jitter.mul_f64(random.unit() * 2.0);
        (ROUND_TRIP / 2 + late + spike).saturating_sub(self.jitter)
    }
}
