//! The attribute `chatroom` of an MSRP stream (RFC 7701, 8), and the token that marks a closed group (R-7.3.1.2-2).

use super::{
    broken,
    sdp::{Described, Media},
    unwise,
};
use crate::{
    check::View,
    trace::view::Seen,
    verdict::{Finding, Reason},
    wire::{Span, is_token, sdp::attributes},
};

const RULE: &str = "RFC 7701, 8";
/// The token where the IXIT has none.
const CLOSED: &str = "org.openmobilealliance.groupchat.closed";
/// The token of RCS for the same.
const RCS: &str = "org.3gpp.urn%3Aurn-7%3A3gpp-application.ims.iari.rcs.closedgroupchat";

/// 8: in the section of an MSRP stream, once, tokens with one blank between them, none twice.
pub(super) fn form(_: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let Some(own) = Described::of(&seen.message) else { return Vec::new() };
    let mut findings: Vec<Finding> = attributes(own.raw, own.sdp.session(), "chatroom")
        .map(|span| broken(seen, RULE, Reason::Unexpected, "chatroom in the section of its stream", own.text(span), span))
        .collect();
    for media in own.media() {
        let found: Vec<Span> = attributes(own.raw, media.lines, "chatroom").collect();
        if let Some(first) = found.first().filter(|_| !media.is_msrp()) {
            let expected = "chatroom with MSRP alone";
            findings.push(broken(seen, RULE, Reason::Unexpected, expected, own.text(media.line.value), *first));
        }
        if let Some(second) = found.get(1) {
            findings.push(broken(seen, RULE, Reason::Unexpected, "chatroom once", own.text(*second), *second));
        }
        for span in found {
            findings.extend(tokens(seen, &own, span));
        }
    }
    findings
}

/// What is wrong with the tokens of one attribute; it may have none.
fn tokens(seen: &Seen, own: &Described<'_>, span: Span) -> Option<Finding> {
    // Of `a=chatroom` alone the value begins where the line ends, without a colon in front of it.
    let text = own.text(span);
    let flag = text.is_empty() && span.from.checked_sub(1).and_then(|at| own.raw.get(at)) != Some(&b':');
    if flag {
        return None;
    }
    let all: Vec<String> = text.split(' ').map(str::to_ascii_lowercase).collect();
    if all.iter().any(|token| !is_token(token.as_bytes())) {
        return Some(broken(seen, RULE, Reason::Malformed, "tokens with one blank between them", text, span));
    }
    let twice = all.iter().enumerate().any(|(n, token)| all[..n].contains(token));
    twice.then(|| broken(seen, RULE, Reason::Unexpected, "each token once", text, span))
}

/// The form, and the token of a closed group: that of the IXIT; that of RCS, and another case, warn.
pub(super) fn closed(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let mut findings = form(view, seen);
    let Some(own) = Described::of(&seen.message) else { return findings };
    let wanted = view.ixit.text("closed group token").unwrap_or(CLOSED);
    let media = own.media();
    let stream: Option<&Media<'_>> = media.iter().find(|m| m.is_msrp() && !m.refused());
    let span = stream.and_then(|m| attributes(own.raw, m.lines, "chatroom").next());
    let text = span.map(|s| own.text(s)).unwrap_or_default();
    let has = |wanted: &str| text.split(' ').any(|token| token == wanted);
    let has_spelled = |wanted: &str| text.split(' ').any(|token| token.eq_ignore_ascii_case(wanted));
    let expected = format!("chatroom with {wanted}");
    let at = span.or(stream.map(|m| m.line.line)).unwrap_or(own.span);
    if has(wanted) {
        return findings;
    }
    if has_spelled(wanted) || has_spelled(RCS) {
        findings.push(unwise(seen, "R-7.3.1.2-2", Reason::Violated, &expected, text, at));
    } else {
        let reason = if span.is_none() { Reason::Missing } else { Reason::Violated };
        findings.push(broken(seen, "R-7.3.1.2-2", reason, &expected, text, at));
    }
    findings
}
