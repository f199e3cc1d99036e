//! Who connects, and who closes.

use std::time::Duration;

use super::{Participating, legs::Stream};
use crate::{
    role::{Hop, Output, sdp},
    trace::{Protocol, Transport},
};

impl Participating {
    /// Connects to where the SUT is, where that is this end's part, and binds the connection (RFC 6135, 4.2.2); sound and pictures
    /// begin, too.
    pub(super) fn connect(&mut self, now: Duration, call: u64) {
        let Some(leg) = self.legs.get(&call) else { return };
        let streams = leg.streams.clone();
        self.rtp.agree(now, call, &leg.text.flows(), &leg.flows);
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
}
