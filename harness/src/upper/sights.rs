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
        /// What the session is about, as shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<String>,
        /// Handle of the session that it shall replace.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaces: Option<String>,
    },
    /// An invitation went away before the user answered it.
    InvitationEnded {
        /// Handle of the invitation.
        invitation: String,
        /// Why it went.
        how: InvitationEnd,
    },
    /// What became of a session.
    SessionState(SessionChange),
    /// Who takes part in a session.
    Participants {
        /// Handle of the session.
        session: String,
        /// One a user, in no particular order.
        list: Vec<Participant>,
    },
    /// What `query` found: what the client keeps of a session.
    SessionRecord(SessionRecord),
    /// Sound or pictures flow.
    MediaFlowing {
        /// Handle of the session.
        session: String,
        /// Which stream: `audio`, `video`.
        stream: String,
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

/// Why an invitation went away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InvitationEnd {
    /// Who invited thought better of it.
    Withdrawn,
    /// Nobody answered it in time.
    Missed,
    /// Another device of the user took it.
    Elsewhere,
}

/// Fields of the sight `session-state`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct SessionChange {
    /// Handle of the session; that of an incoming session is the handle of its invitation.
    pub session: String,
    /// What became of it.
    pub state: SessionState,
    /// Status of the response that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Cause that the network gave, a status too (RFC 3326).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<u16>,
    /// Text that the network gave with the cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// For `replaced`: handle of the session that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// What became of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SessionState {
    /// It is open.
    Established,
    /// It did not come about.
    Failed,
    /// It is over.
    Ended,
    /// Another one took its place.
    Replaced,
}

/// Who takes part in a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Participant {
    /// Address, as shown.
    pub address: String,
    /// Where he or she stands, in the words of RFC 4575, 5.7.3: `connected`, `disconnected`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// Fields of the sight `session-record`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct SessionRecord {
    /// Handle of the session.
    pub session: String,
    /// What kind of session.
    pub kind: SessionKind,
    /// Conversation that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// Its own identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contribution: Option<String>,
    /// Address of the session itself, if it is that of a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
}

/// What kind of session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SessionKind {
    /// Of two users.
    OneToOne,
    /// Of a group.
    Group,
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
    /// More users were to be invited than may be.
    TooManyParticipants,
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
    /// Handle of the session that it was written in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
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
            Self::InvitationEnded { .. } => "invitation-ended",
            Self::SessionState(_) => "session-state",
            Self::Participants { .. } => "participants",
            Self::SessionRecord(_) => "session-record",
            Self::MediaFlowing { .. } => "media-flowing",
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
        "invitation-ended",
        "session-state",
        "participants",
        "session-record",
        "media-flowing",
        "deferred-list",
        "deferred-notification",
        "push-notification",
        "notice",
        "stored-uids",
    ];
}
