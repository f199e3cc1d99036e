//! When: the user has to do with sessions.

use cucumber::when;
use gherkin::Step;
use harness::{
    check::{View, handle as handles},
    upper::{Act, Change, Conversation, InvitationAnswer, Offline, SendChat, StartSession},
    verdict::Reason,
};

use super::{disposition, handle};
use crate::{
    network::{self, Content},
    params::{Actor, Actors, Decision, Session},
    world::{Obstacle, World},
};

/// `start-session`, kind by session and addressee; options: anonymous, closed, conversation, in reply to, media, from, to.
#[when(expr = "{actor} invites {actors} to a {session}( with)")]
async fn invites(world: &mut World, _actor: Actor, whom: Actors, session: Session, step: &Step) {
    world.stimulus(&step.value);
    let addresses: Vec<String> = whom.list().into_iter().map(|actor| network::address(world, actor)).collect();
    let mut wish = invitation(addresses, &session, whom.list().iter().any(|name| Actor((*name).to_owned()).is_group()));
    for (option, value) in network::pairs(step) {
        let Some(value) = network::text(world, &value) else { return };
        let list = || value.split(", ").map(str::to_owned).collect();
        match option.as_str() {
            "anonymous" => wish.anonymous = value == "yes",
            "closed" => wish.closed = value == "yes",
            "conversation" => wish.conversation = if value == "same" { Conversation::Same } else { Conversation::New },
            "in reply to" => {
                let why = "neither a message nor an invitation was shown to the user before";
                let Some(answered) = handle(world, handles::last_answerable, why) else { return };
                wish.in_reply_to = Some(answered);
            }
            "media" => wish.media = list(),
            "from" => wish.from = Some(value),
            "to" => wish = StartSession { anonymous: wish.anonymous, ..invitation(list(), &session, wish.group.is_some()) },
            _ => return world.stop(Obstacle::new(Reason::Suite, format!("start-session has no option {option:?}"))),
        }
    }
    world.act(Act::StartSession(wish)).await;
}

/// The wish to talk to these addresses: one person, one group of the network, or several for a group of one's own.
pub(crate) fn invitation(mut addresses: Vec<String>, session: &Session, group: bool) -> StartSession {
    let mut wish = StartSession::default();
    match (group, session.is_of_group()) {
        (true, _) => wish.group = addresses.pop(),
        (false, true) => wish.participants = addresses,
        (false, false) => wish.to = addresses.pop(),
    }
    wish
}

/// `join-group`; option: anonymous.
#[when(expr = "{actor} joins {actor}( with)")]
async fn joins(world: &mut World, _actor: Actor, group: Actor, step: &Step) {
    world.stimulus(&step.value);
    let anonymous = network::pairs(step).contains(&("anonymous".to_owned(), "yes".to_owned()));
    let group = network::address(world, &group.0);
    world.act(Act::JoinGroup { group, anonymous }).await;
}

/// `send-chat` in the latest session; options: content type, notify, session = who it is with.
#[when(expr = "{actor} writes {string} in the session( with)")]
async fn writes(world: &mut World, _actor: Actor, content: String, step: &Step) {
    world.stimulus(&step.value);
    let Some(session) = session_of(world, step) else { return };
    let mut wish = SendChat { session, ..SendChat::default() };
    match network::content(world, &content) {
        None => return,
        Some(Content::Text(text)) => wish.text = Some(text),
        Some(Content::Octets(octets)) => wish.base64 = Some(network::base64(&octets)),
    }
    for (option, value) in network::pairs(step) {
        match option.as_str() {
            "content type" => wish.content_type = Some(value),
            "notify" => wish.imdn = value.split(", ").filter_map(disposition).collect(),
            "session" => {}
            _ => return world.stop(Obstacle::new(Reason::Suite, format!("send-chat has no option {option:?}"))),
        }
    }
    world.act(Act::SendChat(wish)).await;
}

/// `modify-session`: `add a stream`, `drop the stream`, `hold`, `resume`, `take only` media types.
#[when(expr = "{actor} modifies the session to {string}")]
async fn modifies(world: &mut World, _actor: Actor, what: String, step: &Step) {
    world.stimulus(&step.value);
    let Some(session) = session_of(world, step) else { return };
    let (change, types) = match (what.as_str(), what.strip_prefix("take only ")) {
        ("add a stream", _) => (Change::AddStream, Vec::new()),
        ("drop the stream", _) => (Change::DropStream, Vec::new()),
        ("hold", _) => (Change::Hold, Vec::new()),
        ("resume", _) => (Change::Resume, Vec::new()),
        (_, Some(types)) => (Change::Types, types.split(", ").map(str::to_owned).collect()),
        _ => return world.stop(Obstacle::new(Reason::Suite, format!("no change of a session is called {what:?}"))),
    };
    world.act(Act::ModifySession { session, change, types }).await;
}

/// Answers the invitation that was shown last, or lets the time for that pass; option of a redirection: to.
#[when(expr = "{actor} {decision} the invitation( with)")]
async fn answers(world: &mut World, _actor: Actor, decision: Decision, step: &Step) {
    if world.goes_on() {
        world.until(handles::is_invited).await;
    }
    world.stimulus(&step.value);
    let Some(invitation) = handle(world, handles::last_invitation, "no invitation was shown to the user before") else { return };
    let mut to = None;
    for (option, value) in network::pairs(step) {
        match option.as_str() {
            "to" => to = network::text(world, &value),
            _ => return world.stop(Obstacle::new(Reason::Suite, format!("answer-invitation has no option {option:?}"))),
        }
    }
    match (decision.0, world.look(handles::invitation_timeout)) {
        (Some(decision), _) => answer(world, invitation, decision, to).await,
        (None, Some(timeout)) => world.pass(timeout).await,
        (None, None) => {}
    }
}

/// Lets the user answer an invitation.
pub(crate) async fn answer(world: &mut World, invitation: String, decision: InvitationAnswer, to: Option<String>) {
    world.act(Act::AnswerInvitation { invitation, decision, to }).await;
}

/// An act on a session that is there, or was.
pub(super) fn on_session(world: &mut World, word: &str, step: &Step) -> Option<Act> {
    let session = session_of(world, step)?;
    let mut anonymous = false;
    for (option, value) in network::pairs(step) {
        match option.as_str() {
            "anonymous" => anonymous = value == "yes",
            "session" => {}
            _ => {
                world.stop(Obstacle::new(Reason::Suite, format!("{word} has no option {option:?}")));
                return None;
            }
        }
    }
    Some(match word {
        "rejoins the session" => Act::RejoinGroup { session, anonymous },
        "ends the session" => Act::EndSession { session, anonymous },
        _ => Act::WatchParticipants { session, on: word == "watches the participants" },
    })
}

/// How the network is lost.
pub(super) fn offline(world: &mut World, step: &Step) -> Option<Offline> {
    match network::pairs(step).as_slice() {
        [] => Some(Offline::Network),
        [(option, value)] if option == "how" && value == "network" => Some(Offline::Network),
        [(option, value)] if option == "how" && value == "off" => Some(Offline::Off),
        _ => {
            world.stop(Obstacle::new(Reason::Suite, "go-offline has the option how: network or off"));
            None
        }
    }
}

/// Handle of the session that the table names, else of the latest.
fn session_of(world: &mut World, step: &Step) -> Option<String> {
    let with = network::pairs(step).into_iter().find(|(option, _)| option == "session").map(|(_, actor)| actor);
    let find = |view: &View<'_>| handles::last_session(view, with.as_deref());
    handle(world, find, "the product told of no such session before")
}
