//! Saying what shall become of deferred messages: an INVITE whose session ends at once (CONV-7.2.3.2.1).
//!
//! Its description is a valid one, but no connection follows. Credentials, ACK and BYE are made by `Calls`; a refusal ends
//! the matter, that with the warning "125 No messages" too.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;

use crate::{
    role::{
        cpm_client::{
            CpmClient, content,
            plane::number,
            settings::{ICSI, METHODS, encoded_icsi},
        },
        sdp::{DISCARD, End, Text},
    },
    trace::Transport,
    upper::Decision,
    wire::sdp::Direction,
};

impl CpmClient {
    /// Sends the INVITE; without decisions all messages are wanted.
    pub(super) fn invite_deferred(&mut self, now: Duration, decisions: &[Decision]) {
        let invite = self.deferred_invite(decisions);
        let call = self.plane.calls.invite(now, &mut self.transactions, invite);
        self.deferred.calls.push(call);
    }

    fn deferred_invite(&mut self, decisions: &[Decision]) -> Bytes {
        let offer = self.deferred_offer();
        let (content_type, body) = if decisions.is_empty() {
            ("application/sdp".to_owned(), offer.into_bytes())
        } else {
            let entries: Vec<_> = decisions.iter().map(entry).collect();
            content::with_list(&self.ids.token(), "application/sdp", offer.as_bytes(), &entries)
        };
        let icsi = format!("+g.3gpp.icsi-ref=\"{}\"", encoded_icsi("deferred"));
        let own = format!("<{}>", self.settings.address());
        self.plane.calls.means = self.means();
        self.plane
            .calls
            .draft(&self.settings.deferred_mgmt_uri, &own, &self.registration.service_route)
            .header("Contact", &format!("{};{icsi}", self.contact()))
            .header("P-Preferred-Identity", &own)
            .header("Accept-Contact", &format!("*;{icsi}"))
            .header("P-Preferred-Service", &format!("{ICSI}deferred"))
            .header("User-Agent", &self.settings.product())
            .header("Allow", &METHODS.replace(',', ", "))
            .body(&content_type, body)
            .finish()
    }

    /// An offer to receive CPIM objects, for the sake of form.
    fn deferred_offer(&mut self) -> String {
        let secure = self.settings.media_transport == Transport::Tls;
        let uri = self.plane.msrp.uri(SocketAddr::new(self.local.ip(), DISCARD), secure);
        let own = End {
            path: vec![uri],
            secure,
            direction: Direction::Recvonly,
            accept_types: Some("message/cpim".to_owned()),
            setup: Some("active".to_owned()),
            fingerprint: secure.then(|| self.settings.fingerprint.clone()),
            ..End::default()
        };
        Text::new(&own, self.local, number(&mut self.ids)).to_string()
    }

    /// Whether a call carries decisions. Once it is accepted it has done its work and is left.
    pub(in crate::role::cpm_client) fn decided(&mut self, now: Duration, call: u64, accepted: bool) -> bool {
        let Some(at) = self.deferred.calls.iter().position(|known| *known == call) else { return false };
        self.deferred.calls.remove(at);
        if accepted {
            self.leave(now, call);
        }
        true
    }
}

/// The entry of a decision: the identifier as the network gave it, with the action behind it (CONV-7.2.3.2.1-7a-param).
fn entry(decision: &Decision) -> String {
    format!("{}?cpm_action={}", decision.message, decision.action.name())
}
