//! XML bodies, read within limits and without document types; ranges are absolute in the message around them.

use std::ops::Range;

use roxmltree::{Document, Node, ParsingOptions};

use super::span::{Faults, Span};

/// Octets of one XML document.
const MOST_OCTETS: usize = 256 << 10;
/// Elements, texts and comments of one document.
const MOST_NODES: u32 = 20_000;
/// Equal signs between two `<`, which bounds the attributes of an element: their number costs its square.
const MOST_EQUAL_SIGNS: usize = 256;
/// Name space declarations; each costs on every element below.
const MOST_NAME_SPACES: usize = 256;
/// Elements inside each other that are looked at.
pub(super) const DEEPEST: usize = 32;

/// A document and where it stands.
pub(super) struct Xml<'a> {
    pub(super) document: Document<'a>,
    within: Span,
}

impl<'a> Xml<'a> {
    /// Reads `within`; what cannot be read is a malformation `not-well-formed`, `not-utf8` or `too-large`.
    pub(super) fn read(raw: &'a [u8], within: Span, faults: &mut Faults) -> Option<Self> {
        let bytes = within.of(raw);
        let Ok(text) = std::str::from_utf8(bytes) else {
            super::block::utf8(raw, within, faults);
            return None;
        };
        let too_many = |part: &str| part.bytes().filter(|&b| b == b'=').count() > MOST_EQUAL_SIGNS;
        if bytes.len() > MOST_OCTETS || text.matches("xmlns").count() > MOST_NAME_SPACES || text.split('<').any(too_many) {
            faults.add("too-large", "the XML document is larger than any that is read", within);
            return None;
        }
        let options = ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES, ..ParsingOptions::default() };
        match Document::parse_with_options(text, options) {
            Ok(document) => Some(Self { document, within }),
            Err(error) => {
                let pos = error.pos();
                let from = within.from + offset(text, pos.row as usize, pos.col as usize);
                faults.add("not-well-formed", format!("not well-formed XML: {error}"), Span::new(from, within.to));
                None
            }
        }
    }

    /// Where a range of the document stands in the message.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        Span::new(range.start, range.end).shift(self.within.from)
    }

    /// Checks name and name space of the root.
    pub(super) fn root(&self, name: &str, name_space: &str, faults: &mut Faults) -> Node<'_, 'a> {
        let root = self.document.root_element();
        if root.tag_name().name() != name {
            faults.add("wrong-root", format!("the root element is not {name}"), self.tag(root));
        }
        if root.tag_name().namespace() != Some(name_space) {
            faults.add("wrong-namespace", format!("the root element is not in the name space {name_space}"), self.tag(root));
        }
        root
    }

    /// The name of an element in its start tag.
    pub(super) fn tag(&self, node: Node<'_, '_>) -> Span {
        let element = self.span(node.range());
        let rest = node.document().input_text().get(node.range()).unwrap_or_default();
        let len = rest.find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/').unwrap_or(rest.len());
        Span::new(element.from, element.from + len)
    }

    /// Text of an element without surrounding blanks, and where it stands.
    pub(super) fn text(&self, node: Node<'_, '_>) -> (String, Span) {
        match node.children().find(|n| n.is_text()) {
            Some(text) => (text.text().unwrap_or_default().trim().to_owned(), self.span(text.range())),
            None => (String::new(), self.span(node.range())),
        }
    }
}

/// Offset of a place that is given as line and character, both 1-based.
fn offset(text: &str, row: usize, col: usize) -> usize {
    let line: usize = text.split_inclusive('\n').take(row.saturating_sub(1)).map(str::len).sum();
    let rest = text.get(line..).unwrap_or_default();
    line + rest.char_indices().nth(col.saturating_sub(1)).map_or(rest.len(), |(i, _)| i)
}
