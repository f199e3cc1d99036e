use std::collections::BTreeMap;

use bytes::Bytes;
use pretty_assertions::assert_eq;
use serde_json::json;

use super::*;
use crate::{
    role::{Actor, Hop, Input, Output, build::Draft, content_server::ContentServer, cpm_client::Settings, message_store::MessageStore},
    trace::Transport,
    upper::{Act, Action, Queried, Scope},
    wire::sip::Message,
};

const CORE: &str = "192.0.2.2:5060";
const STORE: &str = "192.0.2.7:143";
const WEB: &str = "192.0.2.8:80";

/// A registered client, its time, the servers around it, and what it showed.
struct Rig {
    client: CpmClient,
    now: Duration,
    store: MessageStore,
    web: ContentServer,
    sent: Vec<Message>,
    said: Vec<String>,
    seen: Vec<serde_json::Value>,
    answers: Vec<Answer>,
}

fn hop(address: &str) -> Hop {
    Hop::sip(Transport::Udp, address.parse().expect("an address"))
}

impl Rig {
    fn new(settings: &[(&str, serde_json::Value)]) -> Self {
        let mut own = Settings { core: CORE.parse().ok(), storage_address: STORE.parse().ok(), ..Settings::default() };
        for (name, value) in settings {
            own.configure(name, value).expect("a setting");
        }
        let stock = [(4711, "first"), (4712, "second"), (4713, "third")].map(|(uid, text)| {
            let object =
                format!("From: <sip:bob@example.com>\r\nTo: <sip:alice@example.com>\r\n\r\nContent-Type: text/plain\r\n\r\n{text}");
            (uid, Bytes::from(object))
        });
        let pages = BTreeMap::from([("/notes.txt".to_owned(), ("text/html".to_owned(), Bytes::from_static(b"the notes")))]);
        Self {
            client: CpmClient::new(own, "192.0.2.1:5060".parse().expect("an address"), 1, 1_700_000_000),
            now: Duration::ZERO,
            store: MessageStore::new(BTreeMap::from([("INBOX".to_owned(), BTreeMap::from(stock))])),
            web: ContentServer::new(pages),
            sent: Vec::new(),
            said: Vec::new(),
            seen: Vec::new(),
            answers: Vec::new(),
        }
    }

    fn registered(settings: &[(&str, serde_json::Value)]) -> Self {
        let mut rig = Self::new(settings);
        rig.act(Act::Register {});
        rig.answer("REGISTER", 200, &[("Contact", "<sip:a@b>;expires=3600"), ("Service-Route", "<sip:orig@192.0.2.2;lr>")]);
        rig
    }

    fn handle(&mut self, input: Input) {
        Actor::handle(&mut self.client, self.now, input);
        while let Some(output) = self.client.poll() {
            match output {
                Output::Transmit { hop, bytes } if hop.protocol.is_sip() => self.sent.push(Message::parse(bytes)),
                Output::Transmit { hop, bytes } => {
                    self.said.push(String::from_utf8_lossy(&bytes).into_owned());
                    self.serve(hop, Some(bytes));
                }
                Output::Connect { hop, .. } => self.serve(hop, Some(Bytes::new())),
                Output::Close { hop } => self.serve(hop, None),
                Output::Answered { answer, .. } => self.answers.push(answer),
                Output::Sight(sight) => self.seen.push(serde_json::to_value(sight).expect("JSON")),
            }
        }
    }

    /// Hands to a server what came over `hop`, and to the client what the server says.
    fn serve(&mut self, hop: Hop, bytes: Option<Bytes>) {
        let server: &mut dyn Actor = if hop.address.to_string() == STORE { &mut self.store } else { &mut self.web };
        let from = Hop { address: "192.0.2.1:49152".parse().expect("an address"), ..hop };
        server.handle(self.now, bytes.map_or(Input::Closed { hop: from }, |bytes| Input::Bytes { hop: from, bytes }));
        let mut said = Vec::new();
        while let Some(output) = server.poll() {
            match output {
                Output::Transmit { bytes, .. } => said.push(Input::Bytes { hop, bytes }),
                Output::Close { .. } => said.push(Input::Closed { hop }),
                other => panic!("{other:?}"),
            }
        }
        for input in said {
            Actor::handle(&mut self.client, self.now, input);
        }
    }

    fn act(&mut self, act: Act) -> Answer {
        self.handle(Input::Act { id: 1, act });
        self.answers.pop().expect("an answer")
    }

    fn last(&self, method: &str) -> Message {
        self.sent.iter().rfind(|message| message.method() == Some(method)).cloned().unwrap_or_else(|| panic!("no {method}"))
    }

    fn count(&self, method: &str) -> usize {
        self.sent.iter().filter(|message| message.method() == Some(method)).count()
    }

    /// Answers the last request of this method.
    fn answer(&mut self, method: &str, status: u16, headers: &[(&str, &str)]) {
        let mut draft = Draft::response(&self.last(method), status, "pf");
        for (name, value) in headers {
            draft = draft.header(name, value);
        }
        self.handle(Input::Bytes { hop: hop(CORE), bytes: draft.finish() });
    }

    fn arrives(&mut self, request: &str) -> u16 {
        self.handle(Input::Bytes { hop: hop(CORE), bytes: Bytes::from(request.replace('\n', "\r\n")) });
        self.sent.iter().rev().find_map(Message::status).expect("a response")
    }

    /// A NOTIFY in the dialog of the last SUBSCRIBE.
    fn notify(&mut self, event: &str, body: &str) -> u16 {
        let subscribe = self.last("SUBSCRIBE");
        let value = |name: &str| subscribe.value(name).unwrap_or_default().into_owned();
        let number = self.sent.len();
        self.arrives(&format!(
            "NOTIFY sip:alice@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP {CORE};branch=z9hG4bKn{number}\nFrom: <sip:m@example.com>;tag=pf\nTo: {}\n\
             Call-ID: {}\nCSeq: {number} NOTIFY\nEvent: {event}\nSubscription-State: terminated;reason=timeout\n\
             Content-Type: application/resource-lists+xml\nContent-Length: {}\n\n{body}",
            value("From"),
            value("Call-ID"),
            body.len() + body.matches('\n').count(),
        ))
    }

    /// A MESSAGE with this feature, whose CPIM object has a content of this type.
    fn message(&mut self, feature: &str, kind: &str, content: &str) -> u16 {
        let body = format!("From: <sip:bob@example.com>\n\nContent-Type: {kind}\n\n{content}");
        let number = self.sent.len();
        self.arrives(&format!(
            "MESSAGE sip:alice@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP {CORE};branch=z9hG4bKm{number}\nFrom: <sip:m@example.com>;tag=pf\n\
             To: <sip:alice@example.com>\nCall-ID: m{number}\nCSeq: 1 MESSAGE\nContent-Type: message/cpim\n\
             Accept-Contact: *;+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.{feature}\"\nContent-Length: {}\n\n{body}",
            body.len() + body.matches('\n').count(),
        ))
    }

    fn sights(&mut self) -> Vec<serde_json::Value> {
        std::mem::take(&mut self.seen)
    }

    fn passes(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.handle(Input::Timeout);
    }
}

fn list(entries: &str) -> String {
    format!("<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\"><list>{entries}</list></resource-lists>")
}

const TWO: &str = "<entry uri=\"sip:m1@d\"><display-name>message from sip:bob@example.com</display-name></entry><entry uri=\"sip:m2@d\"/>\
                   <entry uri=\"sip:m1@d\"/>";

#[test]
fn a_subscription_is_one_fetch_and_its_list_is_shown() {
    let mut rig = Rig::registered(&[]);
    assert_eq!(rig.count("SUBSCRIBE"), 0);
    assert_eq!(rig.act(Act::ListDeferred {}), Answer::Taken(BTreeMap::new()));
    let subscribe = rig.last("SUBSCRIBE");
    let icsi = "+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.deferred\"";
    for (name, value) in [
        ("To", "<sip:CPMDeferredMsgMgmt@example.com>".to_owned()),
        ("Route", "<sip:orig@192.0.2.2;lr>".to_owned()),
        ("Accept-Contact", format!("*;{icsi}")),
        ("Contact", format!("<sip:alice@192.0.2.1:5060;transport=udp>;{icsi}")),
        ("P-Preferred-Identity", "<sip:alice@example.com>".to_owned()),
        ("P-Preferred-Service", "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.deferred".to_owned()),
        ("Event", "deferred-messages".to_owned()),
        ("Expires", "0".to_owned()),
    ] {
        assert_eq!(subscribe.value(name).as_deref(), Some(value.as_str()), "{name}");
    }
    // The NOTIFY overtakes the response.
    assert_eq!(rig.notify("deferred-messages", &list(TWO)), 200);
    let entries = json!([{ "message": "sip:m1@d", "from": "sip:bob@example.com", "kind": "message" }, { "message": "sip:m2@d" }]);
    assert_eq!(rig.sights(), [json!({ "sight": "deferred-list", "entries": entries })]);
    rig.answer("SUBSCRIBE", 200, &[("Expires", "0")]);
    assert_eq!(rig.notify("deferred-messages", &list(TWO)), 481);
    rig.passes(600);
    assert_eq!((rig.count("SUBSCRIBE"), rig.sights().len()), (1, 0));
}

#[test]
fn notify_is_taken_only_where_it_belongs() {
    let mut rig = Rig::registered(&[]);
    rig.act(Act::ListDeferred {});
    assert_eq!(rig.notify("message-summary", &list("")), 489);
    assert_eq!(rig.notify("deferred-messages;id=1", ""), 200);
    assert_eq!(rig.sights(), [json!(null); 0]);
    rig.act(Act::ListDeferred {});
    rig.answer("SUBSCRIBE", 489, &[]);
    assert_eq!(rig.notify("deferred-messages", &list("")), 481);
    rig.act(Act::ListDeferred {});
    rig.passes(40);
    assert_eq!(rig.notify("deferred-messages", &list("")), 481);
}

#[test]
fn a_challenge_to_subscribe_is_answered_once() {
    let mut rig = Rig::registered(&[]);
    rig.act(Act::ListDeferred {});
    let ids = (rig.last("SUBSCRIBE").value("Call-ID").map(|v| v.into_owned()), 407);
    for _ in 0..3 {
        rig.answer("SUBSCRIBE", ids.1, &[("Proxy-Authenticate", "Digest realm=\"example.com\", nonce=\"n\", algorithm=MD5, qop=\"auth\"")]);
    }
    let last = rig.last("SUBSCRIBE");
    assert_eq!((rig.count("SUBSCRIBE"), last.cseq().map(|(n, _)| n)), (3, Some(3)));
    assert_eq!(last.value("Call-ID").map(|v| v.into_owned()), ids.0);
    assert!(last.value("Proxy-Authorization").is_some_and(|v| v.contains("uri=\"sip:CPMDeferredMsgMgmt@example.com\"")));
}

#[test]
fn who_pulls_subscribes_once_registered() {
    let mut rig = Rig::new(&[("pull-deferred", json!(true))]);
    assert_eq!(rig.act(Act::ListDeferred {}), Answer::NotNow("the client is not registered".to_owned()));
    rig.act(Act::Register {});
    assert_eq!(rig.count("SUBSCRIBE"), 0);
    rig.answer("REGISTER", 200, &[("Contact", "<sip:a@b>;expires=3600")]);
    assert_eq!(rig.count("SUBSCRIBE"), 1);
    rig.answer("SUBSCRIBE", 200, &[]);
    rig.act(Act::Register {});
    rig.answer("REGISTER", 200, &[("Contact", "<sip:a@b>;expires=3600")]);
    assert_eq!(rig.count("SUBSCRIBE"), 1);
    let mut rig = Rig::registered(&[]);
    rig.act(Act::Configure { setting: "pull-deferred".to_owned(), value: json!(true) });
    assert_eq!(rig.count("SUBSCRIBE"), 1);
}

fn decide(message: &str, action: Action) -> Decision {
    Decision { message: message.to_owned(), action }
}

#[test]
fn all_messages_are_asked_for_by_an_invitation_that_ends_at_once() {
    let mut rig = Rig::registered(&[]);
    rig.act(Act::HandleDeferred { decisions: Vec::new() });
    let invite = rig.last("INVITE");
    let icsi = "+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.deferred\"";
    for (name, value) in [
        ("To", "<sip:CPMDeferredMsgMgmt@example.com>".to_owned()),
        ("Route", "<sip:orig@192.0.2.2;lr>".to_owned()),
        ("Accept-Contact", format!("*;{icsi}")),
        ("Contact", format!("<sip:alice@192.0.2.1:5060;transport=udp>;{icsi}")),
        ("P-Preferred-Service", "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.deferred".to_owned()),
        ("Content-Type", "application/sdp".to_owned()),
    ] {
        assert_eq!(invite.value(name).as_deref(), Some(value.as_str()), "{name}");
    }
    let text = String::from_utf8_lossy(&invite.raw).into_owned();
    assert!(text.contains("\r\na=recvonly\r\n") && text.contains("\r\na=accept-types:message/cpim\r\n"), "{text}");
    rig.answer("INVITE", 200, &[("Contact", "<sip:pf@192.0.2.3>")]);
    let methods: Vec<_> = rig.sent.iter().rev().take(2).map(|m| m.method().unwrap_or_default().to_owned()).collect();
    assert_eq!(methods, ["BYE", "ACK"]);
    rig.answer("BYE", 200, &[]);
    rig.passes(60);
    assert_eq!((rig.count("INVITE"), rig.count("BYE"), rig.said.len()), (1, 1, 0));
    assert!(rig.client.deferred.calls.is_empty());
}

#[test]
fn decisions_are_listed_behind_the_identifiers_as_they_came() {
    let mut rig = Rig::registered(&[]);
    let decisions =
        vec![decide("sip:m4;a=b&c@d", Action::Deliver), decide("sip:m2@d", Action::Delete), decide("sip:m3@d", Action::Interwork)];
    rig.act(Act::HandleDeferred { decisions });
    let invite = rig.last("INVITE");
    let parts = crate::field::parts(&invite);
    assert_eq!(parts.iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>(), ["application/sdp", "application/resource-lists+xml"]);
    let list = crate::wire::lists::List::parse(&invite.raw, parts[1].1);
    let uris: Vec<_> = list.entries.iter().map(|entry| entry.uri.as_str()).collect();
    assert_eq!(uris, ["sip:m4;a=b&c@d?cpm_action=deliver", "sip:m2@d?cpm_action=delete", "sip:m3@d?cpm_action=interwork"]);
    assert_eq!(list.malformations, []);
}

#[test]
fn a_refusal_is_acknowledged_and_ends_the_matter() {
    let mut rig = Rig::registered(&[]);
    rig.act(Act::HandleDeferred { decisions: vec![decide("sip:m1@d", Action::Deliver)] });
    rig.answer("INVITE", 407, &[("Proxy-Authenticate", "Digest realm=\"example.com\", nonce=\"n\", algorithm=MD5, qop=\"auth\"")]);
    let again = rig.last("INVITE");
    assert_eq!((rig.count("INVITE"), rig.count("ACK"), again.cseq().map(|(n, _)| n)), (2, 1, Some(2)));
    assert!(again.value("Proxy-Authorization").is_some());
    rig.answer("INVITE", 488, &[("Warning", "399 pf.example.com \"125 No messages\"")]);
    rig.passes(60);
    assert_eq!((rig.count("INVITE"), rig.count("ACK"), rig.count("BYE")), (2, 2, 0));
    assert!(rig.client.deferred.calls.is_empty());
}

#[test]
fn what_expired_is_not_asked_for_again() {
    let mut rig = Rig::registered(&[]);
    rig.message("systemmsg", "text/x-cpm-expiry", "outcome: discarded\nmessages: sip:m1@d\n");
    rig.sights();
    rig.act(Act::HandleDeferred { decisions: vec![decide("sip:m1@d", Action::Deliver), decide("sip:m2@d", Action::Deliver)] });
    let list = String::from_utf8_lossy(&rig.last("INVITE").raw).into_owned();
    assert!(!list.contains("sip:m1@d") && list.contains("sip:m2@d?cpm_action=deliver"), "{list}");
    assert_eq!(rig.sights()[0]["code"], "expired-discarded");
}

#[test]
fn in_band_notifications_are_no_messages() {
    for (setting, count) in [("show", 1), ("hide", 0)] {
        let mut rig = Rig::registered(&[("inband-notification", json!(setting))]);
        assert_eq!(rig.message("systemmsg", "text/plain", "deferred: 3"), 200);
        assert_eq!(rig.sights(), vec![json!({ "sight": "deferred-notification", "count": 3 }); count]);
        assert_eq!(rig.message("systemmsg", "text/plain", "Hello"), 200);
        assert_eq!(rig.message("msg", "text/plain", "deferred: 3"), 200);
        let texts: Vec<_> = rig.sights().iter().map(|sight| sight["text"].clone()).collect();
        assert_eq!(texts, ["Hello", "deferred: 3"]);
    }
}

#[test]
fn what_expired_and_is_gone_is_told() {
    let mut rig = Rig::registered(&[]);
    rig.message("systemmsg", "text/x-cpm-expiry", "outcome: discarded\nmessages: sip:m1@d sip:m2@d\n");
    let notice = |code: &str| json!({ "sight": "notice", "code": code, "outcome": "discarded", "messages": ["sip:m1@d", "sip:m2@d"] });
    assert_eq!(rig.sights(), [notice("expired")]);
    rig.act(Act::HandleDeferred { decisions: Vec::new() });
    assert_eq!(rig.sights(), [notice("expired-discarded")]);
    assert_eq!((rig.count("INVITE"), rig.said.len()), (0, 0));
}

#[test]
fn what_expired_and_is_stored_is_fetched_by_its_uids_after_a_restart_too() {
    let mut rig = Rig::registered(&[]);
    rig.message("systemmsg", "text/x-cpm-expiry", "outcome: stored\nmessages: sip:m1@d sip:m2@d\nuids: 4711 4712\n");
    rig.act(Act::Restart { wipe: false });
    rig.sights();
    rig.act(Act::Query { what: Queried::StoredUids, of: String::new() });
    assert_eq!(rig.sights(), [json!({ "sight": "stored-uids", "uids": ["4711", "4712"] })]);
    rig.act(Act::HandleDeferred { decisions: Vec::new() });
    let said: Vec<_> = rig.said.iter().map(String::as_str).collect();
    let commands = ["LOGIN alice@example.com no-secret", "SELECT INBOX", "UID FETCH 4711,4712 (UID BODY.PEEK[])", "LOGOUT"];
    assert_eq!(said, commands.iter().zip(1..).map(|(command, n)| format!("a{n} {command}\r\n")).collect::<Vec<_>>());
    let seen = rig.sights();
    assert_eq!(seen[0]["code"], "expired-stored");
    assert_eq!(seen[1..].iter().map(|sight| sight["text"].clone()).collect::<Vec<_>>(), ["first", "second"]);
    assert!(rig.client.idle(rig.now, Duration::ZERO));
    rig.act(Act::Restart { wipe: true });
    rig.act(Act::Query { what: Queried::StoredUids, of: String::new() });
    assert_eq!(rig.sights(), [json!({ "sight": "stored-uids", "uids": [] })]);
}

#[test]
fn a_store_that_is_silent_is_given_up() {
    let mut rig = Rig::registered(&[]);
    rig.message("systemmsg", "text/x-cpm-expiry", "outcome: stored\nuids: 4711\n");
    rig.client.settings.storage_address = "192.0.2.99:1".parse().ok();
    Actor::handle(&mut rig.client, rig.now, Input::Act { id: 2, act: Act::HandleDeferred { decisions: Vec::new() } });
    while rig.client.poll().is_some() {}
    assert!(!rig.client.idle(rig.now, Duration::ZERO));
    rig.passes(10);
    assert!(rig.client.idle(rig.now, Duration::ZERO));
}

#[test]
fn a_push_leads_to_a_registration_as_the_setting_or_the_user_wants() {
    for (setting, question, answer, registers) in [
        ("always", false, None, 1),
        ("never", false, None, 0),
        ("ask", true, None, 0),
        ("ask", true, Some(true), 1),
        ("ask", true, Some(false), 0),
    ] {
        let mut rig = Rig::new(&[("oob-connect", json!(setting))]);
        rig.act(Act::PushNotify {});
        assert_eq!(rig.sights(), [json!({ "sight": "push-notification", "question": question })]);
        if let Some(connect) = answer {
            rig.act(Act::AnswerConnect { connect });
        }
        assert_eq!(rig.count("REGISTER"), registers, "{setting} {answer:?}");
    }
    assert!(matches!(Rig::new(&[]).act(Act::AnswerConnect { connect: true }), Answer::NotNow(_)));
    let mut rig = Rig::registered(&[("oob-connect", json!("always"))]);
    rig.act(Act::PushNotify {});
    assert_eq!(rig.count("REGISTER"), 1);
    rig.act(Act::Deregister { scope: Scope::Cpm });
}

#[test]
fn a_stored_object_is_forwarded_by_reference() {
    let mut rig = Rig::registered(&[("stored-objects", json!(["film imap://store/films/;UID=20", "note imap://store/notes?x"]))]);
    let mut forward = |object: &str, text: Option<&str>| {
        let wish = crate::upper::ForwardStored {
            object: object.to_owned(),
            to: vec!["sip:bob@example.com".to_owned()],
            text: text.map(str::to_owned),
        };
        let taken = matches!(rig.act(Act::ForwardStored(wish)), Answer::Taken(_));
        if !taken {
            return String::new();
        }
        rig.answer("MESSAGE", 200, &[]);
        String::from_utf8_lossy(&rig.last("MESSAGE").raw).into_owned()
    };
    let alone = forward("film", None);
    assert!(alone.contains("\r\n\r\nContent-Type: message/external-body; access-type=URL; "), "{alone}");
    assert!(alone.contains("URL=\"imap://store/films/;UID=20?action=fetch\""), "{alone}");
    assert!(alone.contains("\r\n\r\nContent-Type: application/octet-stream\r\nContent-ID: <"), "{alone}");
    assert!(forward("note", None).contains("URL=\"imap://store/notes?x&action=fetch\""));
    let both = forward("film", Some("look"));
    assert!(both.contains("Content-Type: multipart/mixed;boundary=") && both.contains("\r\n\r\nlook\r\n--"), "{both}");
    assert_eq!(forward("book", None), "");
}

#[test]
fn content_that_lies_elsewhere_is_fetched_or_offered() {
    let reference = |more: &str, path: &str| format!("message/external-body; access-type=url{more}; URL=\"http://{WEB}{path}\"");
    let phantom = "Content-Type: text/plain;\n charset=UTF-8\nContent-ID: <n>\n\n";
    let mut rig = Rig::registered(&[]);
    rig.message("msg", &reference("; expiration=\"Fri, 01 Jan 2100 00:00:00 GMT\"", "/notes.txt"), phantom);
    let seen = rig.sights();
    assert_eq!((seen.len(), &seen[0]["type"], &seen[0]["text"]), (1, &json!("text/plain"), &json!("the notes")));
    assert!(rig.said[0].starts_with("GET /notes.txt HTTP/1.1\r\nHost: 192.0.2.8:80\r\n"));
    for kind in [
        reference("", "/nothing.txt"),
        reference("; expiration=\"Fri, 01 Jan 2010 00:00:00 GMT\"", "/notes.txt"),
        "message/external-body; access-type=URL; URL=\"imap://store/x\"".to_owned(),
        "message/external-body; access-type=anon-ftp; URL=\"http://a\"".to_owned(),
    ] {
        rig.message("msg", &kind, phantom);
        let seen = rig.sights();
        assert_eq!((seen.len(), &seen[0]["sight"]), (1, &json!("content-indirect")), "{kind}");
    }
    assert_eq!(rig.said.len(), 2);
    let parts = format!(
        "--b\nContent-Type: text/plain\n\nSee\n--b\nContent-Type: {}\n\n{phantom}\n--b\nContent-Type: {}\n\n{phantom}\n--b--\n",
        reference("", "/notes.txt"),
        reference("", "/notes.txt?again")
    );
    rig.message("msg", "multipart/mixed; boundary=b", &parts);
    let texts: Vec<_> = rig.sights().iter().map(|sight| sight["text"].clone()).collect();
    assert_eq!(texts, ["See", "the notes", "the notes"]);
    assert!(rig.client.idle(rig.now, Duration::ZERO));
}
