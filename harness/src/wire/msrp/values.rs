//! What breaks the rules of RFC 4975 in the values of the header fields of one message, and in which of them are there.

use super::{
    Msrp, is_ident, is_named,
    range::{ByteRange, Status},
    uri::path_malformations,
};
use crate::wire::{
    block::{Field, LineEnd, line_at},
    mime::ContentType,
    span::{Faults, Span},
};

/// Octets of a body that need no interruption (RFC 4975, 7.1.1).
const UNINTERRUPTED: usize = 2048;
/// Octets of the body of a request other than SEND (RFC 4975, 7.1).
const NON_SEND: usize = 10_240;

/// Header fields that stand once at most.
const ONCE: [&str; 8] = ["To-Path", "From-Path", "Message-ID", "Byte-Range", "Success-Report", "Failure-Report", "Status", "Content-Type"];

/// Names what breaks the grammar or the rules of the header fields.
pub(super) fn check(raw: &[u8], msrp: &Msrp, faults: &mut Faults) {
    for field in &msrp.fields {
        value(raw, field, faults);
    }
    for name in ONCE {
        if let Some(second) = msrp.fields.iter().filter(|field| is_named(raw, field, name)).nth(1) {
            faults.add("twice", format!("{name} stands more than once"), second.line);
        }
    }
    if msrp.method.is_some() {
        request(raw, msrp, faults);
    }
}

fn value(raw: &[u8], field: &Field, faults: &mut Faults) {
    let mut name = [0; LONGEST];
    let octets = field.value.of(raw);
    let known = match lower_case(field.name.of(raw), &mut name) {
        b"to-path" | b"from-path" => {
            faults.extend(path_malformations(raw, field.value));
            true
        }
        b"message-id" => {
            if !is_ident(octets) {
                faults.add("message-id", "the Message-ID is not 4 to 32 legal characters", field.value);
            }
            true
        }
        b"success-report" => word(octets, &["yes", "no"], "success-report", field, faults),
        b"failure-report" => word(octets, &["yes", "no", "partial"], "failure-report", field, faults),
        b"byte-range" => {
            faults.extend(ByteRange::parse(raw, field.value).1);
            true
        }
        b"status" => {
            if let Err(error) = field.value.text(raw).parse::<Status>() {
                faults.add("status", error.to_string(), field.value);
            }
            true
        }
        b"content-type" => {
            faults.extend(ContentType::parse(raw, field.value).malformations);
            true
        }
        // The transfer encoding is always binary, and is not named (RFC 4975, 7.1.1).
        b"content-transfer-encoding" => {
            faults.add("transfer-encoding", "a transfer encoding is named", field.line);
            false
        }
        _ => false,
    };
    if !field.name.is_empty() {
        blanks(raw, field, known, faults);
    }
}

/// Octets of the longest name that [`value`] knows.
const LONGEST: usize = 25;

/// `name` without case, in `room`; empty where it is longer than any that is known.
fn lower_case<'a>(name: &[u8], room: &'a mut [u8; LONGEST]) -> &'a [u8] {
    let Some(room) = room.get_mut(..name.len()) else { return &[] };
    room.copy_from_slice(name);
    room.make_ascii_lowercase();
    room
}

fn word(octets: &[u8], words: &[&str], code: &str, field: &Field, faults: &mut Faults) -> bool {
    if !words.iter().any(|word| octets.eq_ignore_ascii_case(word.as_bytes())) {
        faults.add(code, format!("the value is none of {}", words.join(", ")), field.value);
    }
    true
}

/// One blank stands behind the colon; of fields whose value the grammar fixes, no other stands around it.
fn blanks(raw: &[u8], field: &Field, known: bool, faults: &mut Faults) {
    let line = line_at(raw, field.line.from, field.line.to);
    let behind = Span::new(field.name.to, line.text.to);
    let colon = behind.of(raw).iter().position(|&b| b == b':').unwrap_or_default();
    let lead = Span::new(behind.from + colon + 1, field.value.from.min(line.text.to));
    match lead.of(raw) {
        [b' '] => {}
        [b' ', ..] if !known => {}
        [b' ', ..] if !field.value.is_empty() => {
            faults.add("blanks-after-name", "more than one blank stands before the value of a header field", lead);
        }
        _ if field.value.is_empty() && behind.of(raw).get(colon + 1) == Some(&b' ') => {}
        _ => faults.add("no-blank-after-name", "no blank stands before the value of a header field", field.line),
    }
    let tail = Span::new(field.value.to, line.text.to.max(field.value.to));
    if known && !tail.is_empty() && !field.value.is_empty() && line.end != LineEnd::None {
        faults.add("blank-at-line-end", "a blank stands at the end of a header line", tail);
    }
}

/// What SEND and REPORT have to have, and may not have (RFC 4975, 7.1 to 7.1.2).
fn request(raw: &[u8], msrp: &Msrp, faults: &mut Faults) {
    let has = |name: &str| msrp.fields.iter().find(|field| is_named(raw, field, name));
    let (send, report) = (msrp.is(raw, "SEND"), msrp.is(raw, "REPORT"));
    if (send || report) && has("Message-ID").is_none() {
        faults.add("no-message-id", "the request has no Message-ID", msrp.start_line);
    }
    if report {
        if has("Status").is_none() {
            faults.add("no-status", "a REPORT has no Status", msrp.start_line);
        }
        for name in ["Success-Report", "Failure-Report"] {
            if let Some(field) = has(name) {
                faults.add("report-of-report", format!("a REPORT has {name}"), field.line);
            }
        }
    }
    let Some(body) = msrp.body else {
        let mime = |field: &&Field| field.name.of(raw).get(..8).is_some_and(|name| name.eq_ignore_ascii_case(b"Content-"));
        // Content-Type without a body is named by the message itself.
        for field in msrp.fields.iter().filter(mime).filter(|field| !is_named(raw, field, "Content-Type")) {
            faults.add("mime-without-body", "a request without body has a MIME header field", field.line);
        }
        return;
    };
    if !send && body.len() > NON_SEND {
        faults.add("body-too-large", format!("the body of a request other than SEND has more than {NON_SEND} octets"), body);
    }
    if send && let Some(field) = has("Byte-Range") {
        let (range, malformations) = ByteRange::parse(raw, field.value);
        if !malformations.is_empty() {
            return;
        }
        if body.len() > UNINTERRUPTED && range.end.is_some() {
            faults.add(
                "not-interruptible",
                format!("a body of more than {UNINTERRUPTED} octets has no * as end of its range"),
                field.value,
            );
        }
        if range.octets().is_some_and(|octets| octets != body.len() as u64) {
            faults.add("byte-range-length", "the range has another length than the body", field.value);
        }
        let end = range.offset().saturating_add(body.len() as u64);
        if range.total.is_some_and(|total| end > total) {
            faults.add("byte-range-beyond-total", "the body goes beyond the end of the message", field.value);
        }
        if msrp.flag == Some(b'$') && range.total.is_some_and(|total| end < total) {
            faults.add("byte-range-total", "the last chunk ends before the end of the message", field.value);
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn codes(method: &str, header: &str, body: &str) -> Vec<String> {
        let text =
            format!("MSRP ab12 {method}\r\nTo-Path: msrp://a:9/x;tcp\r\nFrom-Path: msrp://b:9/y;tcp\r\n{header}{body}-------ab12$\r\n");
        let msrp = Msrp::parse(text.as_bytes(), Span::all(text.as_bytes()));
        msrp.malformations.into_iter().map(|m| m.code).collect()
    }

    #[test]
    fn legal_values_are_no_malformations() {
        let body = "Content-Type: text/plain\r\n\r\nabc\r\n";
        for header in [
            "Message-ID: a.-1\r\nByte-Range: 1-3/3\r\n",
            "MESSAGE-id: a123\r\nSuccess-report: YES\r\nFailure-Report: partial\r\nX-Y:  z \r\n",
        ] {
            assert_eq!(codes("SEND", header, body), [] as [&str; 0], "{header}");
        }
        assert_eq!(codes("REPORT", "Message-ID: a123\r\nByte-Range: 1-3/3\r\nStatus: 000 200 OK\r\n", ""), [] as [&str; 0]);
        assert_eq!(codes("NICKNAME", "Use-Nickname: \"x\"\r\n", ""), [] as [&str; 0]);
        assert_eq!(codes("200 OK", "", ""), [] as [&str; 0]);
    }

    #[test]
    fn illegal_values_are_named() {
        let id = "Message-ID: a123\r\n";
        let body = "Content-Type: text/plain\r\n\r\nabc\r\n";
        for (header, expected) in [
            ("", vec!["no-message-id"]),
            ("Message-ID: a\r\n", vec!["message-id"]),
            ("Message-ID:a123\r\n", vec!["no-blank-after-name"]),
            ("Message-ID:  a123 \r\n", vec!["blanks-after-name", "blank-at-line-end"]),
            ("Message-ID: a123\r\nSuccess-Report: partial\r\nFailure-Report: maybe\r\n", vec!["success-report", "failure-report"]),
            ("Message-ID: a123\r\nByte-Range: 1-4/4\r\n", vec!["byte-range-length", "byte-range-total"]),
            ("Message-ID: a123\r\nByte-Range: 2-*/3\r\n", vec!["byte-range-beyond-total"]),
            ("Message-ID: a123\r\nByte-Range: 1-\r\n", vec!["byte-range", "byte-range"]),
            ("Message-ID: a123\r\nContent-Transfer-Encoding: base64\r\n", vec!["transfer-encoding"]),
        ] {
            assert_eq!(codes("SEND", header, body), expected, "{header}");
        }
        assert_eq!(codes("SEND", &format!("{id}Content-ID: x\r\n"), ""), ["mime-without-body"]);
        assert_eq!(codes("REPORT", &format!("{id}Status: 200\r\nSuccess-Report: no\r\n"), ""), ["status", "report-of-report"]);
        let large = format!("Content-Type: a/b\r\n\r\n{}\r\n", "x".repeat(2049));
        assert_eq!(codes("SEND", &format!("{id}Byte-Range: 1-2049/2049\r\n"), &large), ["not-interruptible"]);
        assert_eq!(codes("SEND", &format!("{id}Byte-Range: 1-*/2049\r\n"), &large), [] as [&str; 0]);
    }
}
