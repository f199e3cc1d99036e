//! What RFC 3261 lets two conformant clients do differently changes no verdict: the reference says the same in other octets.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use harness::{
    bench::stage::Wrap,
    role::{Actor, Hop, Input, Output},
    trace::{Protocol, Transport},
    verdict::{Reason, Verdict},
};
use pretty_assertions::assert_eq;
use suite::{
    cases,
    files::Suite,
    run::{self, Setup, Who},
};

/// Changes what a client is about to send, all that it says at one time.
type Rewrite = fn(Vec<(Hop, Vec<u8>)>) -> Vec<(Hop, Vec<u8>)>;

/// A client that says everything in other octets.
struct Reworded {
    client: Box<dyn Actor>,
    rewrite: Rewrite,
    out: VecDeque<Output>,
}

impl Reworded {
    fn say(&mut self, said: Vec<(Hop, Vec<u8>)>) {
        self.out.extend((self.rewrite)(said).into_iter().map(|(hop, bytes)| Output::Transmit { hop, bytes: bytes.into() }));
    }
}

impl Actor for Reworded {
    fn handle(&mut self, now: Duration, input: Input) {
        self.client.handle(now, input);
        let mut said = Vec::new();
        while let Some(output) = self.client.poll() {
            match output {
                Output::Transmit { hop, bytes } if hop.protocol == Protocol::Sip => said.push((hop, bytes.to_vec())),
                // What is not signalling keeps its place among it.
                other => {
                    self.say(std::mem::take(&mut said));
                    self.out.push_back(other);
                }
            }
        }
        self.say(said);
    }

    fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    fn deadline(&self) -> Option<Duration> {
        self.client.deadline()
    }

    fn idle(&self, now: Duration, within: Duration) -> bool {
        self.client.idle(now, within)
    }

    fn reset(&mut self) {
        self.client.reset();
    }
}

/// Size above which a request leaves by TCP, octets (RFC 3261, 18.1.1).
const LARGE: usize = 1300;

/// The header fields of each message, names and values, changed.
fn fields(said: Vec<(Hop, Vec<u8>)>, change: impl Fn(Vec<(String, String)>) -> Vec<(String, String)>) -> Vec<(Hop, Vec<u8>)> {
    let reworded = |octets: Vec<u8>| {
        let end = octets.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole message");
        let head = String::from_utf8(octets[..end].to_vec()).expect("text");
        let (start, lines) = head.split_once("\r\n").expect("a header");
        let pair = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned())).expect("a header field");
        let changed = change(lines.split("\r\n").map(pair).collect());
        let lines: String = changed.iter().map(|(name, value)| format!("{name}:{value}\r\n")).collect();
        let said = |room: &str| [format!("{start}\r\n{lines}{room}\r\n").as_bytes(), &octets[end + 4..]].concat();
        let shorter = octets.len().saturating_sub(said("").len());
        // What left by TCP for its size keeps that size (RFC 3261, 18.1.1): other octets, not another message.
        if octets.len() > LARGE && shorter > 0 { said(&format!("X-Room:{}\r\n", "x".repeat(shorter))) } else { said("") }
    };
    said.into_iter().map(|(hop, octets)| (hop, reworded(octets))).collect()
}

/// Each name, and each value with the space in front of it, changed.
fn each(said: Vec<(Hop, Vec<u8>)>, change: impl Fn(String, String) -> (String, String)) -> Vec<(Hop, Vec<u8>)> {
    fields(said, |fields| fields.into_iter().map(|(name, value)| change(name, format!(" {value}"))).collect())
}

/// Compact forms (RFC 3261, 7.3.3; RFC 3841, 10), apart from the table of the code that is tested.
const COMPACT: [(&str, &str); 9] = [
    ("Accept-Contact", "a"),
    ("Call-ID", "i"),
    ("Contact", "m"),
    ("Content-Length", "l"),
    ("Content-Type", "c"),
    ("From", "f"),
    ("Supported", "k"),
    ("To", "t"),
    ("Via", "v"),
];

/// Lists among what the client sends.
const LISTS: [&str; 8] = ["Accept", "Accept-Contact", "Allow", "Contact", "P-Preferred-Identity", "Require", "Supported", "Via"];

fn compact(name: String) -> String {
    COMPACT.iter().find(|(long, _)| *long == name).map_or(name, |(_, letter)| (*letter).to_owned())
}

/// The elements of a comma-separated list; commas in quotes and in angle brackets separate nothing.
fn elements(value: &str) -> Vec<String> {
    let (mut found, mut quoted, mut bracketed) = (vec![String::new()], false, false);
    for c in value.chars() {
        match c {
            '"' => quoted = !quoted,
            '<' | '>' if !quoted => bracketed = c == '<',
            ',' if !quoted && !bracketed => {
                found.push(String::new());
                continue;
            }
            _ => {}
        }
        found.last_mut().expect("one at least").push(c);
    }
    found
}

async fn played(who: Who, transport: Transport) -> BTreeMap<(String, usize, String, String), Vec<(Verdict, Option<Reason>, String)>> {
    let suite = Arc::new(Suite::embedded().expect("a suite"));
    let cases = cases::cases(&suite);
    let mut setup = Setup::memory(suite, who);
    setup.transport = transport;
    let mut verdicts = BTreeMap::new();
    for finished in run::play(Arc::new(setup), &cases, 1).await {
        assert_eq!(finished.faults, Vec::<String>::new());
        for line in finished.lines {
            // Whoever writes at greater length comes nearer to the limit of a pager mode message.
            let of_octets = |expected: &str| expected.contains("RFC 3428, 8");
            // Of a proxy it is noted what it adds.
            let of_proxy = |expected: &str| expected == "no header field that did not come";
            let noted = |expected: &str| of_octets(expected) || of_proxy(expected);
            let found: Vec<_> =
                line.findings.iter().filter(|f| !noted(&f.expected)).map(|f| format!("{}; {}", f.expected, f.observed)).collect();
            let place = (line.feature, line.line, line.scenario, line.requirement);
            verdicts.entry(place).or_insert_with(Vec::new).push((line.verdict, line.reason, found.join(" / ")));
        }
    }
    verdicts
}

async fn changes_nothing(wrap: Wrap, transport: Transport) {
    let plain = played(Who::Reference(Vec::new()), transport).await;
    let other = played(Who::Wrapped(wrap), transport).await;
    assert!(plain.len() > 300, "{} lines", plain.len());
    let differing: Vec<_> = other.iter().filter(|(place, verdicts)| plain.get(*place) != Some(verdicts)).collect();
    assert_eq!(differing, []);
    assert_eq!(other.len(), plain.len());
}

/// One test for each rewrite of what is said, over the transports named.
macro_rules! benign {
    ($($name:ident over $($transport:ident)+: $rewrite:expr;)*) => {$(
        #[tokio::test]
        async fn $name() {
            let wrap: Wrap = |client| Box::new(Reworded { client, rewrite: $rewrite, out: VecDeque::new() });
            $(changes_nothing(wrap, Transport::$transport).await;)+
        }
    )*};
}

benign! {
    compact_names over Udp Tcp: |said| each(said, |name, value| (compact(name), value));
    names_in_lower_case over Udp: |said| each(said, |name, value| (name.to_ascii_lowercase(), value));
    names_in_upper_case over Udp: |said| each(said, |name, value| (name.to_ascii_uppercase(), value));
    white_space_around_the_colon over Udp: |said| each(said, |name, value| (format!("{name} \t"), format!("\t {value}")));
    no_white_space_behind_the_colon over Udp: |said| each(said, |name, value| (name, value.trim_start().to_owned()));
    folded_lines over Udp Tcp: |said| each(said, |name, value| {
        // In CSeq and Via any white space may be folded; elsewhere, for certain, that behind the colon.
        let spaces = if matches!(name.as_str(), "CSeq" | "Via") { usize::MAX } else { 1 };
        (name, value.replacen(' ', "\r\n \t", spaces))
    });
    header_fields_in_another_order over Udp Tcp: |said| fields(said, |mut fields| {
        // Those of one name keep their order.
        fields.sort_by(|a, b| b.0.cmp(&a.0));
        fields
    });
    unknown_header_fields over Udp: |said| fields(said, |mut fields| {
        fields.insert(0, ("X-First".into(), "<sip:x@example.com>;a=\"b, c\", d".into()));
        fields.push(("X-Last".into(), String::new()));
        fields
    });
    lists_split_over_fields over Udp: |said| fields(said, |fields| {
        let split = |(name, value): (String, String)| {
            let elements = if LISTS.contains(&name.as_str()) { elements(&value) } else { vec![value] };
            elements.into_iter().map(move |element| (name.clone(), element)).collect::<Vec<_>>()
        };
        fields.into_iter().flat_map(split).collect()
    });
    datagrams_that_come_twice over Udp: |said| {
        said.into_iter().flat_map(|said| vec![said.clone(); if said.0.transport == Transport::Udp { 2 } else { 1 }]).collect()
    };
    segments_of_one_octet over Tcp: |said| {
        said.into_iter().flat_map(|(hop, octets)| octets.into_iter().map(move |octet| (hop, vec![octet]))).collect()
    };
    messages_in_one_segment over Tcp: |said| {
        let mut joined: Vec<(Hop, Vec<u8>)> = Vec::new();
        for (hop, octets) in said {
            match joined.last_mut() {
                Some((last, before)) if *last == hop => before.extend(octets),
                _ => joined.push((hop, octets)),
            }
        }
        joined
    };
    empty_lines_between_messages over Tcp: |said| said.into_iter().map(|(hop, octets)| (hop, [b"\r\n", &octets[..]].concat())).collect();
}
