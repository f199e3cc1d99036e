//! Each check on a trace written by hand: one that it passes, one that it fails, with what the finding says and shows.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a failing one is a failing test")]

use hand::{Hand, findings};
use harness::{
    check::{MessageRef, View, What, body, field, order, pack, seeing, sight},
    field::Field,
    verdict::{Judgement, Reason, Severity},
};
use pretty_assertions::assert_eq;

mod hand;

const MSG: &str = "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg";

/// A MESSAGE of the SUT, or for it: `number` tells it from others, `more` are header lines, each ended by LF.
fn message(number: u32, more: &str, body: &str) -> Vec<u8> {
    let (more, body) = (more.replace('\n', "\r\n"), body.replace('\n', "\r\n"));
    format!(
        "MESSAGE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-{number}\r\nMax-Forwards: 70\r\n\
         From: <sip:alice@example.com>;tag={number}\r\nTo: <sip:bob@example.com>\r\nCall-ID: {number}@192.0.2.10\r\nCSeq: {number} \
         MESSAGE\r\n{more}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// An answer to message `number`.
fn answer(number: u32, status: &str, more: &str) -> Vec<u8> {
    let more = more.replace('\n', "\r\n");
    format!(
        "SIP/2.0 {status}\r\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-{number}\r\nFrom: <sip:alice@example.com>;tag={number}\r\nTo: \
         <sip:bob@example.com>;tag=b\r\nCall-ID: {number}@192.0.2.10\r\nCSeq: {number} MESSAGE\r\n{more}Content-Length: 0\r\n\r\n"
    )
    .into_bytes()
}

fn sent(more: &str) -> Hand {
    Hand::new().says(true, &message(1, more, ""))
}

fn with_body(kind: &str, body: &str) -> Hand {
    Hand::new().says(true, &message(1, &format!("Content-Type: {kind}\n"), body))
}

fn named(name: &str) -> Field {
    name.parse().unwrap()
}

fn the(text: &str) -> MessageRef {
    text.parse().unwrap()
}

/// The check finds nothing in the one trace; in the other just one thing: reason, expected, observed, and the octets shown.
#[track_caller]
fn holds(right: &Hand, wrong: &Hand, check: impl Fn(&View<'_>) -> Judgement, reason: Reason, said: [&str; 2], shown: &[&str]) {
    assert_eq!(findings(right.judge(&check)), []);
    let found = findings(wrong.judge(&check));
    let of: Vec<_> = found.iter().map(|f| (f.reason, f.expected.as_str(), f.observed.as_str(), wrong.shown(f))).collect();
    assert_eq!(of, [(reason, said[0], said[1], shown.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>())]);
}

const START: &str = "MESSAGE sip:bob@example.com SIP/2.0";

#[test]
fn a_field_that_has_to_be_there_is_missed() {
    let check = |v: &View<'_>| field::has(v, &named("Reply-To"), field::Has::Must);
    let said = ["Reply-To in the message", "no Reply-To"];
    holds(&sent("Reply-To: <sip:a@example.com>\n"), &sent(""), check, Reason::Missing, said, &[START]);
}

#[test]
fn a_field_that_must_not_be_there_is_shown() {
    let check = |v: &View<'_>| field::has(v, &named("Contact"), field::Has::MustNot);
    let said = ["no Contact", "<sip:a@192.0.2.10>"];
    holds(&sent(""), &sent("m: <sip:a@192.0.2.10>\n"), check, Reason::Unexpected, said, &["<sip:a@192.0.2.10>"]);
}

#[test]
fn an_address_is_compared_by_its_uri() {
    let check = |v: &View<'_>| field::is(v, &named("Reply-To"), "sip:a@example.com");
    let said = ["Reply-To: \"sip:a@example.com\"", "<sip:b@example.com>"];
    let right = sent("Reply-To: \"Al, ice\" <sip:a@EXAMPLE.com>;x=1\n");
    holds(&right, &sent("Reply-To: <sip:b@example.com>\n"), check, Reason::Violated, said, &["<sip:b@example.com>"]);
}

#[test]
fn of_several_reasons_that_of_sip_counts() {
    let check = |v: &View<'_>| field::is(v, &named("Reason;cause"), "200");
    let said = ["Reason;cause: \"200\"", "603"];
    let right = sent("Reason: Q.850;cause=16, sip ; cause = 200\n");
    holds(&right, &sent("Reason: Q.850;cause=200\nReason: SIP;cause=603\n"), check, Reason::Violated, said, &["603"]);
}

#[test]
fn a_number_is_reached_as_a_user_of_the_home_domain_too() {
    let check = |v: &View<'_>| field::is(v, &named("To"), "tel:+1-555-0100");
    let to = |uri: &str| {
        let text = String::from_utf8(message(1, "", "")).unwrap();
        Hand::new().says(true, text.replace("To: <sip:bob@example.com>", &format!("To: <{uri}>")).as_bytes())
    };
    for right in ["tel:+15550100", "sip:+15550100@example.com;user=phone"] {
        assert_eq!(findings(to(right).judge(check)), [], "{right}");
    }
    for wrong in ["sip:+15550101@example.com;user=phone", "sip:+15550100@example.com", "sip:+15550100@example.net;user=phone"] {
        assert_eq!(findings(to(wrong).judge(check)).len(), 1, "{wrong}");
    }
}

#[test]
fn a_preferred_identity_may_have_a_sip_and_a_tel_value() {
    let check = |v: &View<'_>| field::is_address_of(v, &named("P-Preferred-Identity"), "Alice");
    let right = sent("P-Preferred-Identity: \"A\" <sip:alice@example.com>, <tel:+1-5555550100>\n");
    let wrong = sent("P-Preferred-Identity: <sip:alice@example.com>, <sip:alice.work@example.com>\n");
    let said = ["P-Preferred-Identity once, or with one sip URI and one tel URI (RFC 3325, 9.2)", "<sip:alice.work@example.com>"];
    holds(&right, &wrong, check, Reason::Unexpected, said, &["<sip:alice.work@example.com>"]);
}

#[test]
fn an_instance_stands_in_brackets_and_quotes_in_each_contact() {
    let check = |v: &View<'_>| field::is(v, &named("Contact;+sip.instance"), "urn:uuid:ab");
    let right = sent("Contact: <sip:a@h>;+sip.instance=\"<URN:uuid:AB>\";q=1, <sip:b@h>;+sip.instance=\"<urn:uuid:ab>\"\n");
    let bare = sent("Contact: <sip:a@h>;+sip.instance=\"urn:uuid:ab\"\n");
    let said = ["Contact;+sip.instance: a URN in angle brackets inside quotes (RFC 5626, 4.1)", "urn:uuid:ab"];
    holds(&right, &bare, check, Reason::Malformed, said, &["urn:uuid:ab"]);
    let one = sent("Contact: <sip:a@h>;+sip.instance=\"<urn:uuid:ab>\", <sip:b@h>\n");
    holds(&right, &one, check, Reason::Missing, ["Contact;+sip.instance in each value of the header field", "<sip:b@h>"], &["<sip:b@h>"]);
}

#[test]
fn what_is_not_there_contains_nothing() {
    let check = |v: &View<'_>| field::contains(v, &named("Privacy, if any,"), false, "id");
    for right in [sent(""), sent("Privacy: none\n"), sent("Privacy: header;user\n")] {
        holds(&right, &sent("Privacy: header;ID\n"), check, Reason::Unexpected, ["Privacy without id", "header;ID"], &["header;ID"]);
    }
}

#[test]
fn a_number_is_a_number_to_its_end() {
    let check = |v: &View<'_>| field::is_bounded(v, &named("Expires"), true, 298);
    let said = ["Expires: a number of at least 298", "300s"];
    holds(&sent("Expires: 300\n"), &sent("Expires: 300s\n"), check, Reason::Violated, said, &["300s"]);
}

#[test]
fn a_service_is_found_among_others() {
    let check = |v: &View<'_>| field::carries_icsi(v, &named("Accept-Contact"), true, MSG);
    let right = "Accept-Contact: *;audio\na: *;+g.3gpp.ICSI-ref=\"urn%3aurn-7%3a3gpp-service.ims.icsi.mmtel,urn%3Aurn-7%3A3gpp-service.\
                 ims.icsi.oma.cpm.MSG\";require\n";
    let expected = format!("Accept-Contact with +g.3gpp.icsi-ref with {MSG}, percent-encoded and quoted");
    let said = [expected.as_str(), "Accept-Contact: *;audio"];
    holds(&sent(right), &sent("Accept-Contact: *;audio\n"), check, Reason::Missing, said, &["*;audio"]);
}

#[test]
fn a_release_stands_outside_comments() {
    let check = |v: &View<'_>| field::states_release(v, &named("User-Agent"));
    for right in ["CPM-client/OMA2.0", "cpm-client / OMA2.0 (a \\) b) Phone/1", "(CPM-client/OMA1.0 (x)) CPM-Client/OMA2.0"] {
        let (right, wrong) = (sent(&format!("User-Agent: {right}\n")), sent("User-Agent: CPM-client/OMA1.0\n"));
        let said = ["the product token CPM-client/OMA2.0", "wrong release: CPM-client/OMA1.0"];
        holds(&right, &wrong, check, Reason::Violated, said, &["CPM-client/OMA1.0"]);
    }
}

#[test]
fn a_value_that_came_before_is_not_new() {
    let check = |v: &View<'_>| field::is_newly_generated(v, &named("Contribution-ID"));
    let two = |second: &str| sent("Contribution-ID: one\n").says(true, &message(2, &format!("Contribution-ID: {second}\n"), ""));
    let said = ["a Contribution-ID not seen before", "one, as in the message at 1.000 s"];
    holds(&two("ONE"), &two("one"), check, Reason::Violated, said, &["one", "one"]);
    let differ = |v: &View<'_>| field::all_differ(v, &named("Contribution-ID"));
    holds(&two("two"), &two("one"), differ, Reason::Violated, ["another Contribution-ID in each", "one"], &["one"]);
}

#[test]
fn fields_of_two_messages_are_compared() {
    let pair =
        |more: &str| Hand::new().says(false, &message(1, "Reply-To: <sip:r@example.com>\nX: a\n", "")).says(true, &message(2, more, ""));
    let other = the("the received MESSAGE request");
    let is = |v: &View<'_>| field::is_field_of(v, &named("Reply-To"), &named("Reply-To"), &other);
    let said = ["Reply-To: the Reply-To of the received MESSAGE request: <sip:r@example.com>", "<sip:q@example.com>"];
    let shown = ["<sip:q@example.com>", "<sip:r@example.com>"];
    holds(&pair("Reply-To: R <sip:r@example.com>\n"), &pair("Reply-To: <sip:q@example.com>\n"), is, Reason::Violated, said, &shown);
    let more = |v: &View<'_>| field::compares(v, &named("CSeq"), field::Compares::OneMore, &other);
    let far = Hand::new().says(false, &message(1, "", "")).says(true, &message(3, "", ""));
    let said = ["CSeq: one more than in the received MESSAGE request: 1 MESSAGE", "3 MESSAGE"];
    holds(&pair(""), &far, more, Reason::Violated, said, &["3 MESSAGE", "1 MESSAGE"]);
    let copies = |v: &View<'_>| field::copies_from(v, &other, &[named("X")]);
    holds(&pair("X: a\n"), &pair("X: A\n"), copies, Reason::Violated, ["X: X as in the received MESSAGE request: a", "A"], &["A", "a"]);
}

const CPIM: &str = "From: <sip:alice@example.com>\nTo: <sip:bob@example.com>\n\nContent-Type: text/plain\n\nHello";

#[test]
fn a_message_for_one_user_is_a_cpim_object_and_nothing_else() {
    let mixed = with_body("multipart/mixed;boundary=b", &format!("before\n--b\nContent-Type: message/cpim\n\n{CPIM}\n--b--\n"));
    let said = ["Content-Type: message/cpim", "Content-Type multipart/mixed"];
    let right = with_body("Message/CPIM;x=1", CPIM);
    holds(&right, &mixed, body::is_cpim, Reason::Violated, said, &["multipart/mixed;boundary=b"]);
    let check = |v: &View<'_>| body::content_is(v, b"Hello");
    let short = with_body("message/cpim", &CPIM.replace("Hello", "Hell"));
    holds(&right, &short, check, Reason::Violated, ["the content: Hello", "4 octets: Hell"], &["Hell"]);
    holds(&sent(""), &with_body("text/plain", "Hi"), body::is_absent, Reason::Unexpected, ["no body", "2 octets"], &["Hi"]);
}

fn group(subtype: &str, entries: &str) -> Hand {
    let list = format!(
        "<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\" \
         xmlns:cp=\"urn:ietf:params:xml:ns:copycontrol\"><list>{entries}</list></resource-lists>"
    );
    let body = format!(
        "preamble\n--b\nContent-Type: message/cpim\n\n{CPIM}\n--b\nContent-Type: application/resource-lists+xml\nContent-Disposition: \
         recipient-list\n\n{list}\n--b--\nepilogue"
    );
    let more = format!("Require: recipient-list-message\nContent-Type: multipart/{subtype};boundary=\"b\"\n");
    Hand::new().says(true, &message(1, &more, &body))
}

#[test]
fn a_list_has_just_its_entries_and_travels_in_multipart_mixed() {
    let check = |v: &View<'_>| body::lists(v, &["sip:b@example.com".to_owned()]);
    let entry = "<entry uri=\"sip:b@Example.com\" cp:copyControl=\"to\"/>";
    let other = "<entry uri=\"sip:c@example.com\" cp:copyControl=\"to\"/>";
    let right = group("mixed", entry);
    let both = group("mixed", &format!("{entry}{other}"));
    holds(&right, &both, check, Reason::Unexpected, ["no other entry", "sip:c@example.com"], &["sip:c@example.com"]);
    let related = group("related", entry);
    let said = ["Content-Type: multipart/mixed", "multipart/related"];
    holds(&right, &related, check, Reason::Violated, said, &["multipart/related;boundary=\"b\""]);
    let parts = |v: &View<'_>| body::has_parts(v, &["message/cpim".to_owned(), "application/resource-lists+xml".to_owned()]);
    holds(&right, &related, parts, Reason::Violated, said, &["multipart/related;boundary=\"b\""]);
}

fn wanted(method: &str, with: &[(&str, &str)]) -> seeing::Wanted {
    let with = with.iter().map(|(name, value)| (named(name), (*value).to_owned())).collect();
    seeing::Wanted { kinds: vec![What::Request(method.to_owned())], party: "the IMS core".to_owned(), with }
}

#[test]
fn a_message_that_does_not_come_is_missed_and_what_came_instead_is_told() {
    let check = |v: &View<'_>| seeing::sends(v, &wanted("MESSAGE", &[("Expires", "0")]), Some(1)).judgement;
    let said = ["1 MESSAGE request with Expires 0 to the IMS core", "0 came; another came with Expires 5"];
    holds(&sent("Expires: 0\n"), &sent("Expires: 5\n"), check, Reason::Missing, said, &[START]);
    let none = |v: &View<'_>| seeing::sends_no(v, &wanted("MESSAGE", &[]));
    let said = ["no MESSAGE request", "one came 1.000 s after the stimulus"];
    holds(&Hand::new(), &sent(""), none, Reason::Unexpected, said, &[START]);
}

#[test]
fn a_request_has_one_final_response() {
    let check = |v: &View<'_>| seeing::answers(v, &[200], &the("the received MESSAGE request"), false).judgement;
    let asked =
        || Hand::new().says(false, &message(1, "", "")).says(true, &answer(1, "100 Trying", "")).says(true, &answer(1, "200 OK", ""));
    let right = asked().says(false, &message(1, "", "")).says(true, &answer(1, "200 OK", ""));
    let wrong = asked().says(true, &answer(1, "200 OK", "Server: x\n"));
    let said = ["one final response to the received MESSAGE request, repeated as it is", "another one 1.000 s later"];
    holds(&right, &wrong, check, Reason::Violated, said, &["SIP/2.0 200 OK", "SIP/2.0 200 OK"]);
}

#[test]
fn order_and_time_are_those_of_the_entries() {
    let other = the("the received 200 response to the first sent MESSAGE request");
    let right = sent("").says(false, &answer(1, "200 OK", "")).says(true, &message(2, "", ""));
    let after = |after| move |v: &View<'_>| order::comes(v, after, &the("the received 200 response to the first sent MESSAGE request"));
    assert_eq!(findings(right.judge(after(true))), []);
    let found = findings(right.judge(after(false)));
    assert_eq!(found.iter().map(|f| f.observed.as_str()).collect::<Vec<_>>(), ["the other way round"]);
    assert_eq!(right.shown(&found[0]), [START, "SIP/2.0 200 OK"]);
    let within = |v: &View<'_>| order::comes_within(v, 0, 10, &other);
    assert_eq!(findings(right.judge(within)), []);
    let late = |v: &View<'_>| order::comes_within(v, 2, 10, &other);
    assert_eq!(findings(right.judge(late)).iter().map(|f| f.reason).collect::<Vec<_>>(), [Reason::Late]);
}

#[test]
fn a_sight_that_does_not_come_is_missed() {
    let check = |shown| move |v: &View<'_>| sight::is_shown(v, shown, &["message-received"], &[]);
    let none = sent("");
    assert_eq!(findings(none.judge(check(sight::Shown::IsNot))), []);
    let found = findings(none.judge(check(sight::Shown::Is)));
    assert_eq!(found.iter().map(|f| (f.reason, f.severity)).collect::<Vec<_>>(), [(Reason::Missing, Severity::Fail)]);
    let found = findings(none.judge(check(sight::Shown::Should)));
    assert_eq!(found.iter().map(|f| f.severity).collect::<Vec<_>>(), [Severity::Warn]);
}

#[test]
fn a_response_may_spell_what_it_copies_in_its_own_way() {
    let asked = || Hand::new().says(false, &message(1, "", ""));
    let text = String::from_utf8(answer(1, "200 OK", "")).unwrap();
    let right = text
        .replace("Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-1", "v: SIP / 2.0 / udp 192.0.2.10 : 5060;rport=5060; branch=z9hG4bK-1")
        .replace("<sip:alice@example.com>;tag", "Alice <sip:alice@EXAMPLE.com>; tag")
        .replace("Content-Length: 0\r\n", "");
    let wrong = text.replace("192.0.2.10:5060;branch", "192.0.2.11:5060;branch");
    let check = |v: &View<'_>| pack::obeys(v, &"RFC 3428".parse().unwrap());
    let said = ["all Via of the request, in order", "SIP/2.0/UDP 192.0.2.11:5060;branch=z9hG4bK-1"];
    let line = "Via: SIP/2.0/UDP 192.0.2.11:5060;branch=z9hG4bK-1\r\n";
    holds(&asked().says(true, right.as_bytes()), &asked().says(true, wrong.as_bytes()), check, Reason::Violated, said, &[line, START]);
}
