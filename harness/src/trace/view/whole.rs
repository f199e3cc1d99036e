//! MSRP messages put together again from the requests that carry them (RFC 4975, 5.1 and 7.3.1).

use std::{sync::OnceLock, time::Duration};

use bytes::Bytes;

use super::{MediaSeen, Piece, Unit, evidence_of};
use crate::{
    trace::{LinkId, Party, Protocol, Transport},
    verdict::Evidence,
    wire::{Span, msrp::Msrp},
};

/// One MSRP message: all SEND requests with content of one session, one direction and one Message-ID.
#[derive(Clone, Debug)]
pub struct Whole {
    /// Its Message-ID.
    pub message_id: String,
    /// Who sent it.
    pub from: Party,
    /// Who it was sent to.
    pub to: Party,
    /// The link of its first chunk.
    pub link: LinkId,
    /// How it was carried.
    pub transport: Transport,
    /// When its last octet so far was there.
    pub at: Duration,
    /// The entry that its last octet so far came with.
    pub entry: usize,
    /// Indexes of its chunks in [`Messages::media`](super::Messages::media), in the order of their coming.
    pub chunks: Vec<usize>,
    /// Whether its sender gave it up (`#`).
    pub aborted: bool,
    /// Octets in all, as its sender stated them.
    pub total: Option<u64>,
    /// Octets in all, as the chunk with the flag `$` fixes them.
    end: Option<u64>,
    /// Ranges that are there, apart and in order, 0-based.
    there: Vec<(u64, u64)>,
    segments: Vec<Segment>,
    /// The header of its first chunk, and where it stands.
    head: Bytes,
    head_pieces: Vec<Piece>,
    head_msrp: Msrp,
    built: OnceLock<Built>,
}

/// Octets of one chunk.
#[derive(Clone, Debug)]
struct Segment {
    /// 0-based place in the content.
    start: u64,
    bytes: Bytes,
    /// Where they stand; `at` counts from their first octet.
    pieces: Vec<Piece>,
}

/// The message as one.
#[derive(Clone, Debug)]
struct Built {
    raw: Bytes,
    msrp: Msrp,
    pieces: Vec<Piece>,
}

impl Whole {
    /// A message that begins with this chunk.
    pub(super) fn begun(chunk: &MediaSeen, message_id: String) -> Self {
        let head = chunk.msrp.body.map_or(0, |body| body.from);
        Self {
            message_id,
            from: chunk.from.clone(),
            to: chunk.to.clone(),
            link: chunk.link,
            transport: chunk.transport,
            at: chunk.at,
            entry: chunk.entry,
            chunks: Vec::new(),
            aborted: false,
            total: None,
            end: None,
            there: Vec::new(),
            segments: Vec::new(),
            head: chunk.raw.slice(..head.min(chunk.raw.len())),
            head_pieces: within(&chunk.pieces, Span::new(0, head)),
            head_msrp: chunk.msrp.clone(),
            built: OnceLock::new(),
        }
    }

    /// Takes a chunk with content: its place by Byte-Range, its length by its octets.
    pub(super) fn take(&mut self, index: usize, chunk: &MediaSeen) {
        let Some(body) = chunk.msrp.body else { return };
        let (start, total) = chunk.range();
        let end = start.saturating_add(body.len() as u64);
        self.chunks.push(index);
        (self.at, self.entry) = (chunk.at, chunk.entry);
        self.total = self.total.or(total);
        match chunk.msrp.flag {
            Some(b'$') => self.end = Some(self.end.map_or(end, |known| known.max(end))),
            Some(b'#') => self.aborted = true,
            _ => {}
        }
        self.segments.push(Segment { start, bytes: chunk.raw.slice(body.from..body.to), pieces: within(&chunk.pieces, body) });
        cover(&mut self.there, start, end);
        self.built = OnceLock::new();
    }

    /// Whether all of it is there and its sender said that this is all (`$`).
    #[must_use]
    pub fn complete(&self) -> bool {
        !self.aborted && self.end.is_some_and(|end| end == 0 || self.there == [(0, end)])
    }

    /// What is missing, 1-based as in Byte-Range; without end where nobody said how long it is.
    #[must_use]
    pub fn gaps(&self) -> Vec<(u64, Option<u64>)> {
        let mut gaps = Vec::new();
        let mut reached = 0;
        for (from, to) in &self.there {
            if *from > reached {
                gaps.push((reached + 1, Some(*from)));
            }
            reached = *to;
        }
        match self.end.or(self.total) {
            Some(end) if end > reached => gaps.push((reached + 1, Some(end))),
            None => gaps.push((reached + 1, None)),
            Some(_) => {}
        }
        gaps
    }

    /// The header of the first chunk and the content, without what is missing.
    #[must_use]
    pub fn raw(&self) -> &Bytes {
        &self.built().raw
    }

    /// The header of the first chunk, with all of the content as body; it has no end-line.
    #[must_use]
    pub fn msrp(&self) -> &Msrp {
        &self.built().msrp
    }

    /// The message as its octets say.
    #[must_use]
    pub fn unit(&self) -> Unit<'_> {
        let built = self.built();
        Unit { protocol: Protocol::Msrp, raw: &built.raw, msrp: &built.msrp, link: Some(self.link) }
    }

    /// Where the octets of `span` stand in the trace, through the chunks; of a long span the beginning and the end.
    #[must_use]
    pub fn evidence(&self, span: Span) -> Vec<Evidence> {
        evidence_of(&self.built().pieces, span)
    }

    /// Where the start line of its first chunk stands.
    #[must_use]
    pub fn line(&self) -> Vec<Evidence> {
        evidence_of(&self.head_pieces, self.head_msrp.start_line.trim(&self.head))
    }

    /// Whether the SUT sent it.
    #[must_use]
    pub fn by_sut(&self) -> bool {
        self.from.is_sut()
    }

    fn built(&self) -> &Built {
        self.built.get_or_init(|| self.build())
    }

    fn build(&self) -> Built {
        // Of octets that came twice the last ones count, as in an assembly: later chunks lay theirs over earlier ones.
        let mut covered = Vec::new();
        let mut parts: Vec<(u64, u64, &Segment)> = Vec::new();
        for segment in self.segments.iter().rev() {
            let end = segment.start.saturating_add(segment.bytes.len() as u64);
            parts.extend(uncovered(&covered, segment.start, end).into_iter().map(|(from, to)| (from, to, segment)));
            cover(&mut covered, segment.start, end);
        }
        parts.sort_by_key(|(from, ..)| *from);
        let size = |octets: u64| usize::try_from(octets).unwrap_or(usize::MAX);
        let mut raw = Vec::with_capacity(self.head.len() + parts.iter().map(|(from, to, _)| size(to - from)).sum::<usize>());
        raw.extend_from_slice(&self.head);
        let mut pieces = self.head_pieces.clone();
        for (from, to, segment) in parts {
            let span = Span::new(size(from - segment.start), size(to - segment.start));
            let at = raw.len();
            raw.extend_from_slice(span.of(&segment.bytes));
            pieces.extend(within(&segment.pieces, span).into_iter().map(|piece| Piece { at: piece.at + at, ..piece }));
        }
        let body = Span::new(self.head.len(), raw.len());
        let end_line = Span::new(raw.len(), raw.len());
        let msrp = Msrp { body: Some(body), end_line, malformations: Vec::new(), ..self.head_msrp.clone() };
        Built { raw: raw.into(), msrp, pieces }
    }
}

/// Adds a range to ranges that are apart and in order.
fn cover(there: &mut Vec<(u64, u64)>, start: u64, end: u64) {
    if let Some(last) = there.last_mut()
        && last.0 <= start
        && start <= last.1
    {
        last.1 = last.1.max(end);
        return;
    }
    let from = there.partition_point(|range| range.1 < start);
    let to = there.partition_point(|range| range.0 <= end).max(from);
    let joined = there.get(from..to).unwrap_or_default().iter().fold((start, end), |a, b| (a.0.min(b.0), a.1.max(b.1)));
    there.splice(from..to, [joined]);
}

/// What of a range is in none of these.
fn uncovered(there: &[(u64, u64)], start: u64, end: u64) -> Vec<(u64, u64)> {
    let mut free = Vec::new();
    let mut at = start;
    for (from, to) in there.iter().skip(there.partition_point(|range| range.1 <= start)).take_while(|range| range.0 < end) {
        if at < *from {
            free.push((at, *from));
        }
        at = at.max(*to);
    }
    if at < end {
        free.push((at, end));
    }
    free
}

/// The pieces that hold octets of `span`, counted from its first octet.
fn within(pieces: &[Piece], span: Span) -> Vec<Piece> {
    let cut = |piece: &Piece| {
        let (from, to) = (span.from.max(piece.at), span.to.min(piece.at + piece.len));
        (from < to).then(|| Piece { at: from - span.from, entry: piece.entry, from: from - piece.at + piece.from, len: to - from })
    };
    pieces.iter().filter_map(cut).collect()
}
