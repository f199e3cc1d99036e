use pretty_assertions::assert_eq;

use super::*;

const MIME: &str = "\r\nContent-Type: text/plain\r\n\r\nHi";

fn codes(text: &str) -> Vec<String> {
    Cpim::parse(text.as_bytes(), Span::all(text.as_bytes())).malformations.into_iter().map(|m| m.code).collect()
}

#[test]
fn a_message_is_read_wherever_it_stands() {
    let text = format!("xxFrom: \"A\" <sip:a@example.com>\r\nSubject:;lang=\"f r\" Salut\r\n{MIME}");
    let raw = text.as_bytes();
    let cpim = Cpim::parse(raw, Span::new(2, raw.len()));
    assert_eq!(cpim.malformations, []);
    assert_eq!(cpim.headers[0].value.of(raw), b"\"A\" <sip:a@example.com>");
    assert_eq!(cpim.all(raw, "Subject").next().unwrap().value.of(raw), b"Salut");
    assert!(cpim.content_type(raw).unwrap().is(raw, "text/plain"));
    assert_eq!(cpim.content.of(raw), b"Hi");
    assert_eq!(cpim.mime_value(raw, "content-TYPE").unwrap().of(raw), b"text/plain");
}

#[test]
fn any_prefix_bound_to_the_name_space_is_found_from_there_on() {
    let text = format!(
        "i.Message-ID: 1\r\nNS: i<urn:ietf:params:imdn>\r\ni.Message-ID: 2\r\nNS: i <urn:other>\r\ni.Message-ID: 3\r\n\
         NS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: 4\r\n{MIME}"
    );
    let raw = text.as_bytes();
    let cpim = Cpim::parse(raw, Span::all(raw));
    let found: Vec<_> = cpim.all(raw, "imdn.Message-ID").map(|h| h.value.of(raw)).collect();
    assert_eq!(found, [b"2", b"4"]);
    assert_eq!(cpim.malformations.iter().map(|m| m.code.as_str()).collect::<Vec<_>>(), ["prefix-used-before-ns"]);
}

#[test]
fn a_default_name_space_hides_the_fields_of_cpim() {
    let text = format!("From: <sip:a@b>\r\nNS: <urn:other>\r\nFrom: x <y>\r\nNS: c <{CPIM}>\r\nc.From: <sip:c@d>\r\n{MIME}");
    let raw = text.as_bytes();
    let cpim = Cpim::parse(raw, Span::all(raw));
    let found: Vec<_> = cpim.all(raw, "From").map(|h| h.value.text(raw)).collect();
    assert_eq!(found, ["<sip:a@b>", "<sip:c@d>"]);
}

#[test]
fn names_of_message_header_fields_have_case() {
    let text = format!("from: <sip:a@b>\r\n{MIME}");
    let cpim = Cpim::parse(text.as_bytes(), Span::all(text.as_bytes()));
    assert_eq!(cpim.all(text.as_bytes(), "From").count(), 0);
}

#[test]
fn what_breaks_the_grammar_is_named() {
    for (head, expected) in [
        ("From: <sip:a@b>\r\n", vec![]),
        ("DateTime:2013-03-30T10:15:30Z\r\n", vec!["no-blank-after-name"]),
        ("DateTime:  2013-03-30T10:15:30Z\r\n", vec!["blanks-after-name"]),
        ("DateTime: 2013-03-30T10:15:30Z \r\n", vec!["blank-at-line-end"]),
        ("Subject: a\r\n b\r\n", vec!["folded"]),
        ("Subject : a\r\n", vec!["blank-before-colon"]),
        ("Subject: a\n", vec!["bare-lf"]),
        ("From: sip:a@b\r\n", vec!["uri-without-brackets"]),
        ("imdn.Message-ID: 1\r\n", vec!["undeclared-prefix"]),
        ("Subject: a\x01\r\n", vec!["control-character"]),
        ("no colon\r\n", vec!["header-field-without-colon"]),
    ] {
        assert_eq!(codes(&format!("{head}{MIME}")), expected, "{head:?}");
    }
}

#[test]
fn a_missing_empty_line_is_named_and_bridged() {
    let text = "From: <sip:a@b>\r\nContent-Type: text/plain\r\n\r\nHi";
    let cpim = Cpim::parse(text.as_bytes(), Span::all(text.as_bytes()));
    assert_eq!(codes(text), ["no-blank-line"]);
    assert_eq!((cpim.headers.len(), cpim.mime.len()), (1, 1));
    assert_eq!(cpim.content.of(text.as_bytes()), b"Hi");
    assert_eq!(codes("From: <sip:a@b>\r\n"), ["no-blank-line", "no-content-type"]);
    assert_eq!(codes("From: <sip:a@b>\r\n\r\nContent-Type: text/plain\r\n"), ["no-blank-line"]);
}

#[test]
fn content_without_mime_header_fields_is_kept() {
    for text in ["From: <sip:a@b>\r\n\r\nHi there", "From: <sip:a@b>\r\n\r\n\r\nHi there"] {
        let cpim = Cpim::parse(text.as_bytes(), Span::all(text.as_bytes()));
        assert_eq!(codes(text), ["no-content-type"]);
        assert_eq!(cpim.content.of(text.as_bytes()), b"Hi there");
    }
}

#[test]
fn a_wrong_length_of_the_content_is_named() {
    let text = "From: <sip:a@b>\r\n\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nHi";
    assert_eq!(codes(text), ["content-length"]);
}

#[test]
fn the_transfer_encoding_is_undone() {
    let text = "\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: Base64\r\n\r\nSGk=";
    let cpim = Cpim::parse(text.as_bytes(), Span::all(text.as_bytes()));
    assert_eq!(cpim.decoded(text.as_bytes()), b"Hi");
}
