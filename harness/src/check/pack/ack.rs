//! ACK: to a 2xx, which is a request of the dialog (RFC 3261, 13.2.2.4), and to another final response, which belongs to the
//! transaction of its INVITE (17.1.1.3).

use super::{
    broken,
    dialog::{self, Dialog, same_party, same_routes, same_target, uris, value},
    own, place, rfc3261,
};
use crate::{
    check::View,
    trace::view::Seen,
    verdict::{Finding, Reason},
    wire::sip::Message,
};

/// 13.2.2.4: within the dialog, number of the INVITE, a branch of its own, no body; one for each time the 2xx comes.
pub(super) fn to_success(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let list = view.messages.list();
    let (message, index) = (&seen.message, own(view));
    let mut findings = rfc3261::any_request(seen);
    let Some((invite, answer)) = answered(view, index, 200..300) else {
        findings.push(broken(seen, "INV-2", Reason::Unexpected, "a 2xx response in front of it", "none", message.start_span()));
        return findings;
    };
    let asked = &list[invite].message;
    if let Some(dialog) = Dialog::of(view, index) {
        findings.extend(Dialog { answer: dialog.answer.or(Some(answer)), ..dialog }.request(view, seen, index));
    }
    findings.extend(number(seen, &list[invite]));
    if message.branch().is_some() && message.branch() == asked.branch() {
        let span = place(seen, "Via");
        findings.push(broken(seen, "INV-2", Reason::Violated, "a branch of its own", "that of the INVITE", span).on(list[invite].line()));
    }
    if !asked.body.is_empty() && !message.body.is_empty() {
        let observed = format!("{} octets", message.body.len());
        findings.push(broken(seen, "INV-1", Reason::Unexpected, "no body: the offer was in the INVITE", observed, message.body));
    }
    for name in ["Authorization", "Proxy-Authorization"] {
        if asked.first(name).is_some() && message.value(name) != asked.value(name) {
            let expected = format!("{name} as in the INVITE");
            findings.push(broken(seen, "INV-2", Reason::Violated, &expected, value(message, name), place(seen, name)));
        }
    }
    findings.extend(each_time(view, seen, answer));
    findings
}

/// 17.1.1.3: branch, Request-URI, From, Call-ID, number and Route of the INVITE, To of the response; one for each time it comes.
pub(super) fn to_failure(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let list = view.messages.list();
    let (message, index) = (&seen.message, own(view));
    let mut findings = rfc3261::any_request(seen);
    let Some((invite, answer)) = answered(view, index, 300..700) else {
        findings.push(broken(seen, "INV-3", Reason::Unexpected, "a response 300 to 699 in front of it", "none", message.start_span()));
        return findings;
    };
    let (asked, told) = (&list[invite], &list[answer].message);
    findings.extend(of_transaction(seen, asked, "INV-3"));
    if !same_party((message, "To"), (told, "To")) {
        let expected = format!("To of the response: {}", value(told, "To"));
        let finding = broken(seen, "INV-3", Reason::Violated, &expected, value(message, "To"), place(seen, "To"));
        findings.push(finding.on(list[answer].line()));
    }
    findings.extend(number(seen, asked));
    findings.extend(each_time(view, seen, answer));
    findings
}

/// What ACK and CANCEL take over from the request of their transaction: the topmost Via alone, Request-URI, Call-ID, From, Route.
pub(super) fn of_transaction(seen: &Seen, asked: &Seen, rule: &str) -> Vec<Finding> {
    let (message, theirs) = (&seen.message, &asked.message);
    let mut findings = Vec::new();
    let mut differs = |what: &str, expected: String, observed: String, span| {
        let finding = broken(seen, rule, Reason::Violated, &format!("{what} of the INVITE: {expected}"), observed, span);
        findings.push(finding.on(asked.line()));
    };
    let text = |m: &Message| m.request_uri().map(|u| u.text(&m.raw).into_owned()).unwrap_or_default();
    if !same_target(&text(message), &text(theirs)) {
        differs("the Request-URI", text(theirs), text(message), message.start_span());
    }
    if message.call_id() != theirs.call_id() {
        differs("the Call-ID", value(theirs, "Call-ID"), value(message, "Call-ID"), place(seen, "Call-ID"));
    }
    if !same_party((message, "From"), (theirs, "From")) {
        differs("From", value(theirs, "From"), value(message, "From"), place(seen, "From"));
    }
    let [own, top] = [message, theirs].map(|m| m.elements("Via").iter().map(|s| m.unfolded(*s).into_owned()).collect::<Vec<_>>());
    let single = own.len() == 1 && own.first().zip(top.first()).is_some_and(|(a, b)| rfc3261::same_via(a, b));
    if !single {
        differs("the topmost Via alone", top.into_iter().next().unwrap_or_default(), own.join(", "), place(seen, "Via"));
    }
    let [own, routes] = [message, theirs].map(|m| uris(m, "Route"));
    if !same_routes(&own, &routes) {
        differs("Route", dialog::listed(theirs, "Route"), dialog::listed(message, "Route"), place(seen, "Route"));
    }
    findings
}

/// DLG-4: ACK and CANCEL repeat the number of their INVITE.
pub(super) fn number(seen: &Seen, asked: &Seen) -> Option<Finding> {
    let (own, wanted) = (seen.message.cseq()?.0, asked.message.cseq()?.0);
    let expected = format!("the CSeq number of the INVITE: {wanted}");
    (own != wanted).then(|| broken(seen, "DLG-4", Reason::Violated, &expected, own.to_string(), place(seen, "CSeq")).on(asked.line()))
}

/// The INVITE of the SUT that message `index` is about, with its final response in `statuses` before it: found by branch, else the
/// latest of the call that was not acknowledged yet, else by Call-ID and number, else by Call-ID, else the last one.
fn answered(view: &View<'_>, index: usize, statuses: std::ops::Range<u16>) -> Option<(usize, usize)> {
    let list = view.messages.list();
    let own = &list.get(index)?.message;
    let pairs: Vec<(usize, usize)> = (0..index)
        .rev()
        .filter(|i| !list[*i].by_sut() && list[*i].repeats.is_none())
        .filter(|i| list[*i].message.status().is_some_and(|s| statuses.contains(&s)))
        .filter_map(|i| Some((view.messages.request_of(i)?, i)))
        .filter(|(invite, _)| list[*invite].message.method() == Some("INVITE"))
        .collect();
    let call = |(i, _): &&(usize, usize)| list[*i].message.call_id() == own.call_id();
    let count = |(i, _): &&(usize, usize)| list[*i].message.cseq().map(|(n, _)| n) == own.cseq().map(|(n, _)| n);
    let branch = |(i, _): &&(usize, usize)| list[*i].message.branch() == own.branch();
    let open = |(invite, answer): &&(usize, usize)| {
        let number = list[*invite].message.cseq().map(|(n, _)| n);
        let same = |m: &Message| m.call_id() == own.call_id() && m.cseq().map(|(n, _)| n) == number;
        !list[*answer..index].iter().any(|s| s.by_sut() && s.message.method() == Some("ACK") && same(&s.message))
    };
    let of_call = || pairs.iter().filter(call);
    let found = pairs.iter().find(branch).or_else(|| of_call().find(open)).or_else(|| of_call().find(count)).or_else(|| of_call().next());
    found.or(pairs.first()).copied()
}

/// An ACK for each time that the response came, as far as the SUT has shown to have handled it.
fn each_time(view: &View<'_>, seen: &Seen, answer: usize) -> Option<Finding> {
    let list = view.messages.list();
    let came: Vec<&Seen> = dialog::copies(view, answer).map(|(_, s)| s).filter(|s| dialog::handled(view, s.entry, s.at)).collect();
    let number = seen.message.cseq().map(|(n, _)| n);
    let is_ack = |s: &&Seen| {
        s.by_sut()
            && s.message.method() == Some("ACK")
            && s.message.call_id() == seen.message.call_id()
            && s.message.cseq().map(|(n, _)| n) == number
    };
    let acked = list[answer..].iter().filter(is_ack).count();
    (acked < came.len()).then(|| {
        let observed = format!("{acked} for {} responses", came.len());
        let last = came.last().map(|s| s.line()).unwrap_or_default();
        let expected = "an ACK for each repetition of the response";
        broken(seen, "INV-2", Reason::Missing, expected, observed, seen.message.start_span()).on(last)
    })
}
