//! The reference as a process of its own behind the adapter's protocol: same verdicts as the one that is built in.

mod common;

use std::{collections::BTreeMap, path::Path};

use harness::{
    report::{Report, RunStatus},
    trace::Transport,
    verdict::{Reason, Verdict},
};
use pretty_assertions::assert_eq;

/// What would be seen if it went anywhere.
const SECRET: &str = "plugh-xyzzy-4711";

/// Times for a SUT on the same machine.
fn ixit() -> String {
    format!("reaction: 5 s, quiet: 2 s, acts: 10 s, credentials password: \"{SECRET}\"")
}

fn run(folder: &Path, sip: &str, defect: Option<&str>) -> Report {
    let mut words = vec![common::PROGRAM, "reference", "cpm-client"];
    words.extend(defect.iter().flat_map(|id| ["--defect", id]));
    common::profile(folder, sip, &words, &ixit());
    let ended = common::cpmspec(folder, ["run", "sut.yaml", "--out", "out"]);
    assert_eq!(ended.err, "");
    let report = common::report(&folder.join("out"));
    assert_eq!((ended.code, report.status), (i32::from(defect.is_some()), RunStatus::Complete), "{}", ended.out);
    report
}

type Judged = (Verdict, Option<Reason>);

/// Of the edition that a profile has unless it says otherwise.
fn by_requirement(report: &Report) -> BTreeMap<String, Judged> {
    report.requirements.iter().filter(|row| row.id.starts_with("CONV-")).map(|row| (row.id.clone(), (row.verdict, row.reason))).collect()
}

/// By feature line, scenario, transport and requirement.
fn by_line(report: &Report) -> BTreeMap<(String, usize, String, Transport, String), Vec<Judged>> {
    let mut lines = BTreeMap::new();
    for (row, line) in report.requirements.iter().flat_map(|row| row.lines.iter().map(move |line| (row, line))) {
        let place = (line.feature.clone(), line.line, line.scenario.clone(), line.transport, row.id.clone());
        lines.entry(place).or_insert_with(Vec::new).push((line.verdict, line.reason));
    }
    lines
}

#[test]
fn a_process_gets_the_verdicts_of_the_built_in_reference() {
    let folder = common::folder();
    let ended = common::cpmspec(folder.path(), ["run", "--out", "embedded", "CONV-"]);
    assert_eq!(ended.code, 0, "{}", ended.out);
    let embedded = common::report(&folder.path().join("embedded"));
    let external = run(folder.path(), "udp, tcp", None);
    assert_eq!(by_requirement(&external), by_requirement(&embedded));
    assert_eq!(by_line(&external), by_line(&embedded));
    assert_eq!(external.sut.transports, [Transport::Udp, Transport::Tcp]);
    for (path, octets) in common::files(&folder.path().join("out")) {
        let holds = octets.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
        assert!(!holds, "the password of the profile is in {}", path.display());
    }
}

/// The ids that failed with the defect of `id` in the process.
fn failed(id: &str, sip: &str) -> Vec<String> {
    let report = run(common::folder().path(), sip, Some(id));
    report.requirements.iter().filter(|row| row.verdict == Verdict::Fail).map(|row| row.id.clone()).collect()
}

#[test]
fn a_defect_on_the_wire_fails_its_requirement() {
    assert_eq!(failed("CONV-7.2.1.1-8", "udp"), ["CONV-7.2.1.1-8"]);
}

#[test]
fn a_message_that_must_not_be_sent_fails_its_requirement() {
    assert_eq!(failed("CONV-7-registerfirst", "tcp"), ["CONV-7-registerfirst"]);
}

#[test]
fn a_sight_that_is_wrong_fails_its_requirement() {
    assert_eq!(failed("CONV-7.2.2.3-5", "udp"), ["CONV-7.2.2.3-5"]);
}
