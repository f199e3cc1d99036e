//! A message put together from its chunks, in whatever order, and however often, they come (RFC 4975, 7.3.1).

use std::collections::BTreeMap;

use bytes::Bytes;

use super::range::ByteRange;

/// What an assembly may keep at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of content.
    pub content: u64,
    /// Pieces; a chunk right behind another joins it, one right before it does not.
    pub pieces: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { content: 64 << 20, pieces: 1 << 16 }
    }
}

/// A chunk that was not taken; the assembly is as it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// More octets than the limit.
    #[error("the message has more octets than are kept")]
    Octets,
    /// More pieces than the limit.
    #[error("the message comes in more separate pieces than are kept")]
    Pieces,
    /// Places beyond 64 bits.
    #[error("the chunk reaches beyond the last place that can be counted")]
    Place,
}

/// Octets by 1-based, inclusive places, as Byte-Range has them.
pub type Places = (u64, u64);

/// The content of one message as far as it came.
///
/// The length of a chunk is that of its octets, whatever the end of its range says, so an interrupted chunk needs nothing
/// special. Of octets that come twice the last ones count. The chunk with the flag `$` fixes the length of the message.
/// Memory is that of the content, twice at most where chunks came out of order.
#[derive(Clone, Debug, Default)]
pub struct Assembly {
    limits: Limits,
    /// Pieces by their 0-based place; none overlaps another.
    pieces: BTreeMap<u64, Vec<u8>>,
    /// Octets in all pieces.
    kept: u64,
    /// Octets from the first one on without a gap.
    reached: u64,
    /// Octets of the message by its chunk with `$`.
    end: Option<u64>,
    /// Octets of the message by the first total of a Byte-Range.
    stated: Option<u64>,
    contradicted: bool,
    aborted: bool,
    repeated: u64,
    conflicts: Vec<Places>,
}

impl Assembly {
    /// Conflicts that are listed.
    const MOST: usize = 100;

    /// A message of which nothing came yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes one chunk: its Byte-Range ([`ByteRange::ABSENT`] where it has none), its octets and its flag.
    ///
    /// # Errors
    /// A chunk beyond a limit is not taken.
    pub fn push(&mut self, range: ByteRange, octets: &[u8], flag: Option<u8>) -> Result<(), Refused> {
        let from = range.offset();
        let to = from.checked_add(octets.len() as u64).ok_or(Refused::Place)?;
        self.place(from, to, octets)?;
        if let Some(total) = range.total {
            self.contradicted |= self.stated.is_some_and(|stated| stated != total);
            self.stated.get_or_insert(total);
        }
        match flag {
            Some(b'$') => {
                self.contradicted |= self.end.is_some_and(|end| end != to);
                self.end = Some(to);
            }
            Some(b'#') => self.aborted = true,
            _ => {}
        }
        Ok(())
    }

    fn place(&mut self, from: u64, to: u64, octets: &[u8]) -> Result<(), Refused> {
        if from == to {
            return Ok(());
        }
        // What the chunk meets: pieces that begin in it, and the one before, which may reach into it or up to it.
        let before =
            self.pieces.range(..from).next_back().map(|(at, piece)| (*at, at + piece.len() as u64)).filter(|(_, end)| *end >= from);
        let mut again = before.map_or(0, |(_, end)| end.min(to) - from);
        let mut last = None;
        let mut inside = 0_usize;
        for (at, piece) in self.pieces.range(from..to) {
            let end = at + piece.len() as u64;
            again += end.min(to) - at;
            if end > to { last = Some(*at) } else { inside += 1 }
        }
        if self.kept + (to - from - again) > self.limits.content {
            return Err(Refused::Octets);
        }
        if before.is_none() && last != Some(from) && self.pieces.len() - inside >= self.limits.pieces {
            return Err(Refused::Pieces);
        }
        self.kept += to - from - again;
        self.repeated += again;
        // The piece that goes on behind the chunk keeps what it holds, and takes the octets that both have.
        let mut rest = octets;
        if let Some(at) = last {
            let (new, both) = octets.split_at(usize::try_from(at - from).unwrap_or(octets.len()));
            self.overwrite(at, 0, both);
            rest = new;
        }
        if inside > 0 {
            let gone: Vec<u64> = self.pieces.range(from..to).map(|(at, _)| *at).filter(|at| Some(*at) != last).collect();
            for at in gone {
                let Some(piece) = self.pieces.remove(&at) else { continue };
                let begin = usize::try_from(at - from).unwrap_or(octets.len());
                let both = octets.get(begin..begin + piece.len()).unwrap_or_default();
                self.compare(at, &piece, both);
            }
        }
        match before {
            Some((at, end)) => {
                let both = usize::try_from(end.min(to) - from).unwrap_or(rest.len()).min(rest.len());
                let (both, new) = rest.split_at(both);
                self.overwrite(at, usize::try_from(from - at).unwrap_or(usize::MAX), both);
                if let Some(piece) = self.pieces.get_mut(&at).filter(|_| !new.is_empty()) {
                    piece.extend_from_slice(new);
                }
            }
            None if rest.is_empty() => {}
            None => {
                self.pieces.insert(from, rest.to_vec());
            }
        }
        while let Some((at, piece)) = self.pieces.range(..=self.reached).next_back()
            && at + piece.len() as u64 > self.reached
        {
            self.reached = at + piece.len() as u64;
        }
        Ok(())
    }

    /// Lays octets over those of the piece at `at`, from its octet `begin` on.
    fn overwrite(&mut self, at: u64, begin: usize, octets: &[u8]) {
        let Some(mut piece) = self.pieces.remove(&at) else { return };
        if let Some(old) = begin.checked_add(octets.len()).and_then(|end| piece.get_mut(begin..end)) {
            self.compare(at + begin as u64, old, octets);
            old.copy_from_slice(octets);
        }
        self.pieces.insert(at, piece);
    }

    /// Notes where octets that came twice differ, from the first to the last of them.
    fn compare(&mut self, at: u64, old: &[u8], new: &[u8]) {
        if old == new || self.conflicts.len() >= Self::MOST {
            return;
        }
        let differ = |(a, b): (&u8, &u8)| a != b;
        let first = old.iter().zip(new).position(differ).unwrap_or_default();
        let last = old.iter().zip(new).rposition(differ).unwrap_or(first);
        self.conflicts.push((at + first as u64 + 1, at + last as u64 + 1));
    }

    /// Octets of the message: as its last chunk fixes them, else as a Byte-Range states them.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.end.or(self.stated)
    }

    /// Octets that came, those that came twice counted once.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.kept
    }

    /// Octets that came again.
    #[must_use]
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    /// Whether all octets came, and the chunk that ends the message; never after an abort (`#`).
    #[must_use]
    pub fn complete(&self) -> bool {
        !self.aborted && self.end.is_some_and(|end| self.reached >= end)
    }

    /// Whether the sender gave the message up.
    #[must_use]
    pub fn aborted(&self) -> bool {
        self.aborted
    }

    /// What is missing: first place, and last one where it is known. Where nobody said how long the message is, it is
    /// taken to go on behind what came.
    #[must_use]
    pub fn gaps(&self) -> Vec<(u64, Option<u64>)> {
        let mut gaps = Vec::new();
        let mut reached = 0;
        let total = self.total();
        for (at, piece) in &self.pieces {
            let at = total.map_or(*at, |total| total.min(*at));
            if at > reached {
                gaps.push((reached + 1, Some(at)));
            }
            reached = reached.max(at.saturating_add(piece.len() as u64));
        }
        match total {
            Some(total) if total > reached => gaps.push((reached + 1, Some(total))),
            None => gaps.push((reached.saturating_add(1), None)),
            Some(_) => {}
        }
        gaps
    }

    /// Places of octets that came twice and differed: of each chunk and each piece that it met from the first to the last
    /// such octet. At most 100 are listed.
    #[must_use]
    pub fn conflicts(&self) -> &[Places] {
        &self.conflicts
    }

    /// Whether chunks disagree about the length of the message: two totals, two ends, or a total that is not the end.
    #[must_use]
    pub fn contradicted(&self) -> bool {
        self.contradicted || self.end.zip(self.stated).is_some_and(|(end, stated)| end != stated)
    }

    /// Octets that came beyond the end of the message, from the first place behind it to the last one that came.
    #[must_use]
    pub fn surplus(&self) -> Option<Places> {
        let total = self.total()?;
        let (at, piece) = self.pieces.last_key_value()?;
        let last = at + piece.len() as u64;
        (last > total).then_some((total + 1, last))
    }

    /// The content, without its surplus; not copied where the chunks came in order.
    ///
    /// # Errors
    /// An assembly that is not complete comes back as it is.
    pub fn content(mut self) -> Result<Bytes, Box<Self>> {
        let Some(end) = self.end.filter(|_| self.complete()).and_then(|end| usize::try_from(end).ok()) else {
            return Err(Box::new(self));
        };
        let mut content = self.pieces.remove(&0).unwrap_or_default();
        content.reserve_exact(end.saturating_sub(content.len()));
        while content.len() < end
            && let Some((_, piece)) = self.pieces.pop_first()
        {
            content.extend_from_slice(&piece);
        }
        content.truncate(end);
        Ok(content.into())
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn range(start: u64, total: Option<u64>) -> ByteRange {
        ByteRange { start, end: None, total }
    }

    fn put(chunks: &[(u64, &str, u8)]) -> Assembly {
        let mut assembly = Assembly::default();
        for (start, octets, flag) in chunks {
            assembly.push(range(*start, None), octets.as_bytes(), Some(*flag)).unwrap();
        }
        assembly
    }

    fn content(assembly: Assembly) -> String {
        String::from_utf8(assembly.content().unwrap().to_vec()).unwrap()
    }

    #[test]
    fn chunks_come_in_any_order() {
        let chunks = [(1, "ab", b'+'), (3, "c", b'+'), (4, "defg", b'+'), (8, "h", b'$')];
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
            let assembly = put(&order.map(|i| chunks[i]));
            assert_eq!((assembly.gaps(), assembly.conflicts(), assembly.surplus(), assembly.repeated()), (vec![], &[][..], None, 0));
            assert_eq!(content(assembly), "abcdefgh", "{order:?}");
        }
    }

    #[test]
    fn the_last_octets_that_came_count() {
        for (second, expected, conflicts) in [
            ((3, "XY", b'+'), "abXYef", vec![(3, 4)]),
            ((1, "abcdef", b'+'), "abcdef", vec![]),
            ((0, "abcdXf", b'+'), "abcdXf", vec![(5, 5)]),
            ((5, "efgh", b'$'), "abcdefgh", vec![]),
            ((5, "eXgh", b'$'), "abcdeXgh", vec![(6, 6)]),
        ] {
            let mut assembly = put(&[(1, "abcdef", b'$')]);
            assembly.push(range(second.0, None), second.1.as_bytes(), Some(second.2)).unwrap();
            assert_eq!(assembly.conflicts(), conflicts);
            assert_eq!(content(assembly), expected);
        }
        let assembly = put(&[(2, "b", b'+'), (4, "d", b'+'), (6, "fg", b'$'), (1, "aBcdeF", b'+')]);
        assert_eq!((assembly.conflicts(), assembly.repeated(), assembly.received()), (&[(6, 6), (2, 2)][..], 3, 7));
        assert_eq!(content(assembly), "aBcdeFg");
    }

    #[test]
    fn what_is_missing_is_said() {
        let assembly = put(&[(3, "cd", b'+'), (6, "f", b'+')]);
        assert_eq!((assembly.gaps(), assembly.complete()), (vec![(1, Some(2)), (5, Some(5)), (7, None)], false));
        let mut assembly = assembly.content().unwrap_err();
        assembly.push(range(9, Some(12)), b"ij", Some(b'+')).unwrap();
        assert_eq!(assembly.gaps(), [(1, Some(2)), (5, Some(5)), (7, Some(8)), (11, Some(12))]);
        assert_eq!(put(&[]).gaps(), [(1, None)]);
    }

    #[test]
    fn surplus_and_contradictions_are_said() {
        let assembly = put(&[(1, "abcdef", b'+'), (3, "cd", b'$')]);
        assert_eq!((assembly.surplus(), assembly.total(), assembly.contradicted()), (Some((5, 6)), Some(4), false));
        assert_eq!(content(assembly), "abcd");
        let mut assembly = Assembly::default();
        assembly.push(range(1, Some(4)), b"ab", Some(b'+')).unwrap();
        assembly.push(range(3, Some(5)), b"cd", Some(b'+')).unwrap();
        assert!(assembly.contradicted());
        let mut assembly = Assembly::default();
        assembly.push(range(1, Some(4)), b"ab", Some(b'$')).unwrap();
        assert!(assembly.contradicted() && assembly.complete());
    }

    #[test]
    fn an_empty_message_is_complete_and_an_aborted_one_is_not() {
        assert_eq!(content(put(&[(1, "", b'$')])), "");
        let assembly = put(&[(1, "ab", b'+'), (3, "", b'#')]);
        assert!(assembly.aborted() && !assembly.complete());
        assert!(!put(&[(1, "ab", b'#'), (3, "c", b'$')]).complete());
    }

    #[test]
    fn limits_hold_wherever_octets_are_put() {
        let mut assembly = Assembly::new(Limits { content: 4, pieces: 2 });
        assert_eq!(assembly.push(range(u64::MAX, None), b"ab", None), Err(Refused::Place));
        assembly.push(range(u64::MAX, None), b"a", None).unwrap();
        assembly.push(range(5, None), b"e", None).unwrap();
        assert_eq!(assembly.push(range(1, None), b"a", None), Err(Refused::Pieces));
        assert_eq!(assembly.push(range(1, None), b"abcd", None), Err(Refused::Octets));
        assembly.push(range(4, None), b"de", None).unwrap();
        assembly.push(range(5, None), b"ef", None).unwrap();
        assert_eq!((assembly.received(), assembly.repeated(), assembly.gaps()[0]), (4, 2, (1, Some(3))));
    }

    #[test]
    fn every_octet_in_reverse_is_no_more_work() {
        let mut assembly = Assembly::default();
        for place in (1..=20_000_u64).rev() {
            assembly.push(range(place, None), &[place as u8], if place == 20_000 { Some(b'$') } else { Some(b'+') }).unwrap();
            assert_eq!(assembly.complete(), place == 1);
        }
        assert!(assembly.content().unwrap().iter().zip(1_u64..).all(|(octet, place)| *octet == place as u8));
    }
}
