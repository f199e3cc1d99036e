//! What the user of the SUT gets to see.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// Somebody wants to send a large message or to talk.
    Invitation {
        /// Handle of the invitation.
        invitation: String,
        /// What it is for.
        kind: InvitationKind,
        /// Address of who invites, as shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
    },
    /// Which deferred messages there are.
    DeferredList {
        /// One a message, in the order of the network.
        entries: Vec<DeferredEntry>,
    },
    /// The network says that messages were deferred.
    DeferredNotification {
        /// How many, if it says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        count: Option<u32>,
    },
    /// The push client of the device got to know that there is a new deferred message.
    PushNotification {
        /// Whether the user is asked to connect.
        question: bool,
    },
    /// The client tells what became of deferred messages.
    Notice {
        /// What it tells.
        code: NoticeCode,
        /// What became of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outcome: Option<Outcome>,
        /// Identifiers of the messages, as far as they are told.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        messages: Vec<String>,
    },
    /// What `query` found: UIDs in the message store that notifications of expiry gave.
    StoredUids {
        /// The UIDs, in the order in which they came.
        uids: Vec<String>,
    },
}

/// What an invitation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InvitationKind {
    /// A large message.
    LargeMessage,
    /// A session.
    Session,
    /// A file.
    FileTransfer,
}

/// One deferred message as it is listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct DeferredEntry {
    /// Its identifier, as the network gave it.
    pub message: String,
    /// Address of its sender, as shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What kind of message, in the words of the network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// What a notice tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeCode {
    /// Messages expired, and were treated as the user wants it.
    Expired,
    /// The messages that the user asks for expired and are gone.
    ExpiredDiscarded,
    /// The messages that the user asks for expired and lie in the message store.
    ExpiredStored,
}

/// What became of messages that expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// They are gone.
    Discarded,
    /// They lie in the message store.
    Stored,
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

impl Sight {
    /// Name of the sight.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::MessageReceived(_) => "message-received",
            Self::MessageStatus { .. } => "message-status",
            Self::ContentIndirect { .. } => "content-indirect",
            Self::StoredMessage { .. } => "stored-message",
            Self::Invitation { .. } => "invitation",
            Self::DeferredList { .. } => "deferred-list",
            Self::DeferredNotification { .. } => "deferred-notification",
            Self::PushNotification { .. } => "push-notification",
            Self::Notice { .. } => "notice",
            Self::StoredUids { .. } => "stored-uids",
        }
    }

    /// Names of all sights, in the order of their declaration.
    pub const NAMES: &[&str] = &[
        "message-received",
        "message-status",
        "content-indirect",
        "stored-message",
        "invitation",
        "deferred-list",
        "deferred-notification",
        "push-notification",
        "notice",
        "stored-uids",
    ];
}
