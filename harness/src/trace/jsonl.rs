//! The trace on disk: JSON Lines, a head line and one line per entry, written while the run goes on.
//!
//! Octets that are UTF-8 stand as text, others as base64, so that the file greps and nothing is lost; also base64 where text
//! would be mostly escapes, so that a file is never much longer than what it holds.

use std::io;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Entry, Trace, Transport};

/// Version of the format; readers accept this one and all earlier ones.
pub const SCHEMA: &str = "cpmspec.trace/1";

/// First line of a trace file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Head {
    /// [`SCHEMA`].
    pub schema: String,
    /// Feature file, from the root of the suite.
    pub feature: String,
    /// Title of the scenario.
    pub scenario: String,
    /// Line of the scenario in the feature, 1-based; for a row of an outline, the row.
    pub line: usize,
    /// Transport of the SUT's signalling.
    pub transport: Transport,
}

/// Octets on a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Data {
    /// As text, where they are UTF-8 and few of them have to be escaped.
    Text(String),
    /// In base64 (RFC 4648, 4), where they are not.
    Base64(String),
}

/// Why a trace file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file itself.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A line that is no entry; 1-based.
    #[error("line {line}: {message}")]
    Line {
        /// Which line.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
}

/// What was read from a trace file.
#[derive(Debug)]
pub struct Read {
    /// The first line.
    pub head: Head,
    /// The entries.
    pub trace: Trace,
    /// Whether the last line was torn, as a killed run leaves it; it is left out.
    pub torn: bool,
}

/// [`Data`] on its way into a file, without a copy of text.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Written<'a> {
    Text(&'a str),
    Base64(String),
}

impl<'a> From<&'a Bytes> for Written<'a> {
    fn from(bytes: &'a Bytes) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) if !is_mostly_escapes(bytes) => Self::Text(text),
            _ => Self::Base64(STANDARD.encode(bytes)),
        }
    }
}

/// Whether JSON makes octets that are text longer than base64 does, with room for the line ends of text.
fn is_mostly_escapes(bytes: &[u8]) -> bool {
    let escapes = bytes.iter().map(|octet| match octet {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 8 | 12 => 1,
        0..=31 => 5,
        _ => 0,
    });
    escapes.sum::<usize>() > bytes.len() / 2 + 16
}

impl TryFrom<Data> for Bytes {
    type Error = base64::DecodeError;

    fn try_from(data: Data) -> Result<Self, Self::Error> {
        Ok(match data {
            Data::Text(text) => text.into(),
            Data::Base64(text) => STANDARD.decode(text)?.into(),
        })
    }
}

/// Octets as [`Data`].
pub(super) mod octets {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};

    use super::{Bytes, Data, Written};

    pub(crate) fn serialize<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        Written::from(bytes).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        Data::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

/// Times as whole microseconds.
pub(super) mod micros {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(at: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(at.as_micros()).unwrap_or(u64::MAX))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_micros)
    }
}

/// Writes the head line.
///
/// # Errors
/// Those of `out`.
pub fn write_head(out: &mut impl io::Write, head: &Head) -> io::Result<()> {
    serde_json::to_writer(&mut *out, head)?;
    out.write_all(b"\n")
}

/// Writes one entry as a line.
///
/// # Errors
/// Those of `out`.
pub fn write_entry(out: &mut impl io::Write, entry: &Entry) -> io::Result<()> {
    serde_json::to_writer(&mut *out, entry)?;
    out.write_all(b"\n")
}

/// Reads a trace file. A torn last line is left out and told; any other line that is no entry is an error.
///
/// # Errors
/// [`ReadError`].
pub fn read(mut input: impl io::BufRead) -> Result<Read, ReadError> {
    let mut text = Vec::new();
    input.read_to_end(&mut text)?;
    let complete = text.ends_with(b"\n");
    let mut lines: Vec<&[u8]> = text.split(|b| *b == b'\n').collect();
    // What stands behind the last line end is no line.
    if complete {
        lines.pop();
    }
    let malformed = |line: usize, message: String| ReadError::Line { line, message };
    let first = lines.first().filter(|line| !line.is_empty()).ok_or_else(|| malformed(1, "no head line".to_owned()))?;
    let head: Head = serde_json::from_slice(first).map_err(|e| malformed(1, format!("no head line of {SCHEMA}: {e}")))?;
    if head.schema != SCHEMA {
        return Err(malformed(1, format!("schema {:?}; this version reads {SCHEMA:?}", head.schema)));
    }
    let mut read = Read { head, trace: Trace::default(), torn: false };
    for (index, line) in lines.iter().enumerate().skip(1) {
        match serde_json::from_slice::<Entry>(line) {
            Ok(entry) => {
                read.trace.append(entry.at, entry.event);
            }
            Err(_) if index + 1 == lines.len() && !complete => read.torn = true,
            Err(error) => return Err(malformed(index + 1, error.to_string())),
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::trace::{Event, LinkId, Party};

    fn line(octets: &[u8]) -> String {
        let bytes = Bytes::copy_from_slice(octets);
        let event = Event::Bytes { link: LinkId(0), from: Party::sut(), to: Party::new("Bob"), bytes };
        let mut out = Vec::new();
        write_entry(&mut out, &Entry { at: Duration::ZERO, event: event.clone() }).unwrap();
        let read: Entry = serde_json::from_slice(&out).unwrap();
        assert_eq!(read.event, event);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_stands_as_text_and_all_else_as_base64() {
        assert!(line(b"MSRP a SEND\r\n\r\n\"\x01\"\r\n-------a$\r\n").contains(r#""data":{"text":"MSRP a SEND\r\n"#));
        assert!(line("\r\n\r\n".as_bytes()).contains("\"text\""));
        assert!(line(b"\xff").contains(r#""data":{"base64":"/w=="}"#));
    }

    #[test]
    fn no_octets_make_a_line_much_longer_than_they_are() {
        for octet in 0..=255 {
            let written = line(&vec![octet; 100_000]).len();
            assert!(written < 170_000, "{octet}: {written}");
        }
    }
}
