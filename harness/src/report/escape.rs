//! The one place that knows how to make untrusted text safe: for terminals, markup, Markdown, CSV, JSON, CI logs, pcapng.
//!
//! What cannot be seen is made visible and never dropped, so that a reader still learns what the SUT sent. Writers print
//! no text of a SUT that did not pass through here.

use std::fmt::Write as _;

/// A stretch of untrusted text, told apart so that a writer may dim what was not visible by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Characters that show as they are.
    Plain(String),
    /// A picture or an escape that stands for something invisible, or for an octet that is no UTF-8.
    Shown(String),
    /// The picture of a line feed: a writer with lines may break behind it.
    LineEnd(String),
}

/// Whether `c` acts on its surroundings instead of being seen: controls, bidirectional and format controls (Unicode
/// Bidirectional Algorithm, 2), zero-width characters, line separators, tags, noncharacters (illegal in XML 1.0, 2.2).
fn acts(c: char) -> bool {
    let code = u32::from(c);
    c.is_control()
        || matches!(code, 0xAD | 0x61C | 0x180E | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xFFF9..=0xFFFB)
        || matches!(code, 0xFDD0..=0xFDEF | 0xE0000..=0xE007F)
        || code & 0xFFFE == 0xFFFE
}

/// A visible stand-in: a control picture for C0 and DEL, else `\u{202e}`.
fn picture(c: char) -> String {
    let code = u32::from(c);
    let picture = match code {
        0..0x20 => char::from_u32(0x2400 + code),
        0x7F => Some('\u{2421}'),
        _ => None,
    };
    picture.map_or_else(|| c.escape_unicode().to_string(), String::from)
}

/// Names of C0 and, at the end, of DEL (ISO/IEC 646).
const NAMES: [&str; 34] = [
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI", "DLE", "DC1", "DC2", "DC3",
    "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US", "SP", "DEL",
];

/// The name of the control that a picture of one character stands for, for readers whose fonts lack the pictures; any other
/// text comes back as it is.
#[must_use]
pub fn named(shown: &str) -> &str {
    let mut chars = shown.chars();
    let name = match (chars.next(), chars.next()) {
        (Some(picture), None) => u32::from(picture).checked_sub(0x2400).and_then(|index| NAMES.get(usize::try_from(index).ok()?)),
        _ => None,
    };
    name.copied().unwrap_or(shown)
}

/// Octets as pieces, in order; octets that are no UTF-8 show as `\x9f`.
#[must_use]
pub fn pieces(octets: &[u8]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    for chunk in octets.utf8_chunks() {
        for c in chunk.valid().chars() {
            if acts(c) {
                flush(&mut plain, &mut pieces);
                pieces.push(if c == '\n' { Piece::LineEnd(picture(c)) } else { Piece::Shown(picture(c)) });
            } else {
                plain.push(c);
            }
        }
        if !chunk.invalid().is_empty() {
            flush(&mut plain, &mut pieces);
            pieces.push(Piece::Shown(chunk.invalid().iter().fold(String::new(), |mut text, octet| {
                let _ = write!(text, "\\x{octet:02x}");
                text
            })));
        }
    }
    flush(&mut plain, &mut pieces);
    pieces
}

fn flush(plain: &mut String, pieces: &mut Vec<Piece>) {
    if !plain.is_empty() {
        pieces.push(Piece::Plain(std::mem::take(plain)));
    }
}

/// Octets as text in which nothing acts; line ends are pictures too, so it is always one line.
#[must_use]
pub fn octets(octets: &[u8]) -> String {
    pieces(octets)
        .into_iter()
        .map(|piece| match piece {
            Piece::Plain(text) | Piece::Shown(text) | Piece::LineEnd(text) => text,
        })
        .collect()
}

/// Text in which nothing acts, on one line. All others here build on it; alone it does for writers that escape markup
/// themselves, as the XML writer of JUnit does.
#[must_use]
pub fn visible(text: &str) -> String {
    octets(text.as_bytes())
}

/// The first `limit` characters of `text`, with an ellipsis where more followed.
#[must_use]
pub fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

/// For one line of a terminal, or of the log of a CI system: what these take for a command (`::error::` at the start of a
/// line, `##[error]` or `##vso[` anywhere) is broken up.
#[must_use]
pub fn terminal(text: &str) -> String {
    let text = visible(text).replace("##", "#\\u{23}");
    let lead = text.len() - text.trim_start().len();
    match text.get(lead..).and_then(|rest| rest.strip_prefix("::")) {
        Some(rest) => format!("{}\\u{{3a}}:{rest}", text.get(..lead).unwrap_or_default()),
        None => text,
    }
}

/// For HTML, SVG and XML 1.0: text as well as attributes in quotes.
#[must_use]
pub fn markup(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// For Markdown prose and table cells: punctuation that may open markup, a table cell or a link is escaped.
#[must_use]
pub fn markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in visible(text).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '&' | '!' | ':' | '$') {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}

/// For Markdown, as a code span that may stand in a table cell: nothing in it becomes markup, a link or a mention.
#[must_use]
pub fn markdown_code(text: &str) -> String {
    // A table takes `\\|` for a backslash and the end of the cell, so a pipe behind a backslash cannot be escaped by one.
    let text = visible(text).replace("\\|", "\\\\u{7c}").replace('|', "\\|");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A blank inside each fence keeps backticks at the ends, and blanks that belong to the text (CommonMark, 6.1).
    let pad = if text.is_empty() || text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// For one cell of CSV (RFC 4180, 2), quoted; text that a spreadsheet would compute is taken as text.
#[must_use]
pub fn csv(text: &str) -> String {
    let text = visible(text);
    let computes = text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\u{2409}', '\u{240D}']);
    format!("\"{}{}\"", if computes { "'" } else { "" }, text.replace('"', "\"\""))
}

/// For the message of a GitHub workflow command: what stands behind `::error ...::`.
#[must_use]
pub fn annotation(text: &str) -> String {
    visible(text).replace('%', "%25")
}

/// For a property of a GitHub workflow command: `file=...`, `title=...`.
#[must_use]
pub fn annotation_property(text: &str) -> String {
    annotation(text).replace(':', "%3A").replace(',', "%2C")
}

/// Longest comment that [`pcapng`] gives, in octets; an option could hold 65,535.
pub const PCAPNG_COMMENT: usize = 4096;

/// For a comment in pcapng (draft-ietf-opsawg-pcapng, 3.5): one line, at most [`PCAPNG_COMMENT`] octets.
#[must_use]
pub fn pcapng(text: &str) -> String {
    let mut text = visible(text);
    if text.len() > PCAPNG_COMMENT {
        let room = PCAPNG_COMMENT - '…'.len_utf8();
        let end = text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= room).last();
        text.truncate(end.unwrap_or(0));
        text.push('…');
    }
    text
}

/// For finished JSON: characters that act stand as `\u202e` (RFC 8259, 7), so that the file may be shown on a terminal.
///
/// Line feeds stay, as a writer of JSON puts them between values only.
#[must_use]
pub fn json(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        if acts(c) && c != '\n' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    const NASTY: &[&str] = &[
        "<script>alert(1)</script>",
        "\u{1b}]0;x\u{7}",
        "\u{9b}31m",
        "=cmd()",
        "]]>",
        "a|b\r\n::error::c",
        "\u{202e}evil\u{2069}",
        "\u{0}\u{7f}\u{fffe}\u{e0041}",
        "`` ` ``",
        "[x](javascript:y)",
        "' onload='z",
        "##[error]x",
    ];

    #[test]
    fn a_terminal_gets_neither_controls_nor_commands_of_a_ci_system() {
        assert_eq!(terminal("\u{1b}]0;x\u{7}"), "␛]0;x␇");
        assert_eq!(terminal("\u{9b}31m\u{202e}"), "\\u{9b}31m\\u{202e}");
        assert_eq!(terminal("a\r\n::error::b"), "a␍␊::error::b");
        assert_eq!(terminal(" ::error::b"), " \\u{3a}:error::b");
        assert_eq!(terminal("x ##[error]y ##vso[z"), "x #\\u{23}[error]y #\\u{23}vso[z");
    }

    #[test]
    fn octets_that_are_no_utf_8_stay_visible() {
        assert_eq!(octets(b"a\xff\xfeb\r\n"), "a\\xff\\xfeb␍␊");
        assert_eq!(
            pieces(b"a\r\nb"),
            [Piece::Plain("a".into()), Piece::Shown("␍".into()), Piece::LineEnd("␊".into()), Piece::Plain("b".into()),]
        );
    }

    #[test]
    fn a_picture_has_a_name() {
        let names = ["\0", "\r", "\n", "\u{1b}", "\u{7f}", "\u{9b}"].map(|text| named(&visible(text)).to_owned());
        assert_eq!(names, ["NUL", "CR", "LF", "ESC", "DEL", "\\u{9b}"]);
    }

    #[test]
    fn markup_opens_nothing_and_closes_nothing() {
        assert_eq!(markup("<script>\"'&]]>"), "&lt;script&gt;&quot;&#39;&amp;]]&gt;");
        for text in NASTY {
            assert!(!markup(text).contains(['<', '>', '"', '\'']));
            assert!(roxmltree::Document::parse(&format!("<a b='{0}'>{0}</a>", markup(text))).is_ok());
        }
    }

    #[test]
    fn no_writer_lets_anything_act() {
        let writers: &[fn(&str) -> String] =
            &[visible, terminal, markup, markdown, markdown_code, csv, annotation, annotation_property, pcapng];
        for writer in writers {
            for text in NASTY {
                assert!(!writer(text).contains(acts), "{:?}", writer(text));
            }
        }
    }

    #[test]
    fn markdown_has_no_markup_left() {
        assert_eq!(markdown("a|b <b> [x](y) `z` https://example.com"), "a\\|b \\<b\\> \\[x\\](y) \\`z\\` https\\://example.com");
        assert_eq!(markdown_code("a|b"), "`a\\|b`");
        assert_eq!(markdown_code("a\\|b"), "`a\\\\u{7c}b`");
        assert_eq!(markdown_code("`` ` ``"), "``` `` ` `` ```");
        assert_eq!(markdown_code(""), "`  `");
    }

    #[test]
    fn a_cell_of_csv_computes_nothing() {
        assert_eq!(csv("=cmd()"), "\"'=cmd()\"");
        assert_eq!(csv("\t=1"), "\"'␉=1\"");
        assert_eq!(csv("say \"x\", y"), "\"say \"\"x\"\", y\"");
    }

    #[test]
    fn an_annotation_stays_on_its_line() {
        assert_eq!(annotation("50%\n::error::x"), "50%25␊::error::x");
        assert_eq!(annotation_property("a:b,c"), "a%3Ab%2Cc");
    }

    #[test]
    fn a_comment_in_pcapng_is_cut_between_characters() {
        let comment = pcapng(&"é".repeat(9000));
        assert!(comment.len() <= PCAPNG_COMMENT && comment.ends_with("é…"));
    }

    #[test]
    fn json_means_the_same_and_acts_no_more() {
        for text in NASTY {
            let written = serde_json::to_string_pretty(&[text]).unwrap();
            let safe = json(&written);
            assert!(!safe.contains(|c| acts(c) && c != '\n'));
            assert_eq!(serde_json::from_str::<Vec<String>>(&safe).unwrap(), [*text]);
        }
    }

    #[test]
    fn a_long_text_is_shortened_between_characters() {
        assert_eq!(shorten("äöü", 3), "äöü");
        assert_eq!(shorten("äöüß", 3), "äöü…");
    }
}
