//! Groups that the user is in while she is away, and what a client of hers that comes back is invited to (CONV-7.3.11).

use std::{sync::Arc, time::Duration};

use super::{Deferring, delivery::Way, sessions::Session, store::Deferred};
use crate::{role::msrp::Wish, wire::sip::Message};

/// A group session that was taken in the user's place.
#[derive(Debug)]
pub(super) struct Group {
    pub conversation: String,
    user: String,
    /// The call of the focus, as long as the session is active.
    focus: Option<u64>,
    /// The call of the client that was invited back.
    member: Option<u64>,
    request: Arc<Message>,
}

impl Group {
    pub fn begun(conversation: &str, user: &str, focus: u64, request: &Arc<Message>) -> Self {
        Self {
            conversation: conversation.to_owned(),
            user: user.to_owned(),
            focus: Some(focus),
            member: None,
            request: Arc::clone(request),
        }
    }
}

impl Deferring {
    /// A client of the user is back: it is invited to the groups that go on, and to what was said in those that do not.
    pub(super) fn returned(&mut self, now: Duration, user: &str, device: Option<&str>) {
        for at in 0..self.groups.len() {
            let group = &self.groups[at];
            if group.user != user || group.member.is_some() {
                continue;
            }
            let (conversation, active, request) = (group.conversation.clone(), group.focus.is_some(), Arc::clone(&group.request));
            let wanted: Vec<String> = self.said_in(user, &conversation);
            if wanted.is_empty() && !active {
                continue;
            }
            let way = if active { Way::Back } else { Way::Group };
            let call = self.offer_delivery(now, device.unwrap_or(user), way, wanted, Some(&request));
            if active {
                self.groups[at].member = Some(call);
            }
        }
        let wanted = self.undelivered(user, device);
        if self.settings.pushes && !wanted.is_empty() {
            self.offer_delivery(now, device.unwrap_or(user), Way::Messages, wanted, None);
        }
    }

    fn said_in(&self, user: &str, conversation: &str) -> Vec<String> {
        let in_group = |kept: &&Deferred| kept.group.as_deref() == Some(conversation) && !self.is_under_way(&kept.id);
        self.store.of(user, None).filter(in_group).map(|kept| kept.id.clone()).collect()
    }

    /// Passes on what was said to the client that is back in the group; `false`: there is none.
    pub(super) fn said_to_member(&mut self, now: Duration, conversation: &str, message: &Deferred) -> bool {
        let member = self.groups.iter().find(|group| group.conversation == conversation).and_then(|group| group.member);
        let Some(Session::Delivery(delivery)) = member.and_then(|call| self.sessions.get(&call)) else { return false };
        let session = delivery.stream.session;
        if !delivery.began {
            return false;
        }
        let wish = Wish::new(&self.ids.token(), &message.content_type, message.content.clone());
        self.endpoint.send(now, session, wish);
        true
    }

    /// Passes on what the client that is back says.
    pub(super) fn said_by_member(&mut self, now: Duration, call: u64, content_type: &str, content: bytes::Bytes) {
        let focus = self.groups.iter().find(|group| group.member == Some(call)).and_then(|group| group.focus);
        if let Some(Session::Taken(taken)) = focus.and_then(|focus| self.sessions.get(&focus)) {
            let session = taken.stream.session;
            let wish = Wish::new(&self.ids.token(), content_type, content);
            self.endpoint.send(now, session, wish);
        }
    }

    /// The session of a focus is over: what was said is delivered when a client comes back.
    pub(super) fn group_over(&mut self, now: Duration, call: u64) {
        let Some(group) = self.groups.iter_mut().find(|group| group.focus == Some(call)) else { return };
        group.focus = None;
        let (member, user, conversation) = (group.member, group.user.clone(), group.conversation.clone());
        match member {
            Some(member) => self.calls.end(now, &mut self.transactions, member),
            None if self.said_in(&user, &conversation).is_empty() => self.groups.retain(|group| group.conversation != conversation),
            None => {}
        }
    }

    /// The client that was back is gone again.
    pub(super) fn group_left(&mut self, call: u64) {
        for group in self.groups.iter_mut().filter(|group| group.member == Some(call)) {
            group.member = None;
        }
    }
}
