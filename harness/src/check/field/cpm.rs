//! What CPM puts into fields: the ICSI of a service, the release of the enabler.

use super::{by_value, judged, single, unexpected};
use crate::{
    check::{View, at, compare, shortened},
    field::{Field, Found},
    verdict::{Finding, Judgement, Reason, Severity},
    wire::{
        Malformation, icsi,
        params::{NameAddr, Param, Parametered},
    },
};

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
pub(super) fn lists_features(view: &View<'_>, field: &Field, wanted: &str) -> Judgement {
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
