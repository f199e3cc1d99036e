//! What is sent, against what the other side takes (RFC 4975, 8.6).

use super::{Session, broken, place, requests, unfit};
use crate::{
    check::View,
    trace::view::Item,
    verdict::{Finding, Reason, Severity},
    wire::{Span, bodies::bodies_of, mime::ContentType, msrp::Msrp},
};

/// 8.6: the type of the message is among `accept-types` of the other side; what it wraps is there too, or among
/// `accept-wrapped-types`. A message above `max-size` warns.
pub(in super::super) fn permitted(view: &View<'_>, item: Item<'_>) -> Vec<Finding> {
    let found = requests(view, item);
    let Some((_, seen)) = found.first().copied().filter(|(_, seen)| seen.is_msrp("SEND")) else { return unfit(item) };
    let whole = match item {
        Item::Whole(whole) => Some(whole),
        _ => seen.whole.and_then(|index| view.messages.wholes().get(index)),
    };
    let Some(session) = Session::of(view, seen) else {
        let expected = "a session that was negotiated";
        return vec![broken(seen, "MSRP-17", Reason::Missing, expected, "none", seen.unit().start())];
    };
    let (raw, msrp): (&[u8], &Msrp) = whole.map_or((&seen.raw, &seen.msrp), |whole| (whole.raw(), whole.msrp()));
    let Some(body) = msrp.body else { return Vec::new() };
    let mut findings = Vec::new();
    let described = format!("accept-types:{} accept-wrapped-types:{}", session.types.join(" "), session.wrapped.join(" "));
    for kind in kinds(raw, msrp, body) {
        let (kind, wrapped) = kind;
        let fits = session.types.iter().chain(session.wrapped.iter().filter(|_| wrapped)).any(|entry| covers(entry, &kind));
        if !fits {
            let what = if wrapped { "wrapped content" } else { "content" };
            let expected = format!("{what} of a type that the other side takes: {described}");
            findings
                .push(broken(seen, "MSRP-17", Reason::Violated, &expected, kind, place(seen, "Content-Type")).on(session.evidence(view)));
        }
    }
    if let Some(most) = session.most.filter(|most| body.len() as u64 > *most) {
        let expected = format!("at most {most} octets, as max-size says");
        let finding = broken(seen, "MSRP-16", Reason::Violated, &expected, body.len().to_string(), place(seen, "Byte-Range"));
        findings.push(finding.weighing(Severity::Warn).on(session.evidence(view)));
    }
    findings
}

/// Media types of the message, in lower case, and whether it wraps them.
fn kinds(raw: &[u8], msrp: &Msrp, body: Span) -> Vec<(String, bool)> {
    let header = msrp.field(raw, "Content-Type").map(|span| ContentType::parse(raw, span));
    let (found, _) = bodies_of(raw, header, Vec::new(), body);
    found.into_iter().map(|body| (body.kind, body.depth > 0)).collect()
}

/// Whether an entry stands for a media type: itself, `text/*` or `*`; parameters are set aside.
pub(super) fn covers(entry: &str, kind: &str) -> bool {
    let entry = entry.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    entry == "*" || entry == kind || entry.strip_suffix('*').is_some_and(|head| head.ends_with('/') && kind.starts_with(head))
}

impl Session {
    /// Where the other side says what it takes.
    fn evidence(&self, view: &View<'_>) -> Vec<crate::verdict::Evidence> {
        view.messages.list().get(self.their_message).map(|s| s.line()).unwrap_or_default()
    }
}
