//! Sessions as the wire shows them: which are open, and with whom.

use crate::{
    check::{View, compare},
    trace::{
        Protocol,
        view::{It, Seen},
    },
    verdict::{Evidence, Finding, Judgement, Reason},
    wire::{params::NameAddr, sip::Message, uri},
};

/// Actors of the cast that are no person: their sessions are those of groups.
const GROUPS: [&str; 3] = ["the Controlling Function", "the Lunch Group", "the Lobby"];

/// A dialog by INVITE.
#[derive(Clone, Copy, Debug)]
struct Session {
    /// Index of the INVITE.
    opening: usize,
    /// Index of the first 2xx to it.
    answer: usize,
}

/// The sessions of the SUT that were accepted, in order; a session that is asked for again is one of its own.
fn sessions<'a>(view: &View<'a>) -> impl Iterator<Item = Session> + use<'a> {
    let messages = view.messages;
    messages.list().iter().enumerate().filter_map(|(answer, seen)| {
        let success = seen.message.status().is_some_and(|s| (200..300).contains(&s)) && seen.repeats.is_none();
        let invites = success && seen.message.cseq().is_some_and(|(_, method)| method == "INVITE");
        let opening = invites.then(|| messages.request_of(answer))??;
        let first = (opening + 1..answer).all(|i| {
            messages.list()[i].message.status().is_none_or(|s| !(200..300).contains(&s)) || messages.request_of(i) != Some(opening)
        });
        (first && messages.list()[opening].message.tag("To").is_none()).then_some(Session { opening, answer })
    })
}

/// Whether nobody sent BYE in it.
fn is_open(view: &View<'_>, session: Session) -> bool {
    let list = view.messages.list();
    let call = list[session.opening].message.call_id();
    !list[session.answer..].iter().any(|seen| seen.message.method() == Some("BYE") && seen.message.call_id() == call)
}

/// The SUT takes part in so many sessions: dialogs by INVITE that were accepted, and that nobody left by BYE.
#[must_use]
pub fn open(view: &View<'_>, count: usize) -> Judgement {
    let list = view.messages.list();
    let open: Vec<Session> = sessions(view).filter(|session| is_open(view, *session)).collect();
    let lines: Vec<Evidence> = open.iter().flat_map(|session| list[session.answer].line()).collect();
    if open.len() == count {
        let evidence = if lines.is_empty() { vec![Evidence::at(view.stimulus(), 0, 0)] } else { lines };
        return Judgement::met(evidence);
    }
    let targets = open.iter().map(|session| {
        let message = &list[session.opening].message;
        message.request_uri().map(|uri| uri.text(&message.raw).into_owned()).unwrap_or_default()
    });
    let observed = match open.len() {
        0 => "none".to_owned(),
        n => format!("{n}, by INVITE to {}", targets.collect::<Vec<_>>().join(", ")),
    };
    let words = if count == 1 { "1 session open".to_owned() } else { format!("{count} sessions open") };
    Finding::new(Reason::Violated, words, super::super::shortened(&observed)).on(lines).into()
}

/// Whether a session came about since the last stimulus: INVITE, 2xx and ACK.
#[must_use]
pub fn is_established(view: &View<'_>) -> bool {
    comes_about(view, |_| true)
}

/// Whether a session that the SUT was invited to came about since the last stimulus. Of a server that is the side of who invites,
/// which hears last.
#[must_use]
pub fn is_taken(view: &View<'_>) -> bool {
    comes_about(view, |invite| !invite.by_sut())
}

/// Whether a server has a dialog of its own for each of two sessions, or stands in one: whether the Call-ID of the INVITE that it sent
/// since the last stimulus differs from that of the one that it got. `None`: it sent none.
#[must_use]
pub fn has_own_dialog(view: &View<'_>) -> Option<bool> {
    let since = view.stimulus();
    let invites = |by_sut: bool| {
        let fits = move |seen: &&Seen| seen.entry >= since && seen.by_sut() == by_sut && seen.message.method() == Some("INVITE");
        view.messages.list().iter().find(fits)
    };
    Some(invites(true)?.message.call_id() != invites(false)?.message.call_id())
}

/// Whether no ACK of a server is still to come since the last stimulus: it invited nobody, or has sent one.
#[must_use]
pub fn is_passed_on(view: &View<'_>) -> bool {
    let since = view.stimulus();
    let sends = |method: &str| {
        view.messages.list().iter().any(|seen| seen.entry >= since && seen.by_sut() && seen.message.method() == Some(method))
    };
    !sends("INVITE") || sends("ACK")
}

fn comes_about(view: &View<'_>, counts: impl Fn(&Seen) -> bool) -> bool {
    let (list, since) = (view.messages.list(), view.stimulus());
    let recent = |session: &Session| list[session.answer].entry >= since && counts(&list[session.opening]);
    sessions(view).filter(recent).any(|session| {
        let (asked, answer) = (&list[session.opening], &list[session.answer]);
        let number = |message: &Message| message.cseq().map(|(number, _)| number);
        list[session.answer..].iter().any(|seen| {
            seen.message.method() == Some("ACK")
                && seen.by_sut() != answer.by_sut()
                && seen.message.call_id() == asked.message.call_id()
                && number(&seen.message) == number(&asked.message)
        })
    })
}

/// Whether MSRP messages can flow: a request was answered 200 since the last stimulus, one way or the other (RFC 4975, 5.4).
#[must_use]
pub fn is_bound(view: &View<'_>) -> bool {
    let since = view.stimulus();
    view.messages.media().iter().any(|seen| seen.entry >= since && seen.protocol == Protocol::Msrp && seen.status() == Some(200))
}

/// Whether a NOTIFY of since the last stimulus was taken by the SUT; one that asked for none waits for none.
#[must_use]
pub fn is_notified(view: &View<'_>) -> bool {
    let (list, since) = (view.messages.list(), view.stimulus());
    let subscribes = |seen: &Seen| seen.entry >= since && seen.by_sut() && seen.message.method() == Some("SUBSCRIBE");
    let takes = |(at, seen): (usize, &Seen)| {
        let status = seen.message.status().is_some_and(|s| (200..300).contains(&s));
        let answered = || view.messages.request_of(at).map(|request| &list[request]);
        seen.by_sut() && status && answered().is_some_and(|request| request.entry >= since && request.message.method() == Some("NOTIFY"))
    };
    !list.iter().any(subscribes) || list.iter().enumerate().any(takes)
}

/// Address of the group that the latest INVITE before this entry is from; that of the Controlling Function unless it says more.
#[must_use]
pub fn invited_by_focus<'a>(view: &View<'a>, entry: usize) -> Option<&'a str> {
    let invites = |seen: &&Seen| seen.entry < entry && !seen.by_sut() && seen.message.method() == Some("INVITE");
    let invite = view.messages.list().iter().rev().find(invites)?;
    let group = has_focus(&invite.message).then(|| group_of(view, &invite.message))?;
    view.ixit.text(&group.trim_start_matches("the ").to_lowercase())
}

/// Addresses of the group sessions themselves: Contact of whoever said to the SUT that it is the focus of one.
#[must_use]
pub fn identities(view: &View<'_>) -> Vec<String> {
    let said = view.messages.list().iter().filter(|seen| !seen.by_sut() && has_focus(&seen.message));
    let contacts = said.flat_map(|seen| seen.message.elements("Contact").into_iter().map(|span| span.text(&seen.message.raw)));
    contacts.map(|text| compare::address(&text)).collect()
}

/// That a request belongs to a session with somebody else than `actor`.
pub(super) fn elsewhere(view: &View<'_>, seen: &Seen, actor: &str) -> Option<Finding> {
    let list = view.messages.list();
    let own = view.it.and_then(It::sip)?;
    let call = seen.message.call_id();
    let opens = |at: &usize| {
        let message = &list[*at].message;
        message.method() == Some("INVITE") && message.tag("To").is_none() && message.call_id() == call
    };
    let opening = (0..own).rev().find(opens)?;
    let expected = format!("a request within the session with {actor}");
    let finding = || Finding::new(Reason::Violated, expected, "it has the Call-ID of another session").by("CMP-DIALOG");
    (!is_with(view, opening, actor)).then(|| finding().on(seen.line()).on(list[opening].line()))
}

/// Whether the session that this INVITE asks for is with `actor`: by who is invited, or by who invites.
fn is_with(view: &View<'_>, opening: usize, actor: &str) -> bool {
    let list = view.messages.list();
    let invite = &list[opening];
    let answer = sessions(view).find(|session| session.opening == opening).map(|session| &list[session.answer].message);
    let peer = if invite.by_sut() { answer } else { Some(&invite.message) };
    if peer.is_some_and(has_focus) {
        return actor == group_of(view, &invite.message);
    }
    names(view, &invite.message, actor)
}

/// Which group of the cast an INVITE is for or from; the Controlling Function where it is no other.
fn group_of(view: &View<'_>, invite: &Message) -> &'static str {
    GROUPS.into_iter().find(|group| names(view, invite, group)).unwrap_or(GROUPS[0])
}

/// Whether an INVITE is for `actor`, or from there.
fn names(view: &View<'_>, invite: &Message, actor: &str) -> bool {
    let addresses = view.addresses(actor);
    let target = invite.request_uri().map(|uri| uri.text(&invite.raw).into_owned());
    let fields = ["From", "P-Asserted-Identity", "To"].into_iter().flat_map(|name| invite.elements(name));
    let texts = fields.map(|span| compare::address(&span.text(&invite.raw)));
    texts.chain(target).any(|text| addresses.iter().any(|address| uri::same(address, &text)))
}

/// Whether a Contact says that it is the focus of a conference (RFC 3840, 5; RFC 4579, 3).
fn has_focus(message: &Message) -> bool {
    message.elements("Contact").into_iter().any(|span| {
        NameAddr::parse(&message.raw, span).params.iter().any(|param| param.name.text(&message.raw).eq_ignore_ascii_case("isfocus"))
    })
}
