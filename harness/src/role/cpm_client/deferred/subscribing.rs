//! Asking which messages were deferred: one SUBSCRIBE that ends at once, one NOTIFY (CONV-7.2.3.1; RFC 6665, 4.4.3).

use std::{collections::BTreeMap, time::Duration};

use super::bodies;
use crate::{
    role::{
        Hop,
        build::{self, Draft},
        challenge::Challenge,
        cpm_client::{
            CpmClient,
            settings::{ICSI, encoded_icsi},
        },
        transaction::PATIENCE,
    },
    upper::{Answer, Sight},
    wire::{Span, mime::ContentType, sip::Message},
};

/// Event package of deferred messages.
const PACKAGE: &str = "deferred-messages";

/// Media type of their list.
const LIST: &str = "application/resource-lists+xml";

/// Most subscriptions that wait for their NOTIFY.
const MOST: usize = 16;

/// How often a SUBSCRIBE answers a challenge.
const TRIES: u32 = 2;

/// A subscription without the NOTIFY that ends it.
#[derive(Debug)]
pub(super) struct Subscription {
    /// Transaction of the SUBSCRIBE while it has no final response.
    id: Option<u64>,
    call_id: String,
    tag: String,
    /// Number of the last SUBSCRIBE.
    cseq: u32,
    /// Until when NOTIFY is waited for (RFC 6665, 4.1.2.4: timer N).
    until: Duration,
}

impl CpmClient {
    /// `list-deferred`.
    pub(in super::super) fn list_deferred(&mut self, now: Duration) -> Answer {
        if !self.may_send() {
            return Answer::NotNow("the client is not registered".to_owned());
        }
        self.subscribe(now);
        Answer::Taken(BTreeMap::new())
    }

    /// Asks for the list if the setting is pull (CONV-7.1-pull).
    pub(in super::super) fn pull(&mut self, now: Duration) {
        if self.settings.pull_deferred && !self.peer && self.registration.cpm {
            self.subscribe(now);
        }
    }

    fn subscribe(&mut self, now: Duration) {
        self.deferred.subscriptions.retain(|subscription| subscription.until > now);
        if self.deferred.subscriptions.len() >= MOST {
            self.deferred.subscriptions.remove(0);
        }
        let (call_id, tag) = (self.ids.token(), self.ids.token());
        self.send_subscribe(now, Subscription { id: None, call_id, tag, cseq: 1, until: now + PATIENCE }, None);
    }

    /// Sends the SUBSCRIBE of CONV-7.2.3.1 and keeps its subscription; `proof` are name and value of its credentials.
    fn send_subscribe(&mut self, now: Duration, mut subscription: Subscription, proof: Option<(String, String)>) {
        let Some(hop) = self.core() else { return };
        let branch = format!("z9hG4bK{}", self.ids.token());
        let (own, target) = (self.settings.address(), &self.settings.deferred_mgmt_uri);
        let icsi = format!("+g.3gpp.icsi-ref=\"{}\"", encoded_icsi("deferred"));
        let route = &self.registration.service_route;
        let mut draft = Draft::request("SUBSCRIBE", target)
            .header("Via", &build::via(Hop { address: self.local, ..hop }, &branch))
            .header("Max-Forwards", "70")
            .maybe("Route", (!route.is_empty()).then(|| route.join(", ")).as_deref())
            .header("From", &format!("<{own}>;tag={}", subscription.tag))
            .header("To", &format!("<{target}>"))
            .header("Call-ID", &subscription.call_id)
            .header("CSeq", &format!("{} SUBSCRIBE", subscription.cseq))
            .header("Contact", &format!("{};{icsi}", self.contact()))
            .header("P-Preferred-Identity", &format!("<{own}>"))
            .header("Accept-Contact", &format!("*;{icsi}"))
            .header("P-Preferred-Service", &format!("{ICSI}deferred"))
            .header("User-Agent", &self.settings.product())
            .header("Event", PACKAGE)
            .header("Expires", "0")
            .header("Accept", LIST);
        if let Some((name, value)) = &proof {
            draft = draft.header(name, value);
        }
        subscription.id = Some(self.transactions.request(now, hop, &branch, "SUBSCRIBE", draft.finish()));
        self.deferred.subscriptions.push(subscription);
    }

    /// The SUBSCRIBE with number `id` was answered, or given up (`None`); `false`: that was none.
    pub(in super::super) fn subscribed(&mut self, now: Duration, id: u64, response: Option<&Message>) -> bool {
        let Some(at) = self.deferred.subscriptions.iter().position(|subscription| subscription.id == Some(id)) else { return false };
        let status = response.and_then(Message::status).unwrap_or(408);
        match response {
            _ if status < 300 => self.deferred.subscriptions[at].id = None,
            Some(response) if matches!(status, 401 | 407) && self.deferred.subscriptions[at].cseq <= TRIES => {
                let mut subscription = self.deferred.subscriptions.remove(at);
                if let Some(mut challenge) = Challenge::read(response) {
                    subscription.cseq += 1;
                    let uri = self.settings.deferred_mgmt_uri.clone();
                    let proof = challenge.answer("SUBSCRIBE", &uri, &self.settings.credentials, &self.ids.token());
                    self.send_subscribe(now, subscription, Some(proof));
                }
            }
            _ => drop(self.deferred.subscriptions.remove(at)),
        }
        true
    }

    /// A NOTIFY: taken within a subscription, before the response to the SUBSCRIBE too (RFC 6665, 4.1.2.4).
    pub(in super::super) fn notify_arrived(&mut self, now: Duration, id: u64, request: &Message) {
        self.deferred.subscriptions.retain(|subscription| subscription.until > now);
        let (call_id, tag) = (request.value("Call-ID").unwrap_or_default(), request.tag("To").unwrap_or_default());
        let known = |subscription: &Subscription| subscription.call_id == call_id && subscription.tag == tag;
        let Some(at) = self.deferred.subscriptions.iter().position(known) else {
            return self.respond(now, id, request, 481, |draft| draft);
        };
        let event = request.value("Event").unwrap_or_default();
        if event.split(';').next().unwrap_or_default().trim() != PACKAGE {
            return self.respond(now, id, request, 489, |draft| draft.header("Allow-Events", PACKAGE));
        }
        let product = self.settings.product();
        self.respond(now, id, request, 200, |draft| draft.header("Server", &product));
        let state = request.value("Subscription-State").unwrap_or_default();
        if state.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("terminated") {
            self.deferred.subscriptions.remove(at);
        }
        if request.content_type().is_some_and(|kind: ContentType| kind.is(&request.raw, LIST)) && !request.body.is_empty() {
            let entries = bodies::listed(Span::of(request.body, &request.raw));
            self.deferred.listed = entries.iter().map(|entry| entry.message.clone()).collect();
            self.show(Sight::DeferredList { entries });
        }
    }
}
