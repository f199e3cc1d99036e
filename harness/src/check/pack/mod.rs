//! Rule packs: `it obeys RFC 3428` runs the rules of one document that apply to "it", each finding with its rule id.
//!
//! A pack judges what the row cites it for, and leaves out what another row of the same message judges.

use std::{fmt, str::FromStr, time::Duration};

use super::{View, at, on_it, on_item};
use crate::{
    trace::view::{Item, MediaSeen, Seen},
    verdict::{Finding, Judgement, Reason, Severity},
    wire::Span,
};

mod ack;
mod bye;
mod cancel;
mod chatroom;
mod conference;
mod cpim;
mod dialog;
mod entities;
mod fragment;
mod gruu;
mod imap;
mod invite;
mod lists;
mod modify;
mod msrp;
mod msrp_sdp;
mod offer;
mod privacy;
mod proxy;
mod reason;
mod register;
mod rfc3261;
mod rfc3428;
mod rfc4028;
mod rfc5438;
mod rfc5547;
mod rfc6665;
mod routing;
mod rtp;
mod sdp;
mod size;
mod transaction;
mod update;
mod warning;

/// After 64*T1 a transaction is given up, and so is a 2xx that nobody acknowledges (RFC 3261, 17.1.1.1, 13.3.1.4).
const GIVEN_UP: Duration = Duration::from_secs(32);

/// Longest time between two repetitions of a response, or of a request other than INVITE (RFC 3261, 17.1.1.1).
const T2: Duration = Duration::from_secs(4);

/// A document, or one section of it, that has a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec(&'static str);

type Rules = fn(&View<'_>, &Seen) -> Vec<Finding>;
type ItemRules = fn(&View<'_>, Item<'_>) -> Vec<Finding>;

/// All packs, by the name in the step.
const PACKS: &[(&str, Rules)] = &[
    ("RFC 3261 section 10.2", register::request),
    ("RFC 3261 section 10.2.1", register::stays),
    ("RFC 3261 section 10.2.2", register::leaves),
    ("RFC 3261 section 10.2.8", register::longer),
    ("RFC 3261 section 12.2.1.1", modify::inside),
    ("RFC 3261 section 12.2.1.2", modify::target),
    ("RFC 3261 section 13.2.1", invite::initial),
    ("RFC 3261 section 13.2.2.4", ack::to_success),
    ("RFC 3261 section 13.3.1", invite::response),
    ("RFC 3261 section 13.3.1.4", invite::repeated),
    ("RFC 3261 section 14", modify::like_the_set_up),
    ("RFC 3261 section 14.1", modify::again),
    ("RFC 3261 section 14.2", modify::response),
    ("RFC 3261 section 15.1.1", bye::request),
    ("RFC 3261 section 15.1.2", bye::response),
    ("RFC 3261 section 16.6", proxy::request),
    ("RFC 3261 section 16.7", proxy::response),
    ("RFC 3261 section 17.1", transaction::repeats),
    ("RFC 3261 section 17.1.1.3", ack::to_failure),
    ("RFC 3261 section 17.2.2", transaction::same_response),
    ("RFC 3261 section 18.1.1", transaction::carrier),
    ("RFC 3261 section 20.37", gruu::supported),
    ("RFC 3261 section 20.43", warning::rules),
    ("RFC 3261 section 22", register::authenticates),
    ("RFC 3261 section 9.1", cancel::request),
    ("RFC 3261 section 9.2", cancel::response),
    ("RFC 3264", sdp::rules),
    ("RFC 3264 section 5", offer::first),
    ("RFC 3264 section 8", offer::modified),
    ("RFC 3311", update::rules),
    ("RFC 3323", privacy::rules),
    ("RFC 3326", reason::rules),
    ("RFC 3428", rfc3428::rules),
    ("RFC 3840 section 9", register::capabilities),
    ("RFC 4028", rfc4028::rules),
    ("RFC 4028 section 7.1", rfc4028::asks),
    ("RFC 4028 section 7.4", rfc4028::refreshes),
    ("RFC 4028 section 9", rfc4028::granted),
    ("RFC 4028 section 10", rfc4028::ends),
    ("RFC 4566", sdp::grammar),
    ("RFC 4575", conference::subscribes),
    ("RFC 4579", conference::target),
    ("RFC 4826", lists::form),
    ("RFC 4975 section 8", msrp_sdp::rules),
    ("RFC 4975 section 8.1", msrp_sdp::lines),
    ("RFC 4975 section 8.2", msrp_sdp::path),
    ("RFC 4975 section 8.4", offer::updated),
    ("RFC 5366", lists::recipients),
    ("RFC 5438 section 7.1.1", rfc5438::request),
    ("RFC 5438 section 7.2.1", rfc5438::notification),
    ("RFC 5547", rfc5547::rules),
    ("RFC 5627 section 4.1", register::gruu),
    ("RFC 5627 section 4.4", gruu::contacts),
    ("RFC 6135", msrp_sdp::connects),
    ("RFC 6135 section 4.2", msrp_sdp::setup),
    ("RFC 6135 section 4.4", msrp_sdp::connection),
    ("RFC 6665 section 4.1.2", rfc6665::request),
    ("RFC 6665 section 4.1.2.2", rfc6665::refreshes),
    ("RFC 6665 section 4.1.2.3", rfc6665::ends),
    ("RFC 6665 section 4.1.3", rfc6665::answer),
    ("RFC 7701", chatroom::closed),
    ("RFC 7701 section 8", chatroom::form),
    ("TS 24.229", routing::rules),
    ("TS 24.229 section 5.1.1.4", register::in_time),
    ("TS 24.229 section 6.1", rtp::ims::rules),
];

/// Packs that judge an MSRP message or an RTP stream as well.
const OF_ITEMS: &[(&str, ItemRules)] = &[
    ("RFC 2046 section 5.1", |_, item| entities::multipart(item)),
    ("RFC 3261 section 20.17", fragment::time),
    ("RFC 3264 section 5.1", rtp::place::rules),
    ("RFC 3264 section 8.3", rtp::place::follows),
    ("RFC 3420", fragment::rules),
    ("RFC 3501 section 6.4.8", imap::fetch),
    ("RFC 3550", rtp::rules),
    ("RFC 3550 section 5.2", rtp::separate::rules),
    ("RFC 3862", cpim::rules),
    ("RFC 4483 section 5", |_, item| entities::external(item)),
    ("RFC 4975 section 5.4", msrp::binds),
    ("RFC 4975 section 7.1", msrp::framing),
    ("RFC 4975 section 7.1.1", msrp::chunks::rules),
    ("RFC 4975 section 7.1.3", msrp::answers::success),
    ("RFC 4975 section 7.1.4", msrp::answers::failure),
    ("RFC 4975 section 7.2", msrp::answers::response),
    ("RFC 4975 section 7.3", msrp::sessions::answers),
    ("RFC 4975 section 8.6", types),
    ("RFC 5547 section 6", size::rules),
];

/// Why a text names no pack.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no rule pack {name:?}; there are {known}")]
pub struct NoPack {
    name: String,
    known: String,
}

impl FromStr for Spec {
    type Err = NoPack;

    fn from_str(text: &str) -> Result<Self, NoPack> {
        let known = || PACKS.iter().map(|(name, _)| *name).chain(OF_ITEMS.iter().map(|(name, _)| *name));
        known()
            .find(|name| *name == text)
            .map(Self)
            .ok_or_else(|| NoPack { name: text.to_owned(), known: known().collect::<Vec<_>>().join(", ") })
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// "It" keeps the rules of the pack.
#[must_use]
pub fn obeys(view: &View<'_>, spec: &Spec) -> Judgement {
    if let Some(what) = view.it().ok().and_then(|seen| hidden(spec.0, seen)) {
        return Judgement::Obstacle(Reason::HiddenByAnswer, what.to_owned());
    }
    // That there are parts at all, another line judges.
    if spec.0 == "RFC 3420" && view.item().is_ok_and(|item| crate::field::multipart(item).is_none()) {
        return Judgement::Obstacle(Reason::HiddenByAnswer, "the body has no parts by its Content-Type".to_owned());
    }
    let rules = OF_ITEMS.iter().find(|(name, _)| *name == spec.0).map(|(_, rules)| rules);
    let judged = match (rules, PACKS.iter().find(|(name, _)| *name == spec.0)) {
        (Some(rules), _) => on_item(view, |item| rules(view, item)),
        (None, Some((_, rules))) => on_it(view, |seen| rules(view, seen)),
        (None, None) => return Judgement::Obstacle(Reason::Suite, format!("no pack {spec}")),
    };
    match judged {
        // What is of another kind than the rules are for is a fault of the feature, and none of the SUT.
        Judgement::Looked { findings, .. } if findings.iter().any(|f| f.reason == Reason::Suite) => {
            let wanted = findings.into_iter().map(|f| f.expected).next().unwrap_or_default();
            Judgement::Obstacle(Reason::Suite, format!("{spec} is about {wanted}"))
        }
        judged => judged,
    }
}

/// Whether there is as much of a stream as the rules of the pack look at; other packs look at what is there.
#[must_use]
pub fn enough(view: &View<'_>, spec: &Spec) -> bool {
    rtp::enough(view, spec.0).unwrap_or(true)
}

/// RFC 4975, 8.6: what a description says of media types, or what is sent to whom described them.
fn types(view: &View<'_>, item: Item<'_>) -> Vec<Finding> {
    match item {
        Item::Sip(seen) => msrp_sdp::types(view, seen),
        Item::Media(_) | Item::Whole(_) | Item::Rtp(_) => msrp::types::permitted(view, item),
    }
}

/// What another row judges to be there, and without which the rules have nothing to look at.
fn hidden(spec: &str, seen: &Seen) -> Option<&'static str> {
    let is = |documents: &[&str]| documents.iter().any(|d| spec.starts_with(d));
    // That there is a CPIM object at all, CONV-7.2.1.1-16 judges.
    if is(&["RFC 5438"]) && crate::field::cpim_part(&seen.message).is_none() {
        return Some("the body is no CPIM object by its Content-Type");
    }
    // That there is a session description, RFC 3264 judges.
    if is(&["RFC 4566", "RFC 4975 section 8", "RFC 5547", "RFC 6135", "RFC 7701"]) && sdp::Described::of(&seen.message).is_none() {
        return Some("the body holds no application/sdp");
    }
    None
}

/// What is wrong with request `index` of the SUT inside the dialog that a request of this method made (CMP-DIALOG); none: there
/// is no such dialog. ACK repeats the number of its INVITE.
pub(super) fn in_dialog(view: &View<'_>, seen: &Seen, index: usize, method: &str) -> Option<Vec<Finding>> {
    let list = view.messages.list();
    let dialog = dialog::Dialog::of(view, index).filter(|dialog| list[dialog.opening].message.method() == Some(method))?;
    let mut findings = dialog.request(view, seen, index);
    let number = |message: &crate::wire::sip::Message| message.cseq().map(|(number, _)| number);
    match seen.message.method() {
        Some("ACK" | "CANCEL") => {
            // A later INVITE of the dialog may be the one that is acknowledged.
            let own = |old: &&Seen| {
                old.by_sut() && old.message.method() == Some("INVITE") && old.message.call_id() == list[dialog.opening].message.call_id()
            };
            if !list[..index].iter().filter(own).any(|old| number(&old.message) == number(&seen.message)) {
                let expected = "the CSeq number of its INVITE";
                let observed = dialog::value(&seen.message, "CSeq");
                findings.push(broken(seen, "DLG-4", Reason::Violated, expected, observed, place(seen, "CSeq")));
            }
        }
        _ => findings.extend(dialog.counts_on(view, seen, index)),
    }
    Some(findings)
}

/// What is wrong with an answer by itself (RFC 4566), and against its offer (CMP-OA).
pub(super) fn sdp_answer(view: &View<'_>, seen: &Seen, offer: &Seen) -> Vec<Finding> {
    let (own, theirs) = (sdp::Described::of(&seen.message), sdp::Described::of(&offer.message));
    let answered = own.zip(theirs).map(|(own, theirs)| sdp::answers(seen, &own, &theirs, sdp::is_standalone(&offer.message)));
    let against = answered.into_iter().flatten().map(|finding| finding.on(offer.line()));
    sdp::grammar(view, seen).into_iter().chain(against).collect()
}

/// Whether a request invites to the handling of deferred messages.
pub(super) fn is_for_deferred(request: &crate::wire::sip::Message) -> bool {
    sdp::is_for(request, &["oma.cpm.deferred"])
}

/// Session-ids of the paths that the SUT described in a call (RFC 4975, 6).
pub(super) fn own_sessions(view: &View<'_>, call: &str) -> Vec<String> {
    let of_call = |s: &&Seen| s.by_sut() && s.message.call_id().is_some_and(|own| own == call);
    view.messages.list().iter().filter(of_call).flat_map(|s| msrp::described_sessions(&s.message)).collect()
}

/// The session-id that a path of an MSRP message ends with.
pub(super) fn session_id(seen: &MediaSeen, path: &str) -> Option<String> {
    msrp::session_id(seen, path)
}

/// Index of "it" among the SIP messages.
fn own(view: &View<'_>) -> usize {
    view.sip().unwrap_or_default()
}

/// A broken rule at `span` of "it".
fn broken<'a>(seen: impl Into<Item<'a>>, rule: &str, reason: Reason, expected: &str, observed: impl Into<String>, span: Span) -> Finding {
    let observed = observed.into();
    let observed = if observed.is_empty() { "nothing".to_owned() } else { super::shortened(&observed) };
    Finding::new(reason, expected, observed).by(rule).on(at(seen, span))
}

/// A broken recommendation at `span` of "it".
fn unwise<'a>(seen: impl Into<Item<'a>>, rule: &str, reason: Reason, expected: &str, observed: impl Into<String>, span: Span) -> Finding {
    broken(seen, rule, reason, expected, observed, span).weighing(Severity::Warn)
}

/// Something at `span` of "it" that passes, and is told.
fn remark<'a>(seen: impl Into<Item<'a>>, rule: &str, reason: Reason, expected: &str, observed: impl Into<String>, span: Span) -> Finding {
    broken(seen, rule, reason, expected, observed, span).weighing(Severity::Info)
}

/// The line of the first field called `name`, else the start line.
fn place(seen: &Seen, name: &str) -> Span {
    seen.message.first(name).map_or(seen.message.start_span(), |field| field.line)
}
