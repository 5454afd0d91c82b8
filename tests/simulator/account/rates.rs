//! Limits that are raised and lowered, between runs and while they go on, at the provider and in the file.

use super::till::Till;
use crate::{dice::Dice, simulation::World};
use leadmill_core::Window;
use std::{num::NonZeroU32, time::Duration};
use tokio::{task::JoinHandle, time::sleep};

/// Calls that a process may have in flight, or let leave within a second, before it hears that a limit was lowered, and
/// how many it may try in vain after each of them.
const TOO_MANY: u64 = 60;

/// The limits of one account, in per cent of those of its plan.
#[derive(Debug)]
pub(crate) struct Rates {
    server: u32,
    file: u32,
    /// How often somebody may have found out that the server lets less pass than the file says.
    surprises: u64,
}

impl Rates {
    pub(crate) const fn new() -> Self {
        Self { server: 100, file: 100, surprises: 0 }
    }

    /// Between two runs somebody changes what the server lets pass, what the file says, or both.
    pub(crate) fn change(&mut self, dice: &mut Dice, till: &Till) {
        let (before, percent) = (self.server, dice.of(&[25, 50, 100, 200]));
        match dice.below(10) {
            0 => self.server = percent,
            1 => self.file = percent.min(self.server),
            2 => self.file = percent,
            3 => (self.server, self.file) = (percent, percent),
            _ => {}
        }
        till.scale_limits(self.server);
        // What was sent under a higher limit a moment ago counts under the lower one.
        let is_less = self.server < before;
        self.surprises += u64::from(is_less) + 2 * u64::from(self.is_too_much());
    }

    /// The same, while runs go on. None where nothing is changed.
    pub(crate) fn change_later(
        &mut self,
        dice: &mut Dice,
        till: &Till,
    ) -> Option<JoinHandle<()>> {
        let (is_changed, percent) = (dice.chance(0.1), dice.of(&[25, 50, 200]));
        let later = Duration::from_millis(dice.below(20_000));
        if !is_changed {
            return None;
        }
        self.server = percent;
        self.surprises += 2 * u64::from(self.is_too_much());
        let till = till.clone();
        Some(tokio::spawn(async move {
            sleep(later).await;
            till.scale_limits(percent);
        }))
    }

    const fn is_too_much(&self) -> bool {
        self.file > self.server
    }

    /// Whether the server never let less pass than the file said.
    pub(crate) const fn is_known(&self) -> bool {
        self.surprises == 0
    }

    /// The most calls that may have been refused.
    pub(crate) const fn most_refused(&self) -> u64 {
        self.surprises * TOO_MANY
    }

    /// Puts into an account what the file says.
    pub(crate) fn put_into(&self, world: &mut World) {
        for window in world.account.windows.values_mut().flatten() {
            let limit = u64::from(window.limit.get()) * u64::from(self.file) / 100;
            let limit = u32::try_from(limit).ok().and_then(NonZeroU32::new);
            *window = Window { limit: limit.unwrap_or(NonZeroU32::MIN), ..*window };
        }
    }

    /// The server and the file say the same, as they did at first.
    pub(crate) fn settle(&mut self, till: &Till) {
        (self.server, self.file) = (100, 100);
        till.scale_limits(100);
    }
}
