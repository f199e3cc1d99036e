//! Then: what the SUT sends and answers, in which order and when, what its user sees, and what is not tested.

use cucumber::then;
use gherkin::Step;
use harness::{
    check::{
        View, handle, order,
        seeing::{self, Sighting, Wanted},
        sight,
    },
    field::Field as FieldName,
    requirement::Level,
    upper::{Act, Queried},
    verdict::{Judgement, Reason},
};

use crate::{
    network,
    params::{Actor, Clause, Count, Kind, Message, Order, Shown, Sight, Status, Untested},
    world::{Obstacle, World, is_content},
};

/// Looks for messages of the SUT; what it does not find makes the rest inconclusive.
#[then(expr = "the SUT sends {count} {kind} to {actor}( with)")]
async fn sees(world: &mut World, count: Count, kind: Kind, actor: Actor, step: &Step) {
    let Some(wanted) = wanted(world, &kind, &actor, step) else { return };
    let sighting = see(world, |view| seeing::sends(view, &wanted, count.number())).await;
    if let Judgement::Looked { findings, .. } = &sighting.judgement
        && let Some(finding) = findings.first()
    {
        world.stop(Obstacle::new(Reason::NotTriggered, format!("expected {}; {}", finding.expected, finding.observed)));
    }
    world.take(&sighting);
}

/// Looks for messages that the SUT may send; none is an option that it did not take.
#[then(expr = "{clause} the SUT may send {count} {kind} to {actor}( with)")]
async fn may_send(world: &mut World, clause: Clause, count: Count, kind: Kind, actor: Actor, step: &Step) {
    let Some(wanted) = wanted(world, &kind, &actor, step) else { return world.judge(step, &clause, nothing) };
    let mut sighting = see(world, |view| seeing::sends(view, &wanted, count.number())).await;
    if world.goes_on() && sighting.found.is_empty() {
        return world.not_taken(step, &clause, &format!("the SUT sent no {kind}"));
    }
    if let Judgement::Looked { findings, .. } = &mut sighting.judgement {
        findings.clear();
    }
    conclude(world, step, &clause, Some(sighting));
}

/// Obliges the SUT to send them; the last of them is "it".
#[then(expr = "{clause} the SUT sends {count} {kind} to {actor}( with)")]
async fn sends(world: &mut World, clause: Clause, count: Count, kind: Kind, actor: Actor, step: &Step) {
    let wanted = wanted(world, &kind, &actor, step);
    let mut found = None;
    if let Some(wanted) = wanted {
        let mut sighting = see(world, |view| seeing::sends(view, &wanted, count.number())).await;
        // A number is exact: that no more come is an absence.
        if count.number().is_some() && world.goes_on() && met(&sighting) {
            match world.barrier().await {
                Err(obstacle) => sighting.judgement = Judgement::Obstacle(obstacle.reason, obstacle.detail),
                Ok(()) => sighting = world.look(|view| seeing::sends(view, &wanted, count.number())).unwrap_or(sighting),
            }
        }
        world.check_life(&mut |view| seeing::sends(view, &wanted, count.number()).open).await;
        found = Some(sighting);
    }
    conclude(world, step, &clause, found);
}

/// Nothing of the kind comes until the SUT is idle or the quiet period is over, and the SUT lives.
#[then(expr = "{clause} the SUT sends no {kind} to {actor}( with)")]
async fn sends_no(world: &mut World, clause: Clause, kind: Kind, actor: Actor, step: &Step) {
    let Some(wanted) = wanted(world, &kind, &actor, step) else { return world.judge(step, &clause, nothing) };
    absent(world, step, &clause, |view| seeing::sends_no(view, &wanted)).await;
}

/// Final response of the SUT; alternatives are joined by `or`.
#[then(expr = "{clause} the SUT answers {status} to {message}")]
async fn answers(world: &mut World, clause: Clause, status: Status, message: Message, step: &Step) {
    let option = world.level(&clause) == Some(Level::May);
    let answer = |view: &View<'_>| seeing::answers(view, &status.codes(), &message.0, option);
    let sighting = see(world, answer).await;
    world.check_life(&mut |view| answer(view).open).await;
    conclude(world, step, &clause, Some(sighting));
}

/// Looks for the final response; another one makes the rest inconclusive.
#[then(expr = "the SUT answers {status} to {message}")]
async fn sees_answer(world: &mut World, status: Status, message: Message) {
    let sighting = see(world, |view| seeing::answers(view, &status.codes(), &message.0, false)).await;
    if !met(&sighting) {
        world.stop(Obstacle::new(Reason::NotTriggered, format!("the SUT did not answer {status} to {}", message.0)));
    }
    world.take(&sighting);
}

/// "It" comes before, or after, another message.
#[then(expr = "{clause} it comes {order} {message}")]
fn comes(world: &mut World, clause: Clause, order: Order, message: Message, step: &Step) {
    world.judge(step, &clause, |view| order::comes(view, order.0, &message.0));
}

/// "It" comes within a window after another message.
#[then(expr = "{clause} it comes {int} to {int} seconds after {message}")]
fn comes_within(world: &mut World, clause: Clause, from: u64, to: u64, message: Message, step: &Step) {
    world.judge(step, &clause, |view| order::comes_within(view, from, to, &message.0));
}

/// A sight of the closed list, or one of two; table: its fields; of participants who is where.
#[then(expr = "{clause} {actor} {shown} {sight}( with)")]
async fn is_shown(world: &mut World, clause: Clause, _actor: Actor, shown: Shown, sight: Sight, step: &Step) {
    let kinds = sight.names();
    if let Some(hidden) = world.hidden_by_answer() {
        return world.judge(step, &clause, |_| hidden);
    }
    if !told(world, &kinds) {
        return world.judge(step, &clause, |_| untold());
    }
    let Some(fields) = fields(world, step) else { return world.judge(step, &clause, nothing) };
    let check = |view: &View<'_>| sight::is_shown(view, shown.0, &kinds, &fields);
    // Who takes part is told by itself as well, and asked for only where that is not what the line names.
    let asks = match (sight.0 == "the participants", shown.0 == sight::Shown::IsNot) {
        (true, true) => !fields.is_empty(),
        (true, false) => !world.until(|view| is_content(&check(view))).await,
        (false, _) => true,
    };
    if asks {
        query(world, &sight, &fields).await;
    }
    if shown.0 == sight::Shown::IsNot {
        absent_sight(world, step, &clause, check).await;
    } else {
        world.judge_in_time(step, &clause, check).await;
    }
    if let Some(Judgement::NotTaken(fact)) = world.look(check) {
        world.unseen = Some(fact);
    }
}

/// Judges that a sight is absent; where the user chose not to see any, there is nothing that it could have told.
async fn absent_sight(world: &mut World, step: &Step, clause: &Clause, check: impl Fn(&View<'_>) -> Judgement) {
    match world.unseen.clone() {
        Some(fact) => world.judge(step, clause, |_| Judgement::NotTaken(fact)),
        None => absent(world, step, clause, check).await,
    }
}

/// Looks for a sight; without it the rest is inconclusive.
#[then(expr = "{actor} is shown {sight}( with)")]
async fn sees_shown(world: &mut World, _actor: Actor, sight: Sight, step: &Step) {
    let kinds = sight.names();
    let Some(fields) = fields(world, step) else { return };
    world.unless_refused();
    if !told(world, &kinds) {
        return world.stop(Obstacle::new(Reason::NoSight, "the adapter does not tell what the user sees"));
    }
    let check = |view: &View<'_>| sight::is_shown(view, sight::Shown::Is, &kinds, &fields);
    if world.goes_on() && !world.until(|view| is_content(&check(view))).await {
        world.stop(Obstacle::new(Reason::NotTriggered, format!("the user was not shown {sight}")));
    }
}

/// Each such sight comes after, or before, another message: after the last chunk of an MSRP message.
#[then(expr = "{clause} {actor} is shown {sight} {order} {message}")]
async fn is_shown_in_order(world: &mut World, clause: Clause, _actor: Actor, sight: Sight, order: Order, message: Message, step: &Step) {
    if let Some(hidden) = world.hidden_by_answer() {
        return world.judge(step, &clause, |_| hidden);
    }
    let kinds = sight.names();
    if !told(world, &kinds) {
        return world.judge(step, &clause, |_| untold());
    }
    world.judge_in_time(step, &clause, |view| sight::comes(view, &kinds, order.0, &message.0)).await;
}

/// That text anywhere in any sight.
#[then(expr = "{clause} {actor} {shown} {string}")]
async fn text_shown(world: &mut World, clause: Clause, _actor: Actor, shown: Shown, text: String, step: &Step) {
    let Some(text) = network::text(world, &text) else { return world.judge(step, &clause, nothing) };
    let check = |view: &View<'_>| sight::text_is_shown(view, shown.0, &text);
    if shown.0 == sight::Shown::IsNot {
        absent_sight(world, step, &clause, check).await;
    } else {
        world.judge_in_time(step, &clause, check).await;
    }
}

/// The row's line when nothing can be judged.
#[then(expr = "{clause} is not tested, because {reason}")]
fn not_tested(world: &mut World, clause: Clause, reason: Untested, step: &Step) {
    world.untested(step, &clause, reason.0);
}

/// Waits for what a seeing line looks for.
async fn see(world: &mut World, look: impl Fn(&View<'_>) -> Sighting) -> Sighting {
    world.unless_refused();
    if world.goes_on() {
        world.until(|view| !look(view).open).await;
    }
    let none =
        || Sighting { found: Vec::new(), judgement: Judgement::Obstacle(Reason::Suite, "no network is loaded".to_owned()), open: false };
    world.look(look).unwrap_or_else(none)
}

fn met(sighting: &Sighting) -> bool {
    matches!(&sighting.judgement, Judgement::Looked { findings, .. } if findings.is_empty())
}

fn conclude(world: &mut World, step: &Step, clause: &Clause, found: Option<Sighting>) {
    if let Some(sighting) = &found {
        world.take(sighting);
    }
    world.judge(step, clause, |_| found.map_or_else(nothing_to_see, |sighting| sighting.judgement));
}

/// Judges an absence behind the barrier. A product that refused the act did not bring it about either.
pub(crate) async fn absent(world: &mut World, step: &Step, clause: &Clause, check: impl Fn(&View<'_>) -> Judgement) {
    if !world.goes_on() {
        return world.judge(step, clause, nothing);
    }
    match world.barrier().await {
        Ok(()) => world.judge(step, clause, check),
        Err(obstacle) => world.judge(step, clause, |_| Judgement::Obstacle(obstacle.reason, obstacle.detail)),
    }
}

fn nothing(_: &View<'_>) -> Judgement {
    nothing_to_see()
}

fn nothing_to_see() -> Judgement {
    Judgement::Obstacle(Reason::Suite, "the line could not be read".to_owned())
}

fn wanted(world: &mut World, kind: &Kind, actor: &Actor, step: &Step) -> Option<Wanted> {
    let mut with = Vec::new();
    for (name, value) in network::pairs(step) {
        let value = network::text(world, &value)?;
        match name.parse::<FieldName>() {
            Ok(field) => with.push((field, value)),
            Err(error) => {
                world.stop(Obstacle::new(Reason::Suite, error.to_string()));
                return None;
            }
        }
    }
    Some(Wanted { kinds: kind.list(), party: actor.0.clone(), with })
}

fn fields(world: &mut World, step: &Step) -> Option<Vec<(String, String)>> {
    let mut fields = Vec::new();
    for (name, value) in network::pairs(step) {
        // A session is told by its handle, who takes part in one by the address.
        let value = match value.strip_prefix("the session with ") {
            Some(actor) => session_with(world, actor)?,
            None => match network::content(world, &value)? {
                network::Content::Text(text) => text,
                network::Content::Octets(octets) => network::base64(&octets),
            },
        };
        let name = if Actor::is_cast(&name) { network::address(world, &name) } else { name };
        fields.push((name, value));
    }
    Some(fields)
}

fn session_with(world: &mut World, actor: &str) -> Option<String> {
    let handle = world.look(|view| handle::last_session(view, Some(actor))).flatten();
    if handle.is_none() {
        world.stop(Obstacle::new(Reason::NoSight, format!("the product told of no session with {actor}")));
    }
    handle
}

fn told(world: &mut World, kinds: &[&str]) -> bool {
    world.bench().is_none_or(|bench| kinds.iter().any(|kind| bench.knows_sight(kind)))
}

fn untold() -> Judgement {
    Judgement::Obstacle(Reason::NoSight, "the adapter does not tell what the user sees".to_owned())
}

/// Asks the client for what it tells only then: of the message that the user saw last, of the session that the line names, else
/// of the latest.
async fn query(world: &mut World, sight: &Sight, fields: &[(String, String)]) {
    let named = fields.iter().find(|(name, _)| name == "session").map(|(_, handle)| handle.clone());
    let session = |view: &View<'_>| handle::last_session(view, None);
    let (what, of) = match sight.0.as_str() {
        "the stored message" => (Queried::StoredMessage, world.look(handle::last_message).flatten()),
        "the stored UIDs" => (Queried::StoredUids, Some(String::new())),
        "the session record" => (Queried::Session, named.or_else(|| world.look(session).flatten())),
        "the participants" => (Queried::Participants, named.or_else(|| world.look(session).flatten())),
        _ => return,
    };
    if let (Some(of), true) = (of, world.goes_on()) {
        world.act(Act::Query { what, of }).await;
    }
}
