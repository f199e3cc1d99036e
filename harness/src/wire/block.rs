//! Lines and blocks of header fields, as SIP, MIME, CPIM and MSRP have them.

use memchr::memchr;

use super::span::{Faults, Span};

/// A header field; its ranges are absolute in the bytes that it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The whole line, with its folds and its line end.
    pub line: Span,
    /// The name as spelled; empty where the line has no colon.
    pub name: Span,
    /// The value without surrounding blanks; may hold folds.
    pub value: Span,
}

/// Header fields of one block; those behind are kept as one field without name.
pub(crate) const MOST_FIELDS: usize = 1000;

/// Control characters that are listed of one block; binary octets in the wrong place have hundreds.
const MOST_CONTROLS: usize = 8;

/// One line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// With its line end.
    pub(crate) whole: Span,
    /// Without it.
    pub(crate) text: Span,
    /// How it ends.
    pub(crate) end: LineEnd,
}

/// How a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineEnd {
    CrLf,
    Lf,
    /// The bytes end first.
    None,
}

/// The line that begins at `from`; nothing behind `to` is looked at.
pub(crate) fn line_at(raw: &[u8], from: usize, to: usize) -> Line {
    let bytes = Span::new(from, to).of(raw);
    match memchr(b'\n', bytes) {
        None => {
            let all = Span::new(from, from + bytes.len());
            Line { whole: all, text: all, end: LineEnd::None }
        }
        Some(lf) => {
            let cr = bytes[..lf].last() == Some(&b'\r');
            Line {
                whole: Span::new(from, from + lf + 1),
                text: Span::new(from, from + lf - usize::from(cr)),
                end: if cr { LineEnd::CrLf } else { LineEnd::Lf },
            }
        }
    }
}

/// Whose rules a block follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Folds and blanks before the colon are legal (RFC 3261, 7.3.1).
    Sip,
    /// Folds are legal, blanks before the colon are not (RFC 5322, 2.2).
    Mime,
    /// Neither is legal (RFC 3862, 3). Folds are read all the same.
    Cpim,
    /// The same (RFC 4975, 9), with other characters in names.
    Msrp,
}

/// Header fields up to and with the empty line.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) fields: Vec<Field>,
    /// The empty line with its line end; empty where it is missing.
    pub(crate) blank: Span,
}

/// Reads header fields until an empty line or the end of `within`.
///
/// Lines may end with LF alone; a line that begins with a blank continues the one before. The fields and the empty line
/// tile the range that was read.
pub(crate) fn read(raw: &[u8], within: Span, style: Style, faults: &mut Faults) -> Block {
    let to = within.to.min(raw.len());
    let mut at = within.from;
    let mut fields = Vec::with_capacity(if style == Style::Sip { 24 } else { 8 });
    let mut bare = 0_usize;
    let mut blank = None;
    let mut surplus: Option<Span> = None;
    while at < to {
        let line = line_at(raw, at, to);
        if line.end == LineEnd::Lf {
            bare += 1;
            if bare == 1 {
                faults.add("bare-lf", "a line ends with LF alone", Span::new(line.text.to, line.whole.to));
            }
        }
        if line.text.is_empty() && line.end != LineEnd::None {
            blank = Some(line.whole);
            break;
        }
        at = line.whole.to;
        if fields.len() >= MOST_FIELDS {
            surplus = Some(Span::new(surplus.map_or(line.whole.from, |s| s.from), at));
            continue;
        }
        let mut last = line;
        while last.end != LineEnd::None && matches!(raw.get(at), Some(b' ' | b'\t')) && at < to {
            last = line_at(raw, at, to);
            at = last.whole.to;
        }
        fields.push(field(raw, line, Span::new(line.whole.from, last.text.to), at, style, faults));
    }
    if let Some(surplus) = surplus {
        faults.add("too-many-header-fields", format!("only {MOST_FIELDS} header fields are read"), surplus);
        let nothing = Span::new(surplus.to, surplus.to);
        fields.push(Field { line: surplus, name: nothing, value: nothing });
    }
    Block { fields, blank: blank.unwrap_or(Span::new(at, at)) }
}

/// The field of one line; `text` reaches to the last fold without its line end, `end` behind it.
fn field(raw: &[u8], first: Line, text: Span, end: usize, style: Style, faults: &mut Faults) -> Field {
    let line = Span::new(text.from, end);
    if matches!(style, Style::Cpim | Style::Msrp) && text.to > first.whole.to {
        faults.add("folded", "a header field goes on in the next line", line);
    }
    let Some(colon) = first.text.of(raw).iter().position(|&b| b == b':') else {
        faults.add("header-field-without-colon", "a header line has no colon", line);
        return Field { line, name: Span::new(text.from, text.from), value: text.trim(raw) };
    };
    let before = Span::new(text.from, text.from + colon);
    let name = before.trim(raw);
    if name.from > before.from {
        faults.add("blank-before-name", "a header line begins with a blank", before);
    }
    if name.to < before.to && style != Style::Sip {
        faults.add("blank-before-colon", "a blank stands between name and colon", before);
    }
    if !is_name(name.of(raw), style) {
        faults.add("header-field-name", "the name of a header field holds a character that it may not hold", name);
    }
    Field { line, name, value: Span::new(before.to + 1, text.to).trim(raw) }
}

/// Whether this is a `token` (RFC 3261, 25.1); names, methods and parameter names are.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&b| b.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&b))
}

/// Whether a header field may be called so: `token` of RFC 3261, 25.1; `ftext` of RFC 5322, 2.2; names and a dot of RFC 3862,
/// 3.6; `hname` of RFC 4975, 9.
fn is_name(name: &[u8], style: Style) -> bool {
    let others: &[u8] = match style {
        Style::Sip => return is_token(name),
        Style::Mime => return !name.is_empty() && name.iter().all(|b| b.is_ascii_graphic() && *b != b':'),
        Style::Cpim => b"!#$%&'*+-.^_`|~",
        Style::Msrp => b"!#$%&'*+-.^_`{|}~",
    };
    let begins = style != Style::Msrp || name.first().is_some_and(u8::is_ascii_alphabetic);
    begins && !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || others.contains(b))
}

/// Octets that no header block may hold: NUL, other control characters, a CR that ends no line, what is no UTF-8.
///
/// A control character behind a backslash in a quoted string is legal (RFC 3261, 25.1, `quoted-pair`).
pub(crate) fn control_characters(raw: &[u8], within: Span, faults: &mut Faults) {
    let bytes = within.of(raw);
    // Of printable characters, tabs and line ends, which is nearly every block, nothing is to be said.
    let is_plain = |(i, b): (usize, &u8)| matches!(b, b' '..=b'~' | b'\t' | b'\n') || *b == b'\r' && bytes.get(i + 1) == Some(&b'\n');
    if bytes.iter().enumerate().all(is_plain) {
        return;
    }
    let (mut quoted, mut escaped) = (false, false);
    let mut controls = 0;
    for (i, &b) in bytes.iter().enumerate() {
        let here = Span::new(within.from + i, within.from + i + 1);
        let next = bytes.get(i + 1);
        let ends_line = b == b'\n' || (b == b'\r' && next == Some(&b'\n'));
        if escaped && !ends_line && b.is_ascii() {
            escaped = false;
            continue;
        }
        escaped = quoted && b == b'\\';
        match b {
            // A quoted string ends with its header field at the latest.
            b'\n' if !matches!(next, Some(b' ' | b'\t')) => quoted = false,
            b'"' => quoted = !quoted,
            0 => faults.add("nul", "a NUL octet", here),
            b'\r' if !ends_line => faults.add("bare-cr", "a CR without LF", here),
            b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0x80.. => {}
            _ => {
                controls += 1;
                if controls <= MOST_CONTROLS {
                    faults.add("control-character", format!("control character {b:#04x}"), here);
                }
            }
        }
    }
    utf8(raw, within, faults);
}

/// Reports the first octets of `within` that are no UTF-8.
pub(crate) fn utf8(raw: &[u8], within: Span, faults: &mut Faults) {
    if let Err(error) = std::str::from_utf8(within.of(raw)) {
        let from = within.from + error.valid_up_to();
        let len = error.error_len().unwrap_or(within.to.saturating_sub(from));
        faults.add("not-utf8", "octets that are no UTF-8", Span::new(from, from + len));
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn codes(raw: &[u8], style: Style) -> Vec<String> {
        let mut faults = Faults::default();
        read(raw, Span::all(raw), style, &mut faults);
        faults.into_vec().into_iter().map(|m| m.code).collect()
    }

    #[test]
    fn fields_and_empty_line_tile_the_block() {
        let raw = b"A: 1\r\nB:2\n folded\r\nno colon\r\n\r\nbody";
        let block = read(raw, Span::all(raw), Style::Sip, &mut Faults::default());
        let mut at = 0;
        for field in &block.fields {
            assert_eq!(field.line.from, at);
            at = field.line.to;
        }
        assert_eq!(block.blank.from, at);
        assert_eq!(&raw[block.blank.to..], b"body");
        assert_eq!(block.fields[1].value.of(raw), b"2\n folded");
    }

    #[test]
    fn a_fold_and_a_blank_before_the_colon_are_legal_in_sip_only() {
        let raw = b"A : 1\r\n 2\r\n\r\n";
        assert_eq!(codes(raw, Style::Sip), [] as [&str; 0]);
        assert_eq!(codes(raw, Style::Mime), ["blank-before-colon"]);
        assert_eq!(codes(raw, Style::Cpim), ["folded", "blank-before-colon"]);
    }

    #[test]
    fn each_grammar_has_its_names() {
        for (name, legal) in [
            ("a.b'c`", [true; 4]),
            ("x#$&^|", [false, true, true, true]),
            ("x{}", [false, true, false, true]),
            ("1a", [true, true, true, false]),
            ("x/y", [false, true, false, false]),
            ("x y", [false; 4]),
            ("\u{e4}", [false; 4]),
        ] {
            let styles = [Style::Sip, Style::Mime, Style::Cpim, Style::Msrp];
            assert_eq!(styles.map(|style| is_name(name.as_bytes(), style)), legal, "{name}");
        }
    }

    #[test]
    fn fields_beyond_the_limit_are_one_span() {
        let raw = [b"A: 1\r\n".repeat(MOST_FIELDS + 5), b"\r\n".to_vec()].concat();
        let block = read(&raw, Span::all(&raw), Style::Sip, &mut Faults::default());
        assert_eq!(block.fields.len(), MOST_FIELDS + 1);
        assert_eq!(block.fields[MOST_FIELDS].line.len(), 30);
        assert_eq!(block.blank.to, raw.len());
        assert_eq!(codes(&raw, Style::Sip), ["too-many-header-fields"]);
    }

    #[test]
    fn an_escaped_control_character_is_legal_in_quotes_only() {
        let mut faults = Faults::default();
        let raw = b"To: \"bell \\\x07\" <sip:a@b>\r\nS: \\\x07\x00\r\n";
        control_characters(raw, Span::all(raw), &mut faults);
        let codes: Vec<_> = faults.into_vec().into_iter().map(|m| m.code).collect();
        assert_eq!(codes, ["control-character", "nul"]);
    }
}
