//! The services that are measured: what each limits, and how long it takes.

mod enrich;
mod tomba;

use crate::{bound::Model, windows::Windows};
use leadmill_core::{Account, Call, Credits, Operation};
use leadmill_sandbox::{Category, Window};
use std::{error::Error, num::NonZeroU32, time::Duration};

/// The one operation that is asked for. Which one it is makes no difference to the time.
pub(crate) const OPERATION: Operation = Operation::VerifyEmail;

/// The round trip of the simulated network.
pub(crate) const ROUND_TRIP: Duration = Duration::from_millis(60);

/// What a single call takes at the provider. It is what fits the 9.9 s of the headline table for 1,000
/// questions on Pro: ten bursts of a hundred, one second apart, and the round trip.
pub(crate) const SINGLE: Duration = Duration::from_millis(800);

/// What a job takes before its first item, and for each.
pub(crate) const FIXED: Duration = Duration::from_secs(15);
pub(crate) const ITEM: Duration = Duration::from_millis(5);

/// Most questions in a job.
pub(crate) const BATCH: NonZeroU32 = NonZeroU32::new(10_000).unwrap();

/// One plan or endpoint of a provider.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) provider: &'static str,
    pub(crate) plan: &'static str,
    /// What the engine knows of it.
    pub(crate) account: Account,
    /// What the server enforces: written down apart from the engine's account.
    pub(crate) windows: Vec<Window>,
    /// The windows that a call falls into at the server.
    pub(crate) category: fn(Call) -> Category,
    /// What calls about jobs share: with single calls, or only among themselves.
    pub(crate) tokens: Category,
    pub(crate) page: NonZeroU32,
    pub(crate) running: Option<NonZeroU32>,
    pub(crate) daily: Option<NonZeroU32>,
}

/// All services: Enrich's plans with pages of `page` items, then Tomba's endpoints.
pub(crate) fn all(page: NonZeroU32) -> Result<Vec<Service>, Box<dyn Error>> {
    let mut services = enrich::services(page)?;
    services.extend(tomba::services()?);
    Ok(services)
}

impl Service {
    /// The model of the bound, with `foreign` of all sustained windows used by others.
    pub(crate) fn model(&self, questions: u64, foreign: f64) -> Model {
        let windows = |call| Windows::of(&self.windows, (self.category)(call), foreign);
        let number = |number: NonZeroU32| f64::from(number.get());
        Model {
            questions: questions as f64,
            round_trip: ROUND_TRIP.as_secs_f64(),
            singles: windows(Call::Ask),
            single: SINGLE.as_secs_f64(),
            submits: windows(Call::Submit),
            pages: windows(Call::Page),
            tokens: Windows::of(&self.windows, self.tokens, foreign),
            singles_share: self.tokens == Category::Global,
            batch: number(BATCH),
            page: number(self.page),
            fixed: FIXED.as_secs_f64(),
            speed: 1.0 / ITEM.as_secs_f64(),
            running: self.running.map(number),
            daily: self.daily.map(number),
            published: false,
        }
    }

    /// Credits for one answer.
    pub(crate) fn price(&self) -> Credits {
        self.account.offer(OPERATION).map_or(Credits::ZERO, |offer| offer.price)
    }
}
