//! One entry of a trace as HTML: octets with their line ends visible and the judged ranges marked.

use crate::{
    report::escape::{Piece, markup, named, pieces},
    trace::{Entry, Event},
    wire::Span,
};

/// Most octets of one message that are shown.
pub(super) const SHOWN: usize = 16 << 10;

/// Octets shown in front of a mark that lies beyond [`SHOWN`].
const BEFORE: usize = 1 << 10;

/// A shown entry.
pub(super) struct Raw {
    /// Who sent it to whom, or what it is; unescaped.
    pub(super) title: String,
    /// The octets, ready for a `pre` element.
    pub(super) html: String,
    /// Which octets are shown, of how many; none if all are.
    pub(super) cut: Option<(Span, usize)>,
}

/// Shows `entry`. An entry that carries no octets is shown as it stands in its file, unmarked.
pub(super) fn raw(entry: &Entry, marks: &[Span]) -> Raw {
    let at = entry.at.as_secs_f64();
    if let Event::Bytes { from, to, bytes, .. } = &entry.event {
        let title = format!("{at:.3} s, {from} → {to}, {} octets", bytes.len());
        let (window, html) = marked(bytes, marks);
        return Raw { title, html, cut: (window != Span::all(bytes)).then_some((window, bytes.len())) };
    }
    let what = match &entry.event {
        Event::Asked { .. } => "the user acts",
        Event::Answered { .. } => "the adapter answers",
        Event::Seen(_) => "the user sees",
        Event::Link { .. } => "the link changes",
        Event::Mark(_) | Event::Bytes { .. } => "mark",
    };
    let json = serde_json::to_string(entry).unwrap_or_default();
    let (window, html) = marked(json.as_bytes(), &[]);
    Raw { title: format!("{at:.3} s, {what}"), html, cut: (window != Span::all(json.as_bytes())).then_some((window, json.len())) }
}

/// The part of `octets` that is shown, and its HTML.
fn marked(octets: &[u8], marks: &[Span]) -> (Span, String) {
    let mut marks: Vec<Span> = marks.iter().copied().filter(|mark| mark.from <= octets.len()).collect();
    marks.sort_unstable();
    let from = marks.first().filter(|mark| mark.to > SHOWN).map_or(0, |mark| mark.from.saturating_sub(BEFORE)).min(octets.len());
    let window = Span::new(from, from.saturating_add(SHOWN).min(octets.len()));
    let mut html = String::with_capacity(window.len() * 5 / 4);
    let mut at = window.from;
    for mark in marks {
        // Ranges may overlap: what is marked already is not marked again.
        let (from, to) = (mark.from.clamp(at, window.to), mark.to.clamp(at, window.to));
        show(&mut html, Span::new(at, from).of(octets));
        if from < to {
            html.push_str("<mark>");
            show(&mut html, Span::new(from, to).of(octets));
            html.push_str("</mark>");
        } else if mark.is_empty() && mark.from == from {
            html.push_str("<mark class=\"here\"></mark>");
        }
        at = to;
    }
    show(&mut html, Span::new(at, window.to).of(octets));
    (window, html)
}

/// A quotation in running text, ready for the page.
pub(super) fn inline(text: &str) -> String {
    let mut html = String::new();
    show(&mut html, text.as_bytes());
    html
}

fn show(html: &mut String, octets: &[u8]) {
    for piece in pieces(octets) {
        match piece {
            Piece::Plain(text) => html.push_str(&markup(&text)),
            Piece::Shown(text) => html.extend(["<i>", &markup(named(&text)), "</i>"]),
            Piece::LineEnd(text) => html.extend(["<i>", &markup(named(&text)), "</i>\n"]),
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn html(octets: &[u8], marks: &[(usize, usize)]) -> String {
        marked(octets, &marks.iter().map(|(from, to)| Span::new(*from, *to)).collect::<Vec<_>>()).1
    }

    #[test]
    fn the_judged_octets_are_marked_and_line_ends_show() {
        assert_eq!(html(b"a: <b>\r\nc", &[(3, 6)]), "a: <mark>&lt;b&gt;</mark><i>CR</i><i>LF</i>\nc");
    }

    #[test]
    fn marks_may_overlap_touch_or_lie_outside() {
        assert_eq!(html(b"abcdef", &[(3, 5), (1, 4), (90, 99)]), "a<mark>bcd</mark><mark>e</mark>f");
        assert_eq!(html(b"abc", &[(1, 1)]), "a<mark class=\"here\"></mark>bc");
        assert_eq!(html(b"", &[(0, 4)]), "");
        assert_eq!(html(b"ab", &[(usize::MAX, usize::MAX)]), "ab");
    }

    #[test]
    fn a_long_message_is_shown_where_it_was_judged() {
        let octets = vec![b'x'; 5 * SHOWN];
        assert_eq!(marked(&octets, &[]).0, Span::new(0, SHOWN));
        let late = marked(&octets, &[Span::new(3 * SHOWN, 3 * SHOWN + 2)]);
        assert_eq!(late.0.from, 3 * SHOWN - BEFORE);
        assert!(late.1.contains("<mark>xx</mark>"));
    }
}
