//! How a question about a person ends.

use serde::Serialize;

use crate::canonical::Dice;

/// The three ends, as callbacks spell them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ending {
    /// Something was found.
    Success,
    /// Nothing was found.
    NoMatch,
    /// In a batch: the sources could not be asked. A single lookup then finds nothing.
    Error,
}

/// Two in a hundred questions of a batch end in an error.
const ERRORS: u32 = 2;

impl Ending {
    /// The end of a question of which so many in a hundred are hits, by its die 0.
    pub(crate) fn of(dice: &Dice, hits: u32) -> Self {
        match dice.roll(0, 100) {
            roll if roll < hits => Self::Success,
            roll if roll < 100 - ERRORS => Self::NoMatch,
            _ => Self::Error,
        }
    }
}
