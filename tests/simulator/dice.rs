//! What a seed decides.

use crate::random::Random;

pub(crate) struct Dice(Random);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(Random::new(seed))
    }

    pub(crate) fn below(&mut self, most: u64) -> u64 {
        (self.0.unit() * most as f64) as u64
    }

    pub(crate) fn chance(&mut self, part: f64) -> bool {
        self.0.unit() < part
    }

    pub(crate) fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize].clone()
    }
}
