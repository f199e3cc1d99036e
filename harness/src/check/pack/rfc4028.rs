//! Session timers (RFC 4028): what an INVITE asks for (7.1), what a 2xx grants (9), the refresh in time (7.4), and the end of a
//! session that nobody refreshes (10). That `timer` is supported in an INVITE, CONV-7.2.1.2-12 judges.

use std::time::Duration;

use super::{broken, own, place, remark, unwise};
use crate::{
    check::{View, compare::number},
    trace::view::Seen,
    verdict::{Finding, Reason, Severity},
    wire::{Span, params::Parametered, sip::Message},
};

/// The least that a session interval may be, seconds (4).
const LEAST: u64 = 90;
/// What it had better be (4).
const USUAL: u64 = 1800;

/// A Session-Expires.
struct Interval {
    seconds: Option<u64>,
    /// `uac` or `uas`, in lower case.
    refresher: Option<String>,
    quoted: bool,
    span: Span,
}

fn interval(message: &Message) -> Option<Interval> {
    let span = message.first("Session-Expires")?.value;
    let value = Parametered::parse(&message.raw, span);
    let seconds = number(&value.head.text(&message.raw));
    let refresher = value.param(&message.raw, "refresher");
    let text = refresher.and_then(|p| p.value).map(|v| v.text(&message.raw).to_ascii_lowercase());
    Some(Interval { seconds, refresher: text, quoted: refresher.is_some_and(|p| p.quoted), span })
}

fn min_se(message: &Message) -> Option<u64> {
    let span = message.first("Min-SE")?.value;
    number(&Parametered::parse(&message.raw, span).head.text(&message.raw))
}

fn lists(message: &Message, name: &str) -> bool {
    message.elements(name).iter().any(|s| s.text(&message.raw).eq_ignore_ascii_case("timer"))
}

/// All of it, by the kind of message.
pub(super) fn rules(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    match seen.message.method() {
        None => granted(view, seen),
        // The user may end a session at any time.
        Some("BYE") if grant(view, seen).is_none_or(|(_, _, refresher)| refresher) => Vec::new(),
        Some("BYE") => ends(view, seen),
        Some(_) if seen.message.tag("To").is_some() => refreshes(view, seen),
        Some(_) => asks(view, seen),
    }
}

/// 7.1: Session-Expires of at least 90 s and at least Min-SE, refresher uac (R-0-18, H-11); after 422 at least what that says.
pub(super) fn asks(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    let mut findings = Vec::new();
    let least = min_se(message);
    if let Some(low) = least.filter(|s| *s < LEAST) {
        findings.push(broken(seen, "TMR-1", Reason::Violated, "Min-SE of at least 90", low.to_string(), place(seen, "Min-SE")));
    }
    let Some(asked) = interval(message) else {
        let expected = "Session-Expires with refresher=uac";
        findings.push(unwise(seen, "R-0-18", Reason::Missing, expected, "none", message.start_span()));
        return findings;
    };
    let text = asked.span.text(&message.raw).into_owned();
    match asked.seconds {
        None => findings.push(broken(seen, "TMR-1", Reason::Malformed, "Session-Expires: seconds", &text, asked.span)),
        Some(s) if s < LEAST => {
            let expected = "a session interval of at least 90 s (RFC 4028, 4)";
            findings.push(unwise(seen, "H-11", Reason::Violated, expected, &text, asked.span));
        }
        Some(s) if least.is_some_and(|least| s < least) => {
            let expected = format!("a session interval of at least Min-SE: {}", least.unwrap_or_default());
            findings.push(broken(seen, "TMR-1", Reason::Violated, &expected, &text, asked.span));
        }
        Some(s) if s < USUAL => {
            let expected = "a session interval of 1800 s (RFC 4028, 4)";
            findings.push(remark(seen, "RFC 4028, 4", Reason::Violated, expected, &text, asked.span));
        }
        Some(_) => {}
    }
    match asked.refresher.as_deref() {
        None => findings.push(unwise(seen, "R-0-18", Reason::Missing, "refresher=uac", &text, asked.span)),
        Some(_) if asked.quoted => {
            findings.push(broken(seen, "TMR-3", Reason::Malformed, "refresher without quotes", &text, asked.span));
        }
        Some("uac") => {}
        Some("uas") => findings.push(unwise(seen, "H-11", Reason::Violated, "refresher=uac", &text, asked.span)),
        Some(_) => findings.push(broken(seen, "TMR-3", Reason::Malformed, "refresher uac or uas", &text, asked.span)),
    }
    let list = view.messages.list();
    let too_small = |s: &&Seen| !s.by_sut() && s.message.status() == Some(422) && s.message.call_id() == message.call_id();
    let most = list[..own(view)].iter().filter(too_small).filter_map(|s| Some((min_se(&s.message)?, s))).max_by_key(|(n, _)| *n);
    if let Some((wanted, told)) = most {
        for (name, have) in [("Min-SE", least), ("Session-Expires", asked.seconds)] {
            if have.is_none_or(|have| have < wanted) {
                let expected = format!("{name} of at least the Min-SE of the 422: {wanted}");
                let observed = have.map_or_else(|| "none".to_owned(), |n| n.to_string());
                findings.push(broken(seen, "TMR-2", Reason::Violated, &expected, observed, place(seen, name)).on(told.line()));
            }
        }
    }
    findings
}

/// 9: what the SUT grants: refresher as asked for, Require where the caller refreshes, not longer than asked, not too short.
///
/// To the invitation to a session it warns (R-7.3.2-7); to a re-INVITE `uas` passes in place of `uac` (R-7.3.8-3), and Require is
/// told (R-7.3.8-5).
pub(super) fn granted(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    let Some(request) = view.messages.request_of(own(view)).map(|i| &view.messages.list()[i]) else { return Vec::new() };
    if !message.status().is_some_and(|s| (200..300).contains(&s)) {
        return Vec::new();
    }
    let (asked, supported) = (interval(&request.message), lists(&request.message, "Supported"));
    let begins = request.message.tag("To").is_none();
    let invites = begins && is_session(&request.message);
    let Some(given) = interval(message) else {
        let expected = "Session-Expires, as timers were asked for";
        let finding = || unwise(seen, "R-7.3.2-7", Reason::Missing, expected, "none", message.start_span()).on(request.line());
        return (invites && asked.is_some() && supported).then(finding).into_iter().collect();
    };
    let text = given.span.text(&message.raw).into_owned();
    let mut findings = Vec::new();
    let wanted = asked.as_ref().and_then(|a| a.refresher.clone());
    let (right, expected) = match (given.refresher.as_deref(), wanted.as_deref()) {
        (None, _) => (false, "refresher in each 2xx with Session-Expires".to_owned()),
        (Some(given), Some(wanted)) if supported => (given == wanted, format!("refresher={wanted}, as asked for")),
        (Some(given), _) if !supported => (given == "uas", "refresher=uas: the caller knows no timers".to_owned()),
        (Some(given), _) => (matches!(given, "uac" | "uas"), "refresher uac or uas".to_owned()),
    };
    if !right {
        let literal = !begins && given.refresher.as_deref() == Some("uas");
        findings.push(if literal && wanted.as_deref() == Some("uac") {
            remark(seen, "R-7.3.8-3", Reason::Violated, &expected, &text, given.span)
        } else {
            broken(seen, "TMR-3", Reason::Violated, &expected, &text, given.span)
        });
    }
    if given.quoted {
        findings.push(broken(seen, "TMR-3", Reason::Malformed, "refresher without quotes", &text, given.span));
    }
    if supported && !lists(message, "Require") {
        let by_caller = given.refresher.as_deref() != Some("uas");
        let finding = broken(seen, "TMR-4", Reason::Missing, "Require: timer", "none", given.span);
        findings.push(match (by_caller, begins) {
            (true, true) => finding,
            (true, false) | (false, true) => finding.weighing(Severity::Warn),
            (false, false) => finding.weighing(Severity::Info),
        });
    }
    let least = min_se(&request.message).unwrap_or(LEAST).max(LEAST);
    let most = asked.and_then(|a| a.seconds).unwrap_or(u64::MAX);
    if given.seconds.is_none_or(|s| s < least || s > most) {
        let expected = if most == u64::MAX { format!("at least {least} s") } else { format!("{least} to {most} s") };
        findings.push(broken(seen, "TMR-5", Reason::Violated, &expected, &text, given.span));
    }
    let weighed = |f: Finding| if invites && f.severity == Severity::Fail { f.weighing(Severity::Warn) } else { f };
    findings.into_iter().map(|f| weighed(f).on(request.line())).collect()
}

/// Whether an INVITE asks for a CPM Session.
fn is_session(invite: &Message) -> bool {
    let names = |name: &str| {
        invite.fields_named(name).any(|f| f.value.text(&invite.raw).to_ascii_lowercase().contains("3gpp-service.ims.icsi.oma.cpm.session"))
    };
    ["Accept-Contact", "P-Asserted-Service", "P-Preferred-Service"].into_iter().any(names)
}

/// The newest grant of a session timer in the dialog of "it": the response, seconds, and whether the SUT refreshes.
fn grant<'a>(view: &View<'a>, seen: &Seen) -> Option<(&'a Seen, u64, bool)> {
    let list = view.messages.list();
    let same = |s: &&Seen| {
        s.repeats.is_none()
            && s.message.call_id() == seen.message.call_id()
            && s.message.status().is_some_and(|s| (200..300).contains(&s))
            && s.message.cseq().is_some_and(|(_, m)| matches!(m, "INVITE" | "UPDATE"))
    };
    let newest = list[..own(view)].iter().rev().find(same)?;
    let given = interval(&newest.message)?;
    // uac and uas are those of the transaction: who got the response is its caller.
    let caller = !newest.by_sut();
    Some((newest, given.seconds?, (given.refresher.as_deref() == Some("uac")) == caller))
}

/// 7.4 and 10: a refresh before the session expires, best around half of its time, that keeps what was agreed (H-9).
pub(super) fn refreshes(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let Some((newest, seconds, refresher)) = grant(view, seen) else { return Vec::new() };
    let message = &seen.message;
    let mut findings = Vec::new();
    if !lists(message, "Supported") {
        findings.push(broken(seen, "RFC 4028, 7.4", Reason::Missing, "Supported: timer", "none", message.start_span()));
    }
    let wanted = min_se(message).unwrap_or(LEAST).max(seconds);
    let role = if refresher { "uac" } else { "uas" };
    let expected = format!("Session-Expires: {wanted};refresher={role}, as before");
    match interval(message) {
        None => findings.push(unwise(seen, "RFC 4028, 7.4", Reason::Missing, &expected, "none", message.start_span())),
        Some(own) if own.seconds.is_none_or(|s| s < LEAST) => {
            let observed = own.span.text(&message.raw);
            findings.push(broken(seen, "TMR-1", Reason::Violated, &expected, observed, own.span));
        }
        Some(own) if own.seconds != Some(wanted) || own.refresher.as_deref().is_some_and(|r| r != role) => {
            let observed = own.span.text(&message.raw);
            findings.push(unwise(seen, "RFC 4028, 7.4", Reason::Violated, &expected, observed, own.span));
        }
        Some(_) => {}
    }
    if message.method() == Some("UPDATE") && !allows_update(view, seen) {
        let expected = "no UPDATE to who does not allow it";
        findings.push(broken(seen, "RFC 3311, 5.1", Reason::Unexpected, expected, "UPDATE", message.start_span()));
    }
    findings.extend(in_time(seen, newest, seconds, (1.0 / 3.0, 2.0 / 3.0), 1.0));
    findings.into_iter().map(|f| f.on(newest.line())).collect()
}

/// Whether the other side listed UPDATE in the latest Allow of the dialog.
fn allows_update(view: &View<'_>, seen: &Seen) -> bool {
    let of_dialog = |s: &&Seen| !s.by_sut() && s.message.call_id() == seen.message.call_id() && s.message.first("Allow").is_some();
    let newest = view.messages.list()[..own(view)].iter().rev().find(of_dialog);
    newest.is_some_and(|s| s.message.elements("Allow").iter().any(|m| m.of(&s.message.raw) == b"UPDATE"))
}

/// 10: where the other side does not refresh, BYE slightly before the session expires: from half of its time on, up to 5 s of 90
/// late (H-9).
pub(super) fn ends(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let Some((newest, seconds, refresher)) = grant(view, seen) else { return Vec::new() };
    if refresher {
        let expected = "a refresh, and no BYE: it is the client that refreshes";
        return vec![broken(seen, "H-9", Reason::Unexpected, expected, "a BYE", seen.message.start_span()).on(newest.line())];
    }
    let (least, most) = (45.0 / 90.0, 95.0 / 90.0);
    let waited = seen.at.saturating_sub(newest.at).as_secs_f64();
    let term = Duration::from_secs(seconds.min(u64::from(u32::MAX))).as_secs_f64();
    if waited >= least * term && waited <= most * term {
        return Vec::new();
    }
    let expected = format!("a BYE {:.0} to {:.0} s after the last refresh", least * term, most * term);
    vec![broken(seen, "H-9", Reason::Late, &expected, format!("{waited:.1} s"), seen.message.start_span()).on(newest.line())]
}

/// Within a window, in parts of the interval; beyond it a warning, from `end` on a nonconformity.
fn in_time(seen: &Seen, newest: &Seen, seconds: u64, window: (f64, f64), end: f64) -> Option<Finding> {
    let term = Duration::from_secs(seconds.min(u64::from(u32::MAX))).as_secs_f64();
    let waited = seen.at.saturating_sub(newest.at).as_secs_f64();
    let (least, most) = (window.0 * term, window.1 * term);
    let observed = format!("{waited:.1} s");
    let span = seen.message.start_span();
    if waited >= end * term {
        let expected = format!("a refresh before the session expires after {seconds} s");
        return Some(broken(seen, "TMR-6", Reason::Late, &expected, observed, span));
    }
    let expected = format!("a refresh {least:.0} to {most:.0} s after the grant of {seconds} s");
    (waited < least || waited > most).then(|| unwise(seen, "H-9", Reason::Late, &expected, observed, span))
}
