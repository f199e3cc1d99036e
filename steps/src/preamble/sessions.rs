//! Given: sessions that are open already.

use std::time::Duration;

use cucumber::given;
use gherkin::Step;
use harness::{
    check::{View, handle, session},
    sut::Role,
    trace::Mark,
    upper::{Act, InvitationAnswer, StartSession},
    verdict::Reason,
};

use crate::{
    network,
    params::{Actor, Session},
    user,
    world::{Obstacle, World},
};

/// INVITE, 2xx, ACK, MSRP, in a group the first NOTIFY; who stands first invites; table: `group` (a group of the network, which
/// Alice joins if it is the Lobby), `closed`, `media` besides messages.
#[given(expr = "a(n) {session} is established between {actor} and {actor}( with)")]
async fn is_established(world: &mut World, session: Session, one: Actor, other: Actor, step: &Step) {
    if one.0 != "Alice" {
        return accepted(world, Some(&one.0), session.opening()).await;
    }
    let mut group = other.is_group().then(|| other.clone());
    let (mut closed, mut media) = (false, Vec::new());
    for (option, value) in network::pairs(step) {
        match option.as_str() {
            "group" => group = Some(Actor(value)),
            "closed" => closed = value == "yes",
            "media" => media = value.split(", ").map(str::to_owned).collect(),
            _ => return world.stop(Obstacle::new(Reason::Suite, format!("a session has no option {option:?}"))),
        }
    }
    let act = match &group {
        Some(lobby) if lobby.0 == "the Lobby" => Act::JoinGroup { group: network::address(world, &lobby.0), anonymous: false },
        _ => {
            let people: &[&str] = if session.is_of_group() { &["Bob", "Carol"] } else { &[other.0.as_str()] };
            let whom = group.as_ref().map_or(people.to_vec(), |group| vec![group.0.as_str()]);
            let addresses = whom.into_iter().map(|actor| network::address(world, actor)).collect();
            Act::StartSession(StartSession { closed, media, ..user::invitation(addresses, &session, group.is_some()) })
        }
    };
    beforehand(world, "Alice begins a session");
    world.act(act).await;
    world.unless_refused();
    comes_about(world, "the session").await;
}

/// Delivers a named invitation; the user accepts it, of a server the user that it serves, and messages can flow.
#[given(expr = "{actor} has accepted {string}")]
async fn has_accepted(world: &mut World, _actor: Actor, name: String) {
    accepted(world, None, &name).await;
}

async fn accepted(world: &mut World, from: Option<&str>, name: &str) {
    beforehand(world, &format!("{name:?} comes"));
    if network::send(world, from, name).is_none() {
        return;
    }
    // A product may be set up to accept without asking.
    let asked = |view: &View<'_>| handle::is_invited(view) || session::is_established(view);
    if !world.until(asked).await {
        return world.stop(Obstacle::new(Reason::Preamble, format!("the SUT did not show {name:?}")));
    }
    if let Some(invitation) = world.look(|view| handle::is_invited(view).then(|| handle::last_invitation(view)).flatten()).flatten() {
        user::answer(world, invitation, InvitationAnswer::Accept, None).await;
        world.unless_refused();
    }
    comes_about(world, name).await;
}

/// Marks a stimulus that nobody judges: what the scenario is about comes later.
fn beforehand(world: &mut World, what: &str) {
    if let Some(bench) = world.bench() {
        bench.mark(Mark::Stimulus(format!("{what} beforehand")));
    }
}

/// Waits until the session is there for everybody.
async fn comes_about(world: &mut World, what: &str) {
    if !world.goes_on() {
        return;
    }
    let profile = world.profile();
    let stands = if profile.role.is_server() { session::is_taken } else { session::is_established };
    // Media that go past the SUT are not seen.
    let past = profile.role == Role::ImServerProxy || profile.role == Role::ImServerB2bua && profile.ics.claims("im-media") != Some(true);
    let lacks = |missing: &str| Obstacle::new(Reason::Preamble, format!("{what} did not come about: {missing} is missing"));
    if !world.until(stands).await {
        return world.stop(lacks("its ACK"));
    }
    // What a server claims to be, a line of its own judges.
    let own = world.look(session::has_own_dialog).flatten();
    let claimed = match profile.role {
        Role::ImServerB2bua => Some(true),
        Role::ImServerProxy => Some(false),
        Role::CpmClient | Role::CpmParticipatingFunction => None,
    };
    if claimed.is_some() && own != claimed {
        let is = if own == Some(true) { "the server has a dialog of its own on each side" } else { "the server stands in one dialog" };
        return world.stop(Obstacle::new(Reason::Branch, format!("{is}: it is no {}", profile.role.words())));
    }
    if !past && !world.until(session::is_bound).await {
        return world.stop(lacks("its MSRP"));
    }
    // What the client of a server said is acknowledged, too; whether it is, lines of their own judge.
    world.until(session::is_passed_on).await;
    // A group tells who is there; that nothing is told hinders nobody.
    world.until(session::is_notified).await;
    let acts = world.duration("acts");
    if let Some(bench) = world.bench() {
        bench.idle(acts, Duration::ZERO).await;
    }
    world.pass_over();
}
