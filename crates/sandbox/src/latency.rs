//! The way to the server and back, which takes its time.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::sleep;

use crate::host::Host;
use crate::random::Random;

/// How long each way takes: half of `latency ± jitter`, uniformly.
#[derive(Debug)]
pub(crate) struct Ways {
    latency: f64,
    jitter: f64,
    random: Random,
}

impl Ways {
    /// The ways of a seed.
    pub(crate) fn new(latency: Duration, jitter: Duration, seed: u64) -> Self {
        let [latency, jitter] = [latency, jitter].map(|whole| whole.as_secs_f64());
        Self {
            latency,
            jitter,
            random: Random::new(seed, u64::from_be_bytes(*b"latency ")),
        }
    }

    /// How long the next way takes; never less than nothing.
    pub(crate) fn draw(&mut self) -> Duration {
        let spread = self.jitter * (2.0 * self.random.unit() - 1.0);
        Duration::try_from_secs_f64((self.latency + spread) / 2.0).unwrap_or_default()
    }
}

/// Holds a request up before anything sees it, and its reply on the way back. Each way is drawn on its own,
/// so that requests arrive in another order than they were sent in.
pub(crate) async fn hold_up<H: Host>(
    State(host): State<H>,
    request: Request,
    next: Next,
) -> Response {
    if !request.uri().path().starts_with(H::BASE) {
        return next.run(request).await;
    }
    wait(&host).await;
    let response = next.run(request).await;
    wait(&host).await;
    response
}

async fn wait<H: Host>(host: &H) {
    let way = host.way();
    if !way.is_zero() {
        sleep(way).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_is_half_and_uniform_and_never_negative() {
        let millis = Duration::from_millis;
        let draws = |latency, jitter| {
            let mut ways = Ways::new(millis(latency), millis(jitter), 3);
            let mut draws: Vec<_> = (0..10_000).map(|_| ways.draw()).collect();
            draws.sort();
            draws
        };
        assert!(draws(20, 0).iter().all(|way| *way == millis(10)));
        let narrow = draws(20, 10);
        assert!(narrow[0] >= millis(5) && narrow[9_999] <= millis(15));
        assert!((9..=11).contains(&narrow[5_000].as_millis()));
        let wide = draws(20, 50);
        let at_once = wide.iter().filter(|way| way.is_zero()).count();
        assert!((2_800..3_200).contains(&at_once), "{at_once}");
        assert!(wide[9_999] > millis(34) && wide[9_999] <= millis(35));
    }
}
