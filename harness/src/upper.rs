//! What the upper tester carries: the acts of the SUT's user and the sights that the user has.
//!
//! Both lists are closed (ARCHITECTURE, section 9); on the wire of the adapter an act is a JSON-RPC method with its
//! parameters, a sight the parameters of the notification `sight`. Names are those of the catalogue, in kebab case.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod sessions;
mod sights;

pub use sessions::{Change, Offline, SendChat, StartSession};
pub use sights::{
    DeferredEntry, InvitationEnd, InvitationKind, NoticeCode, Outcome, Participant, ReceivedMessage, SessionChange, SessionKind,
    SessionRecord, SessionState, Sight, Status,
};

/// Something that the user of the SUT does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "act", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Act {
    /// Register for CPM at the core, or refresh the registration.
    Register {},
    /// Leave CPM only, or the core altogether.
    Deregister {
        /// What to leave.
        scope: Scope,
    },
    /// End the client and start it again; stored data survive unless `wipe`.
    Restart {
        /// Forget stored data too.
        #[serde(default)]
        wipe: bool,
    },
    /// Send a standalone message.
    SendMessage(SendMessage),
    /// Answer a received message.
    Reply(Reply),
    /// Open a received message, so that it counts as read.
    MarkRead {
        /// Handle of the message, from `message-received`.
        message: String,
    },
    /// Change a setting of the client; names as in [`SETTINGS`].
    Configure {
        /// Name of the setting.
        setting: String,
        /// Its new value: text, number, truth value or list of text.
        value: serde_json::Value,
    },
    /// Make the device run short of resources, or relieve it.
    SetResources {
        /// What the device shall have.
        level: Resources,
    },
    /// Ask what the client knows; the answer comes as a sight of the same name.
    Query {
        /// What is asked for.
        what: Queried,
        /// Handle of the object asked about; empty where there is only one.
        #[serde(default)]
        of: String,
    },
    /// Break off the sending of a message.
    CancelMessage {
        /// Handle of the message, from the answer to `send-message`.
        message: String,
    },
    /// Send a reference to an object in the message store, which is not downloaded.
    ForwardStored(ForwardStored),
    /// Ask which deferred messages there are.
    ListDeferred {},
    /// Say what is to happen to deferred messages.
    HandleDeferred {
        /// One decision a message; none at all: every message is to be delivered.
        #[serde(default)]
        decisions: Vec<Decision>,
    },
    /// Hand in what the push client of the device got: there is a new deferred message.
    PushNotify {},
    /// Answer the question whether to connect to CPM.
    AnswerConnect {
        /// The answer.
        connect: bool,
    },
    /// Accept or reject an invitation that was shown.
    AnswerInvitation {
        /// Handle of the invitation, from the sight of that name.
        invitation: String,
        /// What the user says.
        decision: InvitationAnswer,
        /// Where the user sends the inviter, with `redirect`; by default the setting `redirect-to`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
    },
    /// Start a session with one person, an ad-hoc group or a pre-defined group; the answer has its handle, `session`.
    StartSession(StartSession),
    /// Join a group that is open to who joins; the answer has the handle of the session, `session`.
    JoinGroup {
        /// Address of the group.
        group: String,
        /// Whether the user stays anonymous.
        #[serde(default)]
        anonymous: bool,
    },
    /// Go back to a group session that the user left or lost; the answer has the handle of the new session, `session`.
    RejoinGroup {
        /// Handle of the session that was.
        session: String,
        /// Whether the user stays anonymous.
        #[serde(default)]
        anonymous: bool,
    },
    /// End a session, or leave a group session.
    EndSession {
        /// Handle of the session.
        session: String,
        /// Whether the user stays anonymous.
        #[serde(default)]
        anonymous: bool,
    },
    /// Change the media of a session.
    ModifySession {
        /// Handle of the session.
        session: String,
        /// What is to become of it.
        change: Change,
        /// The media types that the user still takes, with `types`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        types: Vec<String>,
    },
    /// Write a message in a session; the answer has its handle, `message`.
    SendChat(SendChat),
    /// Ask to be told who takes part in a session, or no longer.
    WatchParticipants {
        /// Handle of the session.
        session: String,
        /// Whether the user wants to know.
        on: bool,
    },
    /// The device loses the network, without a word to anybody.
    GoOffline {
        /// How.
        how: Offline,
    },
    /// The device has the network again.
    GoOnline {},
}

/// What a de-registration leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The CPM service; the registration at the core stays.
    Cpm,
    /// The core.
    Ims,
}

/// How much the device has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Resources {
    /// Enough.
    Normal,
    /// Too little to take a message.
    Exhausted,
}

/// What `query` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Queried {
    /// A stored message with its UID; answered by the sight `stored-message`.
    StoredMessage,
    /// The UIDs that notifications of expiry gave; answered by the sight `stored-uids`.
    StoredUids,
    /// What the client keeps of a session, named by its handle; answered by the sight `session-record`.
    Session,
    /// Who takes part in a session, named by its handle; answered by the sight `participants`.
    Participants,
}

/// What the user says to an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InvitationAnswer {
    /// Yes.
    Accept,
    /// No.
    Reject,
    /// Not now.
    Decline,
    /// The user is busy.
    Busy,
    /// Somebody else shall be invited in the user's place.
    Redirect,
}

/// Parameters of `forward-stored`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ForwardStored {
    /// Name of the object, as in the setting `stored-objects`.
    pub object: String,
    /// Addresses, as in `send-message`.
    pub to: Vec<String>,
    /// Text that goes along with the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What is to happen to one deferred message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Decision {
    /// Identifier of the message, from the sight `deferred-list`.
    pub message: String,
    /// What is to be done with it.
    pub action: Action,
}

/// What can be done with a deferred message; the words of `cpm_action` (CONV-7.2.3.2.1-7a-param).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Have it delivered.
    Deliver,
    /// Have it thrown away.
    Delete,
    /// Have it handed to another service.
    Interwork,
    /// Have it kept in the message store.
    Store,
}

impl Action {
    /// The word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Deliver => "deliver",
            Self::Delete => "delete",
            Self::Interwork => "interwork",
            Self::Store => "store",
        }
    }
}

/// Parameters of `send-message`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SendMessage {
    /// Addresses: one person or one group is one URI, an ad-hoc group several.
    pub to: Vec<String>,
    /// The content as text; binary content goes in `base64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The content as octets, in base64 (RFC 4648, 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// Media type of the content; `text/plain;charset=UTF-8` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Whether the message continues the conversation with the same addressees.
    #[serde(default)]
    pub conversation: Conversation,
    /// Address of the user to send from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Address that replies shall go to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// Whether the sender stays anonymous.
    #[serde(default)]
    pub anonymous: bool,
    /// Seconds that the message stays of interest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<u32>,
    /// Dispositions that the user wants to learn of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imdn: Vec<Disposition>,
}

/// Whether a message starts a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Conversation {
    /// It starts a new one.
    #[default]
    New,
    /// It continues the one with these addressees.
    Same,
}

/// A disposition that a sender may ask for (RFC 5438, 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Disposition {
    /// The message reached the recipient's device.
    Delivery,
    /// The recipient read the message.
    Display,
}

/// Parameters of `reply`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Reply {
    /// Handle of the message that is answered.
    pub message: String,
    /// The text of the answer.
    pub text: String,
    /// Address that the user gives instead of the one that the client derives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Further members, which make it a reply to an ad-hoc group; the client adds the address that it derives itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
}

/// Settings of `configure`, with the shape of their values; each is also the name of an IXIT value.
pub const SETTINGS: &[(&str, &str)] = &[
    ("accept-sessions", "ask or auto: whether the user is asked before the client takes part in a session"),
    ("additional-sessions", "truth value: whether a further session may begin while one is open"),
    ("addresses", "list of URIs; the first is the default address of the user"),
    ("auto-accept", "truth value: whether large messages are accepted without asking the user"),
    ("chat-types", "list of media types that the user takes in sessions"),
    ("closed-group-token", "token that marks the session of a closed group in `a=chatroom`"),
    ("controlling-function", "URI"),
    ("core", "host:port"),
    ("credentials", "user name, then password"),
    ("deferred-delivery", "pull or push: whether a server waits to be asked for deferred messages, or invites who comes back"),
    ("deferred-mgmt-uri", "URI that manages deferred messages"),
    ("device-name", "text; empty: none"),
    ("display-name", "text; empty: none"),
    ("groups", "list of URIs of pre-defined groups"),
    ("history", "on or off: whether conversations of the user are kept in the message store"),
    ("home-domain", "host name"),
    ("inband-notification", "show or hide: whether the user gets to see notifications of deferred messages"),
    ("instance-id", "URN"),
    ("invitation-timeout", "seconds that the user has to answer an invitation"),
    ("max-participants", "number of users that may be invited to an ad-hoc group"),
    ("media-transport", "tcp or tls: what carries MSRP"),
    ("msrp-setup", "actpass or active: what the client offers as its part in setting up MSRP connections (RFC 6135)"),
    ("on-completed-elsewhere", "silent or notify: whether the user gets to know that another device took an invitation"),
    ("oob-connect", "always, never or ask: whether a push notification leads to a registration"),
    ("pull-deferred", "truth value: whether the client asks for deferred messages once registered"),
    ("redirect-to", "URI that inviters are sent to"),
    ("send-imdn", "truth value: whether read reports may be sent"),
    ("served", "list of URIs: the users that a server serves"),
    ("storage-address", "host:port of the message store"),
    ("stored-objects", "list of objects in the message store, each its name, a blank and its URL"),
    ("transport", "udp or tcp"),
    ("unavailable", "truth value: whether the user is away for now and takes no invitations"),
];

/// What the product says to an act.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The product took the user's input; handles by name, such as `message`.
    Taken(BTreeMap<String, String>),
    /// The product refused (JSON-RPC error 1).
    Refused(String),
    /// Not now (error 2).
    NotNow(String),
    /// The handle is unknown (error 3).
    UnknownHandle(String),
    /// The adapter has no such act (error -32601).
    NoSuchAct,
}

impl Act {
    /// Name of the act, which is also its JSON-RPC method.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Register {} => "register",
            Self::Deregister { .. } => "deregister",
            Self::Restart { .. } => "restart",
            Self::SendMessage(_) => "send-message",
            Self::Reply(_) => "reply",
            Self::MarkRead { .. } => "mark-read",
            Self::Configure { .. } => "configure",
            Self::SetResources { .. } => "set-resources",
            Self::Query { .. } => "query",
            Self::CancelMessage { .. } => "cancel-message",
            Self::ForwardStored(_) => "forward-stored",
            Self::ListDeferred {} => "list-deferred",
            Self::HandleDeferred { .. } => "handle-deferred",
            Self::PushNotify {} => "push-notify",
            Self::AnswerConnect { .. } => "answer-connect",
            Self::AnswerInvitation { .. } => "answer-invitation",
            Self::StartSession(_) => "start-session",
            Self::JoinGroup { .. } => "join-group",
            Self::RejoinGroup { .. } => "rejoin-group",
            Self::EndSession { .. } => "end-session",
            Self::ModifySession { .. } => "modify-session",
            Self::SendChat(_) => "send-chat",
            Self::WatchParticipants { .. } => "watch-participants",
            Self::GoOffline { .. } => "go-offline",
            Self::GoOnline {} => "go-online",
        }
    }

    /// Names of all acts, in the order of their declaration.
    pub const NAMES: &[&str] = &[
        "register",
        "deregister",
        "restart",
        "send-message",
        "reply",
        "mark-read",
        "configure",
        "set-resources",
        "query",
        "cancel-message",
        "forward-stored",
        "list-deferred",
        "handle-deferred",
        "push-notify",
        "answer-connect",
        "answer-invitation",
        "start-session",
        "join-group",
        "rejoin-group",
        "end-session",
        "modify-session",
        "send-chat",
        "watch-participants",
        "go-offline",
        "go-online",
    ];
}
