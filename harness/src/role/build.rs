//! Normal SIP requests and responses, as the roles send them.
//!
//! `rsip` prints the header fields; start line and body are ours, because rsip rewrites reason phrases and octets.

use bytes::Bytes;
use rsip::{Header, Headers, headers::UntypedHeader as _};

use super::Hop;
use crate::wire::sip::Message;

/// A message being put together: start line, header fields in order, body.
#[derive(Clone, Debug)]
pub struct Draft {
    start: String,
    headers: Headers,
    body: Vec<u8>,
}

impl Draft {
    /// A request without header fields.
    #[must_use]
    pub fn request(method: &str, uri: &str) -> Self {
        Self { start: format!("{method} {uri} SIP/2.0"), headers: Headers::default(), body: Vec::new() }
    }

    /// A response to `request` with what RFC 3261, 8.2.6.2 has it copy; `tag` goes to the To header field if it has none.
    #[must_use]
    pub fn response(request: &Message, status: u16, tag: &str) -> Self {
        let mut draft = Self { start: format!("SIP/2.0 {status} {}", phrase(status)), headers: Headers::default(), body: Vec::new() };
        for field in &request.fields {
            let name = crate::wire::sip::long_name(request.name_of(field));
            let value = request.unfolded(field.value);
            match name.to_ascii_lowercase().as_str() {
                "via" | "from" | "call-id" | "cseq" => draft = draft.header(name, &value),
                "to" if status > 100 && request.tag("To").is_none() => draft = draft.header(name, &format!("{value};tag={tag}")),
                "to" => draft = draft.header(name, &value),
                _ => {}
            }
        }
        draft
    }

    /// Adds a header field; those that rsip knows go in as its types, all others word for word.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let value = value.to_owned();
        self.headers.push(match name {
            "Via" => Header::Via(rsip::headers::Via::new(value)),
            "From" => Header::From(rsip::headers::From::new(value)),
            "To" => Header::To(rsip::headers::To::new(value)),
            "Call-ID" => Header::CallId(rsip::headers::CallId::new(value)),
            "CSeq" => Header::CSeq(rsip::headers::CSeq::new(value)),
            "Max-Forwards" => Header::MaxForwards(rsip::headers::MaxForwards::new(value)),
            "Contact" => Header::Contact(rsip::headers::Contact::new(value)),
            "Route" => Header::Route(rsip::headers::Route::new(value)),
            "Expires" => Header::Expires(rsip::headers::Expires::new(value)),
            "User-Agent" => Header::UserAgent(rsip::headers::UserAgent::new(value)),
            _ => Header::Other(name.to_owned(), value),
        });
        self
    }

    /// Adds a header field if there is a value for it.
    #[must_use]
    pub fn maybe(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.header(name, value),
            None => self,
        }
    }

    /// Sets the body and its Content-Type.
    #[must_use]
    pub fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut draft = self.header("Content-Type", content_type);
        draft.body = body.into();
        draft
    }

    /// Lets `replace` stand in place of what was added under the same names; `None` takes a header field out.
    #[must_use]
    pub fn overlaid(mut self, replace: &[(String, Option<Vec<String>>)]) -> Self {
        for (name, values) in replace {
            self.headers.retain(|header| !header_name(header).eq_ignore_ascii_case(name));
            for value in values.iter().flatten() {
                self.headers.push(Header::Other(name.clone(), value.clone()));
            }
        }
        self
    }

    /// The octets, Content-Length last.
    #[must_use]
    pub fn finish(self) -> Bytes {
        let mut out = String::with_capacity(1024);
        out.push_str(&self.start);
        out.push_str("\r\n");
        for header in self.headers.iter() {
            out.push_str(&header.to_string());
            out.push_str("\r\n");
        }
        out.push_str(&format!("Content-Length: {}\r\n\r\n", self.body.len()));
        let mut out = out.into_bytes();
        out.extend_from_slice(&self.body);
        out.into()
    }
}

/// Value of a Via header field for a request that goes out from `local` (RFC 3261, 8.1.1.7; rport of RFC 3581).
#[must_use]
pub fn via(local: Hop, branch: &str) -> String {
    format!("SIP/2.0/{} {};branch={branch};rport", local.transport.via(), local.address)
}

fn header_name(header: &Header) -> String {
    let line = header.to_string();
    line.split(':').next().unwrap_or_default().trim().to_owned()
}

/// The usual reason phrase of a status code; it is never compared (RFC 3261, 7.2).
#[must_use]
pub fn phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        200 => "OK",
        202 => "Accepted",
        302 => "Moved Temporarily",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        420 => "Bad Extension",
        422 => "Session Interval Too Small",
        423 => "Interval Too Brief",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        483 => "Too Many Hops",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        603 => "Decline",
        _ => "Unspecified",
    }
}
