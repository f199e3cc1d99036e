//! The same loop over sockets: the only place, besides the adapter, where bytes are waited for.

use std::{collections::BTreeMap, io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream, UdpSocket,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    task::JoinSet,
    time::{Instant, timeout},
};

use super::{Seat, ended, record::Recorder};
use crate::{
    role::{Hop, Input},
    trace::{Endpoint, Event, Party, Protocol, Transport},
};

/// How long a connection may take to come up, or to take what is written.
const PATIENCE: Duration = Duration::from_secs(2);

/// Most connections of one scenario.
const CONNECTIONS: usize = 256;

/// What a socket has to tell.
#[derive(Debug)]
pub enum NetEvent {
    /// A datagram came.
    Datagram(usize, SocketAddr, Bytes),
    /// A connection came.
    Accepted(usize, SocketAddr, TcpStream),
    /// A stream carried octets.
    Octets(usize, SocketAddr, Bytes),
    /// A stream ended; `true`: it was reset.
    Ended(usize, SocketAddr, bool),
}

/// Sockets of one scenario and the tasks that read them.
#[derive(Debug)]
pub struct Net {
    started: Instant,
    datagrams: BTreeMap<usize, Arc<UdpSocket>>,
    streams: BTreeMap<(usize, SocketAddr), OwnedWriteHalf>,
    tasks: JoinSet<()>,
    events: mpsc::Receiver<NetEvent>,
    teller: mpsc::Sender<NetEvent>,
}

/// The sockets of one seat, bound and not read yet.
#[derive(Debug)]
pub struct Sockets {
    datagrams: UdpSocket,
    listener: TcpListener,
    /// Where both listen.
    pub address: SocketAddr,
}

impl Sockets {
    /// Binds UDP and TCP to one address; port 0 lets the system choose a port that both can have.
    ///
    /// # Errors
    /// Those of the system.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let mut last = None;
        for _ in 0..32 {
            let listener = TcpListener::bind(address).await?;
            let address = listener.local_addr()?;
            match UdpSocket::bind(address).await {
                Ok(datagrams) => return Ok(Self { datagrams, listener, address }),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| io::Error::other("no port is free for UDP and TCP")))
    }
}

impl Net {
    /// Starts reading `sockets`, each for its seat.
    #[must_use]
    pub fn start(sockets: Vec<(usize, Sockets)>) -> Self {
        let (teller, events) = mpsc::channel(256);
        let mut net =
            Self { started: Instant::now(), datagrams: BTreeMap::new(), streams: BTreeMap::new(), tasks: JoinSet::new(), events, teller };
        for (seat, sockets) in sockets {
            let datagrams = Arc::new(sockets.datagrams);
            net.datagrams.insert(seat, Arc::clone(&datagrams));
            net.tasks.spawn(read_datagrams(seat, datagrams, net.teller.clone()));
            net.tasks.spawn(accept(seat, sockets.listener, net.teller.clone()));
        }
        net
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

    /// Sends octets from `seat` to `hop`; a fake's are recorded as they go. Gives what failed streams are to be told.
    pub(super) async fn carry(
        &mut self,
        seats: &[Seat],
        record: &mut Recorder,
        seat: usize,
        hop: Hop,
        bytes: Bytes,
    ) -> Option<(usize, Input)> {
        let own = seats[seat].outer?;
        if hop.transport == Transport::Tcp && !self.streams.contains_key(&(seat, hop.address)) && !self.connect(seat, hop).await {
            return Some((seat, Input::Closed { hop }));
        }
        if !seats[seat].party.is_sut() {
            let (near, far) =
                (Endpoint { party: seats[seat].party.clone(), address: own }, Endpoint { party: Party::sut(), address: hop.address });
            let link = record.link(self.now(), (hop.transport, hop.protocol), near.clone(), far.clone());
            record.octets(self.now(), link, &near.party, &far.party, &bytes);
        }
        match hop.transport {
            Transport::Udp => {
                // A datagram that cannot be sent is lost, as datagrams are.
                let _ = self.datagrams.get(&seat)?.send_to(&bytes, hop.address).await;
                None
            }
            Transport::Tcp | Transport::Tls => {
                let stream = self.streams.get_mut(&(seat, hop.address))?;
                if matches!(timeout(PATIENCE, stream.write_all(&bytes)).await, Ok(Ok(()))) {
                    return None;
                }
                self.streams.remove(&(seat, hop.address));
                Some((seat, Input::Closed { hop }))
            }
        }
    }

    async fn connect(&mut self, seat: usize, hop: Hop) -> bool {
        let Ok(Ok(stream)) = timeout(PATIENCE, TcpStream::connect(hop.address)).await else { return false };
        self.keep(seat, hop.address, stream);
        true
    }

    fn keep(&mut self, seat: usize, address: SocketAddr, stream: TcpStream) {
        // Small messages that wait for each other are what this traffic is made of.
        let _ = stream.set_nodelay(true);
        let (read, write) = stream.into_split();
        self.streams.insert((seat, address), write);
        self.tasks.spawn(read_stream(seat, address, read, self.teller.clone()));
    }

    /// Closes a stream.
    pub(super) fn close_stream(&mut self, seat: usize, hop: Hop) {
        self.streams.remove(&(seat, hop.address));
    }

    /// Records what came for a fake and gives what is to be handed to whom.
    pub(super) fn heard(&mut self, seats: &[Seat], record: &mut Recorder, event: NetEvent) -> Option<(usize, Input)> {
        let now = self.now();
        let ends = |seat: usize, peer: SocketAddr| {
            let own = seats[seat].outer.unwrap_or(peer);
            (Endpoint { party: Party::sut(), address: peer }, Endpoint { party: seats[seat].party.clone(), address: own })
        };
        let (seat, transport, address, bytes) = match event {
            NetEvent::Datagram(seat, address, bytes) => (seat, Transport::Udp, address, bytes),
            NetEvent::Octets(seat, address, bytes) => (seat, Transport::Tcp, address, bytes),
            NetEvent::Accepted(seat, address, stream) => {
                if self.streams.len() < CONNECTIONS {
                    self.keep(seat, address, stream);
                }
                if !seats[seat].party.is_sut() {
                    let (far, near) = ends(seat, address);
                    record.link(now, (Transport::Tcp, Protocol::Sip), far, near);
                }
                return None;
            }
            NetEvent::Ended(seat, address, reset) => {
                self.streams.remove(&(seat, address));
                let hop = Hop::sip(Transport::Tcp, address);
                if !seats[seat].party.is_sut() {
                    let (far, near) = ends(seat, address);
                    let link = record.link(now, (Transport::Tcp, Protocol::Sip), far.clone(), near);
                    record.note(now, Event::Link { link, change: ended(&far.party, reset) });
                }
                return Some((seat, Input::Closed { hop }));
            }
        };
        let hop = Hop::sip(transport, address);
        if seats[seat].party.is_sut() {
            return Some((seat, Input::Bytes { hop, bytes }));
        }
        let (far, near) = ends(seat, address);
        let link = record.link(now, (transport, Protocol::Sip), far.clone(), near.clone());
        let kept = record.octets(now, link, &far.party, &near.party, &bytes);
        if !kept {
            self.streams.remove(&(seat, address));
        }
        kept.then_some((seat, Input::Bytes { hop, bytes }))
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

async fn read_datagrams(seat: usize, socket: Arc<UdpSocket>, teller: mpsc::Sender<NetEvent>) {
    let mut buffer = vec![0; 65_536];
    loop {
        // A refusal that an earlier datagram met is told by the next read; it says nothing about this socket.
        let Ok((len, from)) = socket.recv_from(&mut buffer).await else { continue };
        if teller.send(NetEvent::Datagram(seat, from, Bytes::copy_from_slice(&buffer[..len]))).await.is_err() {
            return;
        }
    }
}

async fn accept(seat: usize, listener: TcpListener, teller: mpsc::Sender<NetEvent>) {
    while let Ok((stream, from)) = listener.accept().await {
        if teller.send(NetEvent::Accepted(seat, from, stream)).await.is_err() {
            return;
        }
    }
}

async fn read_stream(seat: usize, address: SocketAddr, mut stream: OwnedReadHalf, teller: mpsc::Sender<NetEvent>) {
    let mut buffer = vec![0; 16_384];
    let reset = loop {
        match stream.read(&mut buffer).await {
            Ok(0) => break false,
            Ok(len) => {
                if teller.send(NetEvent::Octets(seat, address, Bytes::copy_from_slice(&buffer[..len]))).await.is_err() {
                    return;
                }
            }
            Err(_) => break true,
        }
    };
    // Nobody listens any more once the scenario is over.
    let _ = teller.send(NetEvent::Ended(seat, address, reset)).await;
}
