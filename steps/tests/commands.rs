//! What the commands promise to scripts and people: exit statuses, shapes, remedies, and that nothing is overwritten.

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use common::{Ended, cpmspec};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

/// A requirement whose scenarios are few, and what its defect leaves out.
const ID: &str = "CONV-7.2.1.1-8";

/// One run of a defective process, which all tests only read.
fn failing() -> &'static Path {
    static RUN: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, run) = RUN.get_or_init(|| {
        let folder = common::folder();
        let words = [common::PROGRAM, "reference", "cpm-client", "--defect", ID];
        common::profile(folder.path(), common::CLIENT, "udp", &words, "reaction: 5 s, quiet: 2 s");
        let ended = cpmspec(folder.path(), ["run", "sut.yaml", ID, "--out", "out"]);
        assert_eq!((ended.code, ended.err.as_str()), (1, ""), "{}", ended.out);
        let run = folder.path().join("out");
        (folder, run)
    });
    run
}

/// Runs in a folder that is of no matter.
fn anywhere<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Ended {
    let folder = common::folder();
    let ended = cpmspec(folder.path(), arguments);
    assert_eq!(common::files(folder.path()), [], "nothing is written where nothing was asked for");
    ended
}

fn fine(ended: Ended) -> Ended {
    assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{}", ended.out);
    ended
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

#[test]
fn list_names_each_requirement_with_its_scenarios() {
    let list = fine(anywhere(["list", "--format", "json"])).json();
    let rows = list.as_array().expect("rows");
    assert_eq!(rows.len(), 449);
    for row in rows {
        let (tested, reason) = (row["tested"].as_bool().expect("a word"), row["reason"].as_str());
        assert_eq!(tested, reason.is_none(), "{row}");
        assert_eq!(tested, row["scenarios"].as_array().is_some_and(|list| !list.is_empty()), "{row}");
        assert!(row["id"].as_str().is_some_and(|id| id.starts_with(row["section"].as_str().expect("a section"))), "{row}");
    }
    let one = fine(anywhere(["list", "--format", "json", ID])).json();
    assert_eq!(one[0]["id"], json!(ID));
    assert_eq!(one.as_array().map(Vec::len), Some(1));
}

#[test]
fn selftest_counts_what_it_killed() {
    let outcome = fine(anywhere(["selftest", "--format", "json", "CONV-7.2.1.3"])).json();
    assert!(outcome["judged"].as_u64() > Some(0));
    assert_eq!((&outcome["defects"], &outcome["survivors"]), (&outcome["killed"], &json!([])));
    let passes: Vec<_> = outcome["null_suts"].as_array().expect("null SUTs").iter().map(|sut| &sut["passes"]).collect();
    assert_eq!(passes, [0; 8]);
}

#[test]
fn inspect_reads_whatever_there_is() {
    let folder = common::folder();
    let inspect = |octets: &[u8]| {
        let path = folder.path().join("message");
        fs::write(&path, octets).expect("a file");
        assert_eq!(anywhere(["inspect", text(&path)]).code, 0);
        fine(anywhere(["inspect", "--format", "json", text(&path)])).json()
    };
    let sip = inspect(b"MESSAGE sip:bob@example.com SIP/2.0\r\nTo: <sip:bob@example.com>\r\nl: 2\r\n\r\nhi");
    assert_eq!(sip["protocol"], json!("sip"));
    assert_eq!(sip["headers"][0]["name"], json!("To"));
    assert_eq!((&sip["body"]["from"], &sip["body"]["to"]), (&json!(72), &json!(74)));
    let garbage = inspect(b"\0\xff\x1b[2J\r\n\r\n");
    assert!(garbage["malformations"].as_array().is_some_and(|list| !list.is_empty()), "{garbage}");
    let empty = inspect(b"");
    assert_eq!((&empty["body"]["from"], &empty["body"]["to"]), (&json!(0), &json!(0)));
}

#[test]
fn a_report_from_the_folder_alone_is_the_one_of_the_run() {
    let run = failing();
    let again = fine(anywhere(["report", text(run), "--format", "json"])).json();
    let written: Value = serde_json::from_slice(&fs::read(run.join("report.json")).expect("a report")).expect("JSON");
    assert_eq!(again, written);
    for (format, file) in [("html", "report.html"), ("junit", "junit.xml"), ("markdown", "summary.md")] {
        let again = fine(anywhere(["report", text(run), "--format", format])).out;
        assert_eq!(again, fs::read_to_string(run.join(file)).expect(file), "{format}");
    }
}

#[test]
fn what_a_run_writes_fits_the_schemas() {
    let validator = |name: &str| {
        let schema = fine(anywhere(["schema", name])).json();
        jsonschema::draft202012::meta::validate(&schema).unwrap_or_else(|error| panic!("{name}: {error}"));
        jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    for name in ["profile", "upper-tester"] {
        validator(name);
    }
    let read = |file: &str| fs::read_to_string(failing().join(file)).expect(file);
    for name in ["run", "report"] {
        let value = serde_json::from_str(&read(&format!("{name}.json"))).expect("JSON");
        validator(name).validate(&value).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let (trace, lines) = (validator("trace"), read("scenarios/1/trace.jsonl"));
    assert!(lines.lines().count() > 10);
    for line in lines.lines() {
        let value = serde_json::from_str(line).expect("JSON");
        trace.validate(&value).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
    let wrong = anywhere(["schema", "reprot"]);
    assert_eq!(wrong.code, 64);
    assert!(wrong.err.contains("report"), "{}", wrong.err);
}

#[test]
fn explain_leads_from_the_row_to_the_octets() {
    let row = fine(anywhere(["explain", ID])).out;
    assert!(row.starts_with(&format!("{ID} SHALL (")), "{row}");
    assert!(row.contains("features/CONV/7.2.1.1-"), "{row}");
    let run = fine(anywhere(["explain", ID, "--run", text(failing())])).out;
    assert!(run.contains("fail (missing)") && run.contains("expected Expires"), "{run}");
    assert!(run.contains(">>MESSAGE sip:bob@example.com SIP/2.0<<"), "{run}");
}

#[test]
fn show_draws_a_trace_in_four_ways() {
    let trace = failing().join("scenarios/1/trace.jsonl");
    let show = |format| fine(anywhere(["show", text(&trace), "--format", format])).out;
    assert!(show("ladder").contains("MESSAGE sip:bob@example.com"));
    assert!(show("text").contains("the SUT to the IMS core"));
    let picture = show("svg");
    assert!(picture.starts_with("<svg") && picture.trim_end().ends_with("</svg>"));
    let folder = common::folder();
    let words = ["show", text(&trace), "--format", "pcapng", "--out", "a.pcapng"];
    fine(cpmspec(folder.path(), words));
    let capture = fs::read(folder.path().join("a.pcapng")).expect("a capture");
    // Type of the section header block, the same in either order of octets.
    assert_eq!(capture.get(..4), Some(&b"\x0a\x0d\x0d\x0a"[..]));
    assert_eq!(cpmspec(folder.path(), words).code, 64, "nothing is overwritten");
    assert_eq!(fs::read(folder.path().join("a.pcapng")).expect("a capture"), capture);
}

#[test]
fn completions_are_written_for_a_shell() {
    assert!(fine(anywhere(["completions", "bash"])).out.contains("_cpmspec"));
    assert_eq!(anywhere(["completions", "cobol"]).code, 64);
}

#[test]
fn init_writes_once_what_list_reads() {
    let folder = common::folder();
    fine(cpmspec(folder.path(), ["init", "acme.yaml", "--name", "Acme: \"4.2\""]));
    let written = common::files(folder.path());
    fine(cpmspec(folder.path(), ["list", "acme.yaml"]));
    let again = cpmspec(folder.path(), ["init", "acme.yaml"]);
    assert_eq!(again.code, 64);
    assert!(again.err.contains("acme.yaml"), "{}", again.err);
    assert_eq!(common::files(folder.path()), written);
}

#[test]
fn an_id_that_selects_nothing_is_refused_with_the_nearest() {
    for command in ["run", "list", "selftest", "explain"] {
        let ended = anywhere([command, "CONV-7.2.1.1-9z"]);
        assert_eq!((ended.code, ended.out.as_str()), (64, ""), "{command}");
        assert!(ended.err.contains("CONV-7.2.1.1-9z") && ended.err.contains("did you mean CONV-7.2.1.1-9"), "{}", ended.err);
    }
    let ended = anywhere(["reference", "cpm-client", "--defect", "CONV-7.2.1.1-9z"]);
    assert_eq!(ended.code, 64, "{}", ended.err);
}

#[test]
fn a_run_folder_is_never_written_to_twice() {
    let folder = common::folder();
    fine(cpmspec(folder.path(), ["run", "CONV-7.1-3", "--out", "out"]));
    let before = common::files(folder.path());
    let again = cpmspec(folder.path(), ["run", "CONV-7.1-3", "--out", "out"]);
    assert_eq!((again.code, again.out.as_str()), (64, ""));
    assert!(again.err.contains("out"), "{}", again.err);
    assert_eq!(common::files(folder.path()), before);
}

#[test]
fn a_pipe_gets_no_escape_sequences() {
    let folder = common::folder();
    for colour in [None, Some("NO_COLOR")] {
        for words in [&["run", "CONV-7.1-3"][..], &["--help"], &["list", "nonsense"], &["run", "--no-such"], &["explain", ID]] {
            let mut command = Command::new(common::PROGRAM);
            command.args(words).current_dir(folder.path()).env_remove("NO_COLOR");
            if let Some(name) = colour {
                command.env(name, "1");
            }
            if words[0] == "run" {
                command.args(["--out", colour.unwrap_or("plain")]);
            }
            let ended = common::ended(command);
            assert!(!ended.out.contains('\u{1b}') && !ended.err.contains('\u{1b}'), "{words:?}: {ended:?}");
        }
    }
}
