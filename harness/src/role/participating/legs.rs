//! Sessions of a participating function: what it offers and answers, and what it sends over MSRP.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;

use super::{Participating, UNTOLD, capable, dressed};
use crate::{
    role::{
        Media, Outgoing,
        call::description,
        msrp::{self, FailureReport, Terms, Wish},
        sdp::{self, Description, Text},
    },
    wire::{Span, cpim::Cpim, sdp::Direction, sip::Message},
};

/// One session.
#[derive(Debug)]
pub(super) struct Leg {
    /// Its number at the endpoint.
    pub session: u64,
    /// What goes over it once it is bound.
    letter: Option<Media>,
    /// Whether the content is under way, and whether a report is waited for.
    awaits_report: bool,
    /// What is to be said by itself, and waits for the connection.
    waiting: Vec<Said>,
    /// When it is ended although nothing told that all was taken.
    pub leaves: Option<Duration>,
}

/// One MSRP request that stands by itself.
#[derive(Debug)]
struct Said {
    method: String,
    overlay: Vec<(String, Option<String>)>,
    content: Option<Bytes>,
}

impl Participating {
    /// The own path: one URI, or that of a relay in front of it.
    fn path(&mut self, relayed: bool, secure: bool) -> Vec<String> {
        let own = self.endpoint.uri(if secure { self.has.tls } else { self.has.tcp }, secure);
        if relayed { vec![self.endpoint.uri(self.has.relay, false), own] } else { vec![own] }
    }

    /// Where the own description says that media are taken.
    fn place(&self, secure: bool) -> SocketAddr {
        if secure { self.has.tls } else { self.has.tcp }
    }

    /// Accepts an invitation: passive, taking what is offered (RFC 6135, 4.2.2).
    pub(super) fn answer(&mut self, now: Duration, call: u64, request: &Message) {
        let offer = description(request).map(|(_, body)| Description::read(&body));
        let Some(Ok(offer)) = offer else {
            return self.calls.respond(now, &mut self.transactions, call, 488, |draft| draft);
        };
        let path = self.path(false, offer.end.secure);
        let own = sdp::End {
            path: path.clone(),
            setup: Some(sdp::setup(offer.end.setup.as_deref(), "passive")),
            accept_types: Some("message/cpim".to_owned()),
            accept_wrapped_types: Some("*".to_owned()),
            fingerprint: Some(self.has.fingerprint.clone()),
            ..sdp::End::default()
        };
        let text = offer.answer(&own, self.place(offer.end.secure), self.ids.bits() >> 16).to_string();
        let session = self.endpoint.open(path, Terms { accept: vec!["*".to_owned()], ..Terms::default() });
        self.endpoint.set_remote(session, offer.end.path);
        self.legs.insert(call, Leg { session, letter: None, awaits_report: false, waiting: Vec::new(), leaves: None });
        let contact = self.contact();
        self.calls.respond(now, &mut self.transactions, call, 200, |draft| capable(draft, &contact).body("application/sdp", text));
    }

    /// Invites the SUT to what a named message holds.
    pub(super) fn invite(&mut self, now: Duration, wanted: &Outgoing) {
        let media = &wanted.media;
        let path = self.path(media.relayed, media.secure);
        let content = media.content.clone().unwrap_or_default();
        let own = sdp::End {
            path: path.clone(),
            secure: media.secure,
            setup: Some("actpass".to_owned()),
            direction: Direction::Sendonly,
            accept_types: Some("message/cpim".to_owned()),
            accept_wrapped_types: Some("*".to_owned()),
            file_selector: Some(format!("size:{}", size(&content))),
            fingerprint: media.secure.then(|| self.has.fingerprint.clone()),
            ..sdp::End::default()
        };
        let mut overlay = media.offer.clone();
        if !media.extra.is_empty() {
            overlay.push(("extra".to_owned(), Some(media.extra.clone())));
        }
        let text = Text::new(&own, self.place(media.secure), self.ids.bits() >> 16).overlaid(&overlay).to_string();
        let session = self.endpoint.open(path, Terms::default());
        let from = format!("<{}>", self.has.uri);
        let contact = self.contact();
        let draft = capable(self.calls.draft(&wanted.to, &from, &[]), &contact);
        let octets = dressed(draft, wanted).body("application/sdp", text).finish();
        let octets = crate::role::cpm_client::tagged(octets, &self.ids.token());
        let call = self.calls.invite(now, &mut self.transactions, octets);
        self.legs.insert(call, Leg { session, letter: Some(media.clone()), awaits_report: false, waiting: Vec::new(), leaves: None });
    }

    /// The SUT accepted: its answer says where it is.
    pub(super) fn accepted(&mut self, call: u64, response: &Message) {
        let answer = description(response).and_then(|(_, body)| Description::read(&body).ok());
        if let (Some(leg), Some(answer)) = (self.legs.get(&call), answer) {
            self.endpoint.set_remote(leg.session, answer.end.path);
        }
    }

    pub(super) fn carried(&mut self, now: Duration, session: u64, event: &msrp::Event) {
        let Some((call, leg)) = self.legs.iter_mut().find(|(_, leg)| leg.session == session) else { return };
        let call = *call;
        match event {
            msrp::Event::Bound => {
                let letter = leg.letter.take();
                self.say_what_waits(session);
                let (Some(media), Some(leg)) = (letter, self.legs.get_mut(&call)) else { return };
                let Some(content) = media.content.clone() else { return };
                let wish = wish(&media, content, self.ids.token(), self.endpoint.session(session));
                leg.awaits_report = header(&media, "Success-Report") == Some("yes");
                let ends = is_whole(&media) && media.last.is_none_or(|flag| flag == '$');
                let told = FailureReport::read(header(&media, "Failure-Report")) == FailureReport::Yes;
                if ends && !told {
                    leg.leaves = Some(now + media.pause + UNTOLD);
                }
                leg.letter = None;
                self.endpoint.send(now, session, wish);
                if !ends {
                    // What is not whole is not followed by BYE; the scenario says what comes next.
                    self.unfinished(call);
                }
            }
            msrp::Event::Sent { status: 200, .. } if leg.leaves.is_none() && !leg.awaits_report => self.leave(now, call),
            msrp::Event::Reported { status: 200, .. } if leg.awaits_report => self.leave(now, call),
            _ => {}
        }
    }

    /// Keeps a session although its content was answered.
    fn unfinished(&mut self, call: u64) {
        if let Some(leg) = self.legs.get_mut(&call) {
            leg.awaits_report = true;
        }
    }

    /// Says something by itself over the latest session, as soon as that is bound.
    pub(super) fn say(&mut self, now: Duration, method: &str, wanted: &Outgoing) {
        let Some((_, leg)) = self.legs.iter_mut().next_back() else { return };
        let content = wanted.media.content.clone();
        let mut overlay = wanted.media.headers.clone();
        if let Some(content) = content.as_ref().filter(|_| method == "SEND") {
            let mut add = |name: &str, value: String| {
                if !overlay.iter().any(|(n, _)| n == name) {
                    overlay.push((name.to_owned(), Some(value)));
                }
            };
            add("Byte-Range", format!("1-{0}/{0}", content.len()));
            add("Content-Type", "message/cpim".to_owned());
        }
        leg.waiting.push(Said { method: method.to_owned(), overlay, content });
        let session = leg.session;
        if self.endpoint.session(session).is_some_and(msrp::Session::bound) {
            self.say_what_waits(session);
        }
        self.endpoint.tick(now);
    }

    fn say_what_waits(&mut self, session: u64) {
        let waiting = self.legs.values_mut().find(|leg| leg.session == session).map(|leg| std::mem::take(&mut leg.waiting));
        for said in waiting.into_iter().flatten() {
            self.endpoint.say(session, &said.method, &said.overlay, said.content.as_deref());
        }
    }

    /// Ends a session by BYE.
    pub(super) fn leave(&mut self, now: Duration, call: u64) {
        if let Some(leg) = self.legs.get_mut(&call) {
            leg.leaves = None;
            self.calls.end(now, &mut self.transactions, call);
        }
    }

    /// A session is over; its connection is the client's to close, because the client opened it.
    pub(super) fn over(&mut self, call: u64) {
        self.ringing.retain(|(_, ringing)| *ringing != call);
        if let Some(leg) = self.legs.remove(&call) {
            self.endpoint.close(leg.session);
        }
    }
}

/// How the content goes over the session.
fn wish(media: &Media, content: Bytes, message_id: String, session: Option<&msrp::Session>) -> Wish {
    let remote = session.and_then(|s| s.remote().last().cloned()).unwrap_or_default();
    let identifier = remote.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, rest)| rest);
    let identifier = identifier.split(';').next().unwrap_or_default();
    let filled = |value: &String| value.replace("{session}", identifier);
    let length = i64::try_from(content.len()).unwrap_or(i64::MAX);
    let place = |octet: i64| usize::try_from(if octet < 0 { length + octet + 1 } else { octet }).unwrap_or_default();
    let ranges = media.ranges.iter().map(|(from, to)| (place(*from).saturating_sub(1), place(*to))).collect::<Vec<_>>();
    Wish {
        chunk: media.chunk.unwrap_or(msrp::INTERRUPTIBLE),
        ranges: (!ranges.is_empty()).then_some(ranges),
        open: media.open,
        flag: media.last.and_then(|flag| u8::try_from(flag).ok()).unwrap_or(b'$'),
        overlay: media.headers.iter().map(|(name, value)| (name.clone(), value.as_ref().map(filled))).collect(),
        pause: media.pause,
        ..Wish::new(&message_id, "message/cpim", content)
    }
}

/// Whether all of the content is sent.
fn is_whole(media: &Media) -> bool {
    media.ranges.is_empty() || media.ranges.iter().any(|(_, to)| *to == -1)
}

fn header<'a>(media: &'a Media, name: &str) -> Option<&'a str> {
    media.headers.iter().find(|(n, _)| n == name)?.1.as_deref()
}

/// Octets of what a CPIM object wraps (RFC 5547, 6 does not count the wrapper); of other content all octets.
fn size(content: &Bytes) -> usize {
    let cpim = Cpim::parse(content, Span::all(content));
    if cpim.headers.is_empty() { content.len() } else { cpim.content.len() }
}
