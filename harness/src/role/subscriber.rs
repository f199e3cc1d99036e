//! Subscriptions of one party, as their subscriber sees them (RFC 6665, 4.1).
//!
//! The owner hands in what [`Transactions`] heard and when time has passed, and takes events out. Credentials, longer
//! intervals, refreshes and the answers to NOTIFY are made here; what a notification says is the owner's business.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use super::{
    build::{self, Draft},
    call::{Dialog, Means},
    challenge::Challenge,
    ids::Ids,
    transaction::{Heard, PATIENCE, Transactions},
};
use crate::wire::{params::Parametered, sip::Message};

mod notified;

/// Most subscriptions that are kept; beyond, the oldest go.
const MOST: usize = 64;

/// How often one SUBSCRIBE is sent again because of a challenge or an interval that is too brief.
const TRIES: u32 = 4;

/// The least time between two SUBSCRIBE requests for the same thing.
const PACE: Duration = Duration::from_secs(1);

/// The longest time that a notifier can make its subscriber wait.
const LONGEST: Duration = Duration::from_secs(86_400);

/// What is subscribed to.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Event package.
    pub package: &'static str,
    /// Request-URI and To of the first SUBSCRIBE.
    pub target: String,
    /// From, without tag.
    pub from: String,
    /// Route of the first SUBSCRIBE: the Service-Route of the registration.
    pub route: Vec<String>,
    /// Seconds that are asked for.
    pub seconds: u32,
    /// Further header fields of each SUBSCRIBE: Contact, Accept and others.
    pub fields: Vec<(&'static str, String)>,
    /// Further header fields of those outside a dialog.
    pub first: Vec<(&'static str, String)>,
}

/// What the owner learns of a subscription.
#[derive(Clone, Debug)]
pub enum Event {
    /// A NOTIFY came; it has been answered with 200.
    Notified {
        /// Number of the subscription.
        subscription: u64,
        /// The NOTIFY.
        request: Arc<Message>,
    },
    /// The subscription is over, or never was.
    Ended {
        /// Number of the subscription.
        subscription: u64,
        /// From when on a new one makes sense; `None`: it does not.
        again: Option<Duration>,
    },
}

/// A SUBSCRIBE without final response.
#[derive(Clone, Copy, Debug)]
struct Pending {
    transaction: u64,
    tries: u32,
    /// Whether it ends the subscription.
    last: bool,
}

#[derive(Debug)]
struct Subscription {
    id: u64,
    wanted: Wanted,
    call_id: String,
    tag: String,
    /// The SUBSCRIBE that was sent last.
    request: Message,
    /// Since when it is asked for.
    born: Duration,
    /// From the first 2xx or NOTIFY on, whichever comes first.
    dialog: Option<Dialog>,
    pending: Option<Pending>,
    /// When it lapses.
    until: Option<Duration>,
    /// When to refresh.
    refresh: Option<Duration>,
    /// Until when a NOTIFY is waited for: the first one, or that which ends it (timer N).
    awaited: Option<Duration>,
    /// The owner does not want it any more.
    leaving: bool,
}

/// All subscriptions of one party.
#[derive(Debug)]
pub struct Subscriber {
    /// How the notifiers are reached; may be changed at any time.
    pub means: Means,
    ids: Ids,
    subscriptions: VecDeque<Subscription>,
    events: VecDeque<Event>,
    last: u64,
}

impl Subscriber {
    /// No subscriptions yet; identifiers are made from `seed`.
    #[must_use]
    pub fn new(means: Means, seed: u64) -> Self {
        Self { means, ids: Ids::new(seed), subscriptions: VecDeque::new(), events: VecDeque::new(), last: 0 }
    }

    /// Subscribes and gives the number of the subscription.
    pub fn subscribe(&mut self, now: Duration, transactions: &mut Transactions, wanted: Wanted) -> u64 {
        self.last += 1;
        self.subscriptions.push_back(Subscription {
            id: self.last,
            wanted,
            call_id: self.ids.token(),
            tag: self.ids.token(),
            request: Message::parse(bytes::Bytes::new()),
            born: now,
            dialog: None,
            pending: None,
            until: None,
            refresh: None,
            awaited: Some(now + PATIENCE),
            leaving: false,
        });
        if self.subscriptions.len() > MOST {
            self.subscriptions.pop_front();
        }
        self.send(now, transactions, self.subscriptions.len() - 1, 0, None);
        self.last
    }

    /// Asks for the whole state once more; nothing, while a SUBSCRIBE is under way.
    pub fn refresh(&mut self, now: Duration, transactions: &mut Transactions, subscription: u64) {
        if let Some(at) = self.find(subscription).filter(|at| self.subscriptions[*at].pending.is_none() && !self.subscriptions[*at].leaving)
        {
            self.send(now, transactions, at, 0, None);
        }
    }

    /// Ends a subscription (4.1.2.3), once what is under way is answered.
    pub fn unsubscribe(&mut self, now: Duration, transactions: &mut Transactions, subscription: u64) {
        let Some(at) = self.find(subscription) else { return };
        let subscription = &mut self.subscriptions[at];
        (subscription.leaving, subscription.refresh) = (true, None);
        if subscription.pending.is_none() {
            self.send(now, transactions, at, 0, None);
        }
    }

    /// Takes responses to own SUBSCRIBE requests, and NOTIFY requests of own subscriptions. Gives back the rest.
    pub fn heard(&mut self, now: Duration, transactions: &mut Transactions, heard: Heard) -> Heard {
        match heard {
            Heard::Response(id, response) => match self.of_transaction(id) {
                Some(at) => {
                    self.answered(now, transactions, at, &response);
                    Heard::Nothing
                }
                None => Heard::Response(id, response),
            },
            Heard::Request(id, request) if request.method() == Some("NOTIFY") => match self.of_notify(&request) {
                Some(at) => {
                    self.notified(now, transactions, at, id, request);
                    Heard::Nothing
                }
                None => Heard::Request(id, request),
            },
            other => other,
        }
    }

    /// Lets time pass. `given_up` is what [`Transactions::tick`] gave; what is not of a subscription is given back.
    pub fn tick(&mut self, now: Duration, transactions: &mut Transactions, given_up: Vec<u64>) -> Vec<u64> {
        let mut others = Vec::new();
        for id in given_up {
            match self.of_transaction(id) {
                Some(at) => self.over(at, None),
                None => others.push(id),
            }
        }
        let due = |at: Option<Duration>| at.is_some_and(|at| at <= now);
        for at in (0..self.subscriptions.len()).rev() {
            let subscription = &self.subscriptions[at];
            if due(subscription.awaited) {
                self.over(at, None);
            } else if due(subscription.until) && subscription.pending.is_none() {
                self.over(at, Some(now));
            } else if due(subscription.refresh) {
                self.subscriptions[at].refresh = None;
                let id = self.subscriptions[at].id;
                self.refresh(now, transactions, id);
            }
        }
        others
    }

    /// The nearest timer.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let lapses = |s: &Subscription| s.until.filter(|_| s.pending.is_none());
        self.subscriptions.iter().flat_map(|s| [s.awaited, lapses(s), s.refresh]).flatten().min()
    }

    /// When the next SUBSCRIBE goes out by itself.
    #[must_use]
    pub fn sends(&self) -> Option<Duration> {
        self.subscriptions.iter().filter_map(|s| s.refresh).min()
    }

    /// The next event.
    pub fn event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Forgets everything without a word.
    pub fn clear(&mut self) {
        self.subscriptions.clear();
        self.events.clear();
    }

    fn find(&self, id: u64) -> Option<usize> {
        self.subscriptions.iter().position(|s| s.id == id)
    }

    fn of_transaction(&self, id: u64) -> Option<usize> {
        self.subscriptions.iter().position(|s| s.pending.is_some_and(|pending| pending.transaction == id))
    }

    /// Sends the next SUBSCRIBE: outside a dialog until there is one; `proof` are name and value of its credentials.
    fn send(&mut self, now: Duration, transactions: &mut Transactions, at: usize, tries: u32, proof: Option<(String, String)>) {
        let branch = format!("z9hG4bK{}", self.ids.token());
        let local = self.means.local;
        let subscription = &mut self.subscriptions[at];
        let wanted = &subscription.wanted;
        let mut draft = match &mut subscription.dialog {
            Some(dialog) => dialog.request(local, &branch, "SUBSCRIBE"),
            None => {
                let number = subscription.request.cseq().map_or(0, |(number, _)| number).saturating_add(1);
                Draft::request("SUBSCRIBE", &wanted.target)
                    .header("Via", &build::via(local, &branch))
                    .header("Max-Forwards", "70")
                    .maybe("Route", (!wanted.route.is_empty()).then(|| wanted.route.join(", ")).as_deref())
                    .header("From", &format!("{};tag={}", wanted.from, subscription.tag))
                    .header("To", &format!("<{}>", wanted.target))
                    .header("Call-ID", &subscription.call_id)
                    .header("CSeq", &format!("{number} SUBSCRIBE"))
            }
        };
        let first = wanted.first.iter().filter(|_| subscription.dialog.is_none());
        for (name, value) in wanted.fields.iter().chain(first) {
            draft = draft.header(name, value);
        }
        let seconds = if subscription.leaving { 0 } else { wanted.seconds };
        draft =
            draft.maybe("User-Agent", self.means.agent.as_deref()).header("Event", wanted.package).header("Expires", &seconds.to_string());
        if let Some((name, value)) = &proof {
            draft = draft.header(name, value);
        }
        let (request, core) = self.means.leaving(Message::parse(draft.finish()));
        let transaction = transactions.request(now, core, &branch, "SUBSCRIBE", request.raw.clone());
        (subscription.request, subscription.refresh) = (request, None);
        subscription.pending = Some(Pending { transaction, tries, last: subscription.leaving });
        if subscription.leaving {
            subscription.awaited = Some(now + PATIENCE);
        }
    }

    /// A response to a SUBSCRIBE (4.1.2.1, 4.1.2.2).
    fn answered(&mut self, now: Duration, transactions: &mut Transactions, at: usize, response: &Message) {
        let status = response.status().unwrap_or_default();
        let Some(pending) = self.subscriptions[at].pending.take_if(|_| status >= 200) else { return };
        let number = |name| response.value(name).and_then(|value| value.trim().parse::<u32>().ok());
        let retry = pending.tries < TRIES;
        match status {
            200..=299 => {
                let subscription = &mut self.subscriptions[at];
                match &mut subscription.dialog {
                    Some(dialog) => dialog.retarget(response),
                    None => subscription.dialog = Dialog::of_caller(&subscription.request, response),
                }
                if pending.last {
                    return;
                }
                self.granted(now, at, number("Expires"));
                if self.subscriptions[at].leaving {
                    self.send(now, transactions, at, 0, None);
                }
            }
            401 | 407 if retry => {
                let request = &self.subscriptions[at].request;
                let uri = request.request_uri().map(|uri| uri.text(&request.raw).into_owned()).unwrap_or_default();
                let proof = Challenge::read(response)
                    .map(|mut challenge| challenge.answer("SUBSCRIBE", &uri, &self.means.credentials, &self.ids.token()));
                match proof {
                    Some(proof) => self.send(now, transactions, at, pending.tries + 1, Some(proof)),
                    None => self.over(at, None),
                }
            }
            423 if retry => {
                let wanted = &mut self.subscriptions[at].wanted;
                wanted.seconds = wanted.seconds.max(number("Min-Expires").unwrap_or(wanted.seconds));
                self.send(now, transactions, at, pending.tries + 1, None);
            }
            481 if self.subscriptions[at].dialog.is_some() && !self.subscriptions[at].leaving => self.over(at, Some(now)),
            404 | 405 | 408 | 410 | 416 | 480..=485 | 489 | 501 | 604 => self.over(at, None),
            // The refresh failed, the subscription has not (4.1.2.2).
            _ if self.subscriptions[at].until.is_some() && !pending.last => {
                let subscription = &mut self.subscriptions[at];
                let left = subscription.until.unwrap_or(now).saturating_sub(now) / 2;
                let after = number("Retry-After").map_or(left, |seconds| Duration::from_secs(seconds.into()));
                subscription.refresh = Some(now + after.max(PACE));
                if subscription.leaving {
                    self.send(now, transactions, at, 0, None);
                }
            }
            _ => self.over(at, None),
        }
    }

    /// The notifier grants so many seconds; without a number, those that were asked for.
    fn granted(&mut self, now: Duration, at: usize, seconds: Option<u32>) {
        let subscription = &mut self.subscriptions[at];
        let term = Duration::from_secs(seconds.unwrap_or(subscription.wanted.seconds).into());
        if term.is_zero() {
            (subscription.until, subscription.refresh) = (None, None);
            return;
        }
        // As registrations do: at half the time, of a long one ten minutes before its end.
        let ahead = if term <= Duration::from_secs(1200) { term / 2 } else { Duration::from_secs(600) };
        subscription.until = Some(now + term);
        subscription.refresh = (!subscription.leaving).then(|| now + (term - ahead).max(PACE));
    }

    fn over(&mut self, at: usize, again: Option<Duration>) {
        let Some(subscription) = self.subscriptions.remove(at) else { return };
        let again = again.filter(|_| !subscription.leaving).map(|again| again.max(subscription.born + PACE));
        self.events.push_back(Event::Ended { subscription: subscription.id, again });
    }
}

/// Value of a parameter of the first `name` header field.
fn param(message: &Message, name: &str, param: &str) -> Option<String> {
    let value = Parametered::parse(&message.raw, message.first(name)?.value);
    value.param(&message.raw, param)?.value.map(|v| v.text(&message.raw).into_owned())
}

/// First word of the value of a header field, without parameters.
fn head(message: &Message, name: &str) -> Option<String> {
    let value = Parametered::parse(&message.raw, message.first(name)?.value);
    Some(value.head.text(&message.raw).trim().to_owned())
}

#[cfg(test)]
mod tests;
