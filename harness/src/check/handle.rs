//! Handles that the user of the SUT was given: of messages, invitations and sessions.

use std::{collections::BTreeMap, time::Duration};

use super::{View, session};
use crate::{
    trace::Event,
    upper::{Act, Answer, InvitationAnswer, InvitationKind, SessionChange, SessionState, Sight},
    wire::uri,
};

/// What belongs to this scenario, with its number: from the first act on. What a product says before, while it is set back,
/// is of the scenario before.
fn own<'a>(view: &View<'a>) -> impl DoubleEndedIterator<Item = (usize, &'a Event)> + use<'a> {
    let entries = view.trace.entries();
    let begun = entries.iter().position(|entry| matches!(entry.event, Event::Asked { .. })).unwrap_or_default();
    entries.iter().enumerate().skip(begun).map(|(number, entry)| (number, &entry.event))
}

/// Handle of the message that the user saw last.
#[must_use]
pub fn last_message(view: &View<'_>) -> Option<String> {
    own(view).rev().find_map(|(_, event)| match event {
        Event::Seen(Sight::MessageReceived(message)) => Some(message.message.clone()),
        _ => None,
    })
}

/// Handle of the invitation that the user saw last.
#[must_use]
pub fn last_invitation(view: &View<'_>) -> Option<String> {
    own(view).rev().find_map(|(_, event)| match event {
        Event::Seen(Sight::Invitation { invitation, .. }) => Some(invitation.clone()),
        _ => None,
    })
}

/// Handle of what the user could answer last: a message or an invitation.
#[must_use]
pub fn last_answerable(view: &View<'_>) -> Option<String> {
    own(view).rev().find_map(|(_, event)| match event {
        Event::Seen(Sight::MessageReceived(message)) => Some(message.message.clone()),
        Event::Seen(Sight::Invitation { invitation, .. }) => Some(invitation.clone()),
        _ => None,
    })
}

/// Handle of the message that the user sent last, as the product gave it.
#[must_use]
pub fn last_sent(view: &View<'_>) -> Option<String> {
    own(view).rev().find_map(|(_, event)| match event {
        Event::Answered { answer: Answer::Taken(handles), .. } => handles.get("message").cloned(),
        _ => None,
    })
}

/// Whether the user has seen an invitation to a session since the last stimulus.
#[must_use]
pub fn is_invited(view: &View<'_>) -> bool {
    let seen = view.trace.entries().iter().skip(view.stimulus());
    seen.into_iter().any(|entry| matches!(&entry.event, Event::Seen(Sight::Invitation { .. })))
}

/// How long the user has to answer an invitation: as the product was set up last, else as the IXIT says.
#[must_use]
pub fn invitation_timeout(view: &View<'_>) -> Duration {
    let set = own(view).rev().find_map(|(_, event)| match event {
        Event::Asked { act: Act::Configure { setting, value }, .. } if setting == "invitation-timeout" => value.as_u64(),
        _ => None,
    });
    set.map_or_else(|| view.ixit.duration("invitation timeout"), Duration::from_secs)
}

/// A session as the user knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    handle: String,
    /// Addresses of whom it is with: of the person, of the group.
    with: Vec<String>,
    open: bool,
}

/// Handle of the latest session: with an actor of the cast, if one is named; open ones before those that are over.
#[must_use]
pub fn last_session(view: &View<'_>, actor: Option<&str>) -> Option<String> {
    let known = sessions(view);
    let addresses = actor.map(|actor| view.addresses(actor));
    let fits = |session: &&Known| {
        addresses.as_ref().is_none_or(|wanted| session.with.iter().any(|own| wanted.iter().any(|address| uri::same(own, address))))
    };
    let of = |open: bool| known.iter().rev().filter(|session| session.open == open).find(fits);
    of(true).or_else(|| of(false)).map(|session| session.handle.clone())
}

/// All sessions that the user knows of, in the order in which they began.
fn sessions(view: &View<'_>) -> Vec<Known> {
    let mut known: Vec<Known> = Vec::new();
    let mut asked: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let mut accepted: BTreeMap<u64, &str> = BTreeMap::new();
    let mut invited: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (number, event) in own(view) {
        match event {
            Event::Asked { id, act } => match act {
                Act::AnswerInvitation { invitation, decision: InvitationAnswer::Accept, .. } => drop(accepted.insert(*id, invitation)),
                act => drop(whom(view, act, &known).map(|with| asked.insert(*id, with))),
            },
            Event::Answered { id, answer: Answer::Taken(handles) } => {
                if let (Some(with), Some(handle)) = (asked.remove(id), handles.get("session")) {
                    begin(&mut known, handle, with);
                }
                if let Some((invitation, with)) = accepted.remove(id).and_then(|i| Some((i, invited.get(i)?.clone()))) {
                    begin(&mut known, invitation, with);
                }
            }
            Event::Seen(Sight::Invitation { invitation, kind: InvitationKind::Session, from, .. }) => {
                let focus = session::invited_by_focus(view, number).map(str::to_owned);
                invited.insert(invitation, from.clone().into_iter().chain(focus).collect());
            }
            Event::Seen(Sight::SessionState(SessionChange { session, state, .. })) => {
                if *state == SessionState::Established {
                    begin(&mut known, session, invited.get(session.as_str()).cloned().unwrap_or_default());
                } else if let Some(over) = known.iter_mut().find(|k| k.handle == *session) {
                    over.open = false;
                }
            }
            _ => {}
        }
    }
    known
}

/// Adds a session that is not known yet.
fn begin(known: &mut Vec<Known>, handle: &str, with: Vec<String>) {
    if !known.iter().any(|session| session.handle == handle) {
        known.push(Known { handle: handle.to_owned(), with, open: true });
    }
}

/// Whom an act that begins a session is about; an ad-hoc group is that of the Controlling Function.
fn whom(view: &View<'_>, act: &Act, known: &[Known]) -> Option<Vec<String>> {
    match act {
        Act::StartSession(wish) => {
            let one: Vec<String> = wish.to.iter().chain(&wish.group).cloned().collect();
            let factory = || view.ixit.text("controlling function").map(str::to_owned).into_iter().collect();
            Some(if one.is_empty() { factory() } else { one })
        }
        Act::JoinGroup { group, .. } => Some(vec![group.clone()]),
        Act::RejoinGroup { session, .. } => Some(known.iter().find(|k| k.handle == *session).map(|k| k.with.clone()).unwrap_or_default()),
        _ => None,
    }
}
