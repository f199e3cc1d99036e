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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::{
        check::View,
        sut::Ixit,
        trace::{
            Endpoint, Event, LinkChange, LinkId, Party, Protocol, Trace, Transport,
            view::{It, Messages},
        },
    };

    const CPIM: &str =
        "From: <sip:alice@example.com>\r\nTo: <sip:bob@example.com>\r\n\r\nContent-Type: text/plain;charset=UTF-8\r\n\r\nGrüße";

    fn judged(selector: &str) -> Vec<(Severity, Vec<usize>)> {
        let mut trace = Trace::default();
        let (sut, core, bob) = (Party::sut(), Party::new("the IMS core"), Party::new("Bob"));
        let mut says = |link: u32, protocol: Protocol, transport: Transport, to: &Party, text: String| {
            let end = |party: &Party| Endpoint { party: party.clone(), address: "192.0.2.1:9".parse().unwrap() };
            let (link, change) = (LinkId(link), LinkChange::Opened { transport, protocol, from: end(&sut), to: end(to) });
            trace.append(Duration::ZERO, Event::Link { link, change });
            trace.append(Duration::ZERO, Event::Bytes { link, from: sut.clone(), to: to.clone(), bytes: Bytes::from(text) });
        };
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=message 9 TCP/MSRP *\r\na=path:msrp://192.0.2.1:9/s;tcp\r\n{selector}"
        );
        let invite =
            format!("INVITE sip:bob@example.com SIP/2.0\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}", sdp.len());
        says(1, Protocol::Sip, Transport::Udp, &core, invite);
        let send = format!(
            "MSRP t1 SEND\r\nTo-Path: msrp://192.0.2.2:9/b;tcp\r\nFrom-Path: msrp://192.0.2.1:9/s;tcp\r\nMessage-ID: m\r\n\
             Byte-Range: 1-{0}/{0}\r\nContent-Type: message/cpim\r\n\r\n{CPIM}\r\n-------t1$\r\n",
            CPIM.len()
        );
        says(2, Protocol::Msrp, Transport::Tcp, &bob, send);
        let messages = Messages::of(&trace);
        let view = View { trace: &trace, messages: &messages, it: Some(It::Whole(0)), they: &[], taken: &[], ixit: &Ixit::default() };
        let found = rules(&view, view.item().unwrap());
        found.into_iter().map(|f| (f.severity, f.evidence.iter().map(|e| e.entry).collect())).collect()
    }

    #[test]
    fn the_octets_of_the_content_or_of_the_object_are_the_size() {
        assert_eq!(judged("a=file-selector:size:7\r\n"), []);
        assert_eq!(judged(&format!("a=file-selector:name:\"a b\" size:{}\r\n", CPIM.len())), [(Severity::Info, vec![1, 3])]);
        for characters in ["a=file-selector:size:5\r\n", "a=file-selector:size:x\r\n"] {
            assert_eq!(judged(characters), [(Severity::Fail, vec![1, 3])]);
        }
        assert_eq!(judged("a=file-selector:type:text/plain\r\n"), [(Severity::Fail, vec![1])]);
    }
}
