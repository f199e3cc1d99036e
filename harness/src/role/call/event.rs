//! What the owner of calls learns of them.

use std::sync::Arc;

use crate::wire::sip::Message;

/// What the owner learns of a call.
#[derive(Clone, Debug)]
pub enum Event {
    /// A provisional response other than 100 to the own INVITE.
    Progress {
        /// The call.
        call: u64,
        /// The response.
        response: Arc<Message>,
    },
    /// The first 2xx to the own INVITE; it has been acknowledged.
    Accepted {
        /// The call.
        call: u64,
        /// The response.
        response: Arc<Message>,
    },
    /// The own INVITE came to nothing.
    Refused {
        /// The call.
        call: u64,
        /// The final response; `None`: none came (RFC 3261, 8.1.3.1 takes that for 408).
        response: Option<Arc<Message>>,
    },
    /// An INVITE came; it waits for [`Calls::respond`](super::Calls::respond).
    Invited {
        /// The call.
        call: u64,
        /// The INVITE.
        request: Arc<Message>,
    },
    /// The ACK to the own 2xx came.
    Confirmed {
        /// The call.
        call: u64,
    },
    /// CANCEL came before a final response; both have been answered (9.2).
    Cancelled {
        /// The call.
        call: u64,
    },
    /// The final response to a request by [`Calls::request`](super::Calls::request) came.
    Answered {
        /// The call.
        call: u64,
        /// The response.
        response: Arc<Message>,
    },
    /// An own re-INVITE by [`Calls::modify`](super::Calls::modify) came to an end: changed with 2xx, which has been acknowledged,
    /// else all is as it was.
    Changed {
        /// The call.
        call: u64,
        /// The final response. 491 only where the other end changed the session meanwhile, so that the offer is stale.
        response: Arc<Message>,
    },
    /// The other end offers, or with an INVITE without body asks for an offer; it waits for
    /// [`Calls::respond_within`](super::Calls::respond_within). Comes only after [`Calls::negotiate`](super::Calls::negotiate).
    Offered {
        /// The call.
        call: u64,
        /// Number to respond to.
        transaction: u64,
        /// INVITE or UPDATE.
        request: Arc<Message>,
    },
    /// The ACK to a 2xx inside the dialog came.
    Acknowledged {
        /// The call.
        call: u64,
        /// The ACK.
        ack: Arc<Message>,
    },
    /// The session is over.
    Ended {
        /// The call.
        call: u64,
        /// Why.
        how: End,
    },
}

impl Event {
    /// The call that it happened to.
    #[must_use]
    pub fn call(&self) -> u64 {
        match self {
            Self::Progress { call, .. }
            | Self::Accepted { call, .. }
            | Self::Refused { call, .. }
            | Self::Invited { call, .. }
            | Self::Confirmed { call }
            | Self::Cancelled { call }
            | Self::Answered { call, .. }
            | Self::Changed { call, .. }
            | Self::Offered { call, .. }
            | Self::Acknowledged { call, .. }
            | Self::Ended { call, .. } => *call,
        }
    }
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// BYE of the other end.
    ByPeer,
    /// Own BYE, because the owner wanted it.
    ByUs,
    /// Own BYE, because nobody acknowledged the 2xx (13.3.1.4).
    Unconfirmed,
    /// Own BYE, because the session timer ran out (RFC 4028, 10).
    Expired,
    /// Own BYE, because a request in the dialog met 408, 481 or silence (12.2.1.2).
    Lost,
}
