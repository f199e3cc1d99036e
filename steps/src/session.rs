//! Then: transactions, dialogs and the media plane; and what one of two lines met.

use cucumber::then;
use gherkin::Step;
use harness::check::{View, media, session};

use crate::{
    params::{Actor, Clause, Dialog, Field, Message, Plane},
    seen::absent,
    world::World,
};

/// Opens a stream to the leftmost MSRP URI of that path, within `media`; "it" stays what it was.
#[then(expr = "{clause} the SUT connects to the {field} of {message}")]
async fn connects(world: &mut World, clause: Clause, name: Field, message: Message, step: &Step) {
    if let Some(hidden) = world.hidden_by_answer() {
        return world.judge(step, &clause, |_| hidden);
    }
    world.judge_when(step, &clause, |view| media::connects(view, &name.0, &message.0)).await;
}

/// No response at all, until the SUT is idle or the quiet period is over, and the SUT lives.
#[then(expr = "{clause} the SUT does not answer {message}")]
async fn does_not_answer(world: &mut World, clause: Clause, message: Message, step: &Step) {
    absent(world, step, &clause, |view| session::does_not_answer(view, &message.0)).await;
}

/// Repetitions have stopped: with the ACK of a response to INVITE, the response to a request, else the last stimulus.
#[then(expr = "{clause} the SUT no longer repeats {message}")]
async fn no_longer_repeats(world: &mut World, clause: Clause, message: Message, step: &Step) {
    // What ends the repetitions may be late on purpose; then time has to pass in which another one would come.
    if world.until(|view| session::is_acknowledged(view, &message.0)).await {
        world.pass(session::NEXT).await;
    }
    absent(world, step, &clause, |view| session::no_longer_repeats(view, &message.0)).await;
}

/// Outside any dialog, or within one: identifiers, tags, CSeq, route set, remote target.
#[then(expr = "{clause} it is sent {dialog}")]
fn is_sent(world: &mut World, clause: Clause, dialog: Dialog, step: &Step) {
    world.judge(step, &clause, |view| session::is_sent(view, &dialog.0));
}

/// Since the last stimulus: no connection and no request; a request of the SUT; none any more once the session is over; connections
/// or paths that come, go or differ; none of these.
#[then(expr = "{clause} the media plane {plane}")]
async fn media_plane(world: &mut World, clause: Clause, plane: Plane, step: &Step) {
    if let Some(hidden) = world.hidden_by_answer() {
        return world.judge(step, &clause, |_| hidden);
    }
    let check = |view: &View<'_>| media::plane(view, plane.0);
    if matches!(plane.0, media::Plane::Starts | media::Plane::Changes) {
        world.judge_when(step, &clause, check).await;
    } else {
        absent(world, step, &clause, check).await;
    }
}

/// Dialogs by INVITE that were accepted, and that nobody left by BYE.
#[then(expr = "{clause} {actor} has {int} session(s) open")]
async fn sessions_open(world: &mut World, clause: Clause, _actor: Actor, count: usize, step: &Step) {
    absent(world, step, &clause, |view| session::open(view, count)).await;
}

/// One of two earlier lines found what it allows, on the wire or before the user's eyes.
#[then(expr = "{clause} {clause} or {clause} was met")]
fn either(world: &mut World, clause: Clause, one: Clause, other: Clause, step: &Step) {
    world.judge_either(step, &clause, &one, &other);
}
