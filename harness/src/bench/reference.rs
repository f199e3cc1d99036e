//! The reference of each role: what stands in the SUT's place while the suite is tested, and runs as a process of its own.

use std::net::SocketAddr;

use crate::{
    role::{
        Actor,
        cpm_client::{CpmClient, Settings},
        deferring::{self, Deferring},
        im_server::{self, ImServer, Mode},
        rtp,
    },
    sut::{Edition, Ixit, Role},
    trace::Transport,
};

/// Where a reference is, and what its identifiers and times come from.
#[derive(Clone, Debug)]
pub struct At {
    /// Its address of signalling.
    pub sip: SocketAddr,
    /// Where it takes MSRP connections.
    pub msrp: SocketAddr,
    /// Its pairs of ports for sound and pictures.
    pub rtp: Vec<rtp::Place>,
    /// Fingerprint of the certificate that it shows under TLS.
    pub fingerprint: String,
    /// Seed of its identifiers.
    pub seed: u64,
    /// Unix time at its start, seconds.
    pub epoch: i64,
}

/// Around it, where that is known from the start.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    /// The core.
    pub core: SocketAddr,
    /// Transport towards it.
    pub transport: Transport,
    /// The message store.
    pub store: Option<SocketAddr>,
}

/// The reference of `role`, set up as the IXIT says.
#[must_use]
pub fn provisioned(role: Role, ixit: &Ixit, at: At, around: Around) -> Box<dyn Actor> {
    let text = |name: &str| ixit.text(name).unwrap_or_default().to_owned();
    let served = vec![text(role.served())];
    match role {
        Role::CpmClient => {
            let settings = Settings { storage_address: around.store, ..settings(ixit, around.core, around.transport) };
            client(settings, at)
        }
        Role::ImServerB2bua | Role::ImServerProxy => {
            let (core, transport, home) = (around.core, around.transport, text("home"));
            im_server(role, im_server::Settings { core, transport, served, home, msrp: None }, at)
        }
        Role::CpmParticipatingFunction => {
            let settings = deferring::Settings {
                core: around.core,
                transport: around.transport,
                served,
                home: text("home"),
                deferred_uri: text("deferred management"),
                storage_address: around.store,
                ..deferring::Settings::default()
            };
            function(settings, at)
        }
    }
}

/// The reference of `role` as a process starts with it: it is told everything by `configure`.
#[must_use]
pub fn blank(role: Role, edition: Edition, at: At) -> Box<dyn Actor> {
    match role {
        Role::CpmClient => client(Settings { release: edition.release().to_owned(), ..Settings::default() }, at),
        Role::ImServerB2bua | Role::ImServerProxy => im_server(role, im_server::Settings::default(), at),
        Role::CpmParticipatingFunction => function(deferring::Settings::default(), at),
    }
}

/// A B2BUA is in the path of media.
fn im_server(role: Role, settings: im_server::Settings, at: At) -> Box<dyn Actor> {
    let mode = if role == Role::ImServerProxy { Mode::Proxy } else { Mode::B2bua };
    let settings = im_server::Settings { msrp: (mode == Mode::B2bua).then_some(at.msrp), ..settings };
    Box::new(ImServer::new(mode, settings, at.sip, at.seed))
}

fn function(settings: deferring::Settings, at: At) -> Box<dyn Actor> {
    let settings = deferring::Settings { msrp: Some(at.msrp), ..settings };
    Box::new(Deferring::new(settings, at.sip, at.seed, at.epoch))
}

fn client(settings: Settings, at: At) -> Box<dyn Actor> {
    let settings = Settings { fingerprint: at.fingerprint, msrp: Some(at.msrp), rtp: at.rtp, ..settings };
    Box::new(CpmClient::new(settings, at.sip, at.seed, at.epoch))
}

/// Settings of the reference client, as the IXIT has them.
fn settings(ixit: &Ixit, core: SocketAddr, transport: Transport) -> Settings {
    let text = |name: &str| ixit.text(name).unwrap_or_default().to_owned();
    Settings {
        addresses: ["alice", "alice.other"].map(text).to_vec(),
        home: text("home"),
        core: Some(core),
        transport,
        instance_id: text("instance id"),
        credentials: (text("credentials user"), text("credentials password")),
        controlling_function: text("controlling function"),
        groups: vec![text("lunch group")],
        release: text("user agent release"),
        max_participants: text("max participants").parse().unwrap_or(usize::MAX),
        closed_group_token: text("closed group token"),
        invitation_timeout: ixit.duration("invitation timeout"),
        deferred_mgmt_uri: text("deferred management"),
        stored_objects: vec![(text("stored object"), text("stored object.url"))],
        ..Settings::default()
    }
}
