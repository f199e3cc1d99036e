//! Messages on their way in: chunks of one Message-ID become one content (RFC 4975, 7.3.1).

use std::collections::VecDeque;

use bytes::Bytes;

use crate::wire::msrp::{
    assembly::{Assembly, Limits},
    range::ByteRange,
};

/// Messages of a session that may be incomplete at a time; beyond, the oldest is given up.
const MOST: usize = 16;
/// Message-IDs that are remembered as done.
const DONE: usize = 256;

/// One chunk as its SEND request has it.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// Message-ID.
    pub message_id: String,
    /// Byte-Range.
    pub range: ByteRange,
    /// Content-Type.
    pub content_type: String,
    /// The octets.
    pub body: Bytes,
    /// Flag of the end-line.
    pub flag: u8,
    /// Whether a success report is asked for.
    pub success_report: bool,
    /// From-Path, to which a report goes.
    pub reply_to: String,
}

/// What a chunk brought about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Took {
    /// More is to come, or the message was complete before.
    Waiting,
    /// All is there.
    Whole(Whole),
    /// The sender gave it up.
    Aborted,
    /// Not taken, with this status.
    Refused(u16),
}

/// A complete message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Content-Type of the first octets.
    pub content_type: String,
    /// The content.
    pub content: Bytes,
    /// To-Path of the success report, if one is asked for.
    pub report_to: Option<String>,
}

#[derive(Debug)]
struct Partial {
    message_id: String,
    content_type: String,
    content: Assembly,
    success_report: bool,
}

/// All messages of a session that are on their way in.
#[derive(Debug, Default)]
pub struct Incoming {
    partial: VecDeque<Partial>,
    /// Message-IDs of what is over: complete, given up (0), or refused (the status).
    over: VecDeque<(String, u16)>,
}

impl Incoming {
    /// Takes a chunk of a message that may have `largest` octets.
    pub fn take(&mut self, chunk: Chunk, largest: u64) -> Took {
        if let Some((_, status)) = self.over.iter().find(|(id, _)| *id == chunk.message_id) {
            return if *status == 0 { Took::Waiting } else { Took::Refused(*status) };
        }
        if chunk.range.total.is_some_and(|total| total > largest) || chunk.body.len() as u64 > largest {
            self.finish(&chunk.message_id, 413);
            return Took::Refused(413);
        }
        if chunk.flag == b'#' {
            self.finish(&chunk.message_id, 0);
            return Took::Aborted;
        }
        let at = self.partial.iter().position(|p| p.message_id == chunk.message_id);
        if at.is_none() && chunk.range.start == 1 && chunk.flag == b'$' {
            self.finish(&chunk.message_id, 0);
            let report_to = chunk.success_report.then_some(chunk.reply_to);
            return Took::Whole(Whole { content_type: chunk.content_type, content: chunk.body, report_to });
        }
        let at = at.unwrap_or_else(|| self.begin(&chunk, largest));
        let Some(partial) = self.partial.get_mut(at) else { return Took::Waiting };
        if partial.content.push(chunk.range, &chunk.body, Some(chunk.flag)).is_err() {
            self.finish(&chunk.message_id, 413);
            return Took::Refused(413);
        }
        if chunk.range.start == 1 {
            partial.content_type.clone_from(&chunk.content_type);
        }
        partial.success_report |= chunk.success_report;
        if !partial.content.complete() {
            return Took::Waiting;
        }
        let Some(partial) = self.partial.remove(at) else { return Took::Waiting };
        self.finish(&chunk.message_id, 0);
        let Ok(content) = partial.content.content() else { return Took::Waiting };
        let report_to = partial.success_report.then_some(chunk.reply_to);
        Took::Whole(Whole { content_type: partial.content_type, content, report_to })
    }

    fn begin(&mut self, chunk: &Chunk, largest: u64) -> usize {
        if self.partial.len() >= MOST {
            self.partial.pop_front();
        }
        self.partial.push_back(Partial {
            message_id: chunk.message_id.clone(),
            content_type: chunk.content_type.clone(),
            content: Assembly::new(Limits { content: largest, ..Limits::default() }),
            success_report: false,
        });
        self.partial.len() - 1
    }

    /// Wants nothing more of this message; further chunks get `status`, or a 200 where it is 0.
    pub fn finish(&mut self, message_id: &str, status: u16) {
        self.partial.retain(|p| p.message_id != message_id);
        if self.over.iter().any(|(id, _)| id == message_id) {
            return;
        }
        self.over.push_back((message_id.to_owned(), status));
        if self.over.len() > DONE {
            self.over.pop_front();
        }
    }

    /// Whether a message is incomplete.
    #[must_use]
    pub fn waiting(&self) -> bool {
        !self.partial.is_empty()
    }
}
