//! What a session carries: the own ends of its MSRP streams, who connects, sound and pictures, and that all is given up with it
//! (CONV-7.3.9).

use std::{net::SocketAddr, time::Duration};

use crate::{
    role::{
        cpm_client::{
            CpmClient,
            plane::{CPIM, number},
        },
        msrp::{self, Terms},
        sdp::{self, Description, End, Flow, Text},
    },
    trace::Transport,
    upper::{SessionState, Sight},
};

/// One MSRP stream of a session.
#[derive(Clone, Debug)]
pub(in crate::role::cpm_client) struct Stream {
    /// Its number at the endpoint.
    pub msrp: u64,
    /// What the own description says.
    pub own: End,
    /// What that of the other end says, once it is known.
    pub remote: Option<End>,
}

impl Stream {
    /// Whether this end opens the connection, as far as both have spoken (RFC 6135, 4.2; without a word of the other end it is
    /// the offerer, RFC 4975, 8.3). `None`: neither can.
    pub(super) fn connects(&self, remote: &End, offered: bool) -> Option<bool> {
        match (self.own.setup.as_deref(), remote.setup.as_deref()) {
            (Some("active"), Some("active")) | (Some("passive"), Some("passive")) => None,
            (Some("active"), _) | (_, Some("passive")) => Some(true),
            (Some("passive"), _) | (_, Some("active")) => Some(false),
            _ => Some(offered),
        }
    }

    /// Whether the own end can be connected to.
    pub(super) fn listens(&self) -> bool {
        self.own.path.last().and_then(|uri| sdp::next_hop(uri)).is_some_and(|(address, _)| address.port() != sdp::DISCARD)
    }
}

impl CpmClient {
    /// The own end of a further stream of a chat, for an offer.
    pub(in crate::role::cpm_client) fn chat_end(&mut self, secure: bool) -> End {
        // What comes in is taken in the clear only, so that under TLS this end connects.
        let place = self.settings.msrp.filter(|_| !secure && !self.settings.msrp_active);
        let own = self.own_end(secure);
        let own = End { accept_wrapped_types: Some(self.settings.chat_types.join(" ")), ..own };
        match place {
            Some(place) => End { path: vec![self.plane.msrp.uri(place, secure)], setup: Some("actpass".to_owned()), ..own },
            None => own,
        }
    }

    /// The own end of a stream that is offered as `offered`; `None`: the two cannot meet.
    pub(in crate::role::cpm_client) fn answer_end(&mut self, offered: &End) -> Option<End> {
        let own = self.chat_end(offered.secure);
        let listens = own.setup.as_deref() == Some("actpass");
        match offered.setup.as_deref() {
            // Who says nothing connects (RFC 4975, 8.3).
            Some("active") | None if listens => Some(End { setup: Some("passive".to_owned()), ..own }),
            Some("active") => None,
            _ => {
                let uri = self.plane.msrp.uri(SocketAddr::new(self.local.ip(), sdp::DISCARD), offered.secure);
                Some(End { path: vec![uri], setup: Some("active".to_owned()), ..own })
            }
        }
    }

    /// A stream whose own end is `own`; it waits for the other end.
    pub(in crate::role::cpm_client) fn stream(&mut self, own: End) -> Stream {
        let terms = Self::terms(&own);
        Stream { msrp: self.plane.msrp.open(own.path.clone(), terms), own, remote: None }
    }

    /// What is taken over a stream, as its description says.
    pub(in crate::role::cpm_client) fn terms(own: &End) -> Terms {
        let words = |types: &Option<String>| types.as_deref().map(|t| t.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>());
        Terms {
            accept: words(&own.accept_types).unwrap_or_else(|| vec![CPIM.to_owned()]),
            wraps: words(&own.accept_wrapped_types),
            ..Terms::default()
        }
    }

    /// The offer of a session with `count` streams and these media, and those streams; a closed group is marked as such (CONV-7.3.1.2-12).
    pub(in crate::role::cpm_client) fn chat_offer(&mut self, count: usize, media: &[String], closed: bool) -> (Text, Vec<Option<Stream>>) {
        let secure = self.settings.media_transport == Transport::Tls;
        let chatroom = closed.then(|| self.settings.closed_group_token.clone());
        let mut text = Text::empty(self.local, number(&mut self.ids));
        let mut streams = Vec::new();
        for _ in 0..count.max(1) {
            let own = End { chatroom: chatroom.clone(), ..self.chat_end(secure) };
            text.add(&own);
            streams.push(Some(self.stream(own)));
        }
        for flow in media.iter().filter_map(|kind| self.plane.rtp.offer(kind, false)) {
            text.add_flow(&flow);
            streams.push(None);
        }
        (text, streams)
    }

    /// Takes the answer to the own offer: what was refused is given up, the rest is met. `false`: a stream cannot be met.
    pub(in crate::role::cpm_client) fn take_answer(&mut self, now: Duration, handle: &str, answer: &Description) -> bool {
        let Some(session) = self.sessions.find_mut(handle) else { return false };
        let mut refused = Vec::new();
        let mut met = Vec::new();
        for (section, place) in session.streams.iter_mut().enumerate() {
            match answer.ends.get(section).cloned().flatten() {
                Some(end) => met.extend(place.as_mut().map(|stream| {
                    stream.remote = Some(end.clone());
                    (stream.clone(), end)
                })),
                None => refused.extend(place.take()),
            }
        }
        for stream in refused {
            self.plane.hang_up(stream.msrp);
        }
        met.into_iter().all(|(stream, end)| self.meet(now, &stream, &end, true))
    }

    /// Lets sound and pictures be what the own description and the other end, by its media sections, say together.
    pub(super) fn play(&mut self, now: Duration, handle: &str, theirs: &[Option<Flow>]) {
        let Some(session) = self.sessions.find_mut(handle) else { return };
        session.flows = theirs.to_vec();
        let own = session.text.as_ref().map(Text::flows).unwrap_or_default();
        self.plane.rtp.agree(now, session.call, &own, theirs);
    }

    /// Sound or pictures of a call are heard or seen for the first time.
    pub(in crate::role::cpm_client) fn heard_stream(&mut self, call: u64, stream: String) {
        if let Some(session) = self.sessions.of_call(call).map(|session| session.handle.clone()) {
            self.show(Sight::MediaFlowing { session, stream });
        }
    }

    /// Lets a stream meet the other end: connects and binds, or waits to be connected to. A connection that there is already
    /// stays. `false`: they cannot meet.
    pub(in crate::role::cpm_client) fn meet(&mut self, now: Duration, stream: &Stream, remote: &End, offered: bool) -> bool {
        self.plane.msrp.set_remote(stream.msrp, remote.path.clone());
        match stream.connects(remote, offered) {
            _ if self.plane.msrp.session(stream.msrp).is_some_and(|session| session.hop().is_some()) => true,
            Some(true) => self.plane.connect(now, stream.msrp, remote),
            Some(false) => true,
            None => false,
        }
    }

    /// Gives up all streams of a session: nothing is sent any more, connections that nobody else uses are closed.
    pub(super) fn release(&mut self, handle: &str) {
        let Some(session) = self.sessions.find_mut(handle) else { return };
        self.plane.rtp.end(session.call);
        let streams: Vec<_> = session.streams.iter_mut().filter_map(Option::take).collect();
        if !streams.is_empty() {
            // How many there were is kept for who goes back to it (R-7.3.1.5-3).
            session.streams = vec![None; streams.len()];
        }
        for stream in streams {
            self.sessions.letters.retain(|(of, _), _| *of != stream.msrp);
            self.plane.hang_up(stream.msrp);
        }
    }

    /// Takes what happened to an MSRP session of a session.
    pub(in crate::role::cpm_client) fn session_exchanged(&mut self, now: Duration, id: u64, event: msrp::Event) {
        let Some(handle) = self.sessions.of_msrp(id).map(|session| session.handle.clone()) else { return };
        match event {
            msrp::Event::Bound | msrp::Event::Reported { .. } | msrp::Event::Aborted { .. } => {}
            msrp::Event::Received { content_type, content, .. } => self.chat_received(now, &handle, &content_type, &content),
            msrp::Event::Sent { message_id, status } => self.chat_sent(id, message_id, status),
            // Without its connection a session is over (RFC 4975, 5.4).
            msrp::Event::Refused { .. } | msrp::Event::Lost => self.give_up(now, &handle, SessionState::Ended),
        }
    }
}
