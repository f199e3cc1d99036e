//! The vocabulary: what it is, that it stays small, and that nothing in it or in the data is idle.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a failing one is a failing test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use gherkin::Step;
use pretty_assertions::assert_eq;
use suite::{
    cases,
    files::{Suite, path_of},
    run,
};

/// Domains in the order of a scenario: files of the step functions, title, what its sentences have in common.
const DOMAINS: [(&[&str], &str, &str); 7] = [
    (&["preamble", "preamble/sessions"], "Given: the preamble", "A failure here is nobody's fault: what follows is inconclusive."),
    (&["user", "user/sessions"], "When: the user", "What Alice does with the product."),
    (&["network"], "When: the network", "What reaches the SUT, and the time that passes."),
    (&["seen"], "Then: what the SUT does", "Seeing lines find \"it\"; the others speak of order, time, sights and what is left out."),
    (&["field"], "Then: fields", "Read off \"it\", which the last seeing line found."),
    (&["body"], "Then: bodies", "Read off the body of \"it\"."),
    (&["session"], "Then: sessions", "Transactions, dialogs and the media plane; and what one of two lines met."),
];

/// Sentences that no feature uses yet, with what they wait for; once one is used, or gone, its entry has to go too.
const WAITING: [(&str, &str); 2] = [
    ("{actor} sends the bytes", "requests that no role would write"),
    ("{clause} is not tested, because {reason}", "rows of further sections that nothing can judge"),
];

/// Most sentences that there may be.
const CAP: usize = 75;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn source(domain: &str) -> String {
    fs::read_to_string(root().join(format!("steps/src/{domain}.rs"))).unwrap()
}

/// A sentence as it stands in the source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sentence {
    /// `given`, `when` or `then`.
    keyword: String,
    text: String,
    doc: String,
    /// File and line of the attribute.
    place: (String, u32),
}

/// Doc lines directly above line `at`, as one text.
fn doc_above(lines: &[&str], at: usize) -> String {
    let mut doc: Vec<&str> = lines[..at].iter().rev().map_while(|line| line.trim_start().strip_prefix("///")).map(str::trim).collect();
    doc.reverse();
    doc.join(" ")
}

fn sentences(domain: &str) -> Vec<Sentence> {
    let text = source(domain);
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some((keyword, rest)) = line.strip_prefix("#[").and_then(|l| l.split_once("(expr = \"")) else { continue };
        let Some(sentence) = rest.strip_suffix("\")]") else { panic!("{domain}.rs:{}: {line}", at + 1) };
        found.push(Sentence {
            keyword: keyword.to_owned(),
            text: sentence.to_owned(),
            doc: doc_above(&lines, at),
            place: (format!("{domain}.rs"), u32::try_from(at).unwrap() + 1),
        });
    }
    found
}

fn all() -> Vec<Sentence> {
    DOMAINS.iter().flat_map(|(files, ..)| files.iter().flat_map(|file| sentences(file))).collect()
}

/// Name, doc and regular expression of each parameter, in the order of the source.
fn params() -> Vec<(String, String, String)> {
    let text = source("params");
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if !["word!(", "parsed!(", "choice!("].contains(line) {
            continue;
        }
        let doc = lines[at + 1..].iter().take_while(|l| l.trim_start().starts_with("///")).count();
        let [_, name, regex] = &lines[at + 1 + doc..at + 4 + doc] else { panic!("params.rs:{}: too short", at + 1) };
        let name = name.trim().trim_start_matches('"').trim_end_matches("\",");
        let regex = regex.trim().trim_end_matches(',').trim_start_matches("r\"").trim_end_matches('"');
        found.push((name.to_owned(), doc_above(&lines, at + 1 + doc), regex.to_owned()));
    }
    found
}

/// The values of a closed list: alternatives without anything that would be read as an expression.
fn values(regex: &str) -> Option<Vec<&str>> {
    let closed = !regex.contains(['(', '[', '?', '+', '*', '\\']);
    closed.then(|| regex.split('|').collect())
}

fn vocabulary() -> String {
    let mut out = "# Vocabulary\n\nGenerated from the step functions; `UPDATE_VOCABULARY=1 cargo test --test vocabulary` writes it anew. \
                   A table\nstands below a line whose sentence ends in `with`, `lists` or `the parts`; `( with)` is left out together with it, and \
                   so are\nother parts in round brackets.\n"
        .to_owned();
    let mut number = 0;
    for (files, title, words) in DOMAINS {
        out.push_str(&format!("\n## {title}\n\n{words}\n\n"));
        for sentence in files.iter().flat_map(|file| sentences(file)) {
            number += 1;
            out.push_str(&format!("{number}. `{}`  \n   {}\n", sentence.text, sentence.doc));
        }
    }
    out.push_str("\n## Parameters\n\n`{string}` stands in quotes, `{int}` is a number. The others:\n\n");
    for (name, doc, regex) in params() {
        let list = match values(&regex) {
            Some(values) => values.iter().map(|v| format!("`{v}`")).collect::<Vec<_>>().join(", "),
            None => format!("`` {regex} ``"),
        };
        out.push_str(&format!("- `{{{name}}}`: {doc}  \n  {list}\n"));
    }
    out
}

/// Steps of all features with the network that holds at them.
fn steps(suite: &Suite) -> Vec<(String, Step)> {
    let mut found = Vec::new();
    for feature in &suite.features {
        let own = feature.scenarios.iter().map(|s| (None, s));
        let ruled = feature.rules.iter().flat_map(|r| r.scenarios.iter().map(move |s| (r.background.as_ref(), s)));
        for (background, scenario) in own.chain(ruled) {
            let mut network = String::new();
            let before = feature.background.iter().chain(background).flat_map(|b| &b.steps);
            for step in before.chain(&scenario.steps) {
                if let Some(name) = step.value.strip_prefix("the network of ") {
                    network = name.trim_matches('"').to_owned();
                }
                found.push((network.clone(), step.clone()));
            }
        }
    }
    found
}

#[test]
fn the_vocabulary_is_the_one_in_the_folder_of_features() {
    let path = root().join("features/VOCABULARY.md");
    let generated = vocabulary();
    if std::env::var_os("UPDATE_VOCABULARY").is_some() {
        fs::write(&path, &generated).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), generated, "UPDATE_VOCABULARY=1 writes it anew");
}

#[test]
fn the_sentences_are_the_ones_that_were_reviewed() {
    let list: String = all().iter().map(|s| format!("{} {}\n", s.keyword, s.text)).collect();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(root().join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("vocabulary", list));
}

#[test]
fn the_sentences_are_few_and_each_says_what_it_does() {
    let all = all();
    assert!(all.len() <= CAP, "{} sentences; the cap is {CAP}", all.len());
    assert_eq!(all.iter().filter(|s| s.doc.is_empty()).map(|s| s.text.as_str()).collect::<Vec<_>>(), [""; 0]);
    let known: BTreeSet<String> = params().into_iter().map(|(name, ..)| name).chain(["string", "int"].map(str::to_owned)).collect();
    let named = all.iter().flat_map(|s| s.text.split('{').skip(1).filter_map(|rest| rest.split('}').next()));
    assert_eq!(named.filter(|name| !known.contains(*name)).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn every_line_is_one_sentence_and_every_sentence_is_used() {
    let suite = Suite::embedded().unwrap();
    cases::lint(&suite).unwrap();
    let definitions = run::sentences();
    let mut idle: BTreeSet<Sentence> = all().into_iter().collect();
    for (_, step) in steps(&suite) {
        let (.., location, _) = definitions.find(&step).unwrap().expect("lint found a sentence");
        let location = location.expect("the macros fill it in");
        idle.retain(|s| !(location.path.ends_with(&s.place.0) && location.line == s.place.1));
    }
    let waiting = WAITING.iter().map(|(text, _)| (*text).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(idle.into_iter().map(|s| s.text).collect::<BTreeSet<_>>(), waiting);
}

#[test]
fn every_named_message_conduct_and_body_is_used() {
    let suite = Suite::embedded().unwrap();
    let mut quoted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (network, step) in steps(&suite) {
        let named = step.value.split('"').skip(1).step_by(2).chain(cases::opening(&step.value)).map(str::to_owned).collect::<Vec<_>>();
        quoted.entry(network).or_default().extend(named);
    }
    let (mut idle, mut bodies) = (Vec::new(), BTreeSet::new());
    for (file, scenario) in &suite.scenarios {
        let named = quoted.get(file).cloned().unwrap_or_default();
        for name in scenario.messages.keys() {
            let is_base = scenario.messages.values().any(|m| m.like.as_ref() == Some(name));
            if !named.contains(name) && !is_base {
                idle.push(format!("{file}: message {name:?}"));
            }
        }
        // What holds from the start needs no step.
        let conducts = scenario.conduct.keys().filter(|name| *name != "always");
        idle.extend(conducts.filter(|name| !named.contains(*name)).map(|name| format!("{file}: conduct {name:?}")));
        bodies.extend(scenario.messages.values().flat_map(|m| [m.body.clone(), m.content.clone()]).flatten());
        let held = scenario.fakes.values().flat_map(|fake| fake.holds.values());
        bodies.extend(held.filter_map(|path| path.strip_prefix("bodies/").map(str::to_owned)));
    }
    for entry in fs::read_dir(root().join("scenarios/bodies")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        if !bodies.contains(&name) {
            idle.push(format!("body {name}"));
        }
    }
    assert_eq!(idle, [""; 0]);
}

#[test]
fn every_defect_has_a_row_of_the_catalogue_and_lies_in_the_file_of_its_section() {
    let suite = Suite::embedded().unwrap();
    let strangers: Vec<_> = suite.defects.keys().filter(|id| suite.catalogue.get(id).is_none()).collect();
    assert_eq!(strangers, [""; 0]);
    for feature in &suite.features {
        let section = cases::section_of(feature);
        assert!(path_of(feature).starts_with("features/") && suite.file(&format!("defects/{section}.yaml")).is_some(), "{section}");
    }
}
