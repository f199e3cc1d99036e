//! Where a message ends: its header block, its body and its end-line, found in one pass that can stop and go on.

use memchr::{memchr, memmem};

use crate::wire::span::Span;

/// An end-line (RFC 4975, 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// Seven hyphens, identifier and flag, without the line end.
    pub(super) text: Span,
    /// Behind its line end.
    pub(super) to: usize,
    /// Whether it stands at the beginning of a line, as it has to.
    pub(super) at_line: bool,
}

/// What a search came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// An end-line.
    End(End),
    /// There is none so far, and the octets before this place need no second look.
    None(usize),
}

/// Looks for the end-line of one transaction. Every octet is looked at once, however the octets came.
///
/// In the header an end-line begins a line. In the body its text may stand nowhere else at all (RFC 4975, 7.1), hence the
/// first occurrence that ends a line is taken for it, also where a sender forgot the line end in front.
#[derive(Clone, Debug)]
pub(super) struct Search {
    /// Seven hyphens and the identifier.
    text: Box<[u8]>,
    /// Knows how to find that text in a body; most messages have none.
    finder: Option<memmem::Finder<'static>>,
    /// In the header the line that is not complete yet; in the body the first octet that was not searched.
    at: usize,
    /// Octets of the incomplete line of the header that hold no line end.
    searched: usize,
    /// First octet of the body, once there is one.
    body: Option<usize>,
    /// Places in the body where the text of an end-line stands and ends no line.
    pub(super) stray: Option<Span>,
}

impl Search {
    /// A search behind the start line, which ends at `at`.
    pub(super) fn new(transaction: &[u8], at: usize) -> Self {
        let text = [b"-------", transaction].concat().into();
        Self { text, finder: None, at, searched: at, body: None, stray: None }
    }

    /// First octet of the body, once the empty line was found.
    pub(super) fn body(&self) -> Option<usize> {
        self.body
    }

    /// Goes on in `raw`, which holds what it held before and perhaps more; `last`: nothing comes behind.
    pub(super) fn go_on(&mut self, raw: &[u8], last: bool) -> Found {
        while self.body.is_none() {
            let rest = raw.get(self.searched..).unwrap_or_default();
            let (to, next) = match memchr(b'\n', rest) {
                Some(lf) => (self.searched + lf, self.searched + lf + 1),
                None if last && self.at < raw.len() => (raw.len(), raw.len()),
                None => {
                    self.searched = raw.len().max(self.searched);
                    return Found::None(self.at);
                }
            };
            let text = Span::new(self.at, to - usize::from(next > to && to > self.at && raw.get(to - 1) == Some(&b'\r')));
            if is_end(text.of(raw).strip_prefix(&*self.text)) {
                return Found::End(End { text, to: next, at_line: true });
            }
            (self.at, self.searched) = (next, next);
            if text.is_empty() && next > to {
                self.body = Some(next);
            }
        }
        self.in_body(raw, last)
    }

    fn in_body(&mut self, raw: &[u8], last: bool) -> Found {
        let begin = self.body.unwrap_or(self.at);
        let finder = self.finder.get_or_insert_with(|| memmem::Finder::new(&self.text).into_owned());
        while let Some(found) = finder.find(raw.get(self.at..).unwrap_or_default()) {
            let from = self.at + found;
            let flag = from + self.text.len();
            let to = match raw.get(flag + 1..).unwrap_or_default() {
                [b'\n', ..] => flag + 2,
                [b'\r', b'\n', ..] => flag + 3,
                [] | [b'\r'] if !last => {
                    self.at = from;
                    return Found::None(from);
                }
                [] => flag + 1,
                _ => 0,
            };
            let text = Span::new(from, flag + 1);
            if matches!(raw.get(flag), Some(b'$' | b'+' | b'#')) {
                if to > 0 {
                    let at_line = from == begin || raw.get(from - 1) == Some(&b'\n');
                    return Found::End(End { text, to, at_line });
                }
                self.stray.get_or_insert(text);
            }
            self.at = from + 1;
        }
        // A text that begins in the last octets may go on in the next ones.
        self.at = (raw.len() + 1).saturating_sub(self.text.len()).max(self.at);
        Found::None(self.at)
    }

    /// The first line whose flag alone keeps it from being an end-line.
    pub(super) fn wrong_flag(&self, raw: &[u8], within: Span) -> Option<End> {
        let finder = memmem::Finder::new(&self.text);
        let mut at = within.from;
        while let Some(found) = finder.find(Span::new(at, within.to).of(raw)) {
            let from = at + found;
            let flag = from + self.text.len();
            let to = match Span::new((flag + 1).min(within.to), within.to).of(raw) {
                [b'\n', ..] => flag + 2,
                [b'\r', b'\n', ..] => flag + 3,
                [] if flag < within.to => flag + 1,
                _ => 0,
            };
            let at_line = from == within.from || raw.get(from.saturating_sub(1)) == Some(&b'\n');
            if at_line && to > 0 && !matches!(raw.get(flag), Some(b'\r' | b'\n')) {
                return Some(End { text: Span::new(from, flag + 1), to, at_line });
            }
            at = from + 1;
        }
        None
    }
}

/// Whether what follows the text is a flag and nothing else.
fn is_end(rest: Option<&[u8]>) -> bool {
    matches!(rest, Some([b'$' | b'+' | b'#']))
}

/// Octets of an identifier that is looked for; 32 are legal.
const LONGEST: usize = 256;

/// The transaction identifier of a start line without its line end; `None` where none is there that can be looked for.
pub(super) fn transaction(line: &[u8]) -> Option<&[u8]> {
    line.split(|&b| b == b' ').nth(1).filter(|ident| (1..=LONGEST).contains(&ident.len()))
}
