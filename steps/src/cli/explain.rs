//! `explain`: one requirement from the source to the defect, and with a run to the octets.

use std::{fmt::Write as _, path::PathBuf};

use harness::{
    report::{escape, folder::Folder},
    trace::{Event, Trace},
    verdict::Evidence,
    wire::Span,
};

use super::{Done, Stop, print};
use crate::{cases, files::Suite};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Id of the requirement: CONV-7.2.1.1-9a.
    id: String,
    /// A run folder: what became of the requirement there, with the message and the marked octets.
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
}

pub(super) fn main(suite: &Suite, args: Args) -> Done {
    let Some(row) = suite.catalogue.get(&args.id) else {
        let known = suite.catalogue.rows().map(|row| row.id.as_str());
        let nearest = harness::yaml::nearest(&args.id, known).map(|n| format!("; did you mean {n}?")).unwrap_or_default();
        return Err(Stop::usage(format!("no requirement is called {}{nearest}", args.id)));
    };
    let mut out = format!("{} {} ({})\n", row.id, row.level, row.role);
    let mut say = |label: &str, text: &str| {
        if !text.is_empty() {
            let _ = writeln!(out, "{label:>12}  {text}");
        }
    };
    say("when", &row.when);
    say("demands", &row.obligation);
    say("judged by", &row.check);
    say("references", &row.refs.join("; "));
    say("note", &row.note);
    for ruling in suite.rulings_of(&row.id) {
        say(&ruling.id, &ruling.ruling);
    }
    for case in cases::cases(suite) {
        for judged in case.judged.iter().filter(|j| j.requirement == row.id) {
            say("line", &format!("{}:{} {} ({})", case.feature, judged.line, judged.step, case.title));
        }
    }
    say("defect", &row.mutant);
    for rule in suite.defects.get(&row.id).into_iter().flatten() {
        say("as a rule", &serde_json::to_string(rule).unwrap_or_default());
    }
    if let Some(root) = &args.run {
        out.push_str(&of_run(root, &row.id)?);
    }
    print(&out)
}

fn of_run(root: &PathBuf, id: &str) -> Result<String, Stop> {
    let recorded = Folder::read(root).map_err(Stop::data)?;
    let folder = Folder::at(root);
    let mut out = String::new();
    for line in recorded.lines.iter().filter(|line| line.requirement == id) {
        let reason = line.reason.map(|r| format!(" ({r})")).unwrap_or_default();
        let _ = writeln!(
            out,
            "\n{}{reason}  {}:{} over {}: {}",
            line.verdict,
            line.feature,
            line.line,
            line.transport,
            escape::terminal(&line.step)
        );
        if !line.detail.is_empty() && line.findings.is_empty() {
            let _ = writeln!(out, "    {}", escape::terminal(&line.detail));
        }
        for finding in &line.findings {
            let rule = if finding.rule.is_empty() { String::new() } else { format!(" [{}]", finding.rule) };
            let _ = writeln!(
                out,
                "    expected {}{rule}\n    observed {}",
                escape::terminal(&finding.expected),
                escape::terminal(&finding.observed)
            );
            for evidence in &finding.evidence {
                if let Ok(trace) = folder.trace(&evidence.trace) {
                    out.push_str(&marked(&trace, evidence));
                }
            }
        }
    }
    Ok(out)
}

/// The lines of the message that hold the octets, with `>>` and `<<` around these.
fn marked(trace: &Trace, evidence: &Evidence) -> String {
    let mut out = format!("    {} entry {} octets {} to {}\n", evidence.trace, evidence.entry, evidence.from, evidence.to);
    let Some(Event::Bytes { bytes, .. }) = trace.entries().get(evidence.entry).map(|e| &e.event) else { return out };
    let from = bytes[..evidence.from.min(bytes.len())].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    let to = evidence.to.min(bytes.len());
    let end = bytes[to..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |at| to + at);
    let text = |a: usize, b: usize| escape::octets(Span::new(a, b).of(bytes));
    let shown = format!("{}>>{}<<{}", text(from, evidence.from), text(evidence.from, to), text(to, end));
    let _ = writeln!(out, "        {}", escape::shorten(&shown, 2000));
    out
}
