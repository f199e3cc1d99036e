//! The chunks of one message (RFC 4975, 7.1.1 and 5.1).

use super::{broken, place, range, requests, text, unfit};
use crate::{
    check::View,
    trace::view::{Item, MediaSeen},
    verdict::{Finding, Reason},
};

/// Octets of a body that may not be interrupted (RFC 4975, 5.1 and 7.1.1).
const UNINTERRUPTED: usize = 2048;

/// 7.1.1: one message from its first octet to its last: ranges that join, one total, one set of header fields, flags.
pub(in super::super) fn rules(view: &View<'_>, item: Item<'_>) -> Vec<Finding> {
    let mut found: Vec<&MediaSeen> = requests(view, item).into_iter().map(|(_, seen)| seen).collect();
    // A single chunk stands for its message.
    if let Some(whole) = found.first().filter(|_| found.len() == 1).and_then(|seen| view.messages.wholes().get(seen.whole?)) {
        found = whole.chunks.iter().filter_map(|index| view.messages.media().get(*index)).collect();
    }
    let Some(first) = found.first().copied() else { return unfit(item) };
    let mut findings: Vec<Finding> = found.iter().filter_map(|seen| interruptible(seen)).collect();
    findings.extend(ranges(&found));
    for seen in found.iter().copied().skip(1) {
        for name in ["Success-Report", "Failure-Report", "Content-Type"] {
            // Without a header field its default is meant (7.1.1).
            let meant = |seen: &MediaSeen| {
                let default = if name == "Success-Report" { "no" } else { "yes" };
                let said = text(seen, name).map(|said| if name == "Content-Type" { said } else { said.to_ascii_lowercase() });
                said.unwrap_or_else(|| default.to_owned())
            };
            if meant(seen) != meant(first) {
                let expected = format!("{name} as in the first chunk: {}", meant(first));
                findings.push(broken(seen, "MSRP-4", Reason::Violated, &expected, meant(seen), place(seen, name)).on(first.line()));
            }
        }
    }
    for (number, seen) in found.iter().copied().enumerate() {
        let last = number + 1 == found.len();
        let (right, expected) = match seen.msrp.flag {
            Some(b'$') => (last, "the flag + on each chunk but the last"),
            Some(b'+') => (!last, "the flag $ on the last chunk"),
            // What is given up ends there.
            Some(b'#') => (last, "nothing behind the flag #"),
            _ => (true, ""),
        };
        if !right {
            let observed = seen.msrp.end_line.text(&seen.raw).trim_end().to_owned();
            findings.push(broken(seen, "MSRP-4", Reason::Violated, expected, observed, seen.msrp.end_line));
        }
    }
    findings
}

/// MSRP-7: a body above 2048 octets can be interrupted, and says so by a range-end of `*`.
fn interruptible(seen: &MediaSeen) -> Option<Finding> {
    let body = seen.msrp.body?;
    let fixed = range(seen).is_none_or(|range| range.end.is_some());
    let observed = text(seen, "Byte-Range").unwrap_or_else(|| "no Byte-Range".to_owned());
    let expected = format!("range-end * with a body above {UNINTERRUPTED} octets: {}", body.len());
    (body.len() > UNINTERRUPTED && fixed).then(|| broken(seen, "MSRP-7", Reason::Violated, &expected, observed, place(seen, "Byte-Range")))
}

/// MSRP-5: Byte-Range from 1 on, each where the one before ended by its octets, with the total of the others.
fn ranges(found: &[&MediaSeen]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (mut next, mut total) = (1_u64, None);
    for (number, seen) in found.iter().copied().enumerate() {
        let octets = seen.msrp.body.map_or(0, |body| body.len() as u64);
        let span = place(seen, "Byte-Range");
        let said = text(seen, "Byte-Range").unwrap_or_default();
        let Some(range) = range(seen) else {
            // One that cannot be read, the framing judges (7.1).
            if said.is_empty() && (number > 0 || seen.msrp.flag == Some(b'+')) {
                let reason = Reason::Missing;
                findings.push(broken(seen, "MSRP-5", reason, "Byte-Range in each chunk of several", "none", span));
            }
            next += octets;
            continue;
        };
        if range.start != next {
            let expected = format!("a range that begins with octet {next}");
            findings.push(broken(seen, "MSRP-5", Reason::Violated, &expected, &said, span));
        }
        let end = (range.start + octets).saturating_sub(1);
        if range.end.is_some_and(|told| told != end) {
            let expected = format!("a range of the {octets} octets of the body, up to {end}");
            findings.push(broken(seen, "MSRP-5", Reason::Violated, &expected, &said, span));
        }
        if let (Some(told), Some(known)) = (range.total, total)
            && told != known
        {
            let expected = format!("the total of the chunks before: {known}");
            findings.push(broken(seen, "MSRP-5", Reason::Violated, &expected, &said, span));
        }
        total = total.or(range.total);
        next = range.start + octets;
        if let Some(known) = total.filter(|known| number + 1 == found.len() && seen.msrp.flag == Some(b'$') && *known != next - 1) {
            let expected = format!("{known} octets in all, as announced");
            findings.push(broken(seen, "MSRP-5", Reason::Violated, &expected, (next - 1).to_string(), span));
        }
    }
    findings
}
