//! Which octets of a content are there: a set of ranges.

/// Ranges apart from each other, in order; positions are 0-based, the end exclusive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Covered {
    ranges: Vec<(u64, u64)>,
}

impl Covered {
    /// Most ranges that are kept apart; beyond, new ones that touch none are dropped.
    const MOST: usize = 4096;

    /// Adds `from..to`.
    pub fn add(&mut self, from: u64, to: u64) {
        if from >= to {
            return;
        }
        let first = self.ranges.partition_point(|r| r.1 < from);
        let behind = self.ranges.partition_point(|r| r.0 <= to);
        if first == behind {
            if self.ranges.len() < Self::MOST {
                self.ranges.insert(first, (from, to));
            }
            return;
        }
        let joined = self.ranges[first..behind].iter().fold((from, to), |(a, b), r| (a.min(r.0), b.max(r.1)));
        self.ranges.splice(first..behind, [joined]);
    }

    /// Whether `0..total` is covered.
    #[must_use]
    pub fn all(&self, total: u64) -> bool {
        total == 0 || self.ranges.first().is_some_and(|r| r.0 == 0 && r.1 >= total)
    }
}

#[cfg(test)]
mod tests {
    use super::Covered;

    #[test]
    fn ranges_join_in_any_order() {
        let mut covered = Covered::default();
        for (from, to, all) in [(5, 8, false), (0, 3, false), (9, 10, false), (3, 5, false), (7, 9, true)] {
            covered.add(from, to);
            assert_eq!(covered.all(10), all, "{from}-{to}: {covered:?}");
        }
        assert_eq!(covered.ranges, [(0, 10)]);
    }
}
