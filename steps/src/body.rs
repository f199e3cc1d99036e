//! Then: bodies of "it".

use cucumber::then;
use gherkin::Step;
use harness::check::body;

use crate::{
    network,
    params::{Clause, Field, Message},
    world::World,
};

/// A CPIM object by its Content-Type, alone or as one part of a multipart.
#[then(expr = "{clause} its body is a CPIM message")]
fn is_cpim(world: &mut World, clause: Clause, step: &Step) {
    world.judge(step, &clause, body::is_cpim);
}

/// Resource list: exactly these entries, as a set.
#[then(expr = "{clause} its body lists")]
fn lists(world: &mut World, clause: Clause, step: &Step) {
    let mut wanted = Vec::new();
    for (entry, _) in network::pairs(step) {
        // A URI or a placeholder as it stands, a name of the cast by its address.
        wanted.push(if entry.contains([':', '{']) {
            network::text(world, &entry).unwrap_or_default()
        } else {
            network::address(world, &entry)
        });
    }
    world.judge(step, &clause, |view| body::lists(view, &wanted));
}

/// Resource list: the address in a field of another message is among the entries.
#[then(expr = "{clause} its body lists the {field} of {message}")]
fn lists_field(world: &mut World, clause: Clause, name: Field, message: Message, step: &Step) {
    world.judge(step, &clause, |view| body::lists_field(view, &name.0, &message.0));
}

/// Multipart: each of these as exactly one part, in any order.
#[then(expr = "{clause} its body has the parts")]
fn has_parts(world: &mut World, clause: Clause, step: &Step) {
    let wanted: Vec<_> = network::pairs(step).into_iter().map(|(kind, _)| kind).collect();
    world.judge(step, &clause, |view| body::has_parts(view, &wanted));
}

/// Bodiless.
#[then(expr = "{clause} it has no body")]
fn has_no_body(world: &mut World, clause: Clause, step: &Step) {
    world.judge(step, &clause, body::is_absent);
}
