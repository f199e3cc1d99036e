//! When: the user of the SUT acts, by the upper tester.

use cucumber::when;
use gherkin::Step;
use harness::{
    check::sight,
    upper::{Act, Conversation, Disposition, Reply, Scope, SendMessage},
    verdict::Reason,
};

use crate::{
    network::{self, Content},
    params::{Act as ActWord, Actor, Actors},
    world::{Obstacle, World},
};

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
    let Some(message) = last_message(world) else { return };
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

/// Every other act of the closed list.
#[when(expr = "{actor} {act}( with)")]
async fn acts(world: &mut World, _actor: Actor, act: ActWord, step: &Step) {
    world.stimulus(&step.value);
    let act = match act.0.as_str() {
        "registers" => Act::Register {},
        "deregisters from CPM" => Act::Deregister { scope: Scope::Cpm },
        "deregisters from IMS" => Act::Deregister { scope: Scope::Ims },
        "restarts" => Act::Restart { wipe: false },
        _ => match last_message(world) {
            Some(message) => Act::MarkRead { message },
            None => return,
        },
    };
    world.act(act).await;
}

/// Handle of the message that the user saw last; without one the scenario stops.
fn last_message(world: &mut World) -> Option<String> {
    let handle = world.look(sight::last_message).flatten();
    if handle.is_none() {
        world.stop(Obstacle::new(Reason::NoSight, "no message was shown to the user before"));
    }
    handle
}
