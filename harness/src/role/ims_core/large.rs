//! What is too large for a datagram: it goes to the SUT by TCP, and what goes along with it too (RFC 3261, 9.1, 17.1.1.3, 18.1.1).
//! Until something is heard of it, so does all else of its dialog, which would overtake it by UDP.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::{
    role::{
        Hop,
        call::{DATAGRAM, by_tcp},
    },
    trace::Transport,
    wire::sip::Message,
};

/// Most requests that are remembered.
const MOST: usize = 256;

/// What went by TCP although the SUT is reached by UDP.
#[derive(Debug, Default)]
pub(super) struct Large {
    /// Branches, for CANCEL and for the ACK to a refusal.
    branches: VecDeque<String>,
    /// Requests after which nothing was heard from there yet: Call-ID, and how they would have gone by UDP.
    unheard: VecDeque<(String, Hop, Bytes)>,
}

impl Large {
    /// Whereto, and as what, a request goes that is to be sent to `hop`.
    pub fn sent(&mut self, hop: Hop, bytes: Bytes) -> (Hop, Bytes) {
        if hop.transport != Transport::Udp {
            return (hop, bytes);
        }
        let request = Message::parse(bytes.clone());
        let branch = request.branch().map(|branch| branch.into_owned()).unwrap_or_default();
        let along = matches!(request.method(), Some("CANCEL" | "ACK")) && self.branches.contains(&branch);
        let call = request.call_id().map(|call| call.into_owned()).unwrap_or_default();
        let behind = self.unheard.iter().any(|(of, to, _)| (of, to.address) == (&call, hop.address));
        let wanted = along || behind || bytes.len() > DATAGRAM;
        let Some(changed) = by_tcp(&request).filter(|_| wanted) else { return (hop, bytes) };
        if !along {
            keep(&mut self.branches, branch);
            keep(&mut self.unheard, (call, hop, bytes));
        }
        (Hop { transport: Transport::Tcp, ..hop }, changed.raw)
    }

    /// Octets came over a stream: it was taken.
    pub fn heard(&mut self, hop: Hop) {
        self.unheard.retain(|(_, to, _)| to.address != hop.address);
    }

    /// A stream was closed; what was not taken over it goes by UDP after all, as who knows no TCP needs it (18.1.1).
    pub fn refused(&mut self, hop: Hop) -> Vec<(Hop, Bytes)> {
        let (again, left): (VecDeque<_>, _) =
            std::mem::take(&mut self.unheard).into_iter().partition(|(_, to, _)| to.address == hop.address);
        self.unheard = left;
        again.into_iter().map(|(_, to, bytes)| (to, bytes)).collect()
    }
}

fn keep<T>(all: &mut VecDeque<T>, one: T) {
    all.push_back(one);
    if all.len() > MOST {
        all.pop_front();
    }
}
