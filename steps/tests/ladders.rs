//! What the reference says in every scenario, message by message, as reviewed snapshots.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
};

use harness::trace::canon;
use pretty_assertions::assert_eq;
use suite::{
    cases::{self, Case},
    files::{Suite, path_of},
    run::{self, Setup, Who},
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../snapshots")
}

/// Letters and digits of `text` in lower case, a hyphen for what stands between them.
fn slug(text: &str) -> String {
    let spaced: String = text.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join("-")
}

/// What may tell a case from another of the same title: the cells of its row that the title does not show, and its rule.
fn told_apart_by(suite: &Suite, case: &Case) -> (String, String) {
    let raw = suite.raw.iter().filter(|feature| path_of(feature) == case.feature);
    let ruled = raw.flat_map(|f| {
        let own = f.scenarios.iter().map(|s| ("", s));
        own.chain(f.rules.iter().flat_map(|r| r.scenarios.iter().map(|s| (r.name.as_str(), s))))
    });
    for (rule, scenario) in ruled {
        for table in scenario.examples.iter().filter_map(|e| e.table.as_ref()) {
            let Some((head, rows)) = table.rows.split_first() else { continue };
            // Rows stand line by line below the head.
            let Some(row) = case.line.checked_sub(table.position.line + 1).and_then(|n| rows.get(n)) else { continue };
            let cells = head.iter().zip(row).filter(|(name, _)| !scenario.name.contains(&format!("<{name}>")));
            return (cells.map(|(_, cell)| cell.as_str()).collect::<Vec<_>>().join(" "), rule.to_owned());
        }
        if scenario.position.line == case.line {
            return (String::new(), rule.to_owned());
        }
    }
    Default::default()
}

/// File of each case below the folder of ladders: section, then its title; where that is not enough, what tells it apart.
fn paths(suite: &Suite, cases: &[Case]) -> Vec<String> {
    let forms = cases.iter().map(|case| {
        let (cells, rule) = told_apart_by(suite, case);
        let (section, title) = (&case.section, &case.title);
        [title.clone(), format!("{title} {cells}"), format!("{rule} {title} {cells}")].map(|form| format!("{section}/{}", slug(&form)))
    });
    let forms: Vec<_> = forms.collect();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for form in &forms {
        for path in form.iter().map(String::as_str).collect::<BTreeSet<_>>() {
            *count.entry(path).or_default() += 1;
        }
    }
    let shortest = |form: &[String; 3]| form.iter().find(|path| count[path.as_str()] == 1).unwrap_or(&form[2]).clone();
    forms.iter().map(shortest).collect()
}

/// Names of the snapshots below `folder`, from there.
fn snapshots(folder: &Path, prefix: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            snapshots(&entry.path(), &format!("{name}/"), found);
        } else {
            found.push(name);
        }
    }
    found.sort();
}

#[tokio::test]
async fn the_reference_says_what_was_reviewed() {
    let suite = Arc::new(Suite::embedded().unwrap());
    let cases = cases::cases(&suite);
    let files = paths(&suite, &cases);
    let setup = Arc::new(Setup::memory(Arc::clone(&suite), Who::Reference(Vec::new())));
    let finished = run::play(setup, &cases, 1).await;
    let mut other = Vec::new();
    for (case, path) in cases.iter().zip(&files) {
        let (section, name) = path.split_once('/').expect("a section and a title");
        let is_it = |f: &&run::Finished| (&f.played.feature, f.played.line) == (&case.feature, case.line);
        let played = finished.iter().find(is_it).expect("every case is played");
        let text = canon::text(&played.trace);
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder().join("ladders").join(section));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        // All that differ are shown, not only the first.
        let compared = catch_unwind(AssertUnwindSafe(|| settings.bind(|| insta::assert_snapshot!(name, text))));
        if compared.is_err() {
            other.push(path.as_str());
        }
    }
    assert!(other.is_empty(), "the ladder is another one than snapshots/ladders has:\n{}", other.join("\n"));
}

#[test]
fn every_scenario_has_a_snapshot_of_its_own_and_no_snapshot_is_an_orphan() {
    let suite = Suite::embedded().unwrap();
    let mut expected: Vec<_> = paths(&suite, &cases::cases(&suite)).iter().map(|path| format!("{path}.snap")).collect();
    expected.sort();
    let mut found = Vec::new();
    snapshots(&folder().join("ladders"), "", &mut found);
    assert_eq!(expected, found);
}

#[test]
fn nothing_else_lies_in_the_folder_of_snapshots() {
    let mut found = Vec::new();
    snapshots(&folder(), "", &mut found);
    // The formats of the report are held by the harness, which names them in its own tests.
    found.retain(|name| !name.starts_with("ladders/") && !name.starts_with("report/"));
    assert_eq!(found, ["coverage.snap", "defects.snap", "nulls.snap", "vocabulary.snap"]);
}
