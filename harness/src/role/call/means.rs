//! How a party reaches the others, and by which transport a request leaves (RFC 3261, 18.1.1).

use crate::{
    role::{Hop, patch::Patch},
    trace::Transport,
    wire::{Span, sip::Message},
};

/// Largest request that goes by UDP where nobody knows the path, octets (RFC 3261, 18.1.1).
pub const DATAGRAM: usize = 1300;

/// How a party reaches the others.
#[derive(Clone, Debug)]
pub struct Means {
    /// Own address; stands in Via.
    pub local: Hop,
    /// Where all requests go, those inside a dialog too.
    pub core: Hop,
    /// Largest request that goes by UDP, octets: [`DATAGRAM`], inside a network no matter what.
    pub datagram: usize,
    /// User name and password for Digest.
    pub credentials: (String, String),
    /// User-Agent of the requests made here.
    pub agent: Option<String>,
}

impl Means {
    /// Those of a party that is asked for no credentials and names no agent, such as a server.
    #[must_use]
    pub fn plain(local: Hop, core: Hop) -> Self {
        Self { local, core, datagram: DATAGRAM, credentials: Default::default(), agent: None }
    }

    /// The request as it leaves, and where it goes: a large one goes by TCP, and its Via says so. One that says so already, as the
    /// ACK that is sent again, goes the way that it went.
    #[must_use]
    pub fn leaving(&self, request: Message) -> (Message, Hop) {
        let tcp = Hop { transport: Transport::Tcp, ..self.core };
        if self.core.transport != Transport::Udp {
            return (request, self.core);
        }
        match by_tcp(&request) {
            Some(changed) if request.raw.len() > self.datagram => (changed, tcp),
            None => (request, tcp),
            Some(_) => (request, self.core),
        }
    }
}

/// The request with TCP in place of UDP in its topmost Via; `None`: there is no UDP.
#[must_use]
pub fn by_tcp(request: &Message) -> Option<Message> {
    const UDP: &[u8] = b"SIP/2.0/UDP";
    let via = request.elements("Via").first().copied()?;
    if !via.of(&request.raw).get(..UDP.len())?.eq_ignore_ascii_case(UDP) {
        return None;
    }
    let mut patch = Patch::default();
    patch.replace(Span::new(via.from, via.from + UDP.len()), "SIP/2.0/TCP");
    Some(Message::parse(patch.apply(&request.raw)))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn what_is_large_goes_by_tcp_and_says_so() {
        let hop = |transport| Hop::sip(transport, "192.0.2.1:5060".parse().unwrap());
        let request = |transport: &str, filler: usize| {
            let text =
                format!("BYE sip:a SIP/2.0\r\nVia: SIP/2.0/{transport} h;branch=z9hG4bK1\r\nSubject: {}\r\n\r\n", "x".repeat(filler));
            Message::parse(Bytes::from(text))
        };
        for (local, via, filler, transport) in [
            (Transport::Udp, "UDP", 10, Transport::Udp),
            (Transport::Udp, "UDP", 1300, Transport::Tcp),
            (Transport::Udp, "TCP", 10, Transport::Tcp),
            (Transport::Tls, "TLS", 1300, Transport::Tls),
        ] {
            let means = Means::plain(hop(local), hop(local));
            let (left, to) = means.leaving(request(via, filler));
            assert_eq!(to.transport, transport, "{via} {filler}");
            assert!(left.value("Via").unwrap().starts_with(&format!("SIP/2.0/{} ", transport.via())), "{via} {filler}");
        }
    }
}
