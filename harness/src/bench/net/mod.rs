//! The same loop over sockets: the only place, besides the adapter, where bytes are waited for.
//!
//! Nothing here blocks the loop: a stream is opened, secured, read and written by a task of its own ([`sockets`]); what is said
//! before it is up waits, and is recorded when it goes.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    net::{TcpStream, UdpSocket},
    sync::mpsc,
    task::JoinSet,
    time::Instant,
};

use super::{Seat, record::Recorder, tls::Facts};
use crate::{
    role::{Hop, Input},
    trace::{Endpoint, Event, LinkChange, LinkId, Party, Protocol, Transport},
};

mod sockets;

pub use sockets::{End, NetEvent, Pair, Service, Sockets};
use sockets::{Line, accept, read_datagrams};

/// Most connections of one scenario at a time.
const CONNECTIONS: usize = 256;

/// After this time a datagram over loopback will not come any more.
const LOST: Duration = Duration::from_millis(200);

/// Sockets of one scenario and the tasks that serve them.
#[derive(Debug)]
pub struct Net {
    started: Instant,
    /// By whose they are, and what they carry.
    datagrams: BTreeMap<(usize, Protocol, u8), Arc<UdpSocket>>,
    streams: BTreeMap<u64, Stream>,
    /// Streams that may be spoken on, by whose they are and where they lead.
    open: BTreeMap<(usize, Hop), u64>,
    /// Numbers given to streams.
    last: u64,
    /// Where this process listens, and from where it was called: who is in both is at both ends of a stream.
    own: BTreeSet<SocketAddr>,
    callers: BTreeSet<SocketAddr>,
    /// Who takes streams where.
    listeners: BTreeMap<SocketAddr, usize>,
    /// Datagrams from this process to itself that were not read yet, and when the last of them went.
    flying: (u32, Duration),
    tasks: JoinSet<()>,
    events: mpsc::Receiver<NetEvent>,
    teller: mpsc::Sender<NetEvent>,
}

/// A stream of a seat.
#[derive(Debug)]
struct Stream {
    seat: usize,
    /// The other end, as the seat knows it.
    hop: Hop,
    /// The seat that it was opened to; none where that is the SUT, a program of its own, or where it was accepted.
    called: Option<usize>,
    caller: Caller,
    /// Its own address, once it is up.
    local: Option<SocketAddr>,
    /// Its number in the trace; none while it is being opened, and none of the SUT's, which are seen from the other end.
    link: Option<LinkId>,
    /// What is written; none once it is closed behind that.
    words: Option<mpsc::UnboundedSender<Bytes>>,
    /// Whether the seat has closed it.
    closed: bool,
    /// What was said before it was up.
    waiting: Vec<Bytes>,
    said: u64,
    heard: u64,
    written: Arc<AtomicU64>,
}

/// Who opened a stream of a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    /// The seat.
    Own,
    /// The SUT.
    Sut,
    /// Another fake: the stream is recorded as that one's.
    Fake,
    /// One of both: a fake is just calling, from an address that is not known yet.
    Unsure,
}

impl Net {
    /// Starts reading `sockets` and `services`, each for its seat.
    #[must_use]
    pub fn start(sockets: Vec<(usize, Sockets)>, services: Vec<(usize, Service)>) -> Self {
        let (teller, events) = mpsc::channel(256);
        let mut net = Self {
            started: Instant::now(),
            datagrams: BTreeMap::new(),
            streams: BTreeMap::new(),
            open: BTreeMap::new(),
            last: 0,
            own: BTreeSet::new(),
            callers: BTreeSet::new(),
            listeners: BTreeMap::new(),
            flying: (0, Duration::ZERO),
            tasks: JoinSet::new(),
            events,
            teller,
        };
        for (seat, sockets) in sockets {
            net.listeners.insert(sockets.address, seat);
            net.reads(seat, Hop::sip(Transport::Udp, sockets.address), sockets.datagrams);
            net.tasks.spawn(accept(seat, sockets.listener, Hop::sip(Transport::Tcp, sockets.address), net.teller.clone()));
        }
        for (seat, Service { listener, hop }) in services {
            net.own.insert(hop.address);
            net.listeners.insert(hop.address, seat);
            net.tasks.spawn(accept(seat, listener, hop, net.teller.clone()));
        }
        net
    }

    /// Starts reading pairs of ports for RTP, each for its seat.
    #[must_use]
    pub fn hearing(mut self, pairs: Vec<(usize, Pair)>) -> Self {
        for (seat, Pair { sockets, hops }) in pairs {
            for (socket, hop) in sockets.into_iter().zip(hops) {
                self.reads(seat, hop, socket);
            }
        }
        self
    }

    fn reads(&mut self, seat: usize, own: Hop, socket: UdpSocket) {
        let socket = Arc::new(socket);
        self.datagrams.insert((seat, own.protocol, own.lane), Arc::clone(&socket));
        self.tasks.spawn(read_datagrams(seat, own, socket, self.teller.clone()));
        self.own.insert(own.address);
    }

    /// Wall-clock time since the start.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// The next event; cancelling loses nothing.
    pub(super) async fn next(&mut self) -> NetEvent {
        match self.events.recv().await {
            Some(event) => event,
            // `teller` lives in `self`, so the channel is never closed.
            None => std::future::pending().await,
        }
    }

    /// An event that is there already.
    pub(super) fn ready(&mut self) -> Option<NetEvent> {
        self.events.try_recv().ok()
    }

    /// Whether there is a stream from `seat` to `hop`.
    pub(super) fn has(&self, seat: usize, hop: Hop) -> bool {
        self.open.contains_key(&(seat, hop))
    }

    /// Sends octets from `seat` to `hop`; a fake's are recorded as they go.
    pub(super) async fn carry(&mut self, seats: &[Seat], record: &mut Recorder, seat: usize, hop: Hop, bytes: Bytes) {
        if hop.transport.is_datagram() {
            return self.datagram(seats, record, seat, hop, bytes).await;
        }
        let id = self.connect(seat, hop, None);
        let now = self.now();
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.said += bytes.len() as u64;
            stream.waiting.push(bytes);
            stream.write(now, seats, record);
        }
    }

    async fn datagram(&mut self, seats: &[Seat], record: &mut Recorder, seat: usize, hop: Hop, bytes: Bytes) {
        let lane = if hop.protocol.is_rtp() { hop.lane } else { 0 };
        let (Some(own), Some(socket)) = (seats[seat].leaves(hop), self.datagrams.get(&(seat, hop.protocol, lane))) else { return };
        if !seats[seat].party.is_sut() {
            let (near, far) = ends(seats, seat, own, hop.address);
            let link = record.link(self.now(), (hop.transport, hop.protocol), near.clone(), far.clone());
            record.octets(self.now(), link, &near.party, &far.party, &bytes);
        }
        // A datagram that cannot be sent is lost, as datagrams are.
        if socket.send_to(&bytes, hop.address).await.is_ok() && self.own.contains(&hop.address) {
            self.flying = (self.flying.0 + 1, self.now());
        }
    }

    /// The stream from `seat` to `hop`, which is opened unless it is there; its number. What cannot be opened is told as ended.
    pub(super) fn connect(&mut self, seat: usize, hop: Hop, fingerprint: Option<String>) -> u64 {
        if let Some(id) = self.open.get(&(seat, hop)) {
            return *id;
        }
        let line = self.stream(seat, hop, None, Caller::Own);
        let id = line.id;
        self.tasks.spawn(line.dial(hop, fingerprint));
        id
    }

    /// A new stream, and what its task has.
    fn stream(&mut self, seat: usize, hop: Hop, link: Option<LinkId>, caller: Caller) -> Line {
        self.last += 1;
        let (words, listened) = mpsc::unbounded_channel();
        let written = Arc::new(AtomicU64::new(0));
        let line = Line { id: self.last, words: listened, written: Arc::clone(&written), teller: self.teller.clone() };
        let called = self.listeners.get(&hop.address).copied().filter(|_| caller == Caller::Own);
        let (local, words, waiting) = (None, Some(words), Vec::new());
        let stream = Stream { seat, hop, called, caller, local, link, words, closed: false, waiting, said: 0, heard: 0, written };
        self.streams.insert(line.id, stream);
        self.open.insert((seat, hop), line.id);
        line
    }

    /// Closes a stream behind what was said on it. What still comes on it is recorded and handed to nobody.
    pub(super) fn close(&mut self, seats: &[Seat], record: &mut Recorder, seat: usize, hop: Hop) {
        let now = self.now();
        let Some(stream) = self.open.remove(&(seat, hop)).and_then(|id| self.streams.get_mut(&id)) else { return };
        stream.closed = true;
        stream.write(now, seats, record);
    }

    /// Records what came for a fake and gives what is to be handed to whom.
    pub(super) fn heard(&mut self, seats: &[Seat], record: &mut Recorder, event: NetEvent) -> Option<(usize, Input)> {
        let now = self.now();
        match event {
            NetEvent::Datagram(seat, service, address, bytes) => {
                let hop = Hop { address, ..service };
                self.flying.0 = self.flying.0.saturating_sub(u32::from(self.own.contains(&address)));
                if seats[seat].party.is_sut() {
                    return Some((seat, Input::Bytes { hop, bytes }));
                }
                let (near, far) = ends(seats, seat, service.address, address);
                let link = record.link(now, (Transport::Udp, service.protocol), far.clone(), near.clone());
                record.octets(now, link, &far.party, &near.party, &bytes).then_some((seat, Input::Bytes { hop, bytes }))
            }
            NetEvent::Accepted(seat, service, address, stream) => {
                self.accepted(seats, record, (seat, service), address, stream);
                None
            }
            NetEvent::Up(id, local, facts) => {
                let stream = self.streams.get_mut(&id)?;
                stream.up(now, seats, record, local, facts);
                // A fake that has to speak first learns of it by octets that are none.
                let begins = stream.hop.protocol.listener_begins() && !seats[stream.seat].party.is_sut();
                begins.then_some((stream.seat, Input::Bytes { hop: stream.hop, bytes: Bytes::new() }))
            }
            NetEvent::Octets(id, bytes) => {
                self.decide(seats, record, id);
                let stream = self.streams.get_mut(&id)?;
                stream.heard += bytes.len() as u64;
                if let Some(link) = stream.link
                    && !record.octets(now, link, &stream.other(seats), &seats[stream.seat].party, &bytes)
                {
                    let stream = self.streams.remove(&id)?;
                    self.forget(id, &stream);
                    return None;
                }
                (!stream.closed).then_some((stream.seat, Input::Bytes { hop: stream.hop, bytes }))
            }
            NetEvent::Ended(id, end) => {
                self.decide(seats, record, id);
                let mut stream = self.streams.remove(&id)?;
                self.forget(id, &stream);
                stream.ended(now, seats, record, end);
                (!stream.closed).then_some((stream.seat, Input::Closed { hop: stream.hop }))
            }
        }
    }

    /// Takes a connection; that it came is evidence, whatever it carries.
    fn accepted(&mut self, seats: &[Seat], record: &mut Recorder, (seat, service): (usize, Hop), address: SocketAddr, stream: TcpStream) {
        self.callers.insert(address);
        let hop = Hop { address, ..service };
        let fakes = || self.streams.values().filter(|s| s.called == Some(seat) && !seats[s.seat].party.is_sut());
        let mut calls = fakes().filter(|s| s.hop.address == service.address);
        let caller = match () {
            () if fakes().any(|s| s.local == Some(address)) => Caller::Fake,
            () if calls.any(|s| s.local.is_none()) => Caller::Unsure,
            () => Caller::Sut,
        };
        let link = (caller == Caller::Sut && !seats[seat].party.is_sut()).then(|| {
            let (near, far) = ends(seats, seat, service.address, address);
            record.open(self.now(), (service.transport, service.protocol), far, near)
        });
        if self.streams.len() < CONNECTIONS {
            let line = self.stream(seat, hop, link, caller);
            self.tasks.spawn(line.take(stream, service));
        } else if let Some(link) = link {
            record.note(self.now(), Event::Link { link, change: LinkChange::Reset(seats[seat].party.clone()) });
        }
    }

    /// Says who opened a stream that was accepted, once something came of it: a fake that calls is known by then.
    fn decide(&mut self, seats: &[Seat], record: &mut Recorder, id: u64) {
        let Some(stream) = self.streams.get(&id).filter(|stream| stream.caller == Caller::Unsure) else { return };
        let (seat, hop) = (stream.seat, stream.hop);
        let fake = self.streams.values().any(|other| other.local == Some(hop.address) && other.called == Some(seat));
        let own = stream.local.unwrap_or(hop.address);
        let now = self.now();
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.caller = if fake { Caller::Fake } else { Caller::Sut };
            stream.link = (!fake).then(|| {
                let (near, far) = ends(seats, seat, own, hop.address);
                record.open(now, (hop.transport, hop.protocol), far, near)
            });
        }
    }

    fn forget(&mut self, id: u64, stream: &Stream) {
        let place = (stream.seat, stream.hop);
        if self.open.get(&place) == Some(&id) {
            self.open.remove(&place);
        }
    }

    /// Whether nothing is on its way: no stream is being opened, and all that was said on one was written, or, where both ends are
    /// in this process, heard.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        let (flying, last) = self.flying;
        // What has not come for so long is lost.
        let datagrams = flying == 0 || self.now().saturating_sub(last) > LOST;
        datagrams
            && self.streams.values().all(|stream| {
                let Some(local) = stream.local else { return false };
                let is_mate = |other: &&Stream| other.local == Some(stream.hop.address) && other.hop.address == local;
                match self.streams.values().find(is_mate) {
                    Some(mate) => stream.said <= mate.heard && (!stream.closed || mate.closed),
                    None if self.own.contains(&stream.hop.address) && !self.callers.contains(&local) => false,
                    None => stream.said <= stream.written.load(Ordering::Relaxed),
                }
            })
    }

    /// Ends all tasks; gives the panics among them.
    pub async fn end(mut self) -> Vec<String> {
        self.tasks.abort_all();
        let mut faults = Vec::new();
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended
                && error.is_panic()
            {
                faults.push(format!("a reader panicked: {error}"));
            }
        }
        faults
    }
}

impl Stream {
    /// It is up: one that a fake opened enters the trace now, with what was said on it since.
    fn up(&mut self, now: Duration, seats: &[Seat], record: &mut Recorder, local: SocketAddr, facts: Option<Facts>) {
        self.local = Some(local);
        let link = self.recorded(now, seats, record);
        if let (Some(link), Some(Facts { version, fingerprint })) = (link, facts) {
            record.note(now, Event::Link { link, change: LinkChange::Secured { version, fingerprint } });
        }
        self.write(now, seats, record);
    }

    /// Its link, which is recorded as opened by the fake if it is not there; none of the SUT's own, and none that another fake opened.
    fn recorded(&mut self, now: Duration, seats: &[Seat], record: &mut Recorder) -> Option<LinkId> {
        if seats[self.seat].party.is_sut() || matches!(self.caller, Caller::Fake | Caller::Unsure) {
            return None;
        }
        let Self { seat, hop, local, .. } = *self;
        let party = self.other(seats);
        Some(*self.link.get_or_insert_with(|| {
            let own = local.unwrap_or_else(|| SocketAddr::new(hop.address.ip(), 0));
            let (near, far) = ends(seats, seat, own, hop.address);
            record.open(now, (hop.transport, hop.protocol), near, Endpoint { party, ..far })
        }))
    }

    /// Who is at the other end.
    fn other(&self, seats: &[Seat]) -> Party {
        self.called.and_then(|seat| seats.get(seat)).map_or_else(Party::sut, |seat| seat.party.clone())
    }

    /// Writes what waits, if it is up, and closes it behind that, if it is to be closed.
    fn write(&mut self, now: Duration, seats: &[Seat], record: &mut Recorder) {
        let other = self.other(seats);
        let Some(words) = self.words.as_ref().filter(|_| self.local.is_some()) else { return };
        for bytes in self.waiting.drain(..) {
            if let Some(link) = self.link {
                record.octets(now, link, &seats[self.seat].party, &other, &bytes);
            }
            // The task has gone where the stream has ended; that it did is told.
            let _ = words.send(bytes);
        }
        if self.closed {
            self.words = None;
            if let Some(link) = self.link {
                record.note(now, Event::Link { link, change: LinkChange::Closed(seats[self.seat].party.clone()) });
            }
        }
    }

    fn ended(&mut self, now: Duration, seats: &[Seat], record: &mut Recorder, end: End) {
        let change = match end {
            End::Closed => LinkChange::Closed(self.other(seats)),
            End::Reset | End::Refused => LinkChange::Reset(self.other(seats)),
            End::Unsecured(why) => LinkChange::Unsecured(why),
        };
        // A stream that the fake has closed is closed; how the SUT's side of it ends says nothing.
        if !self.closed
            && let Some(link) = self.recorded(now, seats, record)
        {
            record.note(now, Event::Link { link, change });
        }
    }
}

/// Both ends of a link between a fake, at `own`, and the SUT.
fn ends(seats: &[Seat], seat: usize, own: SocketAddr, peer: SocketAddr) -> (Endpoint, Endpoint) {
    (Endpoint { party: seats[seat].party.clone(), address: own }, Endpoint { party: Party::sut(), address: peer })
}
