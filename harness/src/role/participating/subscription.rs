//! Subscriptions as their notifier sees them (RFC 6665, 4.2). A fetch of deferred messages is answered with Expires 0; what the
//! NOTIFY says is a named message. A focus notifies by itself once at first and at each refresh (RFC 4575, 3.3, 3.4).

use std::time::Duration;

use super::{Kind, Participating, conference, dressed};
use crate::{
    role::{
        Hop, Outgoing,
        build::Draft,
        call::{Dialog, dialog},
    },
    trace::Transport,
    wire::sip::Message,
};

/// Most subscriptions that are kept; beyond, the oldest go.
const MOST: usize = 64;

/// How long a conference is subscribed to where the request does not say (RFC 4575, 3.2), seconds.
const USUAL: u32 = 3600;

/// A subscription of the SUT.
#[derive(Debug)]
pub(super) struct Subscription {
    dialog: Dialog,
    /// Version of the latest document that was sent (RFC 4575, 5.1).
    version: u32,
    /// The group session that it tells of, and the identity of that when it began.
    group: usize,
    identity: String,
    /// Until when it was granted.
    until: Duration,
    /// Whether the last word was said; a named message may say more, as a notifier that is mistaken does.
    over: bool,
}

impl Participating {
    pub(super) fn subscribed(&mut self, now: Duration, id: u64, request: &Message) {
        let refreshed = self.subscriptions.iter().position(|subscription| !subscription.over && subscription.dialog.holds(request));
        if request.tag("To").is_some() && refreshed.is_none() {
            return self.transactions.respond(now, id, 481, Draft::response(request, 481, "").finish());
        }
        let conference = self.has.kind == Kind::Focus;
        if conference && !request.value("Event").is_some_and(|event| is_conference(&event)) {
            let tag = self.ids.token();
            let draft = Draft::response(request, 489, &tag).header("Allow-Events", "conference");
            return self.transactions.respond(now, id, 489, draft.finish());
        }
        let asked = request.value("Expires").and_then(|value| value.trim().parse().ok()).unwrap_or(USUAL);
        let expires = if conference { asked } else { 0 };
        let tag = self.ids.token();
        let at = match refreshed {
            Some(at) => {
                self.subscriptions[at].dialog.retarget(request);
                at
            }
            None => {
                let Some(dialog) = Dialog::of_callee(request, &tag) else {
                    return self.transactions.respond(now, id, 400, Draft::response(request, 400, &tag).finish());
                };
                if self.subscriptions.len() >= MOST {
                    self.subscriptions.remove(0);
                }
                let (group, identity) = if conference { self.subscribed_to(request) } else { (0, self.contact_in(None)) };
                self.subscriptions.push(Subscription { dialog, version: 0, group, identity, until: now, over: false });
                self.subscriptions.len() - 1
            }
        };
        self.subscriptions[at].until = now + Duration::from_secs(expires.into());
        let contact = format!("<{}>{}", self.subscriptions[at].identity, if conference { ";isfocus" } else { "" });
        let mut draft = Draft::response(request, 200, &tag).header("Contact", &contact).header("Expires", &expires.to_string());
        for route in dialog::texts(request, "Record-Route") {
            draft = draft.header("Record-Route", &route);
        }
        self.transactions.respond(now, id, 200, draft.finish());
        if conference {
            self.tell(now, at);
        }
    }

    /// Sends the whole state of the conference; the last word where nothing more was granted.
    fn tell(&mut self, now: Duration, at: usize) {
        let users = self.users(self.subscriptions[at].group);
        let subscription = &mut self.subscriptions[at];
        subscription.version += 1;
        let document = conference::full(&subscription.identity, subscription.version, &users);
        let wanted = Outgoing { body: Some((conference::TYPE.to_owned(), document.into())), ..Outgoing::default() };
        self.notify_at(now, at, &wanted);
        self.subscriptions[at].over = self.subscriptions[at].until <= now;
    }

    /// Sends a NOTIFY inside the latest subscription.
    pub(super) fn notify(&mut self, now: Duration, wanted: &Outgoing) {
        let Some(at) = self.subscriptions.len().checked_sub(1) else { return };
        if let Some((version, body)) = wanted.body.as_ref().and_then(|(_, body)| Some((conference::version(body)?, body))) {
            // What is older than what was said is said by mistake.
            if version > self.subscriptions[at].version {
                self.learn(self.subscriptions[at].group, body);
            }
            self.subscriptions[at].version = version;
        }
        self.notify_at(now, at, wanted);
        let state = wanted.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Subscription-State"));
        self.subscriptions[at].over |= state.and_then(|(_, values)| values.as_ref()?.first()).is_some_and(|v| v.starts_with("terminated"));
    }

    fn notify_at(&mut self, now: Duration, at: usize, wanted: &Outgoing) {
        let branch = format!("z9hG4bK{}", self.ids.token());
        let (conference, core) = (self.has.kind == Kind::Focus, Hop::sip(Transport::Udp, self.has.core));
        let Some(subscription) = self.subscriptions.get_mut(at) else { return };
        let contact = format!("<{}>", subscription.identity);
        let own = Hop::sip(Transport::Udp, self.has.inner);
        let mut draft = subscription.dialog.request(own, &branch, "NOTIFY").header("Contact", &contact);
        if conference {
            let left = subscription.until.saturating_sub(now).as_secs();
            let state = if left == 0 { "terminated;reason=timeout".to_owned() } else { format!("active;expires={left}") };
            draft = draft.header("Event", "conference").header("Subscription-State", &state);
        }
        let octets = dressed(draft, wanted).finish();
        self.transactions.request(now, core, &branch, "NOTIFY", octets);
    }
}

/// Whether an Event value names the package of conferences (RFC 4575, 3.1).
fn is_conference(event: &str) -> bool {
    event.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("conference")
}
