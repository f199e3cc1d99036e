//! Disposition notification (RFC 5438): messages that ask for it (7.1.1) and notifications themselves (7.2.1).

use super::{broken, unwise};
use crate::{
    check::{View, compare::tokens},
    field::{self, Field},
    trace::view::Seen,
    verdict::{Finding, Reason},
    wire::{Span, cpim::Cpim, imdn::Imdn, params::Parametered},
};

/// A message that asks: Message-ID, DateTime, known words; an anonymous sender had better not ask (12.1.1).
pub(super) fn request(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let raw = &seen.message.raw;
    let Some(part) = field::cpim_part(&seen.message) else {
        return vec![broken(seen, "IMDN-2", Reason::Missing, "a CPIM object", "none", seen.message.start_span())];
    };
    let cpim = Cpim::parse(raw, part);
    let of = |name: &str| cpim.all(raw, name).next().map(|h| h.value);
    let mut findings = Vec::new();
    let bound = cpim.headers.iter().any(|h| h.name.of(raw) == b"NS" && h.value.text(raw).contains("urn:ietf:params:imdn"));
    if !bound {
        findings.push(broken(seen, "IMDN-1", Reason::Missing, "an NS header that binds urn:ietf:params:imdn", "none", part));
    }
    match of("imdn.Message-ID") {
        None => findings.push(broken(seen, "IMDN-2", Reason::Missing, "Message-ID in the imdn name space", "none", part)),
        Some(id) if id.is_empty() || id.text(raw).contains(char::is_whitespace) => {
            findings.push(broken(seen, "IMDN-2", Reason::Malformed, "Message-ID: a token", id.text(raw), id));
        }
        Some(id) => findings.extend(repeated(view, seen, &id.text(raw), id)),
    }
    match of("DateTime") {
        None => findings.push(broken(
            seen,
            "IMDN-2",
            Reason::Missing,
            "DateTime in a message that asks for notification (7.1.1.2)",
            "none",
            part,
        )),
        Some(at) if at.text(raw).parse::<jiff::Timestamp>().is_err() => {
            findings.push(broken(seen, "CPIM-6", Reason::Malformed, "DateTime by RFC 3339", at.text(raw), at));
        }
        Some(_) => {}
    }
    match of("imdn.Disposition-Notification") {
        None => findings.push(broken(seen, "IMDN-2", Reason::Missing, "Disposition-Notification in the imdn name space", "none", part)),
        Some(words) => {
            let text = words.text(raw).into_owned();
            let known = |w: &str| matches!(w, "positive-delivery" | "negative-delivery" | "processing" | "display");
            if let Some(word) = text.split(',').map(|w| w.split(';').next().unwrap_or_default().trim()).find(|w| !known(w)) {
                findings.push(broken(seen, "IMDN-3", Reason::Malformed, "words of RFC 5438, 10", word, words));
            }
            if seen.message.elements("Privacy").iter().any(|p| tokens(&p.text(raw)).contains("id")) {
                findings.push(unwise(
                    seen,
                    "IMDN-7",
                    Reason::Unexpected,
                    "no request for notification from an anonymous sender (12.1.1)",
                    text,
                    words,
                ));
            }
        }
    }
    findings
}

/// The Message-ID of another message, of either side, used again.
fn repeated(view: &View<'_>, seen: &Seen, id: &str, span: Span) -> Option<Finding> {
    let field: Field = "CPIM imdn.Message-ID".parse().ok()?;
    let earlier = view.messages.list()[..view.sip()?].iter().filter(|old| old.repeats.is_none());
    let older = earlier.into_iter().find(|old| field.read(&old.message).iter().any(|f| f.text == id))?;
    Some(broken(seen, "IMDN-2", Reason::Violated, "a Message-ID not used before", id, span).on(older.line()))
}

/// A notification: own Message-ID, no further request, disposition `notification`, one kind, time of the original.
pub(super) fn notification(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let raw = &seen.message.raw;
    let Some(part) = field::cpim_part(&seen.message) else {
        return vec![broken(seen, "IMDN-4", Reason::Missing, "a CPIM object", "none", seen.message.start_span())];
    };
    let cpim = Cpim::parse(raw, part);
    let mut findings = Vec::new();
    match cpim.all(raw, "imdn.Message-ID").next().map(|h| h.value) {
        None => findings.push(broken(seen, "IMDN-4", Reason::Missing, "a Message-ID of its own", "none", part)),
        Some(id) => findings.extend(repeated(view, seen, &id.text(raw), id)),
    }
    if let Some(asks) = cpim.all(raw, "imdn.Disposition-Notification").next() {
        findings.push(broken(
            seen,
            "IMDN-7",
            Reason::Unexpected,
            "no request for notification in a notification",
            asks.value.text(raw),
            asks.line,
        ));
    }
    let disposition = cpim.mime_value(raw, "Content-Disposition");
    let word = disposition.map(|span| Parametered::parse(raw, span).head.text(raw).to_ascii_lowercase());
    if word.as_deref() != Some("notification") {
        findings.push(broken(
            seen,
            "IMDN-4",
            Reason::Violated,
            "Content-Disposition: notification",
            word.unwrap_or_else(|| "none".to_owned()),
            disposition.unwrap_or(part),
        ));
    }
    let imdn = Imdn::parse(raw, cpim.content);
    findings.extend(
        imdn.malformations
            .iter()
            .map(|m| broken(seen, "IMDN-5", Reason::Malformed, "a document of RFC 5438, 11", format!("{}: {}", m.code, m.message), m.span)),
    );
    if imdn.kinds.len() != 1 {
        findings.push(broken(
            seen,
            "IMDN-8",
            Reason::Violated,
            "one kind of notification in a document",
            imdn.kinds.len().to_string(),
            cpim.content,
        ));
    }
    if let Some((told, span)) = &imdn.datetime {
        findings.extend(of_original(view, seen, &imdn, told, *span));
    } else {
        findings.push(broken(seen, "IMDN-5", Reason::Missing, "datetime of the original", "none", cpim.content));
    }
    findings
}

/// IMDN-5: `datetime` is that of the message notified about.
fn of_original(view: &View<'_>, seen: &Seen, imdn: &Imdn, told: &str, span: Span) -> Option<Finding> {
    let (id, _) = imdn.message_id.as_ref()?;
    let (message_id, time): (Field, Field) = ("CPIM imdn.Message-ID".parse().ok()?, "CPIM DateTime".parse().ok()?);
    let original = view.messages.list().iter().find(|old| !old.by_sut() && message_id.read(&old.message).iter().any(|f| f.text == *id))?;
    let wanted = time.read(&original.message).first()?.text.clone();
    let same = match (wanted.parse::<jiff::Timestamp>(), told.parse::<jiff::Timestamp>()) {
        (Ok(a), Ok(b)) => a == b,
        _ => wanted == told,
    };
    (!same)
        .then(|| broken(seen, "IMDN-5", Reason::Violated, &format!("datetime of the original: {wanted}"), told, span).on(original.line()))
}
