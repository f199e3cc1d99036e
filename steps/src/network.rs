//! When: the network acts. And what preamble, user and network share: loading the network, named messages, values.

use std::net::SocketAddr;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use cucumber::when;
use gherkin::Step;
use harness::{
    bench::stage::{self, Plan, Subject},
    check::{MessageRef, View, compare},
    field::Field,
    role::{Stimulus, conduct::Rule},
    sut::Profile,
    template,
    trace::{
        Event,
        view::{It, Seen},
    },
    upper::Act,
    verdict::Reason,
    wire::uri,
};
use serde_json::Value;

use crate::{
    params::Actor,
    preamble,
    world::{Obstacle, World},
};

/// A named message of the scenario file.
#[when(expr = "{actor} sends {string}")]
fn sends(world: &mut World, actor: Actor, name: String, step: &Step) {
    world.stimulus(&step.value);
    send(world, Some(&actor.0), &name);
}

/// Octets as they stand in the doc string, lines ended by CRLF.
#[when(expr = "{actor} sends the bytes")]
fn sends_bytes(world: &mut World, actor: Actor, step: &Step) {
    world.stimulus(&step.value);
    let lines: Vec<_> = step.docstring().map_or("", |d| d.as_str()).trim_start_matches('\n').lines().map(str::to_owned).collect();
    let Some(bytes) = text(world, &lines.join("\r\n")) else { return };
    if let Some(bench) = world.bench() {
        bench.stimulate(&actor.0, Stimulus::Raw(bytes.into()));
    }
}

/// Time passes: virtual, or real with `--slow`.
#[when(expr = "{int} second(s) pass(es)")]
async fn passes(world: &mut World, seconds: u64, step: &Step) {
    world.stimulus(&step.value);
    world.pass(std::time::Duration::from_secs(seconds)).await;
}

/// Loads a network and sets the stage.
pub(crate) async fn load(world: &mut World, name: &str) {
    let setup = world.setup();
    let Some(scenario) = setup.suite.scenarios.get(name) else {
        return world.stop(Obstacle::new(Reason::Suite, format!("no file scenarios/{name}.yaml")));
    };
    world.network = scenario.clone();
    world.names = stage::names(&world.profile().ixit);
    let (seed, epoch) = setup.moment(world.scenario.1);
    world.ids = harness::role::ids::Ids::new(seed ^ 0x5eed);
    let subject = match setup.subject().await {
        Ok(subject) => subject,
        Err(error) => return world.stop(Obstacle::new(Reason::SutGone, error.to_string())),
    };
    let profile = world.profile();
    let plan = Plan {
        scenario,
        ixit: &profile.ixit,
        role: profile.role,
        listens: listens(&profile, &subject),
        transport: setup.transport,
        link: setup.link,
        subject,
        held: held(world, scenario),
        seed,
        epoch,
    };
    let record = world.recorder.take().unwrap_or_default();
    match stage::set(plan, record).await {
        Err(error) => world.stop(Obstacle::new(Reason::Link, error.to_string())),
        Ok((bench, places)) => {
            world.names.extend(places);
            world.bench = Some(bench);
            provision(world).await;
        }
    }
}

/// Where a server that is a program of its own listens: as the profile says, else its adapter.
fn listens(profile: &Profile, subject: &Subject) -> Option<SocketAddr> {
    let told = match subject {
        Subject::External(sut) => sut.hello().listens.as_ref().and_then(|address| address.parse().ok()),
        _ => None,
    };
    profile.reach.listens.or(told)
}

/// What the servers of a scenario hold, placeholders filled in.
fn held(world: &World, scenario: &harness::scenario::Scenario) -> stage::Held {
    let setup = world.setup();
    let mut ids = world.ids.clone();
    let mut octets = |path: &str| {
        let octets = setup.suite.file(path).unwrap_or_default();
        let text = std::str::from_utf8(&octets).ok();
        let filled = text.and_then(|text| template::fill(text, |name| value(world, &mut ids, "Bob", name)).ok());
        filled.map_or(octets, Bytes::from)
    };
    let holding = scenario.fakes.iter().filter(|(_, fake)| !fake.holds.is_empty());
    holding.map(|(name, fake)| (name.clone(), fake.holds.iter().map(|(key, path)| (key.clone(), octets(path))).collect())).collect()
}

/// Tells an external SUT what it has to know, as far as its adapter can be told.
async fn provision(world: &mut World) {
    let (profile, patience) = (world.profile(), world.duration("acts"));
    let Some(bench) = world.bench() else { return };
    if !bench.is_external() {
        return;
    }
    if !bench.reset(1, patience).await {
        let why = bench.gone().unwrap_or("the adapter did not answer reset").to_owned();
        return world.stop(Obstacle::new(Reason::SutGone, why));
    }
    if !bench.knows_act("configure") {
        return;
    }
    let settings = if profile.role.is_server() { of_server(world, &profile) } else { of_client(world, &profile) };
    for (setting, value) in settings {
        // A product that is set up by hand refuses, and is taken to be set up as the profile says.
        let Some(bench) = world.bench() else { return };
        bench.act(Act::Configure { setting: setting.to_owned(), value }, patience).await;
        if let Some(why) = world.bench().and_then(|b| b.gone().map(str::to_owned)) {
            return world.stop(Obstacle::new(Reason::SutGone, why));
        }
    }
}

/// Values of the IXIT, alone and as a list.
fn ixit_text(profile: &Profile, name: &str) -> Value {
    Value::String(profile.ixit.text(name).unwrap_or_default().to_owned())
}

fn ixit_list(profile: &Profile, names: &[&str]) -> Value {
    Value::Array(names.iter().map(|name| ixit_text(profile, name)).collect())
}

/// Where the core is, and how it is spoken to.
fn reach(world: &World) -> [(&'static str, Value); 2] {
    let core = world.names.get("core").cloned().unwrap_or_default();
    [("core", Value::String(core)), ("transport", Value::String(world.setup().transport.to_string()))]
}

/// What a client has to know, the core last but one.
fn of_client(world: &World, profile: &Profile) -> Vec<(&'static str, Value)> {
    let (text, list) = (|name| ixit_text(profile, name), |names: &[&str]| ixit_list(profile, names));
    let mut settings = vec![
        ("addresses", list(&["alice", "alice.other"])),
        ("closed-group-token", text("closed group token")),
        ("controlling-function", text("controlling function")),
        ("credentials", list(&["credentials user", "credentials password"])),
        ("deferred-mgmt-uri", text("deferred management")),
        ("groups", list(&["lunch group"])),
        ("home-domain", text("home")),
        ("instance-id", text("instance id")),
        ("invitation-timeout", profile.ixit.duration("invitation timeout").as_secs().into()),
        ("max-participants", profile.ixit.text("max participants").and_then(|n| n.parse::<u64>().ok()).into()),
    ];
    settings.extend(reach(world));
    settings.extend(world.names.get("store").map(|address| ("storage-address", Value::String(address.clone()))));
    if profile.ics.claims("storage") == Some(true) {
        let words = ["stored object", "stored object.url"].map(|name| profile.ixit.text(name).unwrap_or_default());
        settings.push(("stored-objects", Value::Array(vec![Value::String(words.join(" "))])));
    }
    settings
}

/// What a server has to know.
fn of_server(world: &World, profile: &Profile) -> Vec<(&'static str, Value)> {
    let mut settings = vec![
        ("served", ixit_list(profile, &[profile.role.served()])),
        ("deferred-mgmt-uri", ixit_text(profile, "deferred management")),
        ("home-domain", ixit_text(profile, "home")),
    ];
    settings.extend(reach(world));
    settings.extend(world.names.get("store").map(|address| ("storage-address", Value::String(address.clone()))));
    settings
}

/// Makes sure that nobody is registered.
pub(crate) async fn not_registered(world: &mut World) {
    if world.look(is_registered) == Some(true) {
        preamble::leave(world).await;
    }
}

/// Whether the latest final response to a REGISTER of the SUT is a 2xx.
pub(crate) fn is_registered(view: &View<'_>) -> bool {
    let last = view.messages.list().iter().rev().find(|seen| {
        !seen.by_sut() && seen.message.status().is_some_and(|s| s >= 200) && seen.message.cseq().is_some_and(|(_, m)| m == "REGISTER")
    });
    last.is_some_and(|seen| seen.message.status().is_some_and(|s| s < 300))
}

/// Whether the SUT has answered the request with 2xx.
pub(crate) fn was_taken(view: &View<'_>, request: &MessageRef) -> bool {
    let whole = View { it: None, ..*view };
    let list = view.messages.list();
    let Some(It::Sip(index)) = request.before_it(&whole) else { return false };
    if list[index].entry < view.stimulus() {
        return false;
    }
    (index + 1..list.len()).any(|i| {
        list[i].by_sut() && list[i].message.status().is_some_and(|s| (200..300).contains(&s)) && view.messages.request_of(i) == Some(index)
    })
}

/// Whether the user has seen anything since the last stimulus.
pub(crate) fn sights_since(view: &View<'_>) -> bool {
    view.trace.entries().iter().skip(view.stimulus()).any(|entry| matches!(entry.event, Event::Seen(_)))
}

/// Lets a fake send a named message: the one that the step names, else the one that the message names. Gives both names.
pub(crate) fn send(world: &mut World, sender: Option<&str>, name: &str) -> Option<(String, String)> {
    world.bench()?;
    let setup = world.setup();
    let network = world.network.clone();
    let from = network.message(name).ok().and_then(|m| m.from).unwrap_or_else(|| "Bob".to_owned());
    let sender = sender.map_or(from, str::to_owned);
    let mut ids = world.ids.clone();
    let made = network.outgoing(
        name,
        |placeholder| value(world, &mut ids, &sender, placeholder),
        |path| setup.suite.file(&format!("bodies/{path}")),
    );
    world.ids = ids;
    match made {
        Err(error) => {
            world.stop(Obstacle::new(Reason::Suite, error.to_string()));
            None
        }
        Ok(outgoing) => {
            let method = outgoing.method.clone();
            if !world.bench()?.stimulate(&sender, Stimulus::Send(Box::new(outgoing))) {
                world.stop(Obstacle::new(Reason::Suite, format!("no fake is called {sender}")));
                return None;
            }
            Some((sender, method))
        }
    }
}

/// Lays a rule of conduct over a fake.
pub(crate) fn deviate(world: &mut World, actor: &str, rule: Rule) {
    let Some(bench) = world.bench() else { return };
    if !bench.deviate(actor, rule) {
        world.stop(Obstacle::new(Reason::Suite, format!("no fake is called {actor}")));
    }
}

/// Content of a message: `{text 399}`, `{file photo.jpg}`, or the text as it stands.
pub(crate) enum Content {
    /// Text.
    Text(String),
    /// Octets of a file that is no text.
    Octets(Bytes),
}

/// The content that a step names.
pub(crate) fn content(world: &mut World, wanted: &str) -> Option<Content> {
    let file = wanted.strip_prefix("{file ").and_then(|rest| rest.strip_suffix('}'));
    let Some(path) = file else { return text(world, wanted).map(Content::Text) };
    let Some(octets) = world.setup().suite.file(&format!("files/{path}")) else {
        world.stop(Obstacle::new(Reason::Suite, format!("no file scenarios/files/{path}")));
        return None;
    };
    Some(match String::from_utf8(octets.to_vec()) {
        Ok(text) => Content::Text(text),
        Err(_) => Content::Octets(octets),
    })
}

/// Octets as the upper tester carries them.
pub(crate) fn base64(octets: &[u8]) -> String {
    STANDARD.encode(octets)
}

/// The text with its placeholders filled in; one that nobody knows stops the scenario.
pub(crate) fn text(world: &mut World, text: &str) -> Option<String> {
    let mut ids = world.ids.clone();
    let filled = template::fill(text, |name| value(world, &mut ids, "Bob", name));
    world.ids = ids;
    filled.map_err(|error| world.stop(Obstacle::new(Reason::Suite, error.to_string()))).ok()
}

/// Value of a placeholder of steps, named messages and bodies.
fn value(world: &World, ids: &mut harness::role::ids::Ids, sender: &str, name: &str) -> Option<String> {
    if let Some(length) = name.strip_prefix("text ").and_then(|n| n.parse::<usize>().ok()) {
        return Some("0123456789 ".chars().cycle().take(length.min(1 << 24)).collect());
    }
    if let Some(name) = name.strip_prefix("lower ") {
        return value(world, ids, sender, name).map(|text| text.to_lowercase());
    }
    if let Some((way, field)) = name.split_once('.').filter(|(way, _)| matches!(*way, "sent" | "received")) {
        let field: Field = field.parse().ok()?;
        return world.look(|view| {
            let list = view.messages.list().iter().rev();
            let mut fitting = list.filter(|seen| seen.by_sut() == (way == "sent") && seen.message.is_request());
            fitting.find_map(|seen| field.read(&seen.message).first().map(|found| found.text.clone()))
        })?;
    }
    if let Some(field) = name.strip_prefix("session.") {
        let field: Field = field.parse().ok()?;
        return world.look(|view| session_value(view, &field))?;
    }
    let setup = world.setup();
    match name {
        "new" => Some(ids.uuid()),
        "New" => Some(ids.mixed()),
        "date" => {
            let now: jiff::Timestamp =
                setup.now_text(world.scenario.1, world.bench.as_ref().map(|b| b.now()).unwrap_or_default()).parse().ok()?;
            Some(now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
        }
        "now" => Some(setup.now_text(world.scenario.1, world.bench.as_ref().map(|b| b.now()).unwrap_or_default())),
        "sender" => Some(address(world, sender)),
        "features" => {
            let prefix = harness::role::cpm_client::settings::ICSI;
            let features = ["msg", "largemsg", "deferred", "session", "filetransfer", "systemmsg"];
            let claimed = features.iter().filter(|f| world.profile().ics.claims(f) == Some(true));
            Some(claimed.map(|f| format!("{prefix}{f}").replace(':', "%3A")).collect::<Vec<_>>().join(","))
        }
        _ => {
            // What is the sender's own; who is no group speaks of that of the Controlling Function.
            let key = sender.strip_prefix("the ").unwrap_or(sender).to_lowercase();
            let own = || world.names.get(&format!("{key}.{name}")).or_else(|| world.names.get(&format!("controlling function.{name}")));
            let value = world.names.get(name).or_else(own).cloned();
            if name.ends_with("identity") { value.map(|first| identity(world, &first)) } else { value }
        }
    }
}

/// The identity of a group session as its focus gave it last; `first` is the one that it has to begin with.
fn identity(world: &World, first: &str) -> String {
    let focus = |uri: &str| uri.split(';').next().unwrap_or_default().to_owned();
    let given = world.look(|view| {
        let messages = view.messages.list().iter().rev().filter(|seen| !seen.by_sut());
        let contacts = messages.flat_map(|seen| seen.message.elements("Contact").into_iter().map(|span| span.text(&seen.message.raw)));
        contacts.map(|contact| compare::address(&contact)).find(|uri| focus(uri) == focus(first))
    });
    given.flatten().unwrap_or_else(|| first.to_owned())
}

/// The field of the latest INVITE between the SUT and Bob that began a session, or of the latest at all where there is none.
fn session_value(view: &View<'_>, field: &Field) -> Option<String> {
    let bob = view.addresses("Bob");
    let invites = || view.messages.list().iter().rev().filter(|m| m.message.method() == Some("INVITE") && m.message.tag("To").is_none());
    let is_bobs = |seen: &&Seen| {
        let names: &[&str] = if seen.by_sut() { &["To"] } else { &["P-Asserted-Identity", "From"] };
        let peers = names.iter().flat_map(|name| seen.message.elements(name));
        let mut peers = peers.map(|span| compare::address(&span.text(&seen.message.raw)));
        peers.any(|peer| bob.iter().any(|own| uri::same(own, &peer)))
    };
    let value = |seen: &Seen| field.read(&seen.message).first().map(|found| found.text.clone());
    invites().filter(is_bobs).find_map(value).or_else(|| invites().find_map(value))
}

/// Address of an actor of the cast.
pub(crate) fn address(world: &World, actor: &str) -> String {
    let key = actor.strip_prefix("the ").unwrap_or(actor).to_lowercase();
    let given = world.look(|view| view.addresses(actor).first().cloned()).flatten();
    world.names.get(&key).cloned().or(given).map(|a| compare::address(&a)).unwrap_or_default()
}

/// Rows of a two-column table.
pub(crate) fn pairs(step: &Step) -> Vec<(String, String)> {
    let rows = step.table.iter().flat_map(|table| &table.rows);
    rows.map(|row| (row.first().cloned().unwrap_or_default(), row.get(1).cloned().unwrap_or_default())).collect()
}
