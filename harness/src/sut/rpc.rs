//! JSON-RPC 2.0, one object per line: framing and the three shapes of a message, without I/O.
//!
//! What the messages mean stands in `call`. Neither side trusts the other: a line has a limit, and every line that is no
//! message is an error with words, never a panic.

use serde_json::{Map, Value, json};

/// Octets that a line may have, without its end.
pub const LINE_LIMIT: usize = 1 << 20;

/// Error codes of the protocol.
pub mod code {
    /// The product refused.
    pub const REFUSED: i64 = 1;
    /// Not now.
    pub const NOT_NOW: i64 = 2;
    /// The handle is unknown.
    pub const UNKNOWN_HANDLE: i64 = 3;
    /// The line is no JSON (JSON-RPC 2.0, 5.1).
    pub const PARSE: i64 = -32700;
    /// The JSON is no request (JSON-RPC 2.0, 5.1).
    pub const INVALID_REQUEST: i64 = -32600;
    /// There is no such method (JSON-RPC 2.0, 5.1).
    pub const NO_SUCH_METHOD: i64 = -32601;
    /// A parameter is unknown, missing or of the wrong kind (JSON-RPC 2.0, 5.1).
    pub const BAD_PARAMS: i64 = -32602;
}

/// One line of the protocol.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Something to be done and answered.
    Request(Request),
    /// The answer to a request.
    Response(Response),
    /// Something told.
    Notification(Notification),
}

/// A method that is called.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Pairs it with its answer.
    pub id: u64,
    /// Name of the method.
    pub method: String,
    /// Parameters by name.
    pub params: Map<String, Value>,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// Which request; `None` answers a line of which no id could be read.
    pub id: Option<u64>,
    /// What came of it.
    pub outcome: Result<Value, RpcError>,
}

/// Why a request was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("error {code}: {message}")]
pub struct RpcError {
    /// One of [`code`], or another.
    pub code: i64,
    /// In words.
    pub message: String,
}

impl RpcError {
    /// An error with this code.
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// A message without answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    /// Name of the method.
    pub method: String,
    /// Parameters by name.
    pub params: Map<String, Value>,
}

impl Message {
    /// The message as a line, with its end.
    #[must_use]
    pub fn line(&self) -> String {
        let value = match self {
            Self::Request(Request { id, method, params }) => json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }),
            Self::Response(Response { id, outcome: Ok(result) }) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            Self::Response(Response { id, outcome: Err(RpcError { code, message }) }) => {
                json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
            }
            Self::Notification(Notification { method, params }) => json!({ "jsonrpc": "2.0", "method": method, "params": params }),
        };
        format!("{value}\n")
    }

    /// Reads a line; members that JSON-RPC does not know are passed over.
    ///
    /// # Errors
    /// [`RpcError`], fit as the answer to a line that should have been a request.
    pub fn parse(line: &str) -> Result<Self, RpcError> {
        // serde_json bounds the depth (128).
        let value = serde_json::from_str(line).map_err(|error| RpcError::new(code::PARSE, format!("no JSON: {error}")))?;
        let invalid = |message: &str| RpcError::new(code::INVALID_REQUEST, message);
        let Value::Object(mut object) = value else { return Err(invalid("not an object")) };
        if object.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return Err(invalid("`jsonrpc` is not \"2.0\""));
        }
        let id = match object.remove("id") {
            None => None,
            Some(Value::Null) => Some(None),
            Some(id) => Some(Some(id.as_u64().ok_or_else(|| invalid("`id` is not a whole number"))?)),
        };
        let Some(method) = object.remove("method") else {
            let id = id.ok_or_else(|| invalid("neither `method` nor `id`"))?;
            return Ok(Self::Response(Response { id, outcome: outcome(object)? }));
        };
        let Value::String(method) = method else { return Err(invalid("`method` is not text")) };
        let params = match object.remove("params") {
            None => Map::new(),
            Some(Value::Object(params)) => params,
            Some(_) => return Err(invalid("`params` is not an object")),
        };
        match id {
            None => Ok(Self::Notification(Notification { method, params })),
            Some(Some(id)) => Ok(Self::Request(Request { id, method, params })),
            Some(None) => Err(invalid("the `id` of a request is null")),
        }
    }
}

fn outcome(mut object: Map<String, Value>) -> Result<Result<Value, RpcError>, RpcError> {
    let invalid = |message: &str| RpcError::new(code::INVALID_REQUEST, message);
    match (object.remove("result"), object.remove("error")) {
        (Some(result), None) => Ok(Ok(result)),
        (None, Some(error)) => {
            let code = error.get("code").and_then(Value::as_i64).ok_or_else(|| invalid("`error` has no whole number as `code`"))?;
            let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
            Ok(Err(RpcError::new(code, message)))
        }
        (Some(_), Some(_)) => Err(invalid("both `result` and `error`")),
        (None, None) => Err(invalid("neither `method`, `result` nor `error`")),
    }
}

/// Turns octets into lines. Holds at most [`LINE_LIMIT`] of them.
#[derive(Debug, Default)]
pub struct LineBuffer {
    held: Vec<u8>,
    /// The line at hand has passed the limit; the rest of it is thrown away.
    passing: bool,
}

/// Octets that are no line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLine {
    /// More than [`LINE_LIMIT`].
    #[error("a line of more than {LINE_LIMIT} octets")]
    TooLong,
    /// Not UTF-8.
    #[error("a line that is not UTF-8")]
    NotUtf8,
}

impl LineBuffer {
    /// Takes octets as they came and gives the lines that they complete, without line ends; blank lines are passed over.
    pub fn feed(&mut self, mut octets: &[u8]) -> Vec<Result<String, BadLine>> {
        let mut lines = Vec::new();
        while let Some(end) = octets.iter().position(|octet| *octet == b'\n') {
            let (line, rest) = octets.split_at(end);
            octets = rest.get(1..).unwrap_or_default();
            self.hold(line);
            lines.extend(self.take());
        }
        self.hold(octets);
        lines
    }

    /// What was begun and has no end; nothing more will come.
    pub fn finish(&mut self) -> Option<Result<String, BadLine>> {
        self.take()
    }

    fn hold(&mut self, octets: &[u8]) {
        if self.passing || self.held.len() + octets.len() > LINE_LIMIT {
            self.passing = true;
            self.held = Vec::new();
        } else {
            self.held.extend_from_slice(octets);
        }
    }

    fn take(&mut self) -> Option<Result<String, BadLine>> {
        let mut line = std::mem::take(&mut self.held);
        if std::mem::take(&mut self.passing) {
            return Some(Err(BadLine::TooLong));
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            return None;
        }
        Some(String::from_utf8(line).map_err(|_| BadLine::NotUtf8))
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_message_reads_back_from_its_line() {
        let params = json!({ "a": ["\n", "\u{2028}", 1.5, null] }).as_object().cloned().expect("an object");
        for message in [
            Message::Request(Request { id: u64::MAX, method: "m".into(), params: params.clone() }),
            Message::Notification(Notification { method: "n".into(), params }),
            Message::Response(Response { id: Some(0), outcome: Ok(Value::Null) }),
            Message::Response(Response { id: None, outcome: Err(RpcError::new(code::PARSE, "what?")) }),
        ] {
            let line = message.line();
            assert_eq!(line.find('\n'), Some(line.len() - 1));
            assert_eq!(Message::parse(&line), Ok(message));
        }
    }

    #[test]
    fn a_line_that_is_no_message_is_answered_in_words() {
        for (line, said) in [
            ("hello", "error -32700: no JSON: expected value at line 1 column 1"),
            ("[]", "error -32600: not an object"),
            (r#"{"id":1,"method":"m"}"#, "error -32600: `jsonrpc` is not \"2.0\""),
            (r#"{"jsonrpc":"2.0","id":"a","method":"m"}"#, "error -32600: `id` is not a whole number"),
            (r#"{"jsonrpc":"2.0","id":-1,"result":1}"#, "error -32600: `id` is not a whole number"),
            (r#"{"jsonrpc":"2.0","id":null,"method":"m"}"#, "error -32600: the `id` of a request is null"),
            (r#"{"jsonrpc":"2.0","method":1}"#, "error -32600: `method` is not text"),
            (r#"{"jsonrpc":"2.0","method":"m","params":[1]}"#, "error -32600: `params` is not an object"),
            (r#"{"jsonrpc":"2.0"}"#, "error -32600: neither `method` nor `id`"),
            (r#"{"jsonrpc":"2.0","id":1}"#, "error -32600: neither `method`, `result` nor `error`"),
            (r#"{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1}}"#, "error -32600: both `result` and `error`"),
            (r#"{"jsonrpc":"2.0","id":1,"error":"no"}"#, "error -32600: `error` has no whole number as `code`"),
        ] {
            assert_eq!(Message::parse(line).expect_err(line).to_string(), said, "{line}");
        }
        assert_eq!(Message::parse(&"[".repeat(LINE_LIMIT)).expect_err("depth").code, code::PARSE);
    }

    #[test]
    fn lines_do_not_depend_on_how_the_octets_come() {
        let octets = "{\"a\":1}\r\n\n  \n{\"ü\":2}\nlast".as_bytes();
        for size in 1..=octets.len() {
            let mut buffer = LineBuffer::default();
            let lines: Vec<_> = octets.chunks(size).flat_map(|chunk| buffer.feed(chunk)).collect();
            assert_eq!(lines, [Ok("{\"a\":1}".to_owned()), Ok("{\"ü\":2}".to_owned())], "{size}");
            assert_eq!(buffer.finish(), Some(Ok("last".to_owned())));
            assert_eq!(buffer.finish(), None);
        }
    }

    #[test]
    fn a_line_that_is_too_long_grows_no_memory_and_ends_at_its_end() {
        let mut buffer = LineBuffer::default();
        for _ in 0..LINE_LIMIT / 1000 + 10 {
            assert_eq!(buffer.feed(&[b'x'; 1000]), []);
            assert!(buffer.held.capacity() <= 2 * LINE_LIMIT);
        }
        assert_eq!(buffer.held.capacity(), 0);
        assert_eq!(buffer.feed(b"x\nnext\n"), [Err(BadLine::TooLong), Ok("next".to_owned())]);
        let mut exact = vec![b'x'; LINE_LIMIT];
        exact.push(b'\n');
        assert!(buffer.feed(&exact).iter().all(Result::is_ok));
    }

    #[test]
    fn a_line_that_is_not_utf_8_is_told_and_passed() {
        assert_eq!(LineBuffer::default().feed(b"\xff\xfe\nnext\n"), [Err(BadLine::NotUtf8), Ok("next".to_owned())]);
    }
}
