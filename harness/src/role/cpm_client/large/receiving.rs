//! Receiving a large message (CONV-7.2.2.2): accept the INVITE, connect after its ACK, take what comes, let the sender leave.

use std::time::Duration;

use super::{CPIM, CpmClient, Session, Way};
use crate::{
    role::{
        call,
        cpm_client::{
            plane::number,
            settings::{ICSI, METHODS, SUPPORTED},
        },
        msrp::Terms,
        sdp::{self, Description, End},
    },
    upper::{InvitationKind, Sight},
    wire::{
        Span, icsi,
        params::{NameAddr, Parametered},
        sip::Message,
    },
};

impl CpmClient {
    pub(super) fn invited(&mut self, now: Duration, call: u64, request: &Message) {
        let offer = call::description(request).and_then(|(_, body)| Description::read(&body).ok());
        let transfer = offer.as_ref().is_some_and(|offer| offer.end.file_selector.is_some());
        // R-7-6: a deferred large message says what is transferred; without that it is a session.
        if !(asks_for(request, "largemsg") || asks_for(request, "deferred") && transfer) {
            return self.refuse_call(now, call, 488);
        }
        if self.exhausted {
            return self.refuse_call(now, call, 480);
        }
        // An offerer that only connects cannot be met: this client only connects, too (RFC 4145, 4.1).
        let Some(offer) = offer.filter(|offer| offer.end.takes(CPIM) && offer.end.setup.as_deref() != Some("active")) else {
            return self.refuse_call(now, call, 488);
        };
        self.large.sessions.insert(call, Session { msrp: None, way: Way::In { offer: Box::new(offer), taken: false } });
        if self.settings.auto_accept {
            return self.accept_call(now, call);
        }
        let contact = self.contact();
        self.plane.calls.respond(now, &mut self.transactions, call, 180, |draft| draft.header("Contact", &contact));
        let invitation = self.handle("invitation");
        self.large.invitations.insert(invitation.clone(), call);
        let sender = request.elements("P-Asserted-Identity").into_iter().chain(request.elements("From")).next();
        let from = sender.map(|span| NameAddr::parse(&request.raw, span).uri.text(&request.raw).into_owned());
        self.show(Sight::Invitation { invitation, kind: InvitationKind::LargeMessage, from, subject: None, replaces: None });
    }

    pub(super) fn refuse_call(&mut self, now: Duration, call: u64, status: u16) {
        self.plane.calls.means = self.means();
        self.plane.calls.respond(now, &mut self.transactions, call, status, |draft| draft);
        self.over(call);
    }

    pub(super) fn accept_call(&mut self, now: Duration, call: u64) {
        let Some(request) = self.plane.calls.invitation(call).cloned() else { return };
        let Some(Session { way: Way::In { offer, .. }, .. }) = self.large.sessions.get(&call) else { return };
        let offer = offer.clone();
        let own = self.own_end(offer.end.secure);
        let own = End { setup: Some(sdp::setup(offer.end.setup.as_deref(), "active")), ..own };
        let msrp = self.plane.msrp.open(own.path.clone(), Terms { accept: vec![CPIM.to_owned()], ..Terms::default() });
        self.plane.msrp.set_remote(msrp, offer.end.path.clone());
        if let Some(session) = self.large.sessions.get_mut(&call) {
            session.msrp = Some(msrp);
        }
        let answer = offer.answer(&own, self.local, number(&mut self.ids)).to_string();
        let (product, contact) = (self.settings.product(), self.contact());
        let identity = format!("<{}>", self.settings.address());
        self.plane.calls.means = self.means();
        self.plane.calls.respond(now, &mut self.transactions, call, 200, |draft| {
            let mut draft = draft
                .header("Contact", &contact)
                .header("Server", &product)
                .header("P-Preferred-Identity", &identity)
                .header("Allow", &METHODS.replace(',', ", "))
                .header("Supported", SUPPORTED);
            for name in ["Conversation-ID", "Contribution-ID", "InReplyTo-Contribution-ID"] {
                draft = draft.maybe(name, request.value(name).as_deref());
            }
            draft.body("application/sdp", answer)
        });
    }

    /// The ACK came: connect as the offer says, and bind.
    pub(super) fn confirmed(&mut self, now: Duration, call: u64) {
        let Some(Session { msrp: Some(msrp), way: Way::In { offer, .. } }) = self.large.sessions.get(&call) else { return };
        let (msrp, offer) = (*msrp, offer.clone());
        if !self.plane.connect(now, msrp, &offer.end) {
            self.leave(now, call);
        }
    }

    /// The whole message is there. The sender ends the session.
    pub(super) fn received(&mut self, now: Duration, call: u64, content: &[u8]) {
        let Some(Session { way: Way::In { taken, .. }, .. }) = self.large.sessions.get_mut(&call) else { return };
        if std::mem::replace(taken, true) {
            return;
        }
        if let Some(invite) = self.plane.calls.invitation(call).cloned() {
            self.take(now, &invite, content, Span::all(content));
        }
    }
}

/// Whether a request is meant for those who have this CPM feature: on the decoded element, among several.
pub(in crate::role::cpm_client) fn asks_for(request: &Message, feature: &str) -> bool {
    request.elements("Accept-Contact").into_iter().any(|span| {
        let value = Parametered::parse(&request.raw, span);
        let (found, _) = icsi::of_params(&request.raw, &value.params);
        found.iter().any(|icsi| icsi::covers(&icsi.urn, &format!("{ICSI}{feature}")))
    })
}
