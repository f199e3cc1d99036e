//! The server half of the upper tester's protocol, without I/O: what an adapter written in Rust needs.
//!
//! Octets go in, calls come out; replies and sights are made as lines for the caller to send. Whatever cannot be done is
//! refused here, so that no adapter on top of it can be a parrot.

use serde_json::Value;

use super::{
    call::{self, Call, Hello},
    rpc::{BadLine, LineBuffer, Message, Response, RpcError, code},
};
use crate::upper::{Act, Answer, Sight};

/// One connection to a harness.
#[derive(Debug)]
pub struct Server {
    hello: Hello,
    lines: LineBuffer,
}

/// What a line of the harness wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// The harness begins; this line is the reply.
    Hello(String),
    /// The user shall act; [`Server::answer`] it.
    Act {
        /// Number of the request.
        id: u64,
        /// The act, one of those in the [`Hello`].
        act: Act,
    },
    /// To be answered by [`Server::done`] once all input so far is handled and nothing is queued.
    Idle {
        /// Number of the request.
        id: u64,
    },
    /// To be answered by [`Server::done`] once this user is back in the state after its start: not registered.
    Reset {
        /// Number of the request.
        id: u64,
        /// Which user, 1-based.
        user: u16,
    },
    /// The harness ends; answer by [`Server::done`], then end.
    Stop {
        /// Number of the request.
        id: u64,
    },
    /// Nothing to be done; this line is the reply.
    Refused(String),
}

impl Server {
    /// A server that says `hello` to this.
    #[must_use]
    pub fn new(hello: Hello) -> Self {
        Self { hello, lines: LineBuffer::default() }
    }

    /// Takes octets as they came and gives what they want, in order.
    pub fn feed(&mut self, octets: &[u8]) -> Vec<Incoming> {
        self.lines.feed(octets).into_iter().filter_map(|line| self.read(line)).collect()
    }

    /// The answer to an act, as a line.
    #[must_use]
    pub fn answer(&self, id: u64, answer: &Answer) -> String {
        call::response(id, answer).line()
    }

    /// The answer to `idle`, `reset` and `stop`, as a line.
    #[must_use]
    pub fn done(&self, id: u64) -> String {
        self.answer(id, &Answer::Taken(Default::default()))
    }

    /// A sight, as a line.
    #[must_use]
    pub fn sight(&self, sight: &Sight) -> String {
        call::notification(sight).line()
    }

    fn read(&self, line: Result<String, BadLine>) -> Option<Incoming> {
        let message = line.map_err(|bad| RpcError::new(code::PARSE, bad.to_string())).and_then(|line| Message::parse(&line));
        let request = match message {
            Ok(Message::Request(request)) => request,
            // A harness sends neither; JSON-RPC wants no reply to them.
            Ok(Message::Notification(_) | Message::Response(_)) => return None,
            Err(error) => return Some(refused(None, error)),
        };
        let id = request.id;
        Some(match Call::parse(request) {
            Ok(Call::Hello) => {
                let hello = Value::Object(call::object(&self.hello));
                Incoming::Hello(Message::Response(Response { id: Some(id), outcome: Ok(hello) }).line())
            }
            Ok(Call::Act(act)) if !self.hello.acts.iter().any(|name| name == act.name()) => {
                refused(Some(id), RpcError::new(code::NO_SUCH_METHOD, format!("`{}` is not among the acts of `hello`", act.name())))
            }
            Ok(Call::Act(act)) => Incoming::Act { id, act },
            Ok(Call::Idle) if !self.hello.idle => refused(Some(id), RpcError::new(code::NO_SUCH_METHOD, "`idle` is not answered here")),
            Ok(Call::Idle) => Incoming::Idle { id },
            Ok(Call::Reset { user }) => Incoming::Reset { id, user },
            Ok(Call::Stop) => Incoming::Stop { id },
            Err(error) => refused(Some(id), error),
        })
    }
}

fn refused(id: Option<u64>, error: RpcError) -> Incoming {
    Incoming::Refused(Message::Response(Response { id, outcome: Err(error) }).line())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn server() -> Server {
        Server::new(Hello {
            name: "Acme".into(),
            acts: vec!["register".into(), "mark-read".into()],
            sights: vec![],
            idle: false,
            listens: None,
        })
    }

    fn only(line: &str) -> Incoming {
        let mut incoming = server().feed(format!("{line}\n").as_bytes());
        assert_eq!(incoming.len(), 1, "{line}");
        incoming.remove(0)
    }

    fn asked(call: &Call) -> Incoming {
        only(&Message::Request(call.request(4)).line())
    }

    #[test]
    fn a_call_comes_out_and_its_reply_goes_in() {
        assert_eq!(asked(&Call::Act(Act::Register {})), Incoming::Act { id: 4, act: Act::Register {} });
        assert_eq!(asked(&Call::Reset { user: 2 }), Incoming::Reset { id: 4, user: 2 });
        assert_eq!(asked(&Call::Stop), Incoming::Stop { id: 4 });
        assert_eq!(server().done(4), "{\"id\":4,\"jsonrpc\":\"2.0\",\"result\":{}}\n");
        assert_eq!(
            asked(&Call::Hello),
            Incoming::Hello(
                "{\"id\":4,\"jsonrpc\":\"2.0\",\"result\":{\"acts\":[\"register\",\"mark-read\"],\"idle\":false,\"name\":\"Acme\",\"sights\":[]}}\n".into()
            )
        );
    }

    #[test]
    fn what_hello_does_not_promise_is_refused() {
        let code_of = |incoming: Incoming| match incoming {
            Incoming::Refused(line) => match Message::parse(&line) {
                Ok(Message::Response(Response { id: Some(4), outcome: Err(error) })) => error.code,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        assert_eq!(code_of(asked(&Call::Idle)), code::NO_SUCH_METHOD);
        assert_eq!(code_of(asked(&Call::Act(Act::Restart { wipe: false }))), code::NO_SUCH_METHOD);
        assert_eq!(code_of(only(r#"{"jsonrpc":"2.0","id":4,"method":"fly"}"#)), code::NO_SUCH_METHOD);
        assert_eq!(code_of(only(r#"{"jsonrpc":"2.0","id":4,"method":"register","params":{"to":"moon"}}"#)), code::BAD_PARAMS);
    }

    #[test]
    fn garbage_is_answered_without_an_id() {
        let Incoming::Refused(line) = only("hello?") else { panic!("a refusal") };
        assert!(line.starts_with("{\"error\":{\"code\":-32700,"), "{line}");
        assert!(line.contains("\"id\":null"), "{line}");
        assert_eq!(server().feed(b"{\"jsonrpc\":\"2.0\",\"method\":\"note\"}\n{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n"), []);
    }
}
