//! The defect matrix, and what null SUTs earn.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use pretty_assertions::assert_eq;
use suite::{files::Suite, selftest};

/// Passes that a warm null SUT deserves: its name, the requirement, and why. Any other pass shows that a check gives verdicts
/// away.
const DESERVED: [(&str, &str, &str); 6] = [
    ("always 200", "CONV-7.2.2.1-accept-1", "the answer is a 200 with a To tag and nothing else, which is all that is asked for"),
    ("always 200", "CONV-7.2.2.1-accept-5", "the answer goes back along its Via path, where it is awaited"),
    ("always 200", "CONV-7.2.2.2-3", "the answer goes back along its Via path, where it is awaited"),
    (
        "always 200",
        "CONV-7.2.3.4.2-display",
        "the notification is answered with 200 and shown as no message, which is all that is asked for",
    ),
    ("always 200", "CONV-7.3.4.3-2", "the answer goes back along its Via path, where it is awaited"),
    ("always 200", "CONV-7.3.8-8", "the answer goes back along its Via path, where it is awaited"),
];

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn every_judged_requirement_has_a_defect_that_it_notices() {
    let suite = Arc::new(Suite::embedded().unwrap());
    let outcome = selftest::matrix(&suite, &|_| true, false).unwrap();
    assert_eq!((&outcome.reference, &outcome.survivors), (&Vec::new(), &Vec::new()));
    assert_eq!((outcome.killed, outcome.defects), (outcome.judged, outcome.judged));
    let (precise, defects) = (outcome.precise, outcome.defects);
    assert!(precise * 100 >= defects * 95, "{precise} of {defects} defects are precise");
    snapshot("defects", &selftest::text(&outcome));
}

#[test]
fn few_defects_need_an_exemption() {
    let suite = Suite::embedded().unwrap();
    let (exempted, defects) = (selftest::exempted(&suite), suite.defects.len());
    assert!(exempted * 10 <= defects, "{exempted} of {defects} defects have an `also`");
}

#[test]
fn null_suts_pass_nothing_that_they_do_not_deserve() {
    let suite = Arc::new(Suite::embedded().unwrap());
    let mut outcome = selftest::matrix(&suite, &|_| false, false).unwrap();
    selftest::nulls(&suite, &|_| true, &mut outcome).unwrap();
    let cold: Vec<_> = outcome.null_suts.iter().filter(|null| null.passes > 0).collect();
    assert!(cold.is_empty(), "{cold:?}");
    let (mut text, mut earned) = (String::new(), BTreeSet::new());
    for null in &outcome.warm_null_suts {
        text.push_str(&format!("{}:{}\n", null.name, if null.passes.is_empty() { " nothing" } else { "" }));
        for id in &null.passes {
            earned.insert((null.name, id.as_str()));
            let why = DESERVED.iter().find(|(name, of, _)| (*name, *of) == (null.name, id.as_str())).map(|(.., why)| *why);
            text.push_str(&format!("  {id}: {}\n", why.unwrap_or("UNDESERVED")));
        }
    }
    assert_eq!(earned, DESERVED.iter().map(|(name, id, _)| (*name, *id)).collect(), "{text}");
    snapshot("nulls", &text);
}
