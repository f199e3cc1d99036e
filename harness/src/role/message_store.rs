//! A message store: IMAP4rev1 (RFC 3501), as far as a CPM client needs it to fetch objects, and a server to record them.
//!
//! It takes CAPABILITY, NOOP, LOGOUT, LOGIN, SELECT, EXAMINE, CREATE, APPEND, CLOSE, FETCH and UID FETCH. Everybody is let in:
//! what a LOGIN shows stays in the trace, so products should be given a password for the tests.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    num::NonZeroU32,
    time::Duration,
};

use bytes::Bytes;
use imap_codec::{
    CommandCodec, GreetingCodec, ResponseCodec,
    encode::Encoder as _,
    fragmentizer::{FragmentInfo, Fragmentizer},
    imap_types::{
        command::{Command, CommandBody},
        core::{LiteralMode, Tag, Text, Vec1},
        extensions::binary::LiteralOrLiteral8,
        fetch::MacroOrMessageDataItemNames,
        flag::{Flag, FlagPerm},
        mailbox::Mailbox as MailboxName,
        response::{Bye, Capability, Code, CommandContinuationRequest, Data, Greeting, Response, Status, StatusKind},
        sequence::SequenceSet,
    },
};

use super::{Actor, Hop, Input, Output};

mod item;

/// Most octets of one command, literals included.
const LONGEST: u32 = 256 << 10;

/// Most octets of all objects that were appended.
const ROOM: usize = 16 << 20;

/// Most mailboxes.
const MAILBOXES: usize = 256;

/// Most connections that are kept; beyond, new ones are closed.
const MOST: usize = 32;

/// UIDVALIDITY of every mailbox (RFC 3501, 2.3.1.1).
const VALIDITY: NonZeroU32 = NonZeroU32::new(385_759_045).expect("not zero");

/// The mailbox that everybody has.
const INBOX: &str = "INBOX";

/// What is stored: octets by UID, by name of the mailbox; `INBOX` in capitals.
pub type Stock = BTreeMap<String, BTreeMap<u32, Bytes>>;

/// A message store.
#[derive(Debug, Default)]
pub struct MessageStore {
    stock: Stock,
    appended: usize,
    connections: BTreeMap<SocketAddr, Connection>,
    out: VecDeque<Output>,
}

#[derive(Debug)]
struct Connection {
    commands: Fragmentizer,
    may: bool,
    /// The mailbox that is selected.
    selected: Option<String>,
}

impl MessageStore {
    /// A store with this stock.
    #[must_use]
    pub fn new(stock: Stock) -> Self {
        Self { stock, ..Self::default() }
    }

    fn say(&mut self, hop: Hop, octets: Vec<u8>) {
        self.out.push_back(Output::Transmit { hop, bytes: octets.into() });
    }

    fn respond(&mut self, hop: Hop, response: &Response<'_>) {
        self.say(hop, ResponseCodec::new().encode(response).dump());
    }

    fn tell(&mut self, hop: Hop, data: Data<'_>) {
        self.respond(hop, &Response::Data(data));
    }

    fn status(&mut self, hop: Hop, tag: Option<Tag<'_>>, kind: StatusKind, code: Option<Code<'_>>, text: &'static str) {
        if let Ok(status) = Status::new(tag, kind, code, text) {
            self.respond(hop, &Response::Status(status));
        }
    }

    fn heard(&mut self, hop: Hop, bytes: &[u8]) {
        if !self.connections.contains_key(&hop.address) {
            if self.connections.len() >= MOST {
                self.out.push_back(Output::Close { hop });
                return;
            }
            let new = Connection { commands: Fragmentizer::new(LONGEST), may: false, selected: None };
            self.connections.insert(hop.address, new);
            if let Ok(greeting) = Greeting::ok(None, "the store is open") {
                self.say(hop, GreetingCodec::new().encode(&greeting).dump());
            }
        }
        let Some(connection) = self.connections.get_mut(&hop.address) else { return };
        connection.commands.enqueue_bytes(bytes);
        self.work(hop);
    }

    /// Takes commands until none is whole any more. A literal is waited for only if it can be kept.
    fn work(&mut self, hop: Hop) {
        loop {
            let Some(Connection { commands, .. }) = self.connections.get_mut(&hop.address) else { return };
            let Some(fragment) = commands.progress() else { return };
            if let FragmentInfo::Line { announcement: Some(literal), .. } = fragment {
                if literal.length > LONGEST || commands.is_max_message_size_exceeded() {
                    self.connections.remove(&hop.address);
                    self.status(hop, None, StatusKind::Bad, None, "the command is too long");
                    self.out.push_back(Output::Close { hop });
                    return;
                }
                if literal.mode == LiteralMode::Sync
                    && let Ok(request) = CommandContinuationRequest::basic(None, "go on")
                {
                    self.respond(hop, &Response::CommandContinuationRequest(request));
                }
            } else if commands.is_message_complete() {
                let tag = commands.decode_tag().map(|tag| tag.as_ref().to_owned());
                match commands.decode_message(&CommandCodec::new()).ok().map(imap_codec::imap_types::IntoStatic::into_static) {
                    Some(command) => self.obey(hop, command),
                    None => {
                        let tag = tag.and_then(|tag| Tag::try_from(tag).ok());
                        self.status(hop, tag, StatusKind::Bad, None, "no such command");
                    }
                }
            }
        }
    }

    fn obey(&mut self, hop: Hop, command: Command<'static>) {
        let Some(connection) = self.connections.get_mut(&hop.address) else { return };
        let Command { tag, body } = command;
        let (kind, text) = match (body, connection.may, connection.selected.clone()) {
            (CommandBody::Capability, ..) => {
                self.tell(hop, Data::Capability(Vec1::from(Capability::Imap4Rev1)));
                (StatusKind::Ok, "that is all")
            }
            (CommandBody::Noop, ..) => (StatusKind::Ok, "nothing done"),
            (CommandBody::Logout, ..) => {
                let text = Text::try_from("good bye");
                if let Ok(text) = text {
                    self.respond(hop, &Response::Status(Status::Bye(Bye { code: None, text })));
                }
                self.status(hop, Some(tag), StatusKind::Ok, None, "logged out");
                self.connections.remove(&hop.address);
                self.out.push_back(Output::Close { hop });
                return;
            }
            (CommandBody::Login { .. }, false, _) => {
                connection.may = true;
                (StatusKind::Ok, "logged in")
            }
            (CommandBody::Select { mailbox, .. }, true, _) => return self.select(hop, tag, &mailbox, false),
            (CommandBody::Examine { mailbox, .. }, true, _) => return self.select(hop, tag, &mailbox, true),
            (CommandBody::Create { mailbox }, true, _) => {
                let name = name(&mailbox);
                if self.stock.contains_key(&name) || self.stock.len() >= MAILBOXES {
                    (StatusKind::No, "not created")
                } else {
                    self.stock.insert(name, BTreeMap::new());
                    (StatusKind::Ok, "created")
                }
            }
            (CommandBody::Append { mailbox, message, .. }, true, _) => {
                let octets = match message {
                    LiteralOrLiteral8::Literal(literal) => literal.into_inner().into_owned(),
                    LiteralOrLiteral8::Literal8(literal) => literal.data.into_owned(),
                };
                let name = name(&mailbox);
                // The inbox is always there (RFC 3501, 5.1).
                let known = name == INBOX || self.stock.contains_key(&name);
                if !known {
                    return self.status(hop, Some(tag), StatusKind::No, Some(Code::TryCreate), "no such mailbox");
                }
                if self.appended + octets.len() > ROOM {
                    (StatusKind::No, "the store is full")
                } else {
                    self.appended += octets.len();
                    let stock = self.stock.entry(name).or_default();
                    let uid = stock.keys().next_back().copied().unwrap_or_default().saturating_add(1);
                    stock.insert(uid, octets.into());
                    (StatusKind::Ok, "appended")
                }
            }
            (CommandBody::Close, true, Some(_)) => {
                connection.selected = None;
                (StatusKind::Ok, "closed")
            }
            (CommandBody::Fetch { sequence_set, macro_or_item_names, uid, .. }, true, Some(mailbox)) => {
                self.fetch(hop, &mailbox, &sequence_set, &macro_or_item_names, uid)
            }
            _ => (StatusKind::Bad, "not now, or not at all"),
        };
        self.status(hop, Some(tag), kind, None, text);
    }

    fn select(&mut self, hop: Hop, tag: Tag<'_>, mailbox: &MailboxName<'_>, examine: bool) {
        let name = name(mailbox);
        let found = self.stock.get(&name).map(|stock| (stock.len(), stock.keys().next_back().copied().unwrap_or_default()));
        if let Some(connection) = self.connections.get_mut(&hop.address) {
            // RFC 3501, 6.3.1: where it fails, no mailbox is selected any more.
            connection.selected = found.map(|_| name);
        }
        let Some((exists, last)) = found else {
            return self.status(hop, Some(tag), StatusKind::No, None, "no such mailbox");
        };
        self.tell(hop, Data::Flags(vec![Flag::Seen]));
        self.tell(hop, Data::Exists(u32::try_from(exists).unwrap_or(u32::MAX)));
        self.tell(hop, Data::Recent(0));
        self.status(hop, None, StatusKind::Ok, Some(Code::PermanentFlags(vec![FlagPerm::Flag(Flag::Seen)])), "flags that stay");
        self.status(hop, None, StatusKind::Ok, Some(Code::UidValidity(VALIDITY)), "UIDs stay valid");
        if let Some(next) = NonZeroU32::new(last.saturating_add(1)) {
            self.status(hop, None, StatusKind::Ok, Some(Code::UidNext(next)), "the next UID");
        }
        let code = if examine { Code::ReadOnly } else { Code::ReadWrite };
        self.status(hop, Some(tag), StatusKind::Ok, Some(code), "selected");
    }

    /// RFC 3501, 6.4.5 and 6.4.8: an untagged response for each message that the set names; UIDs that are not there name none.
    fn fetch(
        &mut self,
        hop: Hop,
        mailbox: &str,
        set: &SequenceSet,
        wanted: &MacroOrMessageDataItemNames<'_>,
        uid: bool,
    ) -> (StatusKind, &'static str) {
        let Some(names) = item::wanted(wanted, uid) else { return (StatusKind::No, "this item is not kept here") };
        let stock = self.stock.get(mailbox).cloned().unwrap_or_default();
        let numbered: Vec<(u32, u32, Bytes)> = (1..).zip(stock).map(|(number, (uid, octets))| (number, uid, octets)).collect();
        let largest = numbered.last().map_or(0, |(number, last, _)| if uid { *last } else { *number });
        let Some(largest) = NonZeroU32::new(largest) else { return (StatusKind::Ok, "there is nothing") };
        for (number, own, octets) in &numbered {
            if !item::names(set, if uid { *own } else { *number }, largest) {
                continue;
            }
            let items: Vec<_> = names.iter().filter_map(|name| item::of(name, *own, octets)).collect();
            if let (Some(seq), Ok(items)) = (NonZeroU32::new(*number), Vec1::try_from(items)) {
                self.tell(hop, Data::Fetch { seq, items });
            }
        }
        (StatusKind::Ok, "fetched")
    }
}

/// The name of a mailbox.
fn name(mailbox: &MailboxName<'_>) -> String {
    match mailbox {
        MailboxName::Inbox => INBOX.to_owned(),
        MailboxName::Other(other) => String::from_utf8_lossy(other.as_ref()).into_owned(),
    }
}

impl Actor for MessageStore {
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
mod tests;
