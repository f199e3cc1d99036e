//! The trace as a ladder: one column per party, one row per message, act and sight. For people; as text, or as SVG.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use bytes::Bytes;

use super::{
    Event, LinkChange, Mark, Protocol, Trace,
    carried::{Carried, carried},
    streams,
};
use crate::{
    report::escape,
    trace::{LinkId, Party},
    upper::Answer,
};

pub(crate) mod opening;
mod svg;

use opening::{Opening, line, msrp, opening};
pub use svg::svg;
pub(crate) use svg::svg_with;

/// Most columns; further parties share the last one.
pub const COLUMNS: usize = 12;

/// Most rows; what follows is counted.
pub const ROWS: usize = 2000;

/// Longest label that a row keeps, in characters.
const LABEL: usize = 200;

/// A trace laid out, before it is drawn. Texts are visible, but not escaped for any markup.
struct Ladder {
    parties: Vec<String>,
    rows: Vec<Row>,
    /// Rows beyond [`ROWS`].
    left_out: usize,
}

struct Row {
    /// Number of the entry in the trace; of a message the last one that holds some of it.
    entry: usize,
    at: Duration,
    what: What,
    /// The link whose transfer this row is a part of: a chunk, its response, octets of a message that is not complete.
    part_of: Option<LinkId>,
}

/// Rows of one transfer that stand in full; of more, the first and the last ones, as many as these.
const TRANSFER: (usize, usize, usize) = (10, 4, 2);

enum What {
    /// An arrow between two columns, which may be the same.
    Message { from: usize, to: usize, label: String, again: bool },
    /// A note at a column.
    Note { column: usize, label: String },
    /// A line across all columns: a step begins.
    Step(String),
}

impl Ladder {
    fn of(trace: &Trace, limit: usize) -> Self {
        let (parties, columns) = columns(trace);
        let column = |party: &Party| columns.get(party).copied().unwrap_or(0);
        let mut rows = Vec::new();
        let mut seen: HashSet<(LinkId, Party, Bytes)> = HashSet::new();
        let messages = carried(trace);
        let streams = streams::told(&messages);
        let mut messages = messages.into_iter().peekable();
        for (entry, at, event) in trace.entries().iter().enumerate().map(|(n, entry)| (n, entry.at, &entry.event)) {
            while let Some(message) = messages.next_if(|message| message.entries.1 == entry) {
                let (label, whole, part) = match streams.get(&entry) {
                    Some(None) => continue,
                    Some(Some(label)) => (label.clone(), false, false),
                    None => told(&message),
                };
                let again = whole && !seen.insert((message.link, message.from.clone(), message.bytes.clone()));
                let (from, to) = (column(&message.from), column(&message.to));
                let what = What::Message { from, to, label: escape::shorten(&label, LABEL), again };
                rows.push(Row { entry, at, what, part_of: part.then_some(message.link) });
            }
            let what = match note(event) {
                Some((Some(party), label)) => What::Note { column: column(&party), label: shown(&label) },
                Some((None, label)) => What::Step(shown(&label)),
                None => continue,
            };
            rows.push(Row { entry, at, what, part_of: None });
        }
        let mut rows = without_middles(rows);
        let left_out = rows.len().saturating_sub(limit);
        rows.truncate(limit);
        Self { parties, rows, left_out }
    }

    /// What is said below a ladder that is not complete.
    fn remark(&self) -> Option<String> {
        (self.left_out > 0).then(|| format!("{} more rows are left out; the trace has them", self.left_out))
    }
}

/// The label of a message; whether it is one that may come again as it is, and whether it is part of a transfer.
fn told(message: &Carried) -> (String, bool, bool) {
    match (message.protocol, opening(&message.bytes)) {
        (Some(Protocol::Sip), Opening::Sip(label)) => (label, true, false),
        (Some(Protocol::Msrp | Protocol::Sip), Opening::Msrp(_)) => {
            let (label, part) = msrp(&message.bytes);
            (label, false, part)
        }
        (Some(Protocol::Imap), _) => (format!("IMAP {}", line(&message.bytes)), false, false),
        (Some(Protocol::Http), _) => (line(&message.bytes), false, false),
        (Some(_), Opening::KeepAlive(label)) => (label.to_owned(), false, false),
        (None, Opening::KeepAlive(label)) => (label.to_owned(), false, false),
        (_, Opening::Other(label) | Opening::Sip(label) | Opening::Msrp(label)) => (label, false, message.protocol.is_none()),
    }
}

/// Lets a note stand in place of the middle of a long transfer.
fn without_middles(rows: Vec<Row>) -> Vec<Row> {
    let (most, first, last) = TRANSFER;
    let mut kept: Vec<Row> = Vec::new();
    let mut rows = rows.into_iter().peekable();
    while let Some(row) = rows.next() {
        let part_of = row.part_of;
        let mut run = vec![row];
        while let Some(row) = rows.next_if(|row| part_of.is_some() && row.part_of == part_of) {
            run.push(row);
        }
        if run.len() <= most {
            kept.append(&mut run);
            continue;
        }
        let tail = run.split_off(run.len() - last);
        let middle = run.split_off(first);
        kept.append(&mut run);
        if let (Some(begin), Some(end)) = (middle.first(), middle.last()) {
            let column = match begin.what {
                What::Message { from, .. } => from,
                _ => 0,
            };
            let label = format!("{} more messages of this transfer, entries {} to {}", middle.len(), begin.entry, end.entry);
            kept.push(Row { entry: begin.entry, at: begin.at, what: What::Note { column, label }, part_of: None });
        }
        kept.extend(tail);
    }
    kept
}

fn shown(label: &str) -> String {
    escape::shorten(&escape::visible(label), LABEL)
}

/// The columns' names, and which column a party has: the SUT first, then the parties that exchange octets, in the order of
/// their first message.
fn columns(trace: &Trace) -> (Vec<String>, HashMap<Party, usize>) {
    let mut names = vec![Party::sut().to_string()];
    let mut of = HashMap::from([(Party::sut(), 0)]);
    for entry in trace.entries() {
        let Event::Bytes { from, to, .. } = &entry.event else { continue };
        for party in [from, to] {
            if !of.contains_key(party) {
                of.insert(party.clone(), of.len().min(COLUMNS - 1));
                names.push(shown(party.name()));
            }
        }
    }
    if names.len() > COLUMNS {
        names.truncate(COLUMNS - 1);
        names.push("others".to_owned());
    }
    (names, of)
}

/// What an event other than octets says, and at whose column; none for a step. `None`: too small for a row.
fn note(event: &Event) -> Option<(Option<Party>, String)> {
    let at_sut = |label: String| Some((Some(Party::sut()), label));
    match event {
        Event::Bytes { .. } | Event::Answered { answer: Answer::Taken(_), .. } | Event::Mark(Mark::Stimulus(_)) => None,
        Event::Link { change, .. } => match change {
            LinkChange::Opened { transport, .. } if transport.is_datagram() => None,
            LinkChange::Opened { protocol, from, to, .. } => {
                let (caller, called) = (from.address, to.address);
                let what = if protocol.is_sip() { String::new() } else { format!("to {} for {protocol}, ", to.party) };
                Some((Some(from.party.clone()), format!("connects {what}from {caller} to {called}")))
            }
            LinkChange::Secured { version, .. } => at_sut(format!("{version} is up")),
            LinkChange::Unsecured(why) => at_sut(format!("TLS does not come up: {why}")),
            LinkChange::Closed(party) => Some((Some(party.clone()), "closes the connection".to_owned())),
            LinkChange::Reset(party) => Some((Some(party.clone()), "refuses or resets the connection".to_owned())),
            LinkChange::Limit(limit) => at_sut(format!("further octets are not kept: {limit}")),
        },
        Event::Asked { act, .. } => at_sut(format!("user: {}", act.name())),
        Event::Answered { answer, .. } => at_sut(match answer {
            Answer::Refused(why) => format!("refused: {why}"),
            Answer::NotNow(why) => format!("not now: {why}"),
            Answer::UnknownHandle(handle) => format!("unknown handle: {handle}"),
            Answer::Taken(_) | Answer::NoSuchAct => "the adapter has no such act".to_owned(),
        }),
        Event::Seen(sight) => at_sut(format!("user sees: {}", sight.name())),
        Event::Mark(mark) => match mark {
            Mark::Step { line, text } => Some((None, format!("line {line}: {text}"))),
            Mark::Barrier => at_sut("idle".to_owned()),
            Mark::Quiet(milliseconds) => at_sut(format!("quiet for {milliseconds} ms")),
            Mark::ProofOfLife(true) => at_sut("proof of life".to_owned()),
            Mark::ProofOfLife(false) => at_sut("no proof of life".to_owned()),
            Mark::SutLost(how) => at_sut(format!("lost: {how}")),
            Mark::Obstacle(what) => at_sut(format!("obstacle: {what}")),
            Mark::Stimulus(_) => None,
        },
    }
}

/// Characters left of the first column: the time.
const MARGIN: usize = 14;

/// The ladder as text: times in seconds on the left, numbers of the entries (`[4]`) on the right; what the SUT sent before
/// and sends again is flagged. Safe on a terminal.
#[must_use]
pub fn text(trace: &Trace) -> String {
    let ladder = Ladder::of(trace, ROWS);
    let gaps = ladder.parties.len().saturating_sub(1).max(1);
    let gap = (96 / gaps).clamp(24, 60);
    let width = MARGIN + gaps * gap + 1;
    let mut out = String::new();
    let mut names = vec![' '; width];
    for (column, name) in ladder.parties.iter().enumerate() {
        let name = escape::shorten(&escape::terminal(name), gap - 3);
        put(&mut names, (MARGIN + column * gap).saturating_sub(name.chars().count() / 2), &name);
    }
    push(&mut out, names);
    for row in &ladder.rows {
        let mut line = vec![' '; width];
        for column in 0..ladder.parties.len() {
            put(&mut line, MARGIN + column * gap, "|");
        }
        put(&mut line, 0, &format!("{:8.3}", row.at.as_secs_f64()));
        let mut again = "";
        match &row.what {
            What::Message { from, to, label, again: repeated } if from == to => {
                again = if *repeated { " again" } else { "" };
                put(&mut line, MARGIN + from * gap, &format!("( {} )", escape::terminal(label)));
            }
            What::Message { from, to, label, again: repeated } => {
                again = if *repeated { " again" } else { "" };
                let (left, right) = (MARGIN + from.min(to) * gap, MARGIN + from.max(to) * gap);
                put(&mut line, left + 1, &"-".repeat(right - left - 1));
                let (head, tip) = if from < to { (right - 1, ">") } else { (left + 1, "<") };
                put(&mut line, head, tip);
                let label = format!(" {} ", escape::shorten(&escape::terminal(label), right - left - 8));
                put(&mut line, left + (right - left).saturating_sub(label.chars().count()) / 2, &label);
            }
            What::Note { column, label } => put(&mut line, MARGIN + column * gap, &format!("* {}", escape::terminal(label))),
            What::Step(label) => {
                line.truncate(MARGIN - 3);
                put(&mut line, MARGIN - 3, &format!("== {}", escape::terminal(label)));
            }
        }
        if !matches!(row.what, What::Step(_)) {
            let end = line.len().max(width);
            put(&mut line, end, &format!("  [{}]{again}", row.entry));
        }
        push(&mut out, line);
    }
    if let Some(remark) = ladder.remark() {
        out.push_str(&remark);
        out.push('\n');
    }
    out
}

/// Writes `text` over `line` from `column` on.
fn put(line: &mut Vec<char>, column: usize, text: &str) {
    let chars = text.chars().count();
    if line.len() < column + chars {
        line.resize(column + chars, ' ');
    }
    for (place, c) in line.iter_mut().skip(column).zip(text.chars()) {
        *place = c;
    }
}

fn push(out: &mut String, line: Vec<char>) {
    let line: String = line.into_iter().collect();
    out.push_str(line.trim_end());
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::report::fixture;

    fn message(from: &str, to: &str, bytes: &'static [u8]) -> Event {
        Event::Bytes { link: LinkId(1), from: Party::new(from), to: Party::new(to), bytes: Bytes::from_static(bytes) }
    }

    #[test]
    fn a_ladder_shows_who_sent_what() {
        let ladders = ["scenarios/1/trace.jsonl", "scenarios/2/trace.jsonl"].map(|path| text(&fixture::trace(path).unwrap()));
        fixture::snapshot("ladder.txt", &ladders.join("\n"));
    }

    #[test]
    fn a_ladder_has_no_more_columns_than_it_says() {
        let names: Vec<String> = (0..30).map(|n| format!("fake {n}")).collect();
        let mut trace = Trace::default();
        for name in &names {
            trace.append(Duration::ZERO, message(name, "the SUT", b"\r\n"));
        }
        let ladder = Ladder::of(&trace, ROWS);
        assert_eq!(ladder.parties.len(), COLUMNS);
        assert_eq!(ladder.parties.last().map(String::as_str), Some("others"));
        assert!(text(&trace).contains("others"));
    }

    #[test]
    fn twelve_parties_keep_their_names() {
        let names: Vec<String> = (1..12).map(|n| format!("fake {n}")).collect();
        let mut trace = Trace::default();
        for name in names.iter().chain(&names) {
            trace.append(Duration::ZERO, message(name, "the SUT", b"\r\n"));
        }
        assert_eq!(Ladder::of(&trace, ROWS).parties.last().map(String::as_str), Some("fake 11"));
    }

    #[test]
    fn a_ladder_has_no_more_rows_than_it_says() {
        let mut trace = Trace::default();
        for _ in 0..ROWS + 5 {
            trace.append(Duration::ZERO, message("Bob", "the SUT", b"\r\n"));
        }
        assert!(text(&trace).ends_with("5 more rows are left out; the trace has them\n"));
    }

    #[test]
    fn an_empty_trace_has_a_ladder() {
        assert_eq!(text(&Trace::default()).trim(), "the SUT");
    }

    #[test]
    fn a_keep_alive_is_no_retransmission() {
        let mut trace = Trace::default();
        trace.append(Duration::ZERO, message("Bob", "the SUT", b"\r\n"));
        trace.append(Duration::ZERO, message("Bob", "the SUT", b"\r\n"));
        assert!(!text(&trace).contains("again"));
    }

    #[test]
    fn a_long_transfer_is_told_by_its_ends() {
        let mut trace = Trace::default();
        let end = |name: &str| crate::trace::Endpoint { party: Party::new(name), address: "192.0.2.1:2855".parse().unwrap() };
        let change =
            LinkChange::Opened { transport: crate::trace::Transport::Tls, protocol: Protocol::Msrp, from: end("the SUT"), to: end("Bob") };
        trace.append(Duration::ZERO, Event::Link { link: LinkId(1), change });
        for n in 0..1000 {
            let flag = if n == 999 { '$' } else { '+' };
            let chunk = format!("MSRP t{n} SEND\r\nByte-Range: {n}-{n}/1000\r\nContent-Type: a/b\r\n\r\nx\r\n-------t{n}{flag}\r\n");
            let response = format!("MSRP t{n} 200 OK\r\n-------t{n}$\r\n");
            for (from, to, text) in [("the SUT", "Bob", chunk), ("Bob", "the SUT", response)] {
                let event = Event::Bytes { link: LinkId(1), from: Party::new(from), to: Party::new(to), bytes: text.into() };
                trace.append(Duration::ZERO, event);
            }
        }
        let ladder = text(&trace);
        assert!(ladder.contains("connects to Bob for MSRP, from 192.0.2.1:2855"), "{ladder}");
        assert!(ladder.contains("1992 more messages of this transfer, entries 5 to 1996"), "{ladder}");
        assert!(ladder.contains("MSRP SEND 999-999/1000 $"), "{ladder}");
        assert_eq!(ladder.lines().count(), 11, "{ladder}");
    }
}
