//! Files that are wrong are refused with exit status 65, one error with file and line, and nothing is written.

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
};

use pretty_assertions::assert_eq;

const SUITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Runs, and wants one error that starts with `place` and holds `remedy`; nothing new may stand in the folder.
fn refused(folder: &Path, words: &[&str], place: &str, remedy: &str) {
    let before = common::files(folder);
    let ended = common::cpmspec(folder, words);
    assert_eq!((ended.code, ended.out.as_str()), (65, ""), "{}", ended.err);
    assert!(ended.err.starts_with(&format!("cpmspec: {place}")), "{place:?} stands not at the start of {}", ended.err);
    assert!(ended.err.contains(remedy), "{remedy:?} is not in {}", ended.err);
    assert_eq!(ended.err.matches("cpmspec: ").count(), 1, "{}", ended.err);
    assert!(common::files(folder) == before, "nothing is written");
}

fn profile(change: impl Fn(String) -> String, place: &str, remedy: &str) {
    let folder = common::folder();
    let path = common::profile(folder.path(), common::CLIENT, "udp", &["./adapter"], "quiet: 2 s");
    let text = fs::read_to_string(&path).expect("a profile");
    fs::write(&path, change(text)).expect("a profile");
    for command in ["run", "list"] {
        refused(folder.path(), &[command, "sut.yaml"], place, remedy);
    }
}

#[test]
fn a_malformed_profile() {
    profile(|text| text.replace("role:", "  role: ["), "sut.yaml:2:", "");
}

#[test]
fn a_profile_without_claims() {
    profile(|text| text.lines().filter(|line| !line.starts_with("ics:")).map(|line| format!("{line}\n")).collect(), "sut.yaml:", "`ics`");
}

#[test]
fn a_claim_that_nobody_knows() {
    profile(|text| text.replace("imdn: yes", "indm: yes"), "sut.yaml:6:", "imdn");
}

#[test]
fn an_adapter_that_is_not_there() {
    let folder = common::folder();
    common::profile(folder.path(), common::CLIENT, "udp", &["./adapter"], "quiet: 2 s");
    refused(folder.path(), &["run", "sut.yaml"], "upper tester: ./adapter", "");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}

/// A copy of the suite in which one file has `wrong` in place of the first `right`.
fn suite(file: &str, right: &str, wrong: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = common::folder();
    let root = folder.path().join("suite");
    for name in ["features", "scenarios"] {
        copy(&Path::new(SUITE).join(name), &root.join(name));
    }
    let path = root.join(file);
    let text = fs::read_to_string(&path).expect(file);
    assert!(text.contains(right), "{file} has no {right:?}");
    fs::write(&path, text.replacen(right, wrong, 1)).expect(file);
    (folder, root)
}

/// What `run` and `list` say of such a copy.
fn broken(file: &str, right: &str, wrong: &str, remedy: &str) {
    let (folder, root) = suite(file, right, wrong);
    let root = root.to_str().expect("a path in UTF-8");
    for command in ["run", "list"] {
        refused(folder.path(), &["--suite", root, command], &format!("{file}:"), remedy);
    }
}

#[test]
fn a_copy_of_the_suite_is_the_suite() {
    let (folder, root) = suite("features/rulings.yaml", "R-", "R-");
    let ended = common::cpmspec(folder.path(), ["--suite".as_ref(), root.as_os_str(), "list".as_ref()]);
    assert_eq!(ended.out, common::cpmspec(folder.path(), ["list"]).out);
}

const FEATURE: &str = "features/CONV/7.1-register.feature";

#[test]
fn a_feature_that_is_no_gherkin() {
    let (folder, root) = suite(FEATURE, "    Scenario: Alice registers\n", "    Scenari: Alice registers\n");
    let text = fs::read_to_string(root.join(FEATURE)).expect("a feature");
    let line = 1 + text.lines().position(|line| line.contains("Scenari:")).expect("the line");
    refused(folder.path(), &["--suite", root.to_str().expect("a path"), "list"], &format!("{FEATURE}:{line}: "), "Gherkin");
}

#[test]
fn a_step_that_no_sentence_matches() {
    broken(FEATURE, "And [1] its To is the address of Alice", "And [1] its To looks like the address of Alice", "looks like");
}

#[test]
fn a_clause_that_is_no_requirement() {
    broken(FEATURE, "[1] its To", "[1x] its To", "1x");
}

#[test]
fn a_network_that_is_no_file() {
    broken(FEATURE, "\"cpm-client/registration\"", "\"cpm-client/registratoin\"", "cpm-client/registration");
}

#[test]
fn a_scenario_with_an_unknown_key() {
    broken("scenarios/cpm-client/registration.yaml", "fakes:", "faeks:", "fakes");
}

#[test]
fn a_defect_with_an_unknown_verb() {
    broken("scenarios/defects/CONV-7.1.yaml", "edit:", "edti:", "edit");
}

#[test]
fn a_row_with_an_unknown_key() {
    broken("features/catalogue/CONV-7.1.yaml", "level:", "levle:", "level");
}

#[test]
fn a_suite_that_is_not_there() {
    let folder = common::folder();
    refused(folder.path(), &["--suite", "nowhere", "list"], "nowhere", "");
}

#[test]
fn a_trace_that_is_none() {
    let folder = common::folder();
    fs::write(folder.path().join("trace.jsonl"), "{\"at\":\n{}\n").expect("a file");
    refused(folder.path(), &["show", "trace.jsonl"], "trace.jsonl", "line 1");
}

#[test]
fn a_run_folder_that_is_none() {
    let folder = common::folder();
    refused(folder.path(), &["report", "."], "", "run.json");
}
