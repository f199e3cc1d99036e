//! Peers and focuses against a SUT played by hand, in virtual time.

use bytes::Bytes;
use pretty_assertions::assert_eq;

use super::*;
use crate::{
    role::{Media, build::Draft},
    wire::{Span, msrp::Msrp},
};

const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=message 2855 TCP/MSRP *\r\na=accept-types:message/cpim\r\n\
                     a=path:msrp://192.0.2.1:2855/alice;tcp\r\na=setup:actpass\r\n";

fn core() -> Hop {
    Hop::sip(Transport::Udp, "198.51.100.1:5060".parse().unwrap())
}

fn sut() -> Hop {
    Hop::over(Protocol::Msrp, Transport::Tcp, "192.0.2.1:2855".parse().unwrap())
}

/// A fake, and what it did.
struct Play {
    fake: Participating,
    now: Duration,
    sip: Vec<Message>,
    msrp: Vec<String>,
    done: Vec<String>,
}

impl Play {
    fn new(kind: Kind, change: impl FnOnce(&mut Places)) -> Self {
        let address = |text: &str| text.parse().unwrap();
        let mut places = Places {
            rtp: Vec::new(),
            kind,
            uri: if kind == Kind::Focus { "sip:lunch@groups.example.com" } else { "sip:bob@example.com" }.to_owned(),
            inner: address("198.51.100.3:5060"),
            core: core().address,
            tcp: address("192.0.2.3:2855"),
            tls: address("192.0.2.3:2856"),
            relay: address("192.0.2.3:2857"),
            fingerprint: String::new(),
            rings: None,
            connects: false,
            gruu: false,
            renews: false,
            product: "CPM-client/OMA2.0".to_owned(),
            moves: false,
            takes: 8,
            members: Vec::new(),
        };
        change(&mut places);
        Self { fake: Participating::new(places, 7), now: Duration::ZERO, sip: Vec::new(), msrp: Vec::new(), done: Vec::new() }
    }

    fn input(&mut self, input: Input) {
        self.fake.handle(self.now, input);
        while let Some(output) = self.fake.poll() {
            match output {
                Output::Transmit { hop, bytes } if hop.protocol == Protocol::Msrp => {
                    let msrp = Msrp::parse(&bytes, Span::all(&bytes));
                    assert_eq!(msrp.malformations, []);
                    let what = msrp.method.map_or_else(|| msrp.status.unwrap_or_default().to_string(), |m| m.text(&bytes).into_owned());
                    self.done.push(format!("{what} {}/{}", hop.address, hop.lane));
                    self.msrp.push(String::from_utf8_lossy(&bytes).into_owned());
                }
                Output::Transmit { bytes, .. } => {
                    let message = Message::parse(bytes);
                    self.done.push(message.method().map_or_else(|| message.status().unwrap_or_default().to_string(), str::to_owned));
                    self.sip.push(message);
                }
                Output::Connect { hop, .. } => self.done.push(format!("connect {}/{}", hop.address, hop.lane)),
                Output::Close { hop } => self.done.push(format!("close {}/{}", hop.address, hop.lane)),
                Output::Answered { .. } | Output::Sight(_) => {}
            }
        }
    }

    fn hears(&mut self, draft: Draft) {
        self.input(Input::Bytes { hop: core(), bytes: draft.finish() });
    }

    fn sends(&mut self, wanted: Outgoing) {
        self.input(Input::Stimulus(Stimulus::Send(Box::new(Outgoing { to: "sip:alice@example.com".to_owned(), ..wanted }))));
    }

    /// Answers the last MSRP request with 200.
    fn ok(&mut self) {
        let sent = self.msrp.iter().rev().find(|m| m.lines().next().unwrap().ends_with(" SEND")).unwrap().clone();
        let (id, line) = (sent.split(' ').nth(1).unwrap(), |n: &str| sent.lines().find_map(|l| l.strip_prefix(n)).unwrap().to_owned());
        let bytes = msrp::write::response(id, 200, &line("From-Path: "), &line("To-Path: "));
        self.input(Input::Bytes { hop: sut(), bytes });
    }

    fn last(&self) -> &Message {
        self.sip.last().unwrap()
    }

    fn header(&self, name: &str) -> String {
        self.last().value(name).map(|v| v.into_owned()).unwrap_or_default()
    }

    fn body(&self) -> String {
        self.last().body.text(&self.last().raw).into_owned()
    }
}

/// A request of the SUT; with `tag` inside the dialog that this tag of the fake's belongs to.
fn request(method: &str, number: u32, call: &str, tag: Option<&str>) -> Draft {
    let tag = tag.map(|tag| format!(";tag={tag}")).unwrap_or_default();
    Draft::request(method, "sip:bob@example.com")
        .header("Via", &format!("SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK{call}{method}{number}"))
        .header("From", "<sip:alice@example.com>;tag=a")
        .header("To", &format!("<sip:bob@example.com>{tag}"))
        .header("Call-ID", call)
        .header("CSeq", &format!("{number} {method}"))
        .header("Contact", "<sip:alice@192.0.2.1>")
        .header("Conversation-ID", "conv-1")
}

fn tag(play: &Play) -> String {
    play.last().tag("To").unwrap().into_owned()
}

fn accepts(play: &mut Play, setup: &str) {
    let invite = play.sip.iter().rev().find(|m| m.method() == Some("INVITE")).unwrap().clone();
    let body = OFFER.replace("actpass", setup);
    play.hears(Draft::response(&invite, 200, "a").header("Contact", "<sip:alice@192.0.2.1>").body("application/sdp", body));
}

fn session(method: &str, media: Media) -> Outgoing {
    Outgoing { method: method.to_owned(), within: Within::Session, media, ..Outgoing::default() }
}

#[test]
fn a_peer_takes_a_chat_and_stays() {
    let mut play = Play::new(Kind::Peer, |_| ());
    play.hears(request("INVITE", 1, "one", None).body("application/sdp", OFFER));
    assert_eq!(play.last().status(), Some(200));
    assert_eq!(play.header("Conversation-ID"), "conv-1");
    assert!(play.header("Contact").starts_with("<sip:bob-device@198.51.100.3:5060>;"));
    assert!(play.body().contains("a=sendrecv\r\n") && play.body().contains("a=setup:passive\r\n"));
    let tag = tag(&play);
    play.hears(request("ACK", 1, "one", Some(&tag)));
    let own = play.body().lines().find_map(|l| l.strip_prefix("a=path:").map(str::to_owned)).unwrap();
    let bound = format!(
        "MSRP tran1 SEND\r\nTo-Path: {own}\r\nFrom-Path: msrp://192.0.2.1:2855/alice;tcp\r\nMessage-ID: 1\r\nByte-Range: 1-0/0\r\n-------tran1$\r\n"
    );
    play.input(Input::Bytes { hop: sut(), bytes: Bytes::from(bound) });
    play.sends(session("MSRP SEND", Media { content: Some(Bytes::from_static(b"hello")), ..Media::default() }));
    play.ok();
    assert_eq!(play.done, ["200", "200 192.0.2.1:2855/0", "SEND 192.0.2.1:2855/0"]);
    play.now += Duration::from_secs(60);
    play.input(Input::Timeout);
    assert_eq!(play.sip.len(), 1);
}

#[test]
fn who_is_to_connect_connects_after_the_acknowledgement_and_closes_at_the_end() {
    let mut play = Play::new(Kind::Peer, |places| places.connects = true);
    play.hears(request("INVITE", 1, "one", None).body("application/sdp", OFFER));
    assert!(play.body().contains("a=setup:active\r\n"));
    let tag = tag(&play);
    play.hears(request("ACK", 1, "one", Some(&tag)));
    play.ok();
    play.sends(Outgoing { apart: true, ..session("MSRP SEND", Media { content: Some(Bytes::from_static(b"x")), ..Media::default() }) });
    play.hears(request("BYE", 2, "one", Some(&tag)));
    let (first, second) = ("192.0.2.1:2855/0", "192.0.2.1:2855/1");
    let expected = ["200", &format!("connect {first}"), &format!("SEND {first}"), &format!("connect {second}"), &format!("SEND {second}")];
    assert_eq!(play.done[..5], expected);
    assert_eq!(play.done[5..], ["200".to_owned(), format!("close {first}")]);
}

#[test]
fn an_inviter_connects_where_the_other_end_is_passive() {
    for (setup, connected) in [("passive", true), ("active", false)] {
        let mut play = Play::new(Kind::Peer, |_| ());
        play.sends(Outgoing { method: "INVITE".to_owned(), ..Outgoing::default() });
        assert!(play.body().contains("a=sendrecv\r\n") && play.body().contains("a=setup:actpass\r\n"));
        accepts(&mut play, setup);
        assert_eq!(play.done.iter().any(|line| line.starts_with("connect ")), connected, "{setup}");
    }
}

#[test]
fn a_modification_counts_the_version_up_and_holds_once_it_is_accepted() {
    let mut play = Play::new(Kind::Peer, |_| ());
    play.sends(Outgoing { method: "INVITE".to_owned(), ..Outgoing::default() });
    accepts(&mut play, "active");
    let origin = |play: &Play| play.body().lines().find_map(|l| l.strip_prefix("o=- ").map(str::to_owned)).unwrap();
    let version = |play: &Play| origin(play).split(' ').nth(1).unwrap().parse::<u64>().unwrap();
    let offered = |play: &mut Play, media: Media| {
        play.sends(session("INVITE", media));
        assert_eq!(play.last().method(), Some("INVITE"));
        version(play)
    };
    let first = play.sip.first().map(|m| m.body.text(&m.raw).into_owned()).unwrap();
    let first: u64 = first.lines().find_map(|l| l.strip_prefix("o=- ")).unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let types = |types: &str| vec![("accept-types".to_owned(), Some(vec![types.to_owned()]))];
    assert_eq!(offered(&mut play, Media { offer: types("x/refused"), ..Media::default() }), first + 1);
    let invite = play.last().clone();
    play.hears(Draft::response(&invite, 488, "a"));
    assert_eq!(offered(&mut play, Media { moved: true, ..Media::default() }), first + 1);
    assert!(play.body().contains("m=message 2857 TCP/MSRP *\r\n") && !play.body().contains("x/refused"));
    accepts(&mut play, "active");
    assert_eq!(offered(&mut play, Media::default()), first + 2);
    assert!(play.body().contains("msrp://192.0.2.3:2857/"));
    accepts(&mut play, "active");
    play.sends(session("INVITE", Media { bare: true, ..Media::default() }));
    assert_eq!(play.body(), "");
}

#[test]
fn an_update_offers_as_a_new_invite_does() {
    let mut play = Play::new(Kind::Peer, |_| ());
    play.sends(Outgoing { method: "INVITE".to_owned(), ..Outgoing::default() });
    accepts(&mut play, "active");
    let origin = |body: &str| body.lines().find_map(|l| l.strip_prefix("o=- ")?.split(' ').nth(1)?.parse::<u64>().ok()).unwrap();
    let first = play.sip.first().map(|m| origin(&m.body.text(&m.raw))).unwrap();
    let media = Media { offer: vec![("direction".to_owned(), Some(vec!["inactive".to_owned()]))], ..Media::default() };
    play.sends(session("UPDATE", media));
    assert_eq!((play.last().method(), origin(&play.body()), play.header("Contact").is_empty()), (Some("UPDATE"), first + 1, false));
    assert!(play.body().contains("a=inactive\r\n"));
    let update = play.last().clone();
    play.hears(Draft::response(&update, 200, "a").header("Contact", "<sip:alice@192.0.2.1>").body("application/sdp", OFFER));
    assert_eq!(play.last().method(), Some("UPDATE"));
    play.sends(session("INVITE", Media::default()));
    assert_eq!(origin(&play.body()), first + 2);
    let invite = play.last().clone();
    play.hears(Draft::response(&invite, 488, "a"));
    play.sends(session("UPDATE", Media::default()));
    assert_eq!((play.last().method(), play.body()), (Some("UPDATE"), String::new()));
}

#[test]
fn a_focus_notifies_who_takes_part() {
    let mut play = Play::new(Kind::Focus, |places| places.members = vec!["sip:dave@example.com".to_owned()]);
    let list = "<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\"><list><entry uri=\"sip:bob@example.com\"/></list></resource-lists>";
    let body = format!(
        "--b\r\nContent-Type: application/sdp\r\n\r\n{OFFER}\r\n--b\r\nContent-Type: application/resource-lists+xml\r\n\r\n{list}\r\n--b--\r\n"
    );
    play.hears(request("INVITE", 1, "one", None).body("multipart/mixed;boundary=b", body));
    let identity = "sip:conf-lunch@198.51.100.3:5060;sid=ab1";
    assert!(play.header("Contact").starts_with(&format!("<{identity}>;isfocus;")), "{}", play.header("Contact"));
    assert_eq!(contact(Kind::Focus, "sip:lunch@groups.example.com", "198.51.100.3:5060".parse().unwrap(), false), identity);
    play.hears(request("SUBSCRIBE", 1, "two", None).header("Event", "conference").header("Expires", "600"));
    let tag = play.sip[1].tag("To").unwrap().into_owned();
    assert_eq!((play.sip[1].status(), play.sip[1].value("Expires").as_deref()), (Some(200), Some("600")));
    assert_eq!((play.last().method(), &*play.header("Subscription-State")), (Some("NOTIFY"), "active;expires=600"));
    let users: Vec<_> = ["alice", "dave", "bob"].map(|user| play.body().find(&format!("<user entity=\"sip:{user}@example.com\">"))).into();
    assert!(users.iter().all(Option::is_some) && users.is_sorted(), "{}", play.body());
    assert!(play.body().contains(" version=\"1\"") && play.body().contains(&format!(" entity=\"{identity}\"")));
    let named = Bytes::from_static(b"<?xml version=\"1.0\"?><conference-info state=\"partial\" version=\"5\"/>");
    play.sends(Outgoing {
        method: "NOTIFY".to_owned(),
        within: Within::Subscription,
        body: Some(("application/conference-info+xml".to_owned(), named)),
        ..Outgoing::default()
    });
    assert_eq!(play.header("CSeq"), "2 NOTIFY");
    play.hears(request("SUBSCRIBE", 2, "two", Some(&tag)).header("Event", "conference").header("Expires", "0"));
    assert_eq!(play.header("Subscription-State"), "terminated;reason=timeout");
    assert!(play.body().contains(" version=\"6\""));
    play.hears(request("SUBSCRIBE", 3, "two", Some(&tag)).header("Event", "conference"));
    assert_eq!(play.last().status(), Some(481));
    play.hears(request("SUBSCRIBE", 1, "three", None).header("Event", "presence"));
    assert_eq!(play.last().status(), Some(489));
}

#[test]
fn each_group_session_has_an_identity_and_tells_who_is_in_it_now() {
    let identity = |sid: &str| format!("sip:conf-lunch@198.51.100.3:5060;sid={sid}");
    let mut play = Play::new(Kind::Focus, |places| places.renews = true);
    let to = |uri: &str, draft: Draft| Bytes::from(String::from_utf8_lossy(&draft.finish()).replacen("sip:bob@example.com", uri, 1));
    let invite = |call: &str, user: &str| {
        let list = format!(
            "<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\"><list><entry uri=\"{user}\"/></list></resource-lists>"
        );
        let parts = [("application/sdp", OFFER), ("application/resource-lists+xml", &list)];
        let body: String = parts.iter().map(|(kind, body)| format!("--b\r\nContent-Type: {kind}\r\n\r\n{body}\r\n")).collect();
        request("INVITE", 1, call, None).body("multipart/mixed;boundary=b", format!("{body}--b--\r\n"))
    };
    for (call, sid) in [("one", "ab1"), ("two", "cd2")] {
        play.hears(invite(call, &format!("sip:{call}@example.com")));
        assert!(play.header("Contact").starts_with(&format!("<{}>;isfocus;", identity(sid))), "{}", play.header("Contact"));
    }
    let second = tag(&play);
    let subscribe = request("SUBSCRIBE", 1, "three", None).header("Event", "conference");
    play.input(Input::Bytes { hop: core(), bytes: to(&identity("cd2"), subscribe) });
    let notifier = play.sip[play.sip.len() - 2].tag("To").unwrap().into_owned();
    let named = |play: &Play| -> Vec<_> {
        ["alice", "one", "two", "dave"].into_iter().filter(|u| play.body().contains(&format!("\"sip:{u}@"))).collect()
    };
    assert_eq!((named(&play), play.header("Contact")), (vec!["alice", "two"], format!("<{}>", identity("cd2"))));
    let told = "<conference-info xmlns=\"urn:ietf:params:xml:ns:conference-info\" entity=\"sip:x\" state=\"partial\" version=\"2\"><users state=\"partial\">\
                <user entity=\"sip:dave@example.com\"/><user entity=\"sip:two@example.com\" state=\"deleted\"/></users></conference-info>";
    let body = Some(("application/conference-info+xml".to_owned(), Bytes::from(told)));
    play.sends(Outgoing { method: "NOTIFY".to_owned(), within: Within::Subscription, body, ..Outgoing::default() });
    play.hears(request("BYE", 2, "two", Some(&second)));
    play.hears(request("SUBSCRIBE", 2, "three", Some(&notifier)).header("Event", "conference"));
    assert_eq!(named(&play), ["dave"]);
    // Who comes back finds it elsewhere, and a name that is not to be known is not told.
    let back = request("INVITE", 1, "four", None).header("Privacy", "id").body("application/sdp", OFFER);
    play.input(Input::Bytes { hop: core(), bytes: to(&identity("cd2"), back) });
    assert!(play.header("Contact").starts_with(&format!("<{}>;", identity("ef3"))), "{}", play.header("Contact"));
    let subscribe = request("SUBSCRIBE", 1, "five", None).header("Event", "conference");
    play.input(Input::Bytes { hop: core(), bytes: to(&identity("ef3"), subscribe) });
    assert!(play.body().contains("sip:anonymous@anonymous.invalid") && !play.body().contains("sip:alice@"), "{}", play.body());
}

#[test]
fn what_the_other_end_offers_in_a_session_is_answered() {
    let mut play = Play::new(Kind::Peer, |places| places.connects = true);
    play.hears(request("INVITE", 1, "one", None).body("application/sdp", OFFER));
    let tag = tag(&play);
    play.hears(request("ACK", 1, "one", Some(&tag)));
    let origin = |play: &Play| play.body().lines().find_map(|l| l.strip_prefix("o=- ").map(str::to_owned)).unwrap();
    let first = origin(&play);
    play.hears(request("INVITE", 2, "one", Some(&tag)).body("application/sdp", OFFER));
    assert_eq!((play.last().status(), origin(&play)), (Some(200), first.clone()));
    play.hears(request("ACK", 2, "one", Some(&tag)));
    play.done.clear();
    // Another stream, and the first one moved.
    let second = "m=message 2899 TCP/MSRP *\r\na=path:msrp://192.0.2.1:2899/more;tcp\r\na=setup:actpass\r\nm=audio 4000 RTP/AVP 0\r\n";
    let offer = format!("{}{second}", OFFER.replace("2855", "2866"));
    play.hears(request("INVITE", 3, "one", Some(&tag)).body("application/sdp", offer));
    assert_ne!(origin(&play), first);
    assert_eq!(play.body().matches("m=message ").count(), 2);
    assert!(play.body().ends_with("m=audio 0 RTP/AVP 0\r\n"), "{}", play.body());
    play.hears(request("ACK", 3, "one", Some(&tag)));
    let (old, new, more) = ("192.0.2.1:2855/0", "192.0.2.1:2866/0", "192.0.2.1:2899/0");
    assert_eq!(play.done[..2], ["200".to_owned(), format!("close {old}")]);
    assert_eq!(play.done[2..], [format!("connect {new}"), format!("connect {more}"), format!("SEND {new}"), format!("SEND {more}")]);
    // Nothing is left of it.
    let offer = OFFER.replace("m=message 2855", "m=message 0");
    play.hears(
        request("INVITE", 4, "one", Some(&tag))
            .body("application/sdp", format!("{offer}{}", second.replace("2899", "0").replace("4000", "0"))),
    );
    assert_eq!((play.last().status(), play.body().matches(" 0 ").count()), (Some(200), 3), "{}", play.body());
    play.hears(request("INVITE", 5, "one", Some(&tag)).body("application/sdp", "nonsense"));
    assert_eq!(play.last().status(), Some(491));
}

#[test]
fn an_invitation_without_an_offer_answers_in_its_acknowledgement() {
    let mut play = Play::new(Kind::Peer, |_| ());
    play.sends(Outgoing { method: "INVITE".to_owned(), media: Media { bare: true, ..Media::default() }, ..Outgoing::default() });
    assert_eq!(play.body(), "");
    accepts(&mut play, "actpass");
    assert_eq!(play.last().method(), Some("ACK"));
    assert!(play.body().contains("a=setup:passive\r\n"), "{}", play.body());
    accepts(&mut play, "actpass");
    assert_eq!((play.sip.len(), play.body().is_empty()), (3, false));
}

#[test]
fn a_path_may_move_with_the_answer_and_streams_be_too_many() {
    let mut play = Play::new(Kind::Peer, |places| (places.moves, places.takes) = (true, 1));
    play.hears(request("INVITE", 1, "one", None).body("application/sdp", OFFER));
    assert!(play.body().contains("msrp://192.0.2.3:2855/"));
    let tag = tag(&play);
    play.hears(request("ACK", 1, "one", Some(&tag)));
    let more = format!("{OFFER}m=message 2899 TCP/MSRP *\r\na=path:msrp://192.0.2.1:2899/more;tcp\r\n");
    play.hears(request("INVITE", 2, "one", Some(&tag)).body("application/sdp", more));
    assert!(play.body().contains("msrp://192.0.2.3:2857/") && play.body().ends_with("m=message 0 TCP/MSRP *\r\n"), "{}", play.body());
}

#[test]
fn what_only_the_session_knows_is_filled_in() {
    let mut play = Play::new(Kind::Peer, |places| places.connects = true);
    play.hears(request("INVITE", 1, "one", None).body("application/sdp", OFFER));
    let tag = tag(&play);
    play.hears(request("ACK", 1, "one", Some(&tag)));
    play.ok();
    let headers = [("To-Path", "msrp://{sut.host}:9/{session};tcp"), ("From-Path", "msrp://{sut}/{own session};tcp")];
    let headers = headers.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))).to_vec();
    play.sends(session("MSRP SEND", Media { content: Some(Bytes::from_static(b"x")), headers, ..Media::default() }));
    let sent = play.msrp.last().unwrap();
    assert!(sent.contains("To-Path: msrp://192.0.2.1:9/alice;tcp\r\nFrom-Path: msrp://192.0.2.1:2855/"), "{sent}");
}
