//! REGISTER (RFC 3261, 10.2 and 22; RFC 3840, 9; RFC 5627, 4.1): form, expiry, challenges, capabilities.

use super::{broken, place, rfc3261, unwise};
use crate::{
    check::{View, compare},
    digest::{Algorithm, Credentials},
    field::Field,
    trace::view::Seen,
    verdict::{Finding, Reason},
    wire::{
        Span,
        params::{self, NameAddr, Parametered},
        sip::Message,
        uri::Uri,
    },
};

/// 10.2: form of a REGISTER, and the order of those of one boot cycle.
pub(super) fn request(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    let raw = &message.raw;
    let mut findings = rfc3261::request(seen);
    if let Some(target) = message.request_uri() {
        let uri = Uri::parse(&target.text(raw));
        let home = view.ixit.text("home").unwrap_or_default();
        let sip = matches!(uri.scheme.as_str(), "sip" | "sips");
        if !sip || uri.user.is_some() || !uri.host.eq_ignore_ascii_case(home) {
            findings.push(broken(
                seen,
                "RFC 3261, 10.2",
                Reason::Violated,
                &format!("Request-URI sip:{home}, without user"),
                target.text(raw),
                target,
            ));
        }
    }
    let [from, to] = ["From", "To"].map(|name| message.elements(name).first().map(|s| compare::address(&s.text(raw))));
    if !from.as_deref().zip(to.as_deref()).is_some_and(|(from, to)| crate::wire::uri::same(from, to)) {
        findings.push(broken(
            seen,
            "RFC 3261, 10.2",
            Reason::Violated,
            "To and From with the same address-of-record",
            format!("From {}, To {}", from.unwrap_or_default(), to.unwrap_or_default()),
            place(seen, "To"),
        ));
    }
    if message.first("Contact").is_none() {
        findings.push(broken(seen, "RFC 3261, 10.2", Reason::Missing, "a Contact", "none", message.start_span()));
    }
    // A restart begins a new boot cycle with a Call-ID of its own; within one, each new REGISTER counts one up.
    if let Some((older, old)) = earlier(view, |old| old.message.call_id() == message.call_id()) {
        let (own, before) = (message.cseq().map(|(n, _)| n), old.message.cseq().map(|(n, _)| n));
        // That a retry after a challenge counts up, CONV-7.1-rules judges.
        let challenged = answer_to(view, older).is_some_and(|a| matches!(a.message.status(), Some(401 | 407)));
        if own != before.map(|n| n + 1) && !challenged {
            findings.push(
                broken(
                    seen,
                    "RFC 3261, 10.2",
                    Reason::Violated,
                    "CSeq one more than in the REGISTER before",
                    own.unwrap_or_default().to_string(),
                    place(seen, "CSeq"),
                )
                .on(old.line()),
            );
        }
    }
    findings
}

/// 10.2.1: an expiry is asked for, and it is not 0.
pub(super) fn stays(_: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    let contacts = message.elements("Contact");
    let of_contact = |s: &Span| NameAddr::parse(&message.raw, *s).param(&message.raw, "expires")?.value;
    let of_field = message.first("Expires").map(|f| f.value);
    // One Contact that leaves is enough to leave; the field counts where a Contact says nothing.
    let asked: Vec<Span> = contacts.iter().filter_map(|s| of_contact(s).or(of_field)).collect();
    let zero = |s: &Span| compare::number(&s.text(&message.raw)).is_none_or(|n| n == 0);
    let Some(span) = asked.iter().copied().find(zero).or_else(|| asked.first().copied()) else {
        return vec![broken(
            seen,
            "RFC 3261, 10.2.1.1",
            Reason::Missing,
            "an expiry in Expires or in the Contact",
            "none",
            message.start_span(),
        )];
    };
    let starred = contacts.iter().any(|s| NameAddr::parse(&message.raw, *s).star);
    if zero(&span) || starred {
        return vec![broken(seen, "RFC 3261, 10.2.1.1", Reason::Violated, "an expiry above 0", span.text(&message.raw), span)];
    }
    Vec::new()
}

/// 10.2.2: what leaves is a registered contact, or `*`; an expiry of the Contact agrees.
pub(super) fn leaves(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    let raw = &message.raw;
    let registered: Vec<String> = view.messages.list()[..view.sip().unwrap_or_default()]
        .iter()
        .filter(|old| old.by_sut() && old.message.method() == Some("REGISTER"))
        .flat_map(|old| {
            old.message.elements("Contact").into_iter().map(|s| compare::address(&s.text(&old.message.raw))).collect::<Vec<_>>()
        })
        .collect();
    let mut findings = Vec::new();
    for span in message.elements("Contact") {
        let contact = NameAddr::parse(raw, span);
        let known = contact.star || registered.iter().any(|r| crate::wire::uri::same(r, &contact.uri.text(raw)));
        if !known {
            findings.push(broken(seen, "RFC 3261, 10.2.2", Reason::Violated, "the registered Contact, or *", span.text(raw), span));
        }
        if let Some(expires) = contact.param(raw, "expires").and_then(|p| p.value).filter(|v| compare::number(&v.text(raw)) != Some(0)) {
            findings.push(broken(
                seen,
                "RFC 3261, 10.2.1.1",
                Reason::Violated,
                "no expiry of the Contact that overrides Expires: 0",
                expires.text(raw),
                expires,
            ));
        }
    }
    findings
}

/// 10.2.8: after 423 the expiry is at least that of Min-Expires.
pub(super) fn longer(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let least = answer_before(view, |status| status == 423).and_then(|a| compare::number(&a.message.value("Min-Expires")?));
    let Some(least) = least else { return Vec::new() };
    let message = &seen.message;
    let of_contact =
        message.elements("Contact").into_iter().find_map(|s| NameAddr::parse(&message.raw, s).param(&message.raw, "expires")?.value);
    let span = of_contact.or_else(|| message.first("Expires").map(|f| f.value)).unwrap_or(message.start_span());
    let asked = compare::number(&span.text(&message.raw));
    if asked.is_none_or(|n| n < least) {
        return vec![broken(
            seen,
            "RFC 3261, 10.2.8",
            Reason::Violated,
            &format!("an expiry of at least {least}"),
            span.text(&message.raw),
            span,
        )];
    }
    Vec::new()
}

/// 22: the request after a challenge: same Call-ID, CSeq one up, credentials that are right.
pub(super) fn authenticates(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let Some(challenge) = answer_before(view, |status| matches!(status, 401 | 407)) else { return Vec::new() };
    let Some((_, first)) = earlier(view, |_| true) else { return Vec::new() };
    let message = &seen.message;
    let mut findings = Vec::new();
    if message.call_id() != first.message.call_id() {
        findings.push(
            unwise(seen, "RFC 3261, 22.2", Reason::Violated, "the Call-ID of the challenged request", "another", place(seen, "Call-ID"))
                .on(first.line()),
        );
    }
    let number = |m: &Message| m.cseq().map(|(n, _)| n);
    if number(message) != number(&first.message).map(|n| n + 1) {
        let observed = number(message).unwrap_or_default().to_string();
        findings.push(
            broken(seen, "RFC 3261, 22.2", Reason::Violated, "CSeq one more than in the challenged request", observed, place(seen, "CSeq"))
                .on(first.line()),
        );
    }
    let (asks, answers) = if challenge.message.status() == Some(407) {
        ("Proxy-Authenticate", "Proxy-Authorization")
    } else {
        ("WWW-Authenticate", "Authorization")
    };
    let Some(field) = message.first(answers) else {
        findings.push(broken(seen, "RFC 3261, 22.2", Reason::Missing, answers, "none", message.start_span()).on(challenge.line()));
        return findings;
    };
    if let Some(asked) = challenge.message.first(asks)
        && let Some((expected, observed)) = wrong_credentials(view, message, field.value, &challenge.message, asked.value)
    {
        let observed = if observed.is_empty() { "none".to_owned() } else { observed };
        findings.push(broken(seen, "RFC 7616, 3.4", Reason::Violated, &expected, observed, field.value).on(challenge.line()));
    }
    findings
}

/// What is wrong with the credentials, if anything: expected and observed. The password is in neither.
fn wrong_credentials(view: &View<'_>, message: &Message, own: Span, challenge: &Message, asked: Span) -> Option<(String, String)> {
    let (own, asked) = (params::digest(&message.raw, own), params::digest(&challenge.raw, asked));
    let text = |value: &Parametered, raw: &[u8], name: &str| {
        value.param(raw, name).and_then(|p| p.value).map_or_else(String::new, |v| v.text(raw).into_owned())
    };
    let mine = |name: &str| text(&own, &message.raw, name);
    let theirs = |name: &str| text(&asked, &challenge.raw, name);
    for name in ["realm", "nonce"] {
        if mine(name) != theirs(name) {
            return Some((format!("{name} of the challenge: {}", theirs(name)), mine(name)));
        }
    }
    let target = message.request_uri().map(|u| u.text(&message.raw).into_owned()).unwrap_or_default();
    if mine("uri") != target {
        return Some((format!("uri as the Request-URI: {target}"), mine("uri")));
    }
    if !theirs("opaque").is_empty() && mine("opaque") != theirs("opaque") {
        return Some((format!("opaque of the challenge: {}", theirs("opaque")), mine("opaque")));
    }
    // Without the parameter MD5 is meant; whether it was, the response shows.
    let meant = Some(mine("algorithm")).filter(|a| !a.is_empty()).unwrap_or_else(|| "MD5".to_owned());
    if !theirs("algorithm").is_empty() && !meant.eq_ignore_ascii_case(&theirs("algorithm")) {
        return Some((format!("algorithm {}", theirs("algorithm")), mine("algorithm")));
    }
    let (qop, nc, cnonce) = (mine("qop"), mine("nc"), mine("cnonce"));
    let counted = nc.len() == 8 && nc.bytes().all(|b| b.is_ascii_hexdigit());
    if !qop.is_empty() && !counted {
        return Some(("nc of 8 hexadecimal digits with qop".to_owned(), nc));
    }
    let (user, password) = (view.ixit.text("credentials user")?, view.ixit.text("credentials password")?);
    let right = Credentials {
        algorithm: Algorithm::named(&theirs("algorithm"))?,
        user,
        realm: &mine("realm"),
        nonce: &mine("nonce"),
        method: message.method()?,
        uri: &target,
        quality: (!qop.is_empty()).then_some((qop.as_str(), nc.as_str(), cnonce.as_str())),
    }
    .response(password);
    let response = mine("response");
    (mine("username") != user || response != right).then(|| (format!("response {right} for the credentials of the IXIT"), response))
}

/// RFC 3840, 9: feature parameters with correct syntax; a `methods` list holds what a CPM client needs (R-7.1-2).
pub(super) fn capabilities(_: &View<'_>, seen: &Seen) -> Vec<Finding> {
    const BASE: [&str; 20] = [
        "audio",
        "automata",
        "class",
        "duplex",
        "data",
        "control",
        "mobility",
        "description",
        "events",
        "priority",
        "methods",
        "schemes",
        "application",
        "video",
        "language",
        "type",
        "isfocus",
        "actor",
        "text",
        "extensions",
    ];
    let raw = &seen.message.raw;
    let mut findings = Vec::new();
    for span in seen.message.elements("Contact") {
        let contact = NameAddr::parse(raw, span);
        let mut known: Vec<String> = Vec::new();
        for param in &contact.params {
            let name = param.name.text(raw).to_ascii_lowercase();
            let feature = name.starts_with('+') || BASE.contains(&name.as_str());
            if !feature {
                continue;
            }
            // Twice +g.3gpp.icsi-ref, CONV-7.1-2 judges, twice +sip.instance, CONV-7.1-3.
            if known.contains(&name) && !name.starts_with('+') {
                findings.push(broken(seen, "RFC 3840, 9", Reason::Unexpected, "each feature parameter once", &name, param.span));
            }
            if BASE.contains(&name.trim_start_matches('+')) && name.starts_with('+') {
                findings.push(broken(seen, "RFC 3840, 9", Reason::Malformed, "a base tag without +", &name, param.span));
            }
            if param.value.is_some() && !param.quoted {
                findings.push(broken(seen, "RFC 3840, 9", Reason::Malformed, "the value in quotes", param.span.text(raw), param.span));
            }
            known.push(name);
        }
        let listed = contact.param(raw, "methods").and_then(|p| p.value).map(|v| (v, compare::tokens(&v.text(raw))));
        if let Some((span, methods)) = listed
            && let Some(lacking) = ["message", "invite", "bye", "cancel", "ack"].iter().find(|m| !methods.contains(**m))
        {
            findings.push(broken(
                seen,
                "R-7.1-2",
                Reason::Missing,
                &format!("methods with {}", lacking.to_uppercase()),
                span.text(raw),
                span,
            ));
        }
    }
    findings
}

/// RFC 5627, 4.1: who requires GRUU supports it and states an instance.
pub(super) fn gruu(_: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let raw = &seen.message.raw;
    let lists = |name: &str| seen.message.elements(name).iter().any(|s| s.text(raw).eq_ignore_ascii_case("gruu"));
    if !lists("Require") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    if !lists("Supported") {
        findings.push(broken(
            seen,
            "RFC 5627, 4.1",
            Reason::Missing,
            "Supported: gruu beside Require: gruu",
            "not there",
            place(seen, "Require"),
        ));
    }
    let instance: Option<Field> = "Contact;+sip.instance".parse().ok();
    if instance.is_some_and(|f| f.read(&seen.message).is_empty()) {
        findings.push(broken(
            seen,
            "RFC 5627, 4.1",
            Reason::Missing,
            "+sip.instance beside Require: gruu",
            "not there",
            place(seen, "Contact"),
        ));
    }
    findings
}

/// TS 24.229, 5.1.1.4: a refresh of up to 1200 s at half its time; outside 25 to 58 of 60 s warns (R-7.1-5).
pub(super) fn in_time(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let Some(granted) = answer_before(view, |status| status == 200) else { return Vec::new() };
    let message = &granted.message;
    let of_contact = message
        .elements("Contact")
        .into_iter()
        .find_map(|s| compare::number(&NameAddr::parse(&message.raw, s).param(&message.raw, "expires")?.value?.text(&message.raw)));
    let Some(term) = of_contact.or_else(|| compare::number(&message.value("Expires")?)) else { return Vec::new() };
    let (least, most) = (term as f64 * 25.0 / 60.0, term as f64 * 58.0 / 60.0);
    let waited = seen.at.saturating_sub(granted.at).as_secs_f64();
    if waited < least || waited > most {
        let expected = format!("a refresh {least:.0} to {most:.0} s after the grant of {term} s");
        return vec![
            unwise(seen, "R-7.1-5", Reason::Late, &expected, format!("{waited:.1} s"), seen.message.start_span()).on(granted.line()),
        ];
    }
    Vec::new()
}

/// The latest request of the SUT before "it", and of its method, that fits.
fn earlier<'a>(view: &View<'a>, fits: impl Fn(&Seen) -> bool) -> Option<(usize, &'a Seen)> {
    let list = view.messages.list();
    let method = list.get(view.sip()?)?.message.method();
    let before = list[..view.sip()?].iter().enumerate().rev();
    before.into_iter().find(|(_, old)| old.by_sut() && old.repeats.is_none() && old.message.method() == method && fits(old))
}

/// The final response to request `index`.
fn answer_to<'a>(view: &View<'a>, index: usize) -> Option<&'a Seen> {
    let list = view.messages.list();
    (index + 1..list.len())
        .find(|i| list[*i].message.status().is_some_and(|s| s >= 200) && view.messages.request_of(*i) == Some(index))
        .map(|i| &list[i])
}

/// The latest response to a request of the method of "it", before it, with such a status.
fn answer_before<'a>(view: &View<'a>, fits: impl Fn(u16) -> bool) -> Option<&'a Seen> {
    let list = view.messages.list();
    let method = list.get(view.sip()?)?.message.method();
    let before = list[..view.sip()?].iter().rev();
    before.into_iter().find(|old| !old.by_sut() && old.message.cseq().map(|(_, m)| m) == method && old.message.status().is_some_and(&fits))
}
