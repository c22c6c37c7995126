//! Chance from a seed (SplitMix64): the same seed draws the same numbers.

use ahq_domain::clock::Randomness;

/// Chance.
#[derive(Debug, Clone)]
pub(crate) struct Chance {
    pub(crate) state: u64,
}

impl Chance {
    /// That of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        Self { state: seed }
    }

    /// That of `DRILL_SEED`, so that the moments of a run can be chosen again, or of a seed of its own. A variable `AHQ_…`
    /// would be a setting of the program.
    pub(crate) fn new(randomness: &Randomness) -> Self {
        Self::of(given_seed().unwrap_or_else(|| u64::from(u32::from_le_bytes(randomness.bytes()))))
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }

    /// A place in something so long.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length.max(1)).unwrap_or(1))).unwrap_or(0)
    }

    /// One of these.
    pub(crate) fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.place(of.len())]
    }
}

/// The seed that whoever runs this gave.
pub(crate) fn given_seed() -> Option<u64> {
    std::env::var("DRILL_SEED").ok().and_then(|seed| seed.parse().ok())
}
