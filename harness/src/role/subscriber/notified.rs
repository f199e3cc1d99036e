//! NOTIFY requests: which subscription they belong to, and what they make of it (RFC 6665, 4.1.2.4, 4.1.3).

use std::{sync::Arc, time::Duration};

use super::{Event, LONGEST, Subscriber, head, param};
use crate::{
    role::{build::Draft, call::Dialog, transaction::Transactions},
    wire::sip::Message,
};

impl Subscriber {
    /// The subscription of a NOTIFY; before there is a dialog, Call-ID and the own tag decide (4.4.1).
    pub(super) fn of_notify(&self, request: &Message) -> Option<usize> {
        let (call_id, tag) = (request.call_id()?, request.tag("To")?);
        self.subscriptions.iter().position(|s| match &s.dialog {
            Some(dialog) => dialog.holds(request),
            None => s.call_id == call_id && s.tag == tag,
        })
    }

    pub(super) fn notified(&mut self, now: Duration, transactions: &mut Transactions, at: usize, id: u64, request: Arc<Message>) {
        let subscription = &mut self.subscriptions[at];
        let package = subscription.wanted.package;
        let mut answer = |status: u16, more: &dyn Fn(Draft) -> Draft| {
            transactions.respond(now, id, status, more(Draft::response(&request, status, "")).finish());
        };
        if head(&request, "Event").as_deref() != Some(package) {
            return answer(489, &|draft| draft.header("Allow-Events", package));
        }
        let Some(state) = head(&request, "Subscription-State") else { return answer(400, &|draft| draft) };
        if subscription.dialog.is_none() {
            subscription.dialog = Dialog::of_notified(&subscription.request, &request);
        }
        let number = request.cseq().map_or(0, |(number, _)| number);
        let Some(dialog) = subscription.dialog.as_mut().filter(|dialog| dialog.heard.is_none_or(|heard| number > heard)) else {
            return answer(500, &|draft| draft);
        };
        dialog.takes(number);
        dialog.retarget(&request);
        let agent = self.means.agent.as_deref();
        answer(200, &|draft| draft.maybe("Server", agent));
        let subscription = &mut self.subscriptions[at];
        let id = subscription.id;
        if !subscription.leaving {
            subscription.awaited = None;
        }
        self.events.push_back(Event::Notified { subscription: id, request: Arc::clone(&request) });
        if state.eq_ignore_ascii_case("terminated") {
            let again = again(now, &request);
            self.over(at, again);
        } else if let Some(seconds) = param(&request, "Subscription-State", "expires").and_then(|v| v.parse().ok())
            && self.subscriptions[at].pending.is_none()
        {
            self.granted(now, at, Some(seconds));
        }
    }
}

/// From when on a new subscription makes sense, by the reason of the end (4.1.3).
fn again(now: Duration, request: &Message) -> Option<Duration> {
    let of = |name| param(request, "Subscription-State", name);
    let after = of("retry-after").and_then(|v| v.parse().ok()).map(|seconds| Duration::from_secs(seconds).min(LONGEST));
    match of("reason").unwrap_or_default().to_ascii_lowercase().as_str() {
        "deactivated" | "timeout" => Some(now),
        "probation" | "giveup" => Some(now + after.unwrap_or(Duration::from_secs(60))),
        "rejected" | "noresource" | "invariant" => None,
        // Without a reason that says so, nobody asks for a new one but who names a time.
        _ => after.map(|after| now + after),
    }
}
