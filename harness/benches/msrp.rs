//! What large messages cost: 10 MiB in chunks of 2048 octets, cut out of a stream, read, and put together.

#![expect(clippy::unwrap_used, reason = "a bench that cannot begin has nothing to measure")]

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use harness::wire::{
    Span,
    msrp::{Msrp, MsrpFramer, assembly::Assembly, range::ByteRange},
    stream::Framed,
};

const CONTENT: usize = 10 << 20;
const CHUNK: usize = 2048;

/// The stream as a sender writes it; the content is worst for a search by hyphens.
fn stream() -> Vec<u8> {
    let content: Vec<u8> = b"-------\r\n0123456789 abcdefghijklmnopqrstuvwxyz ".iter().copied().cycle().take(CONTENT).collect();
    let mut stream = Vec::with_capacity(CONTENT + CONTENT / 4);
    for (number, body) in content.chunks(CHUNK).enumerate() {
        let (from, to) = (number * CHUNK + 1, number * CHUNK + body.len());
        let flag = if to == CONTENT { '$' } else { '+' };
        let head = format!(
            "MSRP d93kswow{number:05} SEND\r\nTo-Path: msrp://bob.example.com:8888/9di4eae923wzd;tcp\r\nFrom-Path: msrp://alice.example.com:7777/iau39soe2843z;tcp\r\nMessage-ID: 12339sdqwer\r\nByte-Range: {from}-{to}/{CONTENT}\r\nContent-Type: message/cpim\r\n\r\n"
        );
        stream.extend_from_slice(head.as_bytes());
        stream.extend_from_slice(body);
        stream.extend_from_slice(format!("\r\n-------d93kswow{number:05}{flag}\r\n").as_bytes());
    }
    stream
}

/// The messages of the stream, which comes in segments of this many octets.
fn framed(stream: &[u8], segment: usize, mut each: impl FnMut(Bytes)) {
    let mut framer = MsrpFramer::new(MsrpFramer::LIMITS);
    for piece in stream.chunks(segment) {
        framer.push(piece);
        while let Some(frame) = framer.next() {
            let Framed::Message { bytes, .. } = frame else { panic!("the stream holds something else than messages") };
            each(bytes);
        }
    }
}

fn assembled(stream: &[u8]) -> Bytes {
    let mut assembly = Assembly::default();
    framed(stream, 16 << 10, |raw| {
        let msrp = Msrp::parse(&raw, Span::all(&raw));
        let range = ByteRange::parse(&raw, msrp.field(&raw, "Byte-Range").unwrap()).0;
        assembly.push(range, msrp.body.unwrap().of(&raw), msrp.flag).unwrap();
    });
    assembly.content().ok().unwrap()
}

fn benches(criterion: &mut Criterion) {
    let stream = stream();
    assert_eq!(assembled(&stream).len(), CONTENT);
    let mut group = criterion.benchmark_group("10 MiB in chunks of 2048 octets");
    group.throughput(Throughput::Bytes(CONTENT as u64)).sample_size(20);
    group.bench_function("cut, segments of 16 KiB", |b| b.iter(|| framed(&stream, 16 << 10, |raw| drop(black_box(raw)))));
    group.bench_function("cut, segments of 1448 octets", |b| b.iter(|| framed(&stream, 1448, |raw| drop(black_box(raw)))));
    group.bench_function("cut, read and put together", |b| b.iter(|| assembled(black_box(&stream))));
    let one = [
        b"MSRP d93kswow SEND\r\nTo-Path: msrp://b.example.com:8888/9;tcp\r\nFrom-Path: msrp://a.example.com:7777/i;tcp\r\nMessage-ID: 1233\r\nByte-Range: 1-*/*\r\nContent-Type: a/b\r\n\r\n".to_vec(),
        b"-------d93ksw\r\n".iter().copied().cycle().take(CONTENT).collect(),
        b"\r\n-------d93kswow$\r\n".to_vec(),
    ]
    .concat();
    group.bench_function("one chunk, cut", |b| b.iter(|| framed(&one, 16 << 10, |raw| drop(black_box(raw)))));
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
