//! Names of SIP header fields: compact forms, comma lists, fields that stand once.

/// The long form of a compact name (RFC 3261, 7.3.3, and the extensions that define one); other names unchanged.
#[must_use]
pub fn long_name(name: &str) -> &str {
    let &[letter] = name.as_bytes() else { return name };
    match letter.to_ascii_lowercase() {
        b'a' => "Accept-Contact",
        b'b' => "Referred-By",
        b'c' => "Content-Type",
        b'd' => "Request-Disposition",
        b'e' => "Content-Encoding",
        b'f' => "From",
        b'i' => "Call-ID",
        b'j' => "Reject-Contact",
        b'k' => "Supported",
        b'l' => "Content-Length",
        b'm' => "Contact",
        b'n' => "Identity-Info",
        b'o' => "Event",
        b'r' => "Refer-To",
        b's' => "Subject",
        b't' => "To",
        b'u' => "Allow-Events",
        b'v' => "Via",
        b'x' => "Session-Expires",
        b'y' => "Identity",
        _ => name,
    }
}

/// Header fields whose value is a comma-separated list (RFC 3261, 7.3.1, and the grammars of the extensions).
const LISTS: &[&str] = &[
    "accept",
    "accept-contact",
    "accept-encoding",
    "accept-language",
    "alert-info",
    "allow",
    "allow-events",
    "call-info",
    "contact",
    "content-encoding",
    "content-language",
    "error-info",
    "feature-caps",
    "history-info",
    "in-reply-to",
    "p-access-network-info",
    "p-asserted-identity",
    "p-asserted-service",
    "p-associated-uri",
    "p-preferred-identity",
    "p-preferred-service",
    "p-visited-network-id",
    "path",
    "proxy-require",
    "reason",
    "record-route",
    "reject-contact",
    "request-disposition",
    "require",
    "resource-priority",
    "route",
    "security-client",
    "security-server",
    "security-verify",
    "service-route",
    "supported",
    "unsupported",
    "via",
    "warning",
];

/// Header fields that a message holds at most once and that are no lists.
const SINGLE: &[&str] = &[
    "call-id",
    "content-disposition",
    "content-id",
    "content-length",
    "content-type",
    "cseq",
    "date",
    "event",
    "expires",
    "from",
    "max-forwards",
    "mime-version",
    "min-expires",
    "min-se",
    "organization",
    "priority",
    "rack",
    "refer-sub",
    "refer-to",
    "referred-by",
    "replaces",
    "reply-to",
    "retry-after",
    "rseq",
    "server",
    "session-expires",
    "sip-etag",
    "sip-if-match",
    "subject",
    "subscription-state",
    "timestamp",
    "to",
    "user-agent",
];

/// Whether the values of this header field, long or compact, are separated by commas.
#[must_use]
pub fn is_list(name: &str) -> bool {
    place(LISTS, name).is_some()
}

/// Which of the fields that stand once this is; less than 64.
pub(super) fn single(name: &str) -> Option<usize> {
    place(SINGLE, name)
}

/// Place of a name in a sorted table of names in lower case.
fn place(table: &[&str], name: &str) -> Option<usize> {
    let lower = || long_name(name).bytes().map(|b| b.to_ascii_lowercase());
    table.binary_search_by(|known| known.bytes().cmp(lower())).ok()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_compact_form_is_its_long_form() {
        assert_eq!(long_name("a"), "Accept-Contact");
        assert_eq!(long_name("M"), "Contact");
        assert_eq!(long_name("z"), "z");
        assert_eq!(long_name("cOnTaCt"), "cOnTaCt");
    }

    #[test]
    fn the_tables_are_sorted_and_fit() {
        assert!(LISTS.is_sorted() && SINGLE.is_sorted());
        assert!(SINGLE.len() < 64);
    }

    #[test]
    fn lists_are_known_by_either_form_and_any_case() {
        for name in ["Via", "v", "VIA", "k", "Reason", "a"] {
            assert!(is_list(name), "{name}");
        }
        for name in ["Date", "Authorization", "Subject", "X-Unknown", ""] {
            assert!(!is_list(name), "{name}");
        }
    }
}
