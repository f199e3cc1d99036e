//! The reference as a process of its own behind the adapter's protocol: same verdicts as the one that is built in.

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    thread,
};

use harness::{
    report::{Report, RunStatus},
    sut::{Edition, Role},
    trace::Transport,
    verdict::{Reason, Verdict},
};
use pretty_assertions::assert_eq;
use suite::files::Suite;

/// What would be seen if it went anywhere.
const SECRET: &str = "plugh-xyzzy-4711";

/// Times for a SUT on the same machine.
fn ixit() -> String {
    format!("reaction: 10 s, quiet: 2 s, acts: 10 s, credentials password: \"{SECRET}\"")
}

fn run(folder: &Path, (role, edition): (Role, Edition), sip: &str, defect: Option<&str>, ids: &[String]) -> Report {
    let mut words = vec![common::PROGRAM, "reference", role.name(), "--edition", edition.name()];
    words.extend(defect.iter().flat_map(|id| ["--defect", id]));
    common::profile(folder, (role, edition), sip, &words, &ixit());
    let ended = common::cpmspec(folder, ["run", "sut.yaml", "--out", "out"].into_iter().chain(ids.iter().map(String::as_str)));
    assert_eq!(ended.err, "");
    let report = common::report(&folder.join("out"));
    assert_eq!((ended.code, report.status), (i32::from(defect.is_some()), RunStatus::Complete), "{}", ended.out);
    report
}

type Judged = (Verdict, Option<Reason>);

/// The verdict of each requirement: the worst of these runs, with its first reason.
fn by_requirement(reports: &[Report]) -> BTreeMap<String, Judged> {
    let mut rows = BTreeMap::new();
    for row in reports.iter().flat_map(|report| &report.requirements) {
        let known = rows.entry(row.id.clone()).or_insert((row.verdict, row.reason));
        if known.0 < row.verdict {
            *known = (row.verdict, row.reason);
        }
    }
    rows
}

/// By feature line, scenario, transport and requirement.
fn by_line(reports: &[Report]) -> BTreeMap<(String, usize, String, Transport, String), Vec<Judged>> {
    let mut lines = BTreeMap::new();
    let rows = reports.iter().flat_map(|report| &report.requirements);
    for (row, line) in rows.flat_map(|row| row.lines.iter().map(move |line| (row, line))) {
        let place = (line.feature.clone(), line.line, line.scenario.clone(), line.transport, row.id.clone());
        lines.entry(place).or_insert_with(Vec::new).push((line.verdict, line.reason));
    }
    lines
}

/// Processes for each transport and kind of SUT, if it has that many sections: a process has one user and plays one scenario at a time,
/// and most of its time is pauses that the scenarios want.
const LANES: usize = 3;

/// What one process is, over which transport, and the sections that it plays.
struct Lane {
    is: (Role, Edition),
    sip: &'static str,
    ids: Vec<String>,
}

/// Every section in one lane of each transport, for each role that it binds.
fn lanes() -> Vec<Lane> {
    let suite = Suite::embedded().expect("a suite");
    let mut by: BTreeMap<(Role, Edition), Vec<String>> = BTreeMap::new();
    for section in suite.catalogue.sections() {
        let id = format!("{}-{}", section.document, section.section);
        let roles: BTreeSet<Role> = section.requirements.iter().filter_map(|row| Role::named(&row.role)).collect();
        for role in roles {
            by.entry((role, Edition::of(&id).unwrap_or(Edition::Two))).or_default().push(format!("{id}="));
        }
    }
    let mut lanes = Vec::new();
    for (is, sections) in by {
        for (sip, number) in ["udp", "tcp"].into_iter().flat_map(|sip| (0..LANES).map(move |n| (sip, n))) {
            lanes.push(Lane { is, sip, ids: sections.iter().skip(number).step_by(LANES).cloned().collect() });
        }
    }
    lanes.retain(|lane| !lane.ids.is_empty());
    lanes
}

#[test]
fn a_process_gets_the_verdicts_of_the_built_in_reference() {
    let folder = common::folder();
    let lanes = lanes();
    let (embedded, external) = thread::scope(|scope| {
        let embedded = scope.spawn(|| {
            let ended = common::cpmspec(folder.path(), ["run", "--out", "embedded"]);
            assert_eq!(ended.code, 0, "{}", ended.out);
            common::report(&folder.path().join("embedded"))
        });
        let mut external = Vec::new();
        for (number, lane) in lanes.iter().enumerate() {
            let folder = folder.path().join(number.to_string());
            external.push(scope.spawn(move || {
                fs::create_dir(&folder).expect("a folder");
                run(&folder, lane.is, lane.sip, None, &lane.ids)
            }));
        }
        let external: Vec<Report> = external.into_iter().map(|lane| lane.join().expect("a lane")).collect();
        (embedded.join().expect("the embedded run"), external)
    });
    let embedded = [embedded];
    assert_eq!(by_requirement(&external), by_requirement(&embedded));
    assert_eq!(by_line(&external), by_line(&embedded));
    assert!(external.iter().all(|report| report.sut.transports.len() == 1));
    let mut secured = false;
    let written = external.iter().enumerate().map(|(number, _)| folder.path().join(number.to_string()).join("out"));
    for (path, octets) in written.flat_map(|out| common::files(&out)) {
        let text = String::from_utf8_lossy(&octets);
        assert!(!text.contains(SECRET), "the password of the profile is in {}", path.display());
        secured |= path.ends_with("trace.jsonl") && text.contains("\"secured\"");
    }
    assert!(secured, "no session of the process was under TLS");
}

/// The ids of its section that failed with the defect of `id` in the process; all others are the matrix's concern.
fn failed(id: &str, sip: &str) -> Vec<String> {
    let (section, _) = id.rsplit_once('-').expect("a section");
    let suite = Suite::embedded().expect("a suite");
    let role = suite.catalogue.get(id).and_then(|row| Role::named(&row.role)).expect("a row");
    let is = (role, Edition::of(section).unwrap_or(Edition::Two));
    let report = run(common::folder().path(), is, sip, Some(id), &[format!("{section}=")]);
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
    assert_eq!(failed("CONV-7.2.2.3-5", "udp, tcp"), ["CONV-7.2.2.3-5"]);
}
