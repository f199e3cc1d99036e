//! A content server: HTTP/1.1 (RFC 9110, 9112) that gives what stands at a path, for content that messages refer to.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use bytes::Bytes;

use super::{Actor, Hop, Input, Output};

/// Most octets of the head of a request.
const LONGEST: usize = 16 << 10;

/// Most header fields of a request.
const FIELDS: usize = 64;

/// Most connections that are kept; beyond, new ones are closed.
const MOST: usize = 32;

/// What is served: media type and octets by path, which begins with a slash.
pub type Table = BTreeMap<String, (String, Bytes)>;

/// A content server.
#[derive(Debug, Default)]
pub struct ContentServer {
    table: Table,
    /// What came over each connection and is no whole request yet.
    connections: BTreeMap<SocketAddr, Vec<u8>>,
    out: VecDeque<Output>,
}

/// A request as far as it matters here.
struct Asked {
    method: String,
    path: String,
    /// Whether the connection ends with the answer.
    last: bool,
    /// Octets of the head.
    len: usize,
}

impl ContentServer {
    /// A server with this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table, ..Self::default() }
    }

    fn heard(&mut self, hop: Hop, bytes: &[u8]) {
        if !self.connections.contains_key(&hop.address) && self.connections.len() >= MOST {
            self.out.push_back(Output::Close { hop });
            return;
        }
        self.connections.entry(hop.address).or_default().extend_from_slice(bytes);
        loop {
            let Some(kept) = self.connections.get_mut(&hop.address) else { return };
            match read(kept) {
                Ok(None) if kept.len() > LONGEST => self.answer(hop, (431, "Request Header Fields Too Large"), None, true),
                Ok(None) => return,
                Err(()) => self.answer(hop, (400, "Bad Request"), None, true),
                Ok(Some(asked)) => {
                    kept.drain(..asked.len);
                    self.serve(hop, &asked);
                }
            }
        }
    }

    fn serve(&mut self, hop: Hop, asked: &Asked) {
        let path = asked.path.split('?').next().unwrap_or_default();
        match (asked.method.as_str(), self.table.get(path).cloned()) {
            ("GET", Some(found)) => self.answer(hop, (200, "OK"), Some(found), asked.last),
            ("GET", None) => self.answer(hop, (404, "Not Found"), None, asked.last),
            // A body may follow, which nobody wants.
            _ => self.answer(hop, (405, "Method Not Allowed"), None, true),
        }
    }

    fn answer(&mut self, hop: Hop, (status, phrase): (u16, &str), found: Option<(String, Bytes)>, last: bool) {
        let (kind, content) = found.unwrap_or_default();
        let mut head = format!("HTTP/1.1 {status} {phrase}\r\nContent-Length: {}\r\n", content.len());
        if !kind.is_empty() {
            head.push_str(&format!("Content-Type: {kind}\r\n"));
        }
        if status == 405 {
            head.push_str("Allow: GET\r\n");
        }
        if last {
            head.push_str("Connection: close\r\n");
        }
        head.push_str("\r\n");
        let mut octets = head.into_bytes();
        octets.extend_from_slice(&content);
        self.out.push_back(Output::Transmit { hop, bytes: octets.into() });
        if last {
            self.connections.remove(&hop.address);
            self.out.push_back(Output::Close { hop });
        }
    }
}

/// The request at the beginning of `octets`; `None`: it is not whole yet.
fn read(octets: &[u8]) -> Result<Option<Asked>, ()> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(octets) {
        Ok(httparse::Status::Partial) => Ok(None),
        Err(_) => Err(()),
        Ok(httparse::Status::Complete(len)) => {
            let any = |name: &str, holds: fn(&[u8]) -> bool| {
                request.headers.iter().any(|field| field.name.eq_ignore_ascii_case(name) && holds(field.value))
            };
            let closes = any("Connection", |value| value.to_ascii_lowercase().windows(5).any(|word| word == b"close"));
            let body = any("Content-Length", |value| value != b"0") || any("Transfer-Encoding", |_| true);
            Ok(Some(Asked {
                method: request.method.unwrap_or_default().to_owned(),
                path: request.path.unwrap_or_default().to_owned(),
                last: closes || body || request.version == Some(0),
                len,
            }))
        }
    }
}

impl Actor for ContentServer {
    fn handle(&mut self, _now: Duration, input: Input) {
        match input {
            Input::Bytes { hop, bytes } => self.heard(hop, &bytes),
            Input::Closed { hop } => {
                self.connections.remove(&hop.address);
            }
            Input::Timeout | Input::Act { .. } | Input::Stimulus(_) => {}
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    fn deadline(&self) -> Option<Duration> {
        None
    }

    fn idle(&self, _now: Duration, _within: Duration) -> bool {
        self.out.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::trace::{Protocol, Transport};

    fn asked(server: &mut ContentServer, octets: &str) -> String {
        let hop = Hop::over(Protocol::Http, Transport::Tcp, "192.0.2.9:49152".parse().expect("an address"));
        server.handle(Duration::ZERO, Input::Bytes { hop, bytes: Bytes::from(octets.to_owned()) });
        let mut said = String::new();
        while let Some(output) = server.poll() {
            match output {
                Output::Transmit { bytes, .. } => said.push_str(&String::from_utf8_lossy(&bytes)),
                Output::Close { .. } => said.push_str("<closed>"),
                other => panic!("{other:?}"),
            }
        }
        said
    }

    fn server() -> ContentServer {
        ContentServer::new(BTreeMap::from([("/film.txt".to_owned(), ("text/plain".to_owned(), Bytes::from_static(b"a film")))]))
    }

    #[test]
    fn what_stands_at_a_path_is_given() {
        let mut server = server();
        let film = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nContent-Type: text/plain\r\n\r\na film";
        assert_eq!(asked(&mut server, "GET /film.txt?x=1 HTTP/1.1\r\nHost: a\r\n\r\n"), film);
        assert_eq!(asked(&mut server, "GET /fil"), "");
        assert_eq!(asked(&mut server, "m.txt HTTP/1.1\r\nHost: a\r\n\r\nGET /no HTTP/1.1\r\nConnection: Close\r\n\r\n"), {
            format!("{film}HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n<closed>")
        });
    }

    #[test]
    fn what_it_does_not_serve_it_refuses() {
        for (octets, line) in [
            ("POST /film.txt HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 405 Method Not Allowed\r\n"),
            ("\0\0\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"),
            (&format!("GET /{} HTTP/1.1\r\n", "x".repeat(20_000)), "HTTP/1.1 431 Request Header Fields Too Large\r\n"),
        ] {
            let said = asked(&mut server(), octets);
            assert!(said.starts_with(line) && said.ends_with("\r\nConnection: close\r\n\r\n<closed>"), "{said}");
        }
    }
}
