//! The size that an offer states, against what then travels (RFC 5547, 6; R-7.2.1.2-5).

use super::super::{at, shortened};
use crate::{
    check::View,
    field::{Field, Place, cpim_part},
    trace::view::{Item, Whole},
    verdict::{Finding, Reason, Severity},
    wire::cpim::Cpim,
};

fn field(name: &str, param: Option<&str>) -> Field {
    Field { place: Place::Sdp(name.to_owned()), param: param.map(str::to_owned), optional: false }
}

/// The octets of the content, as stated; those of the whole CPIM object will do, and are told.
pub(super) fn rules(view: &View<'_>, item: Item<'_>) -> Vec<Finding> {
    let rule = "RFC 5547, 6";
    let Item::Whole(whole) = item else {
        return vec![Finding::new(Reason::Suite, "an MSRP message", "another kind of message").by(rule)];
    };
    let raw = whole.raw();
    let Some(part) = cpim_part(item) else {
        return vec![Finding::new(Reason::Missing, "a CPIM object", "none by its Content-Type").by(rule).on(item.line())];
    };
    let Some(offer) = offer(view, whole) else {
        return vec![Finding::new(Reason::Missing, "an INVITE in front of the message", "none").by(rule).on(item.line())];
    };
    let stated = field("file-selector", Some("size")).read(&offer.message);
    let Some(stated) = stated.first() else {
        return vec![Finding::new(Reason::Missing, "file-selector with a size", "none").by(rule).on(offer.line())];
    };
    let content = Cpim::parse(raw, part).decoded(raw).len();
    let expected = format!("size: {content}, the octets of the content");
    let finding = |severity| {
        let observed = shortened(&stated.text);
        Finding::new(Reason::Violated, expected.clone(), observed).by(rule).weighing(severity).on(at(offer, stated.span)).on(item.line())
    };
    match stated.text.parse::<usize>() {
        Ok(size) if size == content => Vec::new(),
        Ok(size) if size == part.len() => vec![finding(Severity::Info)],
        _ => vec![finding(Severity::Fail)],
    }
}

/// The invitation to the session of an MSRP message: by the path, or else the last one before.
fn offer<'a>(view: &View<'a>, whole: &Whole) -> Option<&'a crate::trace::view::Seen> {
    let own = whole.unit().header("From-Path").map(|span| span.text(whole.raw()).into_owned());
    let is_invite = |seen: &&crate::trace::view::Seen| {
        seen.by_sut() == whole.by_sut() && seen.repeats.is_none() && seen.message.method() == Some("INVITE") && seen.entry < whole.entry
    };
    let invites = || view.messages.list().iter().rev().filter(is_invite);
    let path = field("path", None);
    invites().find(|seen| path.read(&seen.message).first().map(|f| &f.text) == own.as_ref()).or_else(|| invites().next())
}
