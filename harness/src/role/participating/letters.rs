//! What goes over MSRP once a session is bound: the content of a large message, chat messages, single requests.

use std::time::Duration;

use bytes::Bytes;

use super::{Participating, UNTOLD, legs::Leg};
use crate::{
    role::{
        Hop, Media, Outgoing, Output,
        msrp::{self, FailureReport, Wish},
        sdp,
    },
    trace::{Protocol, Transport},
};

/// One MSRP request that stands by itself.
#[derive(Debug)]
pub(super) struct Said {
    method: String,
    overlay: Vec<(String, Option<String>)>,
    content: Option<Bytes>,
}

impl Participating {
    /// What happened to an MSRP session.
    pub(super) fn carried(&mut self, now: Duration, session: u64, event: &msrp::Event) {
        let Some((call, leg)) = self.legs.iter_mut().find(|(_, leg)| leg.session() == Some(session)) else { return };
        let call = *call;
        match event {
            msrp::Event::Bound => {
                let letter = leg.letter.take();
                self.say_what_waits(session);
                let (Some(media), Some(leg)) = (letter, self.legs.get_mut(&call)) else { return };
                let Some(content) = media.content.clone() else { return };
                let wish = wish(&media, content, self.ids.token(), self.endpoint.session(session));
                leg.awaits_report = header(&media, "Success-Report") == Some("yes");
                if self.has.kind.stays() {
                    return self.endpoint.send(now, session, wish);
                }
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
            _ if self.has.kind.stays() => {}
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
        if method == "SEND" && !wanted.apart && self.has.kind.stays() && content.is_some() {
            return self.write(now, &wanted.media);
        }
        let mut overlay = laid_over(&wanted.media, leg.session().and_then(|id| self.endpoint.session(id)));
        if let Some(content) = content.as_ref().filter(|_| method == "SEND") {
            let mut add = |name: &str, value: String| {
                if !overlay.iter().any(|(n, _)| n == name) {
                    overlay.push((name.to_owned(), Some(value)));
                }
            };
            add("Byte-Range", format!("1-{0}/{0}", content.len()));
            add("Content-Type", "message/cpim".to_owned());
        }
        if wanted.apart {
            return self.say_apart(method, &overlay, content.as_deref());
        }
        leg.waiting.push(Said { method: method.to_owned(), overlay, content });
        let Some(session) = leg.session() else { return };
        if self.endpoint.session(session).is_some_and(msrp::Session::bound) {
            self.say_what_waits(session);
        }
        self.endpoint.tick(now);
    }

    fn say_what_waits(&mut self, session: u64) {
        let waiting = self.legs.values_mut().find(|leg| leg.session() == Some(session)).map(|leg| std::mem::take(&mut leg.waiting));
        for said in waiting.into_iter().flatten() {
            self.endpoint.say(session, &said.method, &said.overlay, said.content.as_deref());
        }
    }

    /// Writes a message in the latest session, as soon as that is bound.
    pub(super) fn write(&mut self, now: Duration, media: &Media) {
        let Some((session, content)) = self.latest_session().zip(media.content.clone()) else { return };
        let wish = wish(media, content, self.ids.token(), self.endpoint.session(session));
        self.endpoint.send(now, session, wish);
    }

    /// Says something of the latest session over a connection that is opened for it, to where the SUT takes such.
    pub(super) fn say_apart(&mut self, method: &str, overlay: &[(String, Option<String>)], content: Option<&[u8]>) {
        let Some(stream) = self.legs.values().next_back().and_then(|leg| leg.streams.first()) else { return };
        let Some((address, _)) = stream.remote.as_ref().and_then(|end| sdp::next_hop(end.path.first()?)) else { return };
        let hop = Hop { lane: 1, ..Hop::over(Protocol::Msrp, Transport::Tcp, address) };
        if self.opened.insert(hop) {
            self.connects.push_back(Output::Connect { hop, fingerprint: None });
        }
        self.endpoint.say_over(hop, stream.session, method, overlay, content);
    }

    /// The MSRP session of the latest call.
    fn latest_session(&self) -> Option<u64> {
        self.legs.values().next_back().and_then(Leg::session)
    }
}

/// How the content goes over the session.
fn wish(media: &Media, content: Bytes, message_id: String, session: Option<&msrp::Session>) -> Wish {
    let length = i64::try_from(content.len()).unwrap_or(i64::MAX);
    let place = |octet: i64| usize::try_from(if octet < 0 { length + octet + 1 } else { octet }).unwrap_or_default();
    let ranges = media.ranges.iter().map(|(from, to)| (place(*from).saturating_sub(1), place(*to))).collect::<Vec<_>>();
    Wish {
        chunk: media.chunk.unwrap_or(msrp::INTERRUPTIBLE),
        ranges: (!ranges.is_empty()).then_some(ranges),
        open: media.open,
        flag: media.last.and_then(|flag| u8::try_from(flag).ok()).unwrap_or(b'$'),
        overlay: laid_over(media, session),
        pause: media.pause,
        ..Wish::new(&message_id, "message/cpim", content)
    }
}

/// The header fields that a named message lays over its chunks, with what only the session knows filled in.
fn laid_over(media: &Media, session: Option<&msrp::Session>) -> Vec<(String, Option<String>)> {
    let [remote, own] = [session.map(msrp::Session::remote), session.map(msrp::Session::own)].map(Option::unwrap_or_default);
    let place = remote.last().and_then(|uri| sdp::next_hop(uri)).map(|(address, _)| address);
    let (place, host) = place.map_or_else(Default::default, |at| (at.to_string(), at.ip().to_string()));
    let known = [("{session}", identifier(remote)), ("{own session}", identifier(own)), ("{sut}", place), ("{sut.host}", host)];
    let filled = |value: &String| known.iter().fold(value.clone(), |text, (name, value)| text.replace(name, value));
    media.headers.iter().map(|(name, value)| (name.clone(), value.as_ref().map(filled))).collect()
}

/// The session-id of the last URI of a path.
fn identifier(path: &[String]) -> String {
    let rest = path.last().and_then(|uri| uri.split_once("://")?.1.split_once('/')).map_or("", |(_, rest)| rest);
    rest.split(';').next().unwrap_or_default().to_owned()
}

/// Whether all of the content is sent.
fn is_whole(media: &Media) -> bool {
    media.ranges.is_empty() || media.ranges.iter().any(|(_, to)| *to == -1)
}

fn header<'a>(media: &'a Media, name: &str) -> Option<&'a str> {
    media.headers.iter().find(|(n, _)| n == name)?.1.as_deref()
}
