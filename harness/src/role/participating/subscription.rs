//! Subscriptions to deferred messages as their notifier sees them (RFC 6665, 4.2): a fetch is answered with Expires 0; what
//! the NOTIFY says is a named message of the scenario.

use std::time::Duration;

use super::{Participating, dressed};
use crate::{
    role::{
        Hop, Outgoing,
        build::Draft,
        call::{Dialog, dialog},
    },
    trace::Transport,
    wire::sip::Message,
};

/// The latest subscription.
#[derive(Debug)]
pub(super) struct Subscription {
    dialog: Dialog,
}

impl Participating {
    pub(super) fn subscribed(&mut self, now: Duration, id: u64, request: &Message) {
        let tag = self.ids.token();
        let Some(dialog) = Dialog::of_callee(request, &tag) else {
            return self.transactions.respond(now, id, 400, Draft::response(request, 400, &tag).finish());
        };
        self.subscription = Some(Subscription { dialog });
        let mut draft = Draft::response(request, 200, &tag).header("Contact", &self.contact()).header("Expires", "0");
        for route in dialog::texts(request, "Record-Route") {
            draft = draft.header("Record-Route", &route);
        }
        self.transactions.respond(now, id, 200, draft.finish());
    }

    /// Sends a NOTIFY inside the latest subscription.
    pub(super) fn notify(&mut self, now: Duration, wanted: &Outgoing) {
        let branch = format!("z9hG4bK{}", self.ids.token());
        let contact = self.contact();
        let Some(subscription) = &mut self.subscription else { return };
        let draft = subscription.dialog.request(Hop::sip(Transport::Udp, self.has.inner), &branch, "NOTIFY").header("Contact", &contact);
        let octets = dressed(draft, wanted).finish();
        self.transactions.request(now, Hop::sip(Transport::Udp, self.has.core), &branch, "NOTIFY", octets);
    }
}
