//! Recording: every byte and event goes into the trace, and to disk, before anything may come of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{BufWriter, Write as _},
    time::Duration,
};

use bytes::Bytes;

use crate::trace::{Endpoint, Event, LinkChange, LinkId, Party, Protocol, Trace, Transport, jsonl, view::Messages};

/// Limits on what one scenario may record from the SUT; beyond, bytes are counted and not kept.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Octets of signalling from the SUT.
    pub octets: usize,
    /// Octets from the SUT on all other links.
    pub media: usize,
    /// Entries of all kinds.
    pub entries: usize,
    /// Octets of one sight.
    pub sight: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // Of media: four messages of 10 MiB in chunks, with the heads of these.
        Self { octets: 16 << 20, media: 64 << 20, entries: 50_000, sight: 1 << 20 }
    }
}

/// The trace with what is derived from it, the file that it is written to, and the limits.
#[derive(Debug, Default)]
pub struct Recorder {
    trace: Trace,
    messages: Messages,
    file: Option<BufWriter<File>>,
    /// Pairs of ends that exchange datagrams.
    links: BTreeMap<(String, Endpoint2, Endpoint2), LinkId>,
    /// Links of all kinds so far.
    opened: u32,
    /// Those of them that carry no signalling.
    media: BTreeSet<LinkId>,
    limits: Limits,
    /// Octets from the SUT: of signalling, of all else.
    octets: (usize, usize),
    limited: bool,
    /// Why the file could not be written.
    pub disk: Option<String>,
}

/// A pair of ends in a fixed order, as key.
type Endpoint2 = (Party, std::net::SocketAddr);

impl Recorder {
    /// A recorder that writes to `file` too, which starts with `head`.
    #[must_use]
    pub fn to_file(file: File, head: &jsonl::Head) -> Self {
        let mut recorder = Self { file: Some(BufWriter::new(file)), ..Self::default() };
        if let Some(file) = &mut recorder.file
            && let Err(error) = jsonl::write_head(file, head)
        {
            recorder.disk = Some(error.to_string());
        }
        recorder
    }

    /// A recorder whose file could not be made; what it records stays in memory.
    #[must_use]
    pub fn broken(why: String) -> Self {
        Self { disk: Some(why), ..Self::default() }
    }

    /// What was recorded.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The SIP messages in it.
    #[must_use]
    pub fn messages(&self) -> &Messages {
        &self.messages
    }

    /// Records one event.
    pub fn note(&mut self, at: Duration, event: Event) -> usize {
        if self.trace.len() >= self.limits.entries && matches!(event, Event::Bytes { .. } | Event::Seen(_) | Event::Link { .. }) {
            self.limited = true;
            return self.trace.len().saturating_sub(1);
        }
        let number = self.trace.append(at, event);
        if let Some(file) = &mut self.file
            && let Err(error) = jsonl::write_entry(file, &self.trace.entries()[number])
        {
            self.disk = Some(error.to_string());
            self.file = None;
        }
        self.messages.follow(&self.trace);
        number
    }

    /// Puts what was recorded on disk.
    pub fn flush(&mut self) {
        if let Some(file) = &mut self.file
            && let Err(error) = file.flush()
        {
            self.disk = Some(error.to_string());
            self.file = None;
        }
    }

    /// The link between two ends that exchange datagrams, how it carries octets and what; one that is new is recorded as opened
    /// by `from`.
    pub fn link(&mut self, at: Duration, (transport, protocol): (Transport, Protocol), from: Endpoint, to: Endpoint) -> LinkId {
        let (a, b) = ((from.party.clone(), from.address), (to.party.clone(), to.address));
        let key = if a <= b { (transport.to_string(), a, b) } else { (transport.to_string(), b, a) };
        if let Some(link) = self.links.get(&key) {
            return *link;
        }
        let link = self.open(at, (transport, protocol), from, to);
        self.links.insert(key, link);
        link
    }

    /// A new link, recorded as opened by `from`: each stream is one.
    pub fn open(&mut self, at: Duration, (transport, protocol): (Transport, Protocol), from: Endpoint, to: Endpoint) -> LinkId {
        let link = LinkId(self.opened);
        self.opened = self.opened.saturating_add(1);
        if !protocol.is_sip() {
            self.media.insert(link);
        }
        self.note(at, Event::Link { link, change: LinkChange::Opened { transport, protocol, from, to } });
        link
    }

    /// Records octets on a link; `false` once a limit is passed: then they are not kept and not to be handed on.
    pub fn octets(&mut self, at: Duration, link: LinkId, from: &Party, to: &Party, bytes: &Bytes) -> bool {
        if from.is_sut() {
            let (counted, limit, what) = if self.media.contains(&link) {
                (&mut self.octets.1, self.limits.media, "media")
            } else {
                (&mut self.octets.0, self.limits.octets, "signalling")
            };
            *counted = counted.saturating_add(bytes.len());
            if *counted > limit {
                if !self.limited {
                    self.limited = true;
                    let change = LinkChange::Limit(format!("{limit} octets of {what} from the SUT in one scenario"));
                    self.note(at, Event::Link { link, change });
                }
                return false;
            }
        }
        self.note(at, Event::Bytes { link, from: from.clone(), to: to.clone(), bytes: bytes.clone() });
        !self.limited
    }

    /// Notes that the SUT keeps the bench busy without time passing: `messages` in a row.
    pub fn flood(&mut self, at: Duration, messages: usize) {
        if !self.limited {
            self.limited = true;
            self.note(at, Event::Mark(crate::trace::Mark::Obstacle(format!("limit: {messages} messages in a row without time passing"))));
        }
    }

    /// Whether a limit was passed.
    #[must_use]
    pub fn limited(&self) -> bool {
        self.limited
    }

    /// Largest sight that is kept, octets of its text.
    #[must_use]
    pub fn sight_limit(&self) -> usize {
        self.limits.sight
    }
}
