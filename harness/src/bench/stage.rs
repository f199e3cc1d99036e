//! Setting the stage: from scenario, profile and carrier to a bench with everybody in their seats.

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use bytes::Bytes;

use super::{
    Bench, Carrier, Reach, Seat,
    memory::Memory,
    net::{Net, Pair, Service, Sockets},
    record::Recorder,
    reference::{self, Around, At},
    tls,
};
pub use crate::role::Hosts;
use crate::{
    role::{
        Actor, Hop,
        conduct::{Deviant, Rule},
        content_server::{ContentServer, Table},
        cpm_client::{CpmClient, Settings},
        ims_core::{ImsCore, Provisioning},
        message_store::{MessageStore, Stock},
        null::{Null, NullSut},
        participating::{self, Kind, Participating, Places},
        rtp,
    },
    scenario::{Fake, FakeRole, Scenario},
    sut::{Ixit, Role, external::ExternalSut},
    template,
    trace::{Party, Protocol, Transport},
};

/// What stands in the SUT's place.
#[derive(Debug)]
pub enum Subject {
    /// The reference of the role, with these rules laid over it: none, or a defect.
    Reference(Vec<Rule>),
    /// The reference inside something else.
    Wrapped(Wrap),
    /// A SUT that conforms to nothing, from the start or from the first stimulus on.
    Null(Null, Warmth),
    /// A program of its own behind an adapter.
    External(tokio::sync::OwnedMutexGuard<ExternalSut>),
}

/// Puts a client inside an actor that may change what it says, not what it means.
pub type Wrap = fn(Box<dyn Actor>) -> Box<dyn Actor>;

/// When a null SUT stops working.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warmth {
    /// It never worked.
    Cold,
    /// It is the reference until the first stimulus.
    Warm,
}

/// What carries the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Memory and virtual time.
    Memory,
    /// Sockets; the core listens here.
    Net(SocketAddr),
}

/// Everything that a stage is set from.
#[derive(Debug)]
pub struct Plan<'a> {
    /// Fakes, messages, conduct.
    pub scenario: &'a Scenario,
    /// Values of the tester.
    pub ixit: &'a Ixit,
    /// What the SUT is.
    pub role: Role,
    /// Where a server that is a program of its own listens for SIP.
    pub listens: Option<SocketAddr>,
    /// Transport of the SUT's signalling.
    pub transport: Transport,
    /// What carries the bytes.
    pub link: Link,
    /// What stands in the SUT's place.
    pub subject: Subject,
    /// What the servers hold: octets by fake and by the key of its `holds`.
    pub held: Held,
    /// Seed of all identifiers.
    pub seed: u64,
    /// Unix time at the start, seconds.
    pub epoch: i64,
}

/// Octets by fake and key.
pub type Held = BTreeMap<String, BTreeMap<String, Bytes>>;

/// Why a stage could not be set.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// A socket.
    #[error("could not bind a socket: {0}")]
    Socket(#[from] io::Error),
    /// A placeholder in the scenario.
    #[error("{0}")]
    Template(#[from] template::TemplateError),
    /// No fake is the core.
    #[error("the scenario has no fake with the role ims-core")]
    NoCore,
    /// Nobody says where the SUT is.
    #[error(
        "where the server listens is not known: its adapter has to say so in `listens` of the answer to hello, or the profile in `reach`"
    )]
    NoServer,
}

/// Values of the placeholders that every scenario has: those of the IXIT.
#[must_use]
pub fn names(ixit: &Ixit) -> BTreeMap<String, String> {
    ixit.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn inner(place: usize) -> SocketAddr {
    let last = u8::try_from(place + 1).unwrap_or(u8::MAX);
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(198, 51, 100, last)), 5060)
}

fn outer(place: usize) -> SocketAddr {
    let last = u8::try_from(place + 1).unwrap_or(u8::MAX);
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)), 5060)
}

/// Sets the stage; gives the bench, and where what listens by name: `core`, `store`, `content`, `relay`.
///
/// # Errors
/// [`StageError`].
pub async fn set(plan: Plan<'_>, record: Recorder) -> Result<(Bench, BTreeMap<String, String>), StageError> {
    let mut names = names(plan.ixit);
    let fakes: Vec<(&String, &Fake)> = plan.scenario.fakes.iter().collect();
    let core = fakes.iter().position(|(_, fake)| fake.role == FakeRole::ImsCore).ok_or(StageError::NoCore)?;
    // Places 1 on are the fakes', place 0 the SUT's; only those that the SUT may reach have an outer address.
    let mut sockets = Vec::new();
    let mut outers: Vec<Option<SocketAddr>> = Vec::new();
    for (place, (_, fake)) in fakes.iter().enumerate() {
        outers.push(match (fake.role, plan.link) {
            (role, _) if !matches!(role, FakeRole::ImsCore | FakeRole::Bystander) => None,
            (_, Link::Memory) => Some(outer(place + 1)),
            (role, Link::Net(listen)) => {
                let address = if role == FakeRole::ImsCore { listen } else { SocketAddr::new(listen.ip(), 0) };
                let bound = Sockets::bind(address).await?;
                let address = bound.address;
                sockets.push((place, bound));
                Some(address)
            }
        });
    }
    let core_outer = outers[core].ok_or(StageError::NoCore)?;
    // The SUT that sits at the bench: its address, and where it takes MSRP.
    let mut listening = Vec::new();
    let place = match (&plan.subject, plan.link) {
        (Subject::External(_), _) => None,
        (_, Link::Memory) => Some((outer(0), Hop::over(Protocol::Msrp, Transport::Tcp, SocketAddr::new(outer(0).ip(), 2855)))),
        (_, Link::Net(listen)) => {
            let bound = Sockets::bind(SocketAddr::new(listen.ip(), 0)).await?;
            let service = Service::bind(Protocol::Msrp, Transport::Tcp, SocketAddr::new(listen.ip(), 0)).await?;
            let found = (bound.address, service.hop);
            sockets.push((fakes.len(), bound));
            listening.push((fakes.len(), service));
            Some(found)
        }
    };
    let server = match plan.role.is_server() {
        true => Some(place.map(|(own, _)| own).or(plan.listens).ok_or(StageError::NoServer)?),
        false => None,
    };
    let uris: Vec<Option<String>> = fakes
        .iter()
        .map(|(_, fake)| fake.uri.as_ref().map(|uri| template::fill(&at_device(uri, fake), |name| names.get(name).cloned())).transpose())
        .collect::<Result<_, _>>()?;
    let members = fakes
        .iter()
        .map(|(_, fake)| fake.members.iter().map(|uri| template::fill(uri, |name| names.get(name).cloned())).collect())
        .collect::<Result<Vec<Vec<String>>, _>>()?;
    let mut hosts: Hosts = fakes.iter().zip(&outers).filter_map(|((name, _), address)| Some(((*name).clone(), (*address)?))).collect();
    // The home domain "resolves" to a bystander, so that going there past the core is seen.
    let bystander = fakes.iter().position(|(_, fake)| fake.role == FakeRole::Bystander).and_then(|place| outers[place]);
    hosts.extend(names.get("home").cloned().zip(bystander));
    let mut services: Vec<Vec<Hop>> = Vec::new();
    for (place, (_, fake)) in fakes.iter().enumerate() {
        let mut own = Vec::new();
        for (number, (protocol, transport)) in spoken(fake.role).iter().enumerate() {
            own.push(match plan.link {
                Link::Memory => {
                    let port = 2855 + u16::try_from(number).unwrap_or_default();
                    Hop::over(*protocol, *transport, SocketAddr::new(outer(place + 1).ip(), port))
                }
                Link::Net(listen) => {
                    let service = Service::bind(*protocol, *transport, SocketAddr::new(listen.ip(), 0)).await?;
                    let hop = service.hop;
                    listening.push((place, service));
                    hop
                }
            });
        }
        services.push(own);
    }
    let mut pairs = Vec::new();
    let mut played: Vec<Vec<rtp::Place>> = Vec::new();
    for (place, (name, fake)) in fakes.iter().enumerate() {
        // Each medium has a second pair, where it moves to.
        let kinds: Vec<&String> = fake.plays.iter().chain(&fake.plays).collect();
        let own = ports(plan.link, place, &kinds, (outer(place + 1).ip(), fake.apart), &mut pairs).await?;
        services[place].extend(own.iter().flat_map(hops));
        for (number, pair) in own.iter().enumerate() {
            let moved = if number < fake.plays.len() { "" } else { "moved " };
            hosts.insert(format!("{name}'s {moved}{}", pair.kind), pair.rtp);
        }
        played.push(own);
    }
    let mut places = BTreeMap::from([("core".to_owned(), core_outer.to_string())]);
    places.extend(server.map(|address| ("sut".to_owned(), format!("sip:{address}"))));
    for ((name, fake), own) in fakes.iter().zip(&services) {
        match (fake.role, own.as_slice()) {
            (FakeRole::MessageStore, [imap]) => drop(places.insert("store".to_owned(), imap.address.to_string())),
            (FakeRole::ContentServer, [http]) => drop(places.insert("content".to_owned(), format!("http://{}", http.address))),
            (_, [tcp, _, relay, ..]) => {
                hosts.insert((*name).clone(), tcp.address);
                hosts.entry("the MSRP Relay".to_owned()).or_insert(relay.address);
                places.entry("relay".to_owned()).or_insert_with(|| relay.address.to_string());
            }
            _ => {}
        }
    }
    let fingerprint = if plan.link == Link::Memory { tls::MEMORY } else { tls::fingerprint() };
    let inners: Vec<SocketAddr> = (0..fakes.len()).map(inner).collect();
    let own: Vec<BTreeMap<String, String>> = fakes
        .iter()
        .enumerate()
        .map(|(place, (_, fake))| own_names(fake, uris[place].as_deref().unwrap_or_default(), inners[place]))
        .collect();
    for ((name, _), own) in fakes.iter().zip(&own) {
        let key = name.strip_prefix("the ").unwrap_or(name).to_lowercase();
        places.extend(own.iter().map(|(of, value)| (format!("{key}.{of}"), value.clone())));
    }
    names.extend(places.clone());
    let mut seats = Vec::new();
    for (place, (name, fake)) in fakes.iter().enumerate() {
        let seed = plan.seed.wrapping_mul(1_000_003).wrapping_add(place as u64 + 1);
        let settings = || Settings {
            addresses: uris[place].iter().cloned().collect(),
            core: Some(inners[core]),
            transport: Transport::Udp,
            release: plan.ixit.text("user agent release").unwrap_or_default().to_owned(),
            ..Settings::default()
        };
        let actor: Box<dyn Actor> = match fake.role {
            FakeRole::ImsCore => Box::new(ImsCore::new(provisioning(&plan, &uris, &inners, (core_outer, core), server), seed)),
            FakeRole::CpmClient => Box::new(CpmClient::peer(settings(), inners[place], seed, plan.epoch)),
            FakeRole::Bystander => Box::new(NullSut::cold(Null::Dead)),
            FakeRole::ParticipatingFunction | FakeRole::SessionPeer | FakeRole::ControllingFunction => Box::new(Participating::new(
                Places {
                    kind: kind(fake),
                    members: members[place].clone(),
                    uri: uris[place].clone().unwrap_or_default(),
                    inner: inners[place],
                    core: inners[core],
                    tcp: services[place][0].address,
                    tls: services[place][1].address,
                    relay: services[place][2].address,
                    rtp: played[place].clone(),
                    fingerprint: fingerprint.to_owned(),
                    rings: fake.rings.map(Duration::from_secs),
                    connects: fake.connects,
                    gruu: fake.gruu,
                    renews: fake.renews,
                    product: settings().product(),
                    moves: fake.moves,
                    takes: fake.takes.unwrap_or(usize::MAX),
                },
                seed,
            )),
            FakeRole::MessageStore => Box::new(MessageStore::new(stock(plan.held.get(*name)))),
            FakeRole::ContentServer => Box::new(ContentServer::new(table(plan.held.get(*name)))),
        };
        let always = plan.scenario.conduct.get("always").and_then(|conduct| conduct.get(*name)).cloned().unwrap_or_default();
        // What the core says to the fakes behind it is not said to the SUT; what they say, they say by way of the core.
        let unseen = if place == core { inners.clone() } else { Vec::new() };
        let known = names.iter().chain(&own[place]).map(|(name, value)| (name.clone(), value.clone())).collect();
        let actor = Box::new(Deviant::new(actor, always, known, hosts.clone(), unseen, seed));
        seats.push(Seat {
            party: Party::new(name),
            actor,
            outer: outers[place],
            inner: Some(inners[place]),
            services: services[place].clone(),
        });
    }
    let reach = match plan.subject {
        Subject::External(guard) => Reach::External(guard),
        subject => {
            let (own, msrp) = place.ok_or(StageError::NoServer)?;
            // Where nobody plays, the SUT has nothing to play either.
            let kinds: Vec<String> = ["audio", "video"].map(str::to_owned).to_vec();
            let kinds: Vec<&String> = kinds.iter().filter(|_| played.iter().any(|own| !own.is_empty())).collect();
            let rtp = ports(plan.link, seats.len(), &kinds, (outer(0).ip(), false), &mut pairs).await?;
            let heard: Vec<Hop> = std::iter::once(msrp).chain(rtp.iter().flat_map(hops)).collect();
            let at = At { sip: own, msrp: msrp.address, rtp, fingerprint: fingerprint.to_owned(), seed: plan.seed, epoch: plan.epoch };
            let store = places.get("store").and_then(|address| address.parse().ok());
            let around = Around { core: core_outer, transport: plan.transport, store };
            let reference = |rules| -> Box<dyn Actor> {
                let reference = reference::provisioned(plan.role, plan.ixit, at, around);
                Box::new(Deviant::new(reference, rules, names.clone(), hosts.clone(), Vec::new(), plan.seed))
            };
            let actor: Box<dyn Actor> = match subject {
                Subject::Null(how, Warmth::Cold) => Box::new(NullSut::cold(how)),
                Subject::Null(how, Warmth::Warm) => Box::new(NullSut::warm(how, reference(Vec::new()))),
                Subject::Reference(rules) => reference(rules),
                Subject::Wrapped(wrap) => wrap(reference(Vec::new())),
                Subject::External(_) => unreachable!("taken above"),
            };
            seats.push(Seat { party: Party::sut(), actor, outer: Some(own), inner: None, services: heard });
            Reach::Embedded
        }
    };
    let carrier = match plan.link {
        Link::Memory => Carrier::Memory(Memory::default()),
        Link::Net(_) => Carrier::Net(Net::start(sockets, listening).hearing(pairs)),
    };
    Ok((Bench::new(record, seats, reach, carrier), places))
}

/// What a fake speaks past signalling, each at an address of its own.
fn spoken(role: FakeRole) -> &'static [(Protocol, Transport)] {
    match role {
        // In the clear, under TLS, and by way of its relay.
        FakeRole::ParticipatingFunction | FakeRole::SessionPeer | FakeRole::ControllingFunction => {
            &[(Protocol::Msrp, Transport::Tcp), (Protocol::Msrp, Transport::Tls), (Protocol::Msrp, Transport::Tcp)]
        }
        FakeRole::MessageStore => &[(Protocol::Imap, Transport::Tcp)],
        FakeRole::ContentServer => &[(Protocol::Http, Transport::Tcp)],
        FakeRole::ImsCore | FakeRole::CpmClient | FakeRole::Bystander => &[],
    }
}

/// Pairs of ports for these media, numbered from 1: over memory from 4000 on at `ip`, RTCP on the next port unless `apart`; over
/// sockets bound for the seat at `place`.
async fn ports(
    link: Link,
    place: usize,
    kinds: &[&String],
    (ip, apart): (IpAddr, bool),
    pairs: &mut Vec<(usize, Pair)>,
) -> io::Result<Vec<rtp::Place>> {
    let mut found = Vec::new();
    for (kind, lane) in kinds.iter().zip(1..) {
        let kind = (*kind).clone();
        found.push(match link {
            Link::Memory => {
                let port = 3998 + u16::from(lane) * 2;
                let beside = port + if apart { 21 } else { 1 };
                rtp::Place { kind, lane, rtp: SocketAddr::new(ip, port), rtcp: SocketAddr::new(ip, beside) }
            }
            Link::Net(listen) => {
                let pair = Pair::bind(listen.ip(), lane, apart).await?;
                let [rtp, rtcp] = pair.hops.map(|hop| hop.address);
                pairs.push((place, pair));
                rtp::Place { kind, lane, rtp, rtcp }
            }
        });
    }
    Ok(found)
}

/// What a pair of ports is heard as.
fn hops(pair: &rtp::Place) -> [Hop; 2] {
    let hop = |protocol, address| Hop { lane: pair.lane, ..Hop::over(protocol, Transport::Udp, address) };
    [hop(Protocol::Rtp, pair.rtp), hop(Protocol::Rtcp, pair.rtcp)]
}

/// What a fake stands for in sessions.
fn kind(fake: &Fake) -> Kind {
    match fake.role {
        FakeRole::SessionPeer => Kind::Peer,
        FakeRole::ControllingFunction => Kind::Focus,
        _ => Kind::Function,
    }
}

/// The address of a fake: that of one device of a user is a GRUU (RFC 5627, 3).
fn at_device(uri: &str, fake: &Fake) -> String {
    fake.device.as_ref().map_or_else(|| uri.to_owned(), |device| format!("{uri};gr={device}"))
}

/// Placeholders of what only this fake has: where it says that it moved to, and of a focus the identity of its group session.
fn own_names(fake: &Fake, uri: &str, inner: SocketAddr) -> BTreeMap<String, String> {
    let of = |name: &str, value: String| (name.to_owned(), value);
    match fake.role {
        FakeRole::SessionPeer => BTreeMap::from([of("moved contact", format!("sip:moved@{inner}"))]),
        FakeRole::ControllingFunction => {
            let identity = participating::contact(Kind::Focus, uri, inner, fake.gruu);
            BTreeMap::from([of("identity", identity), of("moved contact", format!("sip:conf-moved@{inner};sid=cd2"))])
        }
        _ => BTreeMap::new(),
    }
}

/// What a message store holds: keys are `mailbox/UID`.
fn stock(held: Option<&BTreeMap<String, Bytes>>) -> Stock {
    let mut stock = Stock::new();
    for (key, octets) in held.into_iter().flatten() {
        if let Some((mailbox, uid)) = key.rsplit_once('/')
            && let Ok(uid) = uid.parse()
        {
            stock.entry(mailbox.to_owned()).or_default().insert(uid, octets.clone());
        }
    }
    stock
}

/// What a content server holds: keys are paths.
fn table(held: Option<&BTreeMap<String, Bytes>>) -> Table {
    let kind = |path: &str| if path.ends_with(".jpg") { "image/jpeg" } else { "text/plain;charset=UTF-8" };
    held.into_iter().flatten().map(|(path, octets)| (path.clone(), (kind(path).to_owned(), octets.clone()))).collect()
}

fn provisioning(
    plan: &Plan<'_>,
    uris: &[Option<String>],
    inners: &[SocketAddr],
    (outer, core): (SocketAddr, usize),
    server: Option<SocketAddr>,
) -> Provisioning {
    let text = |name: &str| plan.ixit.text(name).unwrap_or_default().to_owned();
    let behind = uris.iter().zip(inners).filter_map(|(uri, address)| Some((uri.clone()?, *address))).collect();
    Provisioning {
        home: text("home"),
        served: ["alice", "alice.other", "alice.tel"].map(text).to_vec(),
        credentials: (text("credentials user"), text("credentials password")),
        behind,
        server: server.map(|address| Hop::sip(plan.transport, address)),
        outer,
        inner: inners[core],
    }
}
