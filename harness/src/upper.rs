//! What the upper tester carries: the acts of the SUT's user and the sights that the user has.
//!
//! Both lists are closed (ARCHITECTURE, section 9); on the wire of the adapter an act is a JSON-RPC method with its
//! parameters, a sight the parameters of the notification `sight`. Names are those of the catalogue, in kebab case.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
        /// Handle of the object asked about.
        of: String,
    },
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
    ("addresses", "list of URIs; the first is the default address of the user"),
    ("controlling-function", "URI"),
    ("core", "host:port"),
    ("credentials", "user name, then password"),
    ("device-name", "text; empty: none"),
    ("groups", "list of URIs of pre-defined groups"),
    ("home-domain", "host name"),
    ("instance-id", "URN"),
    ("send-imdn", "truth value: whether read reports may be sent"),
    ("transport", "udp or tcp"),
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

/// Something that the user of the SUT gets to see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "sight", rename_all = "kebab-case")]
pub enum Sight {
    /// A message came in.
    MessageReceived(ReceivedMessage),
    /// What became of a message that the user sent.
    MessageStatus {
        /// Handle of the message, from the answer to `send-message`.
        message: String,
        /// Its fate.
        status: Status,
        /// Address of the recipient that the status speaks of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recipient: Option<String>,
    },
    /// The content of a message lies elsewhere and may be fetched.
    ContentIndirect {
        /// Handle of the message.
        message: String,
        /// Where the content lies.
        url: String,
    },
    /// What `query` found about a stored message.
    StoredMessage {
        /// Handle of the message.
        message: String,
        /// UID of its copy in the message store.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uid: Option<String>,
    },
}

/// Fields of the sight `message-received`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ReceivedMessage {
    /// Handle of the message.
    pub message: String,
    /// Address of the sender, as shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// When it was sent (RFC 3339), as shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Conversation that it is shown in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// The content, if it is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The content in base64, if it is no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// Media type of the content.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// How it is presented: `inline` or `attachment`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<String>,
    /// File name that goes with an attachment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The fate of a message that the user sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The core took it.
    Sent,
    /// It could not be sent.
    Failed,
    /// It reached the recipient.
    Delivered,
    /// The recipient read it.
    Displayed,
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
        }
    }

    /// Names of all acts, in the order of their declaration.
    pub const NAMES: &[&str] =
        &["register", "deregister", "restart", "send-message", "reply", "mark-read", "configure", "set-resources", "query"];
}

impl Sight {
    /// Name of the sight.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::MessageReceived(_) => "message-received",
            Self::MessageStatus { .. } => "message-status",
            Self::ContentIndirect { .. } => "content-indirect",
            Self::StoredMessage { .. } => "stored-message",
        }
    }

    /// Names of all sights, in the order of their declaration.
    pub const NAMES: &[&str] = &["message-received", "message-status", "content-indirect", "stored-message"];
}
