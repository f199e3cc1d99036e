//! Sending messages (CONV-7.2.1.1, CONV-7.2.1.3), those in pager mode whole: what goes out is worked out here, when it goes is the queue's.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    CpmClient,
    content::{self, Cpim},
    receiving::Stored,
    settings::{ICSI, encoded_icsi},
};
use crate::{
    role::{
        Hop,
        build::{self, Draft},
    },
    upper::{Answer, Conversation, Disposition, Reply, SendMessage, Sight, Status},
    wire::{sip::Message, uri},
};

/// Largest CPIM object for pager mode, octets (R-7.2.1.1-2).
pub const PAGER: usize = 1300;

/// A message on its way out.
#[derive(Clone, Debug, Default)]
pub(super) struct Letter {
    /// Handle that the user knows it by; a notification has none.
    pub handle: Option<String>,
    /// Request-URI and To.
    pub target: String,
    /// Members of an ad-hoc group.
    pub members: Vec<String>,
    pub conversation: String,
    pub in_reply_to: Option<String>,
    pub from: String,
    pub reply_to: Option<String>,
    pub anonymous: bool,
    pub expires: Option<u32>,
    pub cpim: Cpim,
    /// Whether it is too large for pager mode.
    pub large: bool,
}

/// What is to be wrapped.
pub(super) struct Content {
    kind: String,
    octets: Vec<u8>,
    anonymous: bool,
    wanted: Vec<Disposition>,
}

impl Content {
    pub fn new(kind: &str, octets: impl Into<Vec<u8>>) -> Self {
        Self { kind: kind.to_owned(), octets: octets.into(), anonymous: false, wanted: Vec::new() }
    }
}

impl CpmClient {
    pub(super) fn send_message(&mut self, now: Duration, wish: SendMessage) -> Answer {
        let members = if wish.to.len() > 1 { wish.to.clone() } else { Vec::new() };
        let Some(target) = (if members.is_empty() { wish.to.first().cloned() } else { Some(self.settings.controlling_function.clone()) })
        else {
            return Answer::Refused("no addressee".to_owned());
        };
        let conversation = match wish.conversation {
            Conversation::Same => self.conversations.get(&wish.to).cloned(),
            Conversation::New => None,
        }
        .unwrap_or_else(|| self.ids.uuid());
        self.conversations.insert(wish.to.clone(), conversation.clone());
        let content = match (&wish.text, wish.base64.as_deref().map(|b| STANDARD.decode(b))) {
            (_, Some(Ok(octets))) => octets,
            (_, Some(Err(_))) => return Answer::Refused("content is no base64".to_owned()),
            (text, None) => text.clone().unwrap_or_default().into_bytes(),
        };
        // RFC 5438, 12.1.1: who wants to stay unknown does not ask for notifications.
        let wanted = if wish.anonymous { Vec::new() } else { wish.imdn };
        let kind = wish.content_type.as_deref().unwrap_or("text/plain;charset=UTF-8");
        let content = Content { anonymous: wish.anonymous, wanted, ..Content::new(kind, content) };
        let from = wish.from.unwrap_or_else(|| self.settings.address().to_owned());
        let letter = Letter {
            target: target.clone(),
            members,
            conversation,
            reply_to: wish.reply_to,
            anonymous: wish.anonymous,
            expires: wish.expires,
            cpim: self.wrapped(now, &from, &target, content),
            from,
            ..Letter::default()
        };
        self.accept(now, letter)
    }

    pub(super) fn reply(&mut self, now: Duration, wish: Reply) -> Answer {
        let Some(original) = self.stored.iter().find(|s| s.handle == wish.message).cloned() else {
            return Answer::UnknownHandle(wish.message);
        };
        let derived = wish.to.unwrap_or_else(|| original.reply_address().to_owned());
        let (target, members) = if wish.members.is_empty() {
            (derived, Vec::new())
        } else {
            let mut members = wish.members;
            if !members.iter().any(|m| uri::same(m, &derived)) {
                members.push(derived);
            }
            (self.settings.controlling_function.clone(), members)
        };
        let from = self.settings.address().to_owned();
        let letter = Letter {
            members,
            conversation: original.conversation.clone().unwrap_or_else(|| self.ids.uuid()),
            in_reply_to: original.contribution,
            cpim: self.wrapped(now, &from, &target, Content::new("text/plain;charset=UTF-8", wish.text)),
            target,
            from,
            ..Letter::default()
        };
        self.accept(now, letter)
    }

    /// Sends a disposition notification about `original` (RFC 5438, 7.2.1): `kind` is `delivery` or `display`.
    pub(super) fn notify(&mut self, now: Duration, original: &Stored, kind: &str, status: &str) {
        let Some(asked) = &original.imdn else { return };
        let document = content::imdn(&asked.message_id, &asked.date_time, kind, status);
        let from = self.settings.address().to_owned();
        let target = asked.route.clone().unwrap_or_else(|| original.reply_address().to_owned());
        let mut cpim = self.wrapped(now, &from, &original.sender, Content::new("message/imdn+xml", document));
        cpim.imdn = Some((self.ids.token(), Vec::new()));
        cpim.disposition = Some("notification");
        // A session that stands carries what is about its messages (RFC 5438, 12.3).
        if let Some(session) = &original.session
            && self.write(now, session, cpim.clone(), None).is_ok()
        {
            return;
        }
        let letter = Letter {
            target,
            conversation: original.conversation.clone().unwrap_or_else(|| self.ids.uuid()),
            in_reply_to: original.contribution.clone(),
            cpim,
            from,
            ..Letter::default()
        };
        self.queue.push_back(letter);
        self.pump(now);
    }

    /// `content` with its type, wrapped for a message from `from` to `to`; its disposition requests get a Message-ID.
    pub(super) fn wrapped(&mut self, now: Duration, from: &str, to: &str, content: Content) -> Cpim {
        // R-7.2.1.3-2: the CPIM From of an anonymous message names nobody.
        let from = if content.anonymous { "sip:anonymous@anonymous.invalid" } else { from };
        let imdn = if content.wanted.is_empty() { None } else { Some((self.ids.token(), content.wanted)) };
        Cpim {
            from: from.to_owned(),
            to: to.to_owned(),
            date_time: self.date_time(now),
            imdn,
            content_type: content.kind,
            disposition: None,
            content: content.octets,
        }
    }

    pub(super) fn accept(&mut self, now: Duration, mut letter: Letter) -> Answer {
        letter.large = letter.cpim.octets().len() > PAGER;
        let handle = self.handle("out");
        letter.handle = Some(handle.clone());
        if let Some((id, _)) = &letter.cpim.imdn {
            self.notified.insert(id.clone(), handle.clone());
        }
        self.queue.push_back(letter);
        self.pump(now);
        Answer::Taken(BTreeMap::from([("message".to_owned(), handle)]))
    }

    /// Sends what may go: only while registered (CONV-7-registerfirst), one message a target at a time (RFC 3428, 8).
    pub(super) fn pump(&mut self, now: Duration) {
        if !self.may_send() {
            return;
        }
        self.invite_waiting(now);
        let Some(hop) = self.core() else { return };
        let mut held = std::mem::take(&mut self.queue);
        while let Some(letter) = held.pop_front() {
            if letter.large {
                self.send_large(now, letter);
                continue;
            }
            if self.outstanding.values().any(|(target, _)| uri::same(target, &letter.target)) {
                self.queue.push_back(letter);
                continue;
            }
            let branch = format!("z9hG4bK{}", self.ids.token());
            let message = Message::parse(self.message(now, &letter, hop, &branch));
            let (message, hop) = self.means().leaving(message);
            let id = self.transactions.request(now, hop, &branch, "MESSAGE", message.raw);
            self.outstanding.insert(id, (letter.target.clone(), letter.handle.clone()));
        }
    }

    /// The request of CONV-7.2.1.1 for `letter`.
    fn message(&mut self, now: Duration, letter: &Letter, hop: Hop, branch: &str) -> bytes::Bytes {
        let local = Hop::sip(hop.transport, self.local);
        let from =
            if letter.anonymous { "\"Anonymous\" <sip:anonymous@anonymous.invalid>".to_owned() } else { format!("<{}>", letter.from) };
        let cpim = letter.cpim.octets();
        let (content_type, body) = if letter.members.is_empty() {
            ("message/cpim".to_owned(), cpim)
        } else {
            content::with_recipients(&self.ids.token(), "message/cpim", &cpim, &letter.members)
        };
        let mut draft = Draft::request("MESSAGE", &letter.target).header("Via", &build::via(local, branch)).header("Max-Forwards", "70");
        if !self.registration.service_route.is_empty() {
            draft = draft.header("Route", &self.registration.service_route.join(", "));
        }
        draft
            .header("From", &format!("{from};tag={}", self.ids.token()))
            .header("To", &format!("<{}>", letter.target))
            .header("Call-ID", &self.ids.token())
            .header("CSeq", "1 MESSAGE")
            .header("P-Preferred-Identity", &format!("<{}>", letter.from))
            .header("Accept-Contact", &format!("*;+g.3gpp.icsi-ref=\"{}\"", encoded_icsi("msg")))
            .header("P-Preferred-Service", &format!("{ICSI}msg"))
            .header("User-Agent", &self.settings.product())
            .header("Conversation-ID", &letter.conversation)
            .header("Contribution-ID", &self.ids.uuid())
            .maybe("InReplyTo-Contribution-ID", letter.in_reply_to.as_deref())
            .maybe("Reply-To", letter.reply_to.as_ref().map(|r| format!("<{r}>")).as_deref())
            .maybe("Privacy", letter.anonymous.then_some("id"))
            .maybe("Expires", letter.expires.map(|e| e.to_string()).as_deref())
            .maybe("Date", letter.expires.map(|_| self.http_date(now)).as_deref())
            .maybe("Require", (!letter.members.is_empty()).then_some("recipient-list-message"))
            .body(&content_type, body)
            .finish()
    }

    /// The user learns that a message was not sent.
    pub(super) fn failed(&mut self, message: &str) {
        self.show(Sight::MessageStatus { message: message.to_owned(), status: Status::Failed, recipient: None });
    }

    /// The MESSAGE with number `id` was answered, or given up: the user learns it, and the next one may go.
    pub(super) fn delivered(&mut self, now: Duration, id: u64, taken: bool) {
        if let Some((_, handle)) = self.outstanding.remove(&id) {
            if let Some(message) = handle {
                let status = if taken { Status::Sent } else { Status::Failed };
                self.show(Sight::MessageStatus { message, status, recipient: None });
            }
            self.pump(now);
        }
    }
}
