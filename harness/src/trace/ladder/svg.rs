//! The ladder as a picture: static SVG without script, style or reference to elsewhere, in the colour of its surroundings.

use std::fmt::Write as _;

use super::{Ladder, ROWS, Row, What};
use crate::{
    report::escape::{markup, shorten},
    trace::Trace,
};

/// Pixels left of the first column, where the times stand.
const MARGIN: usize = 96;
/// Pixels right of the last column.
const RIGHT: usize = 96;
/// Pixels from row to row.
const STEP: usize = 30;
/// Pixels above the first row, where the names stand.
const TOP: usize = 44;
/// A character is about this wide, in tenths of a pixel.
const CHARACTER: usize = 72;

/// The ladder of `trace` as an SVG document called `title`. It takes its colour from the text around it, so that it shows
/// on light and dark pages alike.
#[must_use]
pub fn svg(trace: &Trace, title: &str) -> String {
    svg_with(trace, title, ROWS, &|_| None)
}

/// As [`svg`], with at most `rows` rows, each entry linked to where `link` says.
pub(crate) fn svg_with(trace: &Trace, title: &str, rows: usize, link: &dyn Fn(usize) -> Option<String>) -> String {
    let ladder = Ladder::of(trace, rows.min(ROWS));
    let picture = Picture { gap: gap(ladder.parties.len()), columns: ladder.parties.len() };
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = picture.draw(&mut out, &ladder, title, link);
    out
}

fn gap(columns: usize) -> usize {
    match columns {
        0..=2 => 480,
        3 => 340,
        4 => 270,
        _ => 220,
    }
}

/// Where row number `index` stands.
fn baseline(index: usize) -> usize {
    TOP + index * STEP + 12
}

struct Picture {
    gap: usize,
    columns: usize,
}

impl Picture {
    fn x(&self, column: usize) -> usize {
        MARGIN + column * self.gap
    }

    fn width(&self) -> usize {
        // A lone column has notes on its right.
        self.x(self.columns.saturating_sub(1).max(1)) + RIGHT
    }

    /// Characters that fit into so many pixels.
    fn fit(pixels: usize) -> usize {
        (pixels * 10 / CHARACTER).max(4)
    }

    fn draw(&self, out: &mut String, ladder: &Ladder, title: &str, link: &dyn Fn(usize) -> Option<String>) -> std::fmt::Result {
        let bottom = TOP + ladder.rows.len() * STEP + 16;
        let (width, height) = (self.width(), bottom + if ladder.left_out > 0 { STEP } else { 0 });
        write!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             font-family=\"ui-monospace,Menlo,Consolas,monospace\" font-size=\"12\" fill=\"currentColor\"><title>{}</title>",
            markup(title)
        )?;
        write!(out, "<g text-anchor=\"middle\" font-weight=\"600\">")?;
        for (column, name) in ladder.parties.iter().enumerate() {
            let name = shorten(name, Self::fit(self.gap - 20));
            write!(out, "<text x=\"{}\" y=\"18\">{}</text>", self.x(column), markup(&name))?;
        }
        write!(out, "</g><path fill=\"none\" stroke=\"currentColor\" opacity=\".3\" d=\"")?;
        let steps: Vec<usize> =
            ladder.rows.iter().enumerate().filter(|(_, row)| matches!(row.what, What::Step(_))).map(|(index, _)| baseline(index)).collect();
        for x in (0..ladder.parties.len()).map(|column| self.x(column)) {
            write!(out, "M{x} 26")?;
            // The lines make room for the text of a step.
            for y in &steps {
                write!(out, "V{}M{x} {}", y - 14, y + 6)?;
            }
            write!(out, "V{bottom}")?;
        }
        write!(out, "\"/>")?;
        for (index, row) in ladder.rows.iter().enumerate() {
            let y = baseline(index);
            let link = link(row.entry);
            if let Some(link) = &link {
                write!(out, "<a href=\"{}\">", markup(link))?;
            }
            self.row(out, row, y)?;
            if link.is_some() {
                write!(out, "</a>")?;
            }
            out.push('\n');
        }
        if let Some(remark) = ladder.remark() {
            write!(out, "<text x=\"8\" y=\"{}\">{}</text>", bottom + 14, markup(&remark))?;
        }
        write!(out, "</svg>")
    }

    fn row(&self, out: &mut String, row: &Row, y: usize) -> std::fmt::Result {
        let time = row.at.as_secs_f64();
        match &row.what {
            What::Step(label) => {
                let label = shorten(label, Self::fit(self.width() - 16));
                write!(out, "<text x=\"8\" y=\"{y}\" font-weight=\"600\" opacity=\".75\">{}</text>", markup(&label))
            }
            What::Note { column, label } => {
                let x = self.x(*column);
                write!(out, "<text x=\"8\" y=\"{y}\" opacity=\".6\">{time:.3}</text><circle cx=\"{x}\" cy=\"{}\" r=\"4\"/>", y - 4)?;
                self.beside(out, *column, y, label)
            }
            What::Message { from, to, label, .. } if from == to => {
                write!(out, "<text x=\"8\" y=\"{y}\" opacity=\".6\">{time:.3}</text>")?;
                self.beside(out, *from, y, label)
            }
            What::Message { from, to, label, again } => {
                let (x, end) = (self.x(*from), self.x(*to));
                let (head, back) = if from < to { (end - 7, "7 4") } else { (end + 7, "-7 4") };
                let flag = if *again { " (again)" } else { "" };
                let label = shorten(label, Self::fit(x.abs_diff(end) - 24).saturating_sub(flag.len()));
                write!(out, "<text x=\"8\" y=\"{y}\" opacity=\".6\">{time:.3}</text>")?;
                write!(
                    out,
                    "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}{flag}</text>",
                    x.min(end) + x.abs_diff(end) / 2,
                    y - 5,
                    markup(&label)
                )?;
                let dashes = if *again { " stroke-dasharray=\"5 3\"" } else { "" };
                write!(out, "<path stroke=\"currentColor\" fill=\"none\"{dashes} d=\"M{x} {y}H{end}\"/>")?;
                write!(out, "<path d=\"M{head} {}l{back} {} 4z\"/>", y - 4, if from < to { "-7" } else { "7" })
            }
        }
    }

    /// A text beside a column: to its right, or to its left where the picture ends.
    fn beside(&self, out: &mut String, column: usize, y: usize, label: &str) -> std::fmt::Result {
        let x = self.x(column);
        let leftwards = column > 0 && column + 1 == self.columns;
        let (x, anchor, room) = if leftwards { (x - 10, " text-anchor=\"end\"", x - MARGIN) } else { (x + 10, "", self.width() - x) };
        let label = shorten(label, Self::fit(room - 16));
        write!(out, "<text x=\"{x}\" y=\"{y}\"{anchor} font-style=\"italic\">{}</text>", markup(&label))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        report::fixture,
        trace::{Event, LinkId, Party, ladder::text},
    };

    #[test]
    fn the_picture_is_well_formed_and_refers_to_nothing_elsewhere() {
        for path in ["scenarios/1/trace.jsonl", "scenarios/2/trace.jsonl"] {
            let picture = svg(&fixture::trace(path).unwrap(), "a <title> & more");
            let document = roxmltree::Document::parse(&picture).unwrap();
            let names: Vec<&str> = document.descendants().filter(roxmltree::Node::is_element).map(|n| n.tag_name().name()).collect();
            assert!(names.iter().all(|name| ["svg", "title", "g", "text", "path", "circle"].contains(name)), "{names:?}");
        }
        fixture::snapshot("ladder.svg", &svg(&fixture::trace("scenarios/2/trace.jsonl").unwrap(), "a <title> & more"));
    }

    #[test]
    fn an_entry_may_lead_elsewhere_in_the_page() {
        let trace = fixture::trace("scenarios/1/trace.jsonl").unwrap();
        let picture = svg_with(&trace, "x", 3, &|entry| Some(format!("#scenario-1-entry-{entry}")));
        assert!(picture.contains("href=\"#scenario-1-entry-4\""));
        assert!(picture.contains("more rows are left out"));
    }

    #[test]
    fn any_octets_make_a_well_formed_picture() {
        let mut state = 7_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        for length in 0..200 {
            let bytes: Vec<u8> =
                b"MESSAGE <x> SIP/2.0\r\nCSeq: ".iter().copied().take(length % 29).chain((0..length).map(|_| next())).collect();
            let parties = [Party::new(&String::from_utf8_lossy(&bytes)), Party::sut()];
            let [from, to] = parties;
            let mut trace = Trace::default();
            trace.append(Duration::MAX, Event::Bytes { link: LinkId(1), from, to, bytes: bytes.into() });
            let picture = svg(&trace, &text(&trace));
            assert!(roxmltree::Document::parse(&picture).is_ok(), "{picture}");
        }
    }
}
