//! The scenarios on the page: a ladder for each, and the entries of those in which something did not pass.

use std::{cell::Cell, collections::BTreeSet, rc::Rc};

use minijinja::{Value, context};

use super::{Page, raw, word};
use crate::{
    report::Played,
    trace::{Event, Trace, ladder},
    verdict::{Evidence, Verdict},
    wire::Span,
};

/// Rows of a ladder in the page; the first number where something did not pass.
const LADDER_ROWS: (usize, usize) = (400, 60);
/// Entries shown with one scenario.
const ENTRIES: usize = 400;

impl Page<'_> {
    pub(super) fn scenario(&self, played: &Played) -> Value {
        let number = played.number;
        let open = self.open.contains(&number);
        let trace = self.trace(&played.trace);
        let (mut ladder, mut note, mut entries) = (String::new(), String::new(), Vec::new());
        match &trace {
            None => note = format!("{} is not there", played.trace),
            Some(trace) => {
                ladder = self.ladder(played, trace, open);
                if ladder.is_empty() {
                    note = format!("The ladder is left out for the size of this page; see {}.", played.trace);
                }
                if open {
                    entries = told(trace).map(|entry| self.entry(&played.trace, entry, &[], &entry_id(number, entry))).collect();
                }
            }
        }
        if !open {
            // Nothing else will ask for it.
            self.loaded.borrow_mut().remove(&played.trace);
        }
        context! {
            number,
            title => &played.scenario,
            place => format!("{}:{}", played.feature, played.line),
            transport => played.transport.to_string(),
            trace => &played.trace,
            verdict => word(self.verdict(number)),
            ladder => Value::from_safe_string(ladder),
            note,
            open,
            entries,
        }
    }

    /// The worst verdict of the lines of a scenario.
    fn verdict(&self, number: usize) -> Verdict {
        let lines = self.report.requirements.iter().flat_map(|row| &row.lines).filter(|line| line.number == number);
        lines.map(|line| line.verdict).fold(Verdict::NotTested, Verdict::join)
    }

    fn ladder(&self, played: &Played, trace: &Trace, open: bool) -> String {
        let told: BTreeSet<usize> = if open { told(trace).collect() } else { BTreeSet::new() };
        let link = |entry: usize| told.contains(&entry).then(|| format!("#{}", entry_id(played.number, entry)));
        let title = format!("Scenario {}: {}", played.number, played.scenario);
        let (rows, room) = if open { (LADDER_ROWS.0, &self.room) } else { (LADDER_ROWS.1, &self.room_for_passes) };
        let ladder = ladder::svg_with(trace, &title, rows, &link);
        if take(room, ladder.len()) { ladder } else { String::new() }
    }

    fn trace(&self, name: &str) -> Option<Rc<Trace>> {
        self.loaded.borrow_mut().entry(name.to_owned()).or_insert_with(|| (self.load)(name).map(Rc::new)).clone()
    }

    /// Where the page shows the entry among those of its scenario.
    pub(super) fn link(&self, evidence: &Evidence) -> Option<String> {
        let number = self.numbers.get(evidence.trace.as_str()).filter(|number| self.open.contains(number))?;
        (evidence.entry < ENTRIES).then(|| entry_id(*number, evidence.entry))
    }

    /// One entry of a trace, as far as there is room for it.
    pub(super) fn entry(&self, name: &str, number: usize, marks: &[Span], id: &str) -> Value {
        let line = number.saturating_add(2);
        let nothing = |note: String| context! { id, title => format!("Entry {number}"), octets => "", note };
        let Some(trace) = self.trace(name) else { return nothing(format!("{name} is not there")) };
        let Some(entry) = trace.entries().get(number) else { return nothing(format!("{name} has no such entry")) };
        let shown = raw::raw(entry, marks);
        if !take(&self.room, shown.html.len()) {
            return nothing(format!("left out for the size of this page; see {name}, line {line}"));
        }
        let note = shown.cut.map_or(String::new(), |(window, all)| {
            format!("octets {}..{} of {all}; the rest is in {name}, line {line}", window.from, window.to)
        });
        context! { id, title => format!("Entry {number}: {}", shown.title), octets => Value::from_safe_string(shown.html), note }
    }
}

/// Entries that a scenario is told by: octets, acts, answers and sights.
fn told(trace: &Trace) -> impl Iterator<Item = usize> {
    let tells = |event: &Event| !matches!(event, Event::Link { .. } | Event::Mark(_));
    trace.entries().iter().take(ENTRIES).enumerate().filter(move |(_, entry)| tells(&entry.event)).map(|(number, _)| number)
}

fn entry_id(scenario: usize, entry: usize) -> String {
    format!("scenario-{scenario}-entry-{entry}")
}

/// Takes `octets` of `room`; false if there is not so much.
fn take(room: &Cell<usize>, octets: usize) -> bool {
    let left = room.get().checked_sub(octets);
    room.set(left.unwrap_or(room.get()));
    left.is_some()
}
