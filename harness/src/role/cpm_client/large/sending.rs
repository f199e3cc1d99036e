//! Sending a large message (CONV-7.2.1.2): INVITE, then its object over MSRP, then BYE.

use std::{collections::BTreeMap, time::Duration};

use super::{CPIM, CpmClient, Session, Way};
use crate::{
    role::{
        call,
        cpm_client::{
            content,
            plane::number,
            sending::Letter,
            settings::{ICSI, METHODS, encoded_icsi},
        },
        msrp::{Terms, Wish},
        sdp::{Description, End, Text},
    },
    trace::Transport,
    upper::{Answer, Status},
    wire::{sdp::Direction, sip::Message},
};

/// Session interval that is asked for, seconds (RFC 4028, 4).
const INTERVAL: u32 = 1800;

impl CpmClient {
    /// Sends the INVITE for `letter`; its object goes once that is accepted.
    pub(in crate::role::cpm_client) fn send_large(&mut self, now: Duration, letter: Letter) {
        let own = self.own_end(self.settings.media_transport == Transport::Tls);
        let own = End {
            direction: Direction::Sendonly,
            // RFC 5547, 6: the wrapper does not count (R-7.2.1.2-5).
            file_selector: Some(format!("size:{}", letter.cpim.content.len())),
            file_transfer_id: Some(self.ids.token()),
            ..own
        };
        let terms = Terms { accept: vec![CPIM.to_owned()], receives: false, ..Terms::default() };
        let msrp = self.plane.msrp.open(own.path.clone(), terms);
        let offer = Text::new(&own, self.local, number(&mut self.ids)).to_string();
        let invite = self.invite(&letter, &offer);
        self.plane.calls.means = self.means();
        let call = self.plane.calls.invite(now, &mut self.transactions, invite);
        let way = Way::Out { handle: letter.handle, cpim: Some(letter.cpim), told: false };
        self.large.sessions.insert(call, Session { msrp: Some(msrp), way });
    }

    fn invite(&mut self, letter: &Letter, offer: &str) -> bytes::Bytes {
        let from =
            if letter.anonymous { "\"Anonymous\" <sip:anonymous@anonymous.invalid>".to_owned() } else { format!("<{}>", letter.from) };
        let (content_type, body) = if letter.members.is_empty() {
            ("application/sdp".to_owned(), offer.as_bytes().to_vec())
        } else {
            content::with_recipients(&self.ids.token(), "application/sdp", offer.as_bytes(), &letter.members)
        };
        let tag = format!("+g.3gpp.icsi-ref=\"{}\"", encoded_icsi("largemsg"));
        self.plane.calls.means = self.means();
        self.plane
            .calls
            .draft(&letter.target, &from, &self.registration.service_route)
            .header("Contact", &format!("{};{tag}", self.contact()))
            .header("P-Preferred-Identity", &format!("<{}>", letter.from))
            .header("Accept-Contact", &format!("*;{tag}"))
            .header("P-Preferred-Service", &format!("{ICSI}largemsg"))
            .header("User-Agent", &self.settings.product())
            .header("Allow", &METHODS.replace(',', ", "))
            .header("Supported", "timer")
            .header("Session-Expires", &format!("{INTERVAL};refresher=uac"))
            .header("Conversation-ID", &letter.conversation)
            .header("Contribution-ID", &self.ids.uuid())
            .maybe("InReplyTo-Contribution-ID", letter.in_reply_to.as_deref())
            .maybe("Reply-To", letter.reply_to.as_ref().map(|r| format!("<{r}>")).as_deref())
            .maybe("Privacy", letter.anonymous.then_some("id"))
            .maybe("Message-Expires", letter.expires.map(|e| e.to_string()).as_deref())
            .maybe("Require", (!letter.members.is_empty()).then_some("recipient-list-invite"))
            .body(&content_type, body)
            .finish()
    }

    /// The INVITE was accepted, and that acknowledged: connect as the answer says, bind, send.
    pub(super) fn accepted(&mut self, now: Duration, call: u64, response: &Message) {
        let answer = call::description(response).and_then(|(_, body)| Description::read(&body).ok());
        let Some(Session { msrp: Some(msrp), way: Way::Out { cpim, .. } }) = self.large.sessions.get_mut(&call) else { return };
        let (msrp, cpim) = (*msrp, cpim.take());
        let connected = answer.is_some_and(|answer| {
            self.plane.msrp.set_remote(msrp, answer.end.path.clone());
            self.plane.connect(now, msrp, &answer.end)
        });
        match cpim.filter(|_| connected) {
            Some(cpim) => self.plane.msrp.send(now, msrp, Wish::new(&self.ids.token(), CPIM, cpim.octets())),
            None => {
                self.tell(call, Status::Failed);
                self.leave(now, call);
            }
        }
    }

    /// Breaks off the sending of a message: what waits is dropped, an INVITE is cancelled, a session is left.
    pub(in crate::role::cpm_client) fn cancel_message(&mut self, now: Duration, message: &str) -> Answer {
        let taken = || Answer::Taken(BTreeMap::new());
        if let Some(at) = self.queue.iter().position(|letter| letter.handle.as_deref() == Some(message)) {
            self.queue.remove(at);
            self.failed(message);
            return taken();
        }
        let of = |session: &Session| match &session.way {
            Way::Out { handle, told, .. } => handle.as_deref() == Some(message) && !told,
            Way::In { .. } => false,
        };
        if let Some(call) = self.large.sessions.iter().find(|(_, session)| of(session)).map(|(call, _)| *call) {
            self.leave(now, call);
            if self.plane.calls.dialog(call).is_some() {
                self.tell(call, Status::Failed);
                self.hang_up(call);
            }
            return taken();
        }
        if self.outstanding.values().any(|(_, handle)| handle.as_deref() == Some(message)) {
            return Answer::Refused("a pager mode message is sent at once".to_owned());
        }
        Answer::UnknownHandle(message.to_owned())
    }
}
