//! Rule packs on conversations written by hand: on each as it stands they are silent; made wrong in one place, exactly one rule
//! speaks, with its weight. The conversations are in `packs/`, one file a document or two.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a failing one is a failing test")]

use std::{collections::BTreeMap, fs, time::Duration};

use bytes::Bytes;
use harness::{
    check::{View, pack},
    sut::Ixit,
    trace::{
        Endpoint, Event, LinkChange, LinkId, Mark, Party, Protocol, Trace, Transport,
        view::{It, Messages},
    },
    verdict::{Evidence, Finding, Judgement, Severity},
};
use pretty_assertions::assert_eq;
use serde::Deserialize;

/// Conversations, and what makes them wrong.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    /// Texts that the conversations share: only anchors for YAML.
    #[serde(default, rename = "texts")]
    _texts: serde_yaml::Value,
    /// What was said, by name; the last message is judged.
    bases: BTreeMap<String, Vec<Said>>,
    /// Packs that are silent on a base.
    silent: BTreeMap<String, Vec<String>>,
    cases: Vec<Case>,
}

/// One thing that was said, or that happened.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Said {
    sut: Option<String>,
    core: Option<String>,
    /// The SUT answered a probe.
    alive: bool,
    /// The SUT opened its connection for this: msrp, another msrp, imap; what is said over it says so too.
    opens: Option<String>,
    over: Option<String>,
    /// The other side opened it.
    opened: Option<String>,
    /// Seconds since what stands before; 1 unless given.
    after: Option<f64>,
    /// This is what is judged.
    it: bool,
    /// Not the chunk is judged, but the message that it belongs to.
    whole: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// The rule that speaks, alone.
    rule: String,
    base: String,
    /// Texts and what stands instead of them in what is judged, in this order; each has to be there.
    #[serde(default)]
    replace: serde_yaml::Mapping,
    /// The same in another place: its number, from 1.
    #[serde(default)]
    elsewhere: BTreeMap<usize, serde_yaml::Mapping>,
    /// Numbers of what was not said after all.
    #[serde(default)]
    without: Vec<usize>,
    /// Seconds before what has this number.
    #[serde(default)]
    after: BTreeMap<usize, f64>,
    pack: String,
    #[serde(default = "fail")]
    severity: Severity,
}

fn fail() -> Severity {
    Severity::Fail
}

/// The octets of a text: lines ended, `{length}` filled in, `{fill 9}` as so many letters.
fn octets(text: &str, over: Option<&str>) -> Bytes {
    let mut text = text.to_owned();
    while let Some((before, rest)) = text.split_once("{fill ") {
        let (count, after) = rest.split_once('}').unwrap();
        text = format!("{before}{}{after}", "x".repeat(count.parse().unwrap()));
    }
    if over.is_some() {
        return format!("{}\n", text.trim_end_matches('\n')).replace('\n', "\r\n").into();
    }
    let ended = if text.contains("\n\n") { text } else { format!("{}\n\n", text.trim_end_matches('\n')) };
    let text = ended.replace('\n', "\r\n");
    let length = text.split_once("\r\n\r\n").map_or(0, |(_, body)| body.len());
    text.replace("{length}", &length.to_string()).into()
}

fn spoken(said: &[Said]) -> (Trace, usize) {
    let mut trace = Trace::default();
    let end = |party: Party, address: &str| Endpoint { party, address: address.parse().unwrap() };
    let (sut, core) = (Party::sut(), Party::new("the IMS core"));
    let change = LinkChange::Opened {
        transport: Transport::Udp,
        protocol: Protocol::Sip,
        from: end(sut.clone(), "192.0.2.10:5060"),
        to: end(core.clone(), "192.0.2.1:5060"),
    };
    trace.append(Duration::ZERO, Event::Link { link: LinkId(1), change });
    trace.append(Duration::ZERO, Event::Mark(Mark::Stimulus("by hand".to_owned())));
    let mut it = 0;
    for one in said {
        let at = trace.end() + Duration::from_secs_f64(one.after.unwrap_or(1.0));
        let over = one.over.as_deref().or(one.opens.as_deref()).or(one.opened.as_deref());
        let (link, peer, protocol) = match over {
            None => (LinkId(1), core.clone(), Protocol::Sip),
            Some("msrp") => (LinkId(2), Party::new("Bob"), Protocol::Msrp),
            Some("another msrp") => (LinkId(4), Party::new("Bob"), Protocol::Msrp),
            Some("imap") => (LinkId(3), Party::new("the Message Store"), Protocol::Imap),
            Some(other) => panic!("{other} is no connection"),
        };
        let is_open = |e: &harness::trace::Entry| matches!(&e.event, Event::Link { link: l, .. } if *l == link);
        if !trace.entries().iter().any(is_open) {
            let (from, to) = (end(sut.clone(), "192.0.2.10:40000"), end(peer.clone(), "192.0.2.30:2855"));
            let (from, to) = if one.opened.is_some() { (to, from) } else { (from, to) };
            let change = LinkChange::Opened { transport: Transport::Tcp, protocol, from, to };
            trace.append(at, Event::Link { link, change });
        }
        let entry = match (&one.sut, &one.core) {
            (Some(text), _) => Event::Bytes { link, from: sut.clone(), to: peer, bytes: octets(text, over) },
            (_, Some(text)) => Event::Bytes { link, from: peer, to: sut.clone(), bytes: octets(text, over) },
            _ if one.opens.is_some() || one.opened.is_some() => continue,
            _ => {
                trace.append(at, Event::Mark(Mark::ProofOfLife(one.alive)));
                continue;
            }
        };
        let entry = trace.append(at, entry);
        if one.it || !said.iter().any(|s| s.it) {
            it = entry;
        }
    }
    (trace, it)
}

fn judged(said: &[Said], name: &str) -> Vec<Finding> {
    let (trace, entry) = spoken(said);
    let messages = Messages::of(&trace);
    let sip = messages.list().iter().position(|s| s.entry == entry).map(It::Sip);
    let media = || messages.media().iter().position(|s| s.entry == entry).map(It::Media);
    let whole = || messages.media().iter().find(|s| s.entry == entry)?.whole.map(It::Whole);
    let it = if said.iter().any(|s| s.whole) { whole() } else { sip.or_else(media) };
    assert!(it.is_some(), "there is nothing to be judged");
    let ixit = Ixit::default();
    let view = View { trace: &trace, messages: &messages, it, they: &[], taken: &[], ixit: &ixit };
    match pack::obeys(&view, &name.parse().unwrap()) {
        Judgement::Looked { findings, .. } => {
            for evidence in findings.iter().flat_map(|f| &f.evidence) {
                shown(&trace, evidence);
            }
            findings
        }
        other => panic!("{name} did not look: {other:?}"),
    }
}

/// A range that leaves its entry panics here.
fn shown(trace: &Trace, evidence: &Evidence) {
    if let Event::Bytes { bytes, .. } = &trace.entries()[evidence.entry].event {
        assert!(evidence.from <= evidence.to && evidence.to <= bytes.len(), "{evidence:?}");
    }
}

fn replaced(text: &str, by: &serde_yaml::Mapping, rule: &str) -> String {
    by.iter().fold(text.to_owned(), |text, (from, to)| {
        let (from, to) = (from.as_str().unwrap(), to.as_str().unwrap());
        assert!(text.contains(from), "{rule}: {from:?} is not there");
        text.replace(from, to)
    })
}

fn changed(case: &Case, base: &[Said]) -> Vec<Said> {
    let mut said = base.to_vec();
    let it = said.iter().position(|s| s.it).or(said.iter().rposition(|s| s.sut.is_some() || s.core.is_some())).unwrap();
    let places = std::iter::once((it, &case.replace)).chain(case.elsewhere.iter().map(|(n, by)| (n - 1, by)));
    for (place, by) in places {
        let one = &mut said[place];
        one.sut = one.sut.take().map(|text| replaced(&text, by, &case.rule));
        one.core = one.core.take().map(|text| replaced(&text, by, &case.rule));
    }
    for (number, gap) in &case.after {
        said[number - 1].after = Some(*gap);
    }
    said[it].it = true;
    said.into_iter().enumerate().filter(|(n, _)| !case.without.contains(&(n + 1))).map(|(_, s)| s).collect()
}

fn all() -> Vec<(String, Cases)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/packs");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    files.iter().map(|f| (f.display().to_string(), serde_yaml::from_str(&fs::read_to_string(f).unwrap()).unwrap())).collect()
}

#[test]
fn right_conversations_are_passed_over_in_silence() {
    let mut heard = Vec::new();
    for (file, cases) in all() {
        for (base, packs) in &cases.silent {
            for pack in packs {
                let found = judged(cases.bases.get(base).unwrap_or_else(|| panic!("{file}: {base}")), pack);
                heard.extend(found.iter().map(|f| format!("{base} by {pack}: {f:?}")));
            }
        }
    }
    assert_eq!(heard, [""; 0]);
}

#[test]
fn one_wrong_thing_makes_one_rule_speak() {
    let mut wrong = Vec::new();
    for (file, cases) in all() {
        for case in &cases.cases {
            let base = cases.bases.get(&case.base).unwrap_or_else(|| panic!("{file}: {}", case.base));
            assert!(cases.silent.get(&case.base).is_some_and(|packs| packs.contains(&case.pack)), "{file}: {} {}", case.base, case.pack);
            let found = judged(&changed(case, base), &case.pack);
            let said: Vec<_> = found.iter().map(|f| (f.rule.as_str(), f.severity)).collect();
            if said != [(case.rule.as_str(), case.severity)] {
                wrong.push(format!("{} {:?} {:?}: {found:#?}", case.rule, case.replace, case.elsewhere));
            }
            for f in &found {
                assert!(!f.evidence.is_empty() && !f.expected.is_empty() && !f.observed.is_empty(), "{}: {f:?}", case.rule);
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}
