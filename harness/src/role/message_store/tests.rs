use pretty_assertions::assert_eq;

use super::*;
use crate::trace::{Protocol, Transport};

const CPIM: &str = "From: <sip:bob@example.com>\r\n\r\nContent-Type: text/plain\r\n\r\nHello";

fn store() -> MessageStore {
    let stock = BTreeMap::from([(4711, Bytes::from(CPIM)), (4712, Bytes::from_static(b"a\r\n\r\n\xff\"\\"))]);
    MessageStore::new(BTreeMap::from([("INBOX".to_owned(), stock)]))
}

fn hop() -> Hop {
    Hop::over(Protocol::Imap, Transport::Tcp, "192.0.2.9:49152".parse().expect("an address"))
}

fn said(store: &mut MessageStore) -> String {
    let mut said = String::new();
    while let Some(output) = store.poll() {
        match output {
            Output::Transmit { bytes, .. } => said.push_str(&String::from_utf8_lossy(&bytes)),
            Output::Close { .. } => said.push_str("<closed>"),
            other => panic!("{other:?}"),
        }
    }
    said
}

fn asked(store: &mut MessageStore, octets: &str) -> String {
    store.handle(Duration::ZERO, Input::Bytes { hop: hop(), bytes: Bytes::from(octets.to_owned()) });
    said(store)
}

fn opened(commands: &str) -> (MessageStore, String) {
    let mut store = store();
    assert_eq!(asked(&mut store, ""), "* OK the store is open\r\n");
    let said = asked(&mut store, commands);
    (store, said)
}

#[test]
fn objects_are_fetched_by_uid_after_login_and_select() {
    let (mut store, said) = opened("a LOGIN alice secret\r\nb SELECT inbox\r\n");
    assert_eq!(
        said,
        "a OK logged in\r\n* FLAGS (\\Seen)\r\n* 2 EXISTS\r\n* 0 RECENT\r\n* OK [PERMANENTFLAGS (\\Seen)] flags that stay\r\n\
         * OK [UIDVALIDITY 385759045] UIDs stay valid\r\n* OK [UIDNEXT 4713] the next UID\r\nb OK [READ-WRITE] selected\r\n"
    );
    let said = asked(&mut store, "c UID FETCH 4711,9999 (RFC822.SIZE BODY.PEEK[])\r\n");
    let whole = format!("* 1 FETCH (UID 4711 RFC822.SIZE {0} BODY[] {{{0}}}\r\n{CPIM})\r\nc OK fetched\r\n", CPIM.len());
    assert_eq!(said, whole);
    let said = asked(&mut store, "d FETCH 2:* (FLAGS BODY[TEXT]<1.1>)\r\n");
    assert_eq!(said, "* 2 FETCH (FLAGS () BODY[TEXT]<1> \"\\\"\")\r\nd OK fetched\r\n");
    assert_eq!(asked(&mut store, "e LOGOUT\r\n"), "* BYE good bye\r\ne OK logged out\r\n<closed>");
}

#[test]
fn what_comes_out_of_turn_is_refused() {
    for (command, answer) in [
        ("a SELECT INBOX\r\n", "a BAD not now, or not at all\r\n"),
        ("a UID FETCH 1 BODY[]\r\n", "a BAD not now, or not at all\r\n"),
        (
            "a LOGIN u p\r\nb SELECT other\r\nc FETCH 1 FLAGS\r\n",
            "a OK logged in\r\nb NO no such mailbox\r\nc BAD not now, or not at all\r\n",
        ),
        ("a LOGIN u p\r\nb LOGIN u p\r\n", "a OK logged in\r\nb BAD not now, or not at all\r\n"),
        ("a FLY\r\n", "a BAD no such command\r\n"),
        ("\r\n", "* BAD no such command\r\n"),
    ] {
        assert_eq!(opened(command).1, answer, "{command}");
    }
    let (mut store, _) = opened("a LOGIN u p\r\nb EXAMINE INBOX\r\n");
    assert_eq!(asked(&mut store, "c UID FETCH 4711 ENVELOPE\r\n"), "c NO this item is not kept here\r\n");
}

#[test]
fn commands_come_in_any_pieces_and_with_literals() {
    let (mut store, said) = opened("a LOGIN {5}\r\n");
    assert_eq!(said, "+ go on\r\n");
    assert_eq!(asked(&mut store, "ali"), "");
    assert_eq!(asked(&mut store, "ce {1}\r"), "");
    assert_eq!(asked(&mut store, "\n"), "+ go on\r\n");
    assert_eq!(
        asked(&mut store, "p\r\nb NOOP\r\nc CAPABILITY\r\n"),
        "a OK logged in\r\nb OK nothing done\r\n* CAPABILITY IMAP4REV1\r\nc OK that is all\r\n"
    );
}

#[test]
fn what_is_too_long_is_not_kept() {
    assert_eq!(opened("a LOGIN {99999999}\r\n").1, "* BAD the command is too long\r\n<closed>");
    let (mut store, said) = opened(&"x".repeat(300_000));
    assert_eq!(said, "");
    assert_eq!(asked(&mut store, "\r\nb NOOP\r\n"), "* BAD no such command\r\nb OK nothing done\r\n");
}

#[test]
fn objects_are_appended_with_the_next_uid() {
    let (mut store, _) = opened("a LOGIN u p\r\n");
    assert_eq!(asked(&mut store, "b APPEND inbox {5}\r\n"), "+ go on\r\n");
    assert_eq!(asked(&mut store, "first\r\n"), "b OK appended\r\n");
    assert_eq!(asked(&mut store, "c APPEND chats {5+}\r\nother\r\n"), "c NO [TRYCREATE] no such mailbox\r\n");
    assert_eq!(asked(&mut store, "d CREATE chats\r\ne CREATE chats\r\n"), "d OK created\r\ne NO not created\r\n");
    assert_eq!(asked(&mut store, "f APPEND chats {5+}\r\nother\r\n"), "f OK appended\r\n");
    let said = asked(&mut store, "g SELECT inbox\r\nh UID FETCH 4713 BODY[]\r\n");
    assert!(said.ends_with("* 3 FETCH (UID 4713 BODY[] \"first\")\r\nh OK fetched\r\n"), "{said}");
}
