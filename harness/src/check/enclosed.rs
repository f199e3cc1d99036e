//! What "it" encapsulates of another message: a deferred message has the header fields and the content that it came with
//! (CPM1-8.3.2.4.3-2a to -2d).

use super::{
    View, at,
    compare::{self, Cmp},
    on_item,
    reference::{MessageRef, comes_before},
    shortened,
};
use crate::{
    field::{Field, Subject, enclosed},
    trace::view::{It, Item, Seen},
    verdict::{Finding, Judgement, Reason, Severity},
    wire::{
        Span,
        mime::ContentType,
        sip::{Message, long_name},
    },
};

/// Header fields that the encapsulation has to have where the original has them; the others are compared where both have them.
const REQUIRED: [&str; 5] = ["From", "To", "Conversation-ID", "Contribution-ID", "InReplyTo-Contribution-ID"];

/// Header fields whose loss is told: what is stored is settled in a section that is not known.
const EXPECTED: [&str; 4] = ["Date", "P-Asserted-Identity", "Reply-To", "Subject"];

/// Header fields that tell who sent it (RFC 3325, 9.1).
const IDENTITY: &str = "P-Asserted-Identity";

/// Header fields of one hop, of its body, or that a proxy adds; nobody has to keep them.
const HOPS: [&str; 8] =
    ["via", "route", "record-route", "max-forwards", "content-length", "authorization", "proxy-authorization", "p-called-party-id"];

/// Fields of an MSRP request that a head of it is compared in.
const HEAD: [&str; 5] = ["To-Path", "From-Path", "Message-ID", "Byte-Range", "Content-Type"];

/// "It" encapsulates that message: of a MESSAGE or INVITE header fields and content, of an MSRP request or message its head.
#[must_use]
pub fn encapsulates(view: &View<'_>, message: &MessageRef) -> Judgement {
    let place = message.before_it(view);
    let Some((place, original)) = place.and_then(|place| Some((place, view.messages.item(place)?))) else {
        return Judgement::Obstacle(Reason::NotTriggered, format!("{message} was not seen"));
    };
    match original {
        Item::Sip(seen) => on_item(view, |it| header_part(it, seen).into_iter().chain(content_part(view, it, place, seen)).collect()),
        Item::Media(_) | Item::Whole(_) | Item::Rtp(_) => on_item(view, |it| head_part(view, it, original)),
    }
}

/// The header fields of the original in a part of type `message/sip` or `message/sipfrag`.
fn header_part(it: Item<'_>, original: &Seen) -> Vec<Finding> {
    let all = enclosed::fragments(it);
    // The head of an MSRP request under a wrong name is another row's concern.
    let (named, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|fragment| fragment.message.first("From").is_some());
    let fragments = if named.is_empty() { others } else { named };
    let [fragment] = fragments.as_slice() else {
        let observed = if fragments.is_empty() { "none".to_owned() } else { format!("{} of them", fragments.len()) };
        let reason = if fragments.is_empty() { Reason::Missing } else { Reason::Unexpected };
        let expected = "one part of type message/sip or message/sipfrag with the header fields";
        return vec![Finding::new(reason, expected, observed).by("CMP-MIME").on(it.line()).on(original.line())];
    };
    let (own, old) = (&fragment.message, &original.message);
    let mut findings = Vec::new();
    if fragment.starts && own.method() != old.method() {
        let expected = format!("a start line {}", old.method().unwrap_or_default());
        let observed = shortened(&own.start_span().text(&own.raw));
        findings.push(Finding::new(Reason::Violated, expected, observed).on(at(it, fragment.place(own.start_span()))).on(original.line()));
    }
    let anonymous = old.elements("Privacy").iter().any(|span| compare::tokens(&span.text(&old.raw)).contains("id"));
    let mut names: Vec<&str> = old.fields.iter().map(|field| long_name(old.name_of(field))).collect();
    names.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
    for name in names {
        let hop = HOPS.contains(&name.to_ascii_lowercase().as_str());
        if hop || anonymous && name.eq_ignore_ascii_case(IDENTITY) {
            continue;
        }
        let (wanted, found) = (values(old, name), values(own, name));
        let among = |list: &[&str]| list.iter().any(|listed| listed.eq_ignore_ascii_case(name));
        let severity = if among(&REQUIRED) { Severity::Fail } else { Severity::Warn };
        let there = old.first(name).map_or(old.start_span(), |field| field.line);
        match (found.is_empty(), equal(name, &wanted, &found)) {
            (true, _) if among(&REQUIRED) || among(&EXPECTED) => findings.push(
                Finding::new(Reason::Missing, format!("{name}: {}", shortened(&wanted.join(", "))), format!("no {name}"))
                    .weighing(severity)
                    .on(at(it, fragment.span))
                    .on(original.evidence(there)),
            ),
            (false, false) => {
                let place = own.first(name).map_or(fragment.span, |field| fragment.place(field.line));
                let expected = format!("{name}: {}", shortened(&wanted.join(", ")));
                let finding = Finding::new(Reason::Violated, expected, shortened(&found.join(", ")));
                findings.push(finding.on(at(it, place)).on(original.evidence(there)));
            }
            _ => {}
        }
    }
    if anonymous && let Some(field) = own.first(IDENTITY) {
        let observed = shortened(&field.value.text(&own.raw));
        let finding = Finding::new(Reason::Unexpected, "no identity of a sender who wants none to be told (RFC 3325, 9.3)", observed);
        findings.push(finding.by("CMP-PRIV").on(at(it, fragment.place(field.line))));
    }
    findings
}

fn values(message: &Message, name: &str) -> Vec<String> {
    message.elements(name).into_iter().map(|span| message.unfolded(span).into_owned()).collect()
}

/// Whether the values are the same, by the rule of the field; the order counts only where it means something.
fn equal(name: &str, a: &[String], b: &[String]) -> bool {
    let Ok(field) = name.parse::<Field>() else { return a == b };
    let rule = Cmp::of(&field);
    let same = |a: &String, b: &String| rule.equal(&compare::compared(&field, a), &compare::compared(&field, b));
    a.len() == b.len() && a.iter().all(|a| b.iter().any(|b| same(a, b)))
}

/// The content of the original in a part of its own, or inside the whole message of type `message/sip`; of an INVITE what came
/// over MSRP in the session that it set up.
fn content_part(view: &View<'_>, it: Item<'_>, place: It, original: &Seen) -> Vec<Finding> {
    let old = &original.message;
    let wanted = if old.method() == Some("INVITE") {
        said_in(view, it, place)
    } else {
        vec![(kind(old), old.raw.slice(old.body.from..old.body.to), original.line())]
    };
    let Some((_, _, source)) = wanted.last().cloned() else {
        return vec![Finding::new(Reason::Missing, "a message that came in the session", "none came").on(original.line())];
    };
    let mut contents = enclosed::contents(it);
    if contents.is_empty()
        && let Some(whole) =
            enclosed::fragments(it).into_iter().find(|fragment| fragment.kind == enclosed::SIP && !fragment.message.body.is_empty())
    {
        let body = whole.message.body;
        contents.push((kind(&whole.message), whole.place(body), Ok(body.of(&whole.message.raw).to_vec())));
    }
    let [(own, span, octets)] = contents.as_slice() else {
        let reason = if contents.is_empty() { Reason::Missing } else { Reason::Unexpected };
        let finding = Finding::new(reason, "one part with the content", format!("{} of them", contents.len())).by("CMP-MIME");
        return vec![finding.on(it.line()).on(source)];
    };
    let finding = match octets {
        Err(why) => Some(Finding::new(Reason::Malformed, "content whose transfer encoding can be undone", why.clone()).by("CMP-MIME")),
        Ok(octets) => match wanted.iter().find(|(_, content, _)| content.as_ref() == octets.as_slice()) {
            None => {
                let expected = format!("the content as it came: {}", told(&wanted[wanted.len() - 1].1));
                Some(Finding::new(Reason::Violated, expected, told(octets)).by("CMP-OCTETS"))
            }
            Some((kind, ..)) if kind != own => {
                Some(Finding::new(Reason::Violated, format!("Content-Type {kind}"), shortened(own)).by("CMP-MIME"))
            }
            Some(_) => None,
        },
    };
    finding.into_iter().map(|finding| finding.on(at(it, *span)).on(source.clone())).collect()
}

fn told(octets: &[u8]) -> String {
    format!("{} octets: {}", octets.len(), shortened(&String::from_utf8_lossy(octets)))
}

/// Media type of a message's body, in lower case.
fn kind(message: &Message) -> String {
    message.content_type().map_or_else(|| "text/plain".to_owned(), |kind| kind.kind.text(&message.raw).to_ascii_lowercase())
}

type Said = (String, bytes::Bytes, Vec<crate::verdict::Evidence>);

/// What came whole over MSRP between an INVITE and "it", before the next INVITE of another call: media types and contents.
fn said_in(view: &View<'_>, it: Item<'_>, invite: It) -> Vec<Said> {
    let list = view.messages.list();
    let It::Sip(index) = invite else { return Vec::new() };
    let begun = &list[index];
    let next = list[index + 1..].iter().find(|seen| {
        !seen.by_sut()
            && seen.message.method() == Some("INVITE")
            && seen.message.call_id() != begun.message.call_id()
            && seen.repeats.is_none()
    });
    let until = next.map_or(it.entry(), |seen| seen.entry.min(it.entry()));
    let wholes = view.messages.wholes().iter().filter(|whole| !whole.by_sut() && whole.complete());
    let within = wholes.filter(|whole| whole.entry > begun.entry && whole.entry < until);
    within
        .map(|whole| {
            let (raw, unit) = (whole.raw(), whole.unit());
            let kind = unit.header("Content-Type").map(|span| ContentType::parse(raw, span).kind.text(raw).to_ascii_lowercase());
            let body = unit.body().unwrap_or_default();
            (kind.unwrap_or_default(), raw.slice(body.from..body.to), whole.line())
        })
        .collect()
}

/// The head of an MSRP request in a part of type `message/msrpfrag` (R-CPM1-8.3.2.4.3-2): what it says is what a chunk of the
/// original says.
fn head_part(view: &View<'_>, it: Item<'_>, original: Item<'_>) -> Vec<Finding> {
    let raw = it.raw();
    let parts = crate::field::parts(it);
    let parts: Vec<Span> = parts.into_iter().filter(|(kind, _)| kind == enclosed::MSRPFRAG).map(|(_, span)| span).collect();
    if parts.is_empty() {
        let finding = Finding::new(Reason::Missing, "a part of type message/msrpfrag", "none").by("R-CPM1-8.3.2.4.3-2");
        return vec![finding.on(it.line()).on(original.line())];
    }
    let said = chunks(view, original);
    let mut findings = Vec::new();
    for part in parts {
        let mut known = 0;
        for (line, span) in lines(raw, part) {
            let broken =
                |expected: &str| Finding::new(Reason::Malformed, expected, shortened(&line)).by("R-CPM1-8.3.2.4.3-2").on(at(it, span));
            if line.starts_with("MSRP ") && span.from == part.from {
                continue;
            }
            let Some((name, value)) = line.split_once(':') else {
                findings.push(broken("a header field of MSRP"));
                continue;
            };
            let Some(name) = HEAD.into_iter().find(|head| head.eq_ignore_ascii_case(name.trim())) else { continue };
            known += 1;
            let values: Vec<String> = said.iter().flat_map(|item| read(*item, name)).collect();
            if !values.iter().any(|own| own == value.trim()) {
                let expected = format!("{name} as it came: {}", shortened(&values.join(" or ")));
                let finding = Finding::new(Reason::Violated, expected, shortened(value.trim())).by("R-CPM1-8.3.2.4.3-2");
                findings.push(finding.on(at(it, span)).on(original.line()));
            }
        }
        if known == 0 {
            let finding = Finding::new(Reason::Missing, "header fields of the MSRP request", "none").by("R-CPM1-8.3.2.4.3-2");
            findings.push(finding.on(at(it, part)).on(original.line()));
        }
    }
    findings
}

/// The lines of a part, without line ends and empty ones.
fn lines(raw: &[u8], part: Span) -> Vec<(String, Span)> {
    let mut from = part.from;
    let cut = |line: &[u8]| {
        let span = Span::new(from, from + line.len()).trim(raw);
        from += line.len() + 1;
        span
    };
    let spans: Vec<Span> = part.of(raw).split(|&octet| octet == b'\n').map(cut).collect();
    spans.into_iter().filter(|span| !span.is_empty()).map(|span| (span.text(raw).into_owned(), span)).collect()
}

/// The requests that carried the message which a request, or a whole message, is of.
fn chunks<'a>(view: &View<'a>, original: Item<'a>) -> Vec<Item<'a>> {
    let media = view.messages.media();
    let whole = match original {
        Item::Whole(whole) => Some(whole),
        Item::Media(seen) => seen.whole.and_then(|whole| view.messages.wholes().get(whole)),
        Item::Sip(_) | Item::Rtp(_) => None,
    };
    whole.map_or_else(|| vec![original], |whole| whole.chunks.iter().filter_map(|chunk| media.get(*chunk)).map(Item::Media).collect())
}

fn read(item: Item<'_>, name: &str) -> Vec<String> {
    let field = format!("MSRP {name}").parse::<Field>();
    field.map(|field| field.read(Subject::from(item)).into_iter().map(|found| found.text.trim().to_owned()).collect()).unwrap_or_default()
}

/// The request that a SIP fragment in "it" is of: received before, with the same Call-ID, or else with the same identifiers of
/// CPM.
pub(super) fn original<'a>(view: &View<'a>, it: Item<'_>) -> Option<(It, &'a Seen)> {
    let fragment = enclosed::fragments(it).into_iter().next()?;
    let list = view.messages.list();
    let received = |(place, seen): &(It, &'a Seen)| {
        let begins = matches!(seen.message.method(), Some("MESSAGE" | "INVITE")) && !seen.by_sut() && seen.repeats.is_none();
        begins && view.it.is_none_or(|own| comes_before(view, *place, own))
    };
    let all: Vec<_> = list.iter().enumerate().map(|(index, seen)| (It::Sip(index), seen)).filter(received).collect();
    let same = |names: &[&str], seen: &Seen| {
        names.iter().all(|name| {
            let (own, other) = (values(&fragment.message, name), values(&seen.message, name));
            !own.is_empty() && own == other
        })
    };
    let by = |names: &[&str]| all.iter().find(|(_, seen)| same(names, seen)).copied();
    by(&["Call-ID"]).or_else(|| by(&["Conversation-ID", "Contribution-ID"]))
}
