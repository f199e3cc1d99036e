//! What the messages of the upper tester mean: calls of the harness, their answers, and sights.
//!
//! Used by both sides, so that they cannot differ in reading. A method is an act of [`crate::upper`] or one of the four
//! controls `hello`, `idle`, `reset`, `stop`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::rpc::{Message, Notification, Request, Response, RpcError, code};
use crate::{
    upper::{Act, Answer, Sight},
    yaml,
};

/// Version of the protocol.
pub const PROTOCOL: u32 = 1;

/// Something that the harness calls.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// Begin; answered by [`Hello`].
    Hello,
    /// Make the user act.
    Act(Act),
    /// Answer once all input so far is handled and nothing is queued.
    Idle,
    /// Bring this user (1-based) back to the state after its start: not registered, nothing stored or queued.
    Reset {
        /// Which.
        user: u16,
    },
    /// End.
    Stop,
}

/// Answer to `hello`: what the adapter can do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hello {
    /// Name of the product, as it names itself.
    pub name: String,
    /// Acts that it can make the user do.
    pub acts: Vec<String>,
    /// Sights that it tells.
    pub sights: Vec<String>,
    /// Whether it answers `idle`.
    #[serde(default)]
    pub idle: bool,
    /// Where a server listens for SIP: `127.0.0.1:5070`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listens: Option<String>,
}

/// Parameters of `hello`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HelloParams {
    /// Version of the protocol that the harness speaks.
    pub protocol: u32,
}

/// Parameters of `reset`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResetParams {
    /// Which user, 1-based.
    pub user: u16,
}

/// Parameters of `idle` and `stop`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NoParams {}

impl Call {
    /// The call as a request.
    #[must_use]
    pub fn request(&self, id: u64) -> Request {
        let (method, params) = match self {
            Self::Hello => ("hello", object(&HelloParams { protocol: PROTOCOL })),
            Self::Act(act) => (act.name(), object(act)),
            Self::Idle => ("idle", Map::new()),
            Self::Reset { user } => ("reset", object(&ResetParams { user: *user })),
            Self::Stop => ("stop", Map::new()),
        };
        let mut request = Request { id, method: method.to_owned(), params };
        request.params.remove("act");
        request
    }

    /// What a request calls for.
    ///
    /// # Errors
    /// -32601 for a method that is neither control nor act; -32602 for a parameter that is unknown, missing or ill-typed.
    pub fn parse(request: Request) -> Result<Self, RpcError> {
        let Request { method, mut params, .. } = request;
        match method.as_str() {
            "hello" => match read::<HelloParams>(params)?.protocol {
                PROTOCOL => Ok(Self::Hello),
                other => Err(RpcError::new(code::BAD_PARAMS, format!("protocol {other} is not spoken here, but {PROTOCOL}"))),
            },
            "idle" => read(params).map(|NoParams {}| Self::Idle),
            "reset" => read(params).map(|ResetParams { user }| Self::Reset { user }),
            "stop" => read(params).map(|NoParams {}| Self::Stop),
            act if Act::NAMES.contains(&act) => {
                if params.insert("act".to_owned(), Value::String(method)).is_some() {
                    return Err(RpcError::new(code::BAD_PARAMS, "unknown field `act`"));
                }
                read(params).map(Self::Act)
            }
            _ => {
                let names = Act::NAMES.iter().copied().chain(["hello", "idle", "reset", "stop"]);
                Err(RpcError::new(code::NO_SUCH_METHOD, yaml::unknown("method", &method, names)))
            }
        }
    }
}

/// An answer as the outcome of its request.
///
/// # Errors
/// The error that stands for an act that was not done.
pub fn outcome(answer: &Answer) -> Result<Value, RpcError> {
    match answer {
        Answer::Taken(handles) => Ok(Value::Object(object(handles))),
        Answer::Refused(why) => Err(RpcError::new(code::REFUSED, why)),
        Answer::NotNow(why) => Err(RpcError::new(code::NOT_NOW, why)),
        Answer::UnknownHandle(why) => Err(RpcError::new(code::UNKNOWN_HANDLE, why)),
        Answer::NoSuchAct => Err(RpcError::new(code::NO_SUCH_METHOD, "no such act")),
    }
}

/// What the outcome of a request answers.
///
/// An act that the adapter lacks in this form (-32602) is one that it lacks. Any other error is trouble of the adapter: it
/// says nothing about the product, hence "not now".
///
/// # Errors
/// What is wrong with the result: it has to be an object of handles, all of them text.
pub fn answer(outcome: Result<Value, RpcError>) -> Result<Answer, String> {
    match outcome {
        Ok(Value::Null) => Ok(Answer::Taken(BTreeMap::new())),
        Ok(handles) => serde_json::from_value(handles).map(Answer::Taken).map_err(|error| format!("the result is no handles: {error}")),
        Err(RpcError { code: code::REFUSED, message }) => Ok(Answer::Refused(message)),
        Err(RpcError { code: code::NOT_NOW, message }) => Ok(Answer::NotNow(message)),
        Err(RpcError { code: code::UNKNOWN_HANDLE, message }) => Ok(Answer::UnknownHandle(message)),
        Err(RpcError { code: code::NO_SUCH_METHOD | code::BAD_PARAMS, .. }) => Ok(Answer::NoSuchAct),
        Err(other) => Ok(Answer::NotNow(other.to_string())),
    }
}

/// A sight as a message.
#[must_use]
pub fn notification(sight: &Sight) -> Message {
    Message::Notification(Notification { method: "sight".to_owned(), params: object(sight) })
}

/// The sight that a notification tells; fields that we do not know are passed over.
///
/// # Errors
/// What is wrong with it.
pub fn sight(notification: Notification) -> Result<Sight, String> {
    if notification.method != "sight" {
        return Err(format!("a notification `{}`, expected `sight`", notification.method));
    }
    serde_json::from_value(Value::Object(notification.params))
        .map_err(|error| format!("a sight that is none: {}", yaml::with_nearest(error)))
}

/// An answer as a message.
#[must_use]
pub fn response(id: u64, answer: &Answer) -> Message {
    Message::Response(Response { id: Some(id), outcome: outcome(answer) })
}

/// What serde writes as an object; nothing else is given here.
pub(super) fn object<T: Serialize>(value: &T) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

fn read<T: DeserializeOwned>(params: Map<String, Value>) -> Result<T, RpcError> {
    serde_json::from_value(Value::Object(params)).map_err(|error| RpcError::new(code::BAD_PARAMS, yaml::with_nearest(error)))
}

#[cfg(test)]
pub(super) mod tests {
    use pretty_assertions::assert_eq;
    use serde_json::json;

    use super::*;
    use crate::upper::{
        Action, Change, Decision, ForwardStored, InvitationAnswer, Offline, Queried, Reply, Resources, Scope, SendChat, SendMessage,
        StartSession,
    };

    pub fn calls() -> Vec<Call> {
        let mut calls = vec![Call::Hello, Call::Idle, Call::Reset { user: 2 }, Call::Stop];
        calls.extend(acts().into_iter().map(Call::Act));
        calls
    }

    fn acts() -> Vec<Act> {
        vec![
            Act::Register {},
            Act::Deregister { scope: Scope::Cpm },
            Act::Restart { wipe: true },
            Act::SendMessage(SendMessage { to: vec!["sip:bob@example.com".into()], text: Some("hi".into()), ..SendMessage::default() }),
            Act::Reply(Reply { message: "m1".into(), text: "yo".into(), ..Reply::default() }),
            Act::MarkRead { message: "m1".into() },
            Act::Configure { setting: "core".into(), value: json!("127.0.0.1:5060") },
            Act::SetResources { level: Resources::Exhausted },
            Act::Query { what: Queried::StoredMessage, of: "m1".into() },
            Act::CancelMessage { message: "m1".into() },
            Act::ForwardStored(ForwardStored { object: "film".into(), to: vec!["sip:bob@example.com".into()], text: Some("look".into()) }),
            Act::ListDeferred {},
            Act::HandleDeferred { decisions: vec![Decision { message: "sip:m1@example.com".into(), action: Action::Interwork }] },
            Act::PushNotify {},
            Act::AnswerConnect { connect: true },
            Act::AnswerInvitation {
                invitation: "i1".into(),
                decision: InvitationAnswer::Redirect,
                to: Some("sip:carol@example.com".into()),
            },
            Act::StartSession(StartSession { participants: vec!["sip:bob@example.com".into()], closed: true, ..StartSession::default() }),
            Act::JoinGroup { group: "sip:lobby@groups.example.com".into(), anonymous: true },
            Act::RejoinGroup { session: "s1".into(), anonymous: false },
            Act::EndSession { session: "s1".into(), anonymous: true },
            Act::ModifySession { session: "s1".into(), change: Change::Types, types: vec!["text/plain".into()] },
            Act::SendChat(SendChat { session: "s1".into(), text: Some("hi".into()), ..SendChat::default() }),
            Act::WatchParticipants { session: "s1".into(), on: true },
            Act::GoOffline { how: Offline::Network },
            Act::GoOnline {},
        ]
    }

    fn said(method: &str, params: Value) -> String {
        let params = params.as_object().cloned().expect("an object");
        Call::parse(Request { id: 1, method: method.into(), params }).expect_err("a refusal").to_string()
    }

    #[test]
    fn every_call_reads_back_from_its_request() {
        assert_eq!(acts().iter().map(Act::name).collect::<Vec<_>>(), Act::NAMES);
        for call in calls() {
            assert_eq!(Call::parse(call.request(7)), Ok(call));
        }
    }

    #[test]
    fn the_act_is_the_method_and_not_a_parameter() {
        let request = Call::Act(Act::MarkRead { message: "m1".into() }).request(3);
        assert_eq!((request.method.as_str(), Value::Object(request.params)), ("mark-read", json!({ "message": "m1" })));
    }

    #[test]
    fn an_unknown_method_is_refused_with_the_nearest() {
        assert_eq!(said("sendmesage", json!({})), "error -32601: unknown method `sendmesage`; did you mean `send-message`?");
        assert!(said("fly", json!({})).starts_with("error -32601: unknown method `fly`, expected one of `register`"));
    }

    #[test]
    fn a_parameter_too_many_is_refused_by_every_method() {
        for call in calls() {
            let mut request = call.request(1);
            request.params.insert("no-such-parameter".into(), Value::Bool(true));
            assert_eq!(Call::parse(request).expect_err("a refusal").code, code::BAD_PARAMS, "{call:?}");
        }
        assert_eq!(said("mark-read", json!({ "act": "reply", "message": "m" })), "error -32602: unknown field `act`");
        assert!(said("send-message", json!({ "to": [], "anonimous": true })).ends_with("; did you mean `anonymous`?"));
    }

    #[test]
    fn a_parameter_of_the_wrong_kind_is_refused() {
        assert_eq!(said("mark-read", json!({ "message": 5 })), "error -32602: invalid type: integer `5`, expected a string");
        assert_eq!(said("mark-read", json!({})), "error -32602: missing field `message`");
        assert_eq!(said("hello", json!({ "protocol": 2 })), "error -32602: protocol 2 is not spoken here, but 1");
    }

    #[test]
    fn an_answer_reads_back_from_its_outcome() {
        for given in [
            Answer::Taken(BTreeMap::from([("message".into(), "m1".into())])),
            Answer::Refused("no".into()),
            Answer::NotNow("later".into()),
            Answer::UnknownHandle("m9".into()),
            Answer::NoSuchAct,
        ] {
            assert_eq!(answer(outcome(&given)), Ok(given));
        }
        assert_eq!(answer(Ok(Value::Null)), Ok(Answer::Taken(BTreeMap::new())));
        assert_eq!(answer(Err(RpcError::new(-32000, "boom"))), Ok(Answer::NotNow("error -32000: boom".into())));
        assert_eq!(answer(Err(RpcError::new(code::BAD_PARAMS, "no `imdn`"))), Ok(Answer::NoSuchAct));
        assert!(answer(Ok(json!({ "message": 17 }))).is_err());
    }

    #[test]
    fn a_sight_is_closed_in_its_kind_and_open_in_its_fields() {
        let told = |params: Value| sight(Notification { method: "sight".into(), params: params.as_object().cloned().expect("an object") });
        let seen = told(json!({ "sight": "content-indirect", "message": "m", "url": "u", "colour": "red" })).expect("a sight");
        assert_eq!(seen, Sight::ContentIndirect { message: "m".into(), url: "u".into() });
        let Message::Notification(again) = notification(&seen) else { panic!("a notification") };
        assert_eq!(sight(again), Ok(seen));
        assert!(told(json!({ "sight": "mesage-status", "message": "m" })).expect_err("none").ends_with("did you mean `message-status`?"));
        assert!(told(json!({})).is_err());
    }
}
