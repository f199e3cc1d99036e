//! What is kept for the served user until it is delivered, and how it is put into one MSRP message (CPM 1.0, 8.3.2.4.3).

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use memchr::memmem;

use crate::{
    role::ids::Ids,
    wire::sip::{Message, long_name},
};

/// Most messages that are kept; beyond, none is taken.
const MOST: usize = 1000;

/// Most octets of content that are kept.
const OCTETS: usize = 64 << 20;

/// Header fields that belong to one hop, or to a body that is elsewhere; they are not kept.
const HOPS: [&str; 7] = ["via", "route", "record-route", "max-forwards", "content-length", "authorization", "proxy-authorization"];

/// Header fields that tell who an anonymous sender is (RFC 3325, 9.3).
const IDENTITIES: [&str; 2] = ["p-asserted-identity", "p-preferred-identity"];

/// One deferred message.
#[derive(Clone, Debug)]
pub(super) struct Deferred {
    /// Its identifier, a URI.
    pub id: String,
    /// The served user.
    pub user: String,
    /// The only device that it is for.
    pub device: Option<String>,
    /// Conversation-ID of the group that it was said in.
    pub group: Option<String>,
    /// The MESSAGE or INVITE that it came by.
    pub request: Arc<Message>,
    /// Start line and header fields of its first SEND, if it came over MSRP.
    pub send: Option<Bytes>,
    /// Content-Type.
    pub content_type: String,
    /// The content.
    pub content: Bytes,
    /// When it was taken, seconds since 1970.
    pub taken: i64,
    /// When nobody wants it any more.
    pub until: Option<Duration>,
}

impl Deferred {
    /// All of it as `multipart/mixed`: header fields of SIP, those of MSRP if there are any, content; gives the Content-Type and
    /// the octets.
    pub fn encapsulated(&self, ids: &mut Ids) -> (String, Vec<u8>) {
        let fragment = self.fragment();
        let mut boundary = ids.token();
        let holds = |octets: &[u8], text: &str| memmem::find(octets, text.as_bytes()).is_some();
        for _ in 0..8 {
            if !holds(&self.content, &boundary) && !holds(&fragment, &boundary) {
                break;
            }
            boundary = ids.token();
        }
        let mut out = Vec::with_capacity(self.content.len() + fragment.len() + 1024);
        let mut part = |head: &str, octets: &[u8]| {
            out.extend_from_slice(format!("--{boundary}\r\n{head}\r\n\r\n").as_bytes());
            out.extend_from_slice(octets);
            out.extend_from_slice(b"\r\n");
        };
        part("Content-Type: message/sipfrag", &fragment);
        if let Some(send) = &self.send {
            part("Content-Type: message/msrpfrag", send);
        }
        let coding = if self.content.is_ascii() { "" } else { "\r\nContent-Transfer-Encoding: binary" };
        part(&format!("Content-Type: {}{coding}", self.content_type), &self.content);
        out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        (format!("multipart/mixed;boundary={boundary}"), out)
    }

    /// Start line and kept header fields of the request, and the time of its receipt where it names none (RFC 3420, 2).
    fn fragment(&self) -> Vec<u8> {
        let request = &self.request;
        let mut out = request.start_span().of(&request.raw).to_vec();
        out.extend_from_slice(b"\r\n");
        for field in request.fields.iter().filter(|field| self.keeps(request.name_of(field))) {
            out.extend_from_slice(field.line.of(&request.raw));
        }
        if request.value("Date").is_none() {
            out.extend_from_slice(format!("Date: {}\r\n", self.date()).as_bytes());
        }
        out
    }

    fn keeps(&self, name: &str) -> bool {
        let name = long_name(name).to_ascii_lowercase();
        let anonymous = self.request.value("Privacy").is_some_and(|value| value.split(';').any(|token| token.trim() == "id"));
        !(HOPS.contains(&name.as_str()) || anonymous && IDENTITIES.contains(&name.as_str()))
    }

    /// When it was taken, as a Date (RFC 3261, 20.17).
    fn date(&self) -> String {
        jiff::Timestamp::from_second(self.taken).unwrap_or_default().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// What the history keeps of it: an object with the header fields that say where it belongs, and the content.
    pub fn object(&self) -> Vec<u8> {
        let mut head = String::new();
        for name in ["From", "To", "Conversation-ID", "Contribution-ID", "InReplyTo-Contribution-ID"] {
            if let Some(value) = self.request.value(name) {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        head.push_str(&format!("Date: {}\r\nContent-Type: {}\r\n\r\n", self.date(), self.content_type));
        let mut object = head.into_bytes();
        object.extend_from_slice(&self.content);
        object
    }
}

/// All that is kept.
#[derive(Debug, Default)]
pub(super) struct Store {
    kept: Vec<Deferred>,
    last: u64,
    news: bool,
}

impl Store {
    /// Keeps a message under a new identifier of `home`; `false`: there is no room.
    pub fn keep(&mut self, home: &str, mut message: Deferred) -> bool {
        let octets: usize = self.kept.iter().map(|kept| kept.content.len()).sum();
        if self.kept.len() >= MOST || octets + message.content.len() > OCTETS {
            return false;
        }
        self.last += 1;
        message.id = format!("sip:m{}@deferred.{home}", self.last);
        self.kept.push(message);
        self.news = true;
        true
    }

    /// What there is for a device of the user; `None`: for any of hers.
    pub fn of<'a>(&'a self, user: &'a str, device: Option<&'a str>) -> impl Iterator<Item = &'a Deferred> {
        self.kept.iter().filter(move |kept| {
            kept.user == user && kept.device.as_deref().is_none_or(|own| device.is_none_or(|device| crate::wire::uri::same(own, device)))
        })
    }

    /// The message with this identifier.
    pub fn find(&self, id: &str) -> Option<&Deferred> {
        self.kept.iter().find(|kept| kept.id == id)
    }

    /// Takes a message out.
    pub fn remove(&mut self, id: &str) -> Option<Deferred> {
        let at = self.kept.iter().position(|kept| kept.id == id)?;
        self.news = true;
        Some(self.kept.remove(at))
    }

    /// Whether something came or went since this was asked last.
    pub fn took_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    /// Throws away what nobody wants any more.
    pub fn expire(&mut self, now: Duration) {
        let before = self.kept.len();
        self.kept.retain(|kept| kept.until.is_none_or(|until| until > now));
        self.news |= self.kept.len() != before;
    }

    /// When the next message expires.
    pub fn deadline(&self) -> Option<Duration> {
        self.kept.iter().filter_map(|kept| kept.until).min()
    }

    /// Forgets all; identifiers begin anew.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}
