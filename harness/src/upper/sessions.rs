//! Parameters of the acts that concern sessions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Conversation, Disposition};

/// Parameters of `start-session`: exactly one of `to`, `participants` and `group`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StartSession {
    /// Address of the one person, for a 1-1 session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Addresses of those who are to be invited to an ad-hoc group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub participants: Vec<String>,
    /// Address of a pre-defined group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Whether the ad-hoc group stays as it was put together.
    #[serde(default)]
    pub closed: bool,
    /// Whether the user stays anonymous.
    #[serde(default)]
    pub anonymous: bool,
    /// Whether the session continues the latest conversation with the same party.
    #[serde(default)]
    pub conversation: Conversation,
    /// Handle of the message or invitation that the session answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<String>,
    /// Media besides messages: `audio`, `video`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<String>,
    /// Address of the user to invite from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// Parameters of `send-chat`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SendChat {
    /// Handle of the session.
    pub session: String,
    /// The content as text; binary content goes in `base64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The content as octets, in base64 (RFC 4648, 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// Media type of the content; `text/plain;charset=UTF-8` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Dispositions that the user wants to learn of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imdn: Vec<Disposition>,
}

/// What is to become of the media of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// A further stream.
    AddStream,
    /// One stream less: the one that was added last.
    DropStream,
    /// The user takes no messages for now.
    Hold,
    /// The user takes messages again.
    Resume,
    /// The user takes other media types.
    Types,
}

/// How the device loses the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Offline {
    /// It is out of reach.
    Network,
    /// It is switched off.
    Off,
}
