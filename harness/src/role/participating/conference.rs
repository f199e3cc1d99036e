//! The conference document that a focus sends by itself (RFC 4575, 5): everybody, connected.

use std::fmt::Write as _;

/// Its media type.
pub(super) const TYPE: &str = "application/conference-info+xml";

/// The whole state of the conference `entity`.
pub(super) fn full(entity: &str, version: u32, users: &[String]) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<conference-info xmlns=\"urn:ietf:params:xml:ns:conference-info\" entity=\"{}\" \
         state=\"full\" version=\"{version}\">\r\n<conference-state><user-count>{}</user-count></conference-state>\r\n<users>\r\n",
        escaped(entity),
        users.len()
    );
    for user in users {
        let user = escaped(user);
        // Writing to a String cannot fail.
        let _ = write!(text, "<user entity=\"{user}\"><endpoint entity=\"{user}\"><status>connected</status></endpoint></user>\r\n");
    }
    text.push_str("</users>\r\n</conference-info>\r\n");
    text
}

/// Version that a document says it has.
pub(super) fn version(document: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(document).ok()?;
    let root = text.get(text.find("<conference-info")?..)?;
    let root = root.get(..root.find('>')?)?;
    let value = root.split_once("version=")?.1;
    value.trim_start_matches(['"', '\'']).split(['"', '\'']).next()?.parse().ok()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
