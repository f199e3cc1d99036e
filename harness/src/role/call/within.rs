//! Own requests inside a dialog (RFC 3261, 12.2.1): BYE, session refreshes, what the owner sends.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use super::{Calls, End, Event, Pending, Phase, Purpose, TRIES, caller::again, timer::Timer};
use crate::{
    role::{
        build::Draft,
        transaction::{Transactions, beside},
    },
    wire::sip::Message,
};

impl Calls {
    /// Sends a request of `method` inside the dialog of a call; `more` adds header fields and a body. Its final response
    /// comes as [`Event::Answered`], that of BYE as [`Event::Ended`]. `false`: there is no dialog.
    pub fn request(
        &mut self,
        now: Duration,
        transactions: &mut Transactions,
        call: u64,
        method: &str,
        more: impl FnOnce(Draft) -> Draft,
    ) -> bool {
        let Some(at) = self.find(call) else { return false };
        let purpose = if method == "BYE" { Purpose::Bye } else { Purpose::Owner };
        let sent = self.send_within(now, transactions, at, method, purpose, more);
        if sent && purpose == Purpose::Bye {
            let call = &mut self.calls[at];
            (call.phase, call.timer, call.leaving) = (Phase::Leaving, None, Some(End::ByUs));
        }
        sent
    }

    /// Sends the CANCEL of a call's INVITE whatever its state, with other header fields where `more` sets them.
    pub fn cancel_anyway(&mut self, now: Duration, transactions: &mut Transactions, call: u64, more: impl FnOnce(Bytes) -> Bytes) -> bool {
        let Some(at) = self.find(call) else { return false };
        let invite = Arc::clone(&self.calls[at].invite);
        let cancel = more(beside(&invite, "CANCEL", &invite));
        let (_, core) = self.means.leaving(Message::parse(cancel.clone()));
        transactions.request(now, core, &invite.branch().unwrap_or_default(), "CANCEL", cancel);
        true
    }

    pub(super) fn send_within(
        &mut self,
        now: Duration,
        transactions: &mut Transactions,
        at: usize,
        method: &str,
        purpose: Purpose,
        more: impl FnOnce(Draft) -> Draft,
    ) -> bool {
        let branch = self.branch();
        let Some(dialog) = &mut self.calls[at].dialog else { return false };
        let draft = dialog.request(self.means.local, &branch, method).maybe("User-Agent", self.means.agent.as_deref());
        let request = Message::parse(more(draft).finish());
        self.send_pending(now, transactions, at, Pending { purpose, request, tries: 0 });
        true
    }

    pub(super) fn send_pending(&mut self, now: Duration, transactions: &mut Transactions, at: usize, pending: Pending) {
        let (request, core) = self.means.leaving(pending.request);
        let (branch, method) = (request.branch().unwrap_or_default(), request.method().unwrap_or_default());
        let id = transactions.request(now, core, &branch, method, request.raw.clone());
        self.calls[at].pending.insert(id, Pending { request, ..pending });
    }

    /// Leaves the session; from now on the call only waits for the response.
    pub(super) fn bye(&mut self, now: Duration, transactions: &mut Transactions, at: usize, how: End) {
        let call = &mut self.calls[at];
        if matches!(call.phase, Phase::Leaving | Phase::Over) {
            return;
        }
        (call.phase, call.timer, call.retry, call.leaving) = (Phase::Leaving, None, None, Some(how));
        let farewell = std::mem::take(&mut call.farewell);
        let said = |draft: Draft| farewell.iter().fold(draft, |draft, (name, value)| draft.header(name, value));
        if !self.send_within(now, transactions, at, "BYE", Purpose::Bye, said) {
            self.ended(at, how);
        }
    }

    /// The session is over.
    pub(super) fn ended(&mut self, at: usize, how: End) {
        let call = &mut self.calls[at];
        if call.phase != Phase::Over {
            call.over();
            let call = call.id;
            self.events.push_back(Event::Ended { call, how });
        }
    }

    /// Refreshes the session (RFC 4028, 7.4): by UPDATE where the other end takes it, else by an INVITE that offers the same
    /// description again.
    pub(super) fn refresh(&mut self, now: Duration, transactions: &mut Transactions, at: usize) {
        let call = &mut self.calls[at];
        let Some(timer) = &mut call.timer else { return };
        timer.refresh = None;
        let timer = *timer;
        if !call.updates && call.exchanging() {
            return self.refresh_later(now, at);
        }
        let interval = timer.interval.as_secs();
        let (contact, body, update) = (call.contact.clone(), call.description.clone(), call.updates);
        let method = if update { "UPDATE" } else { "INVITE" };
        self.send_within(now, transactions, at, method, Purpose::Refresh, |draft| {
            let draft = draft
                .maybe("Contact", contact.as_deref())
                .header("Supported", "timer")
                .header("Session-Expires", &format!("{interval};refresher=uac"));
            match body.filter(|_| !update) {
                Some((kind, octets)) => draft.body(&kind, octets),
                None => draft,
            }
        });
    }

    /// The response to a request inside a dialog.
    pub(super) fn answered_within(&mut self, now: Duration, transactions: &mut Transactions, at: usize, id: u64, response: Arc<Message>) {
        let status = response.status().unwrap_or_default();
        if status < 200 {
            return;
        }
        let Some(pending) = self.calls[at].pending.remove(&id) else {
            // A 2xx to INVITE that came again.
            return self.acknowledge_again(transactions, at, id);
        };
        if status < 300
            && matches!(pending.request.method(), Some("INVITE" | "UPDATE"))
            && let Some(dialog) = &mut self.calls[at].dialog
        {
            // The ACK goes to the new target already (12.2.1.2).
            dialog.retarget(&response);
        }
        if status < 300 && pending.request.method() == Some("INVITE") {
            self.acknowledge(transactions, at, id, &pending.request);
        }
        if pending.tries < TRIES && self.request_again(now, transactions, at, &pending, &response) {
            return;
        }
        match (pending.purpose, status) {
            (Purpose::Bye, _) => {
                let how = self.calls[at].leaving.unwrap_or(End::ByUs);
                self.ended(at, how);
            }
            (Purpose::Refresh, 200..300) => {
                let call = &mut self.calls[at];
                if call.phase == Phase::Confirmed {
                    call.timer = Timer::granted(now, &response, true);
                }
            }
            // UPDATE is not to its taste, although it listed it.
            (Purpose::Refresh, 405 | 501) if self.calls[at].updates => {
                self.calls[at].updates = false;
                self.refresh(now, transactions, at);
            }
            (Purpose::Refresh | Purpose::Modify, 408 | 481) => self.bye(now, transactions, at, End::Lost),
            (Purpose::Refresh, 491) => self.refresh_later(now, at),
            (Purpose::Refresh, _) => {}
            (Purpose::Modify, _) => self.modified(now, at, pending, response),
            (Purpose::Owner, _) => {
                let call = self.calls[at].id;
                self.events.push_back(Event::Answered { call, response });
            }
        }
    }

    fn request_again(&mut self, now: Duration, transactions: &mut Transactions, at: usize, pending: &Pending, response: &Message) -> bool {
        let Some(set) = self.correction(&pending.request, response) else { return false };
        let branch = self.branch();
        let Some(dialog) = &mut self.calls[at].dialog else { return false };
        dialog.sent += 1;
        let request = Message::parse(again(&pending.request, &branch, dialog.sent, &set));
        self.send_pending(now, transactions, at, Pending { request, tries: pending.tries + 1, ..*pending });
        true
    }

    /// A request got no final response, or a final response of ours no ACK; `false`: that is of no call.
    pub(super) fn gave_up(&mut self, now: Duration, transactions: &mut Transactions, id: u64) -> bool {
        if let Some(at) = self.calls.iter().position(|c| c.unacknowledged.iter().any(|(_, of)| *of == id)) {
            self.calls[at].unacknowledged.retain(|(_, of)| *of != id);
            self.bye(now, transactions, at, End::Unconfirmed);
            return true;
        }
        let Some(at) = self.calls.iter().position(|c| c.transaction == id || c.pending.contains_key(&id)) else { return false };
        match self.calls[at].pending.remove(&id).map(|pending| pending.purpose) {
            Some(Purpose::Bye) => {
                let how = self.calls[at].leaving.unwrap_or(End::ByUs);
                self.ended(at, how);
            }
            Some(_) => self.bye(now, transactions, at, End::Lost),
            None if self.calls[at].caller && self.calls[at].phase == Phase::Early => {
                self.calls[at].over();
                let call = self.calls[at].id;
                self.events.push_back(Event::Refused { call, response: None });
            }
            // The refusal of an INVITE saw no ACK.
            None => {}
        }
        true
    }
}
