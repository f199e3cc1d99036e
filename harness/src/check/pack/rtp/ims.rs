//! What IMS wants of sound beyond that: as much of TS 24.229, 6.1 and GSMA IR.92 as R-7.3.9.2-1 leaves, all of it warnings.

use super::{Reason, View, broken_at};
use crate::{
    check::pack::sdp::Described,
    trace::view::Seen,
    verdict::{Finding, Severity},
    wire::sdp::attributes,
};

/// An offer of sound: profile, AMR, bandwidth, RTCP.
pub(in super::super) fn rules(_: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let Some(described) = Described::of(&seen.message) else { return Vec::new() };
    let mut findings = Vec::new();
    for media in described.media().iter().filter(|media| media.word(0) == "audio" && !media.refused()) {
        let mut wants = |rule: &str, reason, expected: &str, observed: String| {
            findings.push(broken_at(seen, rule, reason, expected, observed, media.line.line).weighing(Severity::Warn));
        };
        let line = described.text(media.line.value);
        if media.word(2) != "RTP/AVP" {
            wants("IR.92, 3.2", Reason::Violated, "the profile RTP/AVP", line.clone());
        }
        let maps: Vec<String> = attributes(described.raw, media.lines, "rtpmap").map(|span| described.text(span)).collect();
        let is_amr = |map: &String| map.split(' ').nth(1).is_some_and(|name| name.to_ascii_uppercase().starts_with("AMR/8000"));
        if seen.message.is_request() && !maps.iter().any(is_amr) {
            wants("IR.92, 3.2", Reason::Missing, "AMR/8000 among the formats offered", line.clone());
        }
        let of_kind = |kind: &str| {
            let lines = media.lines.iter().filter(|line| line.kind == b'b').map(|line| described.text(line.value));
            lines.into_iter().find_map(|value| value.trim().strip_prefix(kind)?.strip_prefix(':').map(str::to_owned))
        };
        if of_kind("AS").is_none() {
            wants("TS 24.229, 6.1", Reason::Missing, "b=AS", line.clone());
        }
        let none = [of_kind("RS"), of_kind("RR")].map(|value| value.as_deref() == Some("0"));
        if none[0] != none[1] {
            wants("TS 24.229, 6.1", Reason::Violated, "no RTCP only where both b=RS:0 and b=RR:0 say so", line);
        }
    }
    findings
}
