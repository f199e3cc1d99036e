//! Then: bodies of "it".

use cucumber::then;
use gherkin::Step;
use harness::{
    check::{body, enclosed, sdp},
    field::Field as FieldName,
    verdict::Reason,
};

use crate::{
    network,
    params::{Clause, Field, Format, Message},
    world::{Obstacle, World},
};

/// CPIM object or session description by its Content-Type, alone or as one part of a multipart; a modified offer by RFC 3264, 8 too; table: SDP attributes, empty = absent.
#[then(expr = "{clause} its body is a(n) {format}( with)")]
fn is_format(world: &mut World, clause: Clause, format: Format, step: &Step) {
    let mut with = Vec::new();
    for (name, value) in network::pairs(step) {
        let value = network::text(world, &value).unwrap_or(value);
        match format!("SDP {name}").parse::<FieldName>() {
            Ok(field) => with.push((field, value)),
            Err(error) => return world.stop(Obstacle::new(Reason::Suite, error.to_string())),
        }
    }
    world.judge(step, &clause, |view| match format.0 {
        sdp::Format::Cpim => body::is_cpim(view),
        sdp::Format::Modified => sdp::is_modified(view, &with),
        other => sdp::is_description(view, other, &with),
    });
}

/// Sections, media, protocols, directions and refusals fit the offer (RFC 3264); a selector that is not copied warns.
#[then(expr = "{clause} its body is an SDP answer to {message}")]
fn is_answer(world: &mut World, clause: Clause, message: Message, step: &Step) {
    world.judge(step, &clause, |view| sdp::answers(view, &message.0));
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

/// Of a SIP request its header fields and its content, of an MSRP request or message its head, as parts of a multipart.
#[then(expr = "{clause} it encapsulates {message}")]
fn encapsulates(world: &mut World, clause: Clause, message: Message, step: &Step) {
    world.judge(step, &clause, |view| enclosed::encapsulates(view, &message.0));
}

/// Bodiless.
#[then(expr = "{clause} it has no body")]
fn has_no_body(world: &mut World, clause: Clause, step: &Step) {
    world.judge(step, &clause, body::is_absent);
}
