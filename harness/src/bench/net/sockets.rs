//! Sockets and the tasks that read and write them; each tells what it meets and decides nothing.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UdpSocket},
    sync::mpsc,
    time::timeout,
};

use crate::{
    bench::tls::{self, Facts},
    role::Hop,
    trace::{Protocol, Transport},
};

/// How long a connection may take to come up.
const CONNECTING: Duration = Duration::from_secs(2);

/// How long a stream may take nothing of what is written.
const STUCK: Duration = Duration::from_secs(30);

/// What one read asks for, octets.
const READ: usize = 64 << 10;

/// What a socket has to tell. Streams are told by their number.
#[derive(Debug)]
pub enum NetEvent {
    /// A datagram came for this seat, where it takes such, from there.
    Datagram(usize, Hop, SocketAddr, Bytes),
    /// A connection came for this seat, at this service of its, from there.
    Accepted(usize, Hop, SocketAddr, TcpStream),
    /// A stream is up: its own address, and what TLS made known.
    Up(u64, SocketAddr, Option<Facts>),
    /// A stream carried octets.
    Octets(u64, Bytes),
    /// A stream ended.
    Ended(u64, End),
}

/// How a stream ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The other end closed it.
    Closed,
    /// The other end reset it, or takes nothing any more.
    Reset,
    /// It could not be opened.
    Refused,
    /// TLS did not come up on it, and why.
    Unsecured(String),
}

/// The sockets of one seat for signalling, bound and not read yet.
#[derive(Debug)]
pub struct Sockets {
    pub(super) datagrams: UdpSocket,
    pub(super) listener: TcpListener,
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

/// A socket that takes streams past signalling, bound and not read yet.
#[derive(Debug)]
pub struct Service {
    pub(super) listener: TcpListener,
    /// Where it listens, how it carries octets and what.
    pub hop: Hop,
}

impl Service {
    /// Binds an address; port 0 lets the system choose.
    ///
    /// # Errors
    /// Those of the system.
    pub async fn bind(protocol: Protocol, transport: Transport, address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let hop = Hop::over(protocol, transport, listener.local_addr()?);
        Ok(Self { listener, hop })
    }
}

/// A pair of ports for RTP and RTCP, bound and not read yet.
#[derive(Debug)]
pub struct Pair {
    pub(super) sockets: [UdpSocket; 2],
    /// Where it takes RTP, and where RTCP.
    pub hops: [Hop; 2],
}

impl Pair {
    /// Binds an even port for RTP and the next one for RTCP (RFC 3550, 11), or, `apart`, any other: then, and where no such pair is
    /// free, `a=rtcp` has to say so (RFC 3605). `lane` is the number of the pair.
    ///
    /// # Errors
    /// Those of the system.
    pub async fn bind(ip: IpAddr, lane: u8, apart: bool) -> io::Result<Self> {
        let mut found = [UdpSocket::bind((ip, 0)).await?, UdpSocket::bind((ip, 0)).await?];
        for _ in 0..if apart { 0 } else { 32 } {
            let first = UdpSocket::bind((ip, 0)).await?;
            let port = first.local_addr()?.port();
            if let (0, Ok(second)) = (port % 2, UdpSocket::bind((ip, port.saturating_add(1))).await) {
                found = [first, second];
                break;
            }
        }
        let hop = |protocol, address| Hop { lane, ..Hop::over(protocol, Transport::Udp, address) };
        let hops = [hop(Protocol::Rtp, found[0].local_addr()?), hop(Protocol::Rtcp, found[1].local_addr()?)];
        Ok(Self { sockets: found, hops })
    }
}

pub(super) async fn read_datagrams(seat: usize, own: Hop, socket: Arc<UdpSocket>, teller: mpsc::Sender<NetEvent>) {
    let mut buffer = vec![0; 65_536];
    loop {
        // A refusal that an earlier datagram met is told by the next read; it says nothing about this socket.
        let Ok((len, from)) = socket.recv_from(&mut buffer).await else { continue };
        if teller.send(NetEvent::Datagram(seat, own, from, Bytes::copy_from_slice(&buffer[..len]))).await.is_err() {
            return;
        }
    }
}

pub(super) async fn accept(seat: usize, listener: TcpListener, service: Hop, teller: mpsc::Sender<NetEvent>) {
    while let Ok((stream, from)) = listener.accept().await {
        if teller.send(NetEvent::Accepted(seat, service, from, stream)).await.is_err() {
            return;
        }
    }
}

/// What the task of one stream has.
#[derive(Debug)]
pub(super) struct Line {
    /// Its number.
    pub(super) id: u64,
    /// What to write; ends when the stream is to be closed.
    pub(super) words: mpsc::UnboundedReceiver<Bytes>,
    /// Octets that were written.
    pub(super) written: Arc<AtomicU64>,
    /// Who is told.
    pub(super) teller: mpsc::Sender<NetEvent>,
}

impl Line {
    /// Opens a stream and lives as long as it.
    pub(super) async fn dial(self, to: Hop, fingerprint: Option<String>) {
        let Ok(Ok(stream)) = timeout(CONNECTING, TcpStream::connect(to.address)).await else { return self.end(End::Refused).await };
        let Ok(local) = stream.local_addr() else { return self.end(End::Reset).await };
        prepare(&stream);
        if to.transport != Transport::Tls {
            return self.run(stream, local, None).await;
        }
        match tls::connect(stream, to.address.ip(), fingerprint).await {
            Ok((stream, facts)) => self.run(stream, local, Some(facts)).await,
            Err(why) => self.end(End::Unsecured(why)).await,
        }
    }

    /// Takes a stream that came and lives as long as it.
    pub(super) async fn take(self, stream: TcpStream, service: Hop) {
        let local = stream.local_addr().unwrap_or(service.address);
        prepare(&stream);
        if service.transport != Transport::Tls {
            return self.run(stream, local, None).await;
        }
        match tls::accept(stream).await {
            Ok((stream, facts)) => self.run(stream, local, Some(facts)).await,
            Err(why) => self.end(End::Unsecured(why)).await,
        }
    }

    async fn run(mut self, stream: impl AsyncRead + AsyncWrite, local: SocketAddr, facts: Option<Facts>) {
        if self.teller.send(NetEvent::Up(self.id, local, facts)).await.is_err() {
            return;
        }
        let (mut read, mut write) = tokio::io::split(stream);
        let end = tokio::select! {
            end = hear(self.id, &mut read, &self.teller) => end,
            end = say(&mut self.words, &mut write, &self.written) => Some(end),
        };
        if let Some(end) = end {
            self.end(end).await;
        }
    }

    async fn end(self, end: End) {
        // Nobody listens any more once the scenario is over.
        let _ = self.teller.send(NetEvent::Ended(self.id, end)).await;
    }
}

fn prepare(stream: &TcpStream) {
    // Small messages that wait for each other are what this traffic is made of.
    let _ = stream.set_nodelay(true);
}

/// Reads until the stream ends; `None`: nobody listens any more.
async fn hear(id: u64, stream: &mut (impl AsyncRead + Unpin), teller: &mpsc::Sender<NetEvent>) -> Option<End> {
    let mut buffer = BytesMut::new();
    loop {
        // What was read stays where it is; the rest of the room is for the next reads.
        if buffer.capacity() < READ / 16 {
            buffer.reserve(READ);
        }
        match stream.read_buf(&mut buffer).await {
            Ok(0) => return Some(End::Closed),
            Ok(_) => teller.send(NetEvent::Octets(id, buffer.split().freeze())).await.ok()?,
            Err(_) => return Some(End::Reset),
        }
    }
}

/// Writes until writing fails. A stream that is closed here is still read.
async fn say(words: &mut mpsc::UnboundedReceiver<Bytes>, stream: &mut (impl AsyncWrite + Unpin), written: &AtomicU64) -> End {
    while let Some(octets) = words.recv().await {
        let mut rest = octets.as_ref();
        while !rest.is_empty() {
            match timeout(STUCK, stream.write(rest)).await {
                Ok(Ok(taken)) if taken > 0 => rest = rest.get(taken..).unwrap_or_default(),
                _ => return End::Reset,
            }
        }
        if words.is_empty() && !matches!(timeout(STUCK, stream.flush()).await, Ok(Ok(()))) {
            return End::Reset;
        }
        written.fetch_add(octets.len() as u64, Ordering::Relaxed);
    }
    // The other end may have gone already.
    let _ = timeout(STUCK, stream.shutdown()).await;
    std::future::pending().await
}
