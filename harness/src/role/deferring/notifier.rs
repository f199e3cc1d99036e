//! The list of deferred messages for who subscribes to it (RFC 6665, 4.2). Its body is a fixture of the suite (R-7.2.3.1-4): a
//! resource list, one entry a message, with its identifier, what it is and who sent it.

use std::{sync::Arc, time::Duration};

use memchr::memmem;

use super::{Deferring, METHODS, forwarding::target, store::Deferred};
use crate::{
    role::{
        build::Draft,
        call::{Dialog, dialog},
    },
    wire::{params::NameAddr, sip::Message},
};

/// Most subscriptions that are kept; beyond, the oldest go.
const MOST: usize = 64;

/// How long a subscription lasts where the request does not say, and at most, seconds.
const USUAL: u32 = 3600;

/// The event package.
const EVENT: &str = "deferred-messages";

/// A subscription.
#[derive(Debug)]
pub(super) struct Subscription {
    dialog: Dialog,
    user: String,
    until: Duration,
}

impl Deferring {
    pub(super) fn subscribed(&mut self, now: Duration, id: u64, request: &Arc<Message>) {
        let event = request.value("Event").unwrap_or_default().split(';').next().unwrap_or_default().trim().to_owned();
        if event != EVENT {
            return self.answer(now, id, request, 489, |draft| draft.header("Allow-Events", EVENT));
        }
        let asked = request.value("Expires").and_then(|value| value.trim().parse().ok()).unwrap_or(USUAL);
        let until = now + Duration::from_secs(u64::from(u32::min(asked, USUAL)));
        let expires = asked.min(USUAL).to_string();
        if request.tag("To").is_some() {
            let Some(at) = self.subscriptions.iter().position(|subscription| subscription.dialog.holds(request)) else {
                return self.answer(now, id, request, 481, |draft| draft);
            };
            let contact = self.contact();
            self.answer(now, id, request, 200, |draft| draft.header("Contact", &contact).header("Expires", &expires));
            self.subscriptions[at].dialog.retarget(request);
            self.subscriptions[at].until = until;
            return self.tell(now, at);
        }
        let Some(user) = self.sender(request) else { return self.answer(now, id, request, 403, |draft| draft) };
        if !crate::wire::uri::same(&target(request), &self.settings.deferred_uri) {
            return self.answer(now, id, request, 404, |draft| draft);
        }
        let tag = self.ids.token();
        let Some(dialog) = Dialog::of_callee(request, &tag) else {
            return self.answer(now, id, request, 400, |draft| draft);
        };
        let mut draft = Draft::response(request, 200, &tag).header("Contact", &self.contact()).header("Expires", &expires);
        for route in dialog::texts(request, "Record-Route") {
            draft = draft.header("Record-Route", &route);
        }
        self.transactions.respond(now, id, 200, draft.header("Allow", METHODS).finish());
        if self.subscriptions.len() >= MOST {
            self.subscriptions.remove(0);
        }
        self.subscriptions.push(Subscription { dialog, user, until });
        self.tell(now, self.subscriptions.len() - 1);
    }

    /// Sends the list to one subscriber, and forgets who is told for the last time.
    fn tell(&mut self, now: Duration, at: usize) {
        let branch = format!("z9hG4bK{}", self.ids.token());
        let (local, core, contact) = (self.local(), self.core(), self.contact());
        let Some(subscription) = self.subscriptions.get_mut(at) else { return };
        let left = subscription.until.saturating_sub(now).as_secs();
        let state = if left == 0 { "terminated;reason=timeout".to_owned() } else { format!("active;expires={left}") };
        let device = subscription.dialog.target.clone();
        let device = super::forwarding::device(&device);
        let list = list(self.store.of(&subscription.user, device));
        let octets = subscription
            .dialog
            .request(local, &branch, "NOTIFY")
            .header("Contact", &contact)
            .header("Event", EVENT)
            .header("Subscription-State", &state)
            .body("application/resource-lists+xml", list)
            .finish();
        self.transactions.request(now, core, &branch, "NOTIFY", octets);
        if left == 0 {
            self.subscriptions.remove(at);
        }
    }

    /// Something came or went: all who still listen are told.
    pub(super) fn tell_all(&mut self, now: Duration) {
        for at in (0..self.subscriptions.len()).rev() {
            self.tell(now, at);
        }
    }

    pub(super) fn subscriptions_due(&mut self, now: Duration) {
        for at in (0..self.subscriptions.len()).rev() {
            if self.subscriptions[at].until <= now {
                self.tell(now, at);
            }
        }
    }

    pub(super) fn subscriptions_deadline(&self) -> Option<Duration> {
        self.subscriptions.iter().map(|subscription| subscription.until).min()
    }
}

/// The list as a document (RFC 4826).
fn list<'a>(messages: impl Iterator<Item = &'a Deferred>) -> String {
    let entries: String = messages.map(entry).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\"><list>{entries}\
         </list></resource-lists>\r\n"
    )
}

fn entry(message: &Deferred) -> String {
    let request = &message.request;
    let sender = request.elements("From").first().map(|span| NameAddr::parse(&request.raw, *span).uri.text(&request.raw).into_owned());
    let is_notification = memmem::find(&message.content, b"message/imdn+xml").is_some();
    let kind = match message.group {
        Some(_) => "session",
        None if is_notification => "notification",
        None => "message",
    };
    let name = escaped(&format!("{kind} from {}", sender.unwrap_or_default()));
    format!("<entry uri=\"{}\"><display-name>{name}</display-name></entry>", escaped(&message.id))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
