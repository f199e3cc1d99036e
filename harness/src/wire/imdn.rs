//! Disposition notifications: message/imdn+xml (RFC 5438, 11).

use super::{
    span::{Faults, Malformation, Span},
    xml::Xml,
};

/// The name space of the documents.
pub const NAME_SPACE: &str = "urn:ietf:params:xml:ns:imdn";

/// Elements in front of the notification, in the order of the schema (RFC 5438, 11.2).
const ORDER: [&str; 5] = ["message-id", "datetime", "recipient-uri", "original-recipient-uri", "subject"];

/// A notification document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imdn {
    /// Message-ID of the message that is spoken of, and where it stands.
    pub message_id: Option<(String, Span)>,
    /// DateTime of that message.
    pub datetime: Option<(String, Span)>,
    /// Who received it.
    pub recipient_uri: Option<(String, Span)>,
    /// Whom it was sent to.
    pub original_recipient_uri: Option<(String, Span)>,
    /// The notifications; exactly one is legal.
    pub kinds: Vec<Notification>,
    /// What breaks the grammar.
    pub malformations: Vec<Malformation>,
}

/// What became of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// `delivery`, `display` or `processing`.
    pub kind: String,
    /// Name of the element in `status`, for instance `delivered`.
    pub status: Option<String>,
    /// The whole element.
    pub span: Span,
}

impl Imdn {
    /// Reads a body of this type.
    #[must_use]
    pub fn parse(raw: &[u8], within: Span) -> Self {
        let mut faults = Faults::default();
        let mut this = Self::default();
        if let Some(xml) = Xml::read(raw, within, &mut faults) {
            this.read(&xml, &mut faults);
        }
        this.malformations = faults.into_vec();
        this
    }

    fn read(&mut self, xml: &Xml<'_>, faults: &mut Faults) {
        let root = xml.root("imdn", NAME_SPACE, faults);
        // The schema is a sequence; elements of other name spaces are extensions (RFC 5438, 11.1 and 11.2).
        let mut reached = 0;
        for node in root.children().filter(roxmltree::Node::is_element) {
            if node.tag_name().namespace() == root.tag_name().namespace() {
                let place = ORDER.iter().position(|name| *name == node.tag_name().name()).unwrap_or(ORDER.len());
                if place < reached {
                    faults.add("out-of-order", format!("{} stands too late", node.tag_name().name()), xml.tag(node));
                }
                reached = reached.max(place);
            }
            let slot = match node.tag_name().name() {
                "message-id" => &mut self.message_id,
                "datetime" => &mut self.datetime,
                "recipient-uri" => &mut self.recipient_uri,
                "original-recipient-uri" => &mut self.original_recipient_uri,
                name => {
                    let Some(kind) = name.strip_suffix("-notification") else { continue };
                    if self.kinds.len() == 1 {
                        faults.add("two-notifications", "the document holds more than one notification", xml.tag(node));
                    }
                    // More than a few say nothing more.
                    if self.kinds.len() < 10 {
                        self.kinds.push(notification(xml, node, kind, faults));
                    }
                    continue;
                }
            };
            if slot.is_some() {
                faults.add("twice", format!("{} stands more than once", node.tag_name().name()), xml.tag(node));
            } else {
                *slot = Some(xml.text(node));
            }
        }
        for (code, slot) in [("no-message-id", &self.message_id), ("no-datetime", &self.datetime)] {
            if slot.as_ref().is_none_or(|(text, _)| text.is_empty()) {
                faults.add(code, "an element that has to be there is missing or empty", xml.tag(root));
            }
        }
        if self.recipient_uri.is_some() != self.original_recipient_uri.is_some() {
            faults.add("recipients", "one of recipient-uri and original-recipient-uri stands without the other", xml.tag(root));
        }
        if self.kinds.is_empty() {
            faults.add("no-notification", "the document holds no notification", xml.tag(root));
        }
    }
}

fn notification(xml: &Xml<'_>, node: roxmltree::Node<'_, '_>, kind: &str, faults: &mut Faults) -> Notification {
    let statuses = node.children().filter(|n| n.tag_name().name() == "status");
    let status = statuses.flat_map(|s| s.children()).find(roxmltree::Node::is_element).map(|n| n.tag_name().name().to_owned());
    let legal = match kind {
        "delivery" => ["delivered", "failed", "forbidden", "error"],
        "display" => ["displayed", "displayed", "forbidden", "error"],
        "processing" => ["processed", "stored", "forbidden", "error"],
        _ => {
            faults.add("unknown-notification", format!("{kind} is no kind of notification"), xml.tag(node));
            [""; 4]
        }
    };
    match &status {
        None => faults.add("no-status", "the notification has no status", xml.tag(node)),
        Some(status) if !legal.contains(&"") && !legal.contains(&status.as_str()) => {
            faults.add("unknown-status", format!("{status} is no status of a {kind} notification"), xml.span(node.range()));
        }
        Some(_) => {}
    }
    Notification { kind: kind.to_owned(), status, span: xml.span(node.range()) }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn imdn(inside: &str) -> (String, Imdn) {
        let text =
            format!("--<imdn xmlns=\"{NAME_SPACE}\"><message-id>m1</message-id><datetime>2013-03-30T10:16:01Z</datetime>{inside}</imdn>");
        let imdn = Imdn::parse(text.as_bytes(), Span::new(2, text.len()));
        (text, imdn)
    }

    #[test]
    fn a_notification_is_read() {
        let (text, imdn) = imdn(
            "<recipient-uri>sip:b@example.com</recipient-uri><original-recipient-uri>sip:c@example.com</original-recipient-uri>\
             <display-notification><status><displayed/></status></display-notification>",
        );
        assert_eq!(imdn.malformations, []);
        let (id, span) = imdn.message_id.unwrap();
        assert_eq!((&*id, span.text(text.as_bytes())), ("m1", "m1".into()));
        assert_eq!(imdn.recipient_uri.unwrap().0, "sip:b@example.com");
        assert_eq!((&*imdn.kinds[0].kind, imdn.kinds[0].status.as_deref()), ("display", Some("displayed")));
        assert!(imdn.kinds[0].span.text(text.as_bytes()).starts_with("<display-"));
    }

    #[test]
    fn what_breaks_a_notification_is_named() {
        let delivered = "<delivery-notification><status><delivered/></status></delivery-notification>";
        let displayed = "<display-notification><status><displayed/></status></display-notification>";
        for (inside, expected) in [
            (format!("{delivered}{displayed}"), vec!["two-notifications"]),
            (String::new(), vec!["no-notification"]),
            (delivered.replace("delivered", "displayed"), vec!["unknown-status"]),
            (delivered.replace("<delivered/>", ""), vec!["no-status"]),
            (format!("<datetime/>{delivered}"), vec!["twice"]),
            (format!("{delivered}<subject>x</subject>"), vec!["out-of-order"]),
            (format!("<recipient-uri>sip:b@example.com</recipient-uri>{delivered}"), vec!["recipients"]),
            ("<other-notification><status><x/></status></other-notification>".into(), vec!["unknown-notification"]),
        ] {
            let codes: Vec<_> = imdn(&inside).1.malformations.into_iter().map(|m| m.code).collect();
            assert_eq!(codes, expected, "{inside}");
        }
        let bare = Imdn::parse(b"<imdn/>", Span::new(0, 7));
        let codes: Vec<_> = bare.malformations.into_iter().map(|m| m.code).collect();
        assert_eq!(codes, ["wrong-namespace", "no-message-id", "no-datetime", "no-notification"]);
    }
}
