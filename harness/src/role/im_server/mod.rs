//! An IM server: the participating function of OMA SIMPLE IM, which changes of a session pass (IM-7.4.2.8).
//!
//! It is one of two things. As a B2BUA it ends SIP and MSRP on both sides and has two dialogs per session; as a proxy it
//! forwards what belongs to the one dialog between others and stays out of the media. Whatever it sends goes to the core.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use serde_json::Value;

use super::{Actor, Hop, Input, Output, Stimulus, call::dialog::texts, inlet::Inlet, transaction::Transactions};
use crate::{
    trace::{Protocol, Transport},
    upper::{Act, Answer},
    wire::{params::NameAddr, sip::Message, uri::Uri},
};

mod b2bua;
mod changes;
mod description;
mod passing;
mod proxy;
mod relay;

use b2bua::B2bua;
use proxy::Proxy;

/// What the server is in the sessions that it serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A back-to-back user agent: an end of two dialogs.
    B2bua,
    /// A proxy that records the route.
    Proxy,
}

/// What an IM server is provisioned with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The core, its only next hop.
    pub core: SocketAddr,
    /// Transport towards the core.
    pub transport: Transport,
    /// Addresses of the users that it serves.
    pub served: Vec<String>,
    /// Where it takes MSRP connections, so that it is in the path of media; `None`: it is not. Of a B2BUA only.
    pub msrp: Option<SocketAddr>,
    /// Home domain.
    pub home: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            core: SocketAddr::from(([127, 0, 0, 1], 5060)),
            transport: Transport::Udp,
            served: vec!["sip:bob@example.com".to_owned()],
            msrp: None,
            home: "example.com".to_owned(),
        }
    }
}

impl Settings {
    /// Where everything goes.
    fn hop(&self) -> Hop {
        Hop::sip(self.transport, self.core)
    }

    /// Whether that is an address of a user that is served.
    fn serves(&self, address: &str) -> bool {
        self.served.iter().any(|served| crate::wire::uri::same(served, address))
    }

    /// Changes one setting.
    fn configure(&mut self, setting: &str, value: &Value) -> Result<(), String> {
        let text = || value.as_str().ok_or_else(|| format!("{setting} takes text"));
        match setting {
            "core" => self.core = text()?.parse().map_err(|_| "core takes host:port".to_owned())?,
            "home-domain" => self.home = text()?.to_owned(),
            "served" => {
                let items = value.as_array().ok_or("served takes a list of text")?;
                let items: Option<Vec<_>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
                self.served = items.ok_or("served takes a list of text")?;
            }
            "transport" => {
                self.transport = match text()? {
                    "udp" => Transport::Udp,
                    "tcp" => Transport::Tcp,
                    _ => return Err("transport takes udp or tcp".to_owned()),
                }
            }
            _ => return Err(format!("there is no setting {setting}")),
        }
        Ok(())
    }
}

/// The two things that the server can be.
#[derive(Debug)]
enum Part {
    B2bua(Box<B2bua>),
    Proxy(Box<Proxy>),
}

impl Part {
    fn new(mode: Mode, own: SocketAddr, settings: &Settings, seed: u64) -> Self {
        match mode {
            Mode::B2bua => Self::B2bua(Box::new(B2bua::new(own, settings, seed))),
            Mode::Proxy => Self::Proxy(Box::new(Proxy::new(own, seed))),
        }
    }
}

/// An IM server.
#[derive(Debug)]
pub struct ImServer {
    mode: Mode,
    settings: Settings,
    initial: Settings,
    own: SocketAddr,
    seed: u64,
    transactions: Transactions,
    part: Part,
    inlet: Inlet,
    out: VecDeque<Output>,
}

impl ImServer {
    /// A server that listens at `own`; identifiers come from `seed`.
    #[must_use]
    pub fn new(mode: Mode, settings: Settings, own: SocketAddr, seed: u64) -> Self {
        Self {
            mode,
            part: Part::new(mode, own, &settings, seed),
            initial: settings.clone(),
            settings,
            own,
            seed,
            transactions: Transactions::default(),
            inlet: Inlet::default(),
            out: VecDeque::new(),
        }
    }

    fn arrived(&mut self, now: Duration, hop: Hop, message: Message) {
        let heard = self.transactions.receive(now, hop, message);
        match &mut self.part {
            Part::B2bua(part) => part.heard(now, &self.settings, &mut self.transactions, heard),
            Part::Proxy(part) => part.heard(now, &self.settings, &mut self.transactions, heard),
        }
    }

    fn act(&mut self, act: Act) -> Answer {
        match act {
            Act::Configure { setting, value } => match self.settings.configure(&setting, &value) {
                Ok(()) => Answer::Taken(BTreeMap::new()),
                Err(why) => Answer::Refused(why),
            },
            _ => Answer::NoSuchAct,
        }
    }
}

impl Actor for ImServer {
    fn handle(&mut self, now: Duration, input: Input) {
        match input {
            Input::Bytes { hop, bytes } if hop.protocol == Protocol::Msrp => {
                if let Part::B2bua(part) = &mut self.part {
                    part.relay.receive(hop, &bytes);
                }
            }
            Input::Closed { hop } if hop.protocol == Protocol::Msrp => {
                if let Part::B2bua(part) = &mut self.part {
                    part.relay.closed(hop);
                }
            }
            Input::Bytes { hop, bytes } => {
                for message in self.inlet.receive(hop, bytes) {
                    self.arrived(now, hop, message);
                }
            }
            Input::Closed { hop } => self.inlet.closed(hop),
            Input::Timeout => {
                let given_up = self.transactions.tick(now);
                match &mut self.part {
                    Part::B2bua(part) => part.tick(now, &self.settings, &mut self.transactions, given_up),
                    Part::Proxy(part) => part.tick(now, &mut self.transactions, &given_up),
                }
            }
            Input::Act { id, act } => {
                let answer = self.act(act);
                self.out.push_back(Output::Answered { id, answer });
            }
            Input::Stimulus(Stimulus::Raw(bytes)) => self.out.push_back(Output::Transmit { hop: self.settings.hop(), bytes }),
            Input::Stimulus(_) => {}
        }
    }

    fn poll(&mut self) -> Option<Output> {
        let sip = |(hop, bytes)| Output::Transmit { hop, bytes };
        // SIP goes out before the media that it leads to.
        self.out.pop_front().or_else(|| self.transactions.poll().map(sip)).or_else(|| match &mut self.part {
            Part::B2bua(part) => part.relay.poll(),
            Part::Proxy(_) => None,
        })
    }

    fn deadline(&self) -> Option<Duration> {
        let calls = match &self.part {
            Part::B2bua(part) => part.calls.deadline(),
            Part::Proxy(_) => None,
        };
        [self.transactions.deadline(), calls].into_iter().flatten().min()
    }

    fn idle(&self, _: Duration, _: Duration) -> bool {
        let waits = matches!(&self.part, Part::B2bua(part) if part.waits());
        self.out.is_empty() && !waits
    }

    fn reset(&mut self) {
        let connections = match &mut self.part {
            Part::B2bua(part) => part.relay.clear(),
            Part::Proxy(_) => Vec::new(),
        };
        self.settings = self.initial.clone();
        self.part = Part::new(self.mode, self.own, &self.settings, self.seed);
        self.transactions.clear();
        self.inlet.clear();
        self.out.clear();
        self.out.extend(connections.into_iter().map(|hop| Output::Close { hop }));
    }
}

/// Routes of a request without those in front that name the server itself (RFC 3261, 16.4).
fn routes(request: &Message, own: SocketAddr) -> Vec<String> {
    texts(request, "Route").into_iter().skip_while(|route| names(route, own)).collect()
}

/// Whether a name-addr, or a URI by itself, leads to `own`.
fn names(value: &str, own: SocketAddr) -> bool {
    let addr = NameAddr::parse(value.as_bytes(), crate::wire::Span::all(value.as_bytes()));
    let uri = Uri::parse(&addr.uri.text(value.as_bytes()));
    format!("{}:{}", uri.host, uri.port.unwrap_or(5060)).parse() == Ok(own)
}

#[cfg(test)]
mod tests;
