//! What passes from one dialog to the other, and what each dialog has for itself (RFC 3261, 8.1.1 and 12; RFC 3325, 4).

use std::net::SocketAddr;

use crate::{
    role::build::Draft,
    trace::Transport,
    wire::{
        params::NameAddr,
        sip::{Message, long_name},
    },
};

/// Methods that the server takes as a B2BUA.
pub(super) const METHODS: &str = "INVITE, ACK, BYE, CANCEL, UPDATE, OPTIONS, REGISTER";

/// Header fields that belong to one dialog, one hop or one body, or that the server says for itself.
const OWN: [&str; 27] = [
    "Via",
    "From",
    "To",
    "Call-ID",
    "CSeq",
    "Max-Forwards",
    "Route",
    "Record-Route",
    "Path",
    "Contact",
    "Allow",
    "Supported",
    "Require",
    "Proxy-Require",
    "Session-Expires",
    "Min-SE",
    "RSeq",
    "RAck",
    "Content-Type",
    "Content-Length",
    "Content-Disposition",
    "Content-Encoding",
    "Authorization",
    "Proxy-Authorization",
    "WWW-Authenticate",
    "Proxy-Authenticate",
    "Timestamp",
];

/// The header fields that go on as they are, identities and privacy among them.
fn fields(message: &Message) -> impl Iterator<Item = (String, String)> + '_ {
    message.fields.iter().filter_map(|field| {
        let name = long_name(message.name_of(field));
        let stays = name.is_empty() || OWN.iter().any(|own| own.eq_ignore_ascii_case(name));
        (!stays).then(|| (name.to_owned(), message.unfolded(field.value).into_owned()))
    })
}

/// The draft with what passes of `message`.
pub(super) fn passed(draft: Draft, message: &Message) -> Draft {
    fields(message).fold(draft, |draft, (name, value)| draft.header(&name, &value))
}

/// The draft with what the server says of itself in place of the sender of `message`.
pub(super) fn presented(draft: Draft, message: &Message, own: SocketAddr, transport: Transport) -> Draft {
    draft.header("Contact", &contact(message, own, transport)).header("Allow", METHODS)
}

/// Own Contact: the server's address, with what the other end's Contact says of its abilities (RFC 3840, 9).
fn contact(message: &Message, own: SocketAddr, transport: Transport) -> String {
    let raw = &message.raw;
    let addr = message.elements("Contact").first().map(|span| NameAddr::parse(raw, *span));
    let params: String = addr
        .iter()
        .flat_map(|addr| &addr.params)
        .filter(|param| !["expires", "q"].contains(&&*param.name.text(raw).to_ascii_lowercase()))
        .map(|param| format!(";{}", param.span.text(raw)))
        .collect();
    let transport = if transport == Transport::Udp { String::new() } else { format!(";transport={transport}") };
    format!("<sip:im@{own}{transport}>{params}")
}

/// The value of From or To without its tag.
pub(super) fn untagged(message: &Message, name: &str) -> String {
    let Some(field) = message.first(name) else { return String::new() };
    let addr = NameAddr::parse(&message.raw, field.value);
    let mut value = message.unfolded(field.value).into_owned();
    if let Some(tag) = addr.param(&message.raw, "tag") {
        value = value.replacen(&format!(";{}", tag.span.text(&message.raw)), "", 1);
    }
    value
}
