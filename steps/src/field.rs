//! Then: header fields and values of "it", and rule packs.

use cucumber::then;
use gherkin::Step;
use harness::{
    check::{body, field, pack},
    field::Place,
};

use crate::{
    network::{self, Content},
    params::{Actor, Bound, Carries, Clause, Compares, Contains, Field, Has, Message, Spec},
    world::World,
};

/// Has, should have, may have, has no.
#[then(expr = "{clause} it {has} header field {field}")]
fn has_field(world: &mut World, clause: Clause, has: Has, name: Field, step: &Step) {
    world.judge(step, &clause, |view| field::has(view, &name.0, has.0));
}

/// Equal by the field's rules; content octet by octet.
#[then(expr = "{clause} its {field} is {string}")]
fn is(world: &mut World, clause: Clause, name: Field, value: String, step: &Step) {
    match network::content(world, &value) {
        Some(Content::Octets(octets)) => world.judge(step, &clause, |view| body::content_is(view, &octets)),
        Some(Content::Text(text)) if name.0.place == Place::Content => {
            world.judge(step, &clause, |view| body::content_is(view, text.as_bytes()));
        }
        Some(Content::Text(text)) => world.judge(step, &clause, |view| field::is(view, &name.0, &text)),
        None => world.judge(step, &clause, |view| field::is(view, &name.0, &value)),
    }
}

/// A token, parameter or text.
#[then(expr = "{clause} its {field} {contains} {string}")]
fn holds(world: &mut World, clause: Clause, name: Field, contains: Contains, value: String, step: &Step) {
    let value = network::text(world, &value).unwrap_or(value);
    world.judge(step, &clause, |view| field::contains(view, &name.0, contains.0, &value));
}

/// `it` carries an ICSI, percent-encoded in g.3gpp.icsi-ref (TS 24.229, 7.2A.8.2).
#[then(expr = "{clause} its {field} {carries} the ICSI {string}")]
fn carries_icsi(world: &mut World, clause: Clause, name: Field, carries: Carries, icsi: String, step: &Step) {
    world.judge(step, &clause, |view| field::carries_icsi(view, &name.0, carries.0, &icsi));
}

/// User-Agent or Server name the release of the suite.
#[then(expr = "{clause} its {field} states the CPM release")]
fn states_release(world: &mut World, clause: Clause, name: Field, step: &Step) {
    world.judge(step, &clause, |view| field::states_release(view, &name.0));
}

/// Unlike every earlier value in the trace.
#[then(expr = "{clause} its {field} is newly generated")]
fn is_newly_generated(world: &mut World, clause: Clause, name: Field, step: &Step) {
    world.judge(step, &clause, |view| field::is_newly_generated(view, &name.0));
}

/// No two of them share a value.
#[then(expr = "{clause} their {field} values all differ")]
fn all_differ(world: &mut World, clause: Clause, name: Field, step: &Step) {
    world.judge(step, &clause, |view| field::all_differ(view, &name.0));
}

/// Any registered or provisioned address of the actor.
#[then(expr = "{clause} its {field} is the address of {actor}")]
fn is_address_of(world: &mut World, clause: Clause, name: Field, actor: Actor, step: &Step) {
    world.judge(step, &clause, |view| field::is_address_of(view, &name.0, &actor.0));
}

/// Equal to another field of another message.
#[then(expr = "{clause} its {field} is the {field} of {message}")]
fn is_field_of(world: &mut World, clause: Clause, name: Field, other: Field, message: Message, step: &Step) {
    world.judge(step, &clause, |view| field::is_field_of(view, &name.0, &other.0, &message.0));
}

/// Equals, differs from, is one more than the same field of another message.
#[then(expr = "{clause} its {field} {compares} that of {message}")]
fn compares(world: &mut World, clause: Clause, name: Field, how: Compares, message: Message, step: &Step) {
    world.judge(step, &clause, |view| field::compares(view, &name.0, how.0, &message.0));
}

/// At least, or at most, a number.
#[then(expr = "{clause} its {field} is {bound} {int}")]
fn is_bounded(world: &mut World, clause: Clause, name: Field, bound: Bound, number: u64, step: &Step) {
    world.judge(step, &clause, |view| field::is_bounded(view, &name.0, bound.0, number));
}

/// Each listed field, just when the other message has it.
#[then(expr = "{clause} it copies from {message}")]
fn copies_from(world: &mut World, clause: Clause, message: Message, step: &Step) {
    let fields: Vec<_> = network::pairs(step).iter().filter_map(|(name, _)| name.parse().ok()).collect();
    world.judge(step, &clause, |view| field::copies_from(view, &message.0, &fields));
}

/// A rule pack, whole or one section of it.
#[then(expr = "{clause} it obeys {spec}")]
async fn obeys(world: &mut World, clause: Clause, spec: Spec, step: &Step) {
    world.listen(|view| pack::enough(view, &spec.0)).await;
    world.judge(step, &clause, |view| pack::obeys(view, &spec.0));
}
