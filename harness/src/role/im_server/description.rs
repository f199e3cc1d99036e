//! Session descriptions as they pass from one leg to the other: the same streams, but paths and addresses of the server
//! (RFC 3264, 8; RFC 4975, 8), and what the client was seen to take (IM-7.4.2.8, step 2).

use std::{collections::BTreeSet, net::SocketAddr};

use crate::{
    role::patch::Patch,
    wire::{
        Span,
        sdp::{Line, Media, Sdp, attributes},
    },
};

/// What the server has described on one leg: the identifier of the description, and how often it changed.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    number: u64,
    version: u64,
    /// All but the origin, as it was said last.
    said: Option<String>,
}

impl Origin {
    /// Nothing yet.
    pub fn new(number: u64) -> Self {
        Self { number, version: number, said: None }
    }

    /// `text`, whose origin is empty, under this origin; one version more if it differs from what was said before.
    fn of(&mut self, text: String, own: SocketAddr) -> String {
        if self.said.as_ref().is_some_and(|said| *said != text) {
            self.version += 1;
        }
        let origin = format!("o=- {} {} {}\r\n", self.number, self.version, address(own));
        let whole = text.replacen(ORIGIN, &origin, 1);
        self.said = Some(text);
        whole
    }
}

/// Stands for the origin.
const ORIGIN: &str = "o=?\r\n";

/// The description of one leg as it goes out on the other: `own` is where the server takes MSRP, `path` gives its URI for
/// a media section that is MSRP in the clear and not refused. Other sections keep their addresses.
pub(super) fn rewritten(body: &[u8], own: SocketAddr, origin: &mut Origin, mut path: impl FnMut(usize) -> String) -> String {
    let sdp = Sdp::parse(body, Span::all(body));
    let mut patch = Patch::default();
    let whole = sdp.session().iter().find(|line| line.kind == b'c').map(|line| line.line);
    for line in sdp.session() {
        match line.kind {
            b'o' => drop(patch.replace(line.line, ORIGIN)),
            b'c' => drop(patch.replace(line.value, address(own))),
            _ => {}
        }
    }
    for section in 0..sdp.media.len() {
        let lines = sdp.section(section);
        let Some(media) = sdp.media_line(body, section).filter(|media| media.port != Some(0)) else { continue };
        if !relayed(body, &media, lines) {
            // Its address was that of the session.
            if let Some(whole) = whole.filter(|_| !lines.iter().any(|line| line.kind == b'c')) {
                let at = lines.iter().take_while(|line| matches!(line.kind, b'm' | b'i')).last().map_or(media.span.to, |line| line.line.to);
                patch.replace(Span::new(at, at), whole.of(body));
            }
            continue;
        }
        patch.replace(media.port_text, own.port().to_string());
        for line in lines.iter().filter(|line| line.kind == b'c') {
            patch.replace(line.value, address(own));
        }
        if let Some(span) = attributes(body, lines, "path").next() {
            patch.replace(span, path(section));
        }
    }
    origin.of(String::from_utf8_lossy(&patch.apply(body)).into_owned(), own)
}

/// Whether the server takes the media of a section upon itself.
fn relayed(body: &[u8], media: &Media, lines: &[Line]) -> bool {
    media.kind.of(body) == b"message" && media.msrp(body) == Some(false) && attributes(body, lines, "path").next().is_some()
}

fn address(own: SocketAddr) -> String {
    format!("IN {} {}", if own.is_ipv4() { "IP4" } else { "IP6" }, own.ip())
}

/// One end of a stream that the server relays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Far {
    /// Its path, the next hop first.
    pub path: Vec<String>,
    /// Whether it waits to be connected to.
    pub passive: bool,
    /// Whether it takes messages at all.
    pub receives: bool,
    /// Media types that it takes; none said: all.
    pub types: Option<Vec<String>>,
    /// Most octets of a message that it takes.
    pub largest: Option<u64>,
}

/// The ends of all sections; `None`: refused, or none that the server relays.
pub(super) fn ends(body: &[u8]) -> Vec<Option<Far>> {
    let sdp = Sdp::parse(body, Span::all(body));
    let end = |section: usize| {
        let media = sdp.media_line(body, section).filter(|media| media.port != Some(0))?;
        let lines = sdp.section(section);
        let text = |name: &str| sdp.effective(body, section, name).map(|span| span.text(body).trim().to_owned());
        let direction = sdp.direction(body, section).0.name();
        relayed(body, &media, lines).then(|| Far {
            path: text("path").unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect(),
            passive: text("setup").as_deref() == Some("passive"),
            receives: matches!(direction, "sendrecv" | "recvonly"),
            types: text("accept-types").map(|types| list(&types)),
            largest: text("max-size").and_then(|size| size.parse().ok()),
        })
    };
    (0..sdp.media.len()).map(end).collect()
}

fn list(types: &str) -> Vec<String> {
    types.split_ascii_whitespace().map(str::to_ascii_lowercase).collect()
}

/// Whether a media type is among those of a list as in `accept-types` (RFC 4975, 8.6).
pub(super) fn among(types: &[String], kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    types
        .iter()
        .any(|t| t == "*" || *t == kind || t.strip_suffix('*').is_some_and(|family| family.ends_with('/') && kind.starts_with(family)))
}

/// What a client was seen to take, by its own descriptions.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken {
    /// Media and protocols: `message`, `TCP/MSRP`.
    media: BTreeSet<(String, String)>,
    /// Media types in messages; `None`: never said.
    types: Option<Vec<String>>,
}

impl Taken {
    /// Learns from an offer or answer of the client.
    pub fn learn(&mut self, body: &[u8]) {
        for (media, types) in sections(body) {
            self.media.insert(media);
            if let Some(types) = types {
                self.types.get_or_insert_default().extend(types);
            }
        }
    }

    /// Whether the client can take any stream of an offer. One without streams asks for nothing; of a client that never
    /// described anything nothing is known.
    pub fn accepts(&self, offer: &[u8]) -> bool {
        let sections = sections(offer);
        let fit = |offered: &[String]| {
            self.types.as_ref().is_none_or(|own| offered.iter().any(|t| t == "*" || among(own, t)) || own.iter().any(|t| among(offered, t)))
        };
        sections.is_empty()
            || self.media.is_empty()
            || sections.iter().any(|(media, types)| self.media.contains(media) && types.as_deref().is_none_or(fit))
    }
}

/// A section that is not refused: media and protocol, and the types that it takes, if it says so.
type Offered = ((String, String), Option<Vec<String>>);

/// The sections that are not refused.
fn sections(body: &[u8]) -> Vec<Offered> {
    let sdp = Sdp::parse(body, Span::all(body));
    let section = |section: usize| {
        let media = sdp.media_line(body, section).filter(|media| media.port != Some(0))?;
        let types = attributes(body, sdp.section(section), "accept-types").next().map(|span| list(&span.text(body)));
        Some(((media.kind.text(body).into_owned(), media.proto.text(body).into_owned()), types))
    };
    (0..sdp.media.len()).filter_map(section).collect()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n";
    const CHAT: &str =
        "m=message 2855 TCP/MSRP *\r\na=sendonly\r\na=accept-types:message/cpim text/*\r\na=path:msrp://192.0.2.9:2855/a;tcp\r\n";

    #[test]
    fn paths_and_addresses_become_those_of_the_server_and_all_else_stays() {
        let own = "192.0.2.1:2855".parse().unwrap();
        let mut origin = Origin::new(5);
        let offer = format!("{HEAD}{CHAT}m=audio 4000 RTP/AVP 0\r\n{}", CHAT.replace("2855", "0"));
        let path = |section| format!("msrp://192.0.2.1:2855/s{section};tcp");
        let made = rewritten(offer.as_bytes(), own, &mut origin, path);
        let head = "v=0\r\no=- 5 5 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n";
        let chat = CHAT.replace("msrp://192.0.2.9:2855/a;tcp", "msrp://192.0.2.1:2855/s0;tcp");
        assert_eq!(made, format!("{head}{chat}m=audio 4000 RTP/AVP 0\r\nc=IN IP4 192.0.2.9\r\n{}", CHAT.replace("2855", "0")));
        assert_eq!(rewritten(offer.as_bytes(), own, &mut origin, path), made);
        let changed = rewritten(offer.replace("sendonly", "inactive").as_bytes(), own, &mut origin, path);
        assert!(changed.contains("o=- 5 6 IN IP4 192.0.2.1\r\n"), "{changed}");
    }

    #[test]
    fn ends_are_read_of_what_is_relayed() {
        let offer = format!("{HEAD}a=setup:passive\r\n{CHAT}a=max-size:100\r\nm=audio 4000 RTP/AVP 0\r\n");
        let ends = ends(offer.as_bytes());
        let types = Some(vec!["message/cpim".to_owned(), "text/*".to_owned()]);
        let path = vec!["msrp://192.0.2.9:2855/a;tcp".to_owned()];
        assert_eq!(ends, [Some(Far { path, passive: true, receives: false, types, largest: Some(100) }), None]);
    }

    #[test]
    fn an_offer_is_acceptable_if_the_client_takes_one_of_its_streams() {
        let mut taken = Taken::default();
        let offer = |sections: &str| format!("{HEAD}{sections}");
        assert!(taken.accepts(offer("m=audio 4000 RTP/AVP 0\r\n").as_bytes()));
        taken.learn(offer(CHAT).as_bytes());
        for (sections, fine) in [
            (CHAT.to_owned(), true),
            (CHAT.replace("message/cpim text/*", "text/plain"), true),
            (CHAT.replace("message/cpim text/*", "*"), true),
            (CHAT.replace("a=accept-types:message/cpim text/*\r\n", ""), true),
            (CHAT.replace("message/cpim text/*", "application/x-conformance"), false),
            (CHAT.replace("TCP/MSRP", "TCP/TLS/MSRP"), false),
            ("m=audio 4000 RTP/AVP 0\r\n".to_owned(), false),
            (format!("m=audio 4000 RTP/AVP 0\r\n{CHAT}"), true),
            (CHAT.replace("2855 ", "0 "), true),
        ] {
            assert_eq!(taken.accepts(offer(&sections).as_bytes()), fine, "{sections}");
        }
    }
}
