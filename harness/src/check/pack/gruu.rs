//! GRUUs in a Contact (RFC 5627, 4.4), against what the registrar granted; what Supported lists (RFC 3261, 20.37).

use super::{
    broken,
    dialog::{same_target, value},
    own, place, unwise,
};
use crate::{
    check::{View, compare::tokens},
    trace::view::Seen,
    verdict::{Finding, Reason},
    wire::{
        is_token,
        params::{NameAddr, Param, split},
        sip::Message,
        uri::{self, Uri},
    },
};

const RULE: &str = "RFC 5627, 4.4";

/// What the registrar granted to the device of the SUT.
#[derive(Default)]
struct Granted {
    public: Vec<String>,
    temporary: Vec<String>,
    /// Temporary ones under an older Call-ID of REGISTER, which are void.
    void: Vec<String>,
}

/// The first Contact of a message, read.
fn contact(message: &Message) -> Option<NameAddr> {
    message.elements("Contact").first().map(|span| NameAddr::parse(&message.raw, *span))
}

fn instance(message: &Message) -> Option<(String, Param)> {
    let param = *contact(message)?.param(&message.raw, "+sip.instance")?;
    Some((param.value?.text(&message.raw).into_owned(), param))
}

fn same_instance(a: &str, b: &str) -> bool {
    let bare = |text: &str| text.trim_matches(['<', '>']).to_owned();
    uri::same(&bare(a), &bare(b))
}

/// The REGISTER requests of the SUT before "it", the latest last.
fn registers<'a>(view: &View<'a>) -> Vec<(usize, &'a Seen)> {
    let list = &view.messages.list()[..own(view)];
    list.iter().enumerate().filter(|(_, s)| s.by_sut() && s.message.method() == Some("REGISTER")).collect()
}

impl Granted {
    fn of(view: &View<'_>) -> Self {
        let list = view.messages.list();
        let registers = registers(view);
        let latest = registers.last().and_then(|(_, s)| s.message.call_id());
        let device = registers.iter().rev().find_map(|(_, s)| instance(&s.message)).map(|(text, _)| text);
        let mut this = Self::default();
        for index in 0..own(view) {
            let answer = &list[index].message;
            let asked = view.messages.request_of(index).map(|i| &list[i]).filter(|s| s.by_sut() && s.message.method() == Some("REGISTER"));
            let Some(asked) = asked.filter(|_| answer.status() == Some(200)) else { continue };
            for span in answer.elements("Contact") {
                let binding = NameAddr::parse(&answer.raw, span);
                let read = |name: &str| Some(binding.param(&answer.raw, name)?.value?.text(&answer.raw).into_owned());
                let other = |theirs: String| device.as_ref().is_some_and(|own| !same_instance(own, &theirs));
                if read("+sip.instance").is_some_and(other) {
                    continue;
                }
                this.public.extend(read("pub-gruu"));
                let temporary = if asked.message.call_id() == latest { &mut this.temporary } else { &mut this.void };
                temporary.extend(read("temp-gruu"));
            }
        }
        this
    }
}

/// 4.4 and R-7.3.1.1-1, -2: a public GRUU or the instance of the REGISTER; of who stays anonymous neither; no GRUU but a granted one.
pub(super) fn contacts(view: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    let raw = &message.raw;
    let span = place(seen, "Contact");
    let Some(contact) = contact(message) else {
        return vec![broken(seen, RULE, Reason::Missing, "a Contact", "none", span)];
    };
    let (granted, target) = (Granted::of(view), contact.uri.text(raw).into_owned());
    let is_one = |of: &[String]| of.iter().any(|gruu| same_target(&target, gruu));
    let mut findings = Vec::new();
    let public = is_one(&granted.public);
    if Uri::parse(&target).param("gr").is_some() && !public && !is_one(&granted.temporary) {
        let expected = match is_one(&granted.void) {
            true => "no temporary GRUU that came under an older Call-ID of REGISTER",
            false => "a GRUU that the registrar granted, with all its parameters",
        };
        findings.push(broken(seen, RULE, Reason::Violated, expected, &target, contact.uri));
    }
    let own = instance(message);
    if let Some((text, param)) = &own {
        let urn = text.strip_prefix('<').and_then(|t| t.strip_suffix('>')).is_some_and(|t| t.to_ascii_lowercase().starts_with("urn:"));
        let registered = registers(view).iter().rev().find_map(|(_, s)| instance(&s.message)).map(|(text, _)| text);
        if !urn || !param.quoted {
            let observed = param.span.text(raw);
            findings.push(broken(seen, "R-7.3.1.1-2", Reason::Malformed, "+sip.instance=\"<urn:...>\"", observed, param.span));
        } else if registered.as_ref().is_some_and(|r| !same_instance(r, text)) {
            let expected = format!("the instance of the REGISTER: {}", registered.unwrap_or_default());
            findings.push(broken(seen, "R-7.3.1.1-2", Reason::Violated, &expected, text, param.span));
        }
    }
    let anonymous = message.fields_named("Privacy").any(|f| tokens(&f.value.text(raw)).contains("id"));
    let names_device = public || own.is_some();
    if anonymous && names_device {
        let expected = "neither the public GRUU nor the instance of who stays anonymous";
        findings.push(unwise(seen, "R-7.3.1.1-1", Reason::Unexpected, expected, value(message, "Contact"), span));
    } else if !anonymous && !names_device {
        let expected = "the public GRUU, or +sip.instance";
        findings.push(broken(seen, RULE, Reason::Missing, expected, value(message, "Contact"), span));
    }
    findings.extend(supports_gruu(seen));
    findings
}

fn lists(message: &Message, tag: &str) -> bool {
    message.elements("Supported").iter().any(|s| s.text(&message.raw).eq_ignore_ascii_case(tag))
}

/// 4.4: who uses a GRUU should list the option tag.
fn supports_gruu(seen: &Seen) -> Option<Finding> {
    let contact = contact(&seen.message)?;
    let is_gruu = Uri::parse(&contact.uri.text(&seen.message.raw)).param("gr").is_some();
    let expected = "Supported: gruu beside a GRUU in Contact";
    let finding = || unwise(seen, RULE, Reason::Missing, expected, value(&seen.message, "Supported"), place(seen, "Supported"));
    (is_gruu && !lists(&seen.message, "gruu")).then(finding)
}

/// 20.37: a list of option tags, with those that the message makes use of (R-7.3.1.1-3).
pub(super) fn supported(_: &View<'_>, seen: &Seen) -> Vec<Finding> {
    let message = &seen.message;
    let raw = &message.raw;
    let mut findings = Vec::new();
    for field in message.fields_named("Supported") {
        let wrong = split(raw, field.value, b',').into_iter().find(|tag| !is_token(tag.of(raw)));
        findings.extend(wrong.map(|tag| {
            let expected = "option tags between commas";
            broken(seen, "RFC 3261, 20.37", Reason::Malformed, expected, field.value.text(raw), tag)
        }));
    }
    if message.first("Session-Expires").is_some() && !lists(message, "timer") {
        let expected = "Supported: timer beside Session-Expires (RFC 4028, 7.1)";
        findings.push(broken(seen, "R-7.3.1.1-3", Reason::Missing, expected, value(message, "Supported"), place(seen, "Supported")));
    }
    findings.extend(supports_gruu(seen));
    findings
}
