//! Sessions of a participating function: what it offers and answers.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;

use super::{
    Kind, Participating,
    group::sender,
    kind::{is_device, of_user},
    letters::Said,
};
use crate::{
    role::{
        Media, Outgoing, Rtp,
        build::Draft,
        call::description,
        msrp::Terms,
        sdp::{self, Description, End, Flow, Text},
    },
    wire::{Span, cpim::Cpim, sdp::Direction, sip::Message},
};

/// One session.
#[derive(Debug)]
pub(super) struct Leg {
    /// Its MSRP streams; the first is the one that is written to.
    pub streams: Vec<Stream>,
    /// What the SUT's description says of sound and pictures, by media section.
    pub flows: Vec<Option<Flow>>,
    /// The own description, as it was agreed on last.
    pub text: Text,
    /// What an own re-INVITE that is not answered yet would make of both.
    pub proposed: Option<(Text, Vec<Stream>)>,
    /// What goes over it once it is bound.
    pub letter: Option<Media>,
    /// Whether the content is under way, and whether a report is waited for.
    pub awaits_report: bool,
    /// What is to be said by itself, and waits for the connection.
    pub waiting: Vec<Said>,
    /// When it is ended although nothing told that all was taken.
    pub leaves: Option<Duration>,
}

/// One MSRP stream of a session.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    /// Its MSRP session at the endpoint.
    pub session: u64,
    /// Its media section, 0-based.
    pub section: usize,
    /// What the SUT's description says of it.
    pub remote: Option<End>,
    /// Setup that this end offered or answered.
    pub setup: String,
}

impl Leg {
    fn new(streams: Vec<Stream>, text: Text) -> Self {
        Self { streams, flows: Vec::new(), text, proposed: None, letter: None, awaits_report: false, waiting: Vec::new(), leaves: None }
    }

    /// The MSRP session that is written to.
    pub fn session(&self) -> Option<u64> {
        self.streams.first().map(|stream| stream.session)
    }
}

/// Identifiers that stay with a session; an answer repeats them (CONV-7.3.2-6c), and a re-INVITE of its own has them.
pub(super) const IDS: [&str; 3] = ["Conversation-ID", "Contribution-ID", "InReplyTo-Contribution-ID"];

impl Participating {
    /// The own path: one URI, or that of a relay in front of it. Who only connects has the port of nobody (RFC 4145, 4.1).
    pub(super) fn path(&mut self, relayed: bool, secure: bool, setup: &str) -> Vec<String> {
        let place = self.place(secure);
        let port = if setup == "active" { sdp::DISCARD } else { place.port() };
        let own = self.endpoint.uri(SocketAddr::new(place.ip(), port), secure);
        if relayed { vec![self.endpoint.uri(self.has.relay, false), own] } else { vec![own] }
    }

    /// Where the own description says that media are taken.
    pub(super) fn place(&self, secure: bool) -> SocketAddr {
        if secure { self.has.tls } else { self.has.tcp }
    }

    /// Accepts an invitation: passive, taking what is offered (RFC 6135, 4.2.2).
    pub(super) fn answer(&mut self, now: Duration, call: u64, request: &Message) {
        let offer = description(request).and_then(|(_, body)| Description::any(&body).ok());
        let flows = offer.as_ref().map(|offer| self.rtp.answers(call, &offer.flows)).unwrap_or_default();
        let fits = |offer: &Description| [offer.ends.iter().any(Option::is_some), flows.iter().any(Option::is_some)].contains(&true);
        let Some(offer) = offer.filter(fits) else {
            return self.calls.respond(now, &mut self.transactions, call, 488, |draft| draft);
        };
        let mut streams = Vec::new();
        let (place, number) = (self.place(offer.end.secure), self.ids.bits() >> 16);
        let text = offer.answer_all(|section, end| self.takes(&mut streams, section, end), &flows, place, number);
        let body = text.to_string();
        self.legs.insert(call, Leg { flows: offer.flows, ..Leg::new(streams, text) });
        if self.has.kind.stays() {
            self.calls.negotiate(call);
        }
        self.joined(call, sender(request));
        let accepted = self.accepting(call, request);
        self.calls.respond(now, &mut self.transactions, call, 200, |draft| accepted(draft).body("application/sdp", body));
    }

    /// What a 200 response to an INVITE within or without a session says besides its description.
    pub(super) fn accepting(&self, call: u64, request: &Message) -> impl FnOnce(Draft) -> Draft + use<> {
        let (capable, stays) = (self.capable(self.contact_in(Some(call))), self.has.kind.stays());
        let product = (self.has.kind == Kind::Peer).then(|| self.has.product.clone());
        let repeated = IDS.map(|name| request.value(name).filter(|_| stays).map(|value| (name, value.into_owned())));
        move |draft| {
            let draft = capable(draft).maybe("Server", product.as_deref());
            repeated.into_iter().flatten().fold(draft, |draft, (name, value)| draft.header(name, &value))
        }
    }

    /// The own end of a section that is offered, with its stream; a participating function has one stream only.
    pub(super) fn takes(&mut self, streams: &mut Vec<Stream>, section: usize, offered: &End) -> Option<End> {
        if !streams.is_empty() && !self.has.kind.stays() || streams.len() >= self.has.takes {
            return None;
        }
        let setup = sdp::setup(offered.setup.as_deref(), if self.has.connects { "active" } else { "passive" });
        let path = self.path(false, offered.secure, &setup);
        let own = self.described(path.clone(), &setup, offered);
        let session = self.endpoint.open(path, Terms { accept: vec!["*".to_owned()], ..Terms::default() });
        self.endpoint.set_remote(session, offered.path.clone());
        streams.push(Stream { session, section, remote: Some(offered.clone()), setup });
        Some(own)
    }

    /// The own end in an answer; a focus has the room that is asked for (RFC 7701, 8).
    ///
    /// One device of several takes whatever is offered.
    pub(super) fn described(&self, path: Vec<String>, setup: &str, offered: &End) -> End {
        let own = own_end(path, setup);
        End {
            fingerprint: Some(self.has.fingerprint.clone()),
            chatroom: offered.chatroom.clone().filter(|_| self.has.kind == Kind::Focus),
            accept_types: if is_device(&self.has.uri) { offered.accept_types.clone() } else { own.accept_types.clone() },
            ..own
        }
    }

    /// Invites the SUT to what a named message holds.
    pub(super) fn invite(&mut self, now: Duration, wanted: &Outgoing) {
        let media = &wanted.media;
        let role = if self.has.connects { "active" } else { "actpass" };
        let laid = media.offer.iter().find(|(name, _)| name == "setup");
        // Who says nothing connects, because it offers (RFC 4975, 5.4).
        let setup = laid.map_or(role, |(_, values)| values.as_ref().and_then(|v| v.first()).map_or("active", String::as_str));
        let setup = if self.has.kind.stays() { setup } else { role };
        let path = self.path(media.relayed, media.secure, setup);
        let transfer = self.has.kind == Kind::Function;
        let own = End {
            secure: media.secure,
            direction: if transfer { Direction::Sendonly } else { Direction::Sendrecv },
            file_selector: transfer.then(|| format!("size:{}", media.content.as_ref().map_or(0, size))),
            fingerprint: media.secure.then(|| self.has.fingerprint.clone()),
            ..own_end(path.clone(), role)
        };
        let mut text = Text::empty(self.place(media.secure), self.ids.bits() >> 16);
        let mut streams = Vec::new();
        if !media.rtp.alone {
            text.add(&own);
            let session = self.endpoint.open(path, offered(media));
            streams.push(Stream { session, section: 0, remote: None, setup: setup.to_owned() });
            self.add_streams(&mut text, &mut streams, media.streams);
        }
        self.lay_flows(&mut text, &media.rtp);
        let text = text.overlaid(&overlay(media));
        let from = format!("<{}>", of_user(&self.has.uri));
        let group = self.group_to(wanted);
        let capable = self.capable(group.map_or_else(|| self.contact_in(None), |group| self.identity(group)));
        let draft = capable(self.calls.draft(&wanted.to, &from, &[])).maybe("User-Agent", self.calls.means.agent.as_deref());
        let draft = draft.overlaid(&wanted.headers);
        let octets = match (&wanted.body, media.bare) {
            (None, true) => draft,
            (None, false) => draft.body("application/sdp", text.to_string()),
            (Some((kind, body)), true) => draft.body(kind, body.to_vec()),
            // Both in one body (RFC 5366, 4).
            (Some((kind, body)), false) => {
                let boundary = self.ids.token();
                let part = |kind: &str, octets: &[u8]| {
                    [format!("--{boundary}\r\nContent-Type: {kind}\r\n\r\n").as_bytes(), octets, b"\r\n"].concat()
                };
                let end = format!("--{boundary}--\r\n").into_bytes();
                let parts = [part("application/sdp", text.to_string().as_bytes()), part(kind, body), end].concat();
                draft.body(&format!("multipart/mixed;boundary={boundary}"), parts)
            }
        }
        .finish();
        let octets = crate::role::cpm_client::tagged(octets, &self.ids.token());
        let call = self.calls.invite(now, &mut self.transactions, octets);
        let letter = Some(media.clone()).filter(|media| transfer || media.content.is_some());
        if let Some(group) = group {
            self.calls_to(group, call);
        }
        self.legs.insert(call, Leg { letter, ..Leg::new(streams, text) });
        if self.has.kind.stays() {
            self.calls.negotiate(call);
        }
    }

    /// The SUT accepted an INVITE that offered nothing: its own offer is answered.
    pub(super) fn took_bare(&mut self, now: Duration, call: u64, response: &Message) {
        let offer = description(response).and_then(|(_, offer)| Description::sections(&offer));
        let mut streams = Vec::new();
        let (place, number) = (self.place(false), self.ids.bits() >> 16);
        let text = offer.map(|offer| offer.answer_each(|section, end| self.takes(&mut streams, section, end), place, number));
        if let (Some(text), Some(leg)) = (text, self.legs.get_mut(&call)) {
            let left = std::mem::replace(&mut leg.streams, streams.clone());
            leg.text = text.clone();
            self.give_up(&left, &streams);
            self.calls.answer(&mut self.transactions, call, ("application/sdp".to_owned(), text.to_string().into()));
        }
        self.connect(now, call);
    }

    /// The SUT accepted: its answer says where it is.
    pub(super) fn accepted(&mut self, now: Duration, call: u64, response: &Message) {
        let answer = description(response).and_then(|(_, body)| Description::any(&body).ok());
        if let (Some(leg), Some(answer)) = (self.legs.get_mut(&call), answer) {
            leg.flows = answer.flows;
            for stream in &mut leg.streams {
                stream.remote = answer.ends.get(stream.section).cloned().flatten();
                let path = stream.remote.as_ref().map(|end| end.path.clone()).unwrap_or_default();
                self.endpoint.set_remote(stream.session, path);
            }
            self.connect(now, call);
        }
    }

    /// Ends a session by BYE.
    pub(super) fn leave(&mut self, now: Duration, call: u64) {
        if let Some(leg) = self.legs.get_mut(&call) {
            leg.leaves = None;
            self.calls.end(now, &mut self.transactions, call);
        }
    }

    /// A session is over; a connection is closed by who opened it.
    pub(super) fn over(&mut self, call: u64) {
        self.ringing.retain(|(_, ringing)| *ringing != call);
        self.left(call);
        self.rtp.end(call);
        if let Some(leg) = self.legs.remove(&call) {
            for stream in leg.proposed.into_iter().flat_map(|(_, streams)| streams).chain(leg.streams) {
                self.hang_up(stream.session);
            }
        }
    }
}

impl Participating {
    /// Lays what a named message says of sound and pictures over the own description: media that are not there yet are added, those
    /// that it leaves out end.
    pub(super) fn lay_flows(&self, text: &mut Text, wanted: &Rtp) {
        let mut there = Vec::new();
        for (section, flow) in text.flows().into_iter().enumerate().filter_map(|(section, flow)| Some((section, flow?))) {
            there.push(flow.kind.clone());
            match &wanted.media {
                Some(media) if !media.contains(&flow.kind) => text.refuse(section),
                _ => text.put_flow(section, &self.laid(flow, wanted)),
            }
        }
        let new = wanted.media.iter().flatten().filter(|kind| !there.contains(kind));
        for flow in new.filter_map(|kind| self.rtp.offer(kind, false)) {
            text.add_flow(&self.laid(flow, wanted));
        }
    }

    /// An own end as a named message wants it.
    pub(super) fn laid(&self, flow: Flow, wanted: &Rtp) -> Flow {
        let place = self.rtp.offer(&flow.kind, true).filter(|_| wanted.moved);
        let (rtp, rtcp) = place.map_or((flow.rtp, flow.rtcp), |place| (place.rtp, place.rtcp));
        let known = self.rtp.offer(&flow.kind, false).map(|own| own.formats).unwrap_or_default();
        let formats = match &wanted.formats {
            Some(numbers) => known.into_iter().filter(|(number, _)| numbers.contains(number)).collect(),
            None => flow.formats.clone(),
        };
        Flow { rtp, rtcp, formats, direction: wanted.direction.unwrap_or(flow.direction), ..flow }
    }
}

/// The own end of a chat.
pub(super) fn own_end(path: Vec<String>, setup: &str) -> End {
    End {
        path,
        setup: Some(setup.to_owned()),
        accept_types: Some("message/cpim".to_owned()),
        accept_wrapped_types: Some("*".to_owned()),
        ..End::default()
    }
}

/// What a named message lays over the description of the role.
pub(super) fn overlay(media: &Media) -> Vec<(String, Option<Vec<String>>)> {
    let extra = (!media.extra.is_empty()).then(|| ("extra".to_owned(), Some(media.extra.clone())));
    media.offer.iter().cloned().chain(extra).collect()
}

/// What is taken over a session that is offered: what a named message says, or CPIM.
pub(super) fn offered(media: &Media) -> Terms {
    let said = media.offer.iter().find(|(name, _)| name == "accept-types").and_then(|(_, values)| values.as_ref()?.first().cloned());
    match said {
        Some(types) => Terms { accept: types.split_ascii_whitespace().map(str::to_owned).collect(), ..Terms::default() },
        None => Terms::default(),
    }
}

/// Octets of what a CPIM object wraps (RFC 5547, 6 does not count the wrapper); of other content all octets.
fn size(content: &Bytes) -> usize {
    let cpim = Cpim::parse(content, Span::all(content));
    if cpim.headers.is_empty() { content.len() } else { cpim.content.len() }
}
