//! MSRP URIs and paths (RFC 4975, 6 and 9), and when two of them are equal (CMP-MSRPURI).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::wire::{
    span::{Faults, Malformation, Span},
    uri::percent_decode,
};

/// The parts of an MSRP URI, as spelled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MsrpUri {
    /// All of it.
    pub span: Span,
    /// `msrp` or `msrps`, or what stands in its place; empty where no `://` stands.
    pub scheme: Span,
    /// What stands before the at sign.
    pub userinfo: Option<Span>,
    /// Name or address; an IPv6 address without its brackets.
    pub host: Span,
    /// What stands behind the colon.
    pub port_text: Option<Span>,
    /// The port, where one stands that is a number up to 65535.
    pub port: Option<u16>,
    /// What stands behind the slash; empty where none stands.
    pub session: Span,
    /// The first parameter; empty where there is none.
    pub transport: Span,
    /// Name and value of those behind.
    pub params: Vec<(Span, Option<Span>)>,
    /// What breaks the grammar: `msrp-uri-scheme`, `-userinfo`, `-host`, `-port`, `-session`, `-transport`, `-parameter`,
    /// `-octet`.
    pub malformations: Vec<Malformation>,
}

impl MsrpUri {
    /// Parameters that are read.
    const MOST: usize = 100;

    /// Reads one URI.
    #[must_use]
    pub fn parse(raw: &[u8], span: Span) -> Self {
        let mut faults = Faults::default();
        let span = Span::new(span.from, span.to.min(raw.len()));
        let mut this = Self { span, scheme: Span::new(span.from, span.from), ..Self::default() };
        let rest = match find(raw, span, b"://") {
            Some(at) => {
                this.scheme = Span::new(span.from, at);
                Span::new(at + 3, span.to)
            }
            None => span,
        };
        if !this.scheme.of(raw).eq_ignore_ascii_case(b"msrp") && !this.scheme.of(raw).eq_ignore_ascii_case(b"msrps") {
            faults.add("msrp-uri-scheme", "the URI does not begin with msrp:// or msrps://", Span::new(span.from, rest.from));
        }
        if !span.of(raw).iter().all(u8::is_ascii_graphic) {
            faults.add("msrp-uri-octet", "the URI holds blanks, control characters or octets beyond ASCII", span);
        }
        // Neither a user nor a host may hold a slash; a session-id may hold more of them, but no semicolon.
        let (rest, params) = split(raw, rest, b';');
        let (authority, session) = split(raw, rest, b'/');
        this.authority(raw, authority, &mut faults);
        if let Some(session) = session.filter(|s| s.is_empty() || !s.of(raw).iter().all(|&b| is_unreserved(b) || b"+=/".contains(&b))) {
            faults.add("msrp-uri-session", "the session-id is empty or holds an illegal character", session);
        }
        this.session = session.unwrap_or(Span::new(authority.to, authority.to));
        this.params(raw, params, &mut faults);
        this.malformations = faults.into_vec();
        this
    }

    fn authority(&mut self, raw: &[u8], authority: Span, faults: &mut Faults) {
        let mut rest = authority;
        if let Some(at) = authority.of(raw).iter().rposition(|&b| b == b'@') {
            let userinfo = Span::new(rest.from, rest.from + at);
            rest.from = userinfo.to + 1;
            self.userinfo = Some(userinfo);
            // The grammar would allow a password; RFC 4975, 6, does not.
            if !userinfo.of(raw).iter().all(|&b| is_unreserved(b) || is_sub_delim(b) || b == b'%') || !escapes(raw, userinfo) {
                faults.add("msrp-uri-userinfo", "the userinfo holds a password or an illegal character", userinfo);
            }
        }
        let octets = rest.of(raw);
        let close = if octets.first() == Some(&b'[') { octets.iter().position(|&b| b == b']').map(|at| rest.from + at) } else { None };
        let from = close.map_or(rest.from, |close| close + 1);
        let colon = Span::new(from, rest.to).of(raw).iter().position(|&b| b == b':').map(|at| from + at);
        let whole = Span::new(rest.from, colon.unwrap_or(rest.to));
        self.host = close.map_or(whole, |close| Span::new(rest.from + 1, close));
        self.port_text = colon.map(|colon| Span::new(colon + 1, rest.to));
        self.port = self.port_text.and_then(|port| port_number(port.of(raw)));
        let is_name = |host: &[u8]| !host.is_empty() && host.iter().all(|&b| is_unreserved(b) || is_sub_delim(b) || b == b'%');
        let legal = match close {
            Some(close) => close + 1 == whole.to && matches!(self.address(raw), Some(IpAddr::V6(_))),
            None => is_name(whole.of(raw)) && escapes(raw, whole),
        };
        if !legal {
            faults.add("msrp-uri-host", "the host is no name, no IPv4 address and no IPv6 address in brackets", whole);
        }
        match self.port_text {
            Some(port) if self.port.is_none_or(|port| port == 0) => {
                faults.add("msrp-uri-port", "the port is no number from 1 to 65535", port);
            }
            None if legal && self.address(raw).is_some() => faults.add("msrp-uri-port", "an address stands without a port", whole),
            _ => {}
        }
    }

    fn params(&mut self, raw: &[u8], params: Option<Span>, faults: &mut Faults) {
        let mut rest = params;
        while let Some(all) = rest {
            let (param, behind) = split(raw, all, b';');
            rest = behind;
            if all.from == params.map_or(0, |p| p.from) {
                self.transport = param;
                continue;
            }
            if self.params.len() == Self::MOST {
                faults.add("msrp-uri-parameter", format!("only {} parameters are read", Self::MOST), all);
                break;
            }
            let (name, value) = split(raw, param, b'=');
            if !is_token(name.of(raw)) || !value.is_none_or(|v| is_token(v.of(raw))) {
                faults.add("msrp-uri-parameter", "a parameter is no token, or its value is none", param);
            }
            self.params.push((name, value));
        }
        if params.is_none() {
            self.transport = Span::new(self.span.to, self.span.to);
        }
        let transport = self.transport;
        if transport.is_empty() || !transport.of(raw).iter().all(u8::is_ascii_alphanumeric) {
            faults.add("msrp-uri-transport", "no transport of letters and digits is the first parameter", transport);
        }
    }

    /// Whether the scheme is `msrps`.
    #[must_use]
    pub fn is_secure(&self, raw: &[u8]) -> bool {
        self.scheme.of(raw).eq_ignore_ascii_case(b"msrps")
    }

    /// The host, where it is an address.
    #[must_use]
    pub fn address(&self, raw: &[u8]) -> Option<IpAddr> {
        let host = std::str::from_utf8(self.host.of(raw)).ok()?;
        let bracketed = self.host.from > 0 && raw.get(self.host.from - 1) == Some(&b'[');
        if bracketed { host.parse::<Ipv6Addr>().ok().map(IpAddr::V6) } else { host.parse::<Ipv4Addr>().ok().map(IpAddr::V4) }
    }
}

fn port_number(digits: &[u8]) -> Option<u16> {
    let number = |n: u32, b: &u8| n.checked_mul(10)?.checked_add(u32::from(b.checked_sub(b'0').filter(|d| *d < 10)?));
    u16::try_from(digits.iter().try_fold(0, number).filter(|_| !digits.is_empty())?).ok()
}

/// Whether two URIs are equal (CMP-MSRPURI; RFC 4975, 6.1): scheme, host and transport without case, addresses by value, the
/// port where either has one, the session-id with case; userinfo and further parameters do not count.
#[must_use]
pub fn same(a: &str, b: &str) -> bool {
    let (x, y) = (a.as_bytes(), b.as_bytes());
    let (left, right) = (MsrpUri::parse(x, Span::all(x)), MsrpUri::parse(y, Span::all(y)));
    let port = |uri: &MsrpUri, raw: &[u8]| uri.port.ok_or_else(|| uri.port_text.map(|port| port.of(raw).to_vec()));
    let host = |uri: &MsrpUri, raw: &[u8]| {
        let name = percent_decode(&uri.host.text(raw)).0.to_ascii_lowercase();
        uri.address(raw).ok_or(name)
    };
    !left.scheme.is_empty()
        && left.scheme.of(x).eq_ignore_ascii_case(right.scheme.of(y))
        && host(&left, x) == host(&right, y)
        && port(&left, x) == port(&right, y)
        && left.session.of(x) == right.session.of(y)
        && left.transport.of(x).eq_ignore_ascii_case(right.transport.of(y))
}

/// URIs of a path that are read.
const MOST: usize = 1000;

/// The URIs of To-Path, From-Path or `a=path` (RFC 4975, 8.2 and 9), split at blanks; of very long paths the first 1000.
#[must_use]
pub fn path(raw: &[u8], span: Span) -> Vec<Span> {
    pieces(raw, span).filter(|uri| !uri.is_empty()).take(MOST).collect()
}

/// What stands before, between and behind single blanks.
fn pieces(raw: &[u8], span: Span) -> impl Iterator<Item = Span> {
    let mut rest = Some(Span::new(span.from, span.to.min(raw.len())));
    std::iter::from_fn(move || {
        let (piece, behind) = split(raw, rest?, b' ');
        rest = behind;
        Some(piece)
    })
}

/// What breaks the grammar of a path (`path`) and of the URIs in it.
#[must_use]
pub fn path_malformations(raw: &[u8], span: Span) -> Vec<Malformation> {
    let mut faults = Faults::default();
    if pieces(raw, span).any(|uri| uri.is_empty()) {
        faults.add("path", "the path is empty, or its URIs are not separated by single blanks", span);
    }
    for uri in path(raw, span) {
        faults.extend(MsrpUri::parse(raw, uri).malformations);
    }
    faults.into_vec()
}

fn find(raw: &[u8], within: Span, what: &[u8]) -> Option<usize> {
    within.of(raw).windows(what.len()).position(|w| w == what).map(|at| within.from + at)
}

/// What stands before the first `by`, and what behind it.
fn split(raw: &[u8], within: Span, by: u8) -> (Span, Option<Span>) {
    match within.of(raw).iter().position(|&b| b == by).map(|at| within.from + at) {
        Some(at) => (Span::new(within.from, at), Some(Span::new(at + 1, within.to))),
        None => (within, None),
    }
}

fn escapes(raw: &[u8], span: Span) -> bool {
    percent_decode(&span.text(raw)).1
}

/// `unreserved` of RFC 3986, 2.3.
fn is_unreserved(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-._~".contains(&b)
}

/// `sub-delims` of RFC 3986, 2.2, without the semicolon that begins the parameters.
fn is_sub_delim(b: u8) -> bool {
    b"!$&'()*+,=".contains(&b)
}

/// `token` of RFC 4975, 9.
fn is_token(bytes: &[u8]) -> bool {
    let legal = |b: &u8| matches!(b, 0x21 | 0x23..=0x27 | 0x2a | 0x2b | 0x2d | 0x2e | 0x30..=0x39 | 0x41..=0x5a | 0x5e..=0x7e);
    !bytes.is_empty() && bytes.iter().all(legal)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn codes(uri: &str) -> Vec<String> {
        MsrpUri::parse(uri.as_bytes(), Span::all(uri.as_bytes())).malformations.into_iter().map(|m| m.code).collect()
    }

    #[test]
    fn a_uri_has_parts() {
        let raw = b"x msrps://al%69ce@[2001:DB8::1]:2855/a/b=c;TCP;p=1;q y";
        let uri = MsrpUri::parse(raw, Span::new(2, raw.len() - 2));
        let text = |span: Option<Span>| span.map(|s| s.text(raw).into_owned());
        assert_eq!(uri.malformations, []);
        assert_eq!(text(uri.userinfo).as_deref(), Some("al%69ce"));
        assert_eq!((uri.host.of(raw), uri.port), (&b"2001:DB8::1"[..], Some(2855)));
        assert_eq!((uri.session.of(raw), uri.transport.of(raw)), (&b"a/b=c"[..], &b"TCP"[..]));
        assert_eq!((uri.params.len(), uri.is_secure(raw), uri.address(raw)), (2, true, "2001:db8::1".parse().ok()));
    }

    #[test]
    fn what_breaks_a_uri_is_named() {
        for (uri, expected) in [
            ("msrp://a.example.com:9/x;tcp", vec![]),
            ("msrp://a.example.com;tcp", vec![]),
            ("msrp://192.0.2.1:9/x;tcp", vec![]),
            ("", vec!["msrp-uri-scheme", "msrp-uri-host", "msrp-uri-transport"]),
            ("sip://a:9/x;tcp", vec!["msrp-uri-scheme"]),
            ("msrp:a:9/x;tcp", vec!["msrp-uri-scheme", "msrp-uri-port"]),
            ("msrp://u:p@a:9/x;tcp", vec!["msrp-uri-userinfo"]),
            ("msrp://192.0.2.1/x;tcp", vec!["msrp-uri-port"]),
            ("msrp://a:/x;tcp", vec!["msrp-uri-port"]),
            ("msrp://a:0/x;tcp", vec!["msrp-uri-port"]),
            ("msrp://a:65536/x;tcp", vec!["msrp-uri-port"]),
            ("msrp://a:99999999999999999999/x;tcp", vec!["msrp-uri-port"]),
            ("msrp://2001:db8::1:9/x;tcp", vec!["msrp-uri-port"]),
            ("msrp://[2001:db8:::1]:9/x;tcp", vec!["msrp-uri-host"]),
            ("msrp://[2001:db8::1:9/x;tcp", vec!["msrp-uri-host", "msrp-uri-port"]),
            ("msrp://[2001:db8::1]x:9/x;tcp", vec!["msrp-uri-host"]),
            ("msrp://a%4:9/x;tcp", vec!["msrp-uri-host"]),
            ("msrp://a:9/;tcp", vec!["msrp-uri-session"]),
            ("msrp://a:9/x*y;tcp", vec!["msrp-uri-session"]),
            ("msrp://a:9/x", vec!["msrp-uri-transport"]),
            ("msrp://a:9/x;", vec!["msrp-uri-transport"]),
            ("msrp://a:9/x;t=1", vec!["msrp-uri-transport"]),
            ("msrp://a:9/x;tcp;", vec!["msrp-uri-parameter"]),
            ("msrp://a:9/x;tcp;p=\"q\"", vec!["msrp-uri-parameter"]),
            ("msrp://a\0:9/x;tcp", vec!["msrp-uri-octet", "msrp-uri-host"]),
        ] {
            assert_eq!(codes(uri), expected, "{uri}");
        }
        assert_eq!(codes(&format!("msrp://a:9/x{}", ";".repeat(10_000))).len(), 102);
    }

    #[test]
    fn equality_follows_rfc_4975_section_6_1() {
        let uri = "msrp://a.example.com:2855/Ab;tcp";
        for other in
            ["MSRP://A.Example.COM:2855/Ab;TCP", "msrp://u@a.example.com:2855/Ab;tcp;x=y", "msrp://%61.example.com:02855/Ab;tcp", uri]
        {
            assert!(same(uri, other), "{other}");
        }
        for other in [
            "msrps://a.example.com:2855/Ab;tcp",
            "msrp://a.example.com/Ab;tcp",
            "msrp://a.example.com:2856/Ab;tcp",
            "msrp://a.example.com:2855/ab;tcp",
            "msrp://a.example.com:2855;tcp",
            "msrp://a.example.com:2855/Ab;udp",
            "msrp://a.example.com:2855/Ab",
            "msrp://b.example.com:2855/Ab;tcp",
        ] {
            assert!(!same(uri, other), "{other}");
        }
        assert!(same("msrp://[2001:db8::1]:9/x;tcp", "msrp://[2001:DB8:0:0::1]:9/x;tcp"));
        assert!(!same("", ""));
    }

    #[test]
    fn a_path_is_split_at_single_blanks() {
        let raw = b"To-Path: msrp://a:9/x;tcp msrp://b:9/y;tcp";
        let uris: Vec<_> = path(raw, Span::new(9, raw.len())).into_iter().map(|s| s.text(raw).into_owned()).collect();
        assert_eq!(uris, ["msrp://a:9/x;tcp", "msrp://b:9/y;tcp"]);
        let codes = |text: &str| path_malformations(text.as_bytes(), Span::all(text.as_bytes())).len();
        assert_eq!((codes(""), codes("msrp://a:9/x;tcp  msrp://b:9/y;tcp"), codes("msrp://a:9/x;tcp")), (1, 1, 0));
        assert_eq!(path(&b"a ".repeat(5000), Span::new(0, 10_000)).len(), MOST);
    }
}
