//! The CPIM object of "it" (RFC 3862): its grammar, octet by octet.

use super::{broken, unwise};
use crate::{
    check::View,
    field,
    trace::view::Item,
    verdict::{Finding, Reason},
    wire::cpim::Cpim,
};

pub(super) fn rules(_: &View<'_>, item: Item<'_>) -> Vec<Finding> {
    let raw = item.raw();
    // Whether there is such an object at all, CONV-7.2.1.1-16 judges; one with a wrong label is still read.
    let body = match item {
        Item::Sip(seen) => Some(seen.message.body),
        Item::Media(seen) => seen.unit().body(),
        Item::Whole(whole) => whole.unit().body(),
        Item::Rtp(_) => None,
    };
    let Some(part) = field::cpim_part(item).or(body) else {
        return vec![broken(item, "CPIM-1", Reason::Missing, "a CPIM object", "no body", item.start())];
    };
    let cpim = Cpim::parse(raw, part);
    let rule = |code: &str| match code {
        "no-content-type" | "no-blank-line" | "content-length" => "CPIM-1",
        "undeclared-prefix" | "prefix-used-before-ns" => "CPIM-4",
        "uri-without-brackets" => "CPIM-6",
        "not-utf8" => "CPIM-7",
        _ => "CPIM-2",
    };
    cpim.malformations
        .iter()
        .map(|m| {
            let observed = format!("{}: {}", m.code, m.message);
            let expected = "the grammar of RFC 3862";
            // Two blanks behind the colon are widely sent and read (3.6).
            if m.code == "blanks-after-name" {
                unwise(item, "CPIM-2", Reason::Malformed, expected, observed, m.span)
            } else {
                broken(item, rule(&m.code), Reason::Malformed, expected, observed, m.span)
            }
        })
        .collect()
}
