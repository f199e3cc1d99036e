//! Edits of messages, acts and sights by field name; what is not named keeps its octets.

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use super::{media, rule::Values};
use crate::{
    field::{self, Field, Place},
    role::{cpm_client::content, patch::Patch},
    wire::{
        Span,
        cpim::Cpim,
        params::{NameAddr, Param, Parametered},
        sip::{Message, Start},
    },
};

/// The message with `key` set to `values`; none removes it, where it is absent it is added.
///
/// # Errors
/// Says which key is no field, or what cannot be edited in this message.
pub fn message(raw: &Bytes, key: &str, values: &[String]) -> Result<Bytes, String> {
    let message = Message::parse(raw.clone());
    let one = values.first().map_or("", String::as_str);
    let mut patch = Patch::default();
    match key {
        "status" => match &message.start {
            Start::Response { status, reason, .. } => {
                let phrase = one.parse().map_or("Unspecified", crate::role::build::phrase);
                patch.replace(*status, one).replace(*reason, phrase)
            }
            _ => return Err("status: not a response".to_owned()),
        },
        "method" => {
            let Start::Request { method, .. } = &message.start else { return Err("method: not a request".to_owned()) };
            let number = message.cseq().map_or(1, |(number, _)| number);
            patch.replace(*method, one).set(&message, "CSeq", &[format!("{number} {one}")])
        }
        "body" => patch.body(&message, one.as_bytes()),
        "list" => {
            let part =
                field::parts(&message).into_iter().find(|(kind, _)| kind.contains("resource-lists")).ok_or("list: no resource list")?.1;
            return Ok(in_body(&message, part, content::recipients(values).as_bytes()));
        }
        _ => {
            let field: Field = key.parse().map_err(|e: field::NoField| e.to_string())?;
            match (&field.place, field.param.as_deref()) {
                (Place::RequestUri, None) => patch.replace(message.request_uri().ok_or("Request-URI: not a request")?, one),
                (Place::Header(name), None) => patch.set(&message, name, values),
                (Place::Header(name), Some(param)) => {
                    let value = *message.elements(name).first().ok_or_else(|| format!("{key}: no {name}"))?;
                    patch.replace(value, with_param(raw, value, param, values.first().map(String::as_str), field.holds_addresses()))
                }
                (Place::Cpim(name), None) => return cpim(&message, name, values),
                (Place::Content, None) => {
                    let part = field::cpim_part(&message).ok_or("content: no CPIM object")?;
                    return Ok(in_body(&message, Cpim::parse(raw, part).content, one.as_bytes()));
                }
                (Place::Imdn(_), None) => {
                    let found = field.read(&message);
                    let span = found.first().ok_or_else(|| format!("{key}: not in this message"))?.span;
                    return Ok(in_body(&message, span, one.as_bytes()));
                }
                (Place::Sdp(name), _) => {
                    let (span, new) = media::described((&message).into(), &field, name, values)?;
                    return Ok(in_body(&message, span, new.as_bytes()));
                }
                _ => return Err(format!("{key} cannot be edited")),
            }
        }
    };
    Ok(patch.apply(raw))
}

/// The octets with all `bytes` replaced by `with`.
#[must_use]
pub fn replace_all(raw: &Bytes, bytes: &str, with: &str) -> Bytes {
    let needle = bytes.as_bytes();
    let mut patch = Patch::default();
    let mut at = 0;
    while let Some(found) = raw.get(at..).and_then(|rest| rest.windows(needle.len().max(1)).position(|w| w == needle)) {
        let span = Span::new(at + found, at + found + needle.len());
        patch.replace(span, with);
        at = span.to;
    }
    patch.apply(raw)
}

/// The message with all `bytes` replaced by `with`, Content-Length kept true.
#[must_use]
pub fn replace(raw: &Bytes, bytes: &str, with: &str) -> Bytes {
    let message = Message::parse(raw.clone());
    let mut patch = Patch::default();
    let needle = bytes.as_bytes();
    let mut at = 0;
    let mut grown = 0_i64;
    while let Some(found) = raw[at..].windows(needle.len().max(1)).position(|w| w == needle) {
        let span = Span::new(at + found, at + found + needle.len());
        if span.from >= message.body.from {
            grown += i64::try_from(with.len()).unwrap_or_default() - i64::try_from(needle.len()).unwrap_or_default();
        }
        patch.replace(span, with);
        at = span.to;
    }
    let length = i64::try_from(message.body.len()).unwrap_or_default() + grown;
    if grown != 0 {
        patch.set(&message, "Content-Length", &[length.to_string()]);
    }
    patch.apply(raw)
}

/// The message with `new` in place of `span`, which lies in its body.
fn in_body(message: &Message, span: Span, new: &[u8]) -> Bytes {
    let raw = &message.raw;
    let mut body = raw[message.body.from..span.from].to_vec();
    body.extend_from_slice(new);
    body.extend_from_slice(&raw[span.to..message.body.to]);
    let mut patch = Patch::default();
    patch.body(message, &body);
    patch.apply(raw)
}

fn cpim(message: &Message, name: &str, values: &[String]) -> Result<Bytes, String> {
    let raw = &message.raw;
    let part = field::cpim_part(message).ok_or("CPIM: no CPIM object")?;
    let cpim = Cpim::parse(raw, part);
    let lines: String = values.iter().map(|value| format!("{name}: {value}\r\n")).collect();
    let of_mime = |h: &&crate::wire::cpim::Header| h.name.text(raw).eq_ignore_ascii_case(name);
    if let Some(header) = cpim.headers.iter().find(|h| h.name.text(raw) == name).or_else(|| cpim.mime.iter().find(of_mime)) {
        return Ok(in_body(message, header.line, lines.as_bytes()));
    }
    let at = cpim.headers.last().map_or(part.from, |h| h.line.to);
    Ok(in_body(message, Span::new(at, at), lines.as_bytes()))
}

/// The value with parameter `name` set (as written, quotes included), or removed; `display-name` is put in front.
fn with_param(raw: &[u8], value: Span, name: &str, new: Option<&str>, address: bool) -> String {
    let text = value.text(raw).into_owned();
    if name == "display-name" {
        let uri = NameAddr::parse(raw, value).uri;
        let bare = Span::new(uri.from.saturating_sub(1), value.to).text(raw).into_owned();
        return new.map_or_else(|| bare.clone(), |n| format!("\"{n}\" {bare}"));
    }
    let params: Vec<Param> = if address { NameAddr::parse(raw, value).params } else { Parametered::parse(raw, value).params };
    let written = new.map(|n| format!("{name}={n}"));
    match params.iter().find(|p| p.name.text(raw).eq_ignore_ascii_case(name)) {
        Some(param) => {
            let (before, after) =
                (Span::new(value.from, param.span.from).text(raw).into_owned(), Span::new(param.span.to, value.to).text(raw).into_owned());
            match written {
                Some(written) => format!("{before}{written}{after}"),
                None => format!("{}{after}", before.trim_end().trim_end_matches(';')),
            }
        }
        None => written.map_or(text.clone(), |written| format!("{text};{written}")),
    }
}

/// An act or a sight with `key` set, or removed.
///
/// # Errors
/// Says that the key is none of its fields or the value does not fit it.
pub fn object<T: Serialize + DeserializeOwned>(object: &T, key: &str, values: &Values) -> Result<T, String> {
    let mut json = serde_json::to_value(object).map_err(|e| e.to_string())?;
    let map = json.as_object_mut().ok_or("not an object")?;
    match values {
        Values::None => drop(map.remove(key)),
        Values::Truth(truth) => drop(map.insert(key.to_owned(), (*truth).into())),
        Values::Number(number) => drop(map.insert(key.to_owned(), (*number).into())),
        Values::One(text) => drop(map.insert(key.to_owned(), text.clone().into())),
        Values::Several(texts) => drop(map.insert(key.to_owned(), texts.clone().into())),
    }
    serde_json::from_value(json).map_err(|e| format!("{key}: {e}"))
}
