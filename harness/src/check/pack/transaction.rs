//! Transactions of the SUT: how often a request is repeated (RFC 3261, 17.1), what a repeated one gets (17.2.2), and how a large
//! one is carried (18.1.1).

use std::time::Duration;

use super::{
    GIVEN_UP, T2, broken,
    dialog::{T1, copies, handled},
    own,
};
use crate::{
    check::View,
    trace::{Transport, view::Seen},
    verdict::{Finding, Reason},
};

/// Size of a request from which on TCP is due where nobody knows the path, octets.
const LARGE: usize = 1300;
/// Datagrams that come as close to each other as this are one that the network doubled.
const DOUBLED: Duration = Duration::from_millis(20);

/// 17.1.1.2 and 17.1.2.2: over UDP again after T1, twice that and so on, of other than INVITE at most T2 apart, until a response
/// comes, or 32 s are over; over a stream never.
pub(super) fn repeats(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let list = view.messages.list();
    let index = own(view);
    let invites = seen.message.method() == Some("INVITE");
    let least = if invites { 100 } else { 200 };
    let ends = |i: &usize| list[*i].message.status().is_some_and(|s| s >= least) && view.messages.request_of(*i) == Some(index);
    let answered = (index + 1..list.len()).find(ends).map(|i| &list[i]);
    let given_up = seen.at + GIVEN_UP;
    let until = answered.map_or(view.trace.end(), |s| s.at).min(given_up);
    let sent: Vec<&Seen> = copies(view, index).map(|(_, s)| s).collect();
    let rule = "RFC 3261, 17.1";
    let too_many = |late: &Seen, expected: &str| {
        let observed = format!("again after {:.1} s", late.at.saturating_sub(seen.at).as_secs_f64());
        broken(late, rule, Reason::Unexpected, expected, observed, late.message.start_span()).on(seen.line())
    };
    if !seen.transport.is_datagram() {
        return sent.get(1).map(|late| too_many(late, "no repetition over a stream")).into_iter().collect();
    }
    let mut findings = Vec::new();
    let (mut due, mut last) = (T1, seen.at);
    let late = |at: Duration, due: Duration, reason, observed: String| {
        let expected = format!("the request again after {:.1} s, half to twice that", due.as_secs_f64());
        let place = sent.iter().find(|s| s.at == at).unwrap_or(&seen);
        broken(*place, rule, reason, &expected, observed, place.message.start_span()).on(seen.line())
    };
    for next in sent.iter().skip(1).filter(|s| s.at <= until) {
        let waited = next.at.saturating_sub(last);
        if waited < DOUBLED {
            continue;
        }
        if waited < due / 2 || waited > due * 2 {
            findings.push(late(next.at, due, Reason::Late, format!("{:.1} s", waited.as_secs_f64())));
        }
        last = next.at;
        due = if invites { due * 2 } else { (due * 2).min(T2) };
    }
    let silent = until.saturating_sub(last);
    if silent > due * 2 {
        findings.push(late(last, due, Reason::Missing, format!("none in {:.1} s", silent.as_secs_f64())));
    }
    // One may have been on its way when the response came.
    let over = if answered.is_some() { until + T1 / 2 } else { given_up + T1 };
    if let Some(again) = sent.iter().find(|s| s.at > over) {
        findings.push(too_many(again, "no repetition after the response, or after 32 s"));
    }
    findings
}

/// 17.2.2: a request that is repeated gets its response again. Only repetitions count that the SUT has shown to have handled;
/// over a stream nothing is repeated (timer J).
pub(super) fn same_response(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    if !seen.transport.is_datagram() {
        return Vec::new();
    }
    let repeated = view
        .messages
        .request_of(own(view))
        .is_some_and(|request| view.messages.list().iter().any(|s| s.repeats == Some(request) && handled(view, s.entry, s.at)));
    if !repeated {
        let expected = "a response to a request that came again, with a probe behind it";
        return vec![Finding::new(Reason::Suite, expected, "none came again").on(seen.line())];
    }
    answered_again(view, seen).into_iter().collect()
}

/// The response was not repeated as often as its request.
pub(super) fn answered_again(view: &View<'_>, seen: &Seen) -> Option<Finding> {
    let list = view.messages.list();
    let own = view.sip()?;
    let request = view.messages.request_of(own)?;
    let repeated: Vec<&Seen> = list.iter().filter(|s| s.repeats == Some(request) && handled(view, s.entry, s.at)).collect();
    let answered = list.iter().filter(|s| s.repeats == Some(own)).count();
    (answered < repeated.len()).then(|| {
        let observed = format!("{} repetitions of the request, {answered} of the response", repeated.len());
        let last = repeated.last().map(|s| s.line()).unwrap_or_default();
        broken(seen, "RFC 3261, 17.2.2", Reason::Missing, "the same response to a repeated request", observed, seen.message.start_span())
            .on(last)
    })
}

/// 18.1.1: a request of more than 1300 octets does not go by UDP.
pub(super) fn carrier(_: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let octets = seen.message.raw.len();
    let wrong = seen.message.is_request() && octets > LARGE && seen.transport == Transport::Udp;
    let expected = "a request of more than 1300 octets over TCP or TLS";
    let finding = || broken(seen, "SIP-11", Reason::Violated, expected, format!("{octets} octets over UDP"), seen.message.start_span());
    wrong.then(finding).into_iter().collect()
}
