//! Edits of session descriptions, MSRP messages, IMAP commands, HTTP requests and RTP packets by field name.

use bytes::Bytes;

use crate::{
    field::{Field, Place, Subject, cpim_part, sdp_part},
    role::patch::Patch,
    trace::{Protocol, view::Unit},
    wire::{Span, cpim::Cpim, msrp::Msrp, rtp, sdp::Sdp},
};

/// Replacement in the description of a message for attribute, line or word `name`: where, and what stands there instead.
///
/// # Errors
/// Says what there is no place for.
pub(super) fn described(subject: Subject<'_>, field: &Field, name: &str, values: &[String]) -> Result<(Span, String), String> {
    let raw = subject.raw();
    let part = sdp_part(subject).ok_or_else(|| format!("SDP {name}: no session description"))?;
    let found = field.read(subject);
    let one = values.first().map_or("", String::as_str);
    // A word of the m= line, and a selector, are put in place of what stands there.
    if field.param.is_some() || matches!(name, "media" | "port" | "proto" | "origin") {
        let first = found.first().ok_or_else(|| format!("SDP {name}: not in this description"))?;
        return Ok((first.span, one.to_owned()));
    }
    let line = |value: &String| match name {
        "address" => format!("c={value}\r\n"),
        "direction" => format!("a={value}\r\n"),
        _ if value.is_empty() => format!("a={name}\r\n"),
        _ => format!("a={name}:{value}\r\n"),
    };
    let lines: String = values.iter().map(line).collect();
    if let Some(first) = found.first() {
        return Ok((line_of(raw, first.span), lines));
    }
    let sdp = Sdp::parse(raw, part);
    let last = sdp.section(0).last().or(sdp.lines.last()).map_or(part.to, |line| line.line.to);
    let broken = if raw.get(..last).is_some_and(|before| before.ends_with(b"\n")) { "" } else { "\r\n" };
    Ok((Span::new(last, last), format!("{broken}{lines}")))
}

/// The line that holds a value, with its line end.
fn line_of(raw: &[u8], span: Span) -> Span {
    let from = raw.get(..span.from).and_then(|before| before.iter().rposition(|&b| b == b'\n')).map_or(0, |lf| lf + 1);
    let to = raw.get(span.to..).and_then(|rest| rest.iter().position(|&b| b == b'\n')).map_or(raw.len(), |lf| span.to + lf + 1);
    Span::new(from, to)
}

/// The message with `key` set to `values`; none removes it, where it is absent it is added.
///
/// # Errors
/// Says which key is no field, or what cannot be edited in this message.
pub(super) fn message(protocol: Protocol, raw: &Bytes, key: &str, values: &[String]) -> Result<Bytes, String> {
    let msrp = if protocol == Protocol::Msrp { Msrp::parse(raw, Span::all(raw)) } else { Msrp::default() };
    let unit = Unit { protocol, raw, msrp: &msrp, link: None };
    let one = values.first().map_or("", String::as_str);
    let field: Field = key.parse().map_err(|e: crate::field::NoField| e.to_string())?;
    let cannot = || format!("{key} cannot be edited in this message");
    match (&field.place, protocol) {
        (Place::Body, Protocol::Msrp) => Ok(body(raw, &msrp, values.first().map(|v| v.as_bytes().to_vec()))),
        (Place::Content, Protocol::Msrp) => {
            let part = cpim_part(unit).ok_or("content: no CPIM object")?;
            Ok(in_body(raw, &msrp, Cpim::parse(raw, part).content, one))
        }
        (Place::Cpim(name), Protocol::Msrp) if field.param.is_none() => {
            let part = cpim_part(unit).ok_or("CPIM: no CPIM object")?;
            let cpim = Cpim::parse(raw, part);
            let lines: String = values.iter().map(|value| format!("{name}: {value}\r\n")).collect();
            let of_mime = |h: &&crate::wire::cpim::Header| h.name.text(raw).eq_ignore_ascii_case(name);
            let held = cpim.headers.iter().find(|h| h.name.text(raw) == *name).or_else(|| cpim.mime.iter().find(of_mime));
            let at = held.map_or_else(
                || cpim.headers.last().map_or(Span::new(part.from, part.from), |h| Span::new(h.line.to, h.line.to)),
                |h| h.line,
            );
            Ok(in_body(raw, &msrp, at, &lines))
        }
        (Place::Msrp(name), Protocol::Msrp) if field.param.is_none() => header(raw, &msrp, unit, &field, name, values),
        (Place::Msrp(_) | Place::Imap(_) | Place::Http(_), _) => {
            let found = field.read(unit);
            let span = found.first().ok_or_else(|| format!("{key}: not in this message"))?.span;
            let mut patch = Patch::default();
            patch.replace(span, one);
            Ok(patch.apply(raw))
        }
        (Place::Rtp(name), Protocol::Rtp) => packet(raw, name, one),
        _ => Err(cannot()),
    }
}

/// An RTP packet with a number of its header set.
fn packet(raw: &Bytes, name: &str, value: &str) -> Result<Bytes, String> {
    let number: u32 = value.parse().map_err(|_| format!("RTP {name}: {value:?} is no number"))?;
    let mut octets = raw.to_vec();
    let header = octets.get_mut(..rtp::SSRC.to).ok_or_else(|| format!("RTP {name}: not in this packet"))?;
    let [.., high, low] = number.to_be_bytes();
    match name {
        "version" => header[0] = header[0] & 0x3f | low << 6,
        "payload-type" => header[1] = header[1] & 0x80 | low & 0x7f,
        "sequence" => header[rtp::SEQUENCE.from..rtp::SEQUENCE.to].copy_from_slice(&[high, low]),
        "timestamp" => header[rtp::TIMESTAMP.from..rtp::TIMESTAMP.to].copy_from_slice(&number.to_be_bytes()),
        _ => header[rtp::SSRC.from..].copy_from_slice(&number.to_be_bytes()),
    }
    Ok(octets.into())
}

/// An MSRP message with a header field, or a word of its first or last line, set.
fn header(raw: &Bytes, msrp: &Msrp, unit: Unit<'_>, field: &Field, name: &str, values: &[String]) -> Result<Bytes, String> {
    let one = values.first().map_or("", String::as_str);
    let mut patch = Patch::default();
    match name {
        "transaction" => {
            let from = msrp.end_line.from + b"-------".len();
            patch.replace(msrp.transaction, one).replace(Span::new(from, from + msrp.transaction.len()), one);
        }
        "flag" | "method" | "Status" => {
            let found = field.read(unit);
            patch.replace(found.first().ok_or_else(|| format!("MSRP {name}: not in this message"))?.span, one);
        }
        _ => {
            let lines: String = values.iter().map(|value| format!("{name}: {value}\r\n")).collect();
            let own = |f: &&crate::wire::sip::Field| f.name.of(raw).eq_ignore_ascii_case(name.as_bytes());
            let mut held = msrp.fields.iter().filter(own);
            match held.next() {
                Some(first) => {
                    patch.replace(first.line, lines);
                    for more in held {
                        patch.replace(more.line, "");
                    }
                }
                None => {
                    // Content-Type stays the last header field (RFC 4975, 9).
                    let kind = msrp.fields.iter().find(|f| f.name.of(raw).eq_ignore_ascii_case(b"Content-Type"));
                    let end = msrp.fields.last().map_or(msrp.start_line.to, |f| f.line.to);
                    let at = kind.map_or(end, |f| f.line.from);
                    patch.replace(Span::new(at, at), lines);
                }
            }
        }
    }
    Ok(patch.apply(raw))
}

/// An MSRP message with another body, or without one; a Byte-Range that said how long it was says it again.
fn body(raw: &Bytes, msrp: &Msrp, new: Option<Vec<u8>>) -> Bytes {
    let end = msrp.fields.last().map_or(msrp.start_line.to, |f| f.line.to);
    let mut patch = Patch::default();
    let octets = new.as_ref().map_or_else(Vec::new, |body| [b"\r\n", body.as_slice(), b"\r\n"].concat());
    patch.replace(Span::new(end, msrp.end_line.from), octets);
    let (old, now) = (msrp.body.map_or(0, |b| b.len()), new.map_or(0, |b| b.len()));
    let range = msrp.fields.iter().find(|f| f.name.of(raw).eq_ignore_ascii_case(b"Byte-Range"));
    if let Some(range) = range.filter(|f| f.value.text(raw) == format!("1-{old}/{old}")) {
        patch.replace(range.value, format!("1-{now}/{now}"));
    }
    patch.apply(raw)
}

/// An MSRP message with `new` in place of `span`, which lies in its body.
fn in_body(raw: &Bytes, msrp: &Msrp, span: Span, new: &str) -> Bytes {
    let whole = msrp.body.unwrap_or(span);
    let octets = [Span::new(whole.from, span.from).of(raw), new.as_bytes(), Span::new(span.to, whole.to).of(raw)].concat();
    body(raw, msrp, Some(octets))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn send() -> Bytes {
        let cpim = "From: <sip:a>\r\n\r\nContent-Type: text/plain\r\n\r\nhi";
        let text = format!(
            "MSRP ab12 SEND\r\nTo-Path: msrp://a:9/x;tcp\r\nFrom-Path: msrp://b:9/y;tcp\r\nMessage-ID: mid1\r\nByte-Range: 1-{0}/{0}\r\n\
             Content-Type: message/cpim\r\n\r\n{cpim}\r\n-------ab12$\r\n",
            cpim.len()
        );
        text.into()
    }

    fn edited(raw: &Bytes, key: &str, values: &[&str]) -> String {
        let values: Vec<String> = values.iter().map(|v| (*v).to_owned()).collect();
        let octets = message(Protocol::Msrp, raw, key, &values).unwrap();
        assert_eq!(Msrp::parse(&octets, Span::all(&octets)).malformations.first().map(|m| m.code.as_str()), None, "{key}");
        String::from_utf8_lossy(&octets).into_owned()
    }

    #[test]
    fn fields_of_a_chunk_are_set_added_and_removed() {
        let raw = send();
        assert!(edited(&raw, "MSRP To-Path", &["msrp://c:9/z;tcp"]).starts_with("MSRP ab12 SEND\r\nTo-Path: msrp://c:9/z;tcp\r\nFrom-"));
        assert!(edited(&raw, "MSRP Success-Report", &["yes"]).contains("Success-Report: yes\r\nContent-Type: message/cpim\r\n\r\n"));
        assert!(!edited(&raw, "MSRP Byte-Range", &[]).contains("Byte-Range"));
        assert!(edited(&raw, "MSRP flag", &["#"]).ends_with("-------ab12#\r\n"));
        let text = edited(&raw, "MSRP transaction", &["cd34"]);
        assert!(text.starts_with("MSRP cd34 SEND") && text.ends_with("-------cd34$\r\n"));
    }

    #[test]
    fn a_body_that_changes_keeps_its_range_true() {
        let raw = send();
        assert!(edited(&raw, "content", &["hello"]).contains("text/plain\r\n\r\nhello\r\n-------"));
        assert!(edited(&raw, "body", &["0123456789"]).contains("Byte-Range: 1-10/10\r\n"));
        assert!(edited(&raw, "CPIM From", &["<sip:longer>"]).contains("From: <sip:longer>\r\n\r\nContent-Type: text/plain"));
    }

    #[test]
    fn a_bodiless_request_may_get_an_empty_body() {
        let raw = Bytes::from_static(
            b"MSRP ab12 SEND\r\nTo-Path: msrp://a:9/x;tcp\r\nFrom-Path: msrp://b:9/y;tcp\r\nMessage-ID: mid1\r\n-------ab12$\r\n",
        );
        let typed = message(Protocol::Msrp, &raw, "MSRP Content-Type", &["message/cpim".to_owned()]).unwrap();
        assert!(edited(&typed, "body", &[""]).ends_with("Content-Type: message/cpim\r\n\r\n\r\n-------ab12$\r\n"));
    }

    #[test]
    fn commands_are_edited_word_by_word() {
        let raw = Bytes::from_static(b"A1 UID FETCH 4711 (BODY[])\r\n");
        assert_eq!(message(Protocol::Imap, &raw, "IMAP uids", &["1:*".to_owned()]).unwrap(), "A1 UID FETCH 1:* (BODY[])\r\n");
    }
}
