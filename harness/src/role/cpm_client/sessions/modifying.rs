//! Changing the media of a session that stands: by the own re-INVITE (CONV-7.3.7), and by that of the other end (CONV-7.3.8).
//!
//! What was offered holds once it is answered, what was answered once that is acknowledged (R-0-20); until then all is as it was.

use std::{collections::BTreeMap, time::Duration};

use super::{Session, State, Stream};
use crate::{
    role::{
        call::{self, timer},
        cpm_client::{
            CpmClient,
            settings::{ICSI, METHODS, encoded_icsi},
        },
        sdp::{Description, End, Flow, Text, Unacceptable},
    },
    trace::Transport,
    upper::{Answer, Change},
    wire::{
        Span,
        sdp::{Direction, Sdp},
        sip::Message,
    },
};

/// Most changes of one session that wait.
const MOST: usize = 16;

/// Session interval of a 200 response to what asks for none, and the least that is taken, seconds (RFC 4028, 4 and 5).
const INTERVAL: u32 = 1800;
const LEAST: u32 = 90;

/// Why nothing of an offer can be taken (RFC 3261, 20.43).
const INCOMPATIBLE: &str = "305 cpm-client \"Incompatible media format\"";

/// What the user wants changed: how, and the media types that are left.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    change: Change,
    types: Vec<String>,
}

/// A session as it will be.
#[derive(Clone, Debug)]
pub(super) struct Proposal {
    text: Text,
    /// By number of the media section.
    streams: Vec<Option<Stream>>,
    /// What the other end says of sound and pictures, once that is known.
    flows: Vec<Option<Flow>>,
    /// What it comes from, if the own user wanted it.
    wanted: Option<Wanted>,
}

impl CpmClient {
    /// `modify-session`: the change is made as soon as no other is under way (RFC 3261, 14.1).
    pub(in crate::role::cpm_client) fn modify_session(&mut self, handle: &str, change: Change, types: Vec<String>) -> Answer {
        let Some(session) = self.sessions.find_mut(handle) else { return Answer::UnknownHandle(handle.to_owned()) };
        if session.state != State::Open || session.left || session.changes.len() >= MOST {
            return Answer::NotNow("the session cannot be changed now".to_owned());
        }
        session.changes.push_back(Wanted { change, types });
        Answer::Taken(BTreeMap::new())
    }

    /// Offers the next change that can be offered; `false`: there is none.
    pub(in crate::role::cpm_client) fn modify_next(&mut self, now: Duration) -> bool {
        let ready = |s: &&Session| {
            let free = s.state == State::Open && !s.left && s.proposal.is_none() && s.agreed.is_none();
            free && !s.changes.is_empty() && self.plane.calls.may_modify(s.call)
        };
        let Some(handle) = self.sessions.iter().find(ready).map(|session| session.handle.clone()) else { return false };
        let Some(wanted) = self.sessions.find_mut(&handle).and_then(|session| session.changes.pop_front()) else { return false };
        if let Some(proposal) = self.propose(&handle, wanted) {
            self.offer(now, &handle, proposal);
        }
        true
    }

    /// The session with a change made; `None`: there is nothing that could be changed.
    fn propose(&mut self, handle: &str, wanted: Wanted) -> Option<Proposal> {
        let session = self.sessions.find_mut(handle)?;
        match wanted.change {
            Change::Hold => session.held = true,
            Change::Resume => session.held = false,
            Change::AddStream | Change::DropStream | Change::Types => {}
        }
        let (current, held) = (session.text.clone()?, session.held);
        let (mut text, mut streams) = (current.clone(), session.streams.clone());
        // What an answer settled is open again in an offer, for who can be connected to (RFC 6135, 4.2.2).
        for (section, stream) in live(&mut streams).filter(|(_, stream)| stream.listens()) {
            stream.own.setup = Some("actpass".to_owned());
            text.put(section, &stream.own);
        }
        match wanted.change {
            Change::AddStream => {
                let own = self.chat_end(self.settings.media_transport == Transport::Tls);
                text.add(&own);
                streams.resize(text.sections().saturating_sub(1), None);
                streams.push(Some(self.stream(own)));
            }
            Change::DropStream => {
                let last = streams.iter().rposition(Option::is_some)?;
                text.refuse(last);
                streams[last] = None;
            }
            Change::Hold | Change::Resume | Change::Types => {
                for (section, stream) in live(&mut streams) {
                    stream.own.direction = directed(Direction::Sendrecv, held);
                    if wanted.change == Change::Types {
                        stream.own.accept_wrapped_types = Some(wanted.types.join(" "));
                    }
                    text.put(section, &stream.own);
                }
            }
        }
        Some(Proposal { text: text.following(&current), streams, flows: Vec::new(), wanted: Some(wanted) })
    }

    /// Sends the re-INVITE of CONV-7.3.7, with the identifiers of the session (R-7.3.7-2).
    fn offer(&mut self, now: Duration, handle: &str, proposal: Proposal) {
        let Some(session) = self.sessions.find_mut(handle) else { return };
        let body = proposal.text.to_string();
        session.proposal = Some(proposal);
        let (call, thread, anonymous) = (session.call, session.thread.clone(), session.anonymous);
        let identity = format!("<{}>", session.from);
        let contact = self.session_contact(anonymous);
        let tag = format!("*;+g.3gpp.icsi-ref=\"{}\"", encoded_icsi("session"));
        self.plane.calls.means = self.means();
        self.plane.calls.modify(now, &mut self.transactions, call, |draft| {
            draft
                .header("Contact", &contact)
                .header("P-Preferred-Identity", &identity)
                .header("Accept-Contact", &tag)
                .header("P-Preferred-Service", &format!("{ICSI}session"))
                .header("Allow", &METHODS.replace(',', ", "))
                .header("Supported", "timer")
                .maybe("Conversation-ID", thread.conversation.as_deref())
                .maybe("Contribution-ID", thread.contribution.as_deref())
                .maybe("InReplyTo-Contribution-ID", thread.in_reply_to.as_deref())
                .maybe("Privacy", anonymous.then_some("id"))
                .body("application/sdp", body)
        });
    }

    /// The own re-INVITE came to an end (CONV-7.3.7-on200); what was not taken leaves all as it was (RFC 3261, 14.1).
    pub(super) fn session_modified(&mut self, now: Duration, call: u64, response: &Message) {
        let Some(session) = self.sessions.of_call_mut(call) else { return };
        let Some(proposal) = session.proposal.take() else { return };
        let handle = session.handle.clone();
        let answer = call::description(response).map(|(_, body)| Description::any(&body));
        match (response.status().unwrap_or_default(), answer) {
            (200..300, Some(Ok(answer))) => {
                let proposal = Proposal { flows: answer.flows, ..proposal };
                self.settle(now, &handle, proposal, &answer.ends, true);
            }
            (200..300, Some(Err(Unacceptable::NoMsrp))) => self.settle(now, &handle, proposal, &[], true),
            (status, _) => {
                // The other end changed the session meanwhile: the same wish makes another offer.
                if let Some(wanted) = proposal.wanted.clone().filter(|_| status == 491) {
                    session.changes.push_front(wanted);
                }
                self.drop_streams(&handle, &proposal.streams);
            }
        }
    }

    /// The other end offers: CONV-7.3.8. An INVITE without offer gets the own description again (R-7.3.8-7).
    pub(super) fn session_offered(&mut self, now: Duration, call: u64, transaction: u64, request: &Message) {
        let refuse = |client: &mut Self, status: u16, name: &str, value: Option<&str>| {
            client.plane.calls.respond_within(now, &mut client.transactions, call, transaction, status, |draft| draft.maybe(name, value));
        };
        self.plane.calls.means = self.means();
        let Some(session) = self.sessions.of_call(call).filter(|session| session.state == State::Open) else {
            return refuse(self, 481, "Warning", None);
        };
        let (handle, own, current) = (session.handle.clone(), session.from.clone(), session.text.clone());
        let Some(timer) = interval(request) else { return refuse(self, 422, "Min-SE", Some(&LEAST.to_string())) };
        let proposal = match call::description(request) {
            Some((_, offer)) => self.counter(&handle, &offer),
            None => current.map(|text| Proposal {
                text,
                streams: self.sessions.find(&handle).map(|s| s.streams.clone()).unwrap_or_default(),
                flows: self.sessions.find(&handle).map(|s| s.flows.clone()).unwrap_or_default(),
                wanted: None,
            }),
        };
        let Some(proposal) = proposal else { return refuse(self, 488, "Warning", Some(INCOMPATIBLE)) };
        let accepted = self.accepting(request, &own);
        let body = proposal.text.to_string();
        self.plane.calls.respond_within(now, &mut self.transactions, call, transaction, 200, |draft| {
            accepted(draft.overlaid(&timer)).body("application/sdp", body)
        });
        let Some(session) = self.sessions.find_mut(&handle) else { return };
        session.text = Some(proposal.text.clone());
        for (section, stream) in session.streams.iter_mut().enumerate() {
            if let Some(remote) = stream.as_mut().and_then(|stream| stream.remote.as_mut()) {
                restrict(remote, proposal.streams.get(section).and_then(|next| next.as_ref()?.remote.as_ref()));
            }
        }
        session.agreed = Some(proposal);
        if request.method() != Some("INVITE") {
            self.session_acknowledged(now, call, None);
        }
    }

    /// The ACK to the own 200 response came: the media follow (CONV-7.3.8-onACK). It has the answer where the 200 response had the
    /// offer.
    pub(super) fn session_acknowledged(&mut self, now: Duration, call: u64, ack: Option<&Message>) {
        let Some(session) = self.sessions.of_call_mut(call) else { return };
        let Some(proposal) = session.agreed.take() else { return };
        let handle = session.handle.clone();
        let answer = ack.and_then(call::description).and_then(|(_, body)| Description::any(&body).ok());
        let (mut proposal, offered) = (proposal, answer.is_some());
        let ends = match answer {
            Some(answer) => {
                proposal.flows = answer.flows;
                answer.ends
            }
            None => proposal.streams.iter().map(|stream| stream.as_ref()?.remote.clone()).collect(),
        };
        self.settle(now, &handle, proposal, &ends, offered);
    }

    /// The answer to an offer: a subset of what is offered (CONV-7.3.8-2); `None`: there is nothing in it to be taken.
    fn counter(&mut self, handle: &str, body: &[u8]) -> Option<Proposal> {
        let session = self.sessions.find(handle)?.clone();
        let current = session.text.clone()?;
        let Ok(offer) = Description::any(body) else {
            let text = ended(body, self.local)?;
            return Some(Proposal { text: text.following(&current), streams: Vec::new(), flows: Vec::new(), wanted: None });
        };
        let mut streams = Vec::new();
        for (section, offered) in offer.ends.iter().enumerate() {
            let known = session.streams.get(section).cloned().flatten();
            let stream = offered.as_ref().filter(|end| self.fits(end)).and_then(|end| self.answer_stream(known, end));
            streams.push(stream.map(|mut stream| {
                stream.own.direction = directed(stream.own.direction, session.held);
                stream
            }));
        }
        let flows = self.plane.rtp.answers(session.call, &offer.flows);
        (streams.iter().any(Option::is_some) || flows.iter().any(Option::is_some)).then_some(())?;
        let own = |section: usize, _: &End| streams.get(section)?.as_ref().map(|stream| stream.own.clone());
        let mut text = offer.answer_all(own, &flows, self.local, 0);
        for (section, (stream, offered)) in streams.iter().zip(&offer.ends).enumerate() {
            if let Some((stream, offered)) = stream.as_ref().zip(offered.as_ref()) {
                text.put(section, &stream.own.clone().answering(offered));
            }
        }
        Some(Proposal { text: text.following(&current), streams, flows: offer.flows, wanted: None })
    }

    /// The stream that meets an offered end: the one that is there already, if it can, in the part that it has.
    fn answer_stream(&mut self, known: Option<Stream>, offered: &End) -> Option<Stream> {
        let direction = offered.direction.mirrored();
        let (remote, secure) = (Some(offered.clone()), offered.secure);
        if let Some(stream) = known.filter(|stream| stream.own.secure == secure) {
            let connects = stream.remote.as_ref().and_then(|end| stream.connects(end, true)).unwrap_or(true);
            let setup = match offered.setup.as_deref() {
                Some("active") => "passive",
                Some("passive") => "active",
                _ if connects => "active",
                _ => "passive",
            };
            if setup == "active" || stream.listens() {
                let own = End { setup: Some(setup.to_owned()), direction, ..stream.own };
                return Some(Stream { own, remote, ..stream });
            }
        }
        let own = End { direction, ..self.answer_end(offered)? };
        Some(Stream { remote, ..self.stream(own) })
    }

    /// Makes a session what was agreed on: streams that are no more are given up, the others meet the ends given here.
    fn settle(&mut self, now: Duration, handle: &str, proposal: Proposal, ends: &[Option<End>], offered: bool) {
        let Some(session) = self.sessions.find_mut(handle) else { return };
        let before = std::mem::take(&mut session.streams);
        let flows = proposal.text.flows();
        session.text = Some(proposal.text);
        let mut met = Vec::new();
        for (section, stream) in proposal.streams.iter().enumerate() {
            let end = ends.get(section).cloned().flatten();
            let stream = stream.clone().zip(end).map(|(stream, end)| Stream { remote: Some(end), ..stream });
            let is_flow = flows.get(section).is_some_and(Option::is_some);
            if let (None, Some(text), false) = (&stream, &mut session.text, is_flow) {
                text.refuse(section);
            }
            met.extend(stream.clone());
            session.streams.push(stream);
        }
        self.play(now, handle, &proposal.flows);
        self.drop_streams(handle, &before);
        self.drop_streams(handle, &proposal.streams);
        for stream in met {
            let Some(end) = stream.remote.clone() else { continue };
            let earlier = before.iter().flatten().find(|earlier| earlier.msrp == stream.msrp).and_then(|earlier| earlier.remote.as_ref());
            if earlier.is_some_and(|earlier| earlier.path != end.path) {
                self.plane.moved(stream.msrp, end.path.clone());
            }
            self.plane.msrp.set_terms(stream.msrp, Self::terms(&stream.own));
            self.meet(now, &stream, &end, offered);
        }
    }

    /// Gives up those of `streams` that the session does not have (any more).
    fn drop_streams(&mut self, handle: &str, streams: &[Option<Stream>]) {
        let Some(session) = self.sessions.find(handle) else { return };
        let kept: Vec<_> = session.live().map(|stream| stream.msrp).collect();
        for stream in streams.iter().flatten().filter(|stream| !kept.contains(&stream.msrp)) {
            self.sessions.letters.retain(|(of, _), _| *of != stream.msrp);
            self.plane.hang_up(stream.msrp);
        }
    }

    /// Forgets what was to become of a session.
    pub(super) fn forget_changes(&mut self, handle: &str) {
        let Some(session) = self.sessions.find_mut(handle) else { return };
        session.changes.clear();
        let proposals = [session.proposal.take(), session.agreed.take()];
        for proposal in proposals.into_iter().flatten() {
            self.drop_streams(handle, &proposal.streams);
        }
    }
}

/// The streams that there are, each with its media section.
fn live(streams: &mut [Option<Stream>]) -> impl Iterator<Item = (usize, &mut Stream)> {
    streams.iter_mut().enumerate().filter_map(|(section, stream)| Some((section, stream.as_mut()?)))
}

/// What the other end does not take any more, it does not take from its offer on; where it is, changes with the ACK alone.
fn restrict(remote: &mut End, next: Option<&End>) {
    match next {
        Some(next) => *remote = End { path: remote.path.clone(), ..next.clone() },
        None => remote.direction = Direction::Inactive,
    }
}

/// A direction as far as the user lets it be: who holds takes nothing (RFC 3264, 8.4).
fn directed(direction: Direction, held: bool) -> Direction {
    match direction {
        Direction::Sendrecv if held => Direction::Sendonly,
        Direction::Recvonly if held => Direction::Inactive,
        same => same,
    }
}

/// The answer to an offer that ends all streams; `None`: it offers something.
fn ended(body: &[u8], local: std::net::SocketAddr) -> Option<Text> {
    let sdp = Sdp::parse(body, Span::all(body));
    let media: Vec<_> = (0..sdp.media.len()).filter_map(|i| Some(sdp.section(i).first()?.value.text(body).into_owned())).collect();
    let refused = |media: &String| media.split_ascii_whitespace().nth(1) == Some("0");
    (!media.is_empty() && media.iter().all(refused)).then(|| {
        let mut text = Text::empty(local, 0);
        media.iter().for_each(|media| text.add_refused(media));
        text
    })
}

/// Header fields of the session timer in a 200 response (CONV-7.3.8-4 and -5): the interval that is asked for, refreshed by who
/// answers unless the other end wants to (R-7.3.8-3). `None`: what is asked for is too short.
fn interval(request: &Message) -> Option<Vec<(String, Option<Vec<String>>)>> {
    let asked = timer::session_expires(request);
    let least = timer::least(request).unwrap_or(LEAST);
    let (seconds, refresher) = asked.unwrap_or((INTERVAL.max(least), None));
    if seconds < LEAST {
        return None;
    }
    let refresher = refresher.filter(|refresher| refresher == "uac").unwrap_or_else(|| "uas".to_owned());
    let supports = call::dialog::texts(request, "Supported").iter().any(|tag| tag.eq_ignore_ascii_case("timer"));
    let field = |name: &str, value: Option<String>| (name.to_owned(), value.map(|value| vec![value]));
    Some(vec![
        field("Session-Expires", Some(format!("{seconds};refresher={refresher}"))),
        field("Require", supports.then(|| "timer".to_owned())),
    ])
}
