//! What is fuzzed: functions over any octets that may not panic, and whose results have to agree with each other.
//!
//! `fuzz_targets/` calls them with octets of libFuzzer, `harness/tests/torture_targets.rs` with seeded mutations of the corpus.

use bytes::Bytes;
use harness::wire::{
    Malformation, Span,
    bodies::bodies,
    cpim::Cpim,
    inspect::{Protocol, inspect_as},
    lists::List,
    mime::{ContentType, Multipart, undo_transfer_encoding},
    msrp::{
        Msrp, MsrpFramer,
        assembly::{Assembly, Limits as Keeps},
        range::{ByteRange, Status},
        uri::{MsrpUri, path, same},
    },
    rtp::{Compound, Packet},
    sdp::{self, FileSelector, Sdp, accept_types, attributes},
    sip::Message,
    stream::{Framed, Framer, Limits},
    values,
};

/// What is done with the octets of one case.
pub type Target = fn(&[u8]);

/// All targets, by name.
pub const TARGETS: [(&str, Target); 9] = [
    ("sip", sip),
    ("sdp", sdp),
    ("msrp", msrp),
    ("msrp_stream", msrp_stream),
    ("msrp_assembly", msrp_assembly),
    ("cpim", cpim),
    ("multipart", multipart),
    ("resource_lists", resource_lists),
    ("rtp", rtp),
];

fn inside(raw: &[u8], spans: impl IntoIterator<Item = Span>) {
    for span in spans {
        assert!(span.from <= span.to && span.to <= raw.len(), "{span:?} leaves the {} octets", raw.len());
    }
}

fn places(malformations: &[Malformation]) -> impl Iterator<Item = Span> + '_ {
    malformations.iter().map(|m| m.span)
}

/// Whatever it is taken for, its tiles are the octets, and it can be written as JSON.
fn opened(raw: &[u8], hint: Protocol) {
    let inspection = inspect_as(Bytes::copy_from_slice(raw), Some(hint));
    let mut at = 0;
    for tile in &inspection.tiles {
        assert_eq!(tile.from, at);
        at = tile.to;
    }
    assert_eq!(at, raw.len());
    inside(raw, inspection.headers.iter().map(|h| h.span).chain(inspection.parts.iter().map(|p| p.span)));
    inside(raw, places(&inspection.malformations).chain([inspection.body]));
}

/// One SIP message with its bodies; as a stream the same, however it is cut.
pub fn sip(raw: &[u8]) {
    let message = Message::parse(Bytes::copy_from_slice(raw));
    inside(raw, places(&message.malformations).chain(message.fields.iter().flat_map(|f| [f.line, f.name, f.value])));
    let (found, malformations) = bodies(&message);
    inside(raw, found.iter().map(|b| b.span).chain(places(&malformations)));
    inside(raw, places(&values::malformations(&message)));
    opened(raw, Protocol::Sip);
    let limits = Limits { head: 4 << 10, body: 4 << 10 };
    let frames = |size: usize| {
        let mut framer = Framer::new(limits);
        let mut frames = Vec::new();
        for piece in raw.chunks(size) {
            framer.push(piece);
            frames.extend(std::iter::from_fn(|| framer.next()));
        }
        frames
    };
    assert_eq!(frames(1 + raw.len() % 7), frames(usize::MAX));
}

/// One session description, with all that is read off it.
pub fn sdp(raw: &[u8]) {
    let all = Span::all(raw);
    let sdp = Sdp::parse(raw, all);
    inside(raw, sdp.lines.iter().flat_map(|l| [l.line, l.value]).chain(places(&sdp.malformations)));
    inside(raw, places(&sdp::values::malformations(raw, &sdp)));
    for number in 0..=sdp.media.len() {
        inside(raw, sdp.media_line(raw, number).into_iter().flat_map(|m| [m.kind, m.port_text, m.proto].into_iter().chain(m.formats)));
        inside(raw, sdp.connection(raw, number).into_iter().flat_map(|c| [c.net, c.kind, c.address]));
        inside(raw, sdp.direction(raw, number).1);
        for name in ["path", "setup", "file-selector", "accept-types"] {
            inside(raw, sdp.effective(raw, number, name));
            inside(raw, attributes(raw, sdp.section(number), name));
        }
    }
    inside(raw, sdp.origin(raw).into_iter().flat_map(|o| [o.user, o.session, o.version, o.address.address]));
    let _ = sdp.msrp_section(raw);
    let selector = FileSelector::parse(raw, all);
    inside(raw, selector.name.into_iter().chain(selector.size_text).chain(selector.kind).chain(places(&selector.malformations)));
    inside(raw, selector.hashes.iter().flat_map(|(a, h)| [*a, *h]));
    let _ = selector.file_name(raw);
    let (types, malformations) = accept_types(raw, all);
    inside(raw, types.into_iter().chain(places(&malformations)));
    opened(raw, Protocol::Sdp);
}

/// One MSRP message, and its values on their own.
pub fn msrp(raw: &[u8]) {
    let all = Span::all(raw);
    let msrp = Msrp::parse(raw, all);
    inside(raw, places(&msrp.malformations).chain(msrp.fields.iter().flat_map(|f| [f.line, f.name, f.value])));
    inside(raw, [msrp.start_line, msrp.transaction, msrp.comment, msrp.end_line].into_iter().chain(msrp.body).chain(msrp.method));
    for uri in path(raw, all) {
        let uri = MsrpUri::parse(raw, uri);
        inside(raw, [uri.span, uri.scheme, uri.host, uri.session, uri.transport].into_iter().chain(uri.userinfo).chain(uri.port_text));
        inside(raw, uri.params.iter().flat_map(|(name, value)| [Some(*name), *value]).flatten().chain(places(&uri.malformations)));
        let text = uri.span.text(raw).into_owned();
        assert!(uri.scheme.is_empty() || uri.span.text(raw).contains('\u{fffd}') || same(&text, &text), "{text:?} is not itself");
        let _ = uri.address(raw);
    }
    let (range, malformations) = ByteRange::parse(raw, all);
    inside(raw, places(&malformations));
    assert!(!malformations.is_empty() || range.to_string().parse() == Ok(range));
    let _ = String::from_utf8_lossy(raw).parse::<Status>();
    opened(raw, Protocol::Msrp);
    // What a framer cuts out ends where the view of it ends, and the view of it names nothing behind its end.
    let mut framer = MsrpFramer::new(MsrpFramer::LIMITS);
    framer.push(raw);
    while let Some(frame) = framer.next() {
        let Framed::Message { bytes, .. } = frame else { continue };
        let msrp = Msrp::parse(&bytes, Span::all(&bytes));
        assert_eq!(msrp.end_line.to, bytes.len());
        assert!(msrp.flag.is_some() && !msrp.end_line.is_empty());
    }
}

/// One direction of an MSRP connection: however it is cut, the same comes out, and nothing gets lost. The first octets say where
/// it is cut.
pub fn msrp_stream(raw: &[u8]) {
    let (cuts, stream) = raw.split_at(raw.len().min(8));
    let limits = Limits { head: 2 << 10, body: 4 << 10 };
    let mut at_once = MsrpFramer::new(limits);
    at_once.push(stream);
    let whole: Vec<Framed> = std::iter::from_fn(|| at_once.next()).collect();
    let mut framer = MsrpFramer::new(limits);
    let mut pieces = Vec::new();
    let mut rest = stream;
    let mut sizes = cuts.iter().cycle();
    while !rest.is_empty() {
        let size = 1 + usize::from(sizes.next().copied().unwrap_or_default() % 64);
        let (now, later) = rest.split_at(size.min(rest.len()));
        framer.push(now);
        pieces.extend(std::iter::from_fn(|| framer.next()));
        rest = later;
    }
    assert_eq!(pieces, whole);
    let mut at = 0;
    for frame in whole {
        let (from, len) = match frame {
            Framed::Message { from, bytes } => (from, bytes.len()),
            Framed::Garbage { from, len } | Framed::KeepAlive { from, len } => (from, len),
            Framed::TooLarge { from } => {
                assert_eq!(from, at);
                return;
            }
        };
        assert_eq!(from, at);
        at += len as u64;
    }
    assert_eq!(at + framer.rest() as u64, stream.len() as u64);
    assert_eq!(framer.finish().map_or(0, |(_, rest)| rest.len()), at_once.rest());
}

/// Chunks out of the octets, put together and compared with a plain array: four octets make a chunk (place, length, flag,
/// content).
pub fn msrp_assembly(raw: &[u8]) {
    const MOST: usize = 600;
    let mut assembly = Assembly::new(Keeps { content: 400, pieces: 20 });
    let (mut model, mut end) = (vec![None::<u8>; MOST], None);
    for chunk in raw.chunks_exact(4).take(200) {
        let [place, length, flag, content] = chunk else { continue };
        let octets: Vec<u8> = (0..*length % 70).map(|i| content.wrapping_add(i)).collect();
        let range = ByteRange { start: u64::from(*place) + 1, end: None, total: (flag % 5 == 0).then(|| u64::from(*content)) };
        let flag = match flag % 16 {
            0 => Some(b'$'),
            1..=8 => Some(b'+'),
            _ => None,
        };
        if assembly.push(range, &octets, flag).is_err() {
            continue;
        }
        for (slot, octet) in model.iter_mut().skip(usize::from(*place)).zip(&octets) {
            *slot = Some(*octet);
        }
        if flag == Some(b'$') {
            end = Some(usize::from(*place) + octets.len());
        }
        assert_eq!(assembly.received(), model.iter().flatten().count() as u64);
        let there = end.is_some_and(|end| model.iter().take(end).all(Option::is_some));
        assert_eq!(assembly.complete(), there);
        for (from, to) in assembly.gaps() {
            let to = to.map_or(MOST, |to| usize::try_from(to).unwrap_or(MOST).min(MOST));
            let from = usize::try_from(from - 1).unwrap_or(MOST).min(to);
            assert!(model[from..to].iter().all(Option::is_none));
        }
        assert!(assembly.conflicts().iter().all(|(from, to)| from <= to));
        if there {
            let wanted: Vec<u8> = model.iter().take(end.unwrap_or_default()).flatten().copied().collect();
            assert_eq!(assembly.clone().content().ok().as_deref(), Some(&*wanted));
        }
    }
}

/// One CPIM message.
pub fn cpim(raw: &[u8]) {
    let cpim = Cpim::parse(raw, Span::all(raw));
    let fields = cpim.headers.iter().chain(&cpim.mime).flat_map(|h| [h.line, h.name, h.value]);
    inside(raw, fields.chain(places(&cpim.malformations)).chain([cpim.content]));
    let _ = (cpim.all(raw, "imdn.Message-ID").count(), cpim.all(raw, "From").count(), cpim.decoded(raw), cpim.content_type(raw));
    opened(raw, Protocol::Cpim);
}

/// A multipart body, by the boundary of its first line and by a short one.
pub fn multipart(raw: &[u8]) {
    let all = Span::all(raw);
    let kind = ContentType::parse(raw, all);
    let first = kind.boundary(raw).unwrap_or_default().into_owned();
    for boundary in ["b", "simple", first.as_str()] {
        let multipart = Multipart::parse(raw, all, boundary);
        inside(raw, places(&multipart.malformations).chain([multipart.preamble, multipart.epilogue]));
        for part in &multipart.parts {
            inside(raw, part.headers.iter().flat_map(|h| [h.line, h.name, h.value]).chain([part.span, part.body]));
            assert!(part.span.from <= part.body.from && part.body.to <= part.span.to);
        }
    }
    for encoding in ["base64", "quoted-printable", "8bit"] {
        let _ = undo_transfer_encoding(Some(encoding), raw);
    }
    opened(raw, Protocol::Mime);
}

/// A recipient list, and the same octets as a notification.
pub fn resource_lists(raw: &[u8]) {
    let list = List::parse(raw, Span::all(raw));
    inside(raw, list.entries.iter().map(|e| e.span).chain(places(&list.malformations)));
    opened(raw, Protocol::Lists);
    opened(raw, Protocol::Imdn);
}

/// A packet of RTP, and the same octets as RTCP.
pub fn rtp(raw: &[u8]) {
    let (packet, compound) = (Packet::parse(raw), Compound::parse(raw));
    let tiles = |spans: Vec<Span>| spans.into_iter().fold(0, |at, span| if span.from == at { span.to } else { usize::MAX });
    assert_eq!(tiles(packet.tiles().to_vec()), raw.len());
    assert_eq!(tiles(compound.packets.iter().map(|packet| packet.span).chain([compound.rest]).collect()), raw.len());
    inside(raw, places(&packet.malformations).chain(places(&compound.malformations)).chain(compound.names().map(|(_, name)| name)));
}
