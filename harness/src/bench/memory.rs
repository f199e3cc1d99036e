//! The memory link: the same bytes, no sockets, and a clock that hops.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use bytes::Bytes;

use super::{Seat, record::Recorder, tls};
use crate::{
    role::{Hop, Input},
    trace::{Endpoint, Event, LinkChange, LinkId, Protocol, Transport},
};

/// Streams and clock of the memory link.
#[derive(Debug, Default)]
pub struct Memory {
    /// Virtual time since the scenario began.
    pub now: Duration,
    streams: Vec<Stream>,
    opened: u16,
}

/// An open stream.
#[derive(Debug)]
struct Stream {
    link: LinkId,
    transport: Transport,
    /// Which of the streams that its caller opened to the same address.
    lane: u8,
    /// Who opened it.
    caller: End,
    /// Who was called.
    called: End,
}

/// One end of a stream: who sits there, where, and what it takes the stream to carry.
#[derive(Clone, Copy, Debug)]
struct End {
    seat: usize,
    address: SocketAddr,
    protocol: Protocol,
}

/// First port of the ends that streams are opened from.
const EPHEMERAL: u16 = 49_152;

/// Most streams that one scenario may open.
const STREAMS: u16 = 4096;

impl Memory {
    /// Carries octets from `seat` to `hop`; gives what is to be handed to whom.
    pub(super) fn carry(&mut self, seats: &[Seat], record: &mut Recorder, seat: usize, hop: Hop, bytes: Bytes) -> Option<(usize, Input)> {
        if hop.transport.is_datagram() {
            return self.datagram(seats, record, seat, hop, bytes);
        }
        if self.place(seat, hop).is_none() && !self.open(seats, record, seat, hop, None) {
            return Some((seat, Input::Closed { hop }));
        }
        let stream = self.streams.get(self.place(seat, hop)?)?;
        let (own, other) = stream.ends(seat, hop);
        let to = stream.seen_from(own, other);
        let kept = record.octets(self.now, stream.link, &seats[seat].party, &seats[other.seat].party, &bytes);
        kept.then_some((other.seat, Input::Bytes { hop: to, bytes }))
    }

    /// Opens the stream of `seat` to `hop` unless it is open; gives what `seat` is to be told.
    pub(super) fn connect(
        &mut self,
        seats: &[Seat],
        record: &mut Recorder,
        seat: usize,
        hop: Hop,
        fingerprint: Option<&str>,
    ) -> Option<(usize, Input)> {
        if self.place(seat, hop).is_some() {
            return None;
        }
        if !self.open(seats, record, seat, hop, fingerprint) {
            return Some((seat, Input::Closed { hop }));
        }
        // Who has to speak first learns of it by octets that are none.
        let stream = self.streams.last().filter(|stream| stream.called.protocol.listener_begins())?;
        let caller = Hop::over(stream.called.protocol, stream.transport, stream.caller.address);
        Some((stream.called.seat, Input::Bytes { hop: caller, bytes: Bytes::new() }))
    }

    fn datagram(&self, seats: &[Seat], record: &mut Recorder, seat: usize, hop: Hop, bytes: Bytes) -> Option<(usize, Input)> {
        let (to, heard) = hearer(seats, hop.address)?;
        let own = seats[seat].leaves(hop)?;
        let end = |seat: usize, address| Endpoint { party: seats[seat].party.clone(), address };
        // What a link carries, the fake's end of it says.
        let protocol = if seats[to].party.is_sut() { hop.protocol } else { heard.protocol };
        let link = record.link(self.now, (hop.transport, protocol), end(seat, own), end(to, hop.address));
        let kept = record.octets(self.now, link, &seats[seat].party, &seats[to].party, &bytes);
        kept.then_some((to, Input::Bytes { hop: Hop { address: own, ..heard }, bytes }))
    }

    /// Where the open stream of `seat` to `hop` stands.
    fn place(&self, seat: usize, hop: Hop) -> Option<usize> {
        let leads = |own: End, other: End| own.seat == seat && other.address == hop.address;
        let is = |s: &Stream| leads(s.caller, s.called) && s.lane == hop.lane || leads(s.called, s.caller);
        self.streams.iter().position(|s| s.transport == hop.transport && is(s))
    }

    /// Opens a stream; whether it came up. It does where somebody listens at that address and transport; under TLS, with the one
    /// fingerprint that there is.
    fn open(&mut self, seats: &[Seat], record: &mut Recorder, seat: usize, hop: Hop, fingerprint: Option<&str>) -> bool {
        let Some((to, transport, protocol)) = listener(seats, hop.address) else { return false };
        let ip: Option<IpAddr> = seats[seat].outer.or_else(|| seats[seat].services.first().map(|hop| hop.address)).map(|own| own.ip());
        let Some(ip) = ip.filter(|_| self.opened < STREAMS) else { return false };
        let own = SocketAddr::new(ip, EPHEMERAL + self.opened);
        self.opened += 1;
        let end = |seat: usize, address| Endpoint { party: seats[seat].party.clone(), address };
        let link = record.open(self.now, (hop.transport, protocol), end(seat, own), end(to, hop.address));
        let known = fingerprint.is_none_or(|wanted| tls::same(wanted, tls::MEMORY));
        let failed = if transport != hop.transport {
            Some(LinkChange::Reset(seats[to].party.clone()))
        } else if transport == Transport::Tls && !known {
            Some(LinkChange::Unsecured(format!("the certificate has the fingerprint {}", tls::MEMORY)))
        } else {
            None
        };
        if let Some(change) = failed {
            record.note(self.now, Event::Link { link, change });
            return false;
        }
        if transport == Transport::Tls {
            let change = LinkChange::Secured { version: "TLSv1.3".to_owned(), fingerprint: Some(tls::MEMORY.to_owned()) };
            record.note(self.now, Event::Link { link, change });
        }
        let (caller, called) = (End { seat, address: own, protocol: hop.protocol }, End { seat: to, address: hop.address, protocol });
        self.streams.push(Stream { link, transport, lane: hop.lane, caller, called });
        true
    }

    /// Closes a stream; gives what the other end is told.
    pub(super) fn close(&mut self, seats: &[Seat], record: &mut Recorder, seat: usize, hop: Hop) -> Option<(usize, Input)> {
        let stream = self.streams.remove(self.place(seat, hop)?);
        let (own, other) = stream.ends(seat, hop);
        let change = LinkChange::Closed(seats[seat].party.clone());
        record.note(self.now, Event::Link { link: stream.link, change });
        Some((other.seat, Input::Closed { hop: stream.seen_from(own, other) }))
    }
}

impl Stream {
    /// The stream's end `own` as the `other` end knows it.
    fn seen_from(&self, own: End, other: End) -> Hop {
        let lane = if other.address == self.caller.address { self.lane } else { 0 };
        Hop { lane, ..Hop::over(other.protocol, self.transport, own.address) }
    }

    /// The end of `seat`, which the stream leads to `hop` from, and the other one.
    fn ends(&self, seat: usize, hop: Hop) -> (End, End) {
        let is_caller = self.caller.seat == seat && self.called.address == hop.address;
        if is_caller { (self.caller, self.called) } else { (self.called, self.caller) }
    }
}

/// Who takes datagrams at `address`: its seat, and what it takes them for.
fn hearer(seats: &[Seat], address: SocketAddr) -> Option<(usize, Hop)> {
    seats.iter().enumerate().find_map(|(place, seat)| {
        let signalling = (seat.outer == Some(address)).then(|| (place, Hop::sip(Transport::Udp, address)));
        let media = || seat.services.iter().find(|hop| hop.transport.is_datagram() && hop.address == address);
        signalling.or_else(|| media().map(|hop| (place, *hop)))
    })
}

/// Who listens at `address`: its seat, how it is reached there, and what it speaks.
fn listener(seats: &[Seat], address: SocketAddr) -> Option<(usize, Transport, Protocol)> {
    seats.iter().enumerate().find_map(|(place, seat)| {
        let signalling = (seat.outer == Some(address)).then_some((place, Transport::Tcp, Protocol::Sip));
        let service = || seat.services.iter().find(|hop| hop.address == address);
        signalling.or_else(|| service().map(|hop| (place, hop.transport, hop.protocol)))
    })
}
