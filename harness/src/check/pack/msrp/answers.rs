//! What the receiver of a message says: responses (RFC 4975, 7.2) and success reports (7.1.3).

use std::collections::BTreeMap;

use super::{
    super::{dialog::handled, unwise},
    broken, grammar, known, place, range, requests, same_paths, streams, text, unfit, uris, wish,
};
use crate::{
    check::View,
    trace::view::{Item, MediaSeen, Whole},
    verdict::{Finding, Reason, Severity},
    wire::uri::Uri,
};

/// Status codes that there are (RFC 4975, 10).
const CODES: [u16; 10] = [200, 400, 403, 408, 413, 415, 423, 481, 501, 506];

/// 7.2: back to the hop before, from the URI that was asked, on the same connection; only where a response is wanted. The
/// response to a chunk stands for those to all chunks of the message.
pub(in super::super) fn response(view: &View<'_>, item: Item<'_>) -> Vec<Finding> {
    let found = requests(view, item);
    let Some((index, seen)) = found.first().copied().filter(|(_, seen)| seen.msrp.status.is_some()) else { return unfit(item) };
    let media = view.messages.media();
    let whole = |response: usize| view.messages.media_request_of(response).and_then(|asked| media.get(asked)?.whole);
    match whole(index) {
        None => one(view, index, seen),
        same => {
            let of_same = |(at, other): &(usize, &MediaSeen)| other.by_sut() == seen.by_sut() && whole(*at) == same;
            let each = media.iter().enumerate().filter(of_same).flat_map(|(at, other)| one(view, at, other));
            each.chain(same.and_then(|whole| each_chunk(view, seen, whole))).collect()
        }
    }
}

/// One response.
fn one(view: &View<'_>, index: usize, seen: &MediaSeen) -> Vec<Finding> {
    let mut findings = grammar(seen);
    let status = seen.msrp.status.unwrap_or_default();
    let Some(asked) = view.messages.media_request_of(index).and_then(|i| Some((i, view.messages.media().get(i)?))) else {
        let expected = "the transaction identifier of a request on the same connection";
        let observed = seen.msrp.transaction.text(&seen.raw);
        findings.push(broken(seen, "MSRP-11", Reason::Violated, expected, observed, seen.msrp.transaction));
        return findings;
    };
    let (number, request) = asked;
    let (from, to) = (uris(request, "From-Path"), uris(request, "To-Path"));
    let is_send = request.is_msrp("SEND");
    let wanted = [
        ("To-Path", if is_send { from.get(..1).unwrap_or_default() } else { &from[..] }, "the first URI of the From-Path of the request"),
        ("From-Path", to.get(to.len().saturating_sub(1)..).unwrap_or_default(), "the URI that the request was for"),
    ];
    for (name, path, what) in wanted {
        let have = uris(seen, name);
        if !have.is_empty() && !same_paths(&have, path) {
            let expected = format!("{name}: {what}: {}", path.join(" "));
            let finding = broken(seen, "MSRP-11", Reason::Violated, &expected, have.join(" "), place(seen, name)).on(request.line());
            // Where the network rewrote an authority, the client still goes by its own (R-7.3.9.1-2).
            let rewritten = name == "From-Path" && described(view, seen, &have) && same_session(&have, path);
            findings.push(if rewritten { finding.by("R-7.3.9.1-2").weighing(Severity::Info) } else { finding });
        }
    }
    if !CODES.contains(&status) {
        let expected = "a status code of RFC 4975";
        findings.push(unwise(seen, "MSRP-12", Reason::Violated, expected, status.to_string(), seen.unit().start()));
    }
    let (unwanted, rule, why) = match wish(request, "Failure-Report").as_str() {
        _ if request.is_msrp("REPORT") => (true, "MSRP-10", "no response to a REPORT"),
        "no" => (true, "MSRP-8", "no response to a request with Failure-Report: no"),
        "partial" => (status == 200, "MSRP-8", "no 200 to a request with Failure-Report: partial"),
        _ => (false, "", ""),
    };
    if unwanted {
        findings.push(broken(seen, rule, Reason::Unexpected, why, status.to_string(), seen.unit().start()).on(request.line()));
    }
    let again = |i: &usize| view.messages.media_request_of(*i) == Some(number) && view.messages.media()[*i].by_sut() == seen.by_sut();
    if let Some(other) = (0..index).find(again).map(|i| &view.messages.media()[i]) {
        let expected = "one response to a request";
        findings.push(broken(seen, "MSRP-11", Reason::Unexpected, expected, "a second one", seen.unit().start()).on(other.line()));
    }
    findings
}

/// Whether the side that speaks described this path as its own.
fn described(view: &View<'_>, seen: &MediaSeen, path: &[String]) -> bool {
    let own = view.messages.list().iter().filter(|s| s.by_sut() == seen.by_sut() && s.entry < seen.entry);
    own.flat_map(|s| streams(&s.message)).flatten().any(|stream| same_paths(&stream.path, path))
}

/// Whether two paths end at the same session, whatever the authority.
fn same_session(a: &[String], b: &[String]) -> bool {
    let session = |path: &[String]| path.last().map(|uri| Uri::parse(uri).session).filter(|session| !session.is_empty());
    session(a).is_some() && session(a) == session(b)
}

/// Each chunk of a message has a response of its own, unless one turned the message down, or they are not wanted.
fn each_chunk(view: &View<'_>, seen: &MediaSeen, whole: usize) -> Option<Finding> {
    let media = view.messages.media();
    let whole = view.messages.wholes().get(whole)?;
    let responses = media.iter().enumerate().filter_map(|(index, s)| Some((view.messages.media_request_of(index)?, s.status()?)));
    let answered: BTreeMap<usize, u16> = responses.collect();
    let turned_down = whole.chunks.iter().any(|index| answered.get(index).is_some_and(|status| *status != 200));
    if whole.aborted || turned_down {
        return None;
    }
    let chunks = whole.chunks.iter().filter(|index| !answered.contains_key(index)).filter_map(|index| media.get(*index));
    let wants = |chunk: &&MediaSeen| !matches!(wish(chunk, "Failure-Report").as_str(), "no" | "partial");
    let lacking = chunks.filter(wants).find(|chunk| handled(view, chunk.entry, chunk.at))?;
    let expected = "a response to each chunk";
    Some(broken(seen, "MSRP-11", Reason::Missing, expected, "one has none", seen.unit().start()).on(lacking.line()))
}

/// 7.1.4: a report of failure: a code of its own, about octets of a message that did not forbid it.
pub(in super::super) fn failure(view: &View<'_>, item: Item<'_>) -> Vec<Finding> {
    let mut findings = report(view, item);
    let found = requests(view, item);
    let Some((_, seen)) = found.first().copied().filter(|(_, seen)| seen.is_msrp("REPORT")) else { return unfit(item) };
    let status = text(seen, "Status").unwrap_or_default();
    let code = status.strip_prefix("000 ").and_then(|rest| rest.split(' ').next()?.parse::<u16>().ok());
    if !code.is_some_and(|code| code != 200 && CODES.contains(&code)) {
        let expected = "Status: 000 and a code of failure";
        findings.push(broken(seen, "MSRP-9", Reason::Violated, expected, &status, place(seen, "Status")));
    }
    if range(seen).is_none() {
        findings.push(broken(seen, "MSRP-10", Reason::Missing, "Byte-Range in a report of failure", "none", seen.unit().start()));
    }
    let id = text(seen, "Message-ID").unwrap_or_default();
    let about = view.messages.wholes().iter().rfind(|whole| whole.by_sut() != seen.by_sut() && whole.message_id == id);
    let first = about.and_then(|whole| view.messages.media().get(*whole.chunks.first()?));
    if let Some(chunk) = first.filter(|chunk| wish(chunk, "Failure-Report") == "no") {
        let expected = "no report of failure with Failure-Report: no";
        findings.push(broken(seen, "MSRP-8", Reason::Unexpected, expected, &status, seen.unit().start()).on(chunk.line()));
    }
    findings
}

/// 7.1.3: a success report about a message that asked for one; together with the others it covers all of it.
pub(in super::super) fn success(view: &View<'_>, item: Item<'_>) -> Vec<Finding> {
    let mut findings = report(view, item);
    let found = requests(view, item);
    let Some((_, seen)) = found.first().copied() else { return findings };
    let status = text(seen, "Status").unwrap_or_default();
    if status.starts_with("000 ") && !status.starts_with("000 200") {
        let expected = "Status: 000 200, as the message has come";
        findings.push(broken(seen, "MSRP-9", Reason::Violated, expected, &status, place(seen, "Status")));
    }
    findings
}

/// A report of whatever kind.
fn report(view: &View<'_>, item: Item<'_>) -> Vec<Finding> {
    let found = requests(view, item);
    let Some((index, seen)) = found.first().copied().filter(|(_, seen)| seen.is_msrp("REPORT")) else { return unfit(item) };
    let mut findings: Vec<Finding> = grammar(seen).into_iter().chain(known(view, index, seen)).collect();
    if seen.msrp.flag == Some(b'#') {
        let observed = seen.msrp.end_line.text(&seen.raw).trim_end().to_owned();
        findings.push(broken(seen, "MSRP-3", Reason::Violated, "the flag $: a REPORT is not interrupted", observed, seen.msrp.end_line));
    }
    let status = text(seen, "Status").unwrap_or_default();
    if !status.is_empty() && !status.starts_with("000 ") {
        let expected = "Status: 000 and a code";
        findings.push(broken(seen, "MSRP-9", Reason::Violated, expected, &status, place(seen, "Status")));
    }
    let Some(id) = text(seen, "Message-ID") else { return findings };
    let about = |whole: &&Whole| whole.by_sut() != seen.by_sut() && whole.message_id == id;
    let Some(whole) = view.messages.wholes().iter().rfind(about) else {
        let expected = "the Message-ID of a message that was received";
        findings.push(broken(seen, "MSRP-9", Reason::Violated, expected, id, place(seen, "Message-ID")));
        return findings;
    };
    let chunks: Vec<&MediaSeen> = whole.chunks.iter().filter_map(|i| view.messages.media().get(*i)).collect();
    let Some(first) = chunks.first() else { return findings };
    let (from, to) = (uris(first, "From-Path"), uris(first, "To-Path"));
    for (name, path) in [("To-Path", &from[..]), ("From-Path", to.get(to.len().saturating_sub(1)..).unwrap_or_default())] {
        let have = uris(seen, name);
        if !have.is_empty() && !same_paths(&have, path) {
            let expected = format!("{name} turned round from the message: {}", path.join(" "));
            findings.push(broken(seen, "MSRP-9", Reason::Violated, &expected, have.join(" "), place(seen, name)).on(first.line()));
        }
    }
    let success = status.starts_with("000 200");
    if success && !chunks.iter().any(|chunk| wish(chunk, "Success-Report") == "yes") {
        let expected = "no success report that was not asked for";
        findings.push(broken(seen, "MSRP-9", Reason::Unexpected, expected, &status, seen.unit().start()).on(first.line()));
    } else if success && whole.complete() {
        findings.extend(covered(view, seen, whole, &id));
    }
    findings
}

/// MSRP-9: success reports cover all octets that were received.
fn covered(view: &View<'_>, seen: &MediaSeen, whole: &Whole, id: &str) -> Option<Finding> {
    let total = whole.msrp().body.map_or(0, |body| body.len() as u64);
    let of_same = |s: &&MediaSeen| s.by_sut() == seen.by_sut() && s.is_msrp("REPORT") && text(s, "Message-ID").as_deref() == Some(id);
    let mut ranges: Vec<(u64, u64)> = (view.messages.media().iter().filter(of_same))
        .filter(|s| text(s, "Status").is_some_and(|status| status.starts_with("000 200")))
        .filter_map(range)
        .map(|r| (r.start, r.end.or(r.total).unwrap_or(total)))
        .collect();
    ranges.sort_unstable();
    let reached = ranges.iter().fold(0, |reached, (start, end)| if *start <= reached + 1 { reached.max(*end) } else { reached });
    let finding = || {
        let expected = format!("success reports for octets 1 to {total}");
        broken(seen, "MSRP-9", Reason::Violated, &expected, format!("1 to {reached}"), place(seen, "Byte-Range")).on(whole.line())
    };
    (reached != total).then(finding)
}
