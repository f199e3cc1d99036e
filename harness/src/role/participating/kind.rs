//! What a fake stands for towards the SUT, and what it says of itself accordingly.

use std::net::{IpAddr, SocketAddr};

use super::{METHODS, group::sid};
use crate::role::build::Draft;

/// What a fake stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// The participating function of a user or service, for large messages: it leaves a session once all was taken.
    #[default]
    Function,
    /// The other user of a 1-1 session, who stays in it.
    Peer,
    /// The focus of group sessions, which stays in them and notifies who takes part (RFC 4579, RFC 4575).
    Focus,
}

/// Feature tag of CPM sessions as it stands in Contact.
const FEATURE: &str = "+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.session\"";

/// Instance of the device of a fake (RFC 5626, 4.1): each has one of its own.
fn instance(inner: SocketAddr) -> String {
    let last = match inner.ip() {
        IpAddr::V4(ip) => ip.octets()[3],
        IpAddr::V6(ip) => ip.octets()[15],
    };
    format!("urn:uuid:f81d4fae-7dec-41d0-a765-00a0c91e6b{last:02x}")
}

impl Kind {
    /// Whether it stays in a session until somebody says otherwise.
    pub(super) fn stays(self) -> bool {
        self != Self::Function
    }

    /// The draft with what begins or accepts a session says of its sender, whose Contact is `uri`, at `inner`. A peer that has no GRUU
    /// names its instance.
    pub(super) fn capable(self, draft: Draft, uri: &str, inner: SocketAddr) -> Draft {
        match self {
            Self::Function => draft.header("Contact", &format!("<{uri}>")).header("Allow", METHODS).header("Supported", "timer"),
            Self::Peer => {
                let device = if uri.contains(";gr") { String::new() } else { format!(";+sip.instance=\"<{}>\"", instance(inner)) };
                let contact = format!("<{uri}>{device};{FEATURE}");
                draft.header("Contact", &contact).header("Allow", METHODS).header("Supported", "timer, gruu")
            }
            Self::Focus => draft
                .header("Contact", &format!("<{uri}>;isfocus;{FEATURE}"))
                .header("Allow", METHODS)
                .header("Supported", "timer, multiple-refer, norefersub"),
        }
    }
}

/// Whether an address is that of one device of a user (RFC 5627, 3).
pub(super) fn is_device(uri: &str) -> bool {
    uri.contains(";gr=")
}

/// The address of the user whose device it is; else the address itself.
#[must_use]
pub(super) fn of_user(uri: &str) -> &str {
    uri.split(";gr=").next().unwrap_or(uri)
}

/// Contact URI of a fake with address `uri` that sits at `inner`: nobody's address. That of a focus is the identity of its group
/// first group session. With `gruu` it names a device (RFC 5627, 3): the peer's address of record with an instance, the focus's host itself.
#[must_use]
pub fn contact(kind: Kind, uri: &str, inner: SocketAddr, gruu: bool) -> String {
    let user = uri.split_once(':').map_or("", |(_, rest)| rest).split('@').next().unwrap_or_default().trim_start_matches('+');
    match kind {
        _ if is_device(uri) => uri.to_owned(),
        Kind::Function => format!("sip:{user}-pf@{inner}"),
        Kind::Peer if gruu => format!("{uri};gr={}", instance(inner)),
        Kind::Peer => format!("sip:{user}-device@{inner}"),
        Kind::Focus => format!("sip:conf-{user}@{inner};sid={}{}", sid(0), if gruu { ";gr" } else { "" }),
    }
}
