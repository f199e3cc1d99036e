//! Sessions: which are open, with whom, what their media do, and what the user sees of them.

use std::collections::BTreeMap;

use harness::{
    check::{View, handle, media, session, sight},
    trace::{Event, Mark, Transport},
    upper::{Act, Answer, Participant, SessionChange, SessionState, Sight, StartSession},
};

use super::{PATH, Talk, called, invite, send, within};

impl Talk {
    fn event(mut self, event: Event) -> Self {
        self.0.append(self.0.end(), event);
        self
    }

    fn stimulus(self) -> Self {
        self.event(Event::Mark(Mark::Stimulus("the next one".to_owned())))
    }

    fn begins(self, id: u64, wish: StartSession, session: &str) -> Self {
        let handles = BTreeMap::from([("session".to_owned(), session.to_owned())]);
        self.event(Event::Asked { id, act: Act::StartSession(wish) }).event(Event::Answered { id, answer: Answer::Taken(handles) })
    }

    fn becomes(self, session: &str, state: SessionState) -> Self {
        let change = SessionChange { session: session.to_owned(), state, status: None, cause: None, text: None, by: None };
        self.event(Event::Seen(Sight::SessionState(change)))
    }

    fn shows(self, list: &[(&str, &str)]) -> Self {
        let one = |(address, status): &(&str, &str)| Participant {
            address: (*address).to_owned(),
            status: Some((*status).to_owned()).filter(|status| !status.is_empty()),
        };
        self.event(Event::Seen(Sight::Participants { session: "s1".to_owned(), list: list.iter().map(one).collect() }))
    }
}

/// A second session, by INVITE of the group's focus.
fn invited(focus: &str, from: &str) -> Talk {
    let invite = format!(
        "INVITE sip:alice@192.0.2.9 SIP/2.0\nVia: SIP/2.0/UDP b;branch=z9hG4bK7\nFrom: <{from}>;tag=f\nTo: <sip:alice@example.com>\n\
         Call-ID: c7\nCSeq: 1 INVITE\nContact: <sip:conf-1@192.0.2.7>{focus}\n\n"
    );
    let ok = format!(
        "SIP/2.0 200 OK\nVia: SIP/2.0/UDP b;branch=z9hG4bK7\nFrom: <{from}>;tag=f\nTo: <sip:alice@example.com>;tag=t\nCall-ID: c7\n\
         CSeq: 1 INVITE\nContact: <sip:alice@192.0.2.9>\n\n"
    );
    called(PATH).sip(false, &invite).sip(true, &ok)
}

const ACK: &str = "ACK sip:alice@192.0.2.9 SIP/2.0\nVia: SIP/2.0/UDP b;branch=z9hG4bK8\nCall-ID: c7\nCSeq: 1 ACK\n\n";

#[test]
fn sessions_are_counted_until_somebody_leaves() {
    let open = |talk: &Talk, count| talk.told(None, |view| session::open(view, count));
    assert_eq!(open(&Talk::new().sip(true, &invite()), 0), "met");
    assert_eq!(open(&called(PATH), 1), "met");
    assert_eq!(open(&called(PATH), 0), "fail violated");
    let two = invited(";isfocus", "sip:factory@conf.example.com");
    assert_eq!(open(&two, 2), "met");
    assert_eq!(open(&two, 1), "fail violated");
    assert_eq!(open(&two.clone().sip(true, &within("BYE", 2, 3)), 1), "met");
    assert_eq!(open(&two.sip(false, &within("BYE", 1, 9)), 2), "fail violated");
}

#[test]
fn a_session_is_there_with_its_ack_and_its_media() {
    let is = |talk: &Talk| talk.look(None, session::is_established);
    let asked = invited("", "sip:carol@example.com").stimulus();
    assert!(!is(&asked) && !is(&Talk::new().sip(true, &invite())) && is(&called(PATH)));
    let two = invited("", "sip:carol@example.com");
    assert!(is(&two.clone().sip(false, ACK)));
    let bound = |talk: &Talk| talk.look(None, session::is_bound);
    let up = two.connects(2, Transport::Tcp, "192.0.2.8:2855").says(2, true, send("aaaa", "1-0/0", None, '$'));
    assert!(!bound(&up));
    assert!(bound(&up.clone().says(2, false, super::answers("aaaa", 200))));
    assert!(up.look(None, session::is_notified));
    let subscribe = "SUBSCRIBE sip:conf-1@192.0.2.7 SIP/2.0\nVia: SIP/2.0/UDP a;branch=z9hG4bKs\nCall-ID: s\nCSeq: 1 SUBSCRIBE\n\n";
    assert!(!up.sip(true, subscribe).look(None, session::is_notified));
}

#[test]
fn a_request_belongs_to_the_session_with_somebody() {
    let told = |talk: &Talk, dialog: &str| talk.told(talk.last(), |view| session::is_sent(view, &dialog.parse().unwrap()));
    let bye = called(PATH).sip(true, &within("BYE", 2, 3));
    assert_eq!(told(&bye, "within the session with Bob"), "met");
    assert_eq!(told(&bye, "within the session with Carol"), "fail violated");
    let leave = "BYE sip:conf-1@192.0.2.7 SIP/2.0\nVia: SIP/2.0/UDP a;branch=z9hG4bK9\nFrom: <sip:alice@example.com>;tag=t\n\
                 To: <sip:FROM>;tag=f\nCall-ID: c7\nCSeq: 1 BYE\n\n";
    for (focus, from, with) in [
        (";isfocus", "bob@example.com", "the Controlling Function"),
        (";isfocus", "lunch@groups.example.com", "the Lunch Group"),
        ("", "bob@example.com", "Bob"),
    ] {
        let talk = invited(focus, &format!("sip:{from}")).sip(true, &leave.replace("FROM", from));
        assert_eq!(told(&talk, &format!("within the session with {with}")), "met", "{with}");
        assert_eq!(told(&talk, "within the session with the Lobby"), "fail violated", "{with}");
    }
    assert!("within the session of Bob".parse::<session::Dialog>().is_err());
}

#[test]
fn the_media_plane_changes_or_stays_as_it_is() {
    let told = |talk: &Talk, plane| talk.told(None, |view| media::plane(view, plane));
    let both = |talk: &Talk| (told(talk, media::Plane::Changes), told(talk, media::Plane::StaysUnchanged));
    let up = called(PATH).connects(2, Transport::Tcp, "192.0.2.8:2855").says(2, true, send("aaaa", "1-0/0", None, '$')).stimulus();
    let (changed, unchanged) = (("met".to_owned(), "fail unexpected".to_owned()), ("fail missing".to_owned(), "met".to_owned()));
    assert_eq!(both(&up), unchanged);
    assert_eq!(both(&up.clone().says(2, true, send("bbbb", "1-2/2", Some("ab"), '$'))), unchanged);
    let moved = send("bbbb", "1-2/2", Some("ab"), '$').replace("/b;tcp", "/moved;tcp");
    assert_eq!(both(&up.clone().says(2, true, moved)), changed);
    assert_eq!(both(&up.clone().connects(3, Transport::Tcp, "192.0.2.8:2866")), changed);
    assert_eq!(both(&up.clone().closed(2)), changed);
    assert_eq!(told(&up.pass(6000).connects(3, Transport::Tcp, "192.0.2.8:2866"), media::Plane::Changes), "fail late");
}

#[test]
fn who_is_connected_to_answers_the_first_request() {
    let told = |talk: &Talk| talk.told(None, |view| media::plane(view, media::Plane::Starts));
    let taken = |talk: Talk| talk.says(2, false, send("aaaa", "1-0/0", None, '$')).says(2, true, super::answers("aaaa", 200));
    assert_eq!(told(&taken(called(PATH).connected_by(2))), "met");
    // Who connects has to speak first.
    assert_eq!(told(&taken(called(PATH).connects(2, Transport::Tcp, "192.0.2.8:2855"))), "fail missing");
}

#[test]
fn the_latest_session_is_an_open_one_with_whom_is_named() {
    let last = |talk: &Talk, actor| talk.look(None, |view| handle::last_session(view, actor));
    let to = |address: &str| StartSession { to: Some(address.to_owned()), ..StartSession::default() };
    let talk = Talk::new().begins(1, to("sip:bob@example.com"), "s1").begins(2, StartSession::default(), "s2");
    assert_eq!(last(&talk, None).as_deref(), Some("s2"));
    assert_eq!(last(&talk, Some("Bob")).as_deref(), Some("s1"));
    assert_eq!(last(&talk, Some("the Controlling Function")).as_deref(), Some("s2"));
    assert_eq!(last(&talk, Some("Carol")), None);
    let talk = talk.becomes("s2", SessionState::Established).becomes("s2", SessionState::Ended);
    assert_eq!(last(&talk, None).as_deref(), Some("s1"));
    assert_eq!(last(&talk, Some("the Controlling Function")).as_deref(), Some("s2"));
    assert_eq!(last(&talk.becomes("i9", SessionState::Established), None).as_deref(), Some("i9"));
}

#[test]
fn the_participants_are_those_of_the_latest_sight() {
    let told = |talk: &Talk, shown, rows: &[(&str, &str)]| {
        let fields: Vec<_> = rows.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        talk.told(None, |view: &View<'_>| sight::is_shown(view, shown, &["participants"], &fields))
    };
    let (alice, bob, carol) = ("sip:alice@example.com", "sip:bob@example.com", "sip:carol@example.com");
    let talk = Talk::new().shows(&[(alice, "connected"), (bob, "connected"), (carol, "disconnected")]);
    let is = |rows: &[(&str, &str)]| told(&talk, sight::Shown::Is, rows);
    assert_eq!(is(&[(bob, "connected")]), "met");
    assert_eq!(is(&[(bob, "")]), "met");
    assert_eq!(is(&[(bob, "connected"), (carol, "disconnected"), ("session", "s1")]), "met");
    assert_eq!(is(&[(bob, "connected"), (carol, "connected")]), "fail violated");
    assert_eq!(is(&[(bob, "connected"), ("session", "s2")]), "fail violated");
    let later = talk.clone().shows(&[(bob, ""), (carol, "")]);
    assert_eq!(told(&later, sight::Shown::Is, &[(bob, "connected")]), "fail violated");
    assert_eq!(told(&later, sight::Shown::Is, &[(bob, "connected"), (carol, "connected")]), "met");
    assert_eq!(told(&later.clone().shows(&[(bob, "")]), sight::Shown::Is, &[(bob, ""), (carol, "disconnected")]), "met");
    let all = |addresses: &[&str]| told(&later, sight::Shown::Is, &[("participants", addresses.join(", ").as_str())]);
    assert_eq!((all(&[alice, bob, carol]).as_str(), all(&[carol, bob]).as_str()), ("met", "met"));
    assert_eq!((all(&[bob]).as_str(), all(&[bob, carol, "sip:dave@example.com"]).as_str()), ("fail violated", "fail violated"));
    assert_eq!(told(&talk, sight::Shown::Is, &[("participants", bob)]), "met");
    assert_eq!(told(&talk, sight::Shown::IsNot, &[("sip:dave@example.com", "connected")]), "met");
    assert_eq!(told(&later, sight::Shown::IsNot, &[("sip:dave@example.com", "connected"), (carol, "connected")]), "fail unexpected");
}
