//! Sound and pictures told by their streams: for people, who want to see that there is one and not each of its packets.

use std::{collections::HashMap, time::Duration};

use bytes::Bytes;

use super::{LinkId, Party, Protocol, carried::Carried};
use crate::wire::rtp::{self, Compound, Packet};

/// Link, sender, source and payload type: what makes packets alike.
type Kind = (LinkId, Party, u32, u8);

/// What is to be said of the entries that hold RTP or RTCP: of the first packet of a stream and payload type what they all are, of
/// the others nothing, of RTCP which packets it is made of.
pub(super) fn told(carried: &[Carried]) -> HashMap<usize, Option<String>> {
    let mut told = HashMap::new();
    let mut streams: HashMap<Kind, (usize, usize, Duration, Duration)> = HashMap::new();
    for datagram in carried.iter().filter(|datagram| datagram.protocol.is_some_and(Protocol::is_rtp)) {
        let entry = datagram.entries.1;
        if datagram.protocol == Some(Protocol::Rtcp) || rtp::is_control(&datagram.bytes) {
            told.insert(entry, Some(control(&datagram.bytes)));
            continue;
        }
        let packet = Packet::parse(&datagram.bytes);
        let kind = (datagram.link, datagram.from.clone(), packet.ssrc, packet.payload_type);
        let (first, count, _, last) = streams.entry(kind).or_insert((entry, 0, datagram.at, datagram.at));
        (*count, *last) = (*count + 1, datagram.at);
        if *first != entry {
            told.insert(entry, None);
        }
    }
    told.extend(streams.into_iter().map(|((.., payload_type), (entry, count, from, to))| {
        let packets = if count == 1 { "1 packet".to_owned() } else { format!("{count} packets in {:.2} s", (to - from).as_secs_f64()) };
        (entry, Some(format!("RTP payload type {payload_type}, {packets}")))
    }));
    told
}

/// The packets of a compound.
fn control(bytes: &Bytes) -> String {
    let name = |kind: u8| match kind {
        rtp::SENDER_REPORT => "SR".to_owned(),
        rtp::RECEIVER_REPORT => "RR".to_owned(),
        rtp::DESCRIPTION => "SDES".to_owned(),
        rtp::GOODBYE => "BYE".to_owned(),
        other => other.to_string(),
    };
    let names: Vec<_> = Compound::parse(bytes).packets.iter().map(|packet| name(packet.kind)).collect();
    format!("RTCP {}", names.join(" "))
}
