//! Which lines judge each requirement, and why some have none.

use std::path::Path;

use harness::verdict::Reason;
use pretty_assertions::assert_eq;
use suite::{
    cases::{self, Case, Judged},
    files::Suite,
};

/// Most requirements that may go untested although a simulator could show them.
const UNTESTED: usize = 4;

/// The lines of a requirement with their cases.
fn lines<'a>(cases: &'a [Case], id: &str) -> Vec<(&'a Case, &'a Judged)> {
    let all = cases.iter().flat_map(|case| case.judged.iter().map(move |judged| (case, judged)));
    all.filter(|(_, judged)| judged.requirement == id).collect()
}

/// Each requirement with the scenarios that judge it, or the reasons why none does.
fn coverage(suite: &Suite, cases: &[Case]) -> String {
    let mut out = String::new();
    for row in suite.catalogue.rows() {
        out.push_str(&format!("{} ({})\n", row.id, row.level));
        let mut told = Vec::new();
        for (case, judged) in lines(cases, &row.id) {
            let file = case.feature.trim_start_matches("features/");
            let line = match judged.untested {
                Some(reason) => format!("  not tested: {} ({file})\n", reason.word()),
                None => format!("  {file}: {}\n", case.title),
            };
            if !told.contains(&line) {
                out.push_str(&line);
                told.push(line);
            }
        }
    }
    out
}

#[test]
fn the_lines_of_each_requirement_are_the_ones_that_were_reviewed() {
    let suite = Suite::embedded().unwrap();
    let text = coverage(&suite, &cases::cases(&suite));
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("coverage", text));
}

#[test]
fn few_requirements_go_untested_for_want_of_anything_but_a_simulator() {
    let suite = Suite::embedded().unwrap();
    let cases = cases::cases(&suite);
    let untested = |id: &str| {
        let lines = lines(&cases, id);
        let excused = lines.iter().all(|(_, judged)| judged.untested.is_some_and(|reason| reason != Reason::NoSimulator));
        excused && !lines.is_empty()
    };
    let ids: Vec<_> = suite.catalogue.rows().map(|row| row.id.as_str()).filter(|id| untested(id)).collect();
    assert!(ids.len() <= UNTESTED, "{ids:?}");
}

#[test]
fn no_requirement_is_both_judged_and_excused() {
    let suite = Suite::embedded().unwrap();
    let cases = cases::cases(&suite);
    let mixed = |id: &str| {
        let lines = lines(&cases, id);
        let excused = lines.iter().filter(|(_, judged)| judged.untested.is_some()).count();
        excused > 0 && excused < lines.len()
    };
    assert_eq!(suite.catalogue.rows().map(|row| row.id.as_str()).filter(|id| mixed(id)).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn each_document_has_a_title_of_ours() {
    let suite = Suite::embedded().unwrap();
    let untitled: Vec<_> = suite.catalogue.sections().iter().map(|s| &s.source).filter(|s| !suite.sources.contains_key(*s)).collect();
    assert_eq!(untitled, Vec::<&String>::new());
}
