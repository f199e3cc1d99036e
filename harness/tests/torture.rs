//! The corpus: messages that make the points of RFC 4475, RFC 5118 and of the CPM mutations, and what the views must see.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a failing one is a failing test")]

use std::{collections::BTreeMap, fs, path::PathBuf};

use bytes::Bytes;
use harness::wire::{
    inspect::{Protocol, inspect},
    sip::{Message, Start},
};
use pretty_assertions::assert_eq;
use serde::Deserialize;

/// What is expected of one file; the head of `expected.yaml` says what the keys mean.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    file: String,
    point: String,
    #[serde(default)]
    start: Vec<Option<String>>,
    #[serde(default)]
    reads: BTreeMap<String, serde_yaml::Value>,
    body: Option<usize>,
    malformations: BTreeMap<String, usize>,
}

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/sip")
}

fn expectations() -> Vec<Expected> {
    serde_yaml::from_str(&fs::read_to_string(corpus().join("expected.yaml")).unwrap()).unwrap()
}

#[test]
fn every_file_is_understood_as_expected() {
    for expected in expectations() {
        let about = format!("{}: {}", expected.file, expected.point);
        let raw = Bytes::from(fs::read(corpus().join(&expected.file)).unwrap());
        let message = Message::parse(raw.clone());
        let text = |span| message.unfolded(span).into_owned();
        let start = match message.start {
            Start::Request { method, uri, version } => vec![text(method), text(uri), text(version)],
            Start::Response { version, status, reason, .. } => vec![text(version), text(status), text(reason)],
            Start::Unreadable(span) => vec![text(span)],
        };
        for (seen, wanted) in start.iter().zip(&expected.start) {
            if let Some(wanted) = wanted {
                assert_eq!(seen, wanted, "{about}");
            }
        }
        for (name, wanted) in &expected.reads {
            match wanted {
                serde_yaml::Value::Number(count) => {
                    assert_eq!(Some(message.elements(name).len() as u64), count.as_u64(), "{about}: {name}");
                }
                wanted => assert_eq!(message.value(name).as_deref(), wanted.as_str(), "{about}: {name}"),
            }
        }
        if let Some(octets) = expected.body {
            assert_eq!(message.body.len(), octets, "{about}");
        }
        let inspection = inspect(raw);
        assert_eq!(inspection.protocol, Protocol::Sip, "{about}");
        let mut codes = BTreeMap::new();
        for malformation in inspection.malformations {
            *codes.entry(malformation.code).or_insert(0) += 1;
        }
        assert_eq!(codes, expected.malformations, "{about}");
    }
}

#[test]
fn every_file_has_its_expectation_and_the_other_way_round() {
    let mut listed: Vec<_> = expectations().into_iter().map(|e| e.file).collect();
    listed.push("expected.yaml".to_owned());
    listed.sort();
    let mut there: Vec<_> = fs::read_dir(corpus()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    there.sort();
    assert_eq!(there, listed);
}
