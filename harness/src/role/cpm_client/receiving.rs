//! Receiving pager mode messages (CONV-7.2.2.1) and what then happens to them (CONV-7.2.2.3).

use std::time::Duration;

use super::{
    CpmClient, deferred,
    pages::Piece,
    settings::{ICSI, METHODS, SUPPORTED},
};
use crate::{
    field,
    role::build::Draft,
    upper::{Answer, Queried, Sight, Status},
    wire::{
        Span,
        cpim::Cpim,
        icsi,
        imdn::Imdn,
        params::{NameAddr, Parametered},
        sip::Message,
    },
};

/// Most messages that are kept.
const MOST: usize = 1000;

/// A received message as the client keeps it.
#[derive(Clone, Debug, Default)]
pub(super) struct Stored {
    pub handle: String,
    /// Authenticated originators, in order.
    pub asserted: Vec<String>,
    pub reply_to: Option<String>,
    /// CPIM From.
    pub sender: String,
    pub from: String,
    pub conversation: Option<String>,
    pub contribution: Option<String>,
    pub uid: Option<String>,
    /// Session that it was written in.
    pub session: Option<String>,
    /// Whether its sender stays unknown to the user.
    pub hidden: bool,
    pub imdn: Option<Asked>,
    pub read: bool,
}

/// What the sender wants to learn (RFC 5438, 6).
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub message_id: String,
    pub date_time: String,
    pub delivery: bool,
    pub display: bool,
    /// First IMDN-Record-Route.
    pub route: Option<String>,
}

impl Stored {
    /// Where a reply goes (CONV-7.2.1.1-9b, -9c).
    pub fn reply_address(&self) -> &str {
        self.reply_to.as_deref().or(self.asserted.first().map(String::as_str)).unwrap_or(&self.from)
    }
}

impl CpmClient {
    pub(super) fn requested(&mut self, now: Duration, id: u64, request: &Message) {
        match request.method().unwrap_or_default() {
            "MESSAGE" => self.message_arrived(now, id, request),
            "NOTIFY" => self.notify_arrived(now, id, request),
            "OPTIONS" => self.respond(now, id, request, 200, |draft| {
                let draft = draft.header("Allow", &METHODS.replace(',', ", ")).header("Supported", SUPPORTED);
                draft.header("Accept", "message/cpim, application/sdp")
            }),
            _ => self.respond(now, id, request, 405, |draft| draft.header("Allow", &METHODS.replace(',', ", "))),
        }
    }

    pub(super) fn respond(&mut self, now: Duration, id: u64, request: &Message, status: u16, more: impl FnOnce(Draft) -> Draft) {
        let tag = self.ids.token();
        let octets = more(Draft::response(request, status, &tag)).finish();
        self.transactions.respond(now, id, status, octets);
    }

    fn message_arrived(&mut self, now: Duration, id: u64, request: &Message) {
        // What reaches a peer behind the core, the core has matched to its services.
        if !self.peer && !for_pager_mode(request) {
            self.respond(now, id, request, 488, |draft| draft);
            return;
        }
        if self.exhausted {
            self.respond(now, id, request, 480, |draft| draft);
            return;
        }
        let (product, own) = (self.settings.product(), self.settings.address().to_owned());
        self.respond(now, id, request, 200, |mut draft| {
            draft = draft.header("Server", &product).header("P-Preferred-Identity", &format!("<{own}>"));
            for name in ["Conversation-ID", "Contribution-ID", "InReplyTo-Contribution-ID"] {
                draft = draft.maybe(name, request.value(name).as_deref());
            }
            draft
        });
        if let Some(body) = field::cpim_part(request) {
            self.take(now, request, &request.raw, body);
        }
    }

    /// CONV-7.2.2.3 for the CPIM object at `body` of `raw`, which came in, or by way of, `request`.
    pub(super) fn take(&mut self, now: Duration, request: &Message, raw: &[u8], body: Span) {
        let cpim = Cpim::parse(raw, body);
        let stored = self.store(request, raw, &cpim);
        self.keep(now, stored, raw, &cpim, deferred::is_system(request));
    }

    /// [`take`](Self::take) for a CPIM object that came in a session, of which `stored` tells what is known already.
    pub(super) fn take_chat(&mut self, now: Duration, stored: Stored, raw: &[u8], body: Span) {
        let cpim = Cpim::parse(raw, body);
        let sender = sender(raw, &cpim);
        let from = stored.asserted.first().unwrap_or(&sender).clone();
        let stored = Stored { handle: self.handle("in"), imdn: asked(raw, &cpim), sender, from, ..stored };
        self.keep(now, stored, raw, &cpim, false);
    }

    /// Keeps what came and shows it; `system`: it may be a system message.
    fn keep(&mut self, now: Duration, stored: Stored, raw: &[u8], cpim: &Cpim, system: bool) {
        let content_type = cpim.content_type(raw);
        let kind = content_type.as_ref().map_or_else(|| "text/plain".to_owned(), |t| t.kind.text(raw).to_ascii_lowercase());
        let content = cpim.decoded(raw);
        if kind == "message/imdn+xml" {
            self.disposition_arrived(&content);
            return;
        }
        if system && self.system_message(&kind, &content) {
            return;
        }
        // Whoever opened it, it can be continued.
        if let (Some(conversation), None) = (&stored.conversation, &stored.session) {
            self.continues(vec![stored.reply_address().to_owned()], conversation.clone());
        }
        self.stored.push_back(stored.clone());
        if self.stored.len() > MOST {
            self.stored.pop_front();
        }
        let text = |span: Option<Span>| span.map(|span| span.text(raw).into_owned());
        let time = text(cpim.all(raw, "DateTime").next().map(|h| h.value));
        let piece = Piece {
            content_type: text(cpim.mime_value(raw, "Content-Type")),
            disposition: text(cpim.mime_value(raw, "Content-Disposition")),
            content,
        };
        self.present(now, &stored, time, piece);
        if stored.imdn.as_ref().is_some_and(|asked| asked.delivery) {
            self.notify(now, &stored, "delivery", "delivered");
        }
    }

    /// [`take`](Self::take) for a CPIM object that came without a request.
    pub(super) fn take_object(&mut self, now: Duration, object: &[u8]) {
        self.take(now, &Message::parse(bytes::Bytes::new()), object, Span::all(object));
    }

    fn store(&mut self, request: &Message, raw: &[u8], cpim: &Cpim) -> Stored {
        let address = |span: Span| uri(&request.raw, span);
        Stored {
            handle: self.handle("in"),
            asserted: request.elements("P-Asserted-Identity").into_iter().map(address).collect(),
            reply_to: request.elements("Reply-To").first().copied().map(address),
            sender: sender(raw, cpim),
            from: request.elements("From").first().copied().map(address).unwrap_or_default(),
            conversation: request.value("Conversation-ID").map(|v| v.into_owned()),
            contribution: request.value("Contribution-ID").map(|v| v.into_owned()),
            uid: request.value("Message-UID").map(|v| v.into_owned()),
            session: None,
            hidden: false,
            imdn: asked(raw, cpim),
            read: false,
        }
    }

    /// A notification about a message that the user sent (RFC 5438, 7.1.2).
    fn disposition_arrived(&mut self, document: &[u8]) {
        let imdn = Imdn::parse(document, Span::all(document));
        let Some((id, _)) = imdn.message_id else { return };
        let Some(message) = self.notified.get(&id).cloned() else { return };
        for notification in imdn.kinds {
            let status = match notification.status.as_deref() {
                Some("delivered") => Status::Delivered,
                Some("displayed") => Status::Displayed,
                _ => Status::Failed,
            };
            self.show(Sight::MessageStatus { message: message.clone(), status, recipient: None });
        }
    }

    pub(super) fn mark_read(&mut self, now: Duration, handle: &str) -> Answer {
        let allowed = self.settings.send_imdn;
        let Some(stored) = self.stored.iter_mut().find(|s| s.handle == handle) else { return Answer::UnknownHandle(handle.to_owned()) };
        let first = !std::mem::replace(&mut stored.read, true);
        let stored = stored.clone();
        if first && allowed && stored.imdn.as_ref().is_some_and(|asked| asked.display) {
            self.notify(now, &stored, "display", "displayed");
        }
        Answer::Taken(std::collections::BTreeMap::default())
    }

    pub(super) fn query(&mut self, what: Queried, of: &str) -> Answer {
        match what {
            Queried::StoredMessage => {}
            Queried::StoredUids => return self.stored_uids(),
            Queried::Session => return self.query_session(of),
            Queried::Participants => return self.query_participants(of),
        }
        let Some(stored) = self.stored.iter().find(|s| s.handle == of) else { return Answer::UnknownHandle(of.to_owned()) };
        let sight = Sight::StoredMessage { message: of.to_owned(), uid: stored.uid.clone() };
        self.show(sight);
        Answer::Taken(std::collections::BTreeMap::default())
    }
}

fn uri(raw: &[u8], span: Span) -> String {
    NameAddr::parse(raw, span).uri.text(raw).into_owned()
}

/// The sender that an object names.
fn sender(raw: &[u8], cpim: &Cpim) -> String {
    cpim.all(raw, "From").next().map(|header| uri(raw, header.value)).unwrap_or_default()
}

/// What the sender of an object wants to learn.
fn asked(raw: &[u8], cpim: &Cpim) -> Option<Asked> {
    let value = |name: &str| cpim.all(raw, name).next().map(|header| header.value);
    let wanted = value("imdn.Disposition-Notification").map(|v| v.text(raw).into_owned()).unwrap_or_default();
    let wants = |word: &str| wanted.split(',').any(|w| w.split(';').next().unwrap_or_default().trim() == word);
    Some(Asked {
        message_id: value("imdn.Message-ID")?.text(raw).into_owned(),
        date_time: value("DateTime").map(|v| v.text(raw).into_owned()).unwrap_or_default(),
        delivery: wants("positive-delivery"),
        display: wants("display"),
        route: value("imdn.IMDN-Record-Route").map(|span| uri(raw, span)),
    })
}

/// The dispatch of CONV-7-rx-pager, with `systemmsg` (R-7-5): on the decoded element, among several.
fn for_pager_mode(request: &Message) -> bool {
    request.elements("Accept-Contact").into_iter().any(|span| {
        let value = Parametered::parse(&request.raw, span);
        let (found, _) = icsi::of_params(&request.raw, &value.params);
        found.iter().any(|icsi| ["msg", "deferred", "systemmsg"].iter().any(|f| icsi::covers(&icsi.urn, &format!("{ICSI}{f}"))))
    })
}
