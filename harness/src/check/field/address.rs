//! Fields that hold addresses: whose they are, how they are written, one number as two URIs.

use super::{judged, unexpected, wrong};
use crate::{
    check::{
        View, at,
        compare::{self, Cmp},
        session, shortened,
    },
    field::{Field, Found, Place},
    trace::view::{Item, Seen},
    verdict::{Finding, Judgement, Reason, Severity},
    wire::uri,
};

/// Whether a recipient is the same telephone number, once as tel URI and once as `sip:+n@home;user=phone` (CMP-URI).
///
/// Who routes a request makes the one of the other; in CPIM both stand for the number whatever the domain (CONV-7.3.9.1-1a).
pub(super) fn same_number(view: &View<'_>, field: &Field, a: &str, b: &str) -> bool {
    let host_counts = match &field.place {
        Place::RequestUri => true,
        Place::Header(name) if name.eq_ignore_ascii_case("To") => true,
        Place::Cpim(name) if name == "To" => false,
        _ => return false,
    };
    let home = view.ixit.text("home").unwrap_or_default();
    let pair = [a, b].map(|text| uri::Uri::parse(&compare::whole(text)));
    let (tel, sip) = match &pair {
        [tel, sip] | [sip, tel] if tel.scheme == "tel" && matches!(sip.scheme.as_str(), "sip" | "sips") => (tel, sip),
        _ => return false,
    };
    let phone = sip.param("user").flatten().is_some_and(|user| user.eq_ignore_ascii_case("phone"));
    let number = sip.user.as_deref().filter(|user| user.starts_with('+') && phone);
    let at_home = !host_counts || sip.host.eq_ignore_ascii_case(home);
    let written = |uri: &uri::Uri| tel.params.is_empty() && uri.problem.is_none();
    at_home
        && written(sip)
        && number.is_some_and(|n| uri::same(&format!("tel:{n}"), &format!("tel:{}", tel.user.as_deref().unwrap_or_default())))
}

/// What is to be said about the spelling of a value that is right: quotes and brackets of an instance, case of a service.
pub(super) fn form(seen: Item<'_>, field: &Field, rule: Cmp, value: &str, found: &Found) -> Option<Finding> {
    match rule {
        Cmp::Instance => {
            let quoted = found.span.from.checked_sub(1).and_then(|at| seen.raw().get(at)) == Some(&b'"');
            let bracketed = found.text.starts_with('<') && found.text.ends_with('>');
            let finding = || {
                let expected = format!("{field}: a URN in angle brackets inside quotes (RFC 5626, 4.1)");
                Finding::new(Reason::Malformed, expected, shortened(&found.text)).by("CMP-INSTANCE").on(at(seen, found.span))
            };
            (!quoted || !bracketed).then(finding)
        }
        Cmp::Service if found.text.trim() != value => Some(
            Finding::new(Reason::Violated, format!("{field}: {value}, best in this case"), shortened(&found.text))
                .by("CMP-PSERVICE")
                .weighing(Severity::Info)
                .on(at(seen, found.span)),
        ),
        _ => None,
    }
}

/// Whether the field names who the user wants to be: RFC 3325, 9.2 lets it have two values.
pub(super) fn is_identity(field: &Field) -> bool {
    field.param.is_none() && matches!(&field.place, Place::Header(name) if name.eq_ignore_ascii_case("P-Preferred-Identity"))
}

/// Values of a P-Preferred-Identity beyond one sip or sips URI and one tel URI.
pub(super) fn surplus_identities(seen: Item<'_>, field: &Field, all: &[Found]) -> Vec<Finding> {
    let is_tel = |found: &Found| compare::address(&found.text).get(..4).is_some_and(|s| s.eq_ignore_ascii_case("tel:"));
    let second = |tel: bool| all.iter().filter(|found| is_tel(found) == tel).nth(1);
    let expected = format!("{field} once, or with one sip URI and one tel URI (RFC 3325, 9.2)");
    [false, true].into_iter().filter_map(second).map(|found| unexpected(seen, &expected, found)).collect()
}

/// Every value of the field is an address of the actor (CMP-URI).
#[must_use]
pub fn is_address_of(view: &View<'_>, field: &Field, actor: &str) -> Judgement {
    let mut addresses = view.addresses(actor);
    // What is written in a group session may name the session itself (R-7.3.9.1-4).
    if actor == "the Controlling Function" && matches!(field.place, Place::Cpim(_)) {
        addresses.extend(session::identities(view));
    }
    judged(view, field, |seen, all| {
        if let (Some(found), true) = (all.first(), is_anonymous_sender(view, seen, field)) {
            return anonymous_sender(seen, found, &addresses);
        }
        let is = |found: &Found, a: &String| {
            let text = compare::compared(field, &found.text);
            uri::same(a, &compare::whole(&text)) || same_number(view, field, &text, a)
        };
        let foreign = |found: &&Found| !addresses.iter().any(|a| is(found, a));
        let mut findings: Vec<Finding> = all
            .iter()
            .filter(foreign)
            .map(|found| wrong(seen, field, Cmp::Uri, &format!("the address of {actor}: {}", addresses.join(" or ")), found))
            .collect();
        if is_identity(field) {
            findings.extend(surplus_identities(seen, field, all));
        } else if let Some(surplus) = all.get(1) {
            findings.push(unexpected(seen, &format!("{field} once"), surplus));
        }
        findings
    })
}

/// Whether the field is the CPIM From of a message whose sender stays anonymous; of an MSRP message its invitation says so.
fn is_anonymous_sender(view: &View<'_>, seen: Item<'_>, field: &Field) -> bool {
    if !matches!(&field.place, Place::Cpim(name) if name == "From") {
        return false;
    }
    let invitation = |sip: &&Seen| sip.entry < seen.entry() && sip.by_sut() == seen.by_sut() && sip.message.method() == Some("INVITE");
    let carrier = match seen {
        Item::Sip(sip) => Some(sip),
        Item::Media(_) | Item::Whole(_) | Item::Rtp(_) => view.messages.list().iter().rev().find(invitation),
    };
    let Some(message) = carrier.map(|sip| &sip.message) else { return false };
    let nobody =
        message.elements("From").iter().any(|s| uri::same(&compare::address(&s.text(&message.raw)), "sip:anonymous@anonymous.invalid"));
    nobody || message.elements("Privacy").iter().any(|p| compare::tokens(&p.text(&message.raw)).contains("id"))
}

/// R-7.2.1.3-2: such a CPIM From names nobody; the sender's own address passes with a warning.
fn anonymous_sender(seen: Item<'_>, found: &Found, addresses: &[String]) -> Vec<Finding> {
    let address = compare::address(&found.text);
    if uri::same(&address, "sip:anonymous@anonymous.invalid") {
        return Vec::new();
    }
    let own = addresses.iter().any(|a| uri::same(a, &address));
    let finding =
        Finding::new(Reason::Violated, "CPIM From: sip:anonymous@anonymous.invalid in an anonymous message", shortened(&found.text));
    vec![finding.by("R-7.2.1.3-2").weighing(if own { Severity::Warn } else { Severity::Fail }).on(at(seen, found.span))]
}
