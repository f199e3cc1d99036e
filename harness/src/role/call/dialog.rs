//! A dialog (RFC 3261, 12): who belongs to it, and the requests inside it.

use crate::{
    role::{Hop, build, build::Draft},
    wire::{params::NameAddr, sip::Message},
};

/// A dialog as one of its ends sees it.
#[derive(Clone, Debug)]
pub struct Dialog {
    /// Call-ID.
    pub call_id: String,
    /// Own tag.
    pub local_tag: String,
    /// Tag of the other end.
    pub remote_tag: String,
    /// Own From value in requests, tag included.
    local: String,
    /// To value of own requests, tag included.
    remote: String,
    /// Remote target: Contact of the other end.
    pub target: String,
    /// Route set in the order of the Route header field.
    pub route: Vec<String>,
    /// Number of the last own request.
    pub sent: u32,
    /// Number of the last request of the other end.
    pub heard: Option<u32>,
}

impl Dialog {
    /// The dialog of who sent `request` and got `response` (12.1.2): its Record-Route is reversed. `None`: the response
    /// has no tag, or the request is none.
    #[must_use]
    pub fn of_caller(request: &Message, response: &Message) -> Option<Self> {
        let mut route = texts(response, "Record-Route");
        route.reverse();
        Some(Self {
            call_id: request.call_id()?.into_owned(),
            local_tag: request.tag("From")?.into_owned(),
            remote_tag: response.tag("To")?.into_owned(),
            local: request.value("From")?.into_owned(),
            remote: response.value("To")?.into_owned(),
            target: contact(response).or_else(|| Some(request.request_uri()?.text(&request.raw).into_owned()))?,
            route,
            sent: request.cseq()?.0,
            heard: None,
        })
    }

    /// The dialog of who got `request` and answers with this `tag` (12.1.1): the Record-Route stays in its order. `None`:
    /// the request lacks what a dialog needs.
    #[must_use]
    pub fn of_callee(request: &Message, tag: &str) -> Option<Self> {
        Some(Self {
            call_id: request.call_id()?.into_owned(),
            local_tag: tag.to_owned(),
            // RFC 2543 knew From without a tag.
            remote_tag: request.tag("From").unwrap_or_default().into_owned(),
            local: format!("{};tag={tag}", request.value("To")?),
            remote: request.value("From")?.into_owned(),
            target: contact(request)?,
            route: texts(request, "Record-Route"),
            sent: 0,
            heard: request.cseq().map(|(number, _)| number),
        })
    }

    /// The dialog of who sent `subscribe` and got `notify` before any response (RFC 6665, 4.4.1): of the two, only the NOTIFY
    /// went the way from the other end. `None`: one of them lacks what a dialog needs.
    #[must_use]
    pub fn of_notified(subscribe: &Message, notify: &Message) -> Option<Self> {
        Some(Self {
            call_id: subscribe.call_id()?.into_owned(),
            local_tag: subscribe.tag("From")?.into_owned(),
            remote_tag: notify.tag("From")?.into_owned(),
            local: subscribe.value("From")?.into_owned(),
            remote: notify.value("From")?.into_owned(),
            target: contact(notify)?,
            route: texts(notify, "Record-Route"),
            sent: subscribe.cseq()?.0,
            heard: None,
        })
    }

    /// Whether `request`, which came from the other end, belongs here (12.2.2).
    #[must_use]
    pub fn holds(&self, request: &Message) -> bool {
        request.call_id().is_some_and(|id| id == self.call_id)
            && request.tag("To").is_some_and(|tag| tag == self.local_tag)
            && request.tag("From").unwrap_or_default() == self.remote_tag
    }

    /// The next request of `method` inside the dialog (12.2.1.1), from `local` with this `branch`, as far as CSeq.
    pub fn request(&mut self, local: Hop, branch: &str, method: &str) -> Draft {
        self.sent += 1;
        self.numbered(local, branch, method, self.sent)
    }

    /// The ACK to a 2xx whose INVITE had this `number` (13.2.2.4), as far as CSeq.
    #[must_use]
    pub fn ack(&self, local: Hop, branch: &str, number: u32) -> Draft {
        self.numbered(local, branch, "ACK", number)
    }

    fn numbered(&self, local: Hop, branch: &str, method: &str, number: u32) -> Draft {
        Draft::request(method, &self.target)
            .header("Via", &build::via(local, branch))
            .header("Max-Forwards", "70")
            .maybe("Route", (!self.route.is_empty()).then(|| self.route.join(", ")).as_deref())
            .header("From", &self.local)
            .header("To", &self.remote)
            .header("Call-ID", &self.call_id)
            .header("CSeq", &format!("{number} {method}"))
    }

    /// Takes the number of a request of the other end; `false`: it is older than one that came before (12.2.2).
    pub fn takes(&mut self, number: u32) -> bool {
        let newer = self.heard.is_none_or(|heard| number > heard);
        if newer {
            self.heard = Some(number);
        }
        newer
    }

    /// Takes the Contact of a message that refreshes the target (12.2.1.2, 12.2.2).
    pub fn retarget(&mut self, message: &Message) {
        self.target = contact(message).unwrap_or_else(|| std::mem::take(&mut self.target));
    }
}

/// URI of the first Contact.
#[must_use]
pub fn contact(message: &Message) -> Option<String> {
    let contact = NameAddr::parse(&message.raw, *message.elements("Contact").first()?);
    Some(contact.uri.text(&message.raw).into_owned())
}

/// The values of a header field, unfolded.
pub(crate) fn texts(message: &Message, name: &str) -> Vec<String> {
    message.elements(name).into_iter().map(|span| message.unfolded(span).into_owned()).collect()
}
