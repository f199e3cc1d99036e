//! Chats: who connects, what is written over MSRP, and whom a session brings along.

use std::time::Duration;

use super::{
    Participating,
    legs::{Leg, Stream, wish},
};
use crate::{
    role::{Hop, Media, Output, sdp},
    trace::{Protocol, Transport},
    wire::{Span, lists::List, sip::Message},
};

impl Participating {
    /// Connects to where the SUT is, where that is this end's part, and binds the connection (RFC 6135, 4.2.2).
    pub(super) fn connect(&mut self, now: Duration, call: u64) {
        let streams = self.legs.get(&call).map(|leg| leg.streams.clone()).unwrap_or_default();
        for Stream { session, remote, setup, .. } in streams {
            let Some(remote) = remote else { continue };
            let connects = setup == "active" || setup == "actpass" && remote.setup.as_deref() == Some("passive");
            if !connects || self.endpoint.session(session).is_none_or(|s| s.hop().is_some()) {
                continue;
            }
            let Some((address, secure)) = remote.path.first().and_then(|uri| sdp::next_hop(uri)) else { continue };
            let hop = Hop::over(Protocol::Msrp, if secure { Transport::Tls } else { Transport::Tcp }, address);
            if self.opened.insert(hop) {
                self.connects.push_back(Output::Connect { hop, fingerprint: remote.fingerprint.filter(|_| secure) });
            }
            self.endpoint.bind(now, session, hop);
        }
    }

    /// Ends an MSRP session, and its connection if this end opened that.
    pub(super) fn hang_up(&mut self, session: u64) {
        if let Some(hop) = self.endpoint.close(session).filter(|hop| self.opened.remove(hop)) {
            self.closes.push_back(Output::Close { hop });
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

    /// Remembers whom an INVITE brings along (RFC 5366).
    pub(super) fn brought_by(&mut self, request: &Message) {
        let lists = crate::field::parts(request).into_iter().filter(|(kind, _)| kind == "application/resource-lists+xml");
        self.brought = lists.flat_map(|(_, span): (_, Span)| List::parse(&request.raw, span).entries).map(|entry| entry.uri).collect();
    }
}
