//! The upper tester of a real product: a process that we start, or an adapter that listens on TCP.
//!
//! All I/O happens inside [`ExternalSut::next`], so there is no task to join and nothing is read that nobody takes: an
//! adapter that talks too much is held up by its own pipe. Only the process that was started here is ever ended.

use std::{collections::VecDeque, fmt, io, path::Path, process::ExitStatus, time::Duration};

use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};

use super::{
    UpperTester,
    call::{Call, Hello},
    client::{Client, Heard, UpperEvent},
    link::{Link, Turn},
    rpc::{Request, RpcError, code},
};
use crate::upper::Act;

/// Why an upper tester could not be started; reads on after "could not start the upper tester: ".
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The profile names the reference that is built in.
    #[error("the embedded reference is no process of its own")]
    Embedded,
    /// The program did not start.
    #[error("{program}: {error}")]
    Spawn {
        /// The program, as it was looked for.
        program: String,
        /// What the system says.
        error: io::Error,
    },
    /// Nobody listens.
    #[error("{address}: {error}")]
    Connect {
        /// Where.
        address: String,
        /// What the system says.
        error: io::Error,
    },
    /// A request was not answered in time.
    #[error("no answer to {asked} within {waited:?}{}", quoted(.heard, "; it sent instead"))]
    Silent {
        /// What was asked.
        asked: String,
        /// How long was waited.
        waited: Duration,
        /// The first thing that it sent instead, if any.
        heard: String,
    },
    /// It was lost while it was asked.
    #[error("{why} when asked for {asked}{}", quoted(.stderr, "; on standard error"))]
    Gone {
        /// What was asked.
        asked: String,
        /// How it was lost.
        why: String,
        /// The end of what it wrote to standard error.
        stderr: String,
    },
    /// Its answer to `hello` is none.
    #[error("the answer to `hello` is none: {0}")]
    Hello(String),
    /// It accepts what cannot be accepted, so its "done" means nothing.
    #[error("it is not to be trusted: {asked} has to be refused with error {wanted}, but was answered with {answered}")]
    Parrot {
        /// What was asked.
        asked: String,
        /// The code that was wanted.
        wanted: i64,
        /// What came.
        answered: String,
    },
}

/// A running upper tester.
pub struct ExternalSut {
    hello: Hello,
    client: Client,
    link: Link,
    ready: VecDeque<Heard>,
    /// It was lost and that was told.
    gone: bool,
}

impl fmt::Debug for ExternalSut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExternalSut").field("hello", &self.hello).field("gone", &self.gone).finish_non_exhaustive()
    }
}

impl ExternalSut {
    /// Starts the upper tester in `folder`, or connects to it; says hello and probes it. Each step may take `patience`.
    ///
    /// A program with a slash in its name is looked for from `folder`. No shell is involved.
    ///
    /// # Errors
    /// [`StartError`]; then nothing is left running.
    pub async fn start(way: &UpperTester, folder: &Path, patience: Duration) -> Result<Self, StartError> {
        let link = match way {
            UpperTester::Embedded => return Err(StartError::Embedded),
            UpperTester::Stdio(command) => Link::spawn(command, folder)
                .map_err(|error| StartError::Spawn { program: command.first().cloned().unwrap_or_default(), error })?,
            UpperTester::Tcp(address) => {
                Link::connect(address, patience).await.map_err(|error| StartError::Connect { address: address.clone(), error })?
            }
        };
        let mut sut = Self { hello: Hello::default(), client: Client::default(), link, ready: VecDeque::new(), gone: false };
        let request = sut.client.call(&Call::Hello);
        let hello = sut.ask("`hello`", request, patience).await?.map_err(|error| StartError::Hello(error.to_string()))?;
        sut.hello = serde_json::from_value(hello).map_err(|error| StartError::Hello(error.to_string()))?;
        sut.probe(patience).await?;
        Ok(sut)
    }

    /// Whether it is lost.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.gone
    }

    /// What the adapter can do.
    #[must_use]
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Calls; gives the number that the answer will carry. The request leaves while [`Self::next`] is awaited.
    pub fn send(&mut self, call: &Call) -> u64 {
        let (id, line) = self.client.call(call);
        self.link.push(&line);
        id
    }

    /// The next event. It may be dropped at any time and nothing is lost: made for `select!` with a deadline.
    ///
    /// [`UpperEvent::Gone`] comes once; after it nothing ever comes.
    pub async fn next(&mut self) -> UpperEvent {
        match self.hear().await {
            Heard::Event(event) => event,
            Heard::Reply(id, _) => UpperEvent::Garbled(format!("a late answer to request {id}")),
        }
    }

    /// The end of what the process wrote to standard error; whatever is not UTF-8 is replaced.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.link.stderr()
    }

    /// Asks the adapter to stop and waits for that; when `patience` is over the process is killed.
    ///
    /// Gives the exit status of the process, `None` for an adapter on TCP.
    pub async fn stop(mut self, patience: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + patience;
        if !self.gone {
            self.send(&Call::Stop);
        }
        while !self.gone && timeout_at(deadline, self.next()).await.is_ok() {}
        self.link.end_process().await
    }

    /// One request and its answer; whatever else is heard meanwhile comes out of [`Self::next`] later.
    async fn ask(&mut self, asked: &str, (id, line): (u64, String), patience: Duration) -> Result<Result<Value, RpcError>, StartError> {
        self.link.push(&line);
        let deadline = Instant::now() + patience;
        let mut others = std::mem::take(&mut self.ready);
        loop {
            match timeout_at(deadline, self.hear()).await {
                Ok(Heard::Reply(number, outcome)) if number == id => {
                    others.append(&mut self.ready);
                    self.ready = others;
                    return Ok(outcome);
                }
                Ok(Heard::Event(UpperEvent::Gone(why))) => {
                    return Err(StartError::Gone { asked: asked.to_owned(), why, stderr: self.stderr() });
                }
                Ok(other) => others.push_back(other),
                Err(_) => {
                    let garbled = others.iter().find_map(|heard| match heard {
                        Heard::Event(UpperEvent::Garbled(what)) => Some(what.clone()),
                        _ => None,
                    });
                    return Err(StartError::Silent { asked: asked.to_owned(), waited: patience, heard: garbled.unwrap_or_default() });
                }
            }
        }
    }

    /// An adapter that takes everything would turn "asked" into "done": two requests have to be refused.
    async fn probe(&mut self, patience: Duration) -> Result<(), StartError> {
        let mut probes = vec![(
            "the method `no-such-method`".to_owned(),
            Request { id: 0, method: "no-such-method".to_owned(), params: Map::new() },
            code::NO_SUCH_METHOD,
        )];
        probes.extend(
            act_for_probe(&self.hello.acts)
                .map(|request| (format!("`{}` with the parameter `no-such-parameter`", request.method), request, code::BAD_PARAMS)),
        );
        for (asked, request, wanted) in probes {
            let request = self.client.probe(request);
            let answered = match self.ask(&asked, request, patience).await? {
                Err(error) if error.code == wanted => continue,
                Err(error) => error.to_string(),
                Ok(result) => format!("the result {}", result.to_string().chars().take(200).collect::<String>()),
            };
            return Err(StartError::Parrot { asked, wanted, answered });
        }
        Ok(())
    }

    async fn hear(&mut self) -> Heard {
        loop {
            if let Some(heard) = self.ready.pop_front() {
                return heard;
            }
            if self.gone {
                return std::future::pending().await;
            }
            let ended = match self.link.turn().await {
                Turn::Nothing => None,
                Turn::Octets(octets) => match self.client.feed(&octets) {
                    Ok(heard) => {
                        self.ready.extend(heard);
                        None
                    }
                    Err(flood) => Some(flood),
                },
                Turn::Ended(why) => Some(why),
            };
            if let Some(why) = ended {
                self.gone = true;
                self.ready.extend(self.client.finish());
                self.ready.push_back(Heard::Event(UpperEvent::Gone(why)));
                self.link.hang_up();
            }
        }
    }
}

/// An act of the adapter with a parameter that does not exist, chosen so that it does as little as possible if it is taken
/// all the same.
fn act_for_probe(acts: &[String]) -> Option<Request> {
    let promised = |name: &str| acts.iter().any(|act| act == name);
    let harmless = [Act::MarkRead { message: "no-such-handle".to_owned() }, Act::Register {}];
    let mut request = match harmless.into_iter().find(|act| promised(act.name())) {
        Some(act) => Call::Act(act).request(0),
        None => {
            let method = Act::NAMES.iter().find(|name| promised(name))?;
            Request { id: 0, method: (*method).to_owned(), params: Map::new() }
        }
    };
    request.params.insert("no-such-parameter".to_owned(), Value::Bool(true));
    Some(request)
}

/// `what` behind `words`, if there is any; no more than its last 500 characters.
fn quoted(what: &str, words: &str) -> String {
    let surplus = what.chars().count().saturating_sub(500);
    let tail: String = what.chars().skip(surplus).collect();
    if tail.is_empty() { String::new() } else { format!("{words}: {tail}") }
}
