//! The octets of MSRP requests and responses (RFC 4975, 7.1 and 7.2).

use bytes::Bytes;
use memchr::memmem;

use crate::role::ids::Ids;

/// Header fields in their order; Content-Type is the last.
pub type Fields = Vec<(String, String)>;

/// A request: `body` goes behind an empty line, and no body is no empty line.
#[must_use]
pub fn request(transaction: &str, method: &str, fields: &[(String, String)], body: Option<&[u8]>, flag: u8) -> Bytes {
    message(&format!("MSRP {transaction} {method}"), transaction, fields, body, flag)
}

/// A response; `to` and `from` are its paths.
#[must_use]
pub fn response(transaction: &str, status: u16, to: &str, from: &str) -> Bytes {
    let fields = [("To-Path".to_owned(), to.to_owned()), ("From-Path".to_owned(), from.to_owned())];
    message(&format!("MSRP {transaction} {status} {}", comment(status)), transaction, &fields, None, b'$')
}

fn message(start: &str, transaction: &str, fields: &[(String, String)], body: Option<&[u8]>, flag: u8) -> Bytes {
    // What is sent is kept by the trace, so that no more is taken than it needs.
    let header: usize = fields.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    let mut out = Vec::with_capacity(start.len() + 2 + header + body.map_or(0, |body| body.len() + 4) + transaction.len() + 10);
    out.extend_from_slice(start.as_bytes());
    out.extend_from_slice(b"\r\n");
    for (name, value) in fields {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    if let Some(body) = body {
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(body);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"-------");
    out.extend_from_slice(transaction.as_bytes());
    out.push(flag);
    out.extend_from_slice(b"\r\n");
    out.into()
}

/// Lets `overlay` stand in place of the fields of the same names; a new one goes in front of Content-Type, `None` takes one out.
pub fn overlay(fields: &mut Fields, overlay: &[(String, Option<String>)]) {
    for (name, value) in overlay {
        let at = fields.iter().position(|(n, _)| n.eq_ignore_ascii_case(name));
        match (at, value) {
            (Some(at), Some(value)) => fields[at].1.clone_from(value),
            (Some(at), None) => drop(fields.remove(at)),
            (None, Some(value)) => {
                let at = fields.iter().position(|(n, _)| n == "Content-Type").unwrap_or(fields.len());
                fields.insert(at, (name.clone(), value.clone()));
            }
            (None, None) => {}
        }
    }
}

/// A new transaction identifier whose end-line does not occur in `body` (RFC 4975, 7.1).
pub fn transaction(ids: &mut Ids, body: &[u8]) -> String {
    // A body that holds all of a few random identifiers of 64 bits cannot be made by anybody who does not know the seed.
    for _ in 0..8 {
        let token = ids.token();
        let end = format!("-------{token}");
        if memmem::find(body, end.as_bytes()).is_none() {
            return token;
        }
    }
    ids.token()
}

/// The comment of a status; nobody compares it.
#[must_use]
pub fn comment(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        408 => "Timeout",
        413 => "Stop Sending",
        415 => "Unsupported Media Type",
        423 => "Parameter Out Of Bounds",
        481 => "No Such Session",
        501 => "Unknown Method",
        506 => "Bound To Another Connection",
        _ => "Status",
    }
}
