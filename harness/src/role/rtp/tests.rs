use pretty_assertions::assert_eq;

use super::*;

/// Two endpoints on one wire, and what went over it.
struct Wire {
    ends: [Endpoint; 2],
    now: Duration,
    sent: Vec<(Duration, usize, Hop, Bytes)>,
}

fn places(host: u8) -> Vec<Place> {
    let at = |port: u16| SocketAddr::from(([192, 0, 2, host], port));
    let place = |kind: &str, lane, port| Place { kind: kind.to_owned(), lane, rtp: at(port), rtcp: at(port + 1) };
    vec![place("audio", 1, 4000), place("video", 2, 4002), place("audio", 3, 4004)]
}

impl Wire {
    fn new() -> Self {
        Self { ends: [Endpoint::new(places(1), CLIENT, 1), Endpoint::new(places(2), FAKE, 2)], now: Duration::ZERO, sent: Vec::new() }
    }

    /// Both agree on what the first offers.
    fn agree(&mut self, offer: &[Option<Flow>]) -> Vec<Option<Flow>> {
        let answer = self.ends[1].answers(7, offer);
        self.ends[0].agree(self.now, 7, offer, &answer);
        self.ends[1].agree(self.now, 7, &answer, offer);
        answer
    }

    fn run(&mut self, until: Duration) {
        loop {
            for end in 0..2 {
                self.ends[end].tick(self.now);
                while let Some((hop, bytes)) = self.ends[end].poll() {
                    let own = places(if end == 0 { 1 } else { 2 });
                    let other = places(if end == 0 { 2 } else { 1 });
                    let to = other.iter().find(|place| [place.rtp, place.rtcp].contains(&hop.address)).unwrap();
                    let from = own.iter().find(|place| place.lane == hop.lane).unwrap();
                    self.sent.push((self.now, end, hop, bytes.clone()));
                    self.ends[1 - end].receive(Hop { lane: to.lane, address: from.rtp, ..hop }, &bytes);
                }
            }
            let next = self.ends.iter().filter_map(Endpoint::deadline).min();
            match next.filter(|at| *at <= until) {
                Some(at) => self.now = at,
                None => break,
            }
        }
        self.now = until;
    }

    fn packets(&self, end: usize) -> Vec<(Duration, Hop, rtp::Packet)> {
        let own = self.sent.iter().filter(|(_, from, hop, _)| *from == end && hop.protocol == Protocol::Rtp);
        own.map(|(at, _, hop, bytes)| (*at, *hop, rtp::Packet::parse(bytes))).collect()
    }
}

fn offer(end: &Endpoint, kinds: &[&str]) -> Vec<Option<Flow>> {
    kinds.iter().map(|kind| end.offer(kind, false)).collect()
}

#[test]
fn a_source_talks_for_a_second_and_stays_alive() {
    let mut wire = Wire::new();
    let offered = offer(&wire.ends[0], &["audio"]);
    wire.agree(&offered);
    wire.run(Duration::from_millis(2500));
    let packets = wire.packets(0);
    // The last of the first second at 0.98 s, and one a second later.
    assert_eq!(packets.len(), 51);
    let first = &packets[0].2;
    for (number, (at, hop, packet)) in (0..).zip(&packets) {
        assert_eq!((packet.payload_type, packet.ssrc, packet.sequence), (0, first.ssrc, first.sequence.wrapping_add(number)));
        assert_eq!(u128::from(packet.timestamp.wrapping_sub(first.timestamp)), at.as_millis() * 8);
        assert_eq!((hop.lane, hop.address.port()), (1, 4000));
    }
    assert_eq!((wire.ends[0].event(), wire.ends[1].event()), (Some((7, "audio".to_owned())), Some((7, "audio".to_owned()))));
    wire.run(Duration::from_secs(1000));
    assert!(wire.packets(0).len() < 120, "{}", wire.packets(0).len());
    assert_eq!(wire.ends[0].deadline(), None);
}

#[test]
fn reports_say_who_speaks_and_that_it_leaves() {
    let mut wire = Wire::new();
    let offered = offer(&wire.ends[0], &["audio", "video"]);
    wire.agree(&offered);
    wire.run(Duration::from_secs(1));
    wire.ends[0].end(7);
    wire.run(Duration::from_secs(2));
    let ssrc = wire.packets(0)[0].2.ssrc;
    let reports: Vec<_> = (wire.sent.iter())
        .filter(|(_, from, hop, _)| *from == 0 && hop.protocol == Protocol::Rtcp && hop.lane == 1)
        .map(|(.., bytes)| rtp::Compound::parse(bytes))
        .collect();
    assert_eq!(reports.len(), 2);
    for report in &reports {
        assert!(report.begins_with_report() && report.is_of(ssrc) && report.names().count() == 1 && report.malformations.is_empty());
    }
    assert_eq!(reports.iter().map(|report| report.says_goodbye(ssrc)).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn what_is_agreed_on_anew_is_followed() {
    let mut wire = Wire::new();
    let offered = offer(&wire.ends[0], &["audio"]);
    let answer = wire.agree(&offered);
    wire.run(Duration::from_secs(1));
    let before = wire.packets(0).len();
    // Another place and another format.
    let moved = answer[0].clone().map(|flow| Flow {
        rtp: places(2)[2].rtp,
        rtcp: places(2)[2].rtcp,
        formats: vec![(8, "PCMA/8000".to_owned())],
        ..flow
    });
    wire.ends[0].agree(wire.now, 7, &offered, std::slice::from_ref(&moved));
    wire.run(Duration::from_millis(1500));
    let packets = wire.packets(0).split_off(before);
    assert!(packets.iter().all(|(_, hop, packet)| (hop.address.port(), packet.payload_type) == (4004, 8)) && packets.len() > 20);
    // On hold, and gone.
    for direction in [Some(Direction::Sendonly), None] {
        let before = wire.packets(0).len();
        let held = direction.and_then(|direction| moved.clone().map(|flow| Flow { direction, ..flow }));
        wire.ends[0].agree(wire.now, 7, &offered, &[held]);
        wire.run(wire.now + Duration::from_secs(10));
        assert_eq!(wire.packets(0).len(), before);
    }
}

#[test]
fn an_answer_takes_what_both_speak() {
    let wire = Wire::new();
    let offered = offer(&wire.ends[0], &["audio", "video"]);
    let answer = wire.ends[1].answers(7, &offered);
    let formats = |flow: &Option<Flow>| flow.as_ref().unwrap().formats.iter().map(|(number, _)| *number).collect::<Vec<_>>();
    assert_eq!((formats(&offered[0]), formats(&answer[0]), formats(&answer[1])), (vec![97, 0, 8], vec![0, 8], vec![31]));
    let unknown = offered[0].clone().map(|flow| Flow { formats: vec![(96, "opus/48000/2".to_owned())], ..flow });
    assert_eq!(wire.ends[1].answers(7, &[unknown, None]), [None, None]);
}

#[test]
fn where_nothing_can_be_sent_nothing_is() {
    let mut wire = Wire::new();
    let offered = offer(&wire.ends[0], &["audio"]);
    wire.agree(&offered);
    wire.run(Duration::from_millis(100));
    let before = wire.packets(0).len();
    wire.ends[0].closed(Hop::over(Protocol::Rtp, Transport::Udp, places(2)[0].rtp));
    wire.run(Duration::from_secs(2));
    assert_eq!((wire.packets(0).len(), wire.ends[0].deadline()), (before, None));
}
