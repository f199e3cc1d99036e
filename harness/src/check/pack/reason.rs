//! Reason in a BYE or CANCEL (RFC 3326, 2; CMP-REASON): its form, and one value of protocol SIP. Which cause, rows of their own
//! judge.

use super::{broken, remark};
use crate::{
    check::View,
    trace::view::Seen,
    verdict::{Finding, Reason},
    wire::{
        Span, is_token,
        params::{Param, Parametered},
    },
};

const RULE: &str = "CMP-REASON";

/// Reason is there; one value for each protocol, one of them SIP with a cause.
pub(super) fn rules(_: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    let mut findings = Vec::new();
    let mut known: Vec<String> = Vec::new();
    for span in message.elements("Reason") {
        let protocol = value(seen, span, &mut findings);
        if known.contains(&protocol) {
            let expected = "one value for each protocol";
            findings.push(broken(seen, RULE, Reason::Unexpected, expected, message.unfolded(span), span));
        }
        known.push(protocol);
    }
    if !known.iter().any(|protocol| protocol == "sip") {
        let observed = if known.is_empty() { "no Reason".to_owned() } else { known.join(", ") };
        let expected = "Reason with a value of protocol SIP";
        findings.push(broken(seen, RULE, Reason::Missing, expected, observed, super::place(seen, "Reason")));
    }
    findings
}

/// Judges one value, and says its protocol in lower case.
fn value(seen: &Seen, span: Span, findings: &mut Vec<Finding>) -> String {
    let raw = &seen.message.raw;
    let read = Parametered::parse(raw, span);
    let protocol = read.head.text(raw).into_owned();
    let is_sip = protocol.eq_ignore_ascii_case("SIP");
    findings.extend(read.malformations.iter().map(|m| {
        let observed = format!("{}: {}", m.code, m.message);
        broken(seen, RULE, Reason::Malformed, "a protocol and parameters", observed, m.span)
    }));
    if !is_token(protocol.as_bytes()) && !read.head.is_empty() {
        findings.push(broken(seen, RULE, Reason::Malformed, "a token as protocol", &protocol, read.head));
    } else if is_sip && protocol != "SIP" {
        findings.push(remark(seen, RULE, Reason::Violated, "SIP in capitals", &protocol, read.head));
    }
    let causes: Vec<&Param> = read.all(raw, "cause").collect();
    let of = |param: &Param| param.value.map(|v| v.text(raw).into_owned()).unwrap_or_default();
    match causes.as_slice() {
        [] if is_sip => findings.push(broken(seen, RULE, Reason::Missing, "a cause", seen.message.unfolded(span), span)),
        [] => {}
        [one] => {
            let (text, digits) = (of(one), |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit()));
            let status = text.parse::<u16>().is_ok_and(|n| (100..700).contains(&n));
            if one.quoted || !digits(&text) || is_sip && !status {
                let expected = if is_sip { "cause: a SIP status code in digits" } else { "cause: digits" };
                findings.push(broken(seen, RULE, Reason::Malformed, expected, text, one.span));
            }
        }
        [_, second, ..] => findings.push(broken(seen, RULE, Reason::Unexpected, "one cause in a value", of(second), second.span)),
    }
    findings.extend(read.all(raw, "text").filter(|text| !text.quoted).map(|text| {
        let observed = text.span.text(raw);
        broken(seen, RULE, Reason::Malformed, "text in quotes", observed, text.span)
    }));
    protocol.to_ascii_lowercase()
}
