//! When: the user of the SUT acts, by the upper tester.

use cucumber::when;
use gherkin::Step;
use harness::{
    check::{View, handle as handles},
    upper::{Act, Action, Conversation, Decision, Disposition, ForwardStored, Reply, Scope, SendMessage},
    verdict::Reason,
};

use crate::{
    network::{self, Content},
    params::{Act as ActWord, Actor, Actors},
    world::{Obstacle, World},
};

mod sessions;

pub(crate) use sessions::{answer, invitation};

/// `send-message`; options: reply to, anonymous, expires, notify, conversation, from, content type, to.
#[when(expr = "{actor} sends {string} to {actors}( with)")]
async fn sends(world: &mut World, _actor: Actor, content: String, to: Actors, step: &Step) {
    world.stimulus(&step.value);
    let mut wish =
        SendMessage { to: to.list().into_iter().map(|actor| network::address(world, actor)).collect(), ..SendMessage::default() };
    match network::content(world, &content) {
        None => return,
        Some(Content::Text(text)) => wish.text = Some(text),
        Some(Content::Octets(octets)) => wish.base64 = Some(network::base64(&octets)),
    }
    for (option, value) in network::pairs(step) {
        let Some(value) = network::text(world, &value) else { return };
        match option.as_str() {
            "reply to" => wish.reply_to = Some(value),
            "anonymous" => wish.anonymous = value == "yes",
            "expires" => wish.expires = value.trim_end_matches(" s").parse().ok(),
            "notify" => wish.imdn = value.split(", ").filter_map(disposition).collect(),
            "conversation" => wish.conversation = if value == "same" { Conversation::Same } else { Conversation::New },
            "from" => wish.from = Some(value),
            "content type" => wish.content_type = Some(value),
            "to" => wish.to = value.split(", ").map(str::to_owned).collect(),
            _ => return world.stop(Obstacle::new(Reason::Suite, format!("send-message has no option {option:?}"))),
        }
    }
    world.act(Act::SendMessage(wish)).await;
}

fn disposition(word: &str) -> Option<Disposition> {
    match word {
        "delivery" => Some(Disposition::Delivery),
        "display" => Some(Disposition::Display),
        _ => None,
    }
}

/// `reply` to the message seen last; options: to, members.
#[when(expr = "{actor} replies {string}( with)")]
async fn replies(world: &mut World, _actor: Actor, text: String, step: &Step) {
    world.stimulus(&step.value);
    let (Some(message), Some(text)) = (last_message(world), network::text(world, &text)) else { return };
    let mut wish = Reply { message, text, ..Reply::default() };
    for (option, value) in network::pairs(step) {
        match option.as_str() {
            "to" => wish.to = network::text(world, &value),
            "members" => wish.members = value.split(", ").map(|actor| network::address(world, actor)).collect(),
            _ => return world.stop(Obstacle::new(Reason::Suite, format!("reply has no option {option:?}"))),
        }
    }
    world.act(Act::Reply(wish)).await;
}

/// Every other act of the closed list; options: object, to, text of a stored object; a deferred message and its action a row;
/// anonymous, and session = who it is with; how the network is lost = network or off.
#[when(expr = "{actor} {act}( with)")]
async fn acts(world: &mut World, _actor: Actor, act: ActWord, step: &Step) {
    world.stimulus(&step.value);
    if let Some(act) = act_of(world, &act.0, step) {
        world.act(act).await;
    }
}

fn act_of(world: &mut World, word: &str, step: &Step) -> Option<Act> {
    Some(match word {
        "registers" => Act::Register {},
        "deregisters from CPM" => Act::Deregister { scope: Scope::Cpm },
        "deregisters from IMS" => Act::Deregister { scope: Scope::Ims },
        "restarts" => Act::Restart { wipe: false },
        "cancels the message" => {
            Act::CancelMessage { message: handle(world, handles::last_sent, "the product gave no handle for a message before")? }
        }
        "forwards a stored object" => Act::ForwardStored(stored_object(world, step)?),
        "asks for deferred messages" => Act::ListDeferred {},
        "handles the deferred messages" => Act::HandleDeferred { decisions: decisions(world, step)? },
        "receives a push notification" => Act::PushNotify {},
        "agrees to connect" => Act::AnswerConnect { connect: true },
        "refuses to connect" => Act::AnswerConnect { connect: false },
        "rejoins the session" | "ends the session" | "watches the participants" | "stops watching the participants" => {
            sessions::on_session(world, word, step)?
        }
        "goes offline" => Act::GoOffline { how: sessions::offline(world, step)? },
        "comes online" => Act::GoOnline {},
        "turns pull on" => Act::Configure { setting: "pull-deferred".to_owned(), value: true.into() },
        _ => Act::MarkRead { message: last_message(world)? },
    })
}

/// Options of `forward-stored`; by default the object of the IXIT goes to Bob.
fn stored_object(world: &mut World, step: &Step) -> Option<ForwardStored> {
    let mut wish = ForwardStored {
        object: network::text(world, "{stored object}")?,
        to: vec![network::address(world, "Bob")],
        ..ForwardStored::default()
    };
    for (option, value) in network::pairs(step) {
        match option.as_str() {
            "object" => wish.object = network::text(world, &value)?,
            "to" => wish.to = value.split(", ").map(|actor| network::address(world, actor)).collect(),
            "text" => wish.text = Some(network::text(world, &value)?),
            _ => {
                world.stop(Obstacle::new(Reason::Suite, format!("forward-stored has no option {option:?}")));
                return None;
            }
        }
    }
    Some(wish)
}

/// A message and what is to happen to it a row; no row: all are delivered.
fn decisions(world: &mut World, step: &Step) -> Option<Vec<Decision>> {
    let mut decisions = Vec::new();
    for (message, action) in network::pairs(step) {
        let message = network::text(world, &message)?;
        let action = match action.as_str() {
            "deliver" => Action::Deliver,
            "delete" => Action::Delete,
            "interwork" => Action::Interwork,
            "store" => Action::Store,
            _ => {
                world.stop(Obstacle::new(Reason::Suite, format!("nothing that can be done with a deferred message is called {action:?}")));
                return None;
            }
        };
        decisions.push(Decision { message, action });
    }
    Some(decisions)
}

/// Handle of the message that the user saw last; without one the scenario stops.
fn last_message(world: &mut World) -> Option<String> {
    handle(world, handles::last_message, "no message was shown to the user before")
}

/// A handle that the trace has; without it the scenario stops, for this reason.
fn handle(world: &mut World, find: impl Fn(&View<'_>) -> Option<String>, why: &str) -> Option<String> {
    let handle = world.look(find).flatten();
    if handle.is_none() {
        world.stop(Obstacle::new(Reason::NoSight, why));
    }
    handle
}
