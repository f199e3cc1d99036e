//! Byte-Range and Status, the two structured header fields of MSRP (RFC 4975, 7.1.1, 7.1.2 and 9).

use std::{fmt, str::FromStr};

/// Which octets of a message a chunk holds: `1-2048/5000`, `2049-*/*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    /// Number of the first octet, from 1.
    pub start: u64,
    /// Number of the last octet; `None` is `*`: as many as come.
    pub end: Option<u64>,
    /// Octets of the whole message; `None` is `*`: not known.
    pub total: Option<u64>,
}

/// Why a value is no Byte-Range, or no Status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Illegible(&'static str);

impl FromStr for ByteRange {
    type Err = Illegible;

    fn from_str(text: &str) -> Result<Self, Illegible> {
        let (range, total) = text.split_once('/').ok_or(Illegible("Byte-Range has no total"))?;
        let (start, end) = range.split_once('-').ok_or(Illegible("Byte-Range has no end"))?;
        let end = or_star(end)?;
        let this = Self { start: number(start)?, end, total: or_star(total)? };
        // An empty message is 1-0/0.
        let backwards = this.end.is_some_and(|end| end.checked_add(1).is_some_and(|end| end < this.start));
        let beyond = this.end.zip(this.total).is_some_and(|(end, total)| end > total);
        if this.start == 0 || backwards || beyond { Err(Illegible("Byte-Range does not lie within its message")) } else { Ok(this) }
    }
}

impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let star = |n: Option<u64>| n.map_or_else(|| "*".to_owned(), |n| n.to_string());
        write!(f, "{}-{}/{}", self.start, star(self.end), star(self.total))
    }
}

/// Value of Status: name space 000, a code, and whatever follows in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Name space of the code; `000` is that of the responses.
    pub namespace: u16,
    /// The code.
    pub code: u16,
}

impl FromStr for Status {
    type Err = Illegible;

    fn from_str(text: &str) -> Result<Self, Illegible> {
        let mut words = text.splitn(3, ' ');
        let three = |word: Option<&str>| word.filter(|w| w.len() == 3 && w.bytes().all(|b| b.is_ascii_digit()))?.parse().ok();
        match (three(words.next()), three(words.next())) {
            (Some(namespace), Some(code)) => Ok(Self { namespace, code }),
            _ => Err(Illegible("Status is not a name space and a code of three digits each")),
        }
    }
}

fn or_star(text: &str) -> Result<Option<u64>, Illegible> {
    if text == "*" { Ok(None) } else { number(text).map(Some) }
}

fn number(text: &str) -> Result<u64, Illegible> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Illegible("Byte-Range has something else than numbers and stars"));
    }
    text.parse().map_err(|_| Illegible("Byte-Range has a number that is too large"))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn ranges_are_read_and_written() {
        for text in ["1-2048/5000", "2049-*/*", "1-*/10", "1-0/0", "5-5/5"] {
            assert_eq!(text.parse::<ByteRange>().unwrap().to_string(), text);
        }
        for text in ["", "1-2", "0-5/5", "5-3/9", "1-9/5", "-1-5/5", "a-b/c", "1 - 5/5", "1-99999999999999999999/1", "1-5/"] {
            assert!(text.parse::<ByteRange>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_status_has_a_name_space() {
        assert_eq!("000 200 OK".parse(), Ok(Status { namespace: 0, code: 200 }));
        assert_eq!("000 413".parse(), Ok(Status { namespace: 0, code: 413 }));
        for text in ["200 OK", "0 200 OK", "000 20", ""] {
            assert!(text.parse::<Status>().is_err(), "{text}");
        }
    }
}
