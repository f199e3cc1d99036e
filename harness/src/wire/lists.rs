//! Recipient lists: application/resource-lists+xml (RFC 4826) with copyControl (RFC 5364).

use std::collections::HashSet;

use roxmltree::Node;

use super::{
    span::{Faults, Malformation, Span},
    uri::{Uri, percent_decode},
    xml::{DEEPEST, Xml},
};

/// The name space of the lists.
pub const RESOURCE_LISTS: &str = "urn:ietf:params:xml:ns:resource-lists";
/// The name space of the attribute copyControl.
pub const COPY_CONTROL: &str = "urn:ietf:params:xml:ns:copycontrol";

/// A recipient list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// The entries in their order, those of nested lists too.
    pub entries: Vec<Entry>,
    /// What breaks the grammar, or what a flat list of recipients has no use for (`entry-ref`, `external`, `nested-list`,
    /// `duplicate`).
    pub malformations: Vec<Malformation>,
}

/// One recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The URI, XML escapes undone; may carry header components.
    pub uri: String,
    /// Where the URI stands, without its quotes; the whole element where there is none.
    pub span: Span,
    /// The display name.
    pub name: Option<String>,
    /// `to`, `cc` or `bcc` as spelled.
    pub copy_control: Option<String>,
    /// Lists around the entry; 1 in a flat list.
    pub depth: usize,
}

impl List {
    /// Reads a body of this type.
    #[must_use]
    pub fn parse(raw: &[u8], within: Span) -> Self {
        let mut faults = Faults::default();
        let mut entries = Vec::new();
        if let Some(xml) = Xml::read(raw, within, &mut faults) {
            let root = xml.root("resource-lists", RESOURCE_LISTS, &mut faults);
            let mut seen = HashSet::new();
            for node in root.descendants().filter(|n| n.is_element() && *n != root) {
                let lists = || node.ancestors().skip(1).take(DEEPEST).filter(|n| n.tag_name().name() == "list").count();
                match node.tag_name().name() {
                    "entry" => {
                        let entry = entry(&xml, node, lists(), &mut faults);
                        if !seen.insert(person(&entry.uri)) {
                            faults.add("duplicate", "the list names one address twice", entry.span);
                        }
                        entries.push(entry);
                    }
                    "list" if lists() > 0 => faults.add("nested-list", "a list stands in a list", xml.tag(node)),
                    "entry-ref" => faults.add("entry-ref", "an entry is given by reference", xml.tag(node)),
                    "external" => faults.add("external", "a list is given by reference", xml.tag(node)),
                    _ => {}
                }
            }
        }
        Self { entries, malformations: faults.into_vec() }
    }
}

fn entry(xml: &Xml<'_>, node: Node<'_, '_>, depth: usize, faults: &mut Faults) -> Entry {
    let name = node.children().find(|child| child.tag_name().name() == "display-name").map(|name| xml.text(name).0);
    let mut entry = Entry { uri: String::new(), span: xml.span(node.range()), name, copy_control: None, depth };
    match node.attribute_node("uri") {
        Some(uri) => {
            uri.value().clone_into(&mut entry.uri);
            entry.span = xml.span(uri.range_value());
        }
        None => faults.add("no-uri", "an entry has no uri", entry.span),
    }
    for control in node.attributes().filter(|a| a.name() == "copyControl") {
        let span = xml.span(control.range());
        if control.namespace() != Some(COPY_CONTROL) {
            faults.add("wrong-namespace", format!("copyControl is not in the name space {COPY_CONTROL}"), span);
        } else {
            if !matches!(control.value(), "to" | "cc" | "bcc") {
                faults.add("copy-control", "copyControl is none of to, cc and bcc", span);
            }
            entry.copy_control = Some(control.value().to_owned());
        }
    }
    entry
}

/// Whom an entry means: equal for equal addresses, parameters and header components aside.
fn person(uri: &str) -> (String, Option<Vec<u8>>, String, Option<u16>) {
    let Uri { scheme, user, host, port, .. } = Uri::parse(uri);
    (scheme, user.map(|u| percent_decode(&u).0), host.to_ascii_lowercase(), port)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn list(inside: &str) -> (String, List) {
        let text = format!(
            "--<?xml version=\"1.0\"?>\r\n<resource-lists xmlns=\"{RESOURCE_LISTS}\" xmlns:c=\"{COPY_CONTROL}\">\
             <list>{inside}</list></resource-lists>"
        );
        let list = List::parse(text.as_bytes(), Span::new(2, text.len()));
        (text, list)
    }

    fn codes(list: &List) -> Vec<&str> {
        list.malformations.iter().map(|m| m.code.as_str()).collect()
    }

    #[test]
    fn entries_keep_the_place_of_their_uri() {
        let (text, list) = list(
            "<entry uri=\"sip:a@example.com?Replaces=1&amp;X=%20\" c:copyControl=\"bcc\"/><entry uri='tel:+1555'><display-name>B\
             </display-name></entry>",
        );
        assert_eq!(list.malformations, []);
        assert_eq!(list.entries[0].uri, "sip:a@example.com?Replaces=1&X=%20");
        assert_eq!(list.entries[0].span.text(text.as_bytes()), "sip:a@example.com?Replaces=1&amp;X=%20");
        assert_eq!(list.entries[0].copy_control.as_deref(), Some("bcc"));
        assert_eq!((list.entries[1].uri.as_str(), list.entries[1].depth), ("tel:+1555", 1));
        assert_eq!((list.entries[0].name.as_deref(), list.entries[1].name.as_deref()), (None, Some("B")));
    }

    #[test]
    fn what_breaks_a_list_is_named() {
        for (inside, expected) in [
            ("<entry/>", vec!["no-uri"]),
            ("<entry uri=\"sip:a@b\"/><entry uri=\"sip:%61@B;x=1?y=2\"/>", vec!["duplicate"]),
            ("<entry-ref ref=\"x\"/><external anchor=\"y\"/>", vec!["entry-ref", "external"]),
            ("<list><entry uri=\"sip:a@b\"/></list>", vec!["nested-list"]),
            ("<entry uri=\"sip:a@b\" copyControl=\"to\"/>", vec!["wrong-namespace"]),
            ("<entry uri=\"sip:a@b\" c:copyControl=\"To\"/>", vec!["copy-control"]),
            ("<entry uri=\"sip:a@b\">", vec!["not-well-formed"]),
        ] {
            assert_eq!(codes(&list(inside).1), expected, "{inside}");
        }
        let parse = |text: &str| List::parse(text.as_bytes(), Span::all(text.as_bytes()));
        assert_eq!(codes(&parse("<lists/>")), ["wrong-root", "wrong-namespace"]);
        assert_eq!(codes(&parse("")), ["not-well-formed"]);
    }

    #[test]
    fn document_types_and_huge_documents_are_refused() {
        let parse = |text: &str| List::parse(text.as_bytes(), Span::all(text.as_bytes()));
        let bomb = "<!DOCTYPE x [<!ENTITY a \"b\">]><resource-lists>&a;</resource-lists>";
        assert_eq!(codes(&parse(bomb)), ["not-well-formed"]);
        assert_eq!(codes(&parse(&"<a>".repeat(100_000))), ["too-large"]);
        assert_eq!(codes(&parse(&format!("<a {}/>", "x='' ".repeat(300)))), ["too-large"]);
        assert_eq!(codes(&List::parse(b"<a>\xff</a>", Span::new(0, 8))), ["not-utf8"]);
        let deep = format!("<resource-lists xmlns=\"{RESOURCE_LISTS}\">{}{}</resource-lists>", "<a>".repeat(9999), "</a>".repeat(9999));
        assert_eq!(codes(&parse(&deep)), [] as [&str; 0]);
    }

    #[test]
    fn the_place_of_a_break_is_told() {
        let (text, list) = list("\n  <entry uri=\"a\"></entri>");
        assert!(list.malformations[0].span.text(text.as_bytes()).starts_with("</entri>"));
    }
}
