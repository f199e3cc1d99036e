//! Being invited to a session (CONV-7.3.2), and what ends an invitation before its user does (CONV-7.3.4.4).

use std::{collections::BTreeMap, time::Duration};

use super::{
    Kind, MOST, Session, State, Stream, Thread,
    closing::{COMPLETED, ELSEWHERE, reason},
    focus,
};
use crate::{
    role::{
        build::Draft,
        call,
        cpm_client::{
            CpmClient,
            large::asks_for,
            plane::{CPIM, number},
            settings::{METHODS, SUPPORTED},
        },
        sdp::{Description, End, Text},
    },
    upper::{Answer, InvitationAnswer, InvitationEnd, InvitationKind, SessionChange, SessionState, Sight},
    wire::{params::NameAddr, sdp::Direction, sip::Message, uri},
};

/// How often an invitation that rings says so again (RFC 3261, 13.3.1.1).
const RING: Duration = Duration::from_secs(60);

/// Header fields that a 200 response repeats as they came (CONV-7.3.2-6c).
pub(super) const REPEATED: [&str; 3] = ["Conversation-ID", "Contribution-ID", "InReplyTo-Contribution-ID"];

/// An invitation that waits for its user. The handle of the session is that of the invitation.
#[derive(Clone, Debug)]
pub(super) struct Invitation {
    /// `None`: the own 200 response offers.
    offer: Option<Description>,
    /// Until when the user may answer.
    until: Duration,
    /// When it says again that it rings.
    rings: Duration,
    /// The 1-1 session that the group session takes the place of.
    replaces: Option<String>,
}

/// Why an invitation is refused without asking.
enum Refusal {
    Status(u16),
    /// 302 to this address.
    Elsewhere(String),
}

impl CpmClient {
    /// Whether an INVITE is for a session: by its feature, or that of deferred delivery unless it says what is transferred (R-7-6).
    pub(in crate::role::cpm_client) fn is_session(&self, request: &Message) -> bool {
        let transfer = || {
            let offer = call::description(request).and_then(|(_, body)| Description::read(&body).ok());
            offer.is_some_and(|offer| offer.end.file_selector.is_some())
        };
        let feature = self.settings.features.iter().any(|feature| feature == "session");
        let asks = |feature| asks_for(request, feature);
        feature && !asks("largemsg") && (asks("session") || asks("deferred") && !transfer())
    }

    /// An INVITE for a session came.
    pub(in crate::role::cpm_client) fn session_invited(&mut self, now: Duration, call: u64, request: &Message) {
        let offer = call::description(request).map(|(_, body)| Description::any(&body).ok());
        let rejoined = self.glare(now, call, request);
        let (offer, replaces) = match self.weigh(request, offer, rejoined.is_some()) {
            Ok(taken) => taken,
            Err(refusal) => {
                self.refuse(now, call, refusal);
                if let Some(handle) = rejoined {
                    let failed = Self::change(&handle, SessionState::Failed);
                    self.session_over(&handle, Some(failed));
                }
                return;
            }
        };
        let auto = self.settings.auto_sessions || rejoined.is_some();
        let handle = rejoined.unwrap_or_else(|| self.keep_invited(call, request));
        let until = now.saturating_add(self.timeout(request));
        let invitation = Invitation { offer, until, rings: now + RING, replaces };
        if let Some(session) = self.sessions.find_mut(&handle) {
            session.invitation = Some(invitation.clone());
        }
        if auto {
            return self.accept_session(now, &handle);
        }
        self.ring(now, call);
        let from = self.sessions.find(&handle).filter(|session| !session.hidden).and_then(|_| inviter(request));
        self.show(Sight::Invitation {
            invitation: handle,
            kind: InvitationKind::Session,
            from,
            subject: request.value("Subject").map(|subject| subject.trim().to_owned()).filter(|subject| !subject.is_empty()),
            replaces: invitation.replaces,
        });
    }

    /// Says that the user is asked; where a dialog begins is a Contact (RFC 3261, 12.1.1).
    fn ring(&mut self, now: Duration, call: u64) {
        let contact = self.session_contact(false);
        self.plane.calls.respond(now, &mut self.transactions, call, 180, |draft| draft.header("Contact", &contact));
    }

    /// Whether an invitation may be taken, by CONV-7.3.2-1 and -2: what is offered, and the session that it shall replace. Who goes
    /// back to a session wants it.
    fn weigh(
        &self,
        request: &Message,
        offer: Option<Option<Description>>,
        wanted: bool,
    ) -> Result<(Option<Description>, Option<String>), Refusal> {
        let open = self.sessions.iter().filter(|session| session.state == State::Open).count();
        let known = self.sessions.iter().filter(|session| session.state != State::Over).count();
        match &self.settings.redirect_to {
            _ if wanted => {}
            _ if self.exhausted || self.settings.unavailable || known >= MOST => return Err(Refusal::Status(480)),
            _ if !self.settings.additional_sessions && open > 0 => return Err(Refusal::Status(486)),
            Some(target) => return Err(Refusal::Elsewhere(target.clone())),
            None => {}
        }
        let replaces = match request.value("Session-Replaces") {
            None => None,
            Some(contribution) => {
                let running = |s: &&Session| s.state == State::Open && s.kind == Kind::OneToOne;
                let named = |s: &&Session| s.thread.contribution.as_deref() == Some(contribution.trim());
                let found = self.sessions.iter().filter(running).rfind(named).map(|session| session.handle.clone());
                Some(found.ok_or(Refusal::Status(481))?)
            }
        };
        let plays = |offer: &Description| self.plane.rtp.answers(0, &offer.flows).iter().any(Option::is_some);
        let fits = |offer: &Description| offer.ends.iter().flatten().any(|end| self.fits(end)) || plays(offer);
        match offer {
            Some(offer) => Ok((Some(offer.filter(fits).ok_or(Refusal::Status(488))?), replaces)),
            None => Ok((None, replaces)),
        }
    }

    /// Whether a stream can be taken: it carries CPIM objects, and one of both ends can connect.
    pub(super) fn fits(&self, offered: &End) -> bool {
        let listens = self.settings.msrp.is_some() && !offered.secure && !self.settings.msrp_active;
        offered.takes(CPIM) && (listens || offered.setup.as_deref() != Some("active"))
    }

    /// How long the user may take: as set, and no longer than the INVITE holds (R-7.3.2-2).
    fn timeout(&self, request: &Message) -> Duration {
        let expires = request.value("Expires").and_then(|seconds| seconds.trim().parse().ok()).map(Duration::from_secs);
        self.settings.invitation_timeout.min(expires.unwrap_or(Duration::MAX))
    }

    /// Keeps the session of an invitation and gives its handle.
    fn keep_invited(&mut self, call: u64, request: &Message) -> String {
        let group = focus(request).filter(|(_, focus)| *focus).map(|(contact, _)| contact);
        // A group that the client knows is named by who speaks for it (CONV-7.3.9.1-1c).
        let known = |named: &String| self.settings.groups.iter().any(|group| uri::same(group, named));
        let named = ["Referred-By", "P-Asserted-Identity", "From"].into_iter().filter_map(|name| address(request, name)).find(known);
        let (kind, peer) = match (group, named) {
            (Some(_), Some(named)) => (Kind::PreDefined, Some(named)),
            (Some(focus), None) => (Kind::AdHoc, Some(focus)),
            (None, _) => (Kind::OneToOne, address(request, "P-Asserted-Identity").or_else(|| address(request, "From"))),
        };
        let peer = peer.unwrap_or_default();
        let mut session = Session::new(self.handle("invitation"), kind, &peer, &self.called_as(request));
        (session.state, session.call, session.thread) = (State::Invited, call, Thread::of(request));
        session.hidden = is_private(request);
        session.identify(request);
        let handle = session.handle.clone();
        self.sessions.keep(session);
        handle
    }

    /// The own address that was called, or the default one.
    fn called_as(&self, request: &Message) -> String {
        let called = ["P-Called-Party-ID", "To"].into_iter().filter_map(|name| address(request, name));
        let mut own = called.filter_map(|called| self.settings.addresses.iter().find(|own| uri::same(own, &called)));
        own.next().cloned().unwrap_or_else(|| self.settings.address().to_owned())
    }

    fn refuse(&mut self, now: Duration, call: u64, refusal: Refusal) {
        let (status, contact) = match refusal {
            Refusal::Status(status) => (status, None),
            Refusal::Elsewhere(target) => (302, Some(format!("<{target}>"))),
        };
        self.plane.calls.means = self.means();
        self.plane.calls.respond(now, &mut self.transactions, call, status, |draft| draft.maybe("Contact", contact.as_deref()));
    }

    /// What the user says to an invitation to a session; `None`: there is no such invitation.
    pub(in crate::role::cpm_client) fn answer_session(
        &mut self,
        now: Duration,
        handle: &str,
        decision: InvitationAnswer,
        to: Option<String>,
    ) -> Option<Answer> {
        let session = self.sessions.find(handle).filter(|session| session.state == State::Invited)?;
        let call = session.call;
        let refusal = match decision {
            InvitationAnswer::Accept => {
                self.accept_session(now, handle);
                return Some(Answer::Taken(BTreeMap::from([("session".to_owned(), handle.to_owned())])));
            }
            InvitationAnswer::Reject => Refusal::Status(603),
            InvitationAnswer::Decline => Refusal::Status(480),
            InvitationAnswer::Busy => Refusal::Status(486),
            InvitationAnswer::Redirect => match to.or_else(|| self.settings.redirect_to.clone()) {
                Some(target) => Refusal::Elsewhere(target),
                None => return Some(Answer::Refused("there is no address to send the inviter to".to_owned())),
            },
        };
        self.refuse(now, call, refusal);
        self.session_over(handle, None);
        Some(Answer::Taken(BTreeMap::new()))
    }

    /// CONV-7.3.2-5 and -6: the 200 response, with an end for each stream that can be taken.
    fn accept_session(&mut self, now: Duration, handle: &str) {
        let Some(session) = self.sessions.find(handle) else { return };
        let (call, own_address) = (session.call, session.from.clone());
        let Some(Invitation { offer, replaces, .. }) = session.invitation.clone() else { return };
        let Some(request) = self.plane.calls.invitation(call).cloned() else { return };
        let (text, streams) = match &offer {
            Some(offer) => self.answer_to(call, offer),
            None => self.chat_offer(1, &[], false),
        };
        if let Some(session) = self.sessions.find_mut(handle) {
            (session.state, session.invitation, session.streams, session.text) = (State::Open, None, streams, Some(text.clone()));
            session.replaces.clone_from(&replaces);
        }
        // From now on the group session is where the conversation goes on (CONV-7.3.2-5b).
        if let Some(old) = replaces.and_then(|old| self.sessions.find_mut(&old)) {
            old.replaced_by = Some(handle.to_owned());
        }
        let accepted = self.accepting(&request, &own_address);
        self.plane.calls.means = self.means();
        self.plane.calls.negotiate(call);
        self.plane.calls.respond(now, &mut self.transactions, call, 200, |draft| accepted(draft).body("application/sdp", text.to_string()));
    }

    /// The answer to an offer, with an end for each stream that can be taken, and those streams.
    fn answer_to(&mut self, call: u64, offer: &Description) -> (Text, Vec<Option<Stream>>) {
        let mut streams = Vec::new();
        for offered in &offer.ends {
            let own = offered.as_ref().filter(|end| self.fits(end)).and_then(|end| self.answer_end(end));
            streams.push(own.zip(offered.clone()).map(|(own, remote)| {
                let own = End { direction: remote.direction.mirrored(), ..own };
                Stream { remote: Some(remote), ..self.stream(own) }
            }));
        }
        let own = |section: usize, _: &End| streams.get(section)?.as_ref().map(|stream| stream.own.clone());
        let flows = self.plane.rtp.answers(call, &offer.flows);
        let text = offer.answer_all(own, &flows, self.local, number(&mut self.ids));
        (text, streams)
    }

    /// What a 200 response to an INVITE of a session says besides its description.
    pub(super) fn accepting(&self, request: &Message, own: &str) -> impl FnOnce(Draft) -> Draft + use<> {
        let repeated = REPEATED.map(|name| (name, request.value(name).map(|value| value.trim().to_owned())));
        let fields = [
            ("Contact", Some(self.session_contact(false))),
            ("Server", Some(self.settings.product())),
            ("P-Preferred-Identity", Some(self.name_addr(own, false))),
            ("Allow", Some(METHODS.replace(',', ", "))),
            ("Supported", Some(SUPPORTED.to_owned())),
        ];
        move |draft| fields.into_iter().chain(repeated).fold(draft, |draft, (name, value)| draft.maybe(name, value.as_deref()))
    }

    /// The ACK came: the streams are met, who takes part is asked for, the session that was replaced is left (CONV-7.3.2-onACK).
    pub(super) fn session_confirmed(&mut self, now: Duration, call: u64) {
        let Some(session) = self.sessions.of_call_mut(call).filter(|session| session.state == State::Open) else { return };
        let replaced = session.replaces.take();
        let (handle, streams, group) = (session.handle.clone(), session.streams.clone(), session.identity.clone());
        if let (party, Some(conversation)) = (session.party(), session.thread.conversation.clone()) {
            self.continues(party, conversation);
        }
        let offered = self.plane.calls.invitation(call).and_then(|invite| call::description(invite));
        if let Some((_, offer)) = offered {
            self.play(now, &handle, &Description::flows_of(&offer));
        }
        // Where the own 200 response had the offer, the ACK has the answer.
        let mut met = streams.iter().flatten().all(|stream| stream.remote.is_some()) || {
            let answer = self.plane.calls.confirmation(call).and_then(|ack| call::description(ack));
            let answer = answer.and_then(|(_, body)| Description::read(&body).ok());
            answer.is_some_and(|answer| self.take_answer(now, &handle, &answer))
        };
        for (stream, remote) in streams.iter().flatten().filter_map(|stream| Some((stream, stream.remote.clone()?))) {
            met &= self.meet(now, stream, &remote, false);
        }
        if !met {
            return self.give_up(now, &handle, SessionState::Failed);
        }
        self.show(Sight::SessionState(Self::change(&handle, SessionState::Established)));
        // What is only delivered has no participants to tell (CONV-7-rx-session).
        let delivered = streams.iter().flatten().all(|stream| stream.own.direction == Direction::Recvonly);
        if let Some(identity) = group.filter(|_| !delivered) {
            self.watch(now, &handle, &identity);
        }
        if let Some(old) = replaced {
            self.replace(now, &old, &handle);
        }
    }

    /// Leaves a 1-1 session whose place a group session took (CONV-7.3.2-onACK-3).
    fn replace(&mut self, now: Duration, old: &str, new: &str) {
        let Some(session) = self.sessions.find_mut(old).filter(|session| session.state == State::Open) else { return };
        session.left = true;
        let call = session.call;
        self.plane.calls.means = self.means();
        self.plane.calls.end_with(now, &mut self.transactions, call, &[("Reason", COMPLETED)]);
        let change = SessionChange { by: Some(new.to_owned()), ..Self::change(old, SessionState::Replaced) };
        self.session_over(old, Some(change));
    }

    /// CANCEL came in time (CONV-7.3.4.4): what another device took is told only to who wants to know.
    pub(super) fn session_cancelled(&mut self, call: u64) {
        let Some(session) = self.sessions.of_call(call).filter(|session| session.state == State::Invited) else { return };
        let handle = session.handle.clone();
        let cause = self.plane.calls.parting(call).and_then(|cancel| reason(cancel)).map(|(cause, _)| cause);
        let elsewhere = cause == Some(ELSEWHERE);
        self.session_over(&handle, None);
        if !elsewhere || self.settings.tells_elsewhere {
            let how = if elsewhere { InvitationEnd::Elsewhere } else { InvitationEnd::Withdrawn };
            self.show(Sight::InvitationEnded { invitation: handle, how });
        }
    }

    /// Refuses what nobody answered in time, and says again what rings.
    pub(in crate::role::cpm_client) fn invitations_due(&mut self, now: Duration) {
        let ringing = |session: &Session| Some((session.handle.clone(), session.call, session.invitation.as_ref()?.until));
        let ringing: Vec<_> = self.sessions.iter().filter_map(ringing).collect();
        for (handle, call, until) in ringing {
            if until <= now {
                self.refuse(now, call, Refusal::Status(408));
                self.session_over(&handle, None);
                self.show(Sight::InvitationEnded { invitation: handle, how: InvitationEnd::Missed });
            } else if let Some(invitation) = self.sessions.find_mut(&handle).and_then(|s| s.invitation.as_mut()).filter(|i| i.rings <= now)
            {
                invitation.rings = now + RING;
                self.ring(now, call);
            }
        }
    }

    /// When [`invitations_due`](Self::invitations_due) has something to do.
    pub(in crate::role::cpm_client) fn invitations_deadline(&self) -> Option<Duration> {
        self.sessions.iter().filter_map(|session| session.invitation.as_ref()).map(|i| i.until.min(i.rings)).min()
    }
}

/// Address of who invites: in a group the one that the focus speaks for (CONV-7.3.2-3c), never the focus.
fn inviter(request: &Message) -> Option<String> {
    let focus = focus(request).filter(|(_, focus)| *focus).map(|(contact, _)| contact);
    let names: &[&str] = if focus.is_some() { &["Referred-By", "P-Asserted-Identity", "From"] } else { &["P-Asserted-Identity", "From"] };
    let mut addresses = names.iter().filter_map(|name| address(request, name));
    addresses.find(|address| focus.as_ref().is_none_or(|focus| !uri::same(focus, address)))
}

/// URI of the first value of a header field.
fn address(request: &Message, name: &str) -> Option<String> {
    let value = NameAddr::parse(&request.raw, *request.elements(name).first()?);
    Some(value.uri.text(&request.raw).into_owned()).filter(|uri| !uri.is_empty())
}

/// Whether who invites wants to stay unknown (RFC 3323, 4.2; RFC 3325, 9.3).
fn is_private(request: &Message) -> bool {
    let values = request.fields_named("Privacy").map(|field| request.unfolded(field.value).into_owned());
    values
        .flat_map(|value| value.split([';', ',']).map(|word| word.trim().to_ascii_lowercase()).collect::<Vec<_>>())
        .any(|word| word == "id")
}
