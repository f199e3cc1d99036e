//! Fresh identifiers from a seed: the same seed gives the same trace.

/// A source of identifiers (splitmix64). Not for secrets.
#[derive(Clone, Debug)]
pub struct Ids {
    state: u64,
}

impl Ids {
    /// A source that starts from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 16 hexadecimal digits, for tags, nonces and message ids (RFC 3261, 19.3 wants 32 bits at least).
    pub fn token(&mut self) -> String {
        format!("{:016x}", self.bits())
    }

    /// A UUID in mixed case: an echo in lower case is noticed.
    pub fn mixed(&mut self) -> String {
        self.uuid().chars().enumerate().map(|(n, c)| if n % 2 == 0 { c.to_ascii_uppercase() } else { c }).collect()
    }

    /// A UUID of version 4 (RFC 4122, 4.4), lower case.
    pub fn uuid(&mut self) -> String {
        let (a, b) = (self.bits(), self.bits());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            0x8000 | (b >> 48) & 0x3fff,
            b & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Ids;

    #[test]
    fn the_same_seed_gives_the_same_identifiers_and_never_one_twice() {
        let (mut one, mut two) = (Ids::new(7), Ids::new(7));
        let made: Vec<_> = (0..1000).map(|_| one.uuid()).collect();
        assert!(made.iter().all(|id| *id == two.uuid() && id.len() == 36));
        assert_eq!(made.iter().collect::<std::collections::BTreeSet<_>>().len(), made.len());
    }
}
