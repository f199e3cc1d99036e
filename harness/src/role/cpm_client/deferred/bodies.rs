//! The bodies that the network tells of deferred messages in; fixtures of the suite (R-7.2.3.1-4).

use super::{Expired, MOST};
use crate::{
    role::cpm_client::settings::ICSI,
    upper::{DeferredEntry, Outcome},
    wire::{Span, icsi, lists::List, params::Parametered, sip::Message},
};

/// Media type of a notification of expiry.
const EXPIRY: &str = "text/x-cpm-expiry";

/// Mailbox where expired messages lie unless their notification names another.
const INBOX: &str = "INBOX";

/// What a system message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// So many messages were deferred.
    Deferred(u32),
    /// Messages expired.
    Expired(Expired),
}

/// The messages of a resource list (RFC 4826), each once: the identifier is the URI, the kind its display name; who sent it
/// may stand behind the kind, after `from`.
pub(super) fn listed(body: &[u8]) -> Vec<DeferredEntry> {
    let mut entries: Vec<DeferredEntry> = Vec::new();
    for entry in List::parse(body, Span::all(body)).entries.into_iter().take(MOST) {
        let (kind, from) = match entry.name.as_deref().map(|name| name.split_once(" from ").ok_or(name)) {
            None | Some(Err("")) => (None, None),
            Some(Err(kind)) => (Some(kind.to_owned()), None),
            Some(Ok((kind, from))) => (Some(kind.to_owned()), Some(from.trim().to_owned())),
        };
        if !entries.iter().any(|known| known.message == entry.uri) {
            entries.push(DeferredEntry { message: entry.uri, from, kind });
        }
    }
    entries
}

/// What the content of a system message says, by its lines `name: values`; `None`: nothing of deferred messages.
pub(super) fn news(kind: &str, content: &[u8]) -> Option<News> {
    let text = String::from_utf8_lossy(content);
    let value = |wanted: &str| {
        let named = |line: &str| line.split_once(':').filter(|(name, _)| name.trim() == wanted).map(|(_, value)| value.trim().to_owned());
        text.lines().take(MOST).find_map(named)
    };
    if kind != EXPIRY {
        return value("deferred")?.parse().ok().map(News::Deferred);
    }
    let words = |name| value(name).unwrap_or_default().split_whitespace().take(MOST).map(str::to_owned).collect::<Vec<_>>();
    let outcome = match value("outcome")?.as_str() {
        "discarded" => Outcome::Discarded,
        "stored" => Outcome::Stored,
        _ => return None,
    };
    let uids = words("uids").iter().filter_map(|uid| uid.parse().ok().filter(|uid| *uid > 0)).collect();
    Some(News::Expired(Expired { outcome, messages: words("messages"), uids, folder: value("folder").unwrap_or_else(|| INBOX.to_owned()) }))
}

/// Whether a request is a system message and nothing else (R-7-5): all CPM features in its Accept-Contact are `systemmsg`.
pub(in super::super) fn is_system(request: &Message) -> bool {
    let mut found = request.elements("Accept-Contact").into_iter().flat_map(|span| {
        let value = Parametered::parse(&request.raw, span);
        icsi::of_params(&request.raw, &value.params).0
    });
    let mut some = false;
    let system = format!("{ICSI}systemmsg");
    found.all(|icsi| {
        some = true;
        icsi::covers(&icsi.urn, &system)
    }) && some
}
