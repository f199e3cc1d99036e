//! The recording of conversations: objects that are appended to a mailbox of the message store (RFC 3501, 6.3.11).
//!
//! One connection at a time, for all that waits: greeting, LOGIN, APPEND for each object, LOGOUT.

use std::{collections::VecDeque, net::SocketAddr, time::Duration};

use imap_codec::{
    CommandCodec, GreetingCodec, ResponseCodec,
    encode::{Encoder as _, Fragment},
    fragmentizer::Fragmentizer,
    imap_types::{
        command::{Command, CommandBody},
        core::Literal,
        response::{GreetingKind, Response, Status, StatusKind},
    },
};

use crate::{
    role::{Hop, Input, Output},
    trace::{Protocol, Transport},
};

/// Most octets of one response.
const LONGEST: u32 = 64 << 10;

/// Most objects that wait.
const MOST: usize = 1000;

/// How long the store may take for one connection.
const PATIENCE: Duration = Duration::from_secs(30);

/// Password of every user at the store; the fake store lets everybody in, and a real secret would stand in the trace.
const PASSWORD: &str = "no-secret";

/// Where all goes.
const MAILBOX: &str = "INBOX";

/// An object to be recorded.
#[derive(Debug)]
struct Object {
    user: String,
    octets: Vec<u8>,
}

/// A connection to the store.
#[derive(Debug)]
struct Dialogue {
    hop: Hop,
    user: String,
    responses: Fragmentizer,
    /// What waits for the store to say that it may come.
    rest: VecDeque<Vec<u8>>,
    step: Step,
    number: u32,
    until: Duration,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Greeting,
    Login,
    Append,
    Logout,
}

/// All that waits to be recorded.
#[derive(Debug, Default)]
pub(super) struct History {
    waiting: VecDeque<Object>,
    dialogue: Option<Dialogue>,
    out: VecDeque<Output>,
}

impl History {
    /// Records an object for a user at the store.
    pub fn record(&mut self, now: Duration, store: SocketAddr, user: &str, octets: Vec<u8>) {
        if self.waiting.len() < MOST {
            self.waiting.push_back(Object { user: user.to_owned(), octets });
        }
        if self.dialogue.is_none() {
            self.begin(now, store);
        }
    }

    fn begin(&mut self, now: Duration, store: SocketAddr) {
        let Some(first) = self.waiting.front() else { return };
        let hop = Hop::over(Protocol::Imap, Transport::Tcp, store);
        self.out.push_back(Output::Connect { hop, fingerprint: None });
        self.dialogue = Some(Dialogue {
            hop,
            user: first.user.clone(),
            responses: Fragmentizer::new(LONGEST),
            rest: VecDeque::new(),
            step: Step::Greeting,
            number: 0,
            until: now + PATIENCE,
        });
    }

    /// Takes what the store said, or that its connection is gone.
    pub fn heard(&mut self, now: Duration, input: Input) {
        let Some(dialogue) = &mut self.dialogue else { return };
        let over = match input {
            Input::Bytes { hop, bytes } if hop.address == dialogue.hop.address => {
                dialogue.responses.enqueue_bytes(&bytes);
                let mut over = false;
                while !over && dialogue.responses.progress().is_some() {
                    if dialogue.responses.is_message_complete() {
                        over = dialogue.hear(&mut self.waiting, &mut self.out);
                    }
                }
                if over {
                    self.out.push_back(Output::Close { hop: dialogue.hop });
                }
                over
            }
            Input::Closed { hop } => hop.address == dialogue.hop.address,
            _ => false,
        };
        if over {
            let store = dialogue.hop.address;
            self.dialogue = None;
            self.begin(now, store);
        }
    }

    /// Gives up what takes too long.
    pub fn tick(&mut self, now: Duration) {
        if let Some(dialogue) = self.dialogue.take_if(|dialogue| dialogue.until <= now) {
            self.out.push_back(Output::Close { hop: dialogue.hop });
            self.waiting.clear();
        }
    }

    /// When it is given up.
    pub fn deadline(&self) -> Option<Duration> {
        self.dialogue.as_ref().map(|dialogue| dialogue.until)
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// Whether nothing is under way.
    pub fn idle(&self) -> bool {
        self.dialogue.is_none() && self.out.is_empty()
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Dialogue {
    /// Takes one whole response; gives whether all is over.
    fn hear(&mut self, waiting: &mut VecDeque<Object>, out: &mut VecDeque<Output>) -> bool {
        if self.step == Step::Greeting {
            let kind = self.responses.decode_message(&GreetingCodec::new()).ok().map(|greeting| greeting.kind);
            return match kind {
                Some(GreetingKind::Ok) => {
                    let login = CommandBody::login(self.user.clone(), PASSWORD).ok();
                    self.say(Step::Login, login, out)
                }
                Some(GreetingKind::PreAuth) => self.next(waiting, out),
                Some(GreetingKind::Bye) | None => true,
            };
        }
        let Ok(response) = self.responses.decode_message(&ResponseCodec::new()) else { return false };
        let taken = match response {
            Response::CommandContinuationRequest(_) => {
                if let Some(octets) = self.rest.pop_front() {
                    out.push_back(Output::Transmit { hop: self.hop, bytes: octets.into() });
                }
                return false;
            }
            Response::Status(Status::Tagged(tagged)) => tagged.body.kind == StatusKind::Ok,
            Response::Status(Status::Bye(_)) => return self.step != Step::Logout,
            _ => return false,
        };
        match self.step {
            Step::Logout => true,
            Step::Login if !taken => {
                waiting.clear();
                self.say(Step::Logout, Some(CommandBody::Logout), out)
            }
            // What the store does not take is not offered again.
            _ => self.next(waiting, out),
        }
    }

    /// Appends the next object of this user, or leaves.
    fn next(&mut self, waiting: &mut VecDeque<Object>, out: &mut VecDeque<Output>) -> bool {
        let own = waiting.front().is_some_and(|object| object.user == self.user);
        let object = if own { waiting.pop_front() } else { None };
        let Some(object) = object else {
            return self.say(Step::Logout, Some(CommandBody::Logout), out);
        };
        let append = Literal::try_from(object.octets).ok().and_then(|literal| CommandBody::append(MAILBOX, Vec::new(), None, literal).ok());
        self.say(Step::Append, append, out)
    }

    /// Begins the command of a step; what follows a literal's size waits. What cannot be said ends it all.
    fn say(&mut self, step: Step, body: Option<CommandBody<'_>>, out: &mut VecDeque<Output>) -> bool {
        (self.step, self.number) = (step, self.number + 1);
        self.rest.clear();
        let Some(command) = body.and_then(|body| Command::new(format!("h{}", self.number), body).ok()) else { return true };
        for fragment in CommandCodec::new().encode(&command) {
            match fragment {
                Fragment::Literal { data, .. } => self.rest.push_back(data),
                Fragment::Line { data } => match self.rest.back_mut() {
                    Some(literal) => literal.extend(data),
                    None => out.push_back(Output::Transmit { hop: self.hop, bytes: data.into() }),
                },
            }
        }
        false
    }
}
