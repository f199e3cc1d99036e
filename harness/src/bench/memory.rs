//! The memory link: the same bytes, no sockets, and a clock that hops.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use bytes::Bytes;

use super::{Seat, record::Recorder};
use crate::{
    role::{Hop, Input},
    trace::{Endpoint, Transport},
};

/// Streams and clock of the memory link.
#[derive(Debug, Default)]
pub struct Memory {
    /// Virtual time since the scenario began.
    pub now: Duration,
    /// Open streams: who opened it from where, who was called and where.
    streams: Vec<((usize, SocketAddr), (usize, SocketAddr))>,
    opened: u16,
}

/// First port of the ends that streams are opened from.
const EPHEMERAL: u16 = 49_152;

impl Memory {
    /// Carries octets from `seat` to `hop`; gives what is to be handed to whom.
    pub(super) fn carry(&mut self, seats: &[Seat], record: &mut Recorder, seat: usize, hop: Hop, bytes: Bytes) -> Option<(usize, Input)> {
        let ends = match hop.transport {
            Transport::Udp => {
                let to = seats.iter().position(|s| s.outer == Some(hop.address))?;
                Some(((seat, seats[seat].outer?), (to, hop.address)))
            }
            Transport::Tcp | Transport::Tls => self.stream(seats, seat, hop),
        };
        let Some(((_, own), (to, other))) = ends else {
            return (!hop.transport.is_datagram()).then_some((seat, Input::Closed { hop }));
        };
        let (from, party) = (seats[seat].party.clone(), seats[to].party.clone());
        let opener = hop.transport == Transport::Udp || self.streams.iter().any(|(a, _)| *a == (seat, own));
        let (near, far) = (Endpoint { party: from.clone(), address: own }, Endpoint { party: party.clone(), address: other });
        let link = if opener {
            record.link(self.now, (hop.transport, hop.protocol), near, far)
        } else {
            record.link(self.now, (hop.transport, hop.protocol), far, near)
        };
        let kept = record.octets(self.now, link, &from, &party, &bytes);
        kept.then_some((to, Input::Bytes { hop: Hop { address: own, ..hop }, bytes }))
    }

    /// Own and other end of the stream of `seat` to `hop`, opened now if need be; `None`: nobody is there.
    fn stream(&mut self, seats: &[Seat], seat: usize, hop: Hop) -> Option<((usize, SocketAddr), (usize, SocketAddr))> {
        for (a, b) in &self.streams {
            if a.0 == seat && b.1 == hop.address {
                return Some((*a, *b));
            }
            if b.0 == seat && a.1 == hop.address {
                return Some((*b, *a));
            }
        }
        let to = seats.iter().position(|s| s.outer == Some(hop.address))?;
        let ip: IpAddr = seats[seat].outer?.ip();
        let own = SocketAddr::new(ip, EPHEMERAL.saturating_add(self.opened));
        self.opened = self.opened.saturating_add(1);
        self.streams.push(((seat, own), (to, hop.address)));
        Some(((seat, own), (to, hop.address)))
    }

    /// Closes a stream; gives what the other end is told.
    pub(super) fn close(&mut self, seats: &[Seat], seat: usize, hop: Hop) -> Option<(usize, Input)> {
        let at = self.streams.iter().position(|(a, b)| a.0 == seat && b.1 == hop.address || b.0 == seat && a.1 == hop.address)?;
        let (a, b) = self.streams.remove(at);
        let (own, other) = if a.0 == seat { (a, b) } else { (b, a) };
        debug_assert!(own.0 < seats.len(), "streams belong to seats");
        Some((other.0, Input::Closed { hop: Hop { address: own.1, ..hop } }))
    }
}
