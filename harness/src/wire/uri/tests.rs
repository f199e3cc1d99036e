use pretty_assertions::assert_eq;

use super::*;

#[test]
fn the_parts_of_a_sip_uri_are_told_apart() {
    let uri = Uri::parse("SIP:+1-555;isub=1:pw@Example.com:5070;lr;transport=tcp?Subject=a%20b&Replaces=c");
    assert_eq!(uri.problem, None);
    assert_eq!((&*uri.scheme, &*uri.host, uri.port), ("sip", "Example.com", Some(5070)));
    assert_eq!((uri.user.as_deref(), uri.password.as_deref()), (Some("+1-555;isub=1"), Some("pw")));
    assert_eq!((uri.param("LR"), uri.param("transport"), uri.param("x")), (Some(None), Some(Some("tcp")), None));
    assert_eq!(uri.headers, [("Subject".into(), "a%20b".into()), ("Replaces".into(), "c".into())]);
}

#[test]
fn addresses_and_other_schemes_are_read() {
    let uri = Uri::parse("sips:a@[2001:db8::1]:5061");
    assert_eq!((&*uri.host, uri.port, uri.problem), ("[2001:db8::1]", Some(5061), None));
    let uri = Uri::parse("msrp://u@192.0.2.1:9/ab/c;tcp");
    assert_eq!((&*uri.host, uri.port, &*uri.session, uri.problem), ("192.0.2.1", Some(9), "ab/c", None));
    assert_eq!(uri.params, [("tcp".to_owned(), None)]);
    let uri = Uri::parse("tel:+1(555)000-1;phone-context=x");
    assert_eq!((uri.user.as_deref(), uri.problem), (Some("+1(555)000-1"), None));
    let uri = Uri::parse("urn:service:sos");
    assert_eq!((&*uri.scheme, &*uri.host, uri.problem), ("urn", "service:sos", None));
    assert_eq!(Uri::parse("sip:1_odd.user~(be!sure)&isn't+it$/crazy?,/;;*@example.com").problem, None);
}

#[test]
fn the_first_problem_is_named() {
    for (text, expected) in [
        ("example.com", "no scheme"),
        ("sip:", "no host"),
        ("sip:@example.com", "no user"),
        ("sip:a@2001:db8::1", "IPv6"),
        ("sip:a@[2001:db8::1", "IPv6"),
        ("sip:a@[::1]x", "IPv6"),
        ("sip:a@b:99999", "port"),
        ("sip:a@b:", "port"),
        ("sip:a@b;;lr", "parameter"),
        ("sip:a@b;lr;LR", "twice"),
        ("sip:a b@c", "character"),
        ("sip:a%4@c", "percent"),
        ("sip:a@b@c", "at sign"),
        ("sip:a_@b_c", "host"),
        ("sip:a@b?x", "header component"),
        ("tel:555", "phone-context"),
        ("tel:+a", "number"),
        ("msrp://a/b", "transport"),
        ("msrp:a", "//"),
    ] {
        let problem = Uri::parse(text).problem.unwrap_or_default();
        assert!(problem.contains(expected), "{text}: {problem}");
    }
}

#[test]
fn equal_uris_are_equal() {
    for (a, b) in [
        ("sip:%61lice@EXAMPLE.com;Transport=TCP", "SIP:alice@example.com;transport=tcp"),
        ("sip:a@example.com;x=1", "sip:a@example.com;y=2"),
        ("sip:a@example.com;lr", "sip:a@example.com"),
        ("sip:a@[2001:DB8:0::1]", "sip:a@[2001:db8::1]"),
        ("sip:a@b?X=1&Y=%32", "sip:a@b?y=2&x=1"),
        ("sip:a%3b@b", "sip:a%3B@b"),
        ("tel:+1-555-0001", "TEL:+15550001"),
        ("tel:555;phone-context=Example.com;ext=1-2", "tel:555;ext=12;phone-context=example.com"),
        ("msrp://u@EXAMPLE.com:9/Ab;TCP", "msrp://example.com:9/Ab;tcp"),
        ("urn:uuid:ABC", "URN:UUID:abc"),
    ] {
        assert!(same(a, b) && same(b, a), "{a} {b}");
    }
}

#[test]
fn different_uris_are_different() {
    for (a, b) in [
        ("sip:Alice@example.com", "sip:alice@example.com"),
        ("sip:a@b", "sips:a@b"),
        ("sip:a@b", "sip:a@b:5060"),
        ("sip:a@b", "sip:a@b;transport=udp"),
        ("sip:a@b;x=1", "sip:a@b;x=2"),
        ("sip:a@b;user=phone", "sip:a@b"),
        ("sip:a@b?Subject=x", "sip:a@b"),
        ("sip:a@b", "sip:b"),
        ("sip:a;b@c", "sip:a%3Bb@c"),
        ("tel:+15550001", "tel:+15550001;ext=1"),
        ("tel:+1", "sip:+1@example.com;user=phone"),
        ("msrp://a:9/Ab;tcp", "msrp://a:9/ab;tcp"),
        ("msrp://a:9/ab;tcp", "msrp://a/ab;tcp"),
        ("http://a/B", "http://a/b"),
    ] {
        assert!(!same(a, b) && !same(b, a), "{a} {b}");
    }
}

#[test]
fn an_illegal_escape_stays_and_is_told() {
    assert_eq!(percent_decode("a%3Ab%zz%4"), (b"a:b%zz%4".to_vec(), false));
    assert_eq!(percent_decode("%ff%00"), (vec![0xff, 0], true));
}
