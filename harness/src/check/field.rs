//! Judgements about fields of "it": presence, values, freshness, relation to other messages.

use super::{
    View, at,
    compare::{self, Cmp},
    on_item,
    reference::{MessageRef, comes_before},
    session, shortened,
};
use crate::{
    field::{Field, Found, Place},
    trace::view::{It, Item, Seen},
    verdict::{Finding, Judgement, Reason, Severity},
    wire::{
        Malformation, Span, icsi,
        params::{NameAddr, Param, Parametered},
        uri,
    },
};

/// `has`, `should have`, `may have`, `has no`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Has {
    /// It has to be there.
    Must,
    /// It should be there.
    Should,
    /// It may be there.
    May,
    /// It must not be there.
    MustNot,
}

/// `equals`, `differs from`, `is one more than`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compares {
    /// By the field's rule.
    Equals,
    /// By the field's rule.
    Differs,
    /// As numbers.
    OneMore,
}

/// The field is there, or is not.
#[must_use]
pub fn has(view: &View<'_>, field: &Field, has: Has) -> Judgement {
    if has == Has::May && view.item().is_ok_and(|seen| field.read(seen).is_empty()) {
        return Judgement::NotTaken(format!("there is no {field}"));
    }
    if let Some(hidden) = hidden_in_body(view, field) {
        return hidden;
    }
    on_item(view, |seen| {
        let found = field.read(seen);
        match (has, found.first()) {
            (Has::Must, None) => vec![missing(seen, field)],
            (Has::Should, None) => vec![missing(seen, field).weighing(Severity::Warn)],
            (Has::MustNot, Some(found)) => vec![unexpected(seen, &format!("no {field}"), found)],
            _ => Vec::new(),
        }
    })
}

/// The field stands there once, with this value.
#[must_use]
pub fn is(view: &View<'_>, field: &Field, value: &str) -> Judgement {
    let rule = Cmp::of(field);
    if rule == Cmp::Icsi {
        return lists_features(view, field, value);
    }
    if is_identity(field) {
        // RFC 3325, 9.2: a sip or sips address and a telephone number may stand side by side; one of them has to be it.
        return judged(view, field, |seen, all| {
            let mut findings = surplus_identities(seen, field, all);
            if !all.iter().any(|found| rule.equal(&compare::compared(field, &found.text), value)) {
                findings.push(wrong(seen, field, rule, value, &all[0]));
            }
            findings
        });
    }
    single(view, field, |seen, found| {
        let text = compare::compared(field, &found.text);
        if !rule.equal(&text, value) && !same_number(view, field, &text, value) {
            return Some(wrong(seen, field, rule, &format!("{value:?}"), found));
        }
        form(seen, field, rule, value, found)
    })
}

/// Whether a recipient is the same telephone number, once as tel URI and once as `sip:+n@home;user=phone` (CMP-URI).
///
/// Who routes a request makes the one of the other; in CPIM both stand for the number whatever the domain (CONV-7.3.9.1-1a).
fn same_number(view: &View<'_>, field: &Field, a: &str, b: &str) -> bool {
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
fn form(seen: Item<'_>, field: &Field, rule: Cmp, value: &str, found: &Found) -> Option<Finding> {
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
fn is_identity(field: &Field) -> bool {
    field.param.is_none() && matches!(&field.place, Place::Header(name) if name.eq_ignore_ascii_case("P-Preferred-Identity"))
}

/// Values of a P-Preferred-Identity beyond one sip or sips URI and one tel URI.
fn surplus_identities(seen: Item<'_>, field: &Field, all: &[Found]) -> Vec<Finding> {
    let is_tel = |found: &Found| compare::address(&found.text).get(..4).is_some_and(|s| s.eq_ignore_ascii_case("tel:"));
    let second = |tel: bool| all.iter().filter(|found| is_tel(found) == tel).nth(1);
    let expected = format!("{field} once, or with one sip URI and one tel URI (RFC 3325, 9.2)");
    [false, true].into_iter().filter_map(second).map(|found| unexpected(seen, &expected, found)).collect()
}

/// The field contains a token of a list, or a text, or does not.
#[must_use]
pub fn contains(view: &View<'_>, field: &Field, contains: bool, value: &str) -> Judgement {
    // What is not there contains nothing.
    if let (false, true, Ok(seen)) = (contains, field.optional, view.item())
        && field.read(seen).is_empty()
    {
        return Judgement::met(seen.line());
    }
    let rule = Cmp::of(field);
    let holds = |found: &Found| rule.contains(&found.text, value);
    judged(view, field, |seen, all| {
        let holder = all.iter().find(|found| holds(found));
        match (contains, holder) {
            (true, None) => {
                let observed: Vec<_> = all.iter().map(|f| f.text.as_str()).collect();
                let finding = Finding::new(
                    Reason::Violated,
                    format!("{field} with {value}"),
                    format!("{field}: {}", shortened(&observed.join(", "))),
                );
                vec![finding.by(rule.name()).on(all.iter().flat_map(|f| at(seen, f.span)))]
            }
            (false, Some(found)) => vec![unexpected(seen, &format!("{field} without {value}"), found)],
            (true, Some(found)) => super::sdp::more_types(seen, field, value, found).into_iter().collect(),
            (false, None) => Vec::new(),
        }
    })
}

/// The field is at least, or at most, a number.
#[must_use]
pub fn is_bounded(view: &View<'_>, field: &Field, least: bool, bound: u64) -> Judgement {
    let word = if least { "at least" } else { "at most" };
    single(view, field, |seen, found| {
        let fits = compare::number(&found.text).is_some_and(|n| if least { n >= bound } else { n <= bound });
        (!fits).then(|| wrong(seen, field, Cmp::Number, &format!("a number of {word} {bound}"), found))
    })
}

/// The field carries an ICSI, percent-encoded inside `+g.3gpp.icsi-ref`, or carries none such (CMP-ICSI; TS 24.229, 7.2A.8.2).
#[must_use]
pub fn carries_icsi(view: &View<'_>, field: &Field, carries: bool, wanted: &str) -> Judgement {
    let expected = |word: &str| format!("{field} {word} +g.3gpp.icsi-ref with {wanted}, percent-encoded and quoted");
    judged(view, field, |seen, all| {
        let raw = seen.raw();
        let values: Vec<(bool, Vec<Param>)> = all.iter().map(|found| value_params(field, raw, found)).collect();
        let read: Vec<_> = values.iter().map(|(star, params)| (*star, icsi::of_params(raw, params))).collect();
        let holder = read.iter().find_map(|(star, (found, _))| found.iter().find(|i| *star && !i.negated && icsi::covers(&i.urn, wanted)));
        if !carries {
            return holder
                .map(|i| {
                    let text = i.span.text(raw).into_owned();
                    Finding::new(Reason::Unexpected, expected("without"), text).by("CMP-ICSI").on(at(seen, i.span))
                })
                .into_iter()
                .collect();
        }
        let malformed: Vec<&Malformation> = read.iter().flat_map(|(_, (_, malformed))| malformed).collect();
        // A value that is right does not excuse one that breaks the grammar.
        if holder.is_some() && malformed.is_empty() {
            return Vec::new();
        }
        if malformed.is_empty() {
            let observed = all.iter().map(|f| f.text.as_str()).collect::<Vec<_>>().join(", ");
            // R-7.3.1.3-1: so it is printed in one section of the source.
            let literal = wanted.replace(".icsi.oma.cpm.", ".icsi.cpm.");
            let printed = literal != wanted && read.iter().flat_map(|(_, (found, _))| found).any(|i| icsi::covers(&i.urn, &literal));
            let told = if printed { " (literal source text)" } else { "" };
            let finding = Finding::new(Reason::Missing, expected("with"), shortened(&format!("{field}: {observed}")) + told).by("CMP-ICSI");
            return vec![finding.on(all.iter().flat_map(|f| at(seen, f.span)))];
        }
        let finding = |m: &&Malformation| {
            Finding::new(Reason::Malformed, expected("with"), format!("{}: {}", m.code, m.message)).by("CMP-ICSI").on(at(seen, m.span))
        };
        malformed.iter().map(finding).collect()
    })
}

/// The CPM features of the field are exactly those listed (CONV-7.1-2); more than one such parameter breaks RFC 3840, 9.
fn lists_features(view: &View<'_>, field: &Field, wanted: &str) -> Judgement {
    judged(view, field, |seen, all| {
        let groups = by_value(seen, field, all);
        if let Some(second) = groups.iter().find_map(|(_, group)| group.get(1)) {
            return vec![unexpected(seen, "one +g.3gpp.icsi-ref in a Contact (RFC 3840, 9; R-7.1-1)", second).by("R-7.1-1")];
        }
        let contact = Field { param: None, ..field.clone() };
        let raw = seen.raw();
        let malformed: Vec<Malformation> =
            contact.read(seen).iter().flat_map(|found| icsi::of_params(raw, &value_params(&contact, raw, found).1).1).collect();
        let mut findings: Vec<Finding> = malformed
            .iter()
            .map(|m| {
                Finding::new(Reason::Malformed, "a quoted list of percent-encoded ICSI", format!("{}: {}", m.code, m.message))
                    .by("CMP-ICSI")
                    .on(at(seen, m.span))
            })
            .collect();
        // Of several Contacts each may state a part of what the client can do.
        let have = all.iter().flat_map(|found| compare::cpm_features(&found.text)).collect();
        let want = compare::cpm_features(wanted);
        if have != want {
            let list = |set: &std::collections::BTreeSet<String>| {
                set.iter().map(|urn| urn.rsplit("cpm.").next().unwrap_or_default()).collect::<Vec<_>>().join(", ")
            };
            let finding = Finding::new(
                Reason::Violated,
                format!("the CPM features that the ICS declares: {}", list(&want)),
                format!("registered: {}", list(&have)),
            );
            findings.push(finding.by("CMP-ICSI").on(at(seen, all[0].span)));
        }
        findings
    })
}

/// Parameters of a value, and for Accept-Contact whether it starts with `*` (RFC 3841, 10).
fn value_params(field: &Field, raw: &[u8], found: &Found) -> (bool, Vec<Param>) {
    if field.holds_addresses() {
        (true, NameAddr::parse(raw, found.span).params)
    } else {
        let value = Parametered::parse(raw, found.span);
        (value.head.of(raw) == b"*", value.params)
    }
}

/// The field names the CPM release of the suite (CMP-PRODUCT; R-7-4, H-1): anywhere passes, not first is a remark.
#[must_use]
pub fn states_release(view: &View<'_>, field: &Field) -> Judgement {
    let release = view.ixit.text("user agent release").unwrap_or_default().to_owned();
    single(view, field, |seen, found| {
        let expected = format!("the product token CPM-client/{release}");
        let is_client = |p: &&str| p.split('/').next().is_some_and(|name| name.eq_ignore_ascii_case("CPM-client"));
        let products = products(&found.text);
        let products: Vec<&str> = products.iter().map(String::as_str).collect();
        match products.iter().position(is_client) {
            None => Some(Finding::new(Reason::Missing, expected, format!("{field}: {}", shortened(&found.text)))),
            Some(place) if products[place].split_once('/').map(|(_, version)| version) != Some(&release) => {
                Some(Finding::new(Reason::Violated, expected, format!("wrong release: {}", products[place])))
            }
            Some(0) => None,
            Some(_) => Some(
                Finding::new(Reason::Violated, format!("{expected}, best as the first"), "it is not the first product")
                    .weighing(Severity::Info)
                    .by("H-1"),
            ),
        }
        .map(|finding| finding.on(at(seen, found.span)))
        .map(|finding| if finding.rule.is_empty() { finding.by("CMP-PRODUCT") } else { finding })
    })
}

/// Product tokens of a User-Agent or Server value; comments are left out, and blanks around a slash (RFC 3261, 25.1: SLASH).
fn products(text: &str) -> Vec<String> {
    let (mut depth, mut escaped) = (0_usize, false);
    let outside: String = text
        .chars()
        .map(|c| {
            let literal = std::mem::take(&mut escaped);
            match c {
                '\\' if depth > 0 && !literal => escaped = true,
                '(' if !literal => depth += 1,
                ')' if !literal && depth > 0 => {
                    depth -= 1;
                    return ' ';
                }
                _ => {}
            }
            if depth == 0 { c } else { ' ' }
        })
        .collect();
    let mut products: Vec<String> = Vec::new();
    for word in outside.split_ascii_whitespace() {
        match products.last_mut().filter(|last| last.ends_with('/') || word.starts_with('/')) {
            Some(last) => last.push_str(word),
            None => products.push(word.to_owned()),
        }
    }
    products
}

/// The value stands alone and is unlike every earlier one of the same field in the trace, both ways (CMP-OPAQUE, R-0-9).
#[must_use]
pub fn is_newly_generated(view: &View<'_>, field: &Field) -> Judgement {
    single(view, field, |seen, found| {
        if found.text.is_empty() || found.text.contains(char::is_whitespace) {
            return Some(
                Finding::new(Reason::Malformed, "one value without blanks", format!("{:?}", shortened(&found.text)))
                    .by("CMP-OPAQUE")
                    .on(at(seen, found.span)),
            );
        }
        let older = earlier(view, field).into_iter().find(|old| field.read(*old).iter().any(|f| f.text == found.text))?;
        let finding = Finding::new(
            Reason::Violated,
            format!("a {field} not seen before"),
            format!("{}, as in the message at {:.3} s", shortened(&found.text), older.at().as_secs_f64()),
        );
        let old_place = field.read(older).iter().find(|f| f.text == found.text).map(|f| at(older, f.span)).unwrap_or_default();
        Some(finding.by("R-0-9").on(at(seen, found.span)).on(old_place))
    })
}

/// All messages before "it" that may have such a field, but for the parts of one MSRP message, which share its fields.
fn earlier<'a>(view: &View<'a>, field: &Field) -> Vec<Item<'a>> {
    let Some(it) = view.it else { return Vec::new() };
    let messages = view.messages;
    let own = match it {
        It::Sip(_) => None,
        It::Media(index) => messages.media().get(index).and_then(|seen| seen.whole),
        It::Whole(index) => Some(index),
    };
    let sip = (0..messages.list().len()).map(It::Sip);
    let wholes = (0..messages.wholes().len()).filter(|index| own != Some(*index)).map(It::Whole);
    let media = (0..messages.media().len()).filter(|index| messages.media()[*index].whole.is_none_or(|whole| own != Some(whole)));
    // Requests of media are looked at only where the field is theirs alone.
    let media = media.filter(|_| matches!(field.place, Place::Msrp(_) | Place::Imap(_) | Place::Http(_))).map(It::Media);
    sip.chain(wholes).chain(media).filter(|place| comes_before(view, *place, it)).filter_map(|place| messages.item(place)).collect()
}

/// No two of "they" share a value of the field.
#[must_use]
pub fn all_differ(view: &View<'_>, field: &Field) -> Judgement {
    let mut known: Vec<(String, Item<'_>)> = Vec::new();
    let mut findings = Vec::new();
    for seen in view.they.iter().filter_map(|place| view.messages.item(*place)) {
        match field.read(seen).into_iter().next() {
            None => findings.push(missing(seen, field)),
            Some(found) => match known.iter().find(|(text, _)| *text == found.text) {
                Some(_) => findings.push(
                    Finding::new(Reason::Violated, format!("another {field} in each"), shortened(&found.text)).on(at(seen, found.span)),
                ),
                None => known.push((found.text, seen)),
            },
        }
    }
    if view.they.is_empty() {
        return Judgement::Obstacle(Reason::HiddenByAnswer, "the messages that this line speaks of were not seen".to_owned());
    }
    let evidence = known.iter().flat_map(|(_, seen)| seen.line()).collect();
    Judgement::Looked { findings, evidence }
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
        Item::Media(_) | Item::Whole(_) => view.messages.list().iter().rev().find(invitation),
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

/// A field of "it" equals another field of another message; of several values there any will do.
#[must_use]
pub fn is_field_of(view: &View<'_>, field: &Field, other: &Field, message: &MessageRef) -> Judgement {
    let Some(source) = message.before_it(view).and_then(|place| view.messages.item(place)) else { return unseen(message) };
    let values = other.read(source);
    if values.is_empty() {
        return Judgement::Obstacle(Reason::NotTriggered, format!("{message} has no {other}"));
    }
    let rule = Cmp::of(field);
    single(view, field, |seen, found| {
        let text = compare::compared(field, &found.text);
        let is = |value: &Found| {
            let value = compare::compared(other, &value.text);
            rule.equal(&text, &value) || same_number(view, field, &text, &value)
        };
        (!values.iter().any(is)).then(|| {
            let texts: Vec<_> = values.iter().map(|v| v.text.as_str()).collect();
            let finding = wrong(seen, field, rule, &format!("the {other} of {message}: {}", shortened(&texts.join(" or "))), found);
            finding.on(values.iter().flat_map(|v| at(source, v.span)))
        })
    })
}

/// A field of "it" against the same field of another message.
#[must_use]
pub fn compares(view: &View<'_>, field: &Field, how: Compares, message: &MessageRef) -> Judgement {
    let Some(source) = message.before_it(view).and_then(|place| view.messages.item(place)) else { return unseen(message) };
    let values = field.read(source);
    let Some(value) = values.first() else {
        return Judgement::Obstacle(Reason::NotTriggered, format!("{message} has no {field}"));
    };
    let rule = Cmp::of(field);
    let same = |a: &Found, b: &Found| rule.equal(&compare::compared(field, &a.text), &compare::compared(field, &b.text));
    if how == Compares::Equals && rule == Cmp::Uri && values.len() > 1 {
        return judged(view, field, |seen, all| {
            let lacks = |a: &[Found], b: &[Found]| a.iter().any(|x| !b.iter().any(|y| same(x, y)));
            let texts: Vec<_> = values.iter().map(|v| v.text.as_str()).collect();
            let expected = format!("the same as in {message}: {}", shortened(&texts.join(", ")));
            let differs = lacks(all, &values) || lacks(&values, all);
            differs
                .then(|| wrong(seen, field, rule, &expected, &all[0]).on(values.iter().flat_map(|v| at(source, v.span))))
                .into_iter()
                .collect()
        });
    }
    single(view, field, |seen, found| {
        let (holds, expected) = match how {
            Compares::Equals => (same(found, value), format!("as in {message}: {}", shortened(&value.text))),
            Compares::Differs => (!same(found, value), format!("another {field} than in {message}")),
            Compares::OneMore => {
                let (one, other) = (compare::number(&found.text), compare::number(&value.text));
                (one.is_some() && one == other.map(|n| n + 1), format!("one more than in {message}: {}", shortened(&value.text)))
            }
        };
        (!holds).then(|| wrong(seen, field, rule, &expected, found).on(at(source, value.span)))
    })
}

/// Each of the fields is in "it" just when it is in the other message, octet by octet the same.
#[must_use]
pub fn copies_from(view: &View<'_>, message: &MessageRef, fields: &[Field]) -> Judgement {
    let Some(source) = message.before_it(view).and_then(|place| view.messages.item(place)) else { return unseen(message) };
    on_item(view, |seen| {
        let mut findings = Vec::new();
        for field in fields {
            let (wanted, found) = (field.read(source), field.read(seen));
            match (wanted.first(), found.first()) {
                (Some(_), None) => findings.push(missing(seen, field)),
                (None, Some(found)) => findings.push(unexpected(seen, &format!("no {field}, as {message} has none"), found)),
                (Some(wanted), Some(found)) if wanted.text != found.text || field.read(seen).len() > 1 => {
                    let expected = format!("{field} as in {message}: {}", shortened(&wanted.text));
                    findings.push(wrong(seen, field, Cmp::Opaque, &expected, found).on(at(source, wanted.span)));
                }
                _ => {}
            }
        }
        findings
    })
}

/// Runs a check on the one value that the field may have; with `, if any,` an absent field is a branch not taken.
///
/// A parameter of Contact has one value in each Contact.
fn single(view: &View<'_>, field: &Field, check: impl Fn(Item<'_>, &Found) -> Option<Finding>) -> Judgement {
    judged(view, field, |seen, all| {
        let groups = by_value(seen, field, all).into_iter();
        let judge = |(value, group): (Option<Span>, Vec<Found>)| match group.as_slice() {
            [one] => check(seen, one),
            [_, second, ..] => Some(unexpected(seen, &format!("{field} once"), second)),
            [] => value.map(|span| {
                let observed = shortened(&span.text(seen.raw()));
                Finding::new(Reason::Missing, format!("{field} in each value of the header field"), observed).on(at(seen, span))
            }),
        };
        groups.filter_map(judge).collect()
    })
}

/// Occurrences by the Contact that they stand in, for a parameter of it; else all of them as one group.
fn by_value(seen: Item<'_>, field: &Field, all: &[Found]) -> Vec<(Option<Span>, Vec<Found>)> {
    let of_contact = matches!(&field.place, Place::Header(name) if name.eq_ignore_ascii_case("Contact"));
    let contacts = match seen {
        Item::Sip(sip) if of_contact && field.param.is_some() => sip.message.elements("Contact"),
        _ => Vec::new(),
    };
    if contacts.len() < 2 {
        return vec![(None, all.to_vec())];
    }
    let within = |value: Span| all.iter().filter(move |f| value.from <= f.span.from && f.span.to <= value.to).cloned().collect();
    contacts.into_iter().map(|value| (Some(value), within(value))).collect()
}

/// Runs a check on all values of the field, of which there is one at least.
fn judged(view: &View<'_>, field: &Field, check: impl FnOnce(Item<'_>, &[Found]) -> Vec<Finding>) -> Judgement {
    if field.optional && view.item().is_ok_and(|seen| field.read(seen).is_empty()) {
        return Judgement::NotTaken(format!("there is no {field}"));
    }
    if let Some(hidden) = hidden_in_body(view, field) {
        return hidden;
    }
    on_item(view, |seen| match field.read(seen) {
        all if all.is_empty() => vec![missing(seen, field)],
        all => check(seen, &all),
    })
}

/// A field of a CPIM object that is not there is no concern of its rows; that there is none, CONV-7.2.1.1-16 judges. So it is
/// with a field of a session description.
fn hidden_in_body(view: &View<'_>, field: &Field) -> Option<Judgement> {
    let hidden = |detail: &str| Some(Judgement::Obstacle(Reason::HiddenByAnswer, detail.to_owned()));
    let item = view.item().ok()?;
    match field.place {
        Place::Cpim(_) | Place::Imdn(_) | Place::Content if crate::field::cpim_part(item).is_none() => {
            hidden("the body is no CPIM object by its Content-Type")
        }
        Place::Sdp(_) if crate::field::sdp_part(item).is_none() => hidden("the body is no session description by its Content-Type"),
        _ => None,
    }
}

fn missing(seen: Item<'_>, field: &Field) -> Finding {
    Finding::new(Reason::Missing, format!("{field} in the message"), format!("no {field}")).on(seen.line())
}

fn unexpected(seen: Item<'_>, expected: &str, found: &Found) -> Finding {
    Finding::new(Reason::Unexpected, expected, shortened(&found.text)).on(at(seen, found.span))
}

fn wrong(seen: Item<'_>, field: &Field, rule: Cmp, expected: &str, found: &Found) -> Finding {
    Finding::new(Reason::Violated, format!("{field}: {expected}"), shortened(&found.text)).by(rule.name()).on(at(seen, found.span))
}

fn unseen(message: &MessageRef) -> Judgement {
    Judgement::Obstacle(Reason::NotTriggered, format!("{message} was not seen"))
}
