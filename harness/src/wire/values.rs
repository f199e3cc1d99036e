//! Grammar of the values of SIP header fields, looked at on demand: [`Message::parse`] reads lines only.
//!
//! What a value means, and whether a field has to be there, is not a matter of grammar and is judged elsewhere.

use super::{
    block::is_token,
    icsi,
    mime::ContentType,
    params::{NameAddr, Param, Parametered, digest, split},
    sip::{Message, Start, is_list, long_name},
    span::{Faults, Malformation, Span},
    uri::Uri,
};

/// How a value is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// A URI with display name and parameters.
    NameAddr,
    /// The same, but brackets are a must.
    Route,
    Contact,
    Via,
    /// Something with parameters.
    Parametered,
    AcceptContact,
    MediaType,
    Token,
    Number(u32),
    CSeq,
    CallId,
    Credentials,
    Date,
    Service,
    Privacy,
}

/// Shape of the values of a field; `None` for free text and for fields that are opaque to the suite.
fn shape(name: &str) -> Option<Shape> {
    let known = [
        ("From", Shape::NameAddr),
        ("To", Shape::NameAddr),
        ("Contact", Shape::Contact),
        ("Reply-To", Shape::NameAddr),
        ("Refer-To", Shape::NameAddr),
        ("Referred-By", Shape::NameAddr),
        ("P-Asserted-Identity", Shape::NameAddr),
        ("P-Preferred-Identity", Shape::NameAddr),
        ("P-Associated-URI", Shape::Route),
        ("P-Called-Party-ID", Shape::Route),
        ("History-Info", Shape::Route),
        ("Route", Shape::Route),
        ("Record-Route", Shape::Route),
        ("Path", Shape::Route),
        ("Service-Route", Shape::Route),
        ("Via", Shape::Via),
        ("Accept-Contact", Shape::AcceptContact),
        ("Reject-Contact", Shape::AcceptContact),
        ("Event", Shape::Parametered),
        ("Subscription-State", Shape::Parametered),
        ("Session-Expires", Shape::Parametered),
        ("Content-Disposition", Shape::Parametered),
        ("Reason", Shape::Parametered),
        ("Replaces", Shape::Parametered),
        ("Refer-Sub", Shape::Parametered),
        ("Content-Type", Shape::MediaType),
        ("Accept", Shape::MediaType),
        ("Allow", Shape::Token),
        ("Allow-Events", Shape::Token),
        ("Supported", Shape::Token),
        ("Require", Shape::Token),
        ("Proxy-Require", Shape::Token),
        ("Unsupported", Shape::Token),
        ("Max-Forwards", Shape::Number(255)),
        ("Expires", Shape::Number(u32::MAX)),
        ("Min-Expires", Shape::Number(u32::MAX)),
        ("RSeq", Shape::Number(u32::MAX)),
        ("CSeq", Shape::CSeq),
        ("Call-ID", Shape::CallId),
        ("Authorization", Shape::Credentials),
        ("Proxy-Authorization", Shape::Credentials),
        ("WWW-Authenticate", Shape::Credentials),
        ("Proxy-Authenticate", Shape::Credentials),
        ("Date", Shape::Date),
        ("P-Preferred-Service", Shape::Service),
        ("P-Asserted-Service", Shape::Service),
        ("Privacy", Shape::Privacy),
    ];
    let name = long_name(name);
    known.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, shape)| *shape)
}

/// What breaks the grammar in the Request-URI and in the values of the known header fields.
#[must_use]
pub fn malformations(message: &Message) -> Vec<Malformation> {
    let mut faults = Faults::default();
    if let Start::Request { uri, .. } = message.start {
        request_uri(&message.raw, uri, &mut faults);
    }
    for field in &message.fields {
        let name = message.name_of(field);
        let Some(shape) = shape(name) else { continue };
        if !is_list(name) {
            value(message, shape, field.value, &mut faults);
            continue;
        }
        let elements = split(&message.raw, field.value, b',');
        // Only lists of options may be empty (RFC 3261, 25.1).
        if elements.is_empty() && !matches!(shape, Shape::Token | Shape::MediaType) {
            faults.add("empty-value", "the header field has no value", field.line);
        }
        for element in elements {
            if element.is_empty() {
                faults.add("empty-element", "nothing stands between two commas of a list", field.value);
            } else {
                value(message, shape, element, &mut faults);
            }
        }
    }
    faults.into_vec()
}

fn value(message: &Message, shape: Shape, span: Span, faults: &mut Faults) {
    let raw = &*message.raw;
    match shape {
        Shape::NameAddr | Shape::Route | Shape::Contact => name_addr(raw, shape, span, faults),
        Shape::Via => via(raw, span, faults),
        Shape::Parametered => faults.extend(Parametered::parse(raw, span).malformations),
        Shape::AcceptContact => accept_contact(raw, span, faults),
        Shape::MediaType => faults.extend(ContentType::parse(raw, span).malformations),
        Shape::Token if !is_token(span.of(raw)) => faults.add("token", "an element of the list is not a token", span),
        Shape::Token => {}
        Shape::Number(most) => number(raw, span, most, faults),
        Shape::CSeq => cseq(message, span, faults),
        Shape::CallId => call_id(raw, span, faults),
        Shape::Credentials => faults.extend(digest(raw, span).malformations),
        Shape::Date => date(raw, span, faults),
        Shape::Service => service(raw, span, faults),
        Shape::Privacy => {
            let legal = split(raw, span, b';').iter().all(|piece| is_token(piece.of(raw)));
            if !legal || span.is_empty() {
                faults.add("token", "a privacy value is not a token", span);
            }
        }
    }
}

/// The Request-URI stands bare, and carries no header components (RFC 3261, 19.1.1, 7.1).
fn request_uri(raw: &[u8], span: Span, faults: &mut Faults) {
    let text = span.text(raw);
    if text.starts_with('<') || text.ends_with('>') {
        return faults.add("request-uri", "the Request-URI stands in brackets", span);
    }
    let parsed = Uri::parse(&text);
    if matches!(&*parsed.scheme, "sip" | "sips") && !parsed.headers.is_empty() {
        faults.add("request-uri", "the Request-URI carries header components", span);
    }
    if let Some(problem) = parsed.problem {
        faults.add("uri", format!("the Request-URI breaks its grammar: {problem}"), span);
    }
}

fn name_addr(raw: &[u8], shape: Shape, span: Span, faults: &mut Faults) {
    let value = NameAddr::parse(raw, span);
    let found = !value.malformations.is_empty();
    faults.extend(value.malformations);
    if value.star {
        if shape != Shape::Contact {
            faults.add("uri", "an asterisk is no URI here", span);
        }
        return;
    }
    if shape == Shape::Route && !value.bracketed {
        faults.add("brackets-needed", "the URI has to stand in brackets", value.uri);
    }
    if shape == Shape::Contact {
        faults.extend(icsi::of_params(raw, &value.params).1);
    }
    // Where the value could not be taken apart, its URI is not what the sender meant.
    if let Some(problem) = Uri::parse(&value.uri.text(raw)).problem.filter(|_| !found) {
        faults.add("uri", format!("the URI breaks its grammar: {problem}"), value.uri);
    }
}

/// `SIP/2.0/transport sent-by *(;param)`; blanks and folds around the slashes are legal (RFC 3261, 25.1).
fn via(raw: &[u8], span: Span, faults: &mut Faults) {
    let value = Parametered::parse(raw, span);
    faults.extend(value.malformations);
    let head = value.head.text(raw);
    let mut pieces = head.splitn(3, '/').map(str::trim);
    let (name, version, rest) = (pieces.next(), pieces.next(), pieces.next().unwrap_or_default());
    let (transport, sent_by) = rest.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((rest, ""));
    let protocol = name.is_some_and(|n| n.eq_ignore_ascii_case("SIP")) && version == Some("2.0") && is_token(transport.as_bytes());
    if !protocol {
        faults.add("via", "a Via does not begin with SIP/2.0 and a transport", value.head);
    }
    // Blanks are legal around the colon in front of the port too.
    let sent_by: String = sent_by.split_ascii_whitespace().collect::<Vec<_>>().join(" ").replace(" :", ":").replace(": ", ":");
    if let Some(problem) = Uri::parse(&format!("sip:{sent_by}")).problem {
        faults.add("via", format!("the sent-by of a Via breaks its grammar: {problem}"), value.head);
    }
}

/// A value begins with `*`, and names each feature once (RFC 3841, 8 and 10).
fn accept_contact(raw: &[u8], span: Span, faults: &mut Faults) {
    let value = Parametered::parse(raw, span);
    faults.extend(value.malformations);
    if value.head.of(raw) != b"*" {
        faults.add("accept-contact", "the value does not begin with an asterisk", value.head);
    }
    faults.extend(icsi::of_params(raw, &value.params).1);
    let name = |param: &Param| param.name.text(raw).to_ascii_lowercase();
    let mut names: Vec<_> = value.params.iter().map(name).filter(|n| n != "+g.3gpp.icsi-ref").collect();
    names.sort();
    if names.windows(2).any(|pair| pair.first() == pair.get(1)) {
        faults.add("two-parameters", "one feature tag stands twice in one value", span);
    }
}

fn number(raw: &[u8], span: Span, most: u32, faults: &mut Faults) {
    let digits = span.of(raw);
    let value = Some(digits).filter(|d| !d.is_empty() && d.iter().all(u8::is_ascii_digit)).and_then(|_| span.text(raw).parse::<u32>().ok());
    if value.is_none_or(|v| v > most) {
        faults.add("number", format!("the value is no number up to {most}"), span);
    }
}

/// Number below 2^31, and the method of the request (RFC 3261, 8.1.1.5).
fn cseq(message: &Message, span: Span, faults: &mut Faults) {
    match message.cseq() {
        Some((number, method)) if number < 1 << 31 => {
            if message.method().is_some_and(|m| m != method) {
                faults.add("cseq-method", "CSeq names another method than the request line", span);
            }
        }
        _ => faults.add("cseq", "CSeq is not a number below 2^31 and a method", span),
    }
}

/// `word [@ word]` (RFC 3261, 25.1).
fn call_id(raw: &[u8], span: Span, faults: &mut Faults) {
    let is_word = |w: &[u8]| !w.is_empty() && w.iter().all(|&b| is_token(&[b]) || b"()<>:\\\"/[]?{}".contains(&b));
    let mut words = span.of(raw).splitn(2, |&b| b == b'@');
    if !words.next().is_some_and(is_word) || !words.next().is_none_or(is_word) {
        faults.add("call-id", "the Call-ID is not one word, or two with an at sign between them", span);
    }
}

/// `Sat, 13 Nov 2010 23:29:00 GMT` (RFC 3261, 20.17, `SIP-date`).
fn date(raw: &[u8], span: Span, faults: &mut Faults) {
    let text = span.text(raw);
    let words: Vec<_> = text.split(' ').collect();
    let digits = |word: &str, len: usize| word.len() == len && word.bytes().all(|b| b.is_ascii_digit());
    let legal = match words.as_slice() {
        [weekday, day, month, year, time, zone] => {
            let clock: Vec<_> = time.split(':').collect();
            ["Mon,", "Tue,", "Wed,", "Thu,", "Fri,", "Sat,", "Sun,"].contains(weekday)
                && digits(day, 2)
                && ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"].contains(month)
                && digits(year, 4)
                && clock.len() == 3
                && clock.iter().all(|part| digits(part, 2))
                && *zone == "GMT"
        }
        _ => false,
    };
    if !legal {
        faults.add("date", "the date is not written as RFC 3261 wants it, in GMT", span);
    }
}

/// A plain URN: no quotes, no brackets, no escapes (RFC 6050, 4.1, `Service-ID`).
fn service(raw: &[u8], span: Span, faults: &mut Faults) {
    let text = span.text(raw).to_ascii_lowercase();
    let service = text.strip_prefix("urn:urn-7:");
    let label = |l: &str| !l.is_empty() && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !service.is_some_and(|s| s.split('.').all(label)) {
        faults.add("service-urn", "the value is not a plain service URN", span);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use pretty_assertions::assert_eq;

    use super::*;

    fn codes(line: &str) -> Vec<String> {
        let message = Message::parse(Bytes::from(format!("MESSAGE sip:a@example.com SIP/2.0\r\n{line}\r\n\r\n")));
        assert_eq!(message.malformations, [], "{line}");
        malformations(&message).into_iter().map(|m| m.code).collect()
    }

    #[test]
    fn legal_values_are_no_malformations() {
        for line in [
            "Via: SIP / 2.0 / UDP [2001:db8::1] : 5060 ;branch=z9hG4bK-1;received=2001:db8::2, SIP/2.0/TCP a.example.com",
            "m: *",
            "m: \"A, B\" <sip:a@b>;expires=1,sip:c@d;q=0.5",
            "Supported:",
            "Accept: application/sdp;level=1, message/cpim, */*",
            "Authorization: Digest username=\"a\", uri=\"sip:b\", nc=00000001, qop=auth",
            "Date: Sat, 13 Nov 2010 23:29:00 GMT",
            "i: a(b)@[c]",
            "P-Preferred-Service: URN:urn-7:3gpp-service.ims.icsi.oma.cpm.msg",
            "Privacy: id;user ; critical",
            "a: *;+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg\";require;explicit",
            "Event: conference;id=1",
            "X-Whatever: \"",
        ] {
            assert_eq!(codes(line), [] as [&str; 0], "{line}");
        }
    }

    #[test]
    fn illegal_values_are_named() {
        for (line, expected) in [
            ("Route: sip:a@b;lr", vec!["brackets-needed"]),
            ("To: *", vec!["uri"]),
            ("To: <a@b>", vec!["uri"]),
            ("To: \"A <sip:a@b>", vec!["unclosed-quote", "blank-in-uri"]),
            ("Contact: <sip:a@b>,,<sip:c@d>", vec!["empty-element"]),
            ("Contact:", vec!["empty-value"]),
            ("Via: SIP/2.0 UDP a", vec!["via", "via"]),
            ("Via: SIP/2.0/UDP a;;branch=1", vec!["empty-parameter"]),
            ("Require: a b", vec!["token"]),
            ("Max-Forwards: 300", vec!["number"]),
            ("Expires: 4294967296", vec!["number"]),
            ("CSeq: 2147483648 MESSAGE", vec!["cseq"]),
            ("CSeq: 1 INVITE", vec!["cseq-method"]),
            ("Call-ID: a b", vec!["call-id"]),
            ("Date: Sat, 13 Nov 2010 23:29:00 EST", vec!["date"]),
            ("P-Preferred-Service: urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg", vec!["service-urn"]),
            ("Privacy: \"id\"", vec!["token"]),
            ("Accept-Contact: +g.oma.sip-im", vec!["accept-contact"]),
            ("Accept-Contact: *;+g.oma.sip-im;+G.oma.sip-im", vec!["two-parameters"]),
            ("Accept-Contact: *;+g.3gpp.icsi-ref=x", vec!["unquoted", "bare-tag"]),
            ("Content-Type: text", vec!["media-type"]),
            ("WWW-Authenticate: Digest realm=\"a", vec!["unclosed-quote"]),
        ] {
            assert_eq!(codes(line), expected, "{line}");
        }
    }

    #[test]
    fn a_request_uri_stands_bare() {
        for (uri, expected) in [
            ("tel:+15550001", vec![]),
            ("urn:service:sos", vec![]),
            ("<sip:a@b>", vec!["request-uri"]),
            ("sip:a@b?Route=x", vec!["request-uri"]),
            ("sip:a@[b]", vec!["uri"]),
        ] {
            let message = Message::parse(Bytes::from(format!("A {uri} SIP/2.0\r\n\r\n")));
            assert_eq!(malformations(&message).into_iter().map(|m| m.code).collect::<Vec<_>>(), expected, "{uri}");
        }
    }
}
