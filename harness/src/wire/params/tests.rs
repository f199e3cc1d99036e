use pretty_assertions::assert_eq;

use super::*;

fn codes(malformations: &[Malformation]) -> Vec<&str> {
    malformations.iter().map(|m| m.code.as_str()).collect()
}

#[test]
fn commas_in_quotes_and_brackets_do_not_split() {
    let raw = br#""a,b\"," <sip:c,d@example.com> , <sip:e@example.com>;x=",", ,"#;
    let texts: Vec<_> = split(raw, Span::all(raw), b',').iter().map(|s| s.text(raw).into_owned()).collect();
    assert_eq!(texts, [r#""a,b\"," <sip:c,d@example.com>"#, r#"<sip:e@example.com>;x=",""#, "", ""]);
    assert_eq!(split(b"  ", Span::new(0, 2), b','), []);
}

#[test]
fn parameters_keep_their_ranges() {
    let raw = b"xx*;+g.3gpp.icsi-ref=\"a;b\" ; Require;p = v";
    let value = Parametered::parse(raw, Span::new(2, raw.len()));
    assert_eq!(value.head.of(raw), b"*");
    let icsi = value.param(raw, "+G.3GPP.ICSI-REF").unwrap();
    assert_eq!((icsi.value.unwrap().of(raw), icsi.quoted), (&b"a;b"[..], true));
    assert_eq!(value.param(raw, "require").unwrap().value, None);
    assert_eq!(value.param(raw, "p").unwrap().value.unwrap().of(raw), b"v");
    assert_eq!(value.malformations, []);
}

#[test]
fn what_breaks_the_grammar_of_parameters_is_named() {
    for (text, expected) in [
        ("a;;b", vec!["empty-parameter"]),
        ("a;b=", vec!["empty-value"]),
        ("a;b=\"c", vec!["unclosed-quote"]),
        ("a;b=\"c\"d", vec!["text-behind-quote"]),
        ("a;b=<c>", vec!["unquoted-value"]),
        ("a;b c=d", vec!["parameter-name"]),
        (";a", vec!["empty-value"]),
        ("a;received=[2001:db8::1];r=2001:db8::2;lr", vec![]),
    ] {
        let value = Parametered::parse(text.as_bytes(), Span::new(0, text.len()));
        assert_eq!(codes(&value.malformations), expected, "{text}");
    }
}

#[test]
fn a_name_addr_gives_name_uri_and_header_parameters() {
    for (text, display, uri, tag) in [
        (r#""A. \"B\" <C>" <sip:d@example.com;x=y>;tag=1"#, Some(r#"A. "B" <C>"#), "sip:d@example.com;x=y", Some("1")),
        ("Bob  B\r\n <sip:b@example.com>", Some("Bob B"), "sip:b@example.com", None),
        ("sip:b@example.com;tag=2", None, "sip:b@example.com", Some("2")),
        ("<tel:+1-555;phone-context=x>", None, "tel:+1-555;phone-context=x", None),
        ("*", None, "*", None),
    ] {
        let raw = text.as_bytes();
        let value = NameAddr::parse(raw, Span::all(raw));
        assert_eq!(value.display_name(raw).as_deref(), display, "{text}");
        assert_eq!(value.uri.text(raw), uri, "{text}");
        assert_eq!(value.param(raw, "tag").and_then(|p| p.value).map(|v| v.text(raw)).as_deref(), tag, "{text}");
        assert_eq!(value.malformations, [], "{text}");
        assert_eq!(value.star, text == "*");
    }
}

#[test]
fn what_breaks_a_name_addr_is_named() {
    for (text, expected) in [
        ("", vec!["no-uri"]),
        ("<>", vec!["no-uri"]),
        ("<sip:a@b", vec!["unclosed-bracket"]),
        ("< sip:a@b >;tag=1", vec!["blank-in-uri"]),
        ("<sip:a@b>x", vec!["text-behind-uri"]),
        ("\"A <sip:a@b>", vec!["unclosed-quote", "blank-in-uri"]),
        ("A, B <sip:a@b>", vec!["display-name"]),
        ("\"A\" B <sip:a@b>", vec!["display-name"]),
        ("sip:a@b?Subject=x", vec!["brackets-needed"]),
        ("*;expires=0", vec!["star-with-parameters"]),
    ] {
        let value = NameAddr::parse(text.as_bytes(), Span::new(0, text.len()));
        assert_eq!(codes(&value.malformations), expected, "{text}");
    }
}

#[test]
fn a_challenge_has_a_scheme_and_parameters() {
    let raw = br#"Digest realm="a,b", qop="auth,auth-int",nonce=x , stale = FALSE"#;
    let challenge = digest(raw, Span::all(raw));
    assert_eq!(challenge.head.of(raw), b"Digest");
    assert_eq!(challenge.params.len(), 4);
    assert_eq!(challenge.param(raw, "qop").unwrap().value.unwrap().of(raw), b"auth,auth-int");
    assert_eq!(challenge.malformations, []);
}

#[test]
fn an_escape_stands_for_the_character_behind_it() {
    assert_eq!(unescape(r#"a\\b\"c\"#), r#"a\b"c\"#);
}
