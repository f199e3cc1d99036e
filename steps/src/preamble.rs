//! Given: the SUT in its place, the network, registration, what was received before. A failure here is nobody's fault.

use std::collections::BTreeMap;

use cucumber::given;
use gherkin::Step;
use harness::{
    check::{MessageRef, View},
    role::{Grant, Stimulus, conduct::Rule},
    trace::Mark,
    upper::{Act, Resources, Scope},
    verdict::Reason,
};
use serde_json::Value;

use crate::{
    network,
    params::{Actor, Registration, Role, Status},
    world::{Obstacle, World},
};

mod sessions;

/// Binds the SUT to its place and names whom it serves.
#[given(expr = "the SUT is a(n) {role} serving {actor}")]
fn sut(world: &mut World, role: Role, actor: Actor) {
    let profile = world.profile();
    let served = profile.role.served();
    if role.0 != profile.role.words() || actor.0.to_lowercase() != served {
        let why = format!("the SUT is a {} serving {served}, no {role} serving {actor}", profile.role.words());
        world.stop(Obstacle::new(Reason::Suite, why));
    }
}

/// Loads `scenarios/<name>.yaml`: fakes, named messages, conduct.
#[given(expr = "the network of {string}")]
async fn network(world: &mut World, name: String) {
    network::load(world, &name).await;
}

/// Sets up the SUT before it starts: a setting and its value a row.
#[given(expr = "the SUT is provisioned with")]
async fn provisioned(world: &mut World, step: &Step) {
    for (setting, value) in network::pairs(step) {
        let Some(value) = network::text(world, &value) else { return };
        let value = match (value.as_str(), setting.as_str()) {
            ("yes", _) => Value::Bool(true),
            ("no", _) => Value::Bool(false),
            (_, "addresses" | "chat-types" | "groups" | "stored-objects") => {
                value.split(", ").map(|v| Value::String(v.to_owned())).collect()
            }
            (number, "invitation-timeout" | "max-participants") => {
                number.parse::<u64>().map_or_else(|_| Value::String(value.clone()), Value::from)
            }
            _ => Value::String(value),
        };
        world.act(Act::Configure { setting, value }).await;
        world.unless_refused();
    }
}

/// Makes the device run short of resources.
#[given(expr = "the SUT is short of resources")]
async fn short(world: &mut World) {
    world.act(Act::SetResources { level: Resources::Exhausted }).await;
    world.unless_refused();
}

/// REGISTER until 200, or none; table: what the registrar grants (`expires`, `expires in`, `gruu`).
#[given(expr = "{actor} {registration}( with)")]
async fn registered(world: &mut World, _actor: Actor, registration: Registration, step: &Step) {
    if registration.0 == "is not registered" {
        network::not_registered(world).await;
        return;
    }
    let mut grant = Grant::default();
    for (name, value) in network::pairs(step) {
        match (name.as_str(), value.parse()) {
            ("expires", Ok(seconds)) => grant.expires = Some(seconds),
            ("expires in", _) => grant.in_contact = value == "Contact",
            ("gruu", _) => grant.gruu = value == "yes",
            _ => return world.stop(Obstacle::new(Reason::Suite, format!("{name} {value} is nothing that a registrar grants"))),
        }
    }
    if let Some(bench) = world.bench() {
        bench.stimulate("the IMS core", Stimulus::Grant(grant));
    }
    // A product that cannot be asked to register is expected to do so by itself.
    if world.bench().is_some_and(|bench| bench.knows_act("register")) {
        world.act(Act::Register {}).await;
        world.unless_refused();
    }
    if !world.goes_on() {
        return;
    }
    let registered = world.until(network::is_registered).await;
    if !registered {
        world.stop(Obstacle::new(Reason::Preamble, "the SUT did not register"));
        return;
    }
    let acts = world.duration("acts");
    if let Some(bench) = world.bench() {
        // The 200 response may still be on its way inside the SUT.
        bench.idle(acts, std::time::Duration::ZERO).await;
    }
}

/// Delivers a named message and waits until the SUT has taken it and its user has seen it.
#[given(expr = "{actor} has received {string}")]
async fn has_received(world: &mut World, _actor: Actor, name: String) {
    let Ok(named) = world.network.message(&name) else { return drop(network::send(world, None, &name)) };
    // A NOTIFY needs a subscription: the user asks for what it tells.
    if named.method.as_deref() == Some("NOTIFY") && !subscribes(world).await {
        return;
    }
    if let Some(bench) = world.bench() {
        bench.mark(Mark::Stimulus(format!("{name:?} comes beforehand")));
    }
    let Some((_, method)) = network::send(world, None, &name) else { return };
    let request: Result<MessageRef, _> = format!("the received {method} request").parse();
    let Ok(request) = request else { return world.stop(Obstacle::new(Reason::Suite, format!("no request is called {method}"))) };
    let sight = if method == "NOTIFY" { "deferred-list" } else { "message-received" };
    let tells = named.is_for_the_user() && world.bench().is_some_and(|bench| bench.knows_sight(sight));
    let taken = world.until(|view| network::was_taken(view, &request) && (!tells || network::sights_since(view))).await;
    if !taken {
        return world.stop(Obstacle::new(Reason::Preamble, format!("the SUT did not take {name:?} and show it")));
    }
    let acts = world.duration("acts");
    if let Some(bench) = world.bench() {
        // The end of a session may still be on its way.
        bench.idle(acts, std::time::Duration::ZERO).await;
    }
}

/// Delivers a named message to a server and waits until it has answered it by 2xx; of a session until that is over.
#[given(expr = "the SUT has taken {string}")]
async fn has_taken(world: &mut World, name: String) {
    if let Some(bench) = world.bench() {
        bench.mark(Mark::Stimulus(format!("{name:?} comes beforehand")));
    }
    let Some((_, method)) = network::send(world, None, &name) else { return };
    let last = if method == "INVITE" { "BYE" } else { &method };
    let requests = [&*method, last].map(|method| format!("the received {method} request").parse::<MessageRef>());
    let [Ok(request), Ok(last)] = requests else {
        return world.stop(Obstacle::new(Reason::Suite, format!("no request is called {method}")));
    };
    let taken = world.until(|view| network::was_taken(view, &request) && network::was_taken(view, &last)).await;
    if !taken {
        return world.stop(Obstacle::new(Reason::Preamble, format!("the SUT did not take {name:?}")));
    }
    let acts = world.duration("acts");
    if let Some(bench) = world.bench() {
        bench.idle(acts, std::time::Duration::ZERO).await;
    }
    world.pass_over();
}

/// Lets the user ask for deferred messages and waits for the subscription that follows.
async fn subscribes(world: &mut World) -> bool {
    if let Some(bench) = world.bench() {
        bench.mark(Mark::Stimulus("the user asks for deferred messages beforehand".to_owned()));
    }
    // The response to the registration may still be on its way to the SUT.
    let _ = world.lives().await;
    world.act(Act::ListDeferred {}).await;
    world.unless_refused();
    let subscribed = |view: &View<'_>| {
        let new = view.messages.list().iter().filter(|seen| seen.entry >= view.stimulus() && seen.by_sut());
        new.into_iter().any(|seen| seen.message.method() == Some("SUBSCRIBE"))
    };
    if world.goes_on() && !world.until(subscribed).await {
        world.stop(Obstacle::new(Reason::Preamble, "the SUT did not subscribe to deferred messages"));
    }
    world.goes_on()
}

/// A fake's next answer; table: header fields, and `algorithm` for a challenge.
#[given(expr = "{actor} will answer {status}( with)")]
fn will_answer(world: &mut World, actor: Actor, status: Status, step: &Step) {
    let mut header = BTreeMap::new();
    for (name, value) in network::pairs(step) {
        let Some(value) = network::text(world, &value) else { return };
        header.insert(name, value);
    }
    let rule = Rule::answering(status.codes().first().copied().unwrap_or(500), header);
    network::deviate(world, &actor.0, rule);
}

/// A fake stays silent from now on.
#[given(expr = "{actor} will not answer")]
fn will_not_answer(world: &mut World, actor: Actor) {
    network::deviate(world, &actor.0, Rule::silent());
}

/// Switches a named conduct of the scenario file on.
#[given(expr = "{actor} behaves as {string}")]
fn behaves(world: &mut World, actor: Actor, name: String) {
    let rules = world.network.conduct.get(&name).and_then(|c| c.get(&actor.0)).cloned();
    match rules {
        None => world.stop(Obstacle::new(Reason::Suite, format!("{actor} has no conduct called {name:?}"))),
        Some(rules) => rules.into_iter().rev().for_each(|rule| network::deviate(world, &actor.0, rule)),
    }
}

/// Leaves the core, for products that stay registered between scenarios.
pub(crate) async fn leave(world: &mut World) {
    world.act(Act::Deregister { scope: Scope::Ims }).await;
    world.unless_refused();
}
