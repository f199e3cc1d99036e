//! Nothing is lost: the ranges of a view put together are the bytes, wherever these end; and on ordinary messages another
//! parser reads what we read.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a failing one is a failing test")]

use std::{fs, path::PathBuf};

use bytes::Bytes;
use harness::wire::{
    Span,
    cpim::Cpim,
    mime::{Header, Multipart},
    sip::Message,
};
use pretty_assertions::assert_eq;

fn read(file: &str) -> Bytes {
    Bytes::from(fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/sip").join(file)).unwrap())
}

fn corpus() -> Vec<Bytes> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/sip");
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".sip")).map(|name| read(&name)).collect()
}

#[test]
fn a_message_cut_anywhere_is_its_tiles() {
    for whole in corpus() {
        for end in 0..=whole.len().min(1500) {
            let message = Message::parse(whole.slice(..end));
            let rebuilt: Vec<u8> = message.tiling().iter().flat_map(|tile| tile.of(&message.raw)).copied().collect();
            assert_eq!(rebuilt, &whole[..end]);
        }
    }
}

#[test]
fn a_field_is_its_name_its_value_and_what_stands_around_them() {
    for whole in corpus() {
        let message = Message::parse(whole);
        for field in message.fields.iter().filter(|f| !f.name.is_empty()) {
            let around = [
                Span::new(field.line.from, field.name.from),
                Span::new(field.name.to, field.value.from),
                Span::new(field.value.to, field.line.to),
            ];
            for (span, signs) in around.into_iter().zip([" \t", ": \t\r\n", " \t\r\n"]) {
                let text = span.text(&message.raw);
                assert!(text.chars().all(|c| signs.contains(c)), "{text:?} beside {}", message.name_of(field));
            }
        }
    }
}

#[test]
fn header_lines_of_parts_tile_their_part() {
    let message = Message::parse(read("list.sip"));
    let raw = &message.raw;
    let multipart = Multipart::parse(raw, message.body, "b7");
    let tiles = |headers: &[Header]| headers.iter().map(|h| h.line).collect::<Vec<_>>();
    for part in &multipart.parts {
        let mut at = part.span.from;
        for line in tiles(&part.headers) {
            assert_eq!(line.from, at);
            at = line.to;
        }
        assert_eq!(part.body.from, at + 2);
        assert_eq!(part.body.to, part.span.to);
    }
    let cpim = Cpim::parse(raw, multipart.parts[1].body);
    let mut at = multipart.parts[1].body.from;
    for block in [tiles(&cpim.headers), tiles(&cpim.mime)] {
        for line in block {
            assert_eq!(line.from, at);
            at = line.to;
        }
        at += 2;
    }
    assert_eq!((cpim.content.from, cpim.content.to), (at, multipart.parts[1].body.to));
}

#[test]
fn another_parser_reads_the_same_in_ordinary_messages() {
    for file in ["pager.sip", "register.sip", "list.sip", "imdn-delivery.sip", "legal-transports.sip", "legal-contact-parameters.sip"] {
        let raw = read(file);
        let message = Message::parse(raw.clone());
        let other = rsip::SipMessage::try_from(raw.to_vec()).unwrap_or_else(|error| panic!("{file}: {error}"));
        let rsip::SipMessage::Request(other) = other else { panic!("{file} is a request") };
        assert_eq!(message.method(), Some(other.method.to_string().as_str()), "{file}");
        assert_eq!(message.body.of(&raw), other.body, "{file}");
        let lines: Vec<_> = other.headers.iter().map(ToString::to_string).collect();
        let ours: Vec<_> = message.fields.iter().map(|f| format!("{}: {}", message.name_of(f), message.unfolded(f.value))).collect();
        assert_eq!(ours, lines, "{file}");
    }
}
