//! URIs as text: their parts, and when two of them are equal (CMP-URI).

use std::{collections::BTreeMap, net::Ipv6Addr};

/// The parts of a URI, as spelled unless said otherwise; escapes are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uri {
    /// The scheme, in lower case; empty where there is none.
    pub scheme: String,
    /// The user; of a tel URI the number.
    pub user: Option<String>,
    /// The password behind the user.
    pub password: Option<String>,
    /// The host, IPv6 addresses with their brackets; of other than sip, sips, tel and msrp all behind the scheme.
    pub host: String,
    /// The port.
    pub port: Option<u16>,
    /// Of an msrp URI the session-id, without its slash (RFC 4975, 9); else empty.
    pub session: String,
    /// Parameters: name, and value where an equal sign stands; of an msrp URI the first is its transport.
    pub params: Vec<(String, Option<String>)>,
    /// Header components of a sip or sips URI.
    pub headers: Vec<(String, String)>,
    /// The first thing that breaks the grammar.
    pub problem: Option<String>,
}

impl Uri {
    /// Parameters and header components that are read.
    const MOST: usize = 100;

    /// Reads `sip:`, `sips:` (RFC 3261, 19.1), `tel:` (RFC 3966), `msrp:`, `msrps:` (RFC 4975, 6); others as far as the
    /// scheme. Text without a scheme is all host, and a problem.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut this = Self::default();
        let Some((scheme, rest)) = text.split_once(':').filter(|(s, _)| is_scheme(s)) else {
            text.clone_into(&mut this.host);
            this.fault("no scheme");
            return this;
        };
        this.scheme = scheme.to_ascii_lowercase();
        if let Some(c) = text.chars().find(|c| !c.is_ascii_graphic() || "<>\"\\^{|}".contains(*c)) {
            this.fault(format!("illegal character {c:?}"));
        }
        if !percent_decode(text).1 {
            this.fault("a percent sign without two hexadecimal digits");
        }
        match &*this.scheme {
            "sip" | "sips" => this.sip(rest),
            "tel" => this.tel(rest),
            "msrp" | "msrps" => this.msrp(rest),
            _ => {
                rest.clone_into(&mut this.host);
                if rest.is_empty() {
                    this.fault("nothing behind the scheme");
                }
            }
        }
        this
    }

    /// Value of the first parameter of this name, without case; `Some(None)` where it has no value.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<Option<&str>> {
        self.params.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_deref())
    }

    fn fault(&mut self, problem: impl Into<String>) {
        self.problem.get_or_insert_with(|| problem.into());
    }

    fn sip(&mut self, rest: &str) {
        // An at sign cannot stand raw anywhere else, and the user may hold `;` and `?`.
        let rest = match rest.split_once('@') {
            Some((userinfo, rest)) => {
                self.userinfo(userinfo);
                if rest.contains('@') {
                    self.fault("a second at sign is not escaped");
                }
                rest
            }
            None => rest,
        };
        let (rest, headers) = rest.split_once('?').map_or((rest, None), |(r, h)| (r, Some(h)));
        let (hostport, params) = rest.split_once(';').map_or((rest, None), |(h, p)| (h, Some(p)));
        self.hostport(hostport);
        if let Some(params) = params {
            self.params(params, "[]/:&+$");
        }
        for header in headers.into_iter().flat_map(|h| h.split('&')).take(Self::MOST) {
            let (name, value) = header.split_once('=').unwrap_or((header, ""));
            if name.is_empty() || !header.contains('=') {
                self.fault("a header component without name or equal sign");
            }
            self.headers.push((name.to_owned(), value.to_owned()));
        }
    }

    fn userinfo(&mut self, userinfo: &str) {
        let (user, password) = userinfo.split_once(':').map_or((userinfo, None), |(u, p)| (u, Some(p)));
        if user.is_empty() {
            self.fault("no user before the at sign");
        }
        if !user.bytes().all(|b| is_unreserved(b) || b"%&=+$,;?/".contains(&b)) {
            self.fault("an illegal character in the user");
        }
        if !password.unwrap_or_default().bytes().all(|b| is_unreserved(b) || b"%&=+$,".contains(&b)) {
            self.fault("an illegal character in the password");
        }
        self.user = Some(user.to_owned());
        self.password = password.map(str::to_owned);
    }

    fn hostport(&mut self, hostport: &str) {
        let colon = if hostport.starts_with('[') {
            hostport.find(']').and_then(|close| hostport.get(close + 1..)?.starts_with(':').then_some(close + 1))
        } else if hostport.matches(':').nth(1).is_some() {
            self.fault("an IPv6 address without brackets");
            None
        } else {
            hostport.find(':')
        };
        let (host, port) = colon.and_then(|c| Some((hostport.get(..c)?, hostport.get(c + 1..)))).unwrap_or((hostport, None));
        host.clone_into(&mut self.host);
        if let Some(inner) = host.strip_prefix('[') {
            if inner.strip_suffix(']').and_then(|a| a.parse::<Ipv6Addr>().ok()).is_none() {
                self.fault("no IPv6 address between the brackets");
            }
        } else if host.is_empty() {
            self.fault("no host");
        } else if !host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b)) {
            self.fault("an illegal character in the host");
        }
        if let Some(port) = port {
            self.port = Some(port).filter(|p| p.bytes().all(|b| b.is_ascii_digit())).and_then(|p| p.parse().ok());
            if self.port.is_none() {
                self.fault("the port is no number up to 65535");
            }
        }
    }

    fn params(&mut self, params: &str, beside: &str) {
        for param in params.split(';') {
            if self.params.len() == Self::MOST {
                self.fault("too many parameters");
                return;
            }
            let (name, value) = param.split_once('=').map_or((param, None), |(n, v)| (n, Some(v)));
            if name.is_empty() || value == Some("") {
                self.fault("a parameter without name or value");
            }
            if !param.bytes().all(|b| is_unreserved(b) || b"%=".contains(&b) || beside.as_bytes().contains(&b)) {
                self.fault("an illegal character in a parameter");
            }
            if self.param(name).is_some() {
                self.fault("a parameter stands twice");
            }
            self.params.push((name.to_owned(), value.map(str::to_owned)));
        }
    }

    fn tel(&mut self, rest: &str) {
        let (number, params) = rest.split_once(';').map_or((rest, None), |(n, p)| (n, Some(p)));
        self.user = Some(number.to_owned());
        if let Some(params) = params {
            self.params(params, "[]/:&+$");
        }
        let digits = without_separators(number.strip_prefix('+').unwrap_or(number));
        let global = number.starts_with('+');
        let legal = |b: u8| b.is_ascii_digit() || (!global && (b.is_ascii_hexdigit() || b"*#".contains(&b)));
        if digits.is_empty() || !digits.bytes().all(legal) {
            self.fault("no telephone number");
        } else if !global && self.param("phone-context").is_none() {
            self.fault("a local number without phone-context");
        }
    }

    fn msrp(&mut self, rest: &str) {
        let Some(rest) = rest.strip_prefix("//") else {
            rest.clone_into(&mut self.host);
            return self.fault("no // behind the scheme");
        };
        let (rest, params) = rest.split_once(';').map_or((rest, None), |(r, p)| (r, Some(p)));
        let (authority, session) = rest.split_once('/').unwrap_or((rest, ""));
        let hostport = match authority.rsplit_once('@') {
            Some((user, hostport)) => {
                self.user = Some(user.to_owned());
                hostport
            }
            None => authority,
        };
        self.hostport(hostport);
        session.clone_into(&mut self.session);
        match params {
            Some(params) => self.params(params, "+"),
            None => self.fault("no transport"),
        }
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// `unreserved` of RFC 3261, 25.1.
fn is_unreserved(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&b)
}

fn without_separators(number: &str) -> String {
    number.chars().filter(|c| !"-.()".contains(*c)).collect()
}

/// Whether two URIs are equal (CMP-URI): RFC 3261, 19.1.4, for sip and sips, RFC 3966, 5, for tel, RFC 4975, 6.1, for msrp.
///
/// An escape equals its character where that is unreserved. Other URIs are equal octet by octet, without case of the
/// scheme, of a URN's name space, and of the whole of `urn:uuid` and of service URNs.
#[must_use]
pub fn same(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    let (a, b) = (Uri::parse(a), Uri::parse(b));
    if a.scheme != b.scheme {
        return false;
    }
    match &*a.scheme {
        "sip" | "sips" => same_sip(&a, &b),
        "tel" => same_tel(&a, &b),
        "msrp" | "msrps" => same_msrp(&a, &b),
        "urn" => same_urn(&a.host, &b.host),
        _ => a.host == b.host,
    }
}

fn same_sip(a: &Uri, b: &Uri) -> bool {
    /// Parameters that may not stand in one of the two only; `transport` is none of those that have a default either.
    const BOTH: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];
    let part = |p: &Option<String>| p.as_deref().map(normal);
    let headers = |u: &Uri| {
        let mut all: Vec<_> = u.headers.iter().map(|(n, v)| (normal(n).to_ascii_lowercase(), normal(v))).collect();
        all.sort();
        all
    };
    let (left, right) = (params(a), params(b));
    part(&a.user) == part(&b.user)
        && part(&a.password) == part(&b.password)
        && same_host(&a.host, &b.host)
        && a.port == b.port
        && BOTH.iter().all(|name| left.contains_key(*name) == right.contains_key(*name))
        && left.iter().all(|(name, value)| right.get(name).is_none_or(|other| other == value))
        && headers(a) == headers(b)
}

fn same_tel(a: &Uri, b: &Uri) -> bool {
    let number = |u: &Uri| without_separators(u.user.as_deref().unwrap_or_default()).to_ascii_lowercase();
    let params = |u: &Uri| {
        let mut all = params(u);
        // Values that are telephone numbers themselves.
        for name in ["ext", "phone-context"] {
            if let Some(Some(value)) = all.get_mut(name).filter(|v| v.as_ref().is_some_and(|v| v.starts_with('+') || name == "ext")) {
                *value = without_separators(value);
            }
        }
        all
    };
    number(a) == number(b) && params(a) == params(b)
}

fn same_msrp(a: &Uri, b: &Uri) -> bool {
    let transport = |u: &Uri| u.params.first().map(|(name, _)| name.to_ascii_lowercase());
    same_host(&a.host, &b.host) && a.port == b.port && a.session == b.session && transport(a) == transport(b)
}

fn same_urn(a: &str, b: &str) -> bool {
    let split = |urn: &str| {
        let (name_space, rest) = urn.split_once(':').unwrap_or((urn, ""));
        let name_space = name_space.to_ascii_lowercase();
        let without_case = matches!(&*name_space, "uuid" | "urn-7" | "service");
        (name_space, if without_case { rest.to_ascii_lowercase() } else { rest.to_owned() })
    };
    split(a) == split(b)
}

fn same_host(a: &str, b: &str) -> bool {
    let address = |h: &str| h.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    match (address(a), address(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a.eq_ignore_ascii_case(b),
    }
}

/// Parameters by name, without case of either.
fn params(uri: &Uri) -> BTreeMap<String, Option<String>> {
    let lower = |text: &str| normal(text).to_ascii_lowercase();
    uri.params.iter().map(|(name, value)| (lower(name), value.as_deref().map(lower))).collect()
}

/// Escapes of unreserved characters undone, the digits of the others in capitals.
fn normal(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('%') {
        normal.push_str(before);
        rest = behind;
        match escape(behind.as_bytes()) {
            Some(octet) => {
                rest = behind.get(2..).unwrap_or_default();
                if is_unreserved(octet) { normal.push(char::from(octet)) } else { normal.push_str(&format!("%{octet:02X}")) }
            }
            None => normal.push('%'),
        }
    }
    normal.push_str(rest);
    normal
}

/// The octet of the two hexadecimal digits in front.
fn escape(digits: &[u8]) -> Option<u8> {
    let digit = |i: usize| char::from(*digits.get(i)?).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

/// The octets without percent escapes, and whether all escapes were legal; illegal ones stay as they are.
#[must_use]
pub fn percent_decode(text: &str) -> (Vec<u8>, bool) {
    let mut octets = Vec::with_capacity(text.len());
    let mut legal = true;
    let mut rest = text.as_bytes();
    while let Some((&b, behind)) = rest.split_first() {
        rest = behind;
        if b != b'%' {
            octets.push(b);
            continue;
        }
        match escape(behind) {
            Some(octet) => {
                octets.push(octet);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                octets.push(b);
                legal = false;
            }
        }
    }
    (octets, legal)
}

#[cfg(test)]
mod tests;
