//! The bodies that a CPM client makes: CPIM objects, disposition notifications, lists of recipients.

use crate::upper::Disposition;

/// A CPIM object in the making (RFC 3862; CONV-7.2.1.3).
#[derive(Clone, Debug, Default)]
pub struct Cpim {
    /// Sender.
    pub from: String,
    /// Recipient.
    pub to: String,
    /// When (RFC 3339).
    pub date_time: String,
    /// Message-ID of RFC 5438, and what is asked for; no id: neither.
    pub imdn: Option<(String, Vec<Disposition>)>,
    /// Media type of the content.
    pub content_type: String,
    /// Content-Disposition of the content.
    pub disposition: Option<&'static str>,
    /// The content.
    pub content: Vec<u8>,
}

impl Cpim {
    /// The octets.
    #[must_use]
    pub fn octets(&self) -> Vec<u8> {
        let mut head = format!("From: <{}>\r\nTo: <{}>\r\nDateTime: {}\r\n", self.from, self.to, self.date_time);
        if let Some((id, wanted)) = &self.imdn {
            head.push_str("NS: imdn <urn:ietf:params:imdn>\r\n");
            head.push_str(&format!("imdn.Message-ID: {id}\r\n"));
            if !wanted.is_empty() {
                let words: Vec<_> =
                    wanted.iter().map(|w| if *w == Disposition::Delivery { "positive-delivery" } else { "display" }).collect();
                head.push_str(&format!("imdn.Disposition-Notification: {}\r\n", words.join(", ")));
            }
        }
        head.push_str(&format!("\r\nContent-Type: {}\r\n", self.content_type));
        if let Some(disposition) = self.disposition {
            head.push_str(&format!("Content-Disposition: {disposition}\r\n"));
        }
        head.push_str("\r\n");
        let mut octets = head.into_bytes();
        octets.extend_from_slice(&self.content);
        octets
    }
}

/// An IMDN document (RFC 5438, 11.1): `kind` is `delivery` or `display`, `status` its word.
#[must_use]
pub fn imdn(message_id: &str, date_time: &str, kind: &str, status: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<imdn xmlns=\"urn:ietf:params:xml:ns:imdn\"><message-id>{}</message-id><datetime>{}</datetime><{kind}-notification><status><{status}/></status></{kind}-notification></imdn>\r\n",
        escaped(message_id),
        escaped(date_time)
    )
}

/// A flat list of recipients (RFC 4826, 3.2, with the copy control of RFC 5364, 4).
#[must_use]
pub fn recipients(uris: &[String]) -> String {
    let entries: String = uris.iter().map(|uri| format!("<entry uri=\"{}\" cp:copyControl=\"to\"/>", escaped(uri))).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\" xmlns:cp=\"urn:ietf:params:xml:ns:copycontrol\"><list>{entries}</list></resource-lists>\r\n"
    )
}

/// A flat list of URIs that are no recipients (RFC 4826, 3.2).
#[must_use]
pub fn list(uris: &[String]) -> String {
    let entries: String = uris.iter().map(|uri| format!("<entry uri=\"{}\"/>", escaped(uri))).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\"><list>{entries}</list></resource-lists>\r\n"
    )
}

/// A body of type `kind` with a list of recipients, as multipart/mixed (RFC 5365, 6; RFC 5366, 4; R-0-13). Gives media type and octets.
#[must_use]
pub fn with_recipients(boundary: &str, kind: &str, first: &[u8], uris: &[String]) -> (String, Vec<u8>) {
    mixed(boundary, kind, first, "Content-Disposition: recipient-list\r\n", &recipients(uris))
}

/// A body of type `kind` with a [`list`], as multipart/mixed (R-7.2.3.2.1-3). Gives media type and octets.
#[must_use]
pub fn with_list(boundary: &str, kind: &str, first: &[u8], uris: &[String]) -> (String, Vec<u8>) {
    mixed(boundary, kind, first, "", &list(uris))
}

fn mixed(boundary: &str, kind: &str, first: &[u8], fields: &str, list: &str) -> (String, Vec<u8>) {
    let mut body = format!("--{boundary}\r\nContent-Type: {kind}\r\n\r\n").into_bytes();
    body.extend_from_slice(first);
    body.extend_from_slice(
        format!("\r\n--{boundary}\r\nContent-Type: application/resource-lists+xml\r\n{fields}\r\n{list}\r\n--{boundary}--\r\n").as_bytes(),
    );
    (format!("multipart/mixed;boundary={boundary}"), body)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
