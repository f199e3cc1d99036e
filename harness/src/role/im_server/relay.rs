//! MSRP through the server (RFC 4975): a session ends on each side at a URI of its own; what comes in on one goes out on the
//! other, request by request, and so do the responses.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::SocketAddr,
};

use bytes::Bytes;

use super::description::{Far, among, ends};
use crate::{
    role::{
        Hop, Output,
        ids::Ids,
        msrp::{FailureReport, write},
        patch::Patch,
        sdp,
    },
    trace::{Protocol, Transport},
    wire::{
        Span,
        msrp::{Msrp, MsrpFramer, range::ByteRange, uri},
        stream::Framed,
    },
};

/// Most requests that wait for a connection, and most that wait for their responses.
const MOST: usize = 1000;

/// One side of a stream.
#[derive(Debug, Default)]
struct Side {
    /// The server's URI on this side.
    own: String,
    /// Who is there; `None`: not settled yet, or ended.
    far: Option<Far>,
    /// The connection.
    hop: Option<Hop>,
    /// Whether requests may go over it.
    bound: bool,
    /// Transaction of the request that binds it.
    binding: Option<String>,
    /// Requests that wait for the connection.
    waiting: VecDeque<Bytes>,
}

/// A stream: the number of its session and of its media section, and both sides.
#[derive(Debug)]
struct Channel {
    key: (u64, usize),
    sides: [Side; 2],
}

/// A request that went on, and where its response goes.
#[derive(Debug)]
struct Passed {
    transaction: String,
    back: Hop,
    to: String,
    from: String,
}

/// All streams of the server.
#[derive(Debug)]
pub(super) struct Relay {
    ids: Ids,
    channels: Vec<Channel>,
    streams: BTreeMap<Hop, MsrpFramer>,
    /// Connections that the server opened.
    opened: BTreeSet<Hop>,
    passed: VecDeque<Passed>,
    out: VecDeque<Output>,
}

impl Relay {
    /// No streams; identifiers come from `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            ids: Ids::new(seed),
            channels: Vec::new(),
            streams: BTreeMap::new(),
            opened: BTreeSet::new(),
            passed: VecDeque::new(),
            out: VecDeque::new(),
        }
    }

    /// The server's URI for a media section of a session, towards `side`.
    pub fn own(&mut self, session: u64, section: usize, side: usize, address: SocketAddr) -> String {
        let key = (session, section);
        let at = self.channels.iter().position(|channel| channel.key == key).unwrap_or_else(|| {
            let mut side = || Side { own: format!("msrp://{address}/{};tcp", self.ids.token()), ..Side::default() };
            let sides = [side(), side()];
            self.channels.push(Channel { key, sides });
            self.channels.len() - 1
        });
        self.channels[at].sides[side].own.clone()
    }

    /// Both sides of a session agreed: streams go by what each described last. Connections are opened where a side is passive.
    pub fn settle(&mut self, session: u64, described: [&[u8]; 2]) {
        let described = described.map(ends);
        for at in 0..self.channels.len() {
            let (of, section) = self.channels[at].key;
            if of != session {
                continue;
            }
            let far = described.each_ref().map(|ends| ends.get(section).cloned().flatten());
            let lasts = far.iter().all(Option::is_some);
            for (side, far) in far.into_iter().enumerate() {
                let known = &mut self.channels[at].sides[side];
                let moved = known.far.as_ref().zip(far.as_ref()).is_some_and(|(old, new)| old.path != new.path);
                known.far = far.filter(|_| lasts);
                if moved || !lasts {
                    self.hang_up(at, side);
                }
                self.connect(at, side);
            }
        }
    }

    /// Connects to a side that waits for that, and binds the connection (RFC 6135, 4.2.2).
    fn connect(&mut self, at: usize, side: usize) {
        let known = &mut self.channels[at].sides[side];
        let Some(far) = known.far.as_ref().filter(|far| far.passive && known.hop.is_none()) else { return };
        let Some((address, false)) = far.path.first().and_then(|uri| sdp::next_hop(uri)) else { return };
        let hop = Hop::over(Protocol::Msrp, Transport::Tcp, address);
        let transaction = write::transaction(&mut self.ids, b"");
        let fields = [
            ("To-Path", far.path.join(" ")),
            ("From-Path", known.own.clone()),
            ("Message-ID", self.ids.token()),
            ("Byte-Range", "1-0/0".to_owned()),
        ];
        let bytes = write::request(&transaction, "SEND", &fields.map(|(name, value)| (name.to_owned(), value)), None, b'$');
        (known.hop, known.binding) = (Some(hop), Some(transaction));
        if self.opened.insert(hop) {
            self.out.push_back(Output::Connect { hop, fingerprint: None });
        }
        self.out.push_back(Output::Transmit { hop, bytes });
    }

    /// A side has no connection any more; it is closed if the server opened it and nobody else uses it.
    fn hang_up(&mut self, at: usize, side: usize) {
        let known = &mut self.channels[at].sides[side];
        (known.bound, known.binding) = (false, None);
        let Some(hop) = known.hop.take() else { return };
        let used = self.channels.iter().flat_map(|channel| &channel.sides).any(|side| side.hop == Some(hop));
        if !used && self.opened.remove(&hop) {
            self.streams.remove(&hop);
            self.out.push_back(Output::Close { hop });
        }
    }

    /// A session is over.
    pub fn end(&mut self, session: u64) {
        for at in 0..self.channels.len() {
            if self.channels[at].key.0 == session {
                self.hang_up(at, 0);
                self.hang_up(at, 1);
            }
        }
        self.channels.retain(|channel| channel.key.0 != session);
    }

    /// Octets came over a connection.
    pub fn receive(&mut self, hop: Hop, bytes: &[u8]) {
        let framer = self.streams.entry(hop).or_insert_with(|| MsrpFramer::new(MsrpFramer::LIMITS));
        framer.push(bytes);
        let framed: Vec<_> = std::iter::from_fn(|| framer.next()).collect();
        for framed in framed {
            if let Framed::Message { bytes, .. } = framed {
                let msrp = Msrp::parse(&bytes, Span::all(&bytes));
                match msrp.status {
                    Some(status) => self.responded(&msrp.transaction.text(&bytes), status),
                    None => self.requested(hop, &bytes, &msrp),
                }
            }
        }
    }

    /// A connection is gone.
    pub fn closed(&mut self, hop: Hop) {
        self.streams.remove(&hop);
        self.opened.remove(&hop);
        for side in self.channels.iter_mut().flat_map(|channel| &mut channel.sides).filter(|side| side.hop == Some(hop)) {
            (side.hop, side.bound, side.binding) = (None, false, None);
        }
        self.passed.retain(|passed| passed.back != hop);
    }

    fn responded(&mut self, transaction: &str, status: u16) {
        let binds = |side: &Side| side.binding.as_deref() == Some(transaction);
        if let Some(side) = self.channels.iter_mut().flat_map(|channel| &mut channel.sides).find(|side| binds(side)) {
            side.binding = None;
            side.bound = status == 200;
            if let Some(hop) = side.hop.filter(|_| side.bound) {
                self.out.extend(side.waiting.drain(..).map(|bytes| Output::Transmit { hop, bytes }));
            }
            return;
        }
        let Some(at) = self.passed.iter().position(|passed| passed.transaction == transaction) else { return };
        if let Some(Passed { back, to, from, .. }) = self.passed.remove(at) {
            self.out.push_back(Output::Transmit { hop: back, bytes: write::response(transaction, status, &to, &from) });
        }
    }

    fn requested(&mut self, hop: Hop, raw: &Bytes, msrp: &Msrp) {
        let text = |name: &str| msrp.field(raw, name).map(|span| span.text(raw).into_owned());
        let (to, from) = (text("To-Path").unwrap_or_default(), text("From-Path").unwrap_or_default());
        let transaction = msrp.transaction.text(raw).into_owned();
        let back = from.split(' ').next().unwrap_or_default().to_owned();
        let silent = msrp.is(raw, "REPORT") || FailureReport::read(text("Failure-Report").as_deref()) == FailureReport::No;
        let own = to.split(' ').next_back().unwrap_or_default().to_owned();
        let status = match self.addressed(&own) {
            None => 481,
            Some((at, side)) => match self.taken(at, side, hop, raw, msrp) {
                Some(status) => status,
                None => return self.pass(at, side, raw, msrp, Passed { transaction, back: hop, to: back, from: own }, silent),
            },
        };
        if !silent {
            self.out.push_back(Output::Transmit { hop, bytes: write::response(&transaction, status, &back, &own) });
        }
    }

    /// The stream and side that a URI of the server names.
    fn addressed(&self, uri: &str) -> Option<(usize, usize)> {
        let is = |side: &Side| side.far.is_some() && (side.own == uri || uri::same(&side.own, uri));
        self.channels.iter().enumerate().find_map(|(at, channel)| Some((at, channel.sides.iter().position(is)?)))
    }

    /// The status by which the server itself answers a request that came on `side`; `None`: it goes on.
    fn taken(&mut self, at: usize, side: usize, hop: Hop, raw: &Bytes, msrp: &Msrp) -> Option<u16> {
        let known = &mut self.channels[at].sides[side];
        match known.hop {
            Some(bound) if bound != hop => return Some(506),
            Some(_) => {}
            None => {
                (known.hop, known.bound) = (Some(hop), true);
                self.out.extend(known.waiting.drain(..).map(|bytes| Output::Transmit { hop, bytes }));
            }
        }
        let Some(kind) = msrp.field(raw, "Content-Type").map(|span| span.text(raw).into_owned()) else {
            // What binds a connection has no content, and is for the next hop only.
            return msrp.is(raw, "SEND").then_some(200);
        };
        let far = self.channels[at].sides[1 - side].far.as_ref()?;
        let total = msrp.field(raw, "Byte-Range").and_then(|span| ByteRange::parse(raw, span).0.total);
        if !far.receives {
            Some(403)
        } else if far.types.as_ref().is_some_and(|types| !among(types, &kind)) {
            Some(415)
        } else if far.largest.zip(total).is_some_and(|(largest, total)| total > largest) {
            Some(413)
        } else {
            None
        }
    }

    /// Sends a request on to the other side, under that side's paths.
    fn pass(&mut self, at: usize, side: usize, raw: &Bytes, msrp: &Msrp, passed: Passed, silent: bool) {
        let other = &mut self.channels[at].sides[1 - side];
        let Some(far) = &other.far else { return };
        let mut patch = Patch::default();
        for (name, value) in [("To-Path", far.path.join(" ")), ("From-Path", other.own.clone())] {
            if let Some(span) = msrp.field(raw, name) {
                patch.replace(span, value);
            }
        }
        let bytes = patch.apply(raw);
        match other.hop.filter(|_| other.bound) {
            Some(hop) => self.out.push_back(Output::Transmit { hop, bytes }),
            None if other.waiting.len() < MOST => other.waiting.push_back(bytes),
            None => return,
        }
        if !silent {
            self.passed.push_back(passed);
            if self.passed.len() > MOST {
                self.passed.pop_front();
            }
        }
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// Forgets everything; gives the connections that the server opened.
    pub fn clear(&mut self) -> Vec<Hop> {
        self.channels.clear();
        self.streams.clear();
        self.passed.clear();
        self.out.clear();
        std::mem::take(&mut self.opened).into_iter().collect()
    }
}
