//! Offers made, read, answered.

use pretty_assertions::assert_eq;

use super::*;

fn local() -> SocketAddr {
    "192.0.2.1:5060".parse().unwrap()
}

fn end() -> End {
    End {
        path: vec!["msrp://192.0.2.1:9/abc;tcp".to_owned()],
        setup: Some("active".to_owned()),
        direction: Direction::Sendonly,
        accept_types: Some("message/cpim".to_owned()),
        accept_wrapped_types: Some("*".to_owned()),
        file_selector: Some("size:5000".to_owned()),
        file_transfer_id: Some("t1".to_owned()),
        ..End::default()
    }
}

#[test]
fn an_offer_is_read_as_it_was_made() {
    let text = Text::new(&end(), local(), 7).to_string();
    assert!(text.contains("c=IN IP4 192.0.2.1\r\nt=0 0\r\nm=message 9 TCP/MSRP *\r\na=sendonly\r\n"), "{text}");
    assert_eq!(Sdp::parse(text.as_bytes(), Span::all(text.as_bytes())).malformations, []);
    let read = Description::read(text.as_bytes()).unwrap();
    assert_eq!((read.end, read.section), (end(), 0));
}

#[test]
fn an_answer_has_the_sections_of_the_offer_and_repeats_what_is_transferred() {
    let offer = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=3 4\r\na=sendonly\r\nm=audio 4000 RTP/AVP 0 8\r\n\
                 m=message 2855 TCP/TLS/MSRP *\r\na=setup:holdconn\r\na=path:msrps://192.0.2.9:2855/x;tcp\r\na=file-selector:name:\"a b\" size:5\r\n";
    let offer = Description::read(offer.as_bytes()).unwrap();
    assert_eq!((offer.end.setup.as_deref(), offer.end.direction, offer.section), (None, Direction::Sendonly, 1));
    let own = End { fingerprint: Some("SHA-256 AB".to_owned()), ..end() };
    let text = offer.answer(&own, local(), 8).to_string();
    assert!(text.contains("t=3 4\r\nm=audio 0 RTP/AVP 0 8\r\nm=message 9 TCP/TLS/MSRP *\r\na=recvonly\r\n"), "{text}");
    assert!(text.contains("a=file-selector:name:\"a b\" size:5\r\n") && !text.contains("file-transfer-id"), "{text}");
    assert!(text.contains("a=fingerprint:SHA-256 AB\r\n"));
}

#[test]
fn what_cannot_be_answered_is_said() {
    let text = Text::new(&end(), local(), 7).to_string();
    for (from, to, expected) in [
        ("m=message 9 TCP/MSRP *", "m=message 9 UDP/MSRP *", Unacceptable::NoMsrp),
        ("m=message 9 ", "m=message 0 ", Unacceptable::NoMsrp),
        ("a=path:msrp", "a=path:http", Unacceptable::NoPath),
        ("a=path:", "a=road:", Unacceptable::NoPath),
    ] {
        assert_eq!(Description::read(text.replace(from, to).as_bytes()), Err(expected), "{to}");
    }
    assert_eq!(Description::read(b"hello"), Err(Unacceptable::NoDescription));
}

#[test]
fn types_are_taken_by_name_by_star_and_when_nothing_is_said() {
    for (types, takes) in
        [("message/cpim", true), ("text/plain Message/CPIM", true), ("*", true), ("message/*", true), ("text/plain", false)]
    {
        assert_eq!(End { accept_types: Some(types.to_owned()), ..End::default() }.takes("message/cpim"), takes, "{types}");
    }
    assert!(End::default().takes("message/cpim"));
}

#[test]
fn who_connects_follows_the_offer() {
    for (offered, preferred, expected) in [
        (Some("active"), "active", "passive"),
        (Some("passive"), "passive", "active"),
        (Some("actpass"), "active", "active"),
        (Some("actpass"), "passive", "passive"),
        (None, "active", "active"),
    ] {
        assert_eq!(setup(offered, preferred), expected);
    }
}

#[test]
fn what_is_laid_over_stands_in_place() {
    let overlay = [
        ("setup", Some(vec!["actpass".to_owned()])),
        ("file-selector", None),
        ("direction", Some(vec!["sendrecv".to_owned()])),
        ("address", Some(vec!["IN IP4 192.0.2.77".to_owned()])),
        ("media", Some(vec!["message 2855 TCP/MSRP *".to_owned()])),
        ("extra", Some(vec!["m=audio 4000 RTP/AVP 0".to_owned()])),
        ("connection-type", Some(vec!["a".to_owned(), "b".to_owned()])),
    ]
    .map(|(key, values)| (key.to_owned(), values));
    let text = Text::new(&end(), local(), 7).overlaid(&overlay).to_string();
    assert!(text.contains("c=IN IP4 192.0.2.77\r\nt=0 0\r\nm=message 2855 TCP/MSRP *\r\na=sendrecv\r\n"), "{text}");
    assert!(text.contains("a=setup:actpass\r\n") && !text.contains("file-selector") && !text.contains("sendonly"), "{text}");
    assert!(text.ends_with("a=connection-type:a\r\na=connection-type:b\r\nm=audio 4000 RTP/AVP 0\r\n"), "{text}");
}

#[test]
fn each_section_may_be_taken_or_refused() {
    let mut offer = Text::new(&end(), local(), 7);
    offer.add(&End { path: vec!["msrp://192.0.2.1:2855/two;tcp".to_owned()], ..End::default() });
    let offer = offer.overlaid(&[("extra".to_owned(), Some(vec!["m=audio 4000 RTP/AVP 0".to_owned()]))]);
    let read = Description::read(offer.to_string().as_bytes()).unwrap();
    assert_eq!(read.ends.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false]);
    let own = |n: usize| End { path: vec![format!("msrp://192.0.2.2:2855/{n};tcp")], ..End::default() };
    let both = read.answer_each(|n, _| Some(own(n)), local(), 8);
    let text = both.to_string();
    assert!(text.contains("m=message 2855 TCP/MSRP *\r\na=sendrecv\r\n") && text.ends_with("/1;tcp\r\nm=audio 0 RTP/AVP 0\r\n"), "{text}");
    let second = read.answer_each(|n, _| (n == 1).then(|| own(n)), local(), 9);
    assert!(second.to_string().contains("m=message 0 TCP/MSRP *\r\nm=message 2855 "), "{second}");
    // The same again is no change; less is one.
    assert!(second.following(&both).to_string().contains("o=- 8 9 "));
    assert!(both.clone().following(&both).to_string().contains("o=- 8 8 "));
    let mut less = both.clone();
    less.refuse(1);
    assert!(less.following(&both).to_string().contains("o=- 8 9 "));
}
