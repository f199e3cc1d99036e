//! One message on its way out: which chunk is next, what is still unanswered, what was reported.

use std::time::Duration;

use bytes::Bytes;

use super::{
    covered::Covered,
    write::{self, Fields},
};

/// Octets of a body that may be sent without being ready to interrupt it (RFC 4975, 7.1.1).
pub const INTERRUPTIBLE: usize = 2048;

/// Chunks that may be without response before the next one is sent.
pub const WINDOW: usize = 64;

/// What the sender of a message wants to hear of its fate (RFC 4975, 7.1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailureReport {
    /// Everything: each chunk is answered.
    #[default]
    Yes,
    /// Failures only.
    Partial,
    /// Nothing.
    No,
}

impl FailureReport {
    /// The value of the header field; `None` where it is left out or unknown, which means `yes`.
    #[must_use]
    pub fn read(value: Option<&str>) -> Self {
        match value.map(|v| v.trim().to_ascii_lowercase()).as_deref() {
            Some("no") => Self::No,
            Some("partial") => Self::Partial,
            _ => Self::Yes,
        }
    }
}

/// A message to be sent over a session.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Message-ID.
    pub message_id: String,
    /// Content-Type.
    pub content_type: String,
    /// The whole content.
    pub content: Bytes,
    /// Octets of content in a chunk, 1 at least.
    pub chunk: usize,
    /// Chunks that may be without response before the next one is sent, 1 at least.
    pub window: usize,
    /// Whether a success report is asked for.
    pub success_report: bool,
    /// Which failures are asked for.
    pub failure_report: FailureReport,
    /// Chunks to send by their octets, 0-based, the end exclusive, where they are not all of one size.
    pub ranges: Option<Vec<(usize, usize)>>,
    /// Whether each Byte-Range ends with `*`.
    pub open: bool,
    /// Flag of the chunk that ends the content: `$`, or what a named message says.
    pub flag: u8,
    /// Header fields that replace those of each chunk; `None` removes one.
    pub overlay: Vec<(String, Option<String>)>,
    /// How long the last chunk that is sent waits.
    pub pause: Duration,
}

impl Wish {
    /// All of `content` in chunks of 2,048 octets, answered, not reported.
    #[must_use]
    pub fn new(message_id: &str, content_type: &str, content: impl Into<Bytes>) -> Self {
        Self {
            message_id: message_id.to_owned(),
            content_type: content_type.to_owned(),
            content: content.into(),
            chunk: INTERRUPTIBLE,
            window: WINDOW,
            success_report: false,
            failure_report: FailureReport::Yes,
            ranges: None,
            open: false,
            flag: b'$',
            overlay: Vec::new(),
            pause: Duration::ZERO,
        }
    }

    /// The octets of each chunk.
    fn plan(&self) -> Vec<(usize, usize)> {
        let (total, chunk) = (self.content.len(), self.chunk.max(1));
        match &self.ranges {
            Some(ranges) => ranges.iter().map(|(from, to)| (*from, (*to).min(total))).collect(),
            None => (0..total.div_ceil(chunk).max(1)).map(|n| (n * chunk, n.saturating_add(1).saturating_mul(chunk).min(total))).collect(),
        }
    }

    fn laid_over(&self, name: &str) -> Option<Option<&str>> {
        self.overlay.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_deref())
    }
}

/// A message under way.
#[derive(Debug)]
pub struct Outgoing {
    wish: Wish,
    /// Octets of all chunks, those that were sent first.
    plan: Vec<(usize, usize)>,
    /// Chunks sent.
    next: usize,
    /// When the last chunk may go.
    held: Option<Duration>,
    /// Chunks without response.
    pub open: usize,
    /// Octets that success reports covered.
    reported: Covered,
    /// Whether the success reports covered all.
    complete: bool,
    /// Whether its fate was told.
    pub told: bool,
}

impl Outgoing {
    /// A message of which nothing was sent yet.
    #[must_use]
    pub fn new(wish: Wish) -> Self {
        Self { plan: wish.plan(), wish, next: 0, held: None, open: 0, reported: Covered::default(), complete: false, told: false }
    }

    /// Message-ID as it stands in the chunks.
    #[must_use]
    pub fn message_id(&self) -> &str {
        self.wish.laid_over("Message-ID").flatten().unwrap_or(&self.wish.message_id)
    }

    /// Whether chunks are answered.
    #[must_use]
    pub fn failure_report(&self) -> FailureReport {
        self.wish.laid_over("Failure-Report").map_or(self.wish.failure_report, FailureReport::read)
    }

    /// Chunks that may be without response before the next one is sent.
    #[must_use]
    pub fn window(&self) -> usize {
        self.wish.window.max(1)
    }

    /// Whether a success report is to come.
    #[must_use]
    pub fn success_report(&self) -> bool {
        self.wish.laid_over("Success-Report").map_or(self.wish.success_report, |value| value == Some("yes"))
    }

    /// Whether all chunks are sent.
    #[must_use]
    pub fn spent(&self) -> bool {
        self.next >= self.plan.len()
    }

    /// Whether nothing more is waited for.
    #[must_use]
    pub fn over(&self) -> bool {
        self.told && self.spent() && (self.complete || !self.success_report())
    }

    /// When the next chunk may go, if it has to wait.
    #[must_use]
    pub fn held(&self) -> Option<Duration> {
        self.held
    }

    /// Flags the next chunk, and sends nothing behind it: the message is given up (`#`; RFC 4975, 7.1).
    pub fn abort(&mut self) {
        self.plan.truncate(self.next + 1);
        self.wish.flag = b'#';
        self.wish.pause = Duration::ZERO;
    }

    /// The next chunk that may go at `now`: octets by `make`, which is handed header fields, body and flag.
    pub fn next<T>(&mut self, now: Duration, to: &str, from: &str, make: impl FnOnce(&Fields, &[u8], u8) -> T) -> Option<T> {
        let (start, end) = *self.plan.get(self.next)?;
        let last = self.next + 1 == self.plan.len();
        if last && !self.wish.pause.is_zero() {
            let until = *self.held.get_or_insert(now + self.wish.pause);
            if until > now {
                return None;
            }
            self.wish.pause = Duration::ZERO;
        }
        self.held = None;
        let total = self.wish.content.len();
        let body = self.wish.content.get(start..end).unwrap_or_default();
        let until = if self.wish.open || body.len() > INTERRUPTIBLE { "*".to_owned() } else { end.to_string() };
        let flag = if end == total || last && self.wish.flag == b'#' { self.wish.flag } else { b'+' };
        let mut fields: Fields = [
            ("To-Path", to.to_owned()),
            ("From-Path", from.to_owned()),
            ("Message-ID", self.wish.message_id.clone()),
            ("Byte-Range", format!("{}-{until}/{total}", start + 1)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        if self.wish.success_report {
            fields.push(("Success-Report".to_owned(), "yes".to_owned()));
        }
        match self.wish.failure_report {
            FailureReport::Yes => {}
            FailureReport::Partial => fields.push(("Failure-Report".to_owned(), "partial".to_owned())),
            FailureReport::No => fields.push(("Failure-Report".to_owned(), "no".to_owned())),
        }
        fields.push(("Content-Type".to_owned(), self.wish.content_type.clone()));
        write::overlay(&mut fields, &self.wish.overlay);
        self.next += 1;
        Some(make(&fields, body, flag))
    }

    /// A success report covers the octets from `from` on, 0-based; gives whether it is the one after which all are covered.
    pub fn covers(&mut self, from: u64, to: u64) -> bool {
        self.reported.add(from, to);
        self.reported.all(self.wish.content.len() as u64) && !std::mem::replace(&mut self.complete, true)
    }
}
