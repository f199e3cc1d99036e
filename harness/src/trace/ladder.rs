//! The trace as a ladder: one column per party, one row per message, act and sight. For people; as text, or as SVG.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use super::{Event, LinkChange, Mark, Trace, Transport};
use crate::{
    report::escape,
    trace::{LinkId, Party},
    upper::Answer,
};

pub(crate) mod opening;
mod svg;

use opening::{Opening, opening};
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
    /// Number of the entry in the trace.
    entry: usize,
    at: Duration,
    what: What,
}

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
        let mut ladder = Self { parties, rows: Vec::new(), left_out: 0 };
        let column = |party: &Party| columns.get(party).copied().unwrap_or(0);
        let mut seen: HashSet<(LinkId, &Party, &[u8])> = HashSet::new();
        for (entry, at, event) in trace.entries().iter().enumerate().map(|(n, entry)| (n, entry.at, &entry.event)) {
            let what = match event {
                Event::Bytes { link, from, to, bytes } => {
                    let (label, whole) = match opening(bytes) {
                        Opening::Sip(label) | Opening::Msrp(label) => (label, true),
                        Opening::KeepAlive(label) => (label.to_owned(), false),
                        Opening::Other(label) => (label, false),
                    };
                    let again = whole && !seen.insert((*link, from, bytes));
                    What::Message { from: column(from), to: column(to), label: escape::shorten(&label, LABEL), again }
                }
                event => match note(event) {
                    Some((Some(party), label)) => What::Note { column: column(&party), label: shown(&label) },
                    Some((None, label)) => What::Step(shown(&label)),
                    None => continue,
                },
            };
            if ladder.rows.len() < limit {
                ladder.rows.push(Row { entry, at, what });
            } else {
                ladder.left_out += 1;
            }
        }
        ladder
    }

    /// What is said below a ladder that is not complete.
    fn remark(&self) -> Option<String> {
        (self.left_out > 0).then(|| format!("{} more rows are left out; the trace has them", self.left_out))
    }
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
            LinkChange::Opened { transport: Transport::Udp, .. } => None,
            LinkChange::Opened { transport: Transport::Tcp | Transport::Tls, protocol, from, to } => {
                let what = if protocol.is_sip() { String::new() } else { format!(" for {protocol}") };
                Some((Some(from.party.clone()), format!("connects from {} to {}{what}", from.address, to.address)))
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
    use bytes::Bytes;
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
}
