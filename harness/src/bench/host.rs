//! A role as a process of its own: sockets on one side, the upper tester's protocol on the other.

use std::{io, net::SocketAddr, time::Duration};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::{
    LOOK, Seat,
    net::{Net, Pair, Service, Sockets},
    record::Recorder,
};
use crate::{
    role::{Actor, Input, Output, rtp},
    sut::{
        call::Hello,
        serve::{Incoming, Server},
    },
    trace::{Party, Protocol, Transport},
    upper::{Act, Sight},
};

/// How far ahead a role has to have nothing to send to count as idle.
const QUIET: Duration = Duration::from_secs(5);

/// Runs the role that `make` gives for its address of signalling, the one where it takes MSRP and its pairs of ports for sound and
/// pictures, until its input ends or asks it to stop.
///
/// # Errors
/// Those of the sockets and of the two streams.
pub async fn host(
    name: &str,
    listen: SocketAddr,
    make: impl FnOnce(SocketAddr, SocketAddr, Vec<rtp::Place>) -> Box<dyn Actor>,
    mut input: impl AsyncRead + Unpin,
    mut output: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    let sockets = Sockets::bind(listen).await?;
    let address = sockets.address;
    let service = Service::bind(Protocol::Msrp, Transport::Tcp, SocketAddr::new(address.ip(), 0)).await?;
    let msrp = service.hop;
    let (mut services, mut pairs, mut places) = (vec![msrp], Vec::new(), Vec::new());
    for (kind, lane) in ["audio", "video"].into_iter().zip(1..) {
        let pair = Pair::bind(address.ip(), lane, false).await?;
        let [rtp, rtcp] = pair.hops.map(|hop| hop.address);
        places.push(rtp::Place { kind: kind.to_owned(), lane, rtp, rtcp });
        services.extend(pair.hops);
        pairs.push((0, pair));
    }
    let actor = make(address, msrp.address, places);
    let mut seats = vec![Seat { party: Party::sut(), actor, outer: Some(address), inner: None, services }];
    let mut net = Net::start(vec![(0, sockets)], vec![(0, service)]).hearing(pairs);
    let mut record = Recorder::default();
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let listens = Some(address.to_string());
    let mut server =
        Server::new(Hello { name: name.to_owned(), acts: texts(Act::NAMES), sights: texts(Sight::NAMES), idle: true, listens });
    let mut buffer = vec![0; 16_384];
    let mut idle_asked: Vec<u64> = Vec::new();
    loop {
        let mut deadline = seats[0].actor.deadline().map_or(Duration::from_secs(3600), |at| at.saturating_sub(net.now()));
        if !idle_asked.is_empty() && !net.is_quiet() {
            deadline = deadline.min(LOOK);
        }
        let mut stop = false;
        tokio::select! {
            event = net.next() => {
                let now = net.now();
                if let Some((_, input)) = net.heard(&seats, &mut record, event) {
                    seats[0].actor.handle(now, input);
                }
            }
            read = input.read(&mut buffer) => {
                let len = read?;
                stop = len == 0;
                for incoming in server.feed(&buffer[..len]) {
                    let now = net.now();
                    let reply = match incoming {
                        Incoming::Hello(reply) | Incoming::Refused(reply) => Some(reply),
                        Incoming::Act { id, act } => {
                            seats[0].actor.handle(now, Input::Act { id, act });
                            None
                        }
                        Incoming::Idle { id } => {
                            idle_asked.push(id);
                            None
                        }
                        Incoming::Reset { id, .. } => {
                            seats[0].actor.reset();
                            Some(server.done(id))
                        }
                        Incoming::Stop { id } => {
                            stop = true;
                            Some(server.done(id))
                        }
                    };
                    if let Some(reply) = reply {
                        output.write_all(reply.as_bytes()).await?;
                    }
                    drain(&mut seats, &mut net, &mut record, &server, &mut output).await?;
                }
            }
            () = tokio::time::sleep(deadline) => {
                let now = net.now();
                if seats[0].actor.deadline().is_some_and(|at| at <= now) {
                    seats[0].actor.handle(now, Input::Timeout);
                }
            }
        }
        drain(&mut seats, &mut net, &mut record, &server, &mut output).await?;
        if seats[0].actor.idle(net.now(), QUIET) && net.is_quiet() {
            for id in idle_asked.drain(..) {
                output.write_all(server.done(id).as_bytes()).await?;
            }
        }
        output.flush().await?;
        if stop {
            net.end().await;
            return Ok(());
        }
    }
}

async fn drain(
    seats: &mut [Seat],
    net: &mut Net,
    record: &mut Recorder,
    server: &Server,
    output: &mut (impl AsyncWrite + Unpin),
) -> io::Result<()> {
    while let Some(wanted) = seats[0].actor.poll() {
        match wanted {
            Output::Transmit { hop, bytes } => net.carry(seats, record, 0, hop, bytes).await,
            Output::Connect { hop, fingerprint } => drop(net.connect(0, hop, fingerprint)),
            Output::Close { hop } => net.close(seats, record, 0, hop),
            Output::Answered { id, answer } => output.write_all(server.answer(id, &answer).as_bytes()).await?,
            Output::Sight(sight) => output.write_all(server.sight(&sight).as_bytes()).await?,
        }
    }
    Ok(())
}
