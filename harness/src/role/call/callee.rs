//! The side that is invited, and the requests of the other end inside a dialog (RFC 3261, 9.2, 12.2.2, 13.3, 15.1.2).

use std::{sync::Arc, time::Duration};

use super::{
    Call, Calls, End, Event, Phase,
    dialog::texts,
    timer::{self, Timer},
};
use crate::{
    role::{build::Draft, transaction::Transactions},
    wire::sip::Message,
};

impl Calls {
    /// An INVITE outside any dialog.
    pub(super) fn invited(&mut self, now: Duration, transactions: &mut Transactions, id: u64, request: Arc<Message>) {
        let tag = self.ids.token();
        let call = self.keep(false, Arc::clone(&request), id, tag);
        if self.dialog(call).is_none() {
            // Without Contact, Call-ID or To there is nothing that an answer could lead to (12.1.1).
            return self.respond(now, transactions, call, 400, |draft| draft);
        }
        self.events.push_back(Event::Invited { call, request });
    }

    /// Answers the INVITE of a call: a provisional response, 2xx with its Contact and body, or a refusal; `more` adds header
    /// fields. To tag, Record-Route and what the session timer needs are put in here. Once answered finally, or cancelled,
    /// nothing more is sent.
    pub fn respond(&mut self, now: Duration, transactions: &mut Transactions, call: u64, status: u16, more: impl FnOnce(Draft) -> Draft) {
        let Some(at) = self.find(call).filter(|at| self.calls[*at].phase == Phase::Early && !self.calls[*at].caller) else { return };
        let call = &mut self.calls[at];
        let response = Message::parse(more(answer(&call.invite, status, &call.tag)).finish());
        transactions.respond(now, call.transaction, status, response.raw.clone());
        match status {
            ..=199 => {}
            200..=299 => {
                call.said(&response);
                call.phase = Phase::Unconfirmed;
                call.unacknowledged.push((call.invite.cseq().map_or(1, |(number, _)| number), call.transaction));
                call.timer = Timer::granted(now, &response, false);
            }
            _ => call.over(),
        }
    }

    /// CANCEL: it belongs to the INVITE with its branch (9.2).
    pub(super) fn cancelled(&mut self, now: Duration, transactions: &mut Transactions, id: u64, request: Arc<Message>) {
        let branch = request.branch();
        let Some(at) = self.calls.iter().position(|c| !c.caller && c.invite.branch() == branch) else {
            return self.unknown(now, transactions, id, &request);
        };
        let (call, early) = (self.calls[at].id, self.calls[at].phase == Phase::Early);
        transactions.respond(now, id, 200, Draft::response(&request, 200, &self.calls[at].tag).finish());
        if early {
            self.calls[at].parting = Some(request);
            self.respond(now, transactions, call, 487, |draft| draft);
            self.events.push_back(Event::Cancelled { call });
        }
    }

    /// BYE, INVITE or UPDATE inside a dialog; 481 where there is none.
    pub(super) fn requested_within(&mut self, now: Duration, transactions: &mut Transactions, id: u64, request: &Arc<Message>) {
        let within = |c: &Call| c.phase != Phase::Over && c.dialog.as_ref().is_some_and(|d| d.holds(request));
        let Some(at) = self.calls.iter().position(within) else { return self.unknown(now, transactions, id, request) };
        let call = &mut self.calls[at];
        let number = request.cseq().map_or(0, |(number, _)| number);
        if !call.dialog.as_mut().is_some_and(|d| d.takes(number)) {
            // An older number than before is a fault of the other end (12.2.2).
            return transactions.respond(now, id, 500, Draft::response(request, 500, "").finish());
        }
        match request.method() {
            Some("BYE") => {
                transactions.respond(now, id, 200, Draft::response(request, 200, "").finish());
                for (_, unacknowledged) in std::mem::take(&mut self.calls[at].unacknowledged) {
                    transactions.confirm(unacknowledged);
                }
                // What waits for an answer is answered (15.1.2).
                for (waiting, offer) in std::mem::take(&mut self.calls[at].offers) {
                    transactions.respond(now, waiting, 487, Draft::response(&offer, 487, "").finish());
                }
                self.calls[at].parting = Some(Arc::clone(request));
                let call = self.calls[at].id;
                if self.calls[at].phase == Phase::Early {
                    self.respond(now, transactions, call, 487, |draft| draft);
                    self.events.push_back(Event::Ended { call, how: End::ByPeer });
                } else {
                    let how = self.calls[at].leaving.unwrap_or(End::ByPeer);
                    self.ended(at, how);
                }
            }
            _ => self.changed(now, transactions, at, id, request),
        }
    }

    /// An offer, or a session refresh: the description stays as it is (RFC 3311, 5.2; RFC 3261, 14.2).
    fn changed(&mut self, now: Duration, transactions: &mut Transactions, at: usize, id: u64, request: &Arc<Message>) {
        let call = &mut self.calls[at];
        let invite = request.method() == Some("INVITE");
        let offers = invite || !request.body.is_empty();
        if offers && !call.offers.is_empty() {
            // Two at a time are a fault of the other end; it may come again (14.2).
            return transactions.respond(now, id, 500, Draft::response(request, 500, "").header("Retry-After", "5").finish());
        }
        if offers && call.exchanging() || matches!(call.phase, Phase::Early | Phase::Leaving) {
            return transactions.respond(now, id, 491, Draft::response(request, 491, "").finish());
        }
        if offers && call.negotiates {
            call.offers.push((id, Arc::clone(request)));
            let (call, request) = (call.id, Arc::clone(request));
            return self.events.push_back(Event::Offered { call, transaction: id, request });
        }
        if let Some(dialog) = &mut call.dialog {
            dialog.retarget(request);
        }
        let mut draft = answer(request, 200, "").maybe("Contact", call.contact.as_deref());
        if let Some((kind, body)) = call.description.clone().filter(|_| invite || !request.body.is_empty()) {
            draft = draft.body(&kind, body);
        }
        let response = Message::parse(draft.finish());
        call.timer = Timer::granted(now, &response, false);
        if invite {
            call.unacknowledged.push((request.cseq().map_or(0, |(number, _)| number), id));
        }
        transactions.respond(now, id, 200, response.raw);
    }

    /// The ACK to a 2xx: its dialog and its number have to be right.
    pub(super) fn acknowledged(&mut self, now: Duration, transactions: &mut Transactions, ack: Arc<Message>) {
        let number = ack.cseq().map_or(0, |(number, _)| number);
        let meant = |c: &Call| c.unacknowledged.iter().any(|(n, _)| *n == number) && c.dialog.as_ref().is_some_and(|d| d.holds(&ack));
        let Some(at) = self.calls.iter().position(meant) else { return };
        let call = &mut self.calls[at];
        for (_, id) in call.unacknowledged.extract_if(.., |(n, _)| *n == number) {
            transactions.confirm(id);
        }
        if call.phase != Phase::Unconfirmed {
            let call = call.id;
            return self.events.push_back(Event::Acknowledged { call, ack });
        }
        (call.phase, call.confirmation) = (Phase::Confirmed, Some(ack));
        let (id, leaving) = (call.id, call.leaving);
        self.events.push_back(Event::Confirmed { call: id });
        if let Some(how) = leaving {
            self.bye(now, transactions, at, how);
        }
    }

    fn unknown(&mut self, now: Duration, transactions: &mut Transactions, id: u64, request: &Message) {
        let tag = self.ids.token();
        let warning = self.absent.as_deref().filter(|_| request.method() == Some("INVITE"));
        transactions.respond(now, id, 481, Draft::response(request, 481, &tag).maybe("Warning", warning).finish());
    }
}

impl Call {
    /// Whether an INVITE, or an offer, of either end is under way inside the dialog (14.1; RFC 3264, 4).
    pub(super) fn exchanging(&self) -> bool {
        let offers = |request: &Message| request.method() == Some("UPDATE") && !request.body.is_empty();
        let own = self.pending.values().any(|p| p.request.method() == Some("INVITE") || offers(&p.request));
        own || !self.unacknowledged.is_empty() || !self.offers.is_empty()
    }
}

/// A response to INVITE or UPDATE: Record-Route as in the request where a dialog may come of it (12.1.1), and in a 2xx what
/// the session timer needs.
pub(super) fn answer(request: &Message, status: u16, tag: &str) -> Draft {
    let mut draft = Draft::response(request, status, tag);
    if (101..300).contains(&status) {
        for route in texts(request, "Record-Route") {
            draft = draft.header("Record-Route", &route);
        }
    }
    if (200..300).contains(&status) {
        for (name, value) in timer::answered(request) {
            draft = draft.header(name, &value);
        }
    }
    draft
}
