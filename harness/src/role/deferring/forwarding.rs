//! Pager mode messages: passed on where somebody is there to take them, else kept (CPM 1.0, 8.3.1; CONV-7.5.1).

use std::{sync::Arc, time::Duration};

use super::{Deferring, store::Deferred};
use crate::{
    role::build::{self, Draft},
    wire::{
        params::{NameAddr, Parametered},
        sip::{Message, long_name},
        uri,
    },
};

/// Most requests that wait for the response to their copy.
const MOST: usize = 1000;

/// Header fields of a request that its copy does not share: those of hop and dialog, and of the body.
const OWN: [&str; 13] = [
    "via",
    "from",
    "to",
    "call-id",
    "cseq",
    "max-forwards",
    "route",
    "record-route",
    "contact",
    "content-length",
    "content-type",
    "session-expires",
    "min-se",
];

/// A request whose copy waits for its response.
#[derive(Debug)]
pub(super) struct Passed {
    /// Its own transaction.
    server: u64,
    request: Arc<Message>,
    /// The served user, where the message is for her.
    user: Option<String>,
}

impl Deferring {
    /// A MESSAGE for the served user, or from her.
    pub(super) fn message(&mut self, now: Duration, id: u64, request: &Arc<Message>) {
        let target = target(request);
        let device = device(&target);
        match self.served(&target) {
            Some(user) if self.presence.reaches(&user, device) => self.pass_on(now, id, request, &target, Some(user)),
            Some(user) => self.defer(now, id, request, &user),
            None if self.sender(request).is_some() => self.pass_on(now, id, request, &target, None),
            None => self.answer(now, id, request, 404, |draft| draft),
        }
    }

    fn pass_on(&mut self, now: Duration, id: u64, request: &Arc<Message>, target: &str, user: Option<String>) {
        if self.passed.len() >= MOST {
            return self.answer(now, id, request, 503, |draft| draft);
        }
        let branch = format!("z9hG4bK{}", self.ids.token());
        let draft = Draft::request("MESSAGE", target)
            .header("Via", &build::via(self.local(), &branch))
            .maybe("Route", self.onward(request).as_deref())
            .header("Max-Forwards", &hops_left(request))
            .header("From", &format!("{};tag={}", party(request, "From"), self.ids.token()))
            .header("To", &party(request, "To"))
            .header("Call-ID", &self.ids.token())
            .header("CSeq", "1 MESSAGE");
        let octets = dressed(draft, request, &[]).finish();
        let copy = self.transactions.request(now, self.core(), &branch, "MESSAGE", octets);
        self.passed.insert(copy, Passed { server: id, request: Arc::clone(request), user });
    }

    /// The response to a request of its own.
    pub(super) fn responded(&mut self, now: Duration, id: u64, response: &Message) {
        let status = response.status().unwrap_or_default();
        if status < 200 {
            return;
        }
        let Some(Passed { server, request, user }) = self.passed.remove(&id) else { return };
        match user {
            // She is there, but nobody takes it.
            Some(user) if matches!(status, 408 | 480) => self.defer(now, server, &request, &user),
            _ => self.answer(now, server, &request, status, |draft| draft.maybe("Warning", response.value("Warning").as_deref())),
        }
    }

    /// A request of its own got no response.
    pub(super) fn unanswered(&mut self, now: Duration, id: u64) {
        let Some(Passed { server, request, user }) = self.passed.remove(&id) else { return };
        match user {
            Some(user) => self.defer(now, server, &request, &user),
            None => self.answer(now, server, &request, 408, |draft| draft),
        }
    }

    fn defer(&mut self, now: Duration, id: u64, request: &Arc<Message>, user: &str) {
        let target = target(request);
        let raw = &request.raw;
        let kept = self.keep(
            now,
            Deferred {
                id: String::new(),
                user: user.to_owned(),
                device: device(&target).map(str::to_owned),
                group: None,
                content_type: request.value("Content-Type").unwrap_or_default().into_owned(),
                content: raw.slice(request.body.from..request.body.to),
                request: Arc::clone(request),
                send: None,
                taken: 0,
                until: None,
            },
        );
        self.answer(now, id, request, if kept { 202 } else { 480 }, |draft| draft);
    }

    /// Keeps a message from now until nobody wants it any more; `false`: there is no room.
    pub(super) fn keep(&mut self, now: Duration, message: Deferred) -> bool {
        let seconds = message.request.value("Message-Expires").or_else(|| message.request.value("Expires"));
        let until = seconds
            .and_then(|value| value.trim().parse().ok())
            .map(|seconds| now + Duration::from_secs(u64::from(u32::min(seconds, 1 << 30))));
        let until = until.filter(|_| message.request.method() == Some("MESSAGE"));
        let message = Deferred { taken: self.clock(now), until, ..message };
        self.store.keep(&self.settings.home, message)
    }

    /// What is left of the Route behind this party, so that the copy goes on as the request would have.
    pub(super) fn onward(&self, request: &Message) -> Option<String> {
        let routes: Vec<String> = request.elements("Route").into_iter().map(|span| request.unfolded(span).into_owned()).collect();
        let own = self.own.to_string();
        let rest = routes.iter().skip_while(|route| route.contains(&own)).cloned().collect::<Vec<_>>();
        (!rest.is_empty()).then(|| rest.join(", "))
    }
}

/// The draft with what the copy of a request shares with it, but for the header fields that are left out.
pub(super) fn dressed(draft: Draft, request: &Message, left_out: &[&str]) -> Draft {
    let mut draft = draft;
    for field in &request.fields {
        let name = long_name(request.name_of(field));
        let lower = name.to_ascii_lowercase();
        if !OWN.contains(&lower.as_str()) && !left_out.contains(&lower.as_str()) {
            draft = draft.header(name, &request.unfolded(field.value));
        }
    }
    match request.value("Content-Type") {
        Some(kind) => draft.body(&kind, request.body.of(&request.raw).to_vec()),
        None => draft,
    }
}

/// The Request-URI.
pub(super) fn target(request: &Message) -> String {
    request.request_uri().map(|uri| uri.text(&request.raw).into_owned()).unwrap_or_default()
}

/// The device that an address names, if it is a GRUU (RFC 5627, 3.2).
pub(super) fn device(target: &str) -> Option<&str> {
    uri::Uri::parse(target).param("gr").map(|_| target)
}

/// From or To without its tag.
pub(super) fn party(request: &Message, name: &str) -> String {
    let raw = &request.raw;
    let Some(span) = request.elements(name).first().copied() else { return String::new() };
    let address = NameAddr::parse(raw, span);
    let shown = address.display_name(raw).map(|shown| format!("\"{}\" ", shown.replace(['\\', '"'], ""))).unwrap_or_default();
    let others: String = address
        .params
        .iter()
        .filter(|param| !param.name.text(raw).eq_ignore_ascii_case("tag"))
        .map(|param| format!(";{}", param.span.text(raw)))
        .collect();
    format!("{shown}<{}>{others}", address.uri.text(raw))
}

/// Max-Forwards, one less.
pub(super) fn hops_left(request: &Message) -> String {
    let left: u32 = request.value("Max-Forwards").and_then(|value| value.trim().parse().ok()).unwrap_or(70);
    left.saturating_sub(1).to_string()
}

/// Whether Accept-Contact asks for this CPM feature.
pub(super) fn asks_for(request: &Message, feature: &str) -> bool {
    let wanted = format!("{}{feature}", super::ICSI);
    request.elements("Accept-Contact").into_iter().any(|span| {
        let value = Parametered::parse(&request.raw, span);
        crate::wire::icsi::of_params(&request.raw, &value.params).0.iter().any(|icsi| crate::wire::icsi::covers(&icsi.urn, &wanted))
    })
}
