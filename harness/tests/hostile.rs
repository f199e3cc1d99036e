//! Hostile octets: mutations of the corpus, and the worst of each grammar, through every parser. Nothing may panic, no range
//! may leave the message, the tiles have to be the message, and the test has to end.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a failing one is a failing test")]

use std::{fs, path::PathBuf};

use bytes::Bytes;
use harness::wire::{
    Malformation, Span,
    bodies::bodies,
    cpim::Cpim,
    icsi,
    imdn::Imdn,
    inspect::inspect,
    lists::List,
    mime::{ContentType, Header, Multipart, undo_transfer_encoding},
    msrp::Msrp,
    params::{NameAddr, Param, Parametered, digest, split, unescape},
    sdp::{Sdp, attributes},
    sip::Message,
    stream::{Framed, Framer, Limits},
    uri::{Uri, percent_decode, same},
    values,
};
use pretty_assertions::assert_eq;

/// Numbers that look random and are the same in every run (xorshift, 64 bits).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap() % limit.max(1)
    }
}

fn corpus() -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/sip");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "sip"));
    files.sort();
    files.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Octets that mean something somewhere.
const SIGNS: &[u8] = b"\r\n \t:;,<>\"\\=@?%*/-.[]&!'()0\x00\x7f\x80\xff\xc3$+#";

fn mutate(raw: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    for _ in 0..=dice.below(6) {
        let at = dice.below(raw.len() + 1);
        let end = (at + dice.below(40)).min(raw.len());
        match dice.below(7) {
            0 if at < raw.len() => raw[at] = SIGNS[dice.below(SIGNS.len())],
            1 => raw.insert(at, SIGNS[dice.below(SIGNS.len())]),
            2 => drop(raw.drain(at..end)),
            3 => {
                let piece = raw[at..end].to_vec();
                let to = dice.below(raw.len() + 1);
                raw.splice(to..to, piece);
            }
            4 => {
                let from = dice.below(other.len());
                let piece = &other[from..(from + dice.below(200)).min(other.len())];
                raw.splice(at..end, piece.iter().copied());
            }
            5 if at < raw.len() => raw[at] ^= 1 << dice.below(8),
            _ if dice.below(10) == 0 => raw.truncate(at),
            _ => {}
        }
    }
}

/// Fails unless all ranges lie in `within`.
fn inside(within: Span, spans: impl IntoIterator<Item = Span>) {
    for span in spans {
        assert!(within.from <= span.from && span.from <= span.to && span.to <= within.to, "{span:?} in {within:?}");
    }
}

fn of_params(params: &[Param]) -> impl Iterator<Item = Span> {
    params.iter().flat_map(|p| [p.span, p.name, p.value.unwrap_or(p.name)])
}

fn of_headers(headers: &[Header]) -> impl Iterator<Item = Span> {
    headers.iter().flat_map(|h| [h.line, h.name, h.value])
}

fn of_faults(malformations: &[Malformation]) -> impl Iterator<Item = Span> {
    malformations.iter().map(|m| m.span)
}

/// All parsers of values on one range.
fn read_values(raw: &[u8], within: Span) {
    let value = Parametered::parse(raw, within);
    inside(within, of_params(&value.params).chain(of_faults(&value.malformations)).chain([value.head]));
    let address = NameAddr::parse(raw, within);
    let own = [address.uri, address.display.unwrap_or(address.uri)];
    inside(within, of_params(&address.params).chain(of_faults(&address.malformations)).chain(own));
    let credentials = digest(raw, within);
    inside(within, of_params(&credentials.params).chain(of_faults(&credentials.malformations)).chain([credentials.head]));
    inside(within, split(raw, within, b','));
    let (services, malformations) = icsi::of_params(raw, &value.params);
    inside(within, services.iter().map(|s| s.span).chain(of_faults(&malformations)));
    let kind = ContentType::parse(raw, within);
    inside(within, of_params(&kind.params).chain([kind.kind]));
    let text = within.text(raw);
    let uri = Uri::parse(&text);
    assert!(same(&text, &text) && uri == Uri::parse(&text));
    let _ = (percent_decode(&text), unescape(&text), address.display_name(raw), same(&text, "sip:a@b;lr?c=d"));
}

/// All parsers of bodies on one range.
fn read_bodies(raw: &[u8], within: Span, boundary: &str) {
    let cpim = Cpim::parse(raw, within);
    inside(within, of_headers(&cpim.headers).chain(of_headers(&cpim.mime)).chain(of_faults(&cpim.malformations)).chain([cpim.content]));
    let _ = (cpim.all(raw, "imdn.Message-ID").count(), cpim.all(raw, "From").count(), cpim.decoded(raw), cpim.content_type(raw));
    let multipart = Multipart::parse(raw, within, boundary);
    inside(within, of_faults(&multipart.malformations).chain([multipart.preamble, multipart.epilogue]));
    for part in &multipart.parts {
        inside(within, [part.span]);
        inside(part.span, of_headers(&part.headers).chain([part.body]));
    }
    let list = List::parse(raw, within);
    inside(within, list.entries.iter().map(|e| e.span).chain(of_faults(&list.malformations)));
    let imdn = Imdn::parse(raw, within);
    let texts = [&imdn.message_id, &imdn.datetime, &imdn.recipient_uri, &imdn.original_recipient_uri];
    inside(within, texts.into_iter().flatten().map(|(_, span)| *span));
    inside(within, imdn.kinds.iter().map(|k| k.span).chain(of_faults(&imdn.malformations)));
    let sdp = Sdp::parse(raw, within);
    inside(within, sdp.lines.iter().flat_map(|l| [l.line, l.value]).chain(of_faults(&sdp.malformations)));
    inside(within, (0..=sdp.media.len()).flat_map(|i| attributes(raw, sdp.section(i), "path")));
    let msrp = Msrp::parse(raw, within);
    inside(within, of_headers(&msrp.fields).chain(of_faults(&msrp.malformations)).chain([msrp.start_line, msrp.end_line]));
    inside(within, msrp.body);
    for encoding in ["base64", "quoted-printable", "8bit"] {
        let _ = undo_transfer_encoding(Some(encoding), within.of(raw));
    }
}

fn read_message(raw: &[u8]) -> Message {
    let all = Span::all(raw);
    let message = Message::parse(Bytes::copy_from_slice(raw));
    let mut at = 0;
    for tile in message.tiling() {
        assert_eq!(tile.from, at);
        at = tile.to;
    }
    assert_eq!(at, raw.len());
    inside(all, of_headers(&message.fields).chain(of_faults(&message.malformations)));
    let (found, malformations) = bodies(&message);
    inside(all, found.iter().map(|b| b.span).chain(of_faults(&malformations)));
    inside(all, of_faults(&values::malformations(&message)));
    let inspection = inspect(message.raw.clone());
    inside(all, inspection.headers.iter().map(|h| h.span).chain(of_faults(&inspection.malformations)).chain([inspection.body]));
    serde_json::to_string(&inspection).unwrap();
    let _ = (message.cseq(), message.call_id(), message.tag("From"), message.branch(), message.content_type(), message.elements("m"));
    message
}

#[test]
fn mutations_of_the_corpus_are_read_without_panic() {
    let corpus = corpus();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for round in 0..60 {
        for (i, file) in corpus.iter().enumerate() {
            let mut raw = file.clone();
            mutate(&mut raw, &corpus[(i + round + 1) % corpus.len()], &mut dice);
            let message = read_message(&raw);
            for field in message.fields.iter().take(30) {
                read_values(&raw, field.value);
            }
            read_bodies(&raw, message.body, "b7");
            let from = dice.below(raw.len() + 1);
            let within = Span::new(from, from + dice.below(raw.len() - from + 1));
            read_values(&raw, within);
            read_bodies(&raw, within, "7a9c");
        }
    }
}

#[test]
fn ranges_beyond_the_message_are_no_panic() {
    for (raw, within) in [(&b""[..], Span::new(0, 9)), (b"a;b=\"c", Span::new(3, 99)), (b"abc", Span::new(50, 60))] {
        let _ = (Parametered::parse(raw, within), NameAddr::parse(raw, within), digest(raw, within), split(raw, within, b';'));
        let _ = (Cpim::parse(raw, within), Multipart::parse(raw, within, "b"), List::parse(raw, within), Imdn::parse(raw, within));
        let _ = (Sdp::parse(raw, within), Msrp::parse(raw, within), ContentType::parse(raw, within));
    }
}

#[test]
fn the_worst_of_each_grammar_is_read_in_linear_time() {
    for piece in [
        &b";"[..],
        b",",
        b"\"",
        b"<",
        b">",
        b"\\",
        b"\r\n",
        b"\n",
        b"\n ",
        b"a:\n",
        b":",
        b"a=b;",
        b"%",
        b"%41",
        b"\x00",
        b"\xff",
        b"=",
        b"&a=",
        b"--b\r\n",
        b"--b\r\n\r\n",
        b"<a>",
        b"<a b='",
        b"<a xmlns:a='b'>",
        b"NS: a <b>\r\n",
        b"a.b: c\r\n",
        b"m=\r\n",
        b"v=0\r\n",
        b"-------ab12",
        b"a@",
        b"[",
        b"sip:",
        b"l: 1\r\n",
        b"Via: a,b,c\r\n",
        b"<entry uri='a'/>",
    ] {
        let long = piece.repeat((256 << 10) / piece.len());
        for head in [&b""[..], b"A sip:a SIP/2.0\r\nc: message/cpim\r\n\r\n", b"A sip:a SIP/2.0\r\nTo: ", b"MSRP ab12 SEND\r\n"] {
            read_message(&[head, &long].concat());
        }
        let list = [b"<resource-lists xmlns='urn:ietf:params:xml:ns:resource-lists'><list>", &long[..200_000], b"</list></resource-lists>"]
            .concat();
        read_bodies(&list, Span::all(&list), "b");
        let within = Span::all(&long);
        read_values(&long, within);
        read_bodies(&long, within, "b");
    }
}

/// All that a framer gives for `stream`, cut into pieces as `cut` says.
fn frame(stream: &[u8], mut cut: impl FnMut() -> usize) -> (Vec<Framed>, usize) {
    let mut framer = Framer::new(Limits { head: 4 << 10, body: 4 << 10 });
    let mut framed = Vec::new();
    let mut rest = stream;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(cut().clamp(1, rest.len()));
        framer.push(now);
        framed.extend(std::iter::from_fn(|| framer.next()));
        rest = later;
    }
    (framed, framer.rest())
}

#[test]
fn a_stream_is_framed_alike_however_it_is_cut() {
    let corpus = corpus();
    let mut dice = Dice(42);
    for round in 0..40 {
        let mut stream = Vec::new();
        for _ in 0..6 {
            let mut raw = corpus[dice.below(corpus.len())].clone();
            if round % 2 == 1 {
                mutate(&mut raw, &corpus[dice.below(corpus.len())], &mut dice);
            }
            stream.extend(raw);
            if dice.below(3) == 0 {
                stream.extend(b"\r\n\r\n");
            }
        }
        let at_once = frame(&stream, || usize::MAX);
        assert_eq!(frame(&stream, || 1), at_once);
        assert_eq!(frame(&stream, || dice.below(700)), at_once);
    }
}

#[test]
fn a_stream_that_never_ends_a_message_is_framed_octet_by_octet_in_linear_time() {
    let mut framer = Framer::new(Limits { head: 1 << 20, body: 4 << 20 });
    for octet in b"A sip:a SIP/2.0\r\nX: ".iter().chain(std::iter::repeat_n(&b'x', 900_000)).chain(b"\r\nl: 2000000\r\n\r\n") {
        framer.push(&[*octet]);
        assert_eq!(framer.next(), None);
    }
    for _ in 0..1_999_999 {
        framer.push(b"b");
        assert_eq!(framer.next(), None);
    }
    framer.push(b"b");
    assert!(matches!(framer.next(), Some(Framed::Message { from: 0, .. })));
}
