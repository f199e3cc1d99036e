//! What the two ends of a call agreed on for sound and pictures, offer by offer, and from when to when.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use super::super::sdp::Described;
use crate::{
    check::View,
    trace::view::Seen,
    wire::{
        Span,
        sdp::{Direction, attributes},
        sip::Message,
    },
};

/// How long after its ACK a description may still not be followed (R-0-20).
pub(super) const SETTLED: Duration = Duration::from_secs(5);

/// One offer and its answer.
pub(super) struct Agreed<'a> {
    /// The SUT's message with a description, and that of the other side.
    pub(super) own: &'a Seen,
    pub(super) theirs: &'a Seen,
    /// When the answer came.
    pub(super) from: Duration,
    /// When it was acknowledged, and the entry of the ACK; of UPDATE those of its answer.
    pub(super) sealed: Duration,
    pub(super) ack: usize,
    /// When the next one of the call was sealed, or the call ended.
    pub(super) until: Option<Duration>,
    /// When the call ended.
    pub(super) over: Option<Duration>,
    /// RTP in both descriptions, refused by neither.
    pub(super) media: Vec<Medium>,
}

/// One medium as both ends have it.
pub(super) struct Medium {
    pub(super) section: usize,
    pub(super) own: End,
    pub(super) theirs: End,
    /// Payload types that the SUT may send, with their clocks: of those of the other side those that the answer has.
    pub(super) formats: Vec<(u8, Option<u32>)>,
}

/// One end of a medium.
#[derive(Clone, Debug)]
pub(super) struct End {
    /// `audio`, `video`.
    pub(super) kind: String,
    /// Where it is; no address: a name, which nobody looks up.
    ip: Option<IpAddr>,
    pub(super) port: u16,
    pub(super) rtcp: u16,
    pub(super) direction: Direction,
    /// Its payload types, each with encoding and clock, in lower case.
    formats: Vec<(u8, Option<String>)>,
    /// Whether RTCP may come to the port for RTP.
    pub(super) muxes: bool,
    /// Whether it wants no RTCP: no bandwidth for senders, and none for receivers (RFC 3556).
    silent: bool,
    /// Its m= line.
    pub(super) line: Span,
}

/// Encodings of payload types that need no `rtpmap` (RFC 3551, 6), of those that telephones use.
const KNOWN: [(u8, &str); 7] =
    [(0, "pcmu/8000"), (3, "gsm/8000"), (8, "pcma/8000"), (9, "g722/8000"), (18, "g729/8000"), (31, "h261/90000"), (34, "h263/90000")];

impl End {
    /// The RTP ends of a description by media section; `None`: refused, or no RTP.
    pub(super) fn all(described: &Described<'_>) -> Vec<Option<Self>> {
        let read = |(number, media): (usize, super::super::sdp::Media<'_>)| {
            let value = |name: &str| described.values(media.lines, name).into_iter().next().map(|span| described.text(span));
            let port = media.port().filter(|port| *port != 0 && media.word(2).starts_with("RTP/"))?;
            let maps: Vec<String> = attributes(described.raw, media.lines, "rtpmap").map(|span| described.text(span)).collect();
            let encoding = |number: u8| {
                let mapped = maps.iter().find_map(|map| map.split_once(' ').filter(|(own, _)| own.parse() == Ok(number)));
                let known = || KNOWN.iter().find(|(own, _)| *own == number).map(|(_, name)| *name);
                mapped.map(|(_, name)| name).or_else(known).map(|name| name.trim().to_ascii_lowercase())
            };
            let numbers = media.words.iter().skip(3).filter_map(|word| word.parse::<u8>().ok());
            let none = |kind: &str| {
                let lines = media.lines.iter().filter(|line| line.kind == b'b').map(|line| described.text(line.value));
                lines.into_iter().any(|line| line.trim() == format!("{kind}:0"))
            };
            let connection = described.sdp.connection(described.raw, number);
            Some(Self {
                kind: media.word(0).to_owned(),
                ip: connection.and_then(|connection| described.text(connection.address).trim().parse().ok()),
                port,
                rtcp: value("rtcp").and_then(|v| v.split(' ').next()?.parse().ok()).unwrap_or(port.saturating_add(1)),
                direction: described.sdp.direction(described.raw, number).0,
                formats: numbers.map(|number| (number, encoding(number))).collect(),
                muxes: value("rtcp-mux").is_some(),
                silent: none("RS") && none("RR"),
                line: media.line.line,
            })
        };
        described.media().into_iter().enumerate().map(read).collect()
    }

    pub(super) fn takes(&self, address: SocketAddr) -> bool {
        self.port == address.port() && self.ip.is_none_or(|ip| ip == address.ip().to_canonical())
    }

    pub(super) fn takes_control(&self, address: SocketAddr) -> bool {
        self.rtcp == address.port() && self.ip.is_none_or(|ip| ip == address.ip().to_canonical())
    }

    /// Where it is, for people.
    pub(super) fn place(&self) -> String {
        self.ip.map_or_else(|| format!("port {}", self.port), |ip| SocketAddr::new(ip, self.port).to_string())
    }
}

impl Medium {
    /// Whether packets of the SUT go out.
    pub(super) fn sends(&self) -> bool {
        let (own, theirs) = (self.own.direction, self.theirs.direction);
        matches!(own, Direction::Sendrecv | Direction::Sendonly) && matches!(theirs, Direction::Sendrecv | Direction::Recvonly)
    }

    /// Whether RTCP is wanted.
    pub(super) fn has_control(&self) -> bool {
        !self.own.silent && !self.theirs.silent
    }

    pub(super) fn allows(&self, payload_type: u8) -> bool {
        self.formats.iter().any(|(number, _)| *number == payload_type)
    }

    /// The payload types, for people.
    pub(super) fn types(&self) -> String {
        self.formats.iter().map(|(number, _)| number.to_string()).collect::<Vec<_>>().join(", ")
    }

    fn of(section: usize, own: End, theirs: End) -> Self {
        // An answer has of each encoding the number of the offer; who chose another one is still understood by its name.
        let both = |(number, name): &&(u8, Option<String>)| {
            own.formats.iter().any(|(other, encoding)| encoding.is_some() && encoding == name || name.is_none() && other == number)
        };
        let clock = |name: &Option<String>| name.as_deref().and_then(|name| name.split('/').nth(1)?.parse().ok());
        let formats = theirs.formats.iter().filter(both).map(|(number, name)| (*number, clock(name))).collect();
        Self { section, own, theirs, formats }
    }
}

impl<'a> Agreed<'a> {
    /// Whether it may be followed at that time: it is in force, it was answered and not sealed, or it was replaced a moment ago.
    pub(super) fn may_hold(&self, at: Duration) -> bool {
        self.from <= at && self.until.is_none_or(|until| at <= until + SETTLED)
    }

    /// Whether it is the one in force.
    pub(super) fn holds(&self, at: Duration) -> bool {
        self.sealed <= at && self.until.is_none_or(|until| at < until)
    }

    /// The medium that is taken at an address of the other side.
    pub(super) fn at(&self, address: SocketAddr) -> Option<&Medium> {
        self.media.iter().find(|medium| medium.theirs.takes(address))
    }

    /// Whether it is about the same call.
    pub(super) fn is_of_call(&self, other: &Self) -> bool {
        self.own.message.call_id() == other.own.message.call_id()
    }

    /// All of them, in the order in which they were answered.
    pub(super) fn all(view: &View<'a>) -> Vec<Self> {
        let list = view.messages.list();
        let mut found: Vec<Self> = Vec::new();
        for (index, answer) in list.iter().enumerate() {
            let accepts = answer.message.status().is_some_and(|status| (200..300).contains(&status)) && answer.repeats.is_none();
            let Some(request) = view.messages.request_of(index).filter(|_| accepts).and_then(|request| list.get(request)) else { continue };
            let method = request.message.method();
            if !matches!(method, Some("INVITE" | "UPDATE")) || found.iter().any(|known| known.is_between(request, answer)) {
                continue;
            }
            let ack = list[index..].iter().find(|seen| acknowledges(&seen.message, &request.message));
            let bare = Described::of(&request.message).is_none();
            let (offer, reply) = match (bare, ack) {
                (true, Some(ack)) => (answer, ack),
                (true, None) => continue,
                (false, _) => (request, answer),
            };
            let sealing = if method == Some("UPDATE") { Some(answer) } else { ack };
            let Some(sealing) = sealing else { continue };
            let (own, theirs) = if offer.by_sut() { (offer, reply) } else { (reply, offer) };
            let (Some(mine), Some(other)) = (Described::of(&own.message), Described::of(&theirs.message)) else { continue };
            let both = End::all(&mine).into_iter().zip(End::all(&other)).enumerate();
            let media = both.filter_map(|(section, (own, theirs))| Some(Medium::of(section, own?, theirs?))).collect();
            let over = list.iter().find(|seen| {
                seen.message.method() == Some("BYE") && seen.message.call_id() == request.message.call_id() && seen.entry > answer.entry
            });
            let over = over.map(|bye| bye.at);
            let (from, sealed, ack) = (reply.at, sealing.at, sealing.entry);
            found.push(Self { own, theirs, from, sealed, ack, until: over, over, media });
        }
        for index in 0..found.len() {
            let next = found[index + 1..].iter().find(|later| later.is_of_call(&found[index])).map(|later| later.sealed);
            found[index].until = next.or(found[index].over);
        }
        found
    }

    /// Whether it is made of these two.
    fn is_between(&self, one: &Seen, other: &Seen) -> bool {
        [self.own.entry, self.theirs.entry].iter().all(|entry| [one.entry, other.entry].contains(entry))
    }
}

/// Whether this is the ACK of a 2xx response to that INVITE.
fn acknowledges(message: &Message, invite: &Message) -> bool {
    let number = |message: &Message| message.cseq().map(|(number, _)| number);
    message.method() == Some("ACK") && message.call_id() == invite.call_id() && number(message) == number(invite)
}
