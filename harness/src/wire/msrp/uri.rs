//! MSRP URIs (RFC 4975, 6) and lists of them, as To-Path, From-Path and `a=path` have them.

use crate::wire::span::{Faults, Malformation, Span};

/// An MSRP URI; its ranges are absolute in the bytes that it was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MsrpUri {
    /// `msrp` or `msrps`, as spelled.
    pub scheme: Span,
    /// What stands in front of `@`, if anything does.
    pub user: Option<Span>,
    /// Host name or address; an IPv6 address without its brackets.
    pub host: Span,
    /// The port, if one is given and is one.
    pub port: Option<u16>,
    /// The session identifier; empty where none is given.
    pub session: Span,
    /// The transport, `tcp`; empty where none is given.
    pub transport: Span,
    /// What breaks the grammar.
    pub malformations: Vec<Malformation>,
}

impl MsrpUri {
    /// Reads one URI.
    #[must_use]
    pub fn parse(raw: &[u8], within: Span) -> Self {
        let mut faults = Faults::default();
        let mut this = Self::default();
        let text = within.of(raw);
        let scheme = text.windows(3).position(|w| w == b"://").unwrap_or(0);
        this.scheme = Span::new(within.from, within.from + scheme);
        if !["msrp", "msrps"].iter().any(|s| this.scheme.of(raw).eq_ignore_ascii_case(s.as_bytes())) {
            faults.add("path-uri", "the scheme is neither msrp nor msrps", within);
        }
        let start = within.from + if scheme == 0 { 0 } else { scheme + 3 };
        let rest = Span::new(start, within.to);
        let params = at(raw, rest, b';').unwrap_or(rest.to);
        let slash = at(raw, Span::new(rest.from, params), b'/').unwrap_or(params);
        this.authority(raw, Span::new(rest.from, slash), &mut faults);
        this.session = Span::new((slash + 1).min(params), params);
        if this.session.is_empty() && slash < params || this.session.of(raw).iter().any(|b| !is_session(*b)) {
            faults.add("path-uri", "the session identifier is empty or has a character that it may not have", this.session);
        }
        let behind = Span::new((params + 1).min(rest.to), rest.to);
        this.transport = Span::new(behind.from, at(raw, behind, b';').unwrap_or(behind.to));
        if this.transport.is_empty() || !this.transport.of(raw).iter().all(u8::is_ascii_alphanumeric) {
            faults.add("path-uri", "the URI names no transport", within);
        }
        this.malformations = faults.into_vec();
        this
    }

    fn authority(&mut self, raw: &[u8], within: Span, faults: &mut Faults) {
        let mut rest = within;
        if let Some(sign) = at(raw, rest, b'@') {
            self.user = Some(Span::new(rest.from, sign));
            rest.from = sign + 1;
        }
        let behind = if rest.of(raw).first() == Some(&b'[') {
            let close = at(raw, rest, b']').unwrap_or_else(|| {
                faults.add("path-uri", "the bracket of an address is not closed", rest);
                rest.to
            });
            self.host = Span::new(rest.from + 1, close.max(rest.from + 1));
            Span::new((close + 1).min(rest.to), rest.to)
        } else {
            let colon = at(raw, rest, b':').unwrap_or(rest.to);
            self.host = Span::new(rest.from, colon);
            Span::new(colon, rest.to)
        };
        if self.host.is_empty() || self.host.of(raw).iter().any(|b| !(b.is_ascii_alphanumeric() || b"-.:%_".contains(b))) {
            faults.add("path-uri", "the host is no name and no address", within);
        }
        match behind.of(raw) {
            [] => {}
            [b':', digits @ ..] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
                self.port = std::str::from_utf8(digits).ok().and_then(|d| d.parse().ok());
                if self.port.is_none() {
                    faults.add("path-uri", "the port is above 65535", behind);
                }
            }
            _ => faults.add("path-uri", "what follows the host is no port", behind),
        }
    }

    /// Whether the connection has to be under TLS.
    #[must_use]
    pub fn is_secure(&self, raw: &[u8]) -> bool {
        self.scheme.of(raw).eq_ignore_ascii_case(b"msrps")
    }
}

/// Whether two URIs are the same (RFC 4975, 6.1): scheme, host and transport without case, the session with it, no default
/// port; what stands in front of `@` and further parameters do not count.
#[must_use]
pub fn same(a: &str, b: &str) -> bool {
    let read = |text: &str| MsrpUri::parse(text.as_bytes(), Span::all(text.as_bytes()));
    let (left, right) = (read(a), read(b));
    let alike = |x: Span, y: Span| x.of(a.as_bytes()).eq_ignore_ascii_case(y.of(b.as_bytes()));
    alike(left.scheme, right.scheme)
        && (alike(left.host, right.host) || address(a, left.host).is_some_and(|x| Some(x) == address(b, right.host)))
        && left.port == right.port
        && left.session.of(a.as_bytes()) == right.session.of(b.as_bytes())
        && alike(left.transport, right.transport)
}

/// The URIs of a path, split at blanks, in their order.
#[must_use]
pub fn path(raw: &[u8], within: Span) -> Vec<Span> {
    let mut found = Vec::new();
    let mut from = within.from;
    for (offset, octet) in within.of(raw).iter().chain(b" ").enumerate() {
        if matches!(octet, b' ' | b'\t') {
            let to = within.from + offset;
            if from < to {
                found.push(Span::new(from, to));
            }
            from = to + 1;
        }
    }
    found
}

fn address(text: &str, host: Span) -> Option<std::net::IpAddr> {
    host.text(text.as_bytes()).parse().ok()
}

fn at(raw: &[u8], within: Span, octet: u8) -> Option<usize> {
    within.of(raw).iter().position(|b| *b == octet).map(|at| within.from + at)
}

/// `unreserved / "+" / "=" / "/"` (RFC 4975, 9).
fn is_session(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-._~+=/".contains(&octet)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn parse(text: &str) -> (MsrpUri, usize) {
        let uri = MsrpUri::parse(text.as_bytes(), Span::all(text.as_bytes()));
        let faults = uri.malformations.len();
        (uri, faults)
    }

    #[test]
    fn a_uri_is_taken_apart() {
        let text = "msrps://bob@[2001:db8::1]:2855/kjh/37=;tcp;x=1";
        let (uri, faults) = parse(text);
        let of = |span: Span| span.text(text.as_bytes()).into_owned();
        assert_eq!(
            (of(uri.host), uri.port, of(uri.session), of(uri.transport)),
            ("2001:db8::1".into(), Some(2855), "kjh/37=".into(), "tcp".into())
        );
        assert_eq!((uri.user.map(of).as_deref(), uri.is_secure(text.as_bytes()), faults), (Some("bob"), true, 0));
    }

    #[test]
    fn what_breaks_a_uri_is_named() {
        for text in [
            "",
            "sip:a@b",
            "msrp://a:1/s",
            "msrp://a:x/s;tcp",
            "msrp://a:70000/s;tcp",
            "msrp:///s;tcp",
            "msrp://a:1/;tcp",
            "msrp://[::1/s;tcp",
        ] {
            assert!(parse(text).1 > 0, "{text}");
        }
        assert_eq!(parse("msrp://relay.example.com:9000;tcp").1, 0, "a relay has no session");
    }

    #[test]
    fn the_same_uri_may_be_spelled_otherwise() {
        let uri = "msrp://Host.example.com:8493/asfd34;tcp";
        assert!(same(uri, "MSRP://u@host.example.com:8493/asfd34;TCP"));
        for other in
            ["msrps://host.example.com:8493/asfd34;tcp", "msrp://host.example.com/asfd34;tcp", "msrp://host.example.com:8493/ASFD34;tcp"]
        {
            assert!(!same(uri, other), "{other}");
        }
        assert!(same("msrp://[2001:db8:0::1]:9/s;tcp", "msrp://[2001:DB8::1]:9/s;tcp"));
    }

    #[test]
    fn a_path_is_a_list() {
        let raw = b"msrp://a/1;tcp  msrp://b/2;tcp ";
        let texts: Vec<_> = path(raw, Span::all(raw)).into_iter().map(|s| s.text(raw).into_owned()).collect();
        assert_eq!(texts, ["msrp://a/1;tcp", "msrp://b/2;tcp"]);
    }
}
