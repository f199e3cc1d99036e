//! Calls: the INVITE sessions of one party (RFC 3261, 12 to 15), with session timers (RFC 4028).
//!
//! The owner hands in what [`Transactions`] heard and when time has passed, and takes events out. ACK, BYE, credentials,
//! refreshes and repetitions are made here; what a session carries is the owner's business.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;

use super::{
    ids::Ids,
    transaction::{Heard, Transactions},
};
use crate::wire::sip::Message;

mod callee;
mod caller;
pub mod dialog;
mod event;
mod means;
mod modify;
pub mod timer;
mod within;

pub use dialog::Dialog;
pub use event::{End, Event};
pub use means::{DATAGRAM, Means, by_tcp};
use modify::Retry;
use timer::Timer;

/// Most calls that are kept, ended ones among them; beyond, the oldest go.
const MOST: usize = 256;

/// How often one request is sent again because of a challenge or a session interval that is too small.
const TRIES: u32 = 4;

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// No final response yet.
    Early,
    /// A 2xx was sent, its ACK has not come.
    Unconfirmed,
    /// The session stands.
    Confirmed,
    /// The own BYE is under way.
    Leaving,
    /// Refused, cancelled or ended.
    Over,
}

/// What a request inside a dialog is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Bye,
    Refresh,
    Modify,
    Owner,
}

/// A request inside a dialog that waits for its final response.
#[derive(Clone, Debug)]
struct Pending {
    purpose: Purpose,
    request: Message,
    tries: u32,
}

#[derive(Debug)]
struct Call {
    id: u64,
    caller: bool,
    phase: Phase,
    /// The INVITE that began it, as sent last or as received.
    invite: Arc<Message>,
    /// Number of its transaction.
    transaction: u64,
    /// Own tag of a callee.
    tag: String,
    dialog: Option<Dialog>,
    /// Own Contact value.
    contact: Option<String>,
    /// Own session description: media type and octets.
    description: Option<(String, Bytes)>,
    /// What the ACK to a 2xx that offers is to carry.
    late: Option<(String, Bytes)>,
    /// Whether the other end takes UPDATE (RFC 3311, 4).
    updates: bool,
    /// ACKs by the transaction of the INVITE, for 2xx responses that come again.
    acks: VecDeque<(u64, Bytes)>,
    /// INVITEs answered with 2xx: number of CSeq, and of the transaction.
    unacknowledged: Vec<(u32, u64)>,
    pending: BTreeMap<u64, Pending>,
    timer: Option<Timer>,
    /// Whether the owner answers the offers of the other end.
    negotiates: bool,
    /// Offers of the other end that wait for their answer: number of the transaction, and the request.
    offers: Vec<(u64, Arc<Message>)>,
    /// An own re-INVITE that met one of the other end.
    retry: Option<Retry>,
    /// The owner, or a timer, wants it to end.
    leaving: Option<End>,
    /// What the own BYE or CANCEL says.
    farewell: Vec<(String, String)>,
    /// BYE or CANCEL of the other end.
    parting: Option<Arc<Message>>,
    /// The first ACK to the own 2xx.
    confirmation: Option<Arc<Message>>,
    tries: u32,
}

/// All calls of one party.
#[derive(Debug)]
pub struct Calls {
    /// How the others are reached; may be changed at any time.
    pub means: Means,
    /// Warning of the 481 response to an INVITE inside a dialog that there is not (RFC 3261, 20.43).
    pub absent: Option<String>,
    ids: Ids,
    calls: VecDeque<Call>,
    events: VecDeque<Event>,
    last: u64,
}

impl Calls {
    /// No calls yet; identifiers are made from `seed`.
    #[must_use]
    pub fn new(means: Means, seed: u64) -> Self {
        Self { means, absent: None, ids: Ids::new(seed), calls: VecDeque::new(), events: VecDeque::new(), last: 0 }
    }

    /// Takes what belongs to a call: INVITE, ACK, BYE, CANCEL, UPDATE and the responses to own ones. Gives back the rest.
    pub fn heard(&mut self, now: Duration, transactions: &mut Transactions, heard: Heard) -> Heard {
        match heard {
            Heard::Response(id, response) => match self.of_transaction(id) {
                Some(at) if self.calls[at].caller && self.calls[at].transaction == id => {
                    self.answered(now, transactions, at, response);
                    Heard::Nothing
                }
                Some(at) => {
                    self.answered_within(now, transactions, at, id, response);
                    Heard::Nothing
                }
                None => Heard::Response(id, response),
            },
            Heard::Ack(ack) => {
                self.acknowledged(now, transactions, ack);
                Heard::Nothing
            }
            Heard::Request(id, request) => {
                match request.method().unwrap_or_default() {
                    "INVITE" if request.tag("To").is_none() => self.invited(now, transactions, id, request),
                    "CANCEL" => self.cancelled(now, transactions, id, request),
                    "INVITE" | "BYE" | "UPDATE" => self.requested_within(now, transactions, id, &request),
                    _ => return Heard::Request(id, request),
                }
                Heard::Nothing
            }
            Heard::Nothing => Heard::Nothing,
        }
    }

    /// Lets time pass. `given_up` is what [`Transactions::tick`] gave; what is not of a call is given back.
    pub fn tick(&mut self, now: Duration, transactions: &mut Transactions, given_up: Vec<u64>) -> Vec<u64> {
        let others = given_up.into_iter().filter(|id| !self.gave_up(now, transactions, *id)).collect();
        for at in 0..self.calls.len() {
            self.retry(now, transactions, at);
            let Some(timer) = self.calls[at].timer else { continue };
            if timer.ends <= now {
                self.bye(now, transactions, at, End::Expired);
            } else if timer.refresh.is_some_and(|due| due <= now) {
                self.refresh(now, transactions, at);
            }
        }
        others
    }

    /// The nearest timer of a session: a refresh, a BYE because none came, a re-INVITE that is tried again.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let times = |call: &Call| [call.timer.map(|timer| timer.deadline()), call.retry.as_ref().map(|retry| retry.due)];
        self.calls.iter().flat_map(times).flatten().min()
    }

    /// The next event.
    pub fn event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The latest call, ended or not.
    #[must_use]
    pub fn latest(&self) -> Option<u64> {
        self.calls.back().map(|call| call.id)
    }

    /// Whether the call is neither refused nor cancelled nor ended, nor about to be.
    #[must_use]
    pub fn lasts(&self, call: u64) -> bool {
        self.find(call).is_some_and(|at| matches!(self.calls[at].phase, Phase::Early | Phase::Unconfirmed | Phase::Confirmed))
    }

    /// Whether the other end lists UPDATE among what it takes (RFC 3311, 4).
    #[must_use]
    pub fn takes_update(&self, call: u64) -> bool {
        self.find(call).is_some_and(|at| self.calls[at].updates)
    }

    /// The dialog of a call, once there is one.
    #[must_use]
    pub fn dialog(&self, call: u64) -> Option<&Dialog> {
        self.calls.get(self.find(call)?)?.dialog.as_ref()
    }

    /// The INVITE that began a call.
    #[must_use]
    pub fn invitation(&self, call: u64) -> Option<&Arc<Message>> {
        Some(&self.calls.get(self.find(call)?)?.invite)
    }

    /// Whether a re-INVITE waits to be tried again.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.calls.iter().any(|call| call.retry.is_some())
    }

    /// The BYE or CANCEL by which the other end ended a call.
    #[must_use]
    pub fn parting(&self, call: u64) -> Option<&Arc<Message>> {
        self.calls.get(self.find(call)?)?.parting.as_ref()
    }

    /// The ACK that confirmed a call; it has the answer where the INVITE had no offer (13.2.1).
    #[must_use]
    pub fn confirmation(&self, call: u64) -> Option<&Arc<Message>> {
        self.calls.get(self.find(call)?)?.confirmation.as_ref()
    }

    /// Forgets everything without a word.
    pub fn clear(&mut self) {
        self.calls.clear();
        self.events.clear();
    }

    fn find(&self, call: u64) -> Option<usize> {
        self.calls.iter().position(|c| c.id == call)
    }

    /// The call that sent the request with this number.
    fn of_transaction(&self, id: u64) -> Option<usize> {
        let own = |c: &Call| c.caller && c.transaction == id || c.pending.contains_key(&id) || c.acks.iter().any(|(of, _)| *of == id);
        self.calls.iter().position(own)
    }

    fn branch(&mut self) -> String {
        format!("z9hG4bK{}", self.ids.token())
    }

    /// Keeps a new call and gives its number.
    fn keep(&mut self, caller: bool, invite: Arc<Message>, transaction: u64, tag: String) -> u64 {
        self.last += 1;
        let mut call = Call {
            id: self.last,
            caller,
            phase: Phase::Early,
            dialog: if caller { None } else { Dialog::of_callee(&invite, &tag) },
            updates: !caller && allows_update(&invite),
            invite,
            transaction,
            tag,
            contact: None,
            description: None,
            late: None,
            acks: VecDeque::new(),
            unacknowledged: Vec::new(),
            pending: BTreeMap::new(),
            timer: None,
            negotiates: false,
            offers: Vec::new(),
            retry: None,
            leaving: None,
            farewell: Vec::new(),
            parting: None,
            confirmation: None,
            tries: 0,
        };
        if caller {
            let invite = Arc::clone(&call.invite);
            call.said(&invite);
        }
        self.calls.push_back(call);
        if self.calls.len() > MOST {
            self.calls.pop_front();
        }
        self.last
    }
}

impl Call {
    /// Remembers the Contact and the session description of an own message.
    fn said(&mut self, message: &Message) {
        self.contact = message.value("Contact").map(|v| v.into_owned()).or_else(|| self.contact.take());
        if let Some((kind, body)) = description(message) {
            self.description = Some((kind, body));
        }
    }

    fn over(&mut self) {
        (self.phase, self.timer, self.retry) = (Phase::Over, None, None);
        self.offers.clear();
    }
}

/// The session description in a message: media type and octets; of a body with several parts, the part.
#[must_use]
pub fn description(message: &Message) -> Option<(String, Bytes)> {
    let whole = message.content_type().map(|t| (t.kind.text(&message.raw).to_ascii_lowercase(), message.body));
    let (kind, span) = crate::field::parts(message).into_iter().chain(whole).find(|(kind, _)| kind == "application/sdp")?;
    Some((kind, message.raw.slice(span.from..span.to)))
}

fn allows_update(message: &Message) -> bool {
    dialog::texts(message, "Allow").iter().any(|method| method == "UPDATE")
}

#[cfg(test)]
mod tests;
