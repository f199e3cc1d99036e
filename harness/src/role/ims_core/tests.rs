//! What the core makes of requests of a session, both ways.

use pretty_assertions::assert_eq;

use super::*;

const FAKE: &str = "198.51.100.3:5060";
const CORE: &str = "198.51.100.2:5060";
const SUT: &str = "192.0.2.1:5060";

fn hop(address: &str) -> Hop {
    Hop::sip(Transport::Udp, address.parse().unwrap())
}

fn registered() -> ImsCore {
    let mut core = ImsCore::new(
        Provisioning {
            home: "example.com".to_owned(),
            served: vec!["sip:alice@example.com".to_owned()],
            credentials: (String::new(), String::new()),
            behind: vec![("sip:bob@example.com".to_owned(), FAKE.parse().unwrap())],
            server: None,
            outer: "192.0.2.2:5060".parse().unwrap(),
            inner: CORE.parse().unwrap(),
        },
        1,
    );
    say(
        &mut core,
        SUT,
        "REGISTER sip:example.com SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKr\nContact: <sip:alice@192.0.2.1:5060>\nCSeq: 1 REGISTER\n\n",
    );
    core
}

/// Hands a message to the core; gives where messages go on to, and the messages.
fn say(core: &mut ImsCore, from: &str, text: &str) -> Vec<(String, Message)> {
    core.handle(Duration::ZERO, Input::Bytes { hop: hop(from), bytes: Bytes::from(text.replace('\n', "\r\n")) });
    std::iter::from_fn(|| core.poll())
        .filter_map(|output| match output {
            Output::Transmit { hop, bytes } => Some((hop.address.to_string(), Message::parse(bytes))),
            _ => None,
        })
        .collect()
}

/// The one message that the core makes of a request; `tag` is that of To.
fn pass(core: &mut ImsCore, from: &str, method: &str, uri: &str, tag: &str) -> (String, Message) {
    let text = format!(
        "{method} {uri} SIP/2.0\nVia: SIP/2.0/UDP {from};branch=z9hG4bKi\nMax-Forwards: 70\nRoute: <sip:192.0.2.2:5060;lr>, <sip:scscf.example.com;lr>\nFrom: <sip:x>;tag=1\nTo: <sip:y>{tag}\nCall-ID: c\nCSeq: 1 {method}\n\n"
    );
    let mut said = say(core, from, &text);
    assert_eq!(said.len(), 1, "{method} {uri}");
    said.remove(0)
}

fn uri(message: &Message) -> String {
    message.request_uri().unwrap().text(&message.raw).into_owned()
}

#[test]
fn an_invite_records_the_route_and_what_goes_along_takes_its_branch() {
    let mut core = registered();
    let (to, invite) = pass(&mut core, SUT, "INVITE", "sip:bob@example.com", "");
    assert_eq!(to, FAKE);
    assert_eq!(invite.value("Record-Route").unwrap(), "<sip:scscf.example.com;lr>, <sip:192.0.2.2:5060;lr>");
    assert!(invite.first("Route").is_none() && invite.first("P-Asserted-Identity").is_some());
    for (method, tag) in [("CANCEL", ""), ("ACK", ";tag=2")] {
        let (to, along) = pass(&mut core, SUT, method, "sip:bob@example.com", tag);
        assert_eq!((to.as_str(), along.branch()), (FAKE, invite.branch()));
        assert!(along.first("Record-Route").is_none() && along.first("P-Asserted-Identity").is_none());
    }
    let (to, invite) = pass(&mut core, FAKE, "INVITE", "sip:alice@example.com", "");
    assert_eq!((to.as_str(), uri(&invite).as_str()), (SUT, "sip:alice@192.0.2.1:5060"));
    assert_eq!(invite.value("Record-Route").unwrap(), "<sip:192.0.2.2:5060;lr>, <sip:scscf.example.com;lr>");
    let (_, ack) = pass(&mut core, FAKE, "ACK", "sip:alice@example.com", ";tag=2");
    assert_eq!((uri(&ack), ack.branch()), (uri(&invite), invite.branch()));
}

#[test]
fn inside_a_dialog_contacts_are_targets_and_addresses_do_too() {
    let mut core = registered();
    for target in ["sip:bob-pf@198.51.100.3:5060", "sip:bob@example.com"] {
        for method in ["ACK", "BYE", "UPDATE", "NOTIFY"] {
            let (to, request) = pass(&mut core, SUT, method, target, ";tag=2");
            assert_eq!((to.as_str(), uri(&request).as_str()), (FAKE, target));
            assert!(request.first("Record-Route").is_none() && request.first("Route").is_none());
        }
    }
    let (to, refused) = pass(&mut core, SUT, "BYE", "sip:nobody@example.com", ";tag=2");
    assert_eq!((to.as_str(), refused.status()), (SUT, Some(404)));
    let unanswered = "ACK sip:nobody@example.com SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKz\nCSeq: 1 ACK\n\n";
    assert_eq!(say(&mut core, SUT, unanswered).len(), 0);
}

#[test]
fn a_dialog_reaches_the_sut_at_its_contact() {
    let mut core = registered();
    for (target, to, on_the_wire) in [
        ("sip:alice@192.0.2.1:5060", SUT, "sip:alice@192.0.2.1:5060"),
        ("sip:alice@192.0.2.1:5070;x=1", "192.0.2.1:5070", "sip:alice@192.0.2.1:5070;x=1"),
        // What only the registration can resolve, and what is none of the SUT's host.
        ("sip:alice@example.com;gr=urn:uuid:1", SUT, "sip:alice@192.0.2.1:5060"),
        ("sip:alice@203.0.113.9", SUT, "sip:alice@192.0.2.1:5060"),
        ("sip:alice@example.com", SUT, "sip:alice@192.0.2.1:5060"),
    ] {
        let (address, bye) = pass(&mut core, FAKE, "BYE", target, ";tag=2");
        assert_eq!((address.as_str(), uri(&bye).as_str()), (to, on_the_wire), "{target}");
        assert!(bye.first("P-Called-Party-ID").is_none());
    }
}

#[test]
fn responses_go_back_as_they_came_with_their_record_route() {
    let mut core = registered();
    let (_, invite) = pass(&mut core, SUT, "INVITE", "sip:bob@example.com", "");
    let ok = Draft::response(&invite, 200, "2").header("Record-Route", "<sip:a;lr>").finish();
    let said = say(&mut core, FAKE, &String::from_utf8(ok.to_vec()).unwrap().replace("\r\n", "\n"));
    assert_eq!((said[0].0.as_str(), said[0].1.elements("Via").len()), (SUT, 1));
    assert_eq!(said[0].1.value("Record-Route").unwrap(), "<sip:a;lr>");
}

#[test]
fn what_is_large_goes_by_tcp_with_what_goes_along_or_by_udp_after_all() {
    let mut core = registered();
    let sent = |core: &mut ImsCore, method: &str, filler: usize| {
        let text = format!(
            "{method} sip:alice@example.com SIP/2.0\r\nVia: SIP/2.0/UDP {FAKE};branch=z9hG4bKl;rport\r\nTo: <sip:y>\r\nCall-ID: {method}\r\nCSeq: 1 {method}\r\n\
             Accept-Contact: *;+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.session\"\r\nSubject: {}\r\n\r\n",
            "x".repeat(filler)
        );
        core.handle(Duration::ZERO, Input::Bytes { hop: hop(FAKE), bytes: Bytes::from(text) });
        went(core)
    };
    let (to, invite) = sent(&mut core, "INVITE", 1300);
    assert_eq!(to, Hop { transport: Transport::Tcp, ..hop(SUT) });
    assert!(invite.value("Via").unwrap().starts_with("SIP/2.0/TCP 192.0.2.2:5060;"));
    // What it stands for in the network, and where it came from.
    assert_eq!(invite.value("P-Asserted-Service").as_deref(), Some("urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session"));
    assert!(invite.elements("Via")[1].text(&invite.raw).ends_with(";rport=5060;received=198.51.100.3"));
    assert_eq!(invite.value("Record-Route").unwrap(), "<sip:192.0.2.2:5060;lr>, <sip:scscf.example.com;lr>");
    assert_eq!(sent(&mut core, "CANCEL", 1).0.transport, Transport::Tcp);
    assert_eq!(sent(&mut core, "MESSAGE", 1).0.transport, Transport::Udp);
    core.handle(Duration::ZERO, Input::Closed { hop: to });
    let (to, again) = went(&mut core);
    assert_eq!((to, again.value("Via").unwrap().starts_with("SIP/2.0/UDP ")), (hop(SUT), true));
    // What would overtake it goes behind it; what was heard of is not sent again.
    assert_eq!(["NOTIFY", "NOTIFY"].map(|method| sent(&mut core, method, 1300).0.transport), [Transport::Tcp; 2]);
    assert_eq!(sent(&mut core, "NOTIFY", 1).0.transport, Transport::Tcp);
    let (to, _) = sent(&mut core, "INVITE", 1300);
    core.handle(Duration::ZERO, Input::Bytes { hop: to, bytes: Bytes::from_static(b"SIP/2.0 100 Trying\r\n\r\n") });
    assert_eq!(sent(&mut core, "NOTIFY", 1).0.transport, Transport::Udp);
    core.handle(Duration::ZERO, Input::Closed { hop: to });
    assert!(core.poll().is_none());
}

fn went(core: &mut ImsCore) -> (Hop, Message) {
    let Some(Output::Transmit { hop, bytes }) = core.poll() else { panic!("nothing was sent") };
    (hop, Message::parse(bytes))
}
