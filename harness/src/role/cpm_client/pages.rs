//! Presenting what a message holds, and content that lies elsewhere (CONV-7.2.2.3-1, -2; RFC 2046, 5.2.3; RFC 4483).
//!
//! What an `http` URL leads to is fetched unless it expired; the rest is offered to the user by its URL.

use std::{collections::VecDeque, net::SocketAddr, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{CpmClient, receiving::Stored};
use crate::{
    role::{Hop, Input, Output},
    trace::{Protocol, Transport},
    upper::{ReceivedMessage, Sight},
    wire::{
        Span,
        mime::{ContentType, Multipart, Part},
        params::Parametered,
    },
};

mod http;

/// Most pages that are fetched at once; beyond, they are offered instead.
const MOST: usize = 32;

/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Pages under way.
#[derive(Debug, Default)]
pub(super) struct Pages {
    fetches: Vec<Fetch>,
    waiting: VecDeque<Fetch>,
    out: VecDeque<Output>,
}

/// A page under way, and how it is shown once it is there.
#[derive(Debug)]
struct Fetch {
    hop: Hop,
    request: Vec<u8>,
    received: Vec<u8>,
    until: Duration,
    url: String,
    /// What is shown but for the content.
    sight: ReceivedMessage,
}

/// A message or a part of one: its type, its disposition, its octets without transfer encoding.
#[derive(Debug)]
pub(super) struct Piece {
    pub content_type: Option<String>,
    pub disposition: Option<String>,
    pub content: Vec<u8>,
}

impl Pages {
    fn begin(&mut self, fetch: Fetch) {
        if self.fetches.iter().any(|other| other.hop == fetch.hop) {
            // One page at a time over the connection to a server.
            self.waiting.push_back(fetch);
            return;
        }
        self.out.push_back(Output::Connect { hop: fetch.hop, fingerprint: None });
        self.ask(fetch);
    }

    fn ask(&mut self, fetch: Fetch) {
        self.out.push_back(Output::Transmit { hop: fetch.hop, bytes: fetch.request.clone().into() });
        self.fetches.push(fetch);
    }

    /// A page is over. The next one of that server is asked for, over the same connection if that `stays`.
    fn end(&mut self, at: usize, stays: bool) -> Fetch {
        let fetch = self.fetches.remove(at);
        let next = self.waiting.iter().position(|next| next.hop == fetch.hop).and_then(|at| self.waiting.remove(at));
        match next {
            Some(next) if stays => self.ask(next),
            next => {
                self.out.push_back(Output::Close { hop: fetch.hop });
                next.into_iter().for_each(|next| self.begin(next));
            }
        }
        fetch
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When the first page is given up.
    pub fn deadline(&self) -> Option<Duration> {
        self.fetches.iter().chain(&self.waiting).map(|fetch| fetch.until).min()
    }

    /// Whether nothing is under way.
    pub fn idle(&self) -> bool {
        self.fetches.is_empty() && self.out.is_empty()
    }

    /// Forgets all pages and closes their connections.
    pub fn clear(&mut self) {
        self.waiting.clear();
        while !self.fetches.is_empty() {
            self.end(0, false);
        }
    }
}

impl CpmClient {
    /// Shows what a message holds. Of a multipart/mixed with references in it each part is shown, others are one content.
    pub(super) fn present(&mut self, now: Duration, stored: &Stored, time: Option<String>, whole: Piece) {
        let sight = ReceivedMessage {
            message: stored.handle.clone(),
            from: (!stored.hidden).then(|| stored.asserted.first().unwrap_or(&stored.sender).clone()),
            time,
            conversation: stored.conversation.clone(),
            session: stored.session.clone(),
            ..ReceivedMessage::default()
        };
        for piece in pieces(whole) {
            self.present_piece(now, sight.clone(), piece);
        }
    }

    fn present_piece(&mut self, now: Duration, sight: ReceivedMessage, piece: Piece) {
        let text = piece.content_type.as_deref().unwrap_or("text/plain").as_bytes();
        let kind = ContentType::parse(text, Span::all(text));
        let name = kind.kind.text(text).to_ascii_lowercase();
        let mut sight = ReceivedMessage { content_type: Some(name), ..sight };
        if let Some(disposition) = &piece.disposition {
            (sight.disposition, sight.name) = presentation(disposition);
        } else {
            sight.disposition = Some("inline".to_owned());
        }
        if kind.is(text, "message/external-body") {
            self.refer(now, sight, text, &kind, &piece.content);
        } else {
            self.show_content(sight, piece.content);
        }
    }

    fn show_content(&mut self, mut sight: ReceivedMessage, content: Vec<u8>) {
        let is_text = sight.content_type.as_ref().is_some_and(|kind| kind.starts_with("text/"));
        match String::from_utf8(content) {
            Ok(text) if is_text => sight.text = Some(text),
            Ok(text) => sight.base64 = Some(STANDARD.encode(text)),
            Err(error) => sight.base64 = Some(STANDARD.encode(error.as_bytes())),
        }
        self.show(Sight::MessageReceived(sight));
    }

    /// A reference: fetched if that can be done, else offered.
    fn refer(&mut self, now: Duration, sight: ReceivedMessage, raw: &[u8], kind: &ContentType, phantom: &[u8]) {
        let value = |name: &str| Some(kind.param(raw, name)?.value?.text(raw).into_owned());
        // RFC 2017, 3: blanks and line breaks in the URL mean nothing.
        let url: String = value("URL").unwrap_or_default().split_whitespace().collect();
        let by_url = value("access-type").is_some_and(|access| access.eq_ignore_ascii_case("URL"));
        let expired = value("expiration").is_some_and(|date| self.is_over(now, &date));
        let target = http::target(&url).filter(|_| by_url && !expired && self.pages.fetches.len() + self.pages.waiting.len() < MOST);
        let Some((host, path)) = target else {
            return self.show(Sight::ContentIndirect { message: sight.message, url });
        };
        let Some(address) = resolve(host) else { return self.show(Sight::ContentIndirect { message: sight.message, url }) };
        let inner = http::field(phantom, "Content-Type").unwrap_or_else(|| "text/plain".to_owned());
        let content_type = inner.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        self.pages.begin(Fetch {
            hop: Hop::over(Protocol::Http, Transport::Tcp, address),
            request: http::request(host, path, &self.settings.product()),
            received: Vec::new(),
            until: now + PATIENCE,
            url,
            sight: ReceivedMessage { content_type: Some(content_type), ..sight },
        });
    }

    /// Whether a date of RFC 5322 has passed; one that cannot be read has not.
    fn is_over(&self, now: Duration, date: &str) -> bool {
        let second = self.epoch + i64::try_from(now.as_secs()).unwrap_or_default();
        jiff::fmt::rfc2822::parse(date).is_ok_and(|date| date.timestamp().as_second() <= second)
    }

    /// What a content server said, or that its connection is gone.
    pub(super) fn page_came(&mut self, input: Input) {
        let (hop, bytes) = match input {
            Input::Bytes { hop, bytes } => (hop, Some(bytes)),
            Input::Closed { hop } => (hop, None),
            _ => return,
        };
        let Some(at) = self.pages.fetches.iter().position(|fetch| fetch.hop.address == hop.address) else { return };
        let fetch = &mut self.pages.fetches[at];
        fetch.received.extend_from_slice(bytes.as_deref().unwrap_or_default());
        match http::content(&fetch.received, bytes.is_none()) {
            http::Page::Partial => {}
            http::Page::Whole { content, stays } => {
                let fetch = self.pages.end(at, stays);
                self.show_content(fetch.sight, content);
            }
            http::Page::Failed => self.page_failed(at),
        }
    }

    fn page_failed(&mut self, at: usize) {
        let Fetch { sight, url, .. } = self.pages.end(at, false);
        self.show(Sight::ContentIndirect { message: sight.message, url });
    }

    /// Gives up what takes too long.
    pub(super) fn pages_due(&mut self, now: Duration) {
        while let Some(at) = self.pages.fetches.iter().position(|fetch| fetch.until <= now) {
            self.page_failed(at);
        }
    }
}

/// The parts of a multipart that has references in it; everything else is one piece.
fn pieces(whole: Piece) -> Vec<Piece> {
    let text = whole.content_type.as_deref().unwrap_or_default().as_bytes();
    let kind = ContentType::parse(text, Span::all(text));
    let raw = &whole.content;
    let boundary = kind.boundary(text).filter(|_| kind.is_type(text, "multipart"));
    let parts = boundary.map(|boundary| Multipart::parse(raw, Span::all(raw), &boundary).parts).unwrap_or_default();
    let refers = |part: &Part| part.content_type(raw).is_some_and(|kind| kind.is(raw, "message/external-body"));
    if !parts.iter().any(refers) {
        return vec![whole];
    }
    let value = |part: &Part, name| part.header(raw, name).map(|span| span.text(raw).into_owned());
    let piece = |part: &Part| {
        let encoding = value(part, "Content-Transfer-Encoding");
        let octets = part.body.of(raw);
        let content = crate::wire::mime::undo_transfer_encoding(encoding.as_deref(), octets);
        Piece {
            content_type: value(part, "Content-Type"),
            disposition: value(part, "Content-Disposition"),
            content: content.map_or_else(|_| octets.to_vec(), std::borrow::Cow::into_owned),
        }
    };
    parts.iter().map(piece).collect()
}

/// How a disposition has something shown (RFC 2183, 2.8: what is not known is an attachment), and its file name.
fn presentation(disposition: &str) -> (Option<String>, Option<String>) {
    let raw = disposition.as_bytes();
    let value = Parametered::parse(raw, Span::all(raw));
    let inline = matches!(value.head.text(raw).to_ascii_lowercase().as_str(), "inline" | "render");
    let name = value.param(raw, "filename").and_then(|p| p.value).map(|v| v.text(raw).into_owned());
    (Some(if inline { "inline" } else { "attachment" }.to_owned()), name)
}

/// The address of `host` or `host:port`, as far as it is one: names are not looked up.
fn resolve(host: &str) -> Option<SocketAddr> {
    let with_port = host.parse().ok();
    with_port.or_else(|| host.parse::<std::net::IpAddr>().ok().map(|ip| SocketAddr::new(ip, 80)))
}
