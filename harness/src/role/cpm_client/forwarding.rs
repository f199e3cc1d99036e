//! Sending a reference to data in the message store instead of the data (CONV-7.2.1.4).

use std::time::Duration;

use super::{
    CpmClient,
    sending::{Content, Letter},
};
use crate::upper::{Answer, ForwardStored};

/// How long the message store keeps what a URL names: so long the URL is said to be good (RFC 4483, 5.7).
const VALID: Duration = Duration::from_secs(30 * 24 * 3600);

impl CpmClient {
    /// `forward-stored`: the URL comes from the message store client, here the setting `stored-objects`.
    pub(super) fn forward_stored(&mut self, now: Duration, wish: ForwardStored) -> Answer {
        let Some((_, url)) = self.settings.stored_objects.iter().find(|(name, _)| *name == wish.object).cloned() else {
            return Answer::UnknownHandle(wish.object);
        };
        let members = if wish.to.len() > 1 { wish.to.clone() } else { Vec::new() };
        let target = if members.is_empty() { wish.to.first().cloned() } else { Some(self.settings.controlling_function.clone()) };
        let Some(target) = target else { return Answer::Refused("no addressee".to_owned()) };
        let conversation = self.ids.uuid();
        self.conversations.insert(wish.to, conversation.clone());
        let content_id = self.ids.token();
        let (kind, entity) = reference(&url, &content_id, &self.http_date(now + VALID));
        let content = match wish.text {
            None => Content::new(&kind, entity),
            Some(text) => {
                let boundary = self.ids.token();
                Content::new(&format!("multipart/mixed;boundary={boundary}"), mixed(&boundary, &text, &kind, &entity))
            }
        };
        let from = self.settings.address().to_owned();
        let letter = Letter { cpim: self.wrapped(now, &from, &target, content), target, members, conversation, from, ..Letter::default() };
        self.accept(now, letter)
    }
}

/// Media type and octets of an entity that refers to `url` (RFC 2046, 5.2.3; RFC 2017, 3; RFC 4483, 5): what follows is the
/// phantom header of the data, of which the client knows no type.
fn reference(url: &str, content_id: &str, expires: &str) -> (String, String) {
    let action = if url.contains('?') { "&action=fetch" } else { "?action=fetch" };
    (
        format!("message/external-body; access-type=URL; expiration=\"{expires}\"; URL=\"{url}{action}\""),
        format!(
            "Content-Type: application/octet-stream\r\nContent-ID: <{content_id}@cpmspec.invalid>\r\nContent-Disposition: attachment\r\n\r\n"
        ),
    )
}

/// Text and reference as one multipart/mixed (CONV-7.2.1.4-2-multipart).
fn mixed(boundary: &str, text: &str, kind: &str, entity: &str) -> String {
    format!(
        "--{boundary}\r\nContent-Type: text/plain;charset=UTF-8\r\n\r\n{text}\r\n--{boundary}\r\nContent-Type: {kind}\r\n\r\n{entity}\r\n--{boundary}--\r\n"
    )
}
