//! Participants of group sessions: subscriptions to the event package `conference` (CONV-7.3.10.1, CONV-7.3.10.2).
//!
//! One subscription a session, in a dialog of its own (R-7.3.10.1-1). Who took part is known also when it is over.

use std::{collections::BTreeMap, time::Duration};

use super::{
    CpmClient,
    settings::{ICSI, encoded_icsi},
};
use crate::{
    role::{
        call::Means,
        subscriber::{Event, Subscriber, Wanted},
    },
    upper::{Participant, Sight},
    wire::{
        conference::{ConferenceInfo, MEDIA_TYPE},
        mime::ContentType,
        sip::Message,
    },
};

mod roster;

use roster::{Roster, Taken};

/// Event package.
const PACKAGE: &str = "conference";

/// Seconds that a subscription is asked for (RFC 4575, 3.4 has an hour by default).
const INTERVAL: u32 = 3600;

/// Most sessions whose participants are known.
const MOST: usize = 256;

/// The participants of all sessions, by handle of the session.
#[derive(Debug)]
pub(super) struct Conferences {
    pub subscriber: Subscriber,
    sessions: BTreeMap<String, Conference>,
}

#[derive(Debug, Default)]
struct Conference {
    /// Address of the session.
    identity: String,
    subscription: Option<u64>,
    /// When to subscribe anew.
    again: Option<Duration>,
    roster: Roster,
}

impl Conferences {
    pub fn new(means: Means, seed: u64) -> Self {
        Self { subscriber: Subscriber::new(means, seed ^ 0x636f_6e66), sessions: BTreeMap::new() }
    }

    /// Forgets everything without a word.
    pub fn clear(&mut self) {
        self.subscriber.clear();
        self.sessions.clear();
    }

    /// Forgets all subscriptions without a word; who took part stays known.
    pub fn lost(&mut self) {
        self.subscriber.clear();
        for conference in self.sessions.values_mut() {
            (conference.subscription, conference.again) = (None, None);
        }
    }

    /// The nearest timer.
    pub fn deadline(&self) -> Option<Duration> {
        self.again().chain(self.subscriber.deadline()).min()
    }

    /// When the next SUBSCRIBE goes out by itself.
    pub fn sends(&self) -> Option<Duration> {
        self.again().chain(self.subscriber.sends()).min()
    }

    fn again(&self) -> impl Iterator<Item = Duration> {
        self.sessions.values().filter_map(|conference| conference.again)
    }

    /// Who takes part in a session, as far as is known; after its end, who took part last.
    pub fn participants(&self, session: &str) -> Vec<Participant> {
        self.sessions.get(session).map(|conference| conference.roster.participants()).unwrap_or_default()
    }
}

impl CpmClient {
    /// Subscribes to who takes part in a session with this address; a subscription that is there already stays.
    pub(super) fn watch(&mut self, now: Duration, session: &str, identity: &str) {
        if self.conferences.sessions.get(session).is_some_and(|known| known.identity != identity) {
            self.unwatch(now, session);
        }
        if self.conferences.sessions.len() >= MOST && !self.conferences.sessions.contains_key(session) {
            self.conferences.sessions.pop_first();
        }
        let conference = self.conferences.sessions.entry(session.to_owned()).or_default();
        if conference.subscription.is_none() {
            identity.clone_into(&mut conference.identity);
            conference.again = Some(now);
            self.subscribe_again(now);
        }
    }

    /// Ends the subscription of a session (CONV-7.3.10.1-terminate).
    pub(super) fn unwatch(&mut self, now: Duration, session: &str) {
        let Some(conference) = self.conferences.sessions.get_mut(session) else { return };
        conference.again = None;
        if let Some(subscription) = conference.subscription.take() {
            self.conferences.subscriber.means = self.means();
            self.conferences.subscriber.unsubscribe(now, &mut self.transactions, subscription);
        }
    }

    /// Starts the subscriptions whose time has come.
    pub(super) fn subscribe_again(&mut self, now: Duration) {
        let due = |conference: &Conference| conference.again.is_some_and(|at| at <= now);
        let due: Vec<_> = self.conferences.sessions.iter().filter(|(_, c)| due(c)).map(|(s, c)| (s.clone(), c.identity.clone())).collect();
        for (session, identity) in due {
            let wanted = self.wanted(identity);
            self.conferences.subscriber.means = self.means();
            let subscription = self.conferences.subscriber.subscribe(now, &mut self.transactions, wanted);
            if let Some(conference) = self.conferences.sessions.get_mut(&session) {
                (conference.subscription, conference.again) = (Some(subscription), None);
                conference.roster.begins_anew();
            }
        }
    }

    /// The SUBSCRIBE of CONV-7.3.10.1, steps 1 to 6.
    fn wanted(&self, identity: String) -> Wanted {
        let own = format!("<{}>", self.settings.address());
        let icsi = format!("+g.3gpp.icsi-ref=\"{}\"", encoded_icsi("session"));
        Wanted {
            package: PACKAGE,
            target: identity,
            from: own.clone(),
            route: self.registration.service_route.clone(),
            seconds: INTERVAL,
            fields: vec![
                ("Contact", format!("{};{icsi}", self.contact())),
                ("Accept-Contact", format!("*;{icsi}")),
                ("Accept", MEDIA_TYPE.to_owned()),
            ],
            first: vec![("P-Preferred-Identity", own), ("P-Preferred-Service", format!("{ICSI}session"))],
        }
    }

    /// Takes the next event of a subscription; `false`: there is none.
    pub(super) fn watched(&mut self, now: Duration) -> bool {
        let Some(event) = self.conferences.subscriber.event() else { return false };
        match event {
            Event::Notified { subscription, request } => self.roster_came(now, subscription, &request),
            Event::Ended { subscription, again } => {
                let ended = self.conferences.sessions.values_mut().find(|c| c.subscription == Some(subscription));
                if let Some(conference) = ended {
                    (conference.subscription, conference.again) = (None, again);
                    self.subscribe_again(now);
                }
            }
        }
        true
    }

    /// CONV-7.3.10.2: the document is taken in; where one is missing, the whole state is asked for.
    fn roster_came(&mut self, now: Duration, subscription: u64, request: &Message) {
        let Some((session, conference)) = self.conferences.sessions.iter_mut().find(|(_, c)| c.subscription == Some(subscription)) else {
            return;
        };
        let is_info = request.content_type().is_some_and(|kind: ContentType| kind.is(&request.raw, MEDIA_TYPE));
        if !is_info || request.body.is_empty() {
            return;
        }
        let session = session.clone();
        let taken = conference.roster.take(ConferenceInfo::parse(&request.raw, request.body));
        match taken {
            Taken::Stale => {}
            Taken::Gap => self.conferences.subscriber.refresh(now, &mut self.transactions, subscription),
            Taken::Applied => self.show_participants(&session),
            Taken::Gone => {
                self.show_participants(&session);
                self.unwatch(now, &session);
            }
        }
    }

    /// Shows who takes part in a session.
    pub(super) fn show_participants(&mut self, session: &str) {
        let list = self.conferences.participants(session);
        self.show(Sight::Participants { session: session.to_owned(), list });
    }
}

#[cfg(test)]
mod tests;
