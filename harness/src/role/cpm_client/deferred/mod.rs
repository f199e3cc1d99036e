//! Deferred messages: which there are, what shall become of them, and what the client is told of them (CONV-7.2.3).
//!
//! Bodies of NOTIFY and of system messages are fixtures of the suite, for the sources have no format (R-7.2.3.1-4).

use std::{collections::BTreeMap, time::Duration};

use super::CpmClient;
use crate::upper::{Answer, Decision, NoticeCode, Outcome, Sight};

mod bodies;
mod inviting;
mod push;
mod storage;
mod subscribing;
mod system;

pub(super) use bodies::is_system;
pub(super) use storage::Storage;
use subscribing::Subscription;

/// Most messages, and most UIDs, that are remembered.
const MOST: usize = 1000;

/// What the client knows of deferred messages.
#[derive(Debug, Default)]
pub(super) struct Deferred {
    subscriptions: Vec<Subscription>,
    /// Identifiers of the messages that were listed last.
    listed: Vec<String>,
    /// Calls that carry decisions and have no final response.
    calls: Vec<u64>,
    /// Messages that expired and that the user has not asked for since; they survive a restart.
    expired: Vec<Expired>,
    /// UIDs that notifications of expiry gave; they survive a restart.
    uids: Vec<u32>,
    /// Whether the user was asked to connect and has not answered.
    question: bool,
}

/// Messages that expired together.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Expired {
    outcome: Outcome,
    messages: Vec<String>,
    uids: Vec<u32>,
    folder: String,
}

impl Deferred {
    /// The client ends; what is stored stays unless it is wiped.
    pub fn restart(&mut self, wipe: bool) {
        let stored = if wipe { Self::default() } else { std::mem::take(self) };
        *self = Self { expired: stored.expired, uids: stored.uids, ..Self::default() };
    }

    /// Takes out what expired and is asked for: by no decision at all, or by name.
    fn asked_for(&mut self, decisions: &[Decision]) -> Vec<Expired> {
        let wanted =
            |expired: &Expired| decisions.is_empty() || decisions.iter().any(|decision| expired.messages.contains(&decision.message));
        let (asked, kept) = std::mem::take(&mut self.expired).into_iter().partition(wanted);
        self.expired = kept;
        asked
    }
}

impl CpmClient {
    /// `handle-deferred`: what expired the user learns of (CONV-7.2.3.2.2), for the rest the network is told (CONV-7.2.3.2.1).
    pub(super) fn handle_deferred(&mut self, now: Duration, mut decisions: Vec<Decision>) -> Answer {
        let asked = self.deferred.asked_for(&decisions);
        let gone: Vec<String> = asked.iter().flat_map(|expired| expired.messages.clone()).collect();
        let all = decisions.is_empty();
        decisions.retain(|decision| !gone.contains(&decision.message));
        self.deferred.listed.retain(|message| !gone.contains(message));
        let left = if all { asked.is_empty() || !self.deferred.listed.is_empty() } else { !decisions.is_empty() };
        if left && !self.may_send() {
            self.deferred.expired.extend(asked);
            return Answer::NotNow("the client is not registered".to_owned());
        }
        for expired in asked {
            self.tell_expired(now, expired);
        }
        if left {
            self.invite_deferred(now, &decisions);
        }
        Answer::Taken(BTreeMap::new())
    }

    /// CONV-7.2.3.2.2: what is gone is gone; what lies in the message store is announced and fetched.
    fn tell_expired(&mut self, now: Duration, expired: Expired) {
        let code = match expired.outcome {
            Outcome::Discarded => NoticeCode::ExpiredDiscarded,
            Outcome::Stored => NoticeCode::ExpiredStored,
        };
        self.show(Sight::Notice { code, outcome: Some(expired.outcome), messages: expired.messages });
        if expired.outcome == Outcome::Stored && !expired.uids.is_empty() {
            self.fetch_stored(now, expired.folder, expired.uids);
        }
    }

    /// `query` for the UIDs that are stored (CONV-7.2.3.3-2).
    pub(super) fn stored_uids(&mut self) -> Answer {
        let uids = self.deferred.uids.iter().map(u32::to_string).collect();
        self.show(Sight::StoredUids { uids });
        Answer::Taken(BTreeMap::new())
    }
}

#[cfg(test)]
mod tests;
