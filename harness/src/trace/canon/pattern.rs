//! What octets look like that change from run to run, wherever they stand.

pub(super) fn is_word(octet: u8) -> bool {
    octet.is_ascii_alphanumeric()
}

/// Whether `octets` begin like `pattern`: `x` is a hexadecimal digit, `0` a decimal one, all else itself.
fn like(octets: &[u8], pattern: &str) -> Option<usize> {
    let fits = |(octet, wanted): (&u8, u8)| match wanted {
        b'x' => octet.is_ascii_hexdigit(),
        b'0' => octet.is_ascii_digit(),
        _ => *octet == wanted,
    };
    (octets.len() >= pattern.len() && octets.iter().zip(pattern.bytes()).all(fits)).then_some(pattern.len())
}

/// RFC 4122, 3.
pub(super) fn uuid(octets: &[u8]) -> Option<usize> {
    like(octets, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
}

/// RFC 3339, 5.6.
pub(super) fn timestamp(octets: &[u8]) -> Option<usize> {
    let mut length = like(octets, "0000-00-00T00:00:00")?;
    if octets.get(length) == Some(&b'.') {
        length += 1 + octets[length + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
    }
    let zone = octets.get(length..)?;
    Some(length + ["Z", "+00:00", "-00:00"].iter().find_map(|z| like(zone, z)).unwrap_or(0))
}

/// Sixteen hexadecimal digits or more, as identifiers and digests are written.
pub(super) fn token(octets: &[u8]) -> Option<usize> {
    let digits = octets.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    (digits >= 16).then_some(digits)
}

/// A port of four or five digits other than 5060, behind the colon of a host.
pub(super) fn port(before: Option<u8>, head: &[u8], octets: &[u8]) -> Option<usize> {
    let host = head.strip_suffix(b":")?;
    let dotted = || host.iter().rev().take_while(|b| is_word(**b) || matches!(b, b'.' | b'-')).any(|b| *b == b'.');
    let digits = octets.iter().take_while(|b| b.is_ascii_digit()).count();
    let is_port = before == Some(b':') && (4..=5).contains(&digits) && &octets[..digits] != b"5060";
    (is_port && (host.ends_with(b"]") || dotted())).then_some(digits)
}

/// The session-id of an MSRP URI (RFC 4975, 6), behind its scheme and authority.
pub(super) fn session(head: &[u8], octets: &[u8]) -> Option<usize> {
    let authority = head.strip_suffix(b"/")?;
    let begin = authority.iter().rposition(|b| *b == b'/')? + 1;
    let scheme = authority.get(..begin)?;
    let is_msrp = begin < authority.len() && (scheme.ends_with(b"msrp://") || scheme.ends_with(b"msrps://"));
    let legal = |b: &u8| is_word(*b) || b"-._~+=%/".contains(b);
    let length = octets.iter().take_while(|b| legal(b)).count();
    (is_msrp && length > 0).then_some(length)
}
