//! The side that invites: INVITE, its responses, ACK (RFC 3261, 13.2).

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use super::{
    Calls, Dialog, End, Event, Phase, TRIES, allows_update, description,
    timer::{self, Timer},
};
use crate::{
    role::{
        build::{self, Draft},
        challenge::Challenge,
        patch::Patch,
        transaction::Transactions,
    },
    wire::{params::Parametered, sip::Message},
};

impl Calls {
    /// The beginning of an INVITE to `target`, outside any dialog: Via, Max-Forwards, Route, From with a tag, To, Call-ID and
    /// CSeq. `from` is a name-addr without tag; `route` is the Service-Route of the registration, if there is one.
    pub fn draft(&mut self, target: &str, from: &str, route: &[String]) -> Draft {
        let branch = self.branch();
        Draft::request("INVITE", target)
            .header("Via", &build::via(self.means.local, &branch))
            .header("Max-Forwards", "70")
            .maybe("Route", (!route.is_empty()).then(|| route.join(", ")).as_deref())
            .header("From", &format!("{from};tag={}", self.ids.token()))
            .header("To", &format!("<{target}>"))
            .header("Call-ID", &self.ids.token())
            .header("CSeq", "1 INVITE")
    }

    /// Sends an INVITE, with its Contact and its body, and gives the number of the call.
    pub fn invite(&mut self, now: Duration, transactions: &mut Transactions, invite: Bytes) -> u64 {
        let (invite, transaction) = self.send_invite(now, transactions, Message::parse(invite));
        self.keep(true, Arc::new(invite), transaction, String::new())
    }

    fn send_invite(&self, now: Duration, transactions: &mut Transactions, invite: Message) -> (Message, u64) {
        let (invite, core) = self.means.leaving(invite);
        let transaction = transactions.invite(now, core, &invite.branch().unwrap_or_default(), invite.raw.clone());
        (invite, transaction)
    }

    /// The response to the INVITE that began a call.
    pub(super) fn answered(&mut self, now: Duration, transactions: &mut Transactions, at: usize, response: Arc<Message>) {
        let (call, early) = (self.calls[at].id, self.calls[at].phase == Phase::Early);
        match response.status().unwrap_or_default() {
            ..=100 => {}
            101..=199 if early => self.events.push_back(Event::Progress { call, response }),
            101..=199 => {}
            200..=299 => self.accepted(now, transactions, at, response),
            _ if !early || self.invite_again(now, transactions, at, &response) => {}
            _ => {
                self.calls[at].over();
                self.events.push_back(Event::Refused { call, response: Some(response) });
            }
        }
    }

    /// A 2xx: the first makes the dialog, each is acknowledged (13.2.2.4).
    fn accepted(&mut self, now: Duration, transactions: &mut Transactions, at: usize, response: Arc<Message>) {
        let Some(dialog) = Dialog::of_caller(&self.calls[at].invite, &response) else { return };
        let known = self.calls[at].dialog.as_ref().map(|known| known.remote_tag == dialog.remote_tag);
        match known {
            Some(true) => {
                let transaction = self.calls[at].transaction;
                self.acknowledge_again(transactions, at, transaction);
            }
            // A proxy forked: the other session is not wanted.
            Some(false) => self.leave_fork(now, transactions, at, dialog),
            None => {
                let call = &mut self.calls[at];
                call.dialog = Some(dialog);
                call.phase = Phase::Confirmed;
                call.timer = Timer::granted(now, &response, true);
                call.updates = allows_update(&response);
                let (id, transaction, invite, leaving) = (call.id, call.transaction, Arc::clone(&call.invite), call.leaving);
                // The ACK to an offer has to answer it (13.2.1).
                if leaving.is_some() || description(&invite).is_some() || description(&response).is_none() {
                    self.acknowledge(transactions, at, transaction, &invite);
                }
                match leaving {
                    // The CANCEL came too late (9.1, 15).
                    Some(how) => self.bye(now, transactions, at, how),
                    None => self.events.push_back(Event::Accepted { call: id, response }),
                }
            }
        }
    }

    /// Acknowledges a 2xx that offers, because the INVITE did not, by an ACK with this answer: media type and octets (13.2.1).
    pub fn answer(&mut self, transactions: &mut Transactions, call: u64, answer: (String, Bytes)) {
        let Some(at) = self.find(call).filter(|at| self.calls[*at].acks.is_empty()) else { return };
        let (transaction, invite) = (self.calls[at].transaction, Arc::clone(&self.calls[at].invite));
        self.calls[at].description = Some(answer.clone());
        self.calls[at].late = Some(answer);
        self.acknowledge(transactions, at, transaction, &invite);
    }

    /// Sends the ACK to a 2xx that answers `invite`, and keeps it for when the 2xx comes again. It carries the credentials of
    /// the INVITE (22.1).
    pub(super) fn acknowledge(&mut self, transactions: &mut Transactions, at: usize, transaction: u64, invite: &Message) {
        let branch = self.branch();
        let Some(dialog) = &self.calls[at].dialog else { return };
        let number = invite.cseq().map_or(1, |(number, _)| number);
        let mut ack = dialog.ack(self.means.local, &branch, number);
        for name in ["Authorization", "Proxy-Authorization"] {
            ack = ack.maybe(name, invite.value(name).as_deref());
        }
        let mut ack = ack.maybe("User-Agent", self.means.agent.as_deref());
        if let Some((kind, octets)) = self.calls[at].late.take() {
            ack = ack.body(&kind, octets);
        }
        let (ack, core) = self.means.leaving(Message::parse(ack.finish()));
        let ack = ack.raw;
        transactions.send(core, ack.clone());
        let acks = &mut self.calls[at].acks;
        acks.push_back((transaction, ack));
        if acks.len() > 16 {
            acks.pop_front();
        }
    }

    pub(super) fn acknowledge_again(&self, transactions: &mut Transactions, at: usize, transaction: u64) {
        if let Some((_, ack)) = self.calls[at].acks.iter().find(|(of, _)| *of == transaction) {
            let (ack, core) = self.means.leaving(Message::parse(ack.clone()));
            transactions.send(core, ack.raw);
        }
    }

    fn leave_fork(&mut self, now: Duration, transactions: &mut Transactions, at: usize, mut dialog: Dialog) {
        let (branch, leaving) = (self.branch(), self.branch());
        let number = self.calls[at].invite.cseq().map_or(1, |(number, _)| number);
        transactions.send(self.means.core, dialog.ack(self.means.local, &branch, number).finish());
        let bye = dialog.request(self.means.local, &leaving, "BYE").finish();
        transactions.request(now, self.means.core, &leaving, "BYE", bye);
    }

    /// Sends the INVITE again if the response asks for that; `false`: it does not, or it was tried often enough.
    fn invite_again(&mut self, now: Duration, transactions: &mut Transactions, at: usize, response: &Message) -> bool {
        let (invite, tries) = (Arc::clone(&self.calls[at].invite), self.calls[at].tries);
        if self.calls[at].leaving.is_some() || tries >= TRIES {
            return false;
        }
        let Some(set) = self.correction(&invite, response) else { return false };
        let number = invite.cseq().map_or(1, |(number, _)| number);
        let invite = Message::parse(again(&invite, &self.branch(), number.saturating_add(1), &set));
        let (invite, transaction) = self.send_invite(now, transactions, invite);
        let call = &mut self.calls[at];
        (call.invite, call.transaction, call.tries) = (Arc::new(invite), transaction, tries + 1);
        true
    }

    /// Header fields with which `request` has to be sent again after `response`: credentials, or a longer session interval
    /// (RFC 4028, 7.3). `None`: that would not help.
    pub(super) fn correction(&mut self, request: &Message, response: &Message) -> Option<Vec<(String, String)>> {
        match response.status()? {
            401 | 407 => {
                let uri = request.request_uri()?.text(&request.raw).into_owned();
                let mut challenge = Challenge::read(response)?;
                Some(vec![challenge.answer(request.method()?, &uri, &self.means.credentials, &self.ids.token())])
            }
            422 => {
                let least = timer::least(response)?;
                let (seconds, refresher) = timer::session_expires(request).unwrap_or((least, None));
                let refresher = refresher.map(|r| format!(";refresher={r}")).unwrap_or_default();
                let interval = ("Session-Expires".to_owned(), format!("{}{refresher}", seconds.max(least)));
                Some(vec![interval, ("Min-SE".to_owned(), least.to_string())])
            }
            _ => None,
        }
    }

    /// Ends a call as its state wants it: CANCEL of an INVITE that has no final response, BYE of a session, once the ACK came
    /// where one is due (15), 480 to an INVITE that waits for an answer.
    pub fn end(&mut self, now: Duration, transactions: &mut Transactions, call: u64) {
        self.end_with(now, transactions, call, &[]);
    }

    /// [`end`](Self::end), with these further header fields in the BYE or the CANCEL, whenever that goes.
    pub fn end_with(&mut self, now: Duration, transactions: &mut Transactions, call: u64, fields: &[(&str, &str)]) {
        let Some(at) = self.find(call) else { return };
        let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.calls[at].farewell.clone_from(&fields);
        let (phase, caller, transaction) = (self.calls[at].phase, self.calls[at].caller, self.calls[at].transaction);
        match phase {
            Phase::Early if caller => {
                self.calls[at].leaving = Some(End::ByUs);
                transactions.cancel(now, transaction, &fields);
            }
            Phase::Early => self.respond(now, transactions, call, 480, |draft| draft),
            Phase::Unconfirmed => self.calls[at].leaving = Some(End::ByUs),
            Phase::Confirmed => self.bye(now, transactions, at, End::ByUs),
            Phase::Leaving | Phase::Over => {}
        }
    }
}

/// `request` once more, as a new transaction with a higher number, and with these header fields set.
pub(super) fn again(request: &Message, branch: &str, number: u32, set: &[(String, String)]) -> Bytes {
    let raw = &request.raw;
    let mut patch = Patch::default();
    let via = request.elements("Via").first().map(|via| Parametered::parse(raw, *via));
    if let Some(old) = via.and_then(|via| via.param(raw, "branch")?.value) {
        patch.replace(old, branch);
    }
    patch.set(request, "CSeq", &[format!("{number} {}", request.method().unwrap_or_default())]);
    for (name, value) in set {
        patch.set(request, name, std::slice::from_ref(value));
    }
    patch.apply(raw)
}
