//! Values of Byte-Range and Status (RFC 4975, 7.1.1, 7.1.2 and 9).

use std::{fmt, str::FromStr};

use crate::wire::span::{Faults, Malformation, Span};

/// Which octets of a message a chunk holds, for instance `1-2048/5000` or `2049-*/*`; they count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    /// Place of the first octet of the body in the message; 1 where it could not be read.
    pub start: u64,
    /// Place of the last one; `None` is `*`, or could not be read.
    pub end: Option<u64>,
    /// Octets of the message; `None` is `*`, or could not be read.
    pub total: Option<u64>,
}

impl ByteRange {
    /// What a request without the header field has: it begins with the first octet (RFC 4975, 7.3.1).
    pub const ABSENT: Self = Self { start: 1, end: None, total: None };

    /// Reads the value of a Byte-Range, and says what breaks its grammar (`byte-range`) or contradicts itself
    /// (`byte-range-order`, `byte-range-beyond-total`).
    #[must_use]
    pub fn parse(raw: &[u8], within: Span) -> (Self, Vec<Malformation>) {
        let mut faults = Faults::default();
        let octets = within.of(raw);
        let cut = |from: usize, by: u8| octets.get(from..).and_then(|rest| rest.iter().position(|&b| b == by)).map(|at| from + at);
        let hyphen = cut(0, b'-').unwrap_or(octets.len());
        let slash = cut(hyphen, b'/').unwrap_or(octets.len());
        let place = |from: usize, to: usize| Span::new(within.from + from.min(octets.len()), within.from + to);
        let start = number(raw, place(0, hyphen), false, &mut faults);
        let end = number(raw, place(hyphen + 1, slash), true, &mut faults);
        let total = number(raw, place(slash + 1, octets.len()), true, &mut faults);
        let this = Self { start: start.unwrap_or(1), end, total };
        this.check(within, &mut faults);
        (this, faults.into_vec())
    }

    fn check(self, within: Span, faults: &mut Faults) {
        let before = self.start.checked_sub(1);
        if before.is_none() {
            faults.add("byte-range-order", "the first octet of a message has the place 1", within);
        } else if self.end.zip(before).is_some_and(|(end, before)| end < before) {
            faults.add("byte-range-order", "the range ends before it begins", within);
        } else if self.is_empty() && self.start != 1 {
            faults.add("byte-range-order", "a range of no octets begins with 1", within);
        }
        let beyond = |total: u64| self.end.is_some_and(|end| end > total) || self.start > total.saturating_add(1);
        if self.total.is_some_and(beyond) {
            faults.add("byte-range-beyond-total", "the range lies beyond the end of the message", within);
        }
    }

    /// 0-based place of the first octet.
    #[must_use]
    pub fn offset(self) -> u64 {
        self.start.saturating_sub(1)
    }

    /// Octets of the range, where it says so.
    #[must_use]
    pub fn octets(self) -> Option<u64> {
        self.end.map(|end| end.saturating_sub(self.offset()))
    }

    /// Whether the range says that it holds no octet, as `1-0/0` does.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.octets() == Some(0)
    }
}

/// Why a value is no Byte-Range, or no Status.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Illegible(String);

impl FromStr for ByteRange {
    type Err = Illegible;

    fn from_str(text: &str) -> Result<Self, Illegible> {
        let (this, malformations) = Self::parse(text.as_bytes(), Span::all(text.as_bytes()));
        malformations.into_iter().next().map_or(Ok(this), |m| Err(Illegible(m.message)))
    }
}

impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let star = |number: Option<u64>| number.map_or_else(|| "*".to_owned(), |n| n.to_string());
        write!(f, "{}-{}/{}", self.start, star(self.end), star(self.total))
    }
}

/// Digits, or `*` where that is legal; leading zeros are. A number beyond 64 bits is one that cannot be read.
fn number(raw: &[u8], span: Span, star: bool, faults: &mut Faults) -> Option<u64> {
    let octets = span.of(raw);
    if star && octets == b"*" {
        return None;
    }
    let digits = !octets.is_empty() && octets.iter().all(u8::is_ascii_digit);
    let number = digits.then(|| octets.iter().try_fold(0_u64, |n, b| n.checked_mul(10)?.checked_add(u64::from(b - b'0')))).flatten();
    if number.is_none() {
        let what = if digits { "a number is beyond 64 bits" } else { "no number stands where one should" };
        faults.add("byte-range", what, span);
    }
    number
}

/// `namespace status-code [comment]` of a REPORT (RFC 4975, 7.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// What the code belongs to; 0 where it means the same as in a response.
    pub namespace: u16,
    /// The code.
    pub code: u16,
}

impl FromStr for Status {
    type Err = Illegible;

    fn from_str(text: &str) -> Result<Self, Illegible> {
        let mut words = text.as_bytes().splitn(3, |&b| b == b' ').map(three_digits);
        match (words.next().flatten(), words.next().flatten()) {
            (Some(namespace), Some(code)) => Ok(Self { namespace, code }),
            _ => Err(Illegible("the value does not begin with a name space and a code of three digits each".to_owned())),
        }
    }
}

fn three_digits(word: &[u8]) -> Option<u16> {
    let legal = word.len() == 3 && word.iter().all(u8::is_ascii_digit);
    legal.then(|| word.iter().fold(0, |n, b| n * 10 + u16::from(b - b'0')))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn codes(text: &str) -> Vec<String> {
        ByteRange::parse(text.as_bytes(), Span::all(text.as_bytes())).1.into_iter().map(|m| m.code).collect()
    }

    #[test]
    fn ranges_are_read_and_written() {
        for text in ["1-16/16", "1-2048/5000", "2049-*/*", "1-*/10", "1-0/0", "5-5/5", "1-18446744073709551615/*"] {
            assert_eq!(text.parse::<ByteRange>().unwrap().to_string(), text);
        }
        assert_eq!("0001-016/*".parse(), Ok(ByteRange { start: 1, end: Some(16), total: None }));
        let slice = b"Byte-Range: 5-9/10";
        let (range, _) = ByteRange::parse(slice, Span::new(12, 18));
        assert_eq!((range.offset(), range.octets(), range.is_empty()), (4, Some(5), false));
    }

    #[test]
    fn what_breaks_a_range_is_named() {
        for (text, expected) in [
            ("", vec!["byte-range", "byte-range", "byte-range"]),
            ("-", vec!["byte-range", "byte-range", "byte-range"]),
            ("/-", vec!["byte-range", "byte-range", "byte-range"]),
            ("1-5", vec!["byte-range"]),
            ("*-5/5", vec!["byte-range"]),
            ("1 - 5/5", vec!["byte-range", "byte-range"]),
            ("1-5/5/5", vec!["byte-range"]),
            ("1-18446744073709551616/*", vec!["byte-range"]),
            ("0-4/5", vec!["byte-range-order"]),
            ("5-3/9", vec!["byte-range-order"]),
            ("5-4/9", vec!["byte-range-order"]),
            ("1-6/5", vec!["byte-range-beyond-total"]),
            ("8-*/5", vec!["byte-range-beyond-total"]),
            ("\0-\u{e4}/\n", vec!["byte-range", "byte-range", "byte-range"]),
        ] {
            assert_eq!(codes(text), expected, "{text:?}");
            assert!(text.parse::<ByteRange>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_status_is_read() {
        assert_eq!("000 200 OK then".parse(), Ok(Status { namespace: 0, code: 200 }));
        assert_eq!("000 413".parse(), Ok(Status { namespace: 0, code: 413 }));
        for text in ["", "200 OK", "0 200 OK", "000 20", "000  200"] {
            assert!(text.parse::<Status>().is_err(), "{text}");
        }
    }
}
