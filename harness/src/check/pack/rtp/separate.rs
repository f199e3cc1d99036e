//! Each medium is an RTP session of its own (RFC 3550, 5.2): by its ports in a description, by its packets on the wire.

use super::{
    Agreed, Finding, Item, Reason, RtpStream, View,
    agreed::{End, Medium},
    broken, control, packets, streams,
};
use crate::{check::pack::sdp::Described, trace::view::Seen, wire::rtp};

const RULE: &str = "RFC 3550, 5.2";

/// A description of the SUT has ports of its own for each medium; a stream keeps to its medium and to its pair.
pub(in super::super) fn rules(view: &View<'_>, item: Item<'_>) -> Vec<Finding> {
    match item {
        Item::Sip(seen) => ports(seen),
        Item::Rtp(_) => {
            let agreed = Agreed::all(view);
            streams(view, item).iter().flat_map(|stream| kept_apart(view, &agreed, stream)).collect()
        }
        Item::Media(_) | Item::Whole(_) => super::unfit(item),
    }
}

/// No port stands twice, be it for RTP or for RTCP.
fn ports(seen: &Seen) -> Vec<Finding> {
    let Some(described) = Described::of(&seen.message) else {
        return vec![super::broken_at(seen, RULE, Reason::Missing, "a body application/sdp", "none", seen.message.start_span())];
    };
    let ends: Vec<End> = End::all(&described).into_iter().flatten().collect();
    let used = |end: &End| [end.port, end.rtcp];
    let shared = ends.iter().enumerate().find_map(|(number, end)| {
        let port = used(end).into_iter().find(|port| ends[..number].iter().any(|other| used(other).contains(port)))?;
        Some((end, port))
    });
    let finding = |(end, port): (&End, u16)| {
        let observed = format!("port {port}, which is another one's, too");
        super::broken_at(seen, RULE, Reason::Violated, "ports of its own for each medium, and for its RTCP", observed, end.line)
    };
    shared.map(finding).into_iter().collect()
}

fn kept_apart(view: &View<'_>, agreed: &[Agreed<'_>], stream: &RtpStream) -> Vec<Finding> {
    let Some((one, medium)) = agreed.iter().rev().find_map(|one| Some((one, one.at(stream.way.1)?))) else { return Vec::new() };
    let others: Vec<&Medium> = one.media.iter().filter(|other| other.section != medium.section).collect();
    let mut findings = Vec::new();
    let strays = |payload_type: u8| !medium.allows(payload_type) && others.iter().any(|other| other.allows(payload_type));
    if let Some(packet) = packets(view, stream).into_iter().find(|packet| strays(packet.packet.payload_type)) {
        let expected = format!("{} alone at {}", medium.own.kind, stream.way.1);
        let observed = format!("payload type {}, which is another medium's", packet.packet.payload_type);
        findings.push(broken(packet, RULE, Reason::Violated, &expected, observed, rtp::PAYLOAD_TYPE));
    }
    let is_other = |other: &&RtpStream| other.by_sut() && other.way.0 == stream.way.0 && others.iter().any(|m| m.theirs.takes(other.way.1));
    if let Some(other) = view.messages.streams().iter().find(is_other) {
        let expected = format!("a port of its own that {} leaves from", medium.own.kind);
        let observed = format!("{}, as another medium", stream.way.0);
        let finding = Finding::new(Reason::Violated, expected, observed).by(RULE).on(stream.line());
        findings.push(finding.on(other.line()));
    }
    let reported = control(view, stream.ssrc).any(|seen| medium.theirs.takes_control(seen.way.1));
    if medium.has_control() && !reported {
        let expected = format!("RTCP of its own for {}, at port {}", medium.own.kind, medium.theirs.rtcp);
        findings.push(Finding::new(Reason::Missing, expected, "none").by(RULE).on(stream.line()));
    }
    findings
}
