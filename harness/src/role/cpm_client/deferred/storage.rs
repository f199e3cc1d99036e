//! The client of the message store: fetches objects by UID (CONV-7.2.3.2.2-2a; RFC 3501, 6.4.8).
//!
//! One fetch at a time, each over a connection of its own: greeting, LOGIN, SELECT, UID FETCH, LOGOUT.

use std::{collections::VecDeque, net::SocketAddr, time::Duration};

use imap_codec::{
    CommandCodec, GreetingCodec, ResponseCodec,
    encode::Encoder as _,
    fragmentizer::Fragmentizer,
    imap_types::{
        command::{Command, CommandBody},
        fetch::{MessageDataItem, MessageDataItemName},
        response::{Data, GreetingKind, Response, Status, StatusKind},
    },
};

use crate::{
    role::{Hop, Input, Output, cpm_client::CpmClient},
    trace::{Protocol, Transport},
};

/// Most octets of one response, literals included.
const LONGEST: u32 = 1 << 20;

/// Most fetches that wait.
const MOST: usize = 16;

/// How long a fetch may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Password of every user at the store; the fake store lets everybody in, and a real secret would stand in the trace.
const PASSWORD: &str = "no-secret";

/// Fetches under way; the first one is being done.
#[derive(Debug, Default)]
pub(in super::super) struct Storage {
    fetches: VecDeque<Fetch>,
    out: VecDeque<Output>,
}

#[derive(Debug)]
struct Fetch {
    hop: Hop,
    user: String,
    folder: String,
    uids: Vec<u32>,
    step: Step,
    responses: Fragmentizer,
    /// When it is given up.
    until: Option<Duration>,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Greeting,
    Login,
    Select,
    Fetch,
    Logout,
}

impl Storage {
    /// Asks the store at `address` for objects of a folder.
    pub fn fetch(&mut self, now: Duration, address: SocketAddr, user: &str, folder: String, uids: Vec<u32>) {
        if self.fetches.len() >= MOST {
            return;
        }
        self.fetches.push_back(Fetch {
            hop: Hop::over(Protocol::Imap, Transport::Tcp, address),
            user: user.to_owned(),
            folder,
            uids,
            step: Step::Greeting,
            responses: Fragmentizer::new(LONGEST),
            until: None,
        });
        self.begin(now);
    }

    /// Opens the connection of the first fetch, unless it was begun.
    fn begin(&mut self, now: Duration) {
        if let Some(fetch) = self.fetches.front_mut().filter(|fetch| fetch.until.is_none()) {
            fetch.until = Some(now + PATIENCE);
            self.out.push_back(Output::Connect { hop: fetch.hop, fingerprint: None });
        }
    }

    /// Takes what the store said, or that its connection is gone; gives the objects that came.
    pub fn heard(&mut self, now: Duration, input: Input) -> Vec<Vec<u8>> {
        let mut objects = Vec::new();
        let Some(fetch) = self.fetches.front_mut() else { return objects };
        let mut over = false;
        match input {
            Input::Bytes { hop, bytes } if hop.address == fetch.hop.address => {
                fetch.responses.enqueue_bytes(&bytes);
                while !over && fetch.responses.progress().is_some() {
                    if fetch.responses.is_message_complete() {
                        let (said, done) = fetch.hear(&mut objects);
                        let bytes = |octets: Vec<u8>| Output::Transmit { hop: fetch.hop, bytes: octets.into() };
                        self.out.extend(said.map(bytes));
                        over = done;
                    }
                }
                if over {
                    self.out.push_back(Output::Close { hop: fetch.hop });
                }
            }
            Input::Closed { hop } if hop.address == fetch.hop.address => over = true,
            _ => {}
        }
        if over {
            self.fetches.pop_front();
            self.begin(now);
        }
        objects
    }

    /// Gives up what takes too long.
    pub fn tick(&mut self, now: Duration) {
        if let Some(fetch) = self.fetches.front().filter(|fetch| fetch.until.is_some_and(|until| until <= now)) {
            self.out.push_back(Output::Close { hop: fetch.hop });
            self.fetches.pop_front();
            self.begin(now);
        }
    }

    /// When the fetch that is being done is given up.
    pub fn deadline(&self) -> Option<Duration> {
        self.fetches.front()?.until
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// Whether nothing is under way.
    pub fn idle(&self) -> bool {
        self.fetches.is_empty() && self.out.is_empty()
    }

    /// Forgets all fetches and closes the connection.
    pub fn clear(&mut self) {
        if let Some(fetch) = self.fetches.front() {
            self.out.push_back(Output::Close { hop: fetch.hop });
        }
        self.fetches.clear();
    }
}

impl Fetch {
    /// Takes one whole response: what is to be said next, and whether all is over.
    fn hear(&mut self, objects: &mut Vec<Vec<u8>>) -> (Option<Vec<u8>>, bool) {
        if self.step == Step::Greeting {
            let kind = self.responses.decode_message(&GreetingCodec::new()).ok().map(|greeting| greeting.kind);
            return match kind {
                Some(GreetingKind::Ok) => self.say(Step::Login),
                Some(GreetingKind::PreAuth) => self.say(Step::Select),
                Some(GreetingKind::Bye) | None => (None, true),
            };
        }
        let Ok(response) = self.responses.decode_message(&ResponseCodec::new()) else { return (None, false) };
        let taken = match response {
            Response::Data(Data::Fetch { items, .. }) if self.step == Step::Fetch => {
                objects.extend(items.into_iter().find_map(whole));
                return (None, false);
            }
            Response::Status(Status::Tagged(tagged)) => tagged.body.kind == StatusKind::Ok,
            Response::Status(Status::Bye(_)) => return (None, self.step != Step::Logout),
            _ => return (None, false),
        };
        match self.step {
            Step::Logout => (None, true),
            Step::Login if taken => self.say(Step::Select),
            Step::Select if taken => self.say(Step::Fetch),
            _ => self.say(Step::Logout),
        }
    }

    /// The command of a step, whose answer is then waited for; what cannot be said ends the fetch.
    fn say(&mut self, step: Step) -> (Option<Vec<u8>>, bool) {
        self.step = step;
        let body = match step {
            Step::Greeting => None,
            Step::Login => CommandBody::login(self.user.as_str(), PASSWORD).ok(),
            Step::Select => CommandBody::select(self.folder.as_str()).ok(),
            Step::Fetch => {
                let items = vec![MessageDataItemName::Uid, MessageDataItemName::BodyExt { section: None, partial: None, peek: true }];
                let uids: Vec<String> = self.uids.iter().map(u32::to_string).collect();
                CommandBody::fetch(uids.join(",").as_str(), items, true).ok()
            }
            Step::Logout => Some(CommandBody::Logout),
        };
        let command = body.and_then(|body| Command::new(format!("a{}", step as u8), body).ok());
        // No argument needs a literal: the store would have to ask for it first.
        let octets = command.map(|command| CommandCodec::new().encode(&command).dump());
        let over = octets.is_none();
        (octets, over)
    }
}

/// The whole object, if this item has it.
fn whole(item: MessageDataItem<'_>) -> Option<Vec<u8>> {
    match item {
        MessageDataItem::BodyExt { section: None, data, .. } => Some(data.into_option()?.into_owned()),
        _ => None,
    }
}

impl CpmClient {
    /// Fetches expired messages from the message store, if there is one.
    pub(super) fn fetch_stored(&mut self, now: Duration, folder: String, uids: Vec<u32>) {
        let user = self.settings.address().split_once(':').map_or("", |(_, rest)| rest).to_owned();
        if let Some(address) = self.settings.storage_address {
            self.storage.fetch(now, address, &user, folder, uids);
        }
    }

    /// What the message store said; objects that came are shown as messages (CONV-7.2.3.2.2-2a).
    pub(in super::super) fn store_said(&mut self, now: Duration, input: Input) {
        for object in self.storage.heard(now, input) {
            self.take_object(now, &object);
        }
    }
}
