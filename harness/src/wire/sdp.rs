//! SDP line by line (RFC 4566, 5): types, values, media sections, attributes. What the values mean is read in [`media`] and
//! [`selector`], what they break is said by [`values`].

use std::ops::Range;

use super::{
    block::{LineEnd, control_characters, line_at},
    span::{Faults, Malformation, Span},
};

pub mod media;
pub mod selector;
pub mod values;

pub use media::{Connection, Direction, Media, Origin};
pub use selector::{FileSelector, accept_types};

/// One line `type=value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The line with its line end.
    pub line: Span,
    /// Its type, `0` where the second character is no equal sign.
    pub kind: u8,
    /// The value, blanks kept.
    pub value: Span,
}

/// A session description.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sdp {
    /// All lines in their order.
    pub lines: Vec<Line>,
    /// The media sections as ranges of [`Sdp::lines`]; each begins with its `m=`.
    pub media: Vec<Range<usize>>,
    /// What breaks the grammar.
    pub malformations: Vec<Malformation>,
}

/// Order of the lines at session level; time descriptions repeat.
const SESSION: &[u8] = b"vosiuepcbtrzka";
/// Order of the lines of a media section.
const MEDIA: &[u8] = b"micbka";

impl Sdp {
    /// Lines that are read.
    const MOST: usize = 2000;

    /// Reads a body of this type. The last line may lack its line end, as it does in front of a multipart delimiter.
    #[must_use]
    pub fn parse(raw: &[u8], within: Span) -> Self {
        let mut faults = Faults::default();
        let mut this = Self::default();
        let within = Span::new(within.from, within.to.min(raw.len()));
        let mut at = within.from;
        let mut bare = false;
        while at < within.to {
            let line = line_at(raw, at, within.to);
            at = line.whole.to;
            if this.lines.len() == Self::MOST {
                faults.add("too-many-lines", format!("only {} lines are read", Self::MOST), Span::new(line.whole.from, within.to));
                break;
            }
            if line.end == LineEnd::Lf && !std::mem::replace(&mut bare, true) {
                faults.add("bare-lf", "a line ends with LF alone", Span::new(line.text.to, line.whole.to));
            }
            this.line(raw, line.whole, line.text, &mut faults);
        }
        if let Some(last) = this.media.last_mut() {
            last.end = this.lines.len();
        }
        control_characters(raw, within, &mut faults);
        this.check_order(&mut faults);
        this.check_presence(raw, within, &mut faults);
        this.malformations = faults.into_vec();
        this
    }

    fn line(&mut self, raw: &[u8], whole: Span, text: Span, faults: &mut Faults) {
        let (kind, value) = match text.of(raw) {
            [kind, b'=', ..] if kind.is_ascii_alphabetic() => (*kind, Span::new(text.from + 2, text.to)),
            _ => {
                faults.add("not-a-line", "a line does not begin with a type and an equal sign", whole);
                (0, text)
            }
        };
        if kind == b'm' {
            let here = self.lines.len();
            if let Some(last) = self.media.last_mut() {
                last.end = here;
            }
            self.media.push(here..here);
        }
        self.lines.push(Line { line: whole, kind, value });
    }

    /// The lines of the session level.
    #[must_use]
    pub fn session(&self) -> &[Line] {
        let end = self.media.first().map_or(self.lines.len(), |m| m.start);
        self.lines.get(..end).unwrap_or_default()
    }

    /// The lines of one media section, 0-based; none where there is no such section.
    #[must_use]
    pub fn section(&self, number: usize) -> &[Line] {
        self.media.get(number).and_then(|m| self.lines.get(m.clone())).unwrap_or_default()
    }

    fn check_order(&self, faults: &mut Faults) {
        let sections = std::iter::once((self.session(), SESSION)).chain((0..self.media.len()).map(|i| (self.section(i), MEDIA)));
        for (lines, order) in sections {
            let mut reached = 0;
            for line in lines {
                // Unknown types are ignored; r= belongs to the t= before, which may come again.
                let Some(place) = order.iter().position(|&k| k == line.kind) else { continue };
                if place < reached && !(line.kind == b't' && order.get(reached) == Some(&b'r')) {
                    faults.add("out-of-order", format!("{}= stands too late", char::from(line.kind)), line.line);
                }
                reached = if line.kind == b't' { place } else { place.max(reached) };
            }
        }
    }

    fn check_presence(&self, raw: &[u8], within: Span, faults: &mut Faults) {
        match self.lines.first() {
            Some(first) if first.kind == b'v' && first.value.of(raw) == b"0" => {}
            Some(first) if first.kind == b'v' => faults.add("version", "the version is not 0", first.value),
            _ => faults.add("no-version", "the description does not begin with v=", Span::new(within.from, within.from)),
        }
        for kind in *b"ost" {
            if !self.session().iter().any(|l| l.kind == kind) {
                faults.add("missing-line", format!("there is no {}= line", char::from(kind)), within);
            }
        }
    }
}

/// The values of all attributes `name` or `name:value` among `lines`, with case; an attribute without value is empty.
pub fn attributes<'a>(raw: &'a [u8], lines: &'a [Line], name: &'a str) -> impl Iterator<Item = Span> {
    lines.iter().filter(|l| l.kind == b'a').filter_map(move |line| match line.value.of(raw).strip_prefix(name.as_bytes())? {
        [] => Some(Span::new(line.value.to, line.value.to)),
        [b':', ..] => Some(Span::new(line.value.from + name.len() + 1, line.value.to)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n";

    fn codes(text: &str) -> Vec<String> {
        Sdp::parse(text.as_bytes(), Span::all(text.as_bytes())).malformations.into_iter().map(|m| m.code).collect()
    }

    #[test]
    fn media_sections_and_attributes_are_found() {
        let text = format!("{HEAD}a=x\r\nm=message 9 TCP/MSRP *\r\na=path:msrp://a/b;tcp\r\na=sendonly\r\nm=audio 0 RTP/AVP 0\r\nq=1");
        let raw = text.as_bytes();
        let sdp = Sdp::parse(raw, Span::all(raw));
        assert_eq!(sdp.malformations, []);
        assert_eq!((sdp.session().len(), sdp.section(0).len(), sdp.section(1).len(), sdp.section(2).len()), (6, 3, 2, 0));
        assert_eq!(attributes(raw, sdp.section(0), "path").next().unwrap().of(raw), b"msrp://a/b;tcp");
        assert!(attributes(raw, sdp.section(0), "sendonly").next().unwrap().is_empty());
        assert_eq!(attributes(raw, sdp.section(0), "send").count(), 0);
    }

    #[test]
    fn time_descriptions_may_repeat() {
        assert_eq!(codes(&format!("{HEAD}r=1 2 3\r\nt=1 1\r\nr=1 2 3\r\nz=0 0\r\n")), [] as [&str; 0]);
    }

    #[test]
    fn what_breaks_a_description_is_named() {
        for (text, expected) in [
            (String::new(), vec!["no-version", "missing-line", "missing-line", "missing-line"]),
            (HEAD.replace("v=0\r\n", ""), vec!["no-version"]),
            (HEAD.replace("v=0", "v=1"), vec!["version"]),
            (HEAD.replace("s=-\r\n", ""), vec!["missing-line"]),
            (format!("{HEAD}c=IN IP4 192.0.2.1\r\n"), vec!["out-of-order"]),
            (format!("{HEAD}m=message 9 TCP/MSRP *\r\na=x\r\nc=IN IP4 192.0.2.1\r\n"), vec!["out-of-order"]),
            (format!("{HEAD}rubbish\r\n"), vec!["not-a-line"]),
            (HEAD.replace('\r', ""), vec!["bare-lf"]),
        ] {
            assert_eq!(codes(&text), expected, "{text:?}");
        }
    }
}
