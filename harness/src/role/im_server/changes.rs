//! Changes of a session (IM-7.4.2.8): what one side offers is looked at, goes out on the other, and is answered as that answers.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use super::{
    Settings,
    b2bua::{B2bua, relayed},
    description::Origin,
    passing::{passed, presented},
};
use crate::{
    role::{call::description, transaction::Transactions},
    wire::sip::Message,
};

/// Warning of the refusal of an offer that the client cannot take (RFC 3261, 20.43).
const INCOMPATIBLE: &str = "305 im-server \"Incompatible media format\"";

/// An offer that waits for the other side.
#[derive(Debug)]
pub(super) struct Change {
    /// Call and transaction of who offers.
    from: (u64, u64),
    /// Call of who is asked, and the method there.
    to: (u64, &'static str),
    offer: Bytes,
    /// What the server said to who is asked before: holds again if that refuses.
    before: (Origin, Option<String>),
}

impl B2bua {
    /// One side offers within its dialog.
    pub(super) fn offered(
        &mut self,
        now: Duration,
        settings: &Settings,
        transactions: &mut Transactions,
        call: u64,
        transaction: u64,
        request: Arc<Message>,
    ) {
        let Some((at, side)) = self.place(call) else {
            return self.calls.respond_within(now, transactions, call, transaction, 481, |draft| draft);
        };
        let (own, other) = (self.own, self.pairs[at].calls[1 - side]);
        let Some((kind, offer)) = description(&request) else {
            // Who offers nothing is told what stands (RFC 3261, 14.2).
            let said = self.pairs[at].said[side].clone();
            return self.calls.respond_within(now, transactions, call, transaction, 200, |draft| {
                let draft = presented(draft, &request, own, settings.transport);
                match said {
                    Some(said) => draft.body("application/sdp", said),
                    None => draft,
                }
            });
        };
        if self.pairs[at].client != side && !self.pairs[at].taken.accepts(&offer) {
            return self.calls.respond_within(now, transactions, call, transaction, 488, |draft| draft.header("Warning", INCOMPATIBLE));
        }
        if !self.calls.may_modify(other) {
            return self.calls.respond_within(now, transactions, call, transaction, 491, |draft| draft);
        }
        let update = request.method() == Some("UPDATE") && self.calls.takes_update(other);
        if request.method() == Some("INVITE") {
            self.calls.respond_within(now, transactions, call, transaction, 100, |draft| draft);
        }
        let before = (self.pairs[at].origins[1 - side].clone(), self.pairs[at].said[1 - side].clone());
        let text = self.description(at, 1 - side, &offer);
        self.pairs[at].said[1 - side] = Some(text.clone());
        let method = if update { "UPDATE" } else { "INVITE" };
        self.calls.request(now, transactions, other, method, |draft| {
            presented(passed(draft, &request), &request, own, settings.transport).body(&kind, text)
        });
        self.changes.push(Change { from: (call, transaction), to: (other, method), offer, before });
    }

    /// The other side answered finally.
    pub(super) fn answered(&mut self, now: Duration, settings: &Settings, transactions: &mut Transactions, call: u64, response: &Message) {
        let method = response.cseq().map_or_else(String::new, |(_, method)| method.to_owned());
        let Some(place) = self.changes.iter().position(|change| change.to.0 == call && change.to.1 == method) else { return };
        let change = self.changes.remove(place);
        let (Some((at, side)), own) = (self.place(call), self.own) else { return };
        let (from, transaction) = change.from;
        let status = response.status().unwrap_or(500);
        if status >= 300 {
            (self.pairs[at].origins[side], self.pairs[at].said[side]) = change.before;
            self.calls.respond_within(now, transactions, from, transaction, relayed(status), |draft| passed(draft, response));
            if matches!(status, 408 | 481) {
                // There is no dialog on that side any more (RFC 3261, 12.2.1.2).
                self.calls.end(now, transactions, call);
                self.calls.end(now, transactions, from);
            }
            return;
        }
        let answer = description(response).map(|(_, body)| body);
        let text = answer.as_ref().map(|body| self.description(at, 1 - side, body));
        let pair = &mut self.pairs[at];
        pair.described[1 - side] = Some(change.offer);
        if let (Some(text), Some(answer)) = (&text, answer) {
            (pair.said[1 - side], pair.described[side]) = (Some(text.clone()), Some(answer));
        }
        self.calls.respond_within(now, transactions, from, transaction, 200, |draft| {
            let draft = presented(passed(draft, response), response, own, settings.transport);
            match text {
                Some(text) => draft.body("application/sdp", text),
                None => draft,
            }
        });
        self.settle(at);
    }

    /// Nobody answered in time: who offered learns that, and both sides are left (RFC 3261, 8.1.3.1 and 14.1).
    pub(super) fn unanswered(&mut self, now: Duration, transactions: &mut Transactions) {
        let lost: Vec<u64> = self.changes.iter().map(|change| change.to.0).filter(|to| !self.calls.lasts(*to)).collect();
        for call in lost {
            self.give_up(now, transactions, call);
        }
    }

    /// What waits for a side that is gone comes to nothing.
    pub(super) fn give_up(&mut self, now: Duration, transactions: &mut Transactions, call: u64) {
        for change in self.changes.extract_if(.., |change| change.to.0 == call) {
            let (from, transaction) = change.from;
            self.calls.respond_within(now, transactions, from, transaction, 408, |draft| draft);
            self.calls.end(now, transactions, from);
        }
        self.changes.retain(|change| change.from.0 != call);
    }
}
