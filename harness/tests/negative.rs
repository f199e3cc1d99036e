//! Right messages, each made wrong in one place: a check notices, with the right weight, and finds nothing before.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a failing one is a failing test")]

use std::collections::BTreeMap;

use hand::{Hand, findings};
use harness::{
    check::{MessageRef, View, body, field, pack, seeing},
    digest::{Algorithm, Credentials},
    field::Field,
    sut::Ixit,
    verdict::{Judgement, Reason, Severity},
};
use pretty_assertions::assert_eq;
use serde::Deserialize;

mod hand;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    /// What was said, by name: `sut` or `core`, and the text.
    bases: BTreeMap<String, Vec<BTreeMap<String, String>>>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    point: String,
    base: String,
    /// Texts and what stands instead of them, in this order; each has to be there.
    replace: serde_yaml::Mapping,
    check: String,
    #[serde(default = "fail")]
    severity: Severity,
}

fn fail() -> Severity {
    Severity::Fail
}

const MSG: &str = "urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg";

fn named(name: &str) -> Field {
    name.parse().unwrap()
}

fn received(text: &str) -> MessageRef {
    text.parse().unwrap()
}

fn check(words: &str, view: &View<'_>) -> Judgement {
    let (word, rest) = words.split_once(' ').unwrap_or((words, ""));
    let request = "the received MESSAGE request";
    match word {
        "obeys" => pack::obeys(view, &rest.parse().unwrap()),
        "lacks" => field::has(view, &named(rest), field::Has::MustNot),
        "new" => field::is_newly_generated(view, &named(rest)),
        "release" => field::states_release(view, &named(rest)),
        "icsi" => field::carries_icsi(view, &named(rest), true, MSG),
        "service" => field::is(view, &named("P-Preferred-Service"), MSG),
        "bob" => field::is_address_of(view, &named(rest), "Bob"),
        "instance" => field::is(view, &named("Contact;+sip.instance"), Ixit::default().text("instance id").unwrap()),
        "features" => field::is(view, &named("Contact;+g.3gpp.icsi-ref"), "urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg"),
        "cpim" => body::is_cpim(view),
        "copies" => {
            let fields = ["Conversation-ID", "Contribution-ID", "InReplyTo-Contribution-ID"].map(named);
            field::copies_from(view, &received(request), &fields)
        }
        "about" => field::is_field_of(view, &named("IMDN message-id"), &named("CPIM imdn.Message-ID"), &received(request)),
        "answers" | "unanswered" => seeing::answers(view, &[200], &received(request), false).judgement,
        _ => panic!("{words} is no check"),
    }
}

/// The octets of a text: its placeholders filled, its lines ended, its length told.
fn octets(text: &str) -> Vec<u8> {
    let mut text = text.to_owned();
    if let Some((before, rest)) = text.clone().split_once("{long ") {
        let (count, after) = rest.split_once('}').unwrap();
        text = format!("{before}{}{after}", "x".repeat(count.parse().unwrap()));
    }
    let credentials = Credentials {
        algorithm: Algorithm::named("MD5").unwrap(),
        user: "alice@example.com",
        realm: "example.com",
        nonce: "once",
        method: "REGISTER",
        uri: "sip:example.com",
        quality: Some(("auth", "00000001", "c0ffee")),
    };
    let response = credentials.response(Ixit::default().text("credentials password").unwrap());
    let ended = if text.contains("\n\n") { text } else { format!("{text}\n\n") };
    let text = ended.replace("{response}", &response).replace('\n', "\r\n");
    let length = text.split_once("\r\n\r\n").map_or(0, |(_, body)| body.len());
    text.replace("{length}", &length.to_string()).into_bytes()
}

fn spoken(said: &[BTreeMap<String, String>], change: impl Fn(&str) -> String) -> Hand {
    said.iter().enumerate().fold(Hand::new(), |hand, (number, one)| {
        let (by, text) = one.first_key_value().unwrap();
        let text = if number + 1 == said.len() { change(text) } else { text.clone() };
        hand.says(by == "sut", &octets(&text))
    })
}

fn all() -> Cases {
    serde_yaml::from_str(include_str!("negative.yaml")).unwrap()
}

#[test]
fn what_is_wrong_is_noticed_with_its_weight() {
    let all = all();
    let mut unnoticed = Vec::new();
    for case in &all.cases {
        let change = |text: &str| {
            case.replace.iter().fold(text.to_owned(), |text, (from, to)| {
                let (from, to) = (from.as_str().unwrap(), to.as_str().unwrap());
                assert!(text.contains(from), "{}: {from:?} is not there", case.point);
                text.replace(from, to)
            })
        };
        let hand = spoken(&all.bases[&case.base], change);
        let found = findings(hand.judge(|view| check(&case.check, view)));
        let worst = found.iter().map(|f| f.severity).max();
        if worst != Some(case.severity) {
            unnoticed.push(format!("{}: {worst:?} {found:?}", case.point));
        }
        for finding in &found {
            // A range that leaves its entry would panic here.
            assert_eq!(hand.shown(finding).len(), finding.evidence.len(), "{}", case.point);
            assert!(!finding.evidence.is_empty() && !finding.expected.is_empty() && !finding.observed.is_empty(), "{}", case.point);
        }
    }
    assert_eq!(unnoticed, [""; 0]);
}

#[test]
fn the_bases_are_right() {
    let all = all();
    let mut noticed = Vec::new();
    for case in &all.cases {
        let hand = spoken(&all.bases[&case.base], str::to_owned);
        let found = findings(hand.judge(|view| check(&case.check, view)));
        noticed.extend(found.iter().map(|f| format!("{} by {}: {f:?}", case.base, case.check)));
    }
    assert_eq!(noticed, [""; 0]);
}

#[test]
fn an_answer_along_another_path_is_no_answer() {
    let all = all();
    let hand = spoken(&all.bases["a response"], |text| text.replace("bK-core", "bK-other"));
    let found = findings(hand.judge(|view| check("answers", view)));
    assert_eq!(found.iter().map(|f| f.reason).collect::<Vec<_>>(), [Reason::Missing]);
}
