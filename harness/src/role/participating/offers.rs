//! Changes of a session (RFC 3261, 14; RFC 3264, 8): the fake's own re-INVITE, and the answer to what the SUT offers.

use std::time::Duration;

use super::{
    Participating, dressed,
    legs::{IDS, Stream, offered, overlay, own_end},
};
use crate::{
    role::{
        Outgoing, Output, Rtp,
        call::description,
        msrp::Terms,
        sdp::{self, Description, End, Text},
    },
    wire::sip::Message,
};

impl Participating {
    /// Sends a re-INVITE or an UPDATE: the own description, one version on, under what a named message lays over it. Media that are
    /// moved are taken at the second address.
    pub(super) fn modify(&mut self, now: Duration, call: u64, method: &str, wanted: &Outgoing) {
        let media = &wanted.media;
        let current = self.legs.get(&call).filter(|_| !media.bare).map(|leg| reopened(leg.text.clone().changed(), &leg.streams));
        let proposed = current.map(|(mut text, mut streams)| {
            if let Some(stream) = streams.first_mut().filter(|_| media.moved) {
                let (session, path) = self.moved();
                let moved = [("path", path.join(" ")), ("media", format!("message {} TCP/MSRP *", self.has.relay.port()))];
                text = text.overlaid(&moved.map(|(name, value)| (name.to_owned(), Some(vec![value]))));
                stream.session = session;
            }
            self.add_streams(&mut text, &mut streams, media.streams);
            self.lay_flows(&mut text, &media.rtp);
            // What is offered may come at once, what is in force until the answer (RFC 3264, 8.3).
            if media.offer.iter().any(|(name, _)| name == "accept-types") {
                let mut terms = offered(media);
                terms.accept.extend(Terms::default().accept);
                streams.iter().for_each(|stream| self.endpoint.set_terms(stream.session, terms.clone()));
            }
            (text.overlaid(&overlay(media)), streams)
        });
        let capable = self.capable(self.contact_in(Some(call)));
        let body = proposed.as_ref().map(|(text, _)| text.to_string()).filter(|_| wanted.body.is_none());
        if let Some(leg) = self.legs.get_mut(&call) {
            leg.proposed = proposed;
        }
        let invite = self.calls.invitation(call).cloned();
        self.calls.request(now, &mut self.transactions, call, method, |draft| {
            let mut draft = capable(draft);
            for name in IDS {
                draft = draft.maybe(name, invite.as_ref().and_then(|invite| invite.value(name)).as_deref());
            }
            let draft = dressed(draft, wanted);
            match body {
                Some(body) => draft.body("application/sdp", body),
                None => draft,
            }
        });
    }

    /// Answers an offer of the SUT within a session; where it offers nothing, by the own description.
    pub(super) fn offered(&mut self, now: Duration, call: u64, transaction: u64, request: &Message) {
        let Some(leg) = self.legs.get(&call) else {
            return self.calls.respond_within(now, &mut self.transactions, call, transaction, 488, |draft| draft);
        };
        let (mut text, known) = (leg.text.clone(), leg.streams.clone());
        if let Some((_, offer)) = description(request) {
            let Some(offer) = Description::sections(&offer) else {
                return self.calls.respond_within(now, &mut self.transactions, call, transaction, 488, |draft| draft);
            };
            let (earlier, number, mut streams) = (text, self.ids.bits() >> 16, Vec::new());
            let (place, mut flows) = (self.place(false), self.rtp.answers(call, &offer.flows));
            for flow in flows.iter_mut().flatten().filter(|_| self.has.moves) {
                *flow = self.laid(flow.clone(), &Rtp { moved: true, ..Rtp::default() });
            }
            let takes = |section: usize, end: &End| self.goes_on(&known, &mut streams, section, end);
            text = offer.answer_all(takes, &flows, place, number).following(&earlier);
            self.give_up(&known, &streams);
            if let Some(leg) = self.legs.get_mut(&call) {
                (leg.text, leg.streams, leg.flows) = (text.clone(), streams, offer.flows);
            }
        }
        let accepted = self.accepting(call, request);
        self.calls.respond_within(now, &mut self.transactions, call, transaction, 200, |draft| {
            accepted(draft).body("application/sdp", text.to_string())
        });
    }

    /// The own end of a section that is offered: that of the stream that it has been, with what the SUT says of it now, or of a new
    /// one.
    fn goes_on(&mut self, known: &[Stream], streams: &mut Vec<Stream>, section: usize, offered: &End) -> Option<End> {
        let known = known.iter().find(|stream| stream.section == section).cloned();
        let path = known.as_ref().and_then(|stream| Some(self.endpoint.session(stream.session)?.own().to_vec()));
        let Some((stream, path)) = known.zip(path) else { return self.takes(streams, section, offered) };
        let setup = sdp::setup(offered.setup.as_deref(), if stream.setup == "active" { "active" } else { "passive" });
        if stream.remote.as_ref().is_some_and(|end| end.path != offered.path) {
            let left = self.endpoint.moved(stream.session, offered.path.clone());
            self.closes.extend(left.filter(|hop| self.opened.remove(hop)).map(|hop| Output::Close { hop }));
        }
        let (session, path) = if self.has.moves && streams.is_empty() { self.moved() } else { (stream.session, path) };
        self.endpoint.set_remote(session, offered.path.clone());
        let own = self.described(path, &setup, offered);
        streams.push(Stream { session, section, remote: Some(offered.clone()), setup });
        Some(own)
    }

    /// A new MSRP session at the second address, and its path.
    fn moved(&mut self) -> (u64, Vec<String>) {
        let path = vec![self.endpoint.uri(self.has.relay, false)];
        let session = self.endpoint.open(path.clone(), Terms { accept: vec!["*".to_owned()], ..Terms::default() });
        (session, path)
    }

    /// Adds MSRP streams to an offer until it has so many, or takes those beyond out.
    pub(super) fn add_streams(&mut self, text: &mut Text, streams: &mut Vec<Stream>, wanted: Option<usize>) {
        let Some(wanted) = wanted else { return };
        for dropped in streams.drain(wanted.min(streams.len())..) {
            text.refuse(dropped.section);
        }
        let setup = if self.has.connects { "active" } else { "actpass" };
        while streams.len() < wanted.min(MOST) {
            let path = self.path(false, false, setup);
            let section = text.sections();
            text.add(&own_end(path.clone(), setup));
            let session = self.endpoint.open(path, Terms { accept: vec!["*".to_owned()], ..Terms::default() });
            streams.push(Stream { session, section, remote: None, setup: setup.to_owned() });
        }
    }

    /// The answer to an own offer: what was proposed holds from now on, or not.
    pub(super) fn modified(&mut self, now: Duration, call: u64, response: &Message) {
        if response.cseq().is_none_or(|(_, method)| !matches!(method, "INVITE" | "UPDATE")) {
            return;
        }
        let Some((text, streams)) = self.legs.get_mut(&call).and_then(|leg| leg.proposed.take()) else { return };
        if !response.status().is_some_and(|status| (200..300).contains(&status)) {
            let known = self.legs.get(&call).map(|leg| leg.streams.clone()).unwrap_or_default();
            return self.give_up(&streams, &known);
        }
        let Some(leg) = self.legs.get_mut(&call) else { return };
        leg.text = text;
        let known = std::mem::replace(&mut leg.streams, streams.clone());
        self.accepted(now, call, response);
        self.give_up(&known, &streams);
    }

    /// Ends the MSRP sessions of streams that are not among those kept.
    pub(super) fn give_up(&mut self, streams: &[Stream], kept: &[Stream]) {
        for stream in streams.iter().filter(|stream| !kept.iter().any(|kept| kept.session == stream.session)) {
            self.hang_up(stream.session);
        }
    }
}

/// A description as an offer, and its streams: who answered `passive` can be connected to, and leaves open who does it (RFC 6135,
/// 4.2.2).
fn reopened(mut text: Text, streams: &[Stream]) -> (Text, Vec<Stream>) {
    let mut streams = streams.to_vec();
    for stream in streams.iter_mut().filter(|stream| stream.setup == "passive") {
        stream.setup = "actpass".to_owned();
        text.set_up(stream.section, &stream.setup);
    }
    (text, streams)
}

/// Most streams of one session.
const MOST: usize = 8;
