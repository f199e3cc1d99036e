//! MSRP through the server.

use pretty_assertions::assert_eq;

use super::*;
use crate::role::msrp::write;

fn msrp(address: &str) -> Hop {
    Hop::over(Protocol::Msrp, Transport::Tcp, address.parse().unwrap())
}

const LEFT: &str = "192.0.2.3:49152";
const RIGHT: &str = "192.0.2.4:2855";

fn path(message: &Message) -> String {
    body(message).lines().find_map(|line| line.strip_prefix("a=path:")).unwrap().to_owned()
}

impl Play {
    fn comes(&mut self, from: &str, bytes: Bytes) {
        self.input(Input::Bytes { hop: msrp(from), bytes });
    }

    /// A chat message to this URI of the server.
    fn chats(&mut self, from: &str, id: &str, to: &str, kind: Option<&str>) {
        let mut fields =
            vec![("To-Path", to), ("From-Path", "msrp://192.0.2.3:2855/left;tcp"), ("Message-ID", id), ("Byte-Range", "1-5/5")];
        fields.extend(kind.map(|kind| ("Content-Type", kind)));
        let fields: Vec<_> = fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.comes(from, write::request(id, "SEND", &fields, kind.map(|_| &b"hello"[..]), b'$'));
    }
}

/// A session whose left end connects and whose right end is connected to, and the server's URI on the left.
fn chat() -> (Play, String) {
    let mut play = Play::new(Mode::B2bua, true);
    play.left("INVITE", Some(SDP));
    let offered = play.last("INVITE");
    assert!(path(&offered).starts_with("msrp://192.0.2.1:2855/") && body(&offered).contains("c=IN IP4 192.0.2.1\r\n"));
    assert!(body(&offered).contains("a=setup:active\r\n"));
    play.said();
    play.answers("INVITE", 200, &[("Allow", "INVITE, UPDATE")], Some(&right()));
    assert_eq!(play.said(), ["ACK", "200 INVITE", "connect 192.0.2.4:2855", "MSRP SEND 192.0.2.4:2855"]);
    let own = path(&play.last("200 INVITE"));
    assert_ne!(own, path(&offered));
    play.left("ACK", None);
    let binding = play.msrp.last().unwrap().1.clone();
    assert!(binding.contains("To-Path: msrp://192.0.2.4:2855/right;tcp\r\n") && binding.contains("Byte-Range: 1-0/0"));
    let transaction = binding.split(' ').nth(1).unwrap().to_owned();
    // What comes before the other side is there waits for it.
    play.chats(LEFT, "bind", &own, None);
    play.chats(LEFT, "early", &own, Some("message/cpim"));
    assert_eq!(play.said(), ["MSRP 200 192.0.2.3:49152"]);
    play.comes(RIGHT, write::response(&transaction, 200, "x", "y"));
    assert_eq!(play.said(), ["MSRP SEND 192.0.2.4:2855"]);
    (play, own)
}

#[test]
fn a_request_goes_on_under_the_paths_of_the_other_side_and_its_response_comes_back() {
    let (mut play, own) = chat();
    let sent = play.msrp.last().unwrap().1.clone();
    assert!(sent.starts_with("MSRP early SEND\r\nTo-Path: msrp://192.0.2.4:2855/right;tcp\r\nFrom-Path: msrp://192.0.2.1:2855/"));
    assert!(sent.ends_with("\r\n\r\nhello\r\n-------early$\r\n"));
    play.comes(RIGHT, write::response("early", 413, "x", "y"));
    assert_eq!(play.said(), ["MSRP 413 192.0.2.3:49152"]);
    assert!(play.msrp.last().unwrap().1.contains(&format!("To-Path: msrp://192.0.2.3:2855/left;tcp\r\nFrom-Path: {own}\r\n")));
    let to_right = path(&play.last("INVITE"));
    play.chats(RIGHT, "back", &to_right, Some("message/cpim"));
    assert_eq!(play.said(), ["MSRP SEND 192.0.2.3:49152"]);
    assert!(play.msrp.last().unwrap().1.contains("To-Path: msrp://192.0.2.3:2855/left;tcp\r\n"));
    play.chats(LEFT, "nobody", "msrp://192.0.2.1:2855/none;tcp", Some("message/cpim"));
    play.chats("192.0.2.3:50000", "another", &own, Some("message/cpim"));
    play.chats(LEFT, "kind", &own, Some("image/png"));
    assert_eq!(play.said(), ["MSRP 481 192.0.2.3:49152", "MSRP 506 192.0.2.3:50000", "MSRP 415 192.0.2.3:49152"]);
}

#[test]
fn changes_hold_for_media_once_they_are_agreed() {
    let (mut play, own) = chat();
    let first = play.last("INVITE");
    // The right end moves, and the left one takes nothing any more.
    let offer = SDP.replace("a=setup", "a=sendonly\r\na=setup").replace("- 7 7 ", "- 7 8 ");
    play.left("UPDATE", Some(&offer));
    let update = play.last("UPDATE");
    assert_eq!(path(&update), path(&first));
    assert_eq!(version(&update).parse::<u64>().unwrap(), version(&first).parse::<u64>().unwrap() + 1);
    play.answers(
        "UPDATE",
        200,
        &[],
        Some(&right().replace("192.0.2.4:2855/right", "192.0.2.4:2866/moved").replace("2855 TCP", "2866 TCP")),
    );
    let ok = play.last("200 UPDATE");
    assert_eq!((path(&ok), body(&ok).contains("m=message 2855 TCP/MSRP *\r\n")), (own.clone(), true));
    assert_eq!(play.said(), ["UPDATE", "200 UPDATE", "close 192.0.2.4:2855", "connect 192.0.2.4:2866", "MSRP SEND 192.0.2.4:2866"]);
    play.chats("192.0.2.4:2866", "wrong", &path(&first), Some("message/cpim"));
    assert_eq!(play.said(), ["MSRP 403 192.0.2.4:2866"]);
    // A change that is refused changes nothing.
    play.left("UPDATE", Some(SDP));
    play.answers("UPDATE", 488, &[], None);
    play.left("UPDATE", Some(&offer));
    assert_eq!(version(&play.last("UPDATE")), version(&update));
    play.answers("UPDATE", 200, &[], Some(&right().replace("2855 TCP", "0 TCP")));
    play.said();
    play.chats(LEFT, "gone", &own, Some("message/cpim"));
    assert_eq!(play.said(), ["MSRP 481 192.0.2.3:49152"]);
}

#[test]
fn with_the_session_its_connections_end() {
    let (mut play, _) = chat();
    play.left("BYE", None);
    assert_eq!(play.said(), ["200 BYE", "BYE", "close 192.0.2.4:2855"]);
    let (mut play, _) = chat();
    play.server.reset();
    play.input(Input::Timeout);
    assert_eq!(play.said(), ["close 192.0.2.4:2855"]);
}
