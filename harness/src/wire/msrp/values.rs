//! What the values of MSRP header fields break, and where a field or flag stands that may not (RFC 4975, 7 and 9).

use super::{
    Msrp,
    range::{ByteRange, Status},
    uri::{MsrpUri, path},
};
use crate::wire::span::{Faults, Span};

/// Header fields that stand once at most.
const ONCE: [&str; 8] = ["To-Path", "From-Path", "Message-ID", "Byte-Range", "Success-Report", "Failure-Report", "Status", "Content-Type"];

/// URIs of one path that are looked at.
const MOST: usize = 100;

pub(super) fn check(raw: &[u8], msrp: &Msrp, faults: &mut Faults) {
    let value = |name: &str| msrp.field(raw, name);
    for name in ONCE {
        if let Some(second) = msrp.fields.iter().filter(|f| f.name.of(raw) == name.as_bytes()).nth(1) {
            faults.add("twice", format!("{name} stands more than once"), second.line);
        }
    }
    for name in ["To-Path", "From-Path"] {
        let Some(span) = value(name) else { continue };
        let uris = path(raw, span);
        if uris.is_empty() {
            faults.add("path-uri", format!("{name} has no URI"), span);
        }
        for uri in uris.into_iter().take(MOST) {
            faults.extend(MsrpUri::parse(raw, uri).malformations);
        }
    }
    if let Some(span) = value("Byte-Range")
        && let Err(error) = span.text(raw).parse::<ByteRange>()
    {
        faults.add("byte-range", error.to_string(), span);
    }
    if let Some(span) = value("Status")
        && let Err(error) = span.text(raw).parse::<Status>()
    {
        faults.add("status", error.to_string(), span);
    }
    for (name, words) in [("Success-Report", &["yes", "no"][..]), ("Failure-Report", &["yes", "no", "partial"][..])] {
        if let Some(span) = value(name).filter(|span| !words.iter().any(|w| w.as_bytes() == span.of(raw))) {
            faults.add("report-wish", format!("{name} is none of {}", words.join(", ")), span);
        }
    }
    presence(raw, msrp, faults);
}

fn presence(raw: &[u8], msrp: &Msrp, faults: &mut Faults) {
    let method = msrp.method.map(|m| m.of(raw));
    let has = |name: &str| msrp.field(raw, name).is_some();
    let place = Span::new(msrp.start_line.to, msrp.start_line.to);
    if matches!(method, Some(b"SEND" | b"REPORT")) && !has("Message-ID") {
        faults.add("no-message-id", "a SEND or REPORT has no Message-ID", place);
    }
    if method == Some(b"REPORT") {
        for name in ["Byte-Range", "Status"] {
            if !has(name) {
                faults.add("report", format!("a REPORT has no {name}"), place);
            }
        }
    }
    if msrp.status.is_some() && msrp.body.is_some() {
        faults.add("body-of-response", "a response has a body", msrp.body.unwrap_or(place));
    }
    // Only a request with a body can be continued or given up (RFC 4975, 7.1).
    if msrp.body.is_none() && matches!(msrp.flag, Some(b'+')) {
        faults.add("flag", "what has no body is said to go on", msrp.end_line);
    }
}
