//! What a large message costs: 10 MiB in chunks of 2,048 octets from one end of an MSRP session to the other, each chunk answered,
//! everything recorded, read off the trace and put together again with its evidence.
//!
//! First the peak of memory (`VmHWM`, Linux), in processes of their own, then the speed.

#![expect(clippy::unwrap_used, reason = "a bench that cannot begin has nothing to measure")]

use std::{env, fs, hint::black_box, net::SocketAddr, process::Command, time::Duration};

use bytes::Bytes;
use criterion::{Criterion, Throughput};
use harness::{
    bench::{
        Bench, Carrier, Reach, Seat,
        memory::Memory,
        net::{Net, Service},
        record::Recorder,
    },
    role::{
        Actor, Hop, Input, Output,
        msrp::{Endpoint, Event, Terms, Wish},
    },
    trace::{Party, Protocol, Transport, jsonl},
    wire::Span,
};

/// Octets of the message.
const LARGE: usize = 10 << 20;

/// Set for a process that plays once and says how much memory that took.
const ONCE: &str = "CPMSPEC_BENCH_MEDIA";

/// One end of a session.
struct Speaker {
    endpoint: Endpoint,
    connect: Option<Output>,
    done: bool,
}

impl Actor for Speaker {
    fn handle(&mut self, now: Duration, input: Input) {
        match input {
            Input::Bytes { hop, bytes } => self.endpoint.receive(now, hop, &bytes),
            Input::Closed { hop } => self.endpoint.closed(hop),
            _ => self.endpoint.tick(now),
        }
        while let Some((_, event)) = self.endpoint.event() {
            self.done |= matches!(event, Event::Received { content, .. } if content.len() == LARGE);
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.connect.take().or_else(|| self.endpoint.poll().map(|(hop, bytes)| Output::Transmit { hop, bytes }))
    }

    fn deadline(&self) -> Option<Duration> {
        self.connect.as_ref().map(|_| Duration::ZERO).or_else(|| self.endpoint.deadline())
    }

    fn idle(&self, _: Duration, _: Duration) -> bool {
        true
    }
}

fn content() -> Bytes {
    let line = b"All work and no play makes Jack a dull boy, and the 78th octet ends the line.\r\n";
    Bytes::from(line.iter().copied().cycle().take(LARGE).collect::<Vec<u8>>())
}

/// Plays once; gives how many ranges of evidence the whole content has.
async fn play(transport: Transport, sockets: bool, content: Bytes, file: bool) -> usize {
    let at = |text: &str| -> SocketAddr { text.parse().unwrap() };
    let (hop, carrier) = if sockets {
        let service = Service::bind(Protocol::Msrp, transport, at("127.0.0.1:0")).await.unwrap();
        (service.hop, Carrier::Net(Net::start(Vec::new(), vec![(0, service)])))
    } else {
        (Hop::over(Protocol::Msrp, transport, at("192.0.2.3:2855")), Carrier::Memory(Memory::default()))
    };
    let own = at("127.0.0.1:5060");
    let terms = Terms { accept: vec!["*".to_owned()], ..Terms::default() };
    let (mut bob, mut sut) = (Endpoint::new(1), Endpoint::new(2));
    let (path, back) = (bob.uri(hop.address, false), sut.uri(own, false));
    let session = bob.open(vec![path.clone()], terms.clone());
    bob.set_remote(session, vec![back.clone()]);
    let session = sut.open(vec![back], terms);
    sut.set_remote(session, vec![path]);
    sut.bind(Duration::ZERO, session, hop);
    sut.send(Duration::ZERO, session, Wish::new("m1", "text/plain", content));
    let actor = |endpoint, connect| Box::new(Speaker { endpoint, connect, done: false });
    let connect = Output::Connect { hop, fingerprint: None };
    let seats = vec![
        Seat { party: Party::new("Bob"), actor: actor(bob, None), outer: None, inner: None, services: vec![hop] },
        Seat { party: Party::sut(), actor: actor(sut, Some(connect)), outer: Some(own), inner: None, services: Vec::new() },
    ];
    let recorder = if file {
        let head = jsonl::Head {
            schema: jsonl::SCHEMA.to_owned(),
            feature: "bench".to_owned(),
            scenario: "bench".to_owned(),
            line: 1,
            transport: Transport::Udp,
        };
        Recorder::to_file(tempfile::tempfile().unwrap(), &head)
    } else {
        Recorder::default()
    };
    let mut bench = Bench::new(recorder, seats, Reach::Embedded, carrier);
    let complete = |bench: &Bench| bench.record.messages().wholes().iter().any(harness::trace::view::Whole::complete);
    assert!(bench.until(Duration::from_secs(60), complete).await);
    let whole = bench.record.messages().wholes().iter().find(|whole| whole.complete()).unwrap();
    let body = whole.msrp().body.unwrap();
    assert_eq!(body.len(), LARGE);
    let ranges = black_box(whole.evidence(Span::new(body.from, body.to))).len();
    assert!(bench.close_down().await.1.is_empty());
    ranges
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

const KINDS: [(&str, Transport, bool); 3] =
    [("memory link", Transport::Tcp, false), ("loopback, TCP", Transport::Tcp, true), ("loopback, TLS", Transport::Tls, true)];

/// A line of `/proc/self/status`, in octets.
fn status(name: &str) -> Option<usize> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim_start_matches(':').trim().trim_end_matches(" kB").parse::<usize>().ok()? << 10)
}

/// Plays once and says the peak over what there was before.
fn once(kind: usize) {
    let (name, transport, sockets) = KINDS[kind];
    let content = content();
    let before = status("VmRSS");
    runtime().block_on(play(transport, sockets, content, true));
    if let (Some(before), Some(peak)) = (before, status("VmHWM")) {
        let more = peak.saturating_sub(before + LARGE);
        println!("{name}: peak {:.1} MB over the message of {:.1} MB", more as f64 / 1e6, LARGE as f64 / 1e6);
    }
}

fn main() {
    if let Some(kind) = env::var(ONCE).ok().and_then(|kind| kind.parse().ok()) {
        return once(kind);
    }
    for kind in 0..KINDS.len() {
        Command::new(env::current_exe().unwrap()).env(ONCE, kind.to_string()).status().unwrap();
    }
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    let mut group = criterion.benchmark_group("a message of 10 MiB in chunks of 2,048 octets");
    group.throughput(Throughput::Bytes(LARGE as u64));
    let (runtime, content) = (runtime(), content());
    for (name, transport, sockets) in KINDS {
        group.bench_function(name, |bencher| bencher.iter(|| runtime.block_on(play(transport, sockets, content.clone(), false))));
    }
    group.bench_function("memory link, with its file", |bencher| {
        bencher.iter(|| runtime.block_on(play(Transport::Tcp, false, content.clone(), true)));
    });
    group.finish();
    criterion.final_summary();
}
