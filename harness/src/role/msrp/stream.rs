//! Messages out of one direction of a connection: each ends with the end-line of its own transaction identifier.

use bytes::{Bytes, BytesMut};

/// Octets of one message at most.
const LARGEST: usize = 96 << 20;
/// Octets of a start line at most.
const LINE: usize = 1024;

/// Cuts a stream into messages.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: BytesMut,
    searched: usize,
    /// The end-line up to its flag, once the start line is there.
    end: Option<Vec<u8>>,
    dead: bool,
}

impl Framer {
    /// Takes the next octets.
    pub fn push(&mut self, bytes: &[u8]) {
        if !self.dead {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next whole message; `None` until more octets come. Lines that begin no message are dropped.
    pub fn take(&mut self) -> Option<Bytes> {
        loop {
            let lf = self.buffer.get(self.searched..)?.iter().position(|b| *b == b'\n').map(|at| self.searched + at);
            let Some(lf) = lf else {
                if self.buffer.len() > if self.end.is_some() { LARGEST } else { LINE } {
                    self.dead = true;
                    self.buffer.clear();
                }
                return None;
            };
            let line = self.buffer.get(self.searched..=lf).unwrap_or_default();
            match &self.end {
                None => match transaction(line) {
                    Some(transaction) => {
                        self.end = Some([b"-------", transaction].concat());
                        self.searched = lf + 1;
                    }
                    None => drop(self.buffer.split_to(lf + 1)),
                },
                Some(end) => {
                    self.searched = lf + 1;
                    if matches!(line.strip_prefix(end.as_slice()), Some([b'$' | b'+' | b'#', b'\r', b'\n'])) {
                        self.end = None;
                        self.searched = 0;
                        return Some(self.buffer.split_to(lf + 1).freeze());
                    }
                }
            }
        }
    }
}

fn transaction(line: &[u8]) -> Option<&[u8]> {
    line.strip_prefix(b"MSRP ")?.split(|b| *b == b' ').next().filter(|t| !t.is_empty())
}
