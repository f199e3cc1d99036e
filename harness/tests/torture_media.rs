//! The corpus beyond SIP: MSRP messages and streams, CPIM, IMDN, multipart bodies, session descriptions, and what the RFCs
//! say of each. `corpus/README.md` explains the keys.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a failing one is a failing test")]

use std::{collections::BTreeMap, fs, path::PathBuf};

use bytes::Bytes;
use harness::wire::{
    Span,
    inspect::{Inspection, Protocol, inspect_as},
    msrp::{Msrp, MsrpFramer, assembly::Assembly, range::ByteRange},
    stream::Framed,
};
use pretty_assertions::assert_eq;
use serde::{Deserialize, Deserializer};

/// What is expected of one file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    file: String,
    point: String,
    clause: String,
    valid: bool,
    #[serde(default)]
    start: BTreeMap<String, String>,
    #[serde(default)]
    reads: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "present")]
    body: Option<Option<usize>>,
    parts: Option<Vec<String>>,
    frames: Option<Vec<String>>,
    content: Option<Content>,
    malformations: BTreeMap<String, usize>,
}

/// What the chunks of a stream make together.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    octets: Option<String>,
    complete: bool,
    gaps: Option<Vec<(u64, u64)>>,
    conflicts: Option<Vec<(u64, u64)>>,
    surplus: Option<(u64, u64)>,
    #[serde(default)]
    contradicted: bool,
}

/// A key that is there, be it null.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<usize>>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

const FOLDERS: [(&str, Protocol); 5] =
    [("msrp", Protocol::Msrp), ("cpim", Protocol::Cpim), ("imdn", Protocol::Imdn), ("multipart", Protocol::Mime), ("sdp", Protocol::Sdp)];

fn corpus(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(folder)
}

/// The expectations of a folder, each with its octets.
fn files(folder: &str) -> Vec<(Expected, Bytes)> {
    let all: Vec<Expected> = serde_yaml::from_str(&fs::read_to_string(corpus(folder).join("expected.yaml")).unwrap()).unwrap();
    let with_octets = |expected: Expected| {
        let octets = fs::read(corpus(folder).join(&expected.file)).unwrap();
        (expected, octets.into())
    };
    all.into_iter().map(with_octets).collect()
}

fn inspected(expected: &Expected, raw: &Bytes) -> Inspection {
    let inspection = inspect_as(raw.clone(), expected.file.rsplit('.').next().and_then(Protocol::of_extension));
    let mut at = 0;
    for tile in &inspection.tiles {
        assert_eq!(tile.from, at, "{}: the tiles have a gap, or overlap", expected.file);
        at = tile.to;
    }
    assert_eq!(at, raw.len(), "{}: the tiles end elsewhere than the octets", expected.file);
    serde_json::to_string(&inspection).unwrap();
    inspection
}

fn codes(inspections: &[Inspection]) -> BTreeMap<String, usize> {
    let mut codes = BTreeMap::new();
    for malformation in inspections.iter().flat_map(|i| &i.malformations) {
        *codes.entry(malformation.code.clone()).or_insert(0) += 1;
    }
    codes
}

/// Everything that differs is told at once: a corpus is mended in one go.
fn differences(folder: &str, check: impl Fn(&Expected, &Bytes) -> Vec<String>) -> String {
    let mut all = String::new();
    for (expected, raw) in files(folder) {
        for difference in check(&expected, &raw) {
            all += &format!("{folder}/{} ({}; {}): {difference}\n", expected.file, expected.point, expected.clause);
        }
    }
    all
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, seen: T, wanted: T) -> Option<String> {
    (seen != wanted).then(|| format!("{what} is {seen:?}, should be {wanted:?}"))
}

fn message(expected: &Expected, raw: &Bytes, protocol: Protocol) -> Vec<String> {
    let inspection = inspected(expected, raw);
    let mut found = Vec::new();
    found.extend(same("the protocol", inspection.protocol, protocol));
    for (name, wanted) in &expected.start {
        found.extend(same(name, inspection.start.get(name), Some(wanted)));
    }
    for (name, wanted) in &expected.reads {
        let seen = inspection.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value.as_str());
        found.extend(same(name, seen, Some(wanted.as_str())));
    }
    if let Some(wanted) = expected.body {
        let bodiless = protocol == Protocol::Msrp && Msrp::parse(raw, Span::all(raw)).body.is_none();
        found.extend(same("the length of the body", (!bodiless).then_some(inspection.body.len()), wanted));
    }
    if let Some(wanted) = &expected.parts {
        let parts: Vec<String> = inspection.parts.iter().map(|part| format!("{} {} {}", part.depth, part.kind, part.span.len())).collect();
        let alike = parts.len() == wanted.len()
            && parts.iter().zip(wanted).all(|(seen, wanted)| format!("{seen} ").starts_with(&format!("{wanted} ")));
        if !alike {
            found.push(format!("the parts are {parts:?}, should be {wanted:?}"));
        }
    }
    found.extend(same("what is named", codes(&[inspection]), expected.malformations.clone()));
    found
}

#[test]
fn every_message_is_understood_as_the_rfcs_say() {
    let all: String = FOLDERS.iter().map(|(folder, protocol)| differences(folder, |e, raw| message(e, raw, *protocol))).collect();
    assert!(all.is_empty(), "\n{all}");
}

/// What a framer makes of a stream that comes in pieces of `size`, and what it leaves.
fn framed(raw: &Bytes, size: usize) -> (Vec<String>, Vec<Bytes>) {
    let mut framer = MsrpFramer::new(MsrpFramer::LIMITS);
    let (mut frames, mut messages) = (Vec::new(), Vec::new());
    for piece in raw.chunks(size) {
        framer.push(piece);
        while let Some(frame) = framer.next() {
            frames.push(match frame {
                Framed::Message { bytes, .. } => {
                    messages.push(bytes.clone());
                    format!("message {}", bytes.len())
                }
                Framed::Garbage { len, .. } => format!("garbage {len}"),
                other => format!("{other:?}"),
            });
        }
    }
    frames.extend(framer.finish().map(|(_, rest)| format!("rest {}", rest.len())));
    (frames, messages)
}

fn assembled(messages: &[Bytes], wanted: &Content) -> Vec<String> {
    let mut assembly = Assembly::default();
    for raw in messages {
        let msrp = Msrp::parse(raw, Span::all(raw));
        let Some(body) = msrp.body.filter(|_| msrp.is(raw, "SEND")) else { continue };
        let range = msrp.field(raw, "Byte-Range").map_or(ByteRange::ABSENT, |span| ByteRange::parse(raw, span).0);
        assembly.push(range, body.of(raw), msrp.flag).unwrap();
    }
    let mut found = Vec::new();
    found.extend(same("that it is complete", assembly.complete(), wanted.complete));
    found.extend(same("that its length is contradicted", assembly.contradicted(), wanted.contradicted));
    found.extend(same("its surplus", assembly.surplus(), wanted.surplus));
    if let Some(wanted) = &wanted.gaps {
        let gaps: Vec<_> = assembly.gaps().into_iter().map(|(from, to)| (from, to.unwrap_or(0))).collect();
        found.extend(same("what is missing", &gaps, wanted));
    }
    if let Some(wanted) = &wanted.conflicts {
        found.extend(same("its conflicts", assembly.conflicts(), wanted));
    }
    if let Some(wanted) = &wanted.octets {
        let content = assembly.content().ok().map(|content| String::from_utf8_lossy(&content).into_owned());
        found.extend(same("the content", content.as_ref(), Some(wanted)));
    }
    found
}

#[test]
fn every_stream_is_cut_and_put_together_as_the_rfc_says() {
    let all = differences("msrp-stream", |expected, raw| {
        let (frames, messages) = framed(raw, usize::MAX);
        let mut found = Vec::new();
        found.extend(same("the cut", &frames, expected.frames.as_ref().unwrap()));
        for size in [1, 2, 7, 100] {
            found.extend(same(&format!("the cut in pieces of {size}"), framed(raw, size).0, frames.clone()));
        }
        let inspections: Vec<_> = messages.iter().map(|message| inspected(expected, message)).collect();
        found.extend(same("what is named", codes(&inspections), expected.malformations.clone()));
        found.extend(expected.content.iter().flat_map(|content| assembled(&messages, content)));
        inspected(expected, raw);
        found
    });
    assert!(all.is_empty(), "\n{all}");
}

#[test]
fn every_message_comes_out_of_a_stream_as_it_is() {
    for (expected, raw) in files("msrp") {
        // Without its own end a message has no end in a stream either; lines that begin none are garbage.
        let unended = ["no-end-line", "no-line-end", "flag", "octets-behind-end-line", "start-line"];
        if expected.malformations.keys().any(|code| unended.contains(&code.as_str())) {
            continue;
        }
        assert_eq!(framed(&raw, usize::MAX).1, std::slice::from_ref(&raw), "{}", expected.file);
        assert_eq!(framed(&raw, 1).1, [raw], "{}", expected.file);
    }
}

#[test]
fn every_file_has_its_expectation_and_the_other_way_round() {
    for folder in FOLDERS.iter().map(|(folder, _)| *folder).chain(["msrp-stream"]) {
        let mut listed: Vec<_> = files(folder).into_iter().map(|(expected, _)| expected.file).collect();
        listed.push("expected.yaml".to_owned());
        listed.sort();
        let mut there: Vec<_> =
            fs::read_dir(corpus(folder)).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        there.sort();
        assert_eq!(there, listed);
    }
}

#[test]
fn a_file_is_valid_exactly_if_nothing_is_named() {
    for folder in FOLDERS.iter().map(|(folder, _)| *folder).chain(["msrp-stream"]) {
        for (expected, _) in files(folder) {
            assert_eq!(expected.valid, expected.malformations.is_empty(), "{folder}/{}", expected.file);
            assert!(expected.file.starts_with("legal-") == expected.valid || folder == "msrp-stream", "{folder}/{}", expected.file);
        }
    }
}
