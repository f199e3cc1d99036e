//! Fetching from a message store (IMAP4rev1, RFC 3501).

use super::super::{at, shortened};
use crate::{
    check::View,
    trace::{
        Protocol,
        view::{Item, MediaSeen},
    },
    verdict::{Finding, Reason},
    wire::Span,
};

/// 6.4.8: UID FETCH with unique identifiers and items, by a client that has logged in and selected a folder. Which ones are
/// asked for, CONV-7.2.3.2.2-2a-uid judges.
pub(super) fn fetch(view: &View<'_>, item: Item<'_>) -> Vec<Finding> {
    let Item::Media(seen) = item else {
        return vec![Finding::new(Reason::Suite, "a command to the message store", "another kind of message").on(item.line())];
    };
    let unit = seen.unit();
    let word = |number: usize| unit.word(number);
    let text = |span: Option<Span>| span.map(|s| s.text(&seen.raw).into_owned()).unwrap_or_default();
    let line = unit.start();
    let mut findings = Vec::new();
    let mut wrong = |rule: &str, reason, expected: &str, observed: String, span: Span| {
        let observed = if observed.is_empty() { "nothing".to_owned() } else { shortened(&observed) };
        findings.push(Finding::new(reason, expected, observed).by(rule).on(at(seen, span)));
    };
    let tag = text(word(0));
    if tag.is_empty() || !tag.bytes().all(|b| b.is_ascii_graphic() && !b"(){%*\"\\]+".contains(&b)) {
        wrong("RFC 3501, 2.2.1", Reason::Malformed, "a command that begins with a tag", tag.clone(), line);
    }
    let commands = || before(view, seen).into_iter().filter(|s| s.by_sut());
    if commands().any(|old| tag_of(old) == tag) {
        wrong("RFC 3501, 2.2.1", Reason::Violated, "a tag not used before on the connection", tag, word(0).unwrap_or(line));
    }
    if !text(word(1)).eq_ignore_ascii_case("UID") {
        wrong("RFC 3501, 6.4.8", Reason::Violated, "UID FETCH", text(Some(line)), line);
        return findings;
    }
    if !text(word(3)).split(',').all(is_set) {
        let span = word(3).unwrap_or(line);
        wrong("RFC 3501, 6.4.8", Reason::Malformed, "unique identifiers: numbers, ranges, commas", text(word(3)), span);
    }
    if word(4).is_none() {
        wrong("RFC 3501, 6.4.5", Reason::Missing, "what is to be fetched", text(Some(line)), line);
    }
    for (names, what) in [(["LOGIN", "AUTHENTICATE"], "a LOGIN in front of it"), (["SELECT", "EXAMINE"], "a folder that is selected")] {
        let done = commands().any(|old| old.method().is_some_and(|m| names.contains(&&*m)) && !refused(view, seen, &tag_of(old)));
        if !done {
            wrong("RFC 3501, 3", Reason::Missing, what, "none".to_owned(), line);
        }
    }
    findings
}

/// What came over the same connection before.
fn before<'a>(view: &View<'a>, seen: &MediaSeen) -> Vec<&'a MediaSeen> {
    let list = view.messages.media();
    let own = list.iter().position(|other| std::ptr::eq(other, seen)).unwrap_or_default();
    list[..own].iter().filter(|old| old.link == seen.link && old.protocol == Protocol::Imap).collect()
}

fn tag_of(seen: &MediaSeen) -> String {
    seen.unit().word(0).map(|s| s.text(&seen.raw).into_owned()).unwrap_or_default()
}

/// Whether the store answered the command with this tag by NO or BAD.
fn refused(view: &View<'_>, seen: &MediaSeen, tag: &str) -> bool {
    let status = |s: &MediaSeen| s.unit().word(1).map(|w| w.text(&s.raw).to_ascii_uppercase()).unwrap_or_default();
    before(view, seen).iter().any(|s| !s.by_sut() && tag_of(s) == tag && matches!(status(s).as_str(), "NO" | "BAD"))
}

/// One identifier, or a range of them (RFC 3501, 9: `seq-range`).
fn is_set(text: &str) -> bool {
    let number = |n: &str| n == "*" || !n.starts_with('0') && n.len() <= 10 && n.parse::<u32>().is_ok() && !n.starts_with('+');
    text.split_once(':').map_or_else(|| number(text), |(a, b)| number(a) && number(b))
}
