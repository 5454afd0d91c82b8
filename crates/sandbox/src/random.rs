//! Chance that repeats: the same numbers for the same seed.

/// A stream of numbers, each independent of the ones before.
///
/// # Source
/// SplitMix64: <https://prng.di.unimi.it/splitmix64.c>.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The stream of a seed and a purpose, so that no two purposes share one.
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        let mut mixed = Self(seed);
        Self(mixed.number() ^ purpose)
    }

    /// A stream that goes its own way from here.
    pub(crate) fn fork(&mut self) -> Self {
        Self(self.number())
    }

    /// Uniform in `0.0..1.0`.
    pub(crate) fn unit(&mut self) -> f64 {
        const STEPS: f64 = (1_u64 << 53) as f64;
        (self.number() >> 11) as f64 / STEPS
    }

    /// Uniform below `sides`; 0 if that is nothing.
    pub(crate) fn below(&mut self, sides: usize) -> usize {
        (self.unit() * sides as f64) as usize
    }

    /// One of some choices; the default if there are none.
    pub(crate) fn pick<T: Copy + Default>(&mut self, of: &[T]) -> T {
        of.get(self.below(of.len())).copied().unwrap_or_default()
    }

    /// Uniform in all numbers.
    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_begins_as_published() {
        let mut random = Random(1_234_567);
        let numbers = [random.number(), random.number(), random.number()];
        let published = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
        ];
        assert_eq!(numbers, published);
    }

    #[test]
    fn units_are_uniform_and_differ_by_purpose() {
        let mut random = Random::new(0, 1);
        let mean = (0..100_000).map(|_| random.unit()).sum::<f64>() / 100_000.0;
        assert!((0.495..0.505).contains(&mean), "{mean}");
        let [first, second] = [1, 2].map(|purpose| Random::new(0, purpose).unit());
        assert!(first < 1.0 && second < 1.0 && first != second);
    }
}
