//! Changing a session that stands: the own re-INVITE, and offers of the other end (RFC 3261, 14; RFC 3264, 8).

use std::{sync::Arc, time::Duration};

use super::{Calls, Event, Pending, Phase, Purpose, TRIES, callee::answer, caller::again, description, timer::Timer};
use crate::{
    role::{build::Draft, transaction::Transactions},
    wire::sip::Message,
};

/// A re-INVITE that met one of the other end and is tried again later (RFC 3261, 14.1).
#[derive(Clone, Debug)]
pub(super) struct Retry {
    /// When.
    pub due: Duration,
    pending: Pending,
    /// The 491 response.
    response: Arc<Message>,
}

impl Calls {
    /// Whether [`modify`](Self::modify) would send: the session stands, and no INVITE or offer of either end is under way.
    #[must_use]
    pub fn may_modify(&self, call: u64) -> bool {
        let free = |call: &super::Call| call.phase == Phase::Confirmed && !call.exchanging() && call.retry.is_none();
        self.find(call).is_some_and(|at| free(&self.calls[at]))
    }

    /// Sends a re-INVITE; `more` adds its Contact and its offer. Where a session timer runs it is a refresh, too (RFC 4028,
    /// 7.4). Its end comes as [`Event::Changed`]. 491 is tried again after the delay of RFC 3261, 14.1; 408, 481 and silence
    /// end the session by BYE. `false`: nothing was sent, see [`may_modify`](Self::may_modify).
    pub fn modify(&mut self, now: Duration, transactions: &mut Transactions, call: u64, more: impl FnOnce(Draft) -> Draft) -> bool {
        let Some(at) = self.find(call).filter(|_| self.may_modify(call)) else { return false };
        let interval = self.calls[at].timer.map(|timer| {
            let refresher = if timer.ours { "uac" } else { "uas" };
            format!("{};refresher={refresher}", timer.interval.as_secs())
        });
        let interval = interval.as_deref();
        self.send_within(now, transactions, at, "INVITE", Purpose::Modify, |draft| more(draft.maybe("Session-Expires", interval)))
    }

    /// From now on the owner answers what the other end offers in this call, see [`Event::Offered`]; an UPDATE without body
    /// stays a refresh that is answered here.
    pub fn negotiate(&mut self, call: u64) {
        if let Some(at) = self.find(call) {
            self.calls[at].negotiates = true;
        }
    }

    /// Answers an offer with this transaction number, as [`respond`](Self::respond) does an invitation: `more` adds Contact and body.
    pub fn respond_within(
        &mut self,
        now: Duration,
        transactions: &mut Transactions,
        call: u64,
        transaction: u64,
        status: u16,
        more: impl FnOnce(Draft) -> Draft,
    ) {
        let Some(at) = self.find(call) else { return };
        let call = &mut self.calls[at];
        let Some(place) = call.offers.iter().position(|(of, _)| *of == transaction) else { return };
        let request = Arc::clone(&call.offers[place].1);
        let response = Message::parse(more(answer(&request, status, "")).finish());
        transactions.respond(now, transaction, status, response.raw.clone());
        if status < 200 {
            return;
        }
        call.offers.remove(place);
        if status >= 300 {
            return;
        }
        if let Some(dialog) = &mut call.dialog {
            dialog.retarget(&request);
        }
        call.said(&response);
        call.timer = Timer::granted(now, &response, false);
        if request.method() == Some("INVITE") {
            call.unacknowledged.push((request.cseq().map_or(0, |(number, _)| number), transaction));
        }
        // An own offer that waits was made for what the session no longer is.
        if let Some(retry) = call.retry.take_if(|_| description(&response).is_some()) {
            let call = call.id;
            self.events.push_back(Event::Changed { call, response: retry.response });
        }
    }

    /// The final response to the own re-INVITE, other than 408 and 481.
    pub(super) fn modified(&mut self, now: Duration, at: usize, pending: Pending, response: Arc<Message>) {
        let status = response.status().unwrap_or_default();
        if status == 491 && pending.tries < TRIES && self.calls[at].phase == Phase::Confirmed {
            let due = now + self.glare(at);
            self.calls[at].retry = Some(Retry { due, pending, response });
            return;
        }
        let call = &mut self.calls[at];
        if status < 300 {
            call.said(&pending.request);
            if call.phase == Phase::Confirmed {
                call.timer = Timer::granted(now, &response, true);
            }
        }
        let call = call.id;
        self.events.push_back(Event::Changed { call, response });
    }

    /// Sends the re-INVITE that waits, if it is time and the dialog is free.
    pub(super) fn retry(&mut self, now: Duration, transactions: &mut Transactions, at: usize) {
        let Some(retry) = self.calls[at].retry.take_if(|retry| retry.due <= now) else { return };
        if self.calls[at].phase != Phase::Confirmed {
            return;
        }
        if self.calls[at].exchanging() {
            let due = now + self.glare(at);
            self.calls[at].retry = Some(Retry { due, ..retry });
            return;
        }
        let branch = self.branch();
        let Some(dialog) = &mut self.calls[at].dialog else { return };
        dialog.sent += 1;
        let request = Message::parse(again(&retry.pending.request, &branch, dialog.sent, &[]));
        self.send_pending(now, transactions, at, Pending { request, tries: retry.pending.tries + 1, ..retry.pending });
    }

    /// Refreshes once what is under way is over.
    pub(super) fn refresh_later(&mut self, now: Duration, at: usize) {
        let due = now + self.glare(at);
        if let Some(timer) = &mut self.calls[at].timer {
            timer.refresh = Some(due);
        }
    }

    /// How long to wait when both ends asked at once (14.1): the owner of the Call-ID 2.1 to 4 s, the other one up to 2 s.
    fn glare(&mut self, at: usize) -> Duration {
        let bits = self.ids.bits();
        Duration::from_millis(10 * if self.calls[at].caller { 210 + bits % 191 } else { 1 + bits % 200 })
    }
}
