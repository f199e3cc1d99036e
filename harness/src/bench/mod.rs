//! The bench: parties, links and a clock, and the one loop that hands bytes from party to party.
//!
//! Over the memory link time is virtual and hops to the nearest deadline; over sockets ([`net`]) it is the wall clock.

use std::{collections::VecDeque, net::SocketAddr, time::Duration};

use bytes::Bytes;

use crate::{
    role::{Actor, Hop, Input, Output, Stimulus, conduct::Rule},
    sut::{UpperEvent, call::Call, external::ExternalSut},
    trace::{Endpoint, Event, Mark, Party, Protocol, Transport},
    upper::{Act, Answer, Sight},
};

pub mod host;
pub mod memory;
pub mod net;
pub mod record;
pub mod reference;
pub mod stage;
pub mod tls;

use memory::Memory;
use net::{Net, NetEvent};
use record::Recorder;

/// What carries bytes between the SUT and the fakes.
#[derive(Debug)]
pub enum Carrier {
    /// Virtual time, no sockets.
    Memory(Memory),
    /// Sockets and the wall clock.
    Net(Net),
}

/// A party at the bench.
pub struct Seat {
    /// Its name.
    pub party: Party,
    /// What it does.
    pub actor: Box<dyn Actor>,
    /// Its address towards the other side of the SUT's links.
    pub outer: Option<SocketAddr>,
    /// Its address among the fakes.
    pub inner: Option<SocketAddr>,
    /// Where it listens besides: own addresses, each with its transport and with what it speaks there.
    pub services: Vec<Hop>,
}

impl Seat {
    /// Where its datagrams to `hop` leave from: those of RTP and RTCP from the pair of ports that the hop names.
    fn leaves(&self, hop: Hop) -> Option<SocketAddr> {
        if !hop.protocol.is_rtp() {
            return self.outer;
        }
        let is = |own: &&Hop| own.protocol == hop.protocol && own.lane == hop.lane;
        self.services.iter().find(is).map(|own| own.address)
    }
}

/// How the SUT is reached.
#[derive(Debug)]
pub enum Reach {
    /// It sits at the bench.
    Embedded,
    /// It is a program of its own behind an adapter.
    External(tokio::sync::OwnedMutexGuard<ExternalSut>),
}

/// Something for a seat that has not been handed over yet.
#[derive(Debug)]
struct Delivery {
    seat: usize,
    input: Input,
}

/// Parties, links, clock and record of one scenario.
pub struct Bench {
    /// The record.
    pub record: Recorder,
    seats: Vec<Seat>,
    reach: Reach,
    carrier: Carrier,
    deliveries: VecDeque<Delivery>,
    last_id: u64,
    idle_done: Option<u64>,
    gone: Option<String>,
    faults: Vec<String>,
}

/// Deliveries in a row, without time passing, that were answered; more means that the SUT answers everything with more.
const CIRCLES: usize = 2_000;

/// How often to look whether octets are still under way.
const LOOK: Duration = Duration::from_millis(5);

/// Deliveries of any kind in a row without time passing.
const DELIVERIES: usize = 200_000;

impl Bench {
    /// A bench with these seats.
    #[must_use]
    pub fn new(record: Recorder, seats: Vec<Seat>, reach: Reach, carrier: Carrier) -> Self {
        Self { record, seats, reach, carrier, deliveries: VecDeque::new(), last_id: 0, idle_done: None, gone: None, faults: Vec::new() }
    }

    /// Time since the scenario began.
    #[must_use]
    pub fn now(&self) -> Duration {
        match &self.carrier {
            Carrier::Memory(memory) => memory.now,
            Carrier::Net(net) => net.now(),
        }
    }

    /// Whether waiting costs wall-clock time.
    #[must_use]
    pub fn waits_for_real(&self) -> bool {
        matches!(self.carrier, Carrier::Net(_))
    }

    /// Why the SUT is lost, once it is.
    #[must_use]
    pub fn gone(&self) -> Option<&str> {
        self.gone.as_deref()
    }

    /// Faults of the harness itself so far, and rules of conduct that could not be carried out.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        self.faults.iter().cloned().chain(self.seats.iter().flat_map(|seat| seat.actor.complaints())).collect()
    }

    /// Records what the harness does or notices.
    pub fn mark(&mut self, mark: Mark) {
        let now = self.now();
        self.record.note(now, Event::Mark(mark));
    }

    /// Lays a rule of conduct over a fake; `false`: nobody is called that.
    pub fn deviate(&mut self, party: &str, rule: Rule) -> bool {
        let seat = self.seats.iter_mut().find(|seat| seat.party.name() == party);
        seat.map(|seat| seat.actor.deviate(rule)).is_some()
    }

    /// Tells the SUT's seat that the first stimulus comes now (null SUTs only).
    pub fn chill(&mut self) {
        if let Some(seat) = self.seats.iter_mut().find(|seat| seat.party.is_sut()) {
            seat.actor.chill();
        }
    }

    /// Hands a fake a stimulus; `false`: nobody is called that.
    pub fn stimulate(&mut self, party: &str, stimulus: Stimulus) -> bool {
        let seat = self.seats.iter().position(|seat| seat.party.name() == party);
        if let Some(seat) = seat {
            self.deliveries.push_back(Delivery { seat, input: Input::Stimulus(stimulus) });
        }
        seat.is_some()
    }

    /// Asks the SUT's user for an act and waits for the answer, at most `patience`; `None`: there was none.
    pub async fn act(&mut self, act: Act, patience: Duration) -> Option<Answer> {
        let now = self.now();
        let id = match &mut self.reach {
            Reach::Embedded => {
                self.last_id += 1;
                let (seat, id) = (self.seats.iter().position(|seat| seat.party.is_sut())?, self.last_id);
                self.deliveries.push_back(Delivery { seat, input: Input::Act { id, act: act.clone() } });
                id
            }
            Reach::External(sut) => sut.send(&Call::Act(act.clone())),
        };
        self.record.note(now, Event::Asked { id, act: without_secrets(act) });
        let answer = |bench: &Self| {
            bench.record.trace().entries().iter().rev().find_map(|entry| match &entry.event {
                Event::Answered { id: answered, answer } if *answered == id => Some(answer.clone()),
                _ => None,
            })
        };
        self.until(patience, |bench| answer(bench).is_some() || bench.gone.is_some()).await;
        answer(self)
    }

    /// Brings an external SUT back to the state after its start, for its user number `user`; `false`: it did not say so.
    pub async fn reset(&mut self, user: u16, patience: Duration) -> bool {
        let Reach::External(sut) = &mut self.reach else { return true };
        let id = sut.send(&Call::Reset { user });
        let answered =
            |bench: &Self| bench.record.trace().entries().iter().any(|e| matches!(&e.event, Event::Answered { id: i, .. } if *i == id));
        self.until(patience, |bench| answered(bench) || bench.gone.is_some()).await && self.gone.is_none()
    }

    /// Whether the SUT is a program of its own.
    #[must_use]
    pub fn is_external(&self) -> bool {
        matches!(self.reach, Reach::External(_))
    }

    /// Waits until the SUT has handled all input and has nothing new to send `within`; `false`: it did not say so in time.
    pub async fn idle(&mut self, patience: Duration, within: Duration) -> bool {
        match &mut self.reach {
            Reach::Embedded => {
                let idle = |bench: &Self| {
                    let now = bench.now();
                    bench.nothing_is_under_way() && bench.seats.iter().filter(|s| s.party.is_sut()).all(|s| s.actor.idle(now, within))
                };
                self.until(patience, idle).await
            }
            Reach::External(sut) => {
                if !sut.hello().idle {
                    return false;
                }
                let id = sut.send(&Call::Idle);
                self.until(patience, |bench| bench.idle_done == Some(id) || bench.gone.is_some()).await && self.gone.is_none()
            }
        }
    }

    /// Whether nothing that was said has still to be handed over, as far as can be known here.
    fn nothing_is_under_way(&self) -> bool {
        self.deliveries.is_empty()
            && match &self.carrier {
                Carrier::Memory(_) => true,
                Carrier::Net(net) => net.is_quiet(),
            }
    }

    /// Whether no fake holds anything back that it will still say.
    #[must_use]
    pub fn fakes_are_idle(&self) -> bool {
        let now = self.now();
        self.nothing_is_under_way() && self.seats.iter().filter(|s| !s.party.is_sut()).all(|s| s.actor.idle(now, Duration::ZERO))
    }

    /// Whether the adapter can tell when the SUT is idle.
    #[must_use]
    pub fn knows_idle(&self) -> bool {
        match &self.reach {
            Reach::Embedded => true,
            Reach::External(sut) => sut.hello().idle,
        }
    }

    /// Whether the adapter knows this act.
    #[must_use]
    pub fn knows_act(&self, name: &str) -> bool {
        match &self.reach {
            Reach::Embedded => true,
            Reach::External(sut) => sut.hello().acts.iter().any(|act| act == name),
        }
    }

    /// Whether the adapter tells of this sight.
    #[must_use]
    pub fn knows_sight(&self, name: &str) -> bool {
        match &self.reach {
            Reach::Embedded => true,
            Reach::External(sut) => sut.hello().sights.iter().any(|sight| sight == name),
        }
    }

    /// Lets time pass.
    pub async fn pass(&mut self, time: Duration) {
        self.until(time, |_| false).await;
    }

    /// Runs the loop until `done`, at most for `limit`; gives what `done` says at the end.
    pub async fn until(&mut self, limit: Duration, mut done: impl FnMut(&Self) -> bool) -> bool {
        let end = self.now() + limit;
        loop {
            self.settle().await;
            if done(self) {
                self.record.flush();
                return true;
            }
            if self.now() >= end {
                self.record.flush();
                return false;
            }
            self.wait(end).await;
        }
    }

    /// Hands over everything that is due now, until nobody has anything left to say.
    async fn settle(&mut self) {
        let mut said = 0;
        for _ in 0..DELIVERIES {
            while let Some(event) = self.ready() {
                self.heard(event);
            }
            let now = self.now();
            for seat in 0..self.seats.len() {
                if self.seats[seat].actor.deadline().is_some_and(|at| at <= now) {
                    self.seats[seat].actor.handle(now, Input::Timeout);
                    self.drain(seat).await;
                }
            }
            let Some(Delivery { seat, input }) = self.deliveries.pop_front() else { return };
            // A large message comes in many chunks, each of them answered; how much that may be, the limits on octets and entries say.
            let talk = !matches!(&input, Input::Bytes { hop, .. } if !hop.protocol.is_sip());
            self.seats[seat].actor.handle(now, input);
            // Single octets of a stream are many deliveries and no talk.
            said += usize::from(self.drain(seat).await && talk);
            if said > CIRCLES {
                break;
            }
        }
        self.record.flood(self.now(), CIRCLES);
        self.deliveries.clear();
    }

    /// Does what a seat wants done; whether there was anything.
    async fn drain(&mut self, seat: usize) -> bool {
        let mut any = false;
        while let Some(output) = self.seats[seat].actor.poll() {
            any = true;
            let now = self.now();
            match output {
                // A fake has no user whom a check could mean.
                Output::Answered { .. } | Output::Sight(_) if !self.seats[seat].party.is_sut() => {}
                Output::Transmit { hop, bytes } => self.transmit(seat, hop, bytes).await,
                Output::Connect { hop, fingerprint } => self.connect(seat, hop, fingerprint),
                Output::Close { hop } => self.close(seat, hop),
                Output::Answered { id, answer } => drop(self.record.note(now, Event::Answered { id, answer })),
                Output::Sight(sight) => self.seen(sight),
            }
        }
        any
    }

    async fn transmit(&mut self, seat: usize, hop: Hop, bytes: Bytes) {
        let from = self.seats[seat].party.clone();
        if let Some(to) = self.seats.iter().position(|s| s.inner == Some(hop.address)) {
            let (now, own) = (self.now(), self.seats[seat].inner.unwrap_or(hop.address));
            let party = self.seats[to].party.clone();
            let link = self.record.link(
                now,
                (Transport::Udp, Protocol::Sip),
                Endpoint { party: from.clone(), address: own },
                Endpoint { party: party.clone(), address: hop.address },
            );
            self.record.octets(now, link, &from, &party, &bytes);
            let input = Input::Bytes { hop: Hop::sip(Transport::Udp, own), bytes };
            self.deliveries.push_back(Delivery { seat: to, input });
            return;
        }
        if self.forbidden(seat, hop) {
            return;
        }
        let carried = match &mut self.carrier {
            Carrier::Memory(memory) => memory.carry(&self.seats, &mut self.record, seat, hop, bytes),
            Carrier::Net(net) => {
                net.carry(&self.seats, &mut self.record, seat, hop, bytes).await;
                None
            }
        };
        self.deliveries.extend(carried.map(|(seat, input)| Delivery { seat, input }));
    }

    /// Whether a fake would speak MSRP or RTP to another host because a SUT's description says so; that is refused, and recorded.
    fn forbidden(&mut self, seat: usize, hop: Hop) -> bool {
        let Carrier::Net(net) = &self.carrier else { return false };
        let media = hop.protocol == Protocol::Msrp || hop.protocol.is_rtp();
        let abroad = media && !hop.address.ip().is_loopback() && !self.seats[seat].party.is_sut();
        if !abroad || net.has(seat, hop) {
            return false;
        }
        self.mark(Mark::Obstacle(format!("the suite does not speak to {}, which is another host", hop.address)));
        self.deliveries.push_back(Delivery { seat, input: Input::Closed { hop } });
        true
    }

    fn connect(&mut self, seat: usize, hop: Hop, fingerprint: Option<String>) {
        if self.forbidden(seat, hop) {
            return;
        }
        let failed = match &mut self.carrier {
            Carrier::Memory(memory) => memory.connect(&self.seats, &mut self.record, seat, hop, fingerprint.as_deref()),
            Carrier::Net(net) => {
                net.connect(seat, hop, fingerprint);
                None
            }
        };
        self.deliveries.extend(failed.map(|(seat, input)| Delivery { seat, input }));
    }

    fn close(&mut self, seat: usize, hop: Hop) {
        let closed = match &mut self.carrier {
            Carrier::Memory(memory) => memory.close(&self.seats, &mut self.record, seat, hop),
            Carrier::Net(net) => {
                net.close(&self.seats, &mut self.record, seat, hop);
                None
            }
        };
        self.deliveries.extend(closed.map(|(seat, input)| Delivery { seat, input }));
    }

    fn seen(&mut self, sight: Sight) {
        let now = self.now();
        let size = serde_json::to_string(&sight).map_or(0, |text| text.len());
        if size <= self.record.sight_limit() {
            self.record.note(now, Event::Seen(sight));
        } else {
            self.record.note(now, Event::Mark(Mark::Obstacle(format!("a sight of {size} octets was not kept"))));
        }
    }

    fn lost(&mut self, why: String) {
        if self.gone.is_none() {
            self.mark(Mark::SutLost(why.clone()));
            self.gone = Some(why);
        }
    }

    /// An event of the sockets that is there already.
    fn ready(&mut self) -> Option<NetEvent> {
        match &mut self.carrier {
            Carrier::Memory(_) => None,
            Carrier::Net(net) => net.ready(),
        }
    }

    fn heard(&mut self, event: NetEvent) {
        let Carrier::Net(net) = &mut self.carrier else { return };
        let inputs = net.heard(&self.seats, &mut self.record, event);
        self.deliveries.extend(inputs.into_iter().map(|(seat, input)| Delivery { seat, input }));
    }

    fn told(&mut self, event: UpperEvent) {
        let now = self.now();
        match event {
            UpperEvent::Answer { id, answer } => drop(self.record.note(now, Event::Answered { id, answer })),
            UpperEvent::IdleDone { id } => self.idle_done = Some(id),
            UpperEvent::Sight(sight) => self.seen(sight),
            UpperEvent::Garbled(text) => self.mark(Mark::Obstacle(format!("the adapter wrote what is no message: {text}"))),
            UpperEvent::Gone(why) => self.lost(why),
        }
    }

    /// Sleeps, or hops, to the next event: bytes, a deadline, a word of the adapter, or `end`.
    async fn wait(&mut self, end: Duration) {
        let next = self.seats.iter().filter_map(|seat| seat.actor.deadline()).min().map_or(end, |at| at.min(end));
        match &mut self.carrier {
            Carrier::Memory(memory) => memory.now = memory.now.max(next),
            Carrier::Net(net) => {
                let (mut left, gone) = (next.saturating_sub(net.now()), self.gone.is_some());
                if !net.is_quiet() {
                    // That octets were written is no event, and somebody may be waiting for it.
                    left = left.min(LOOK);
                }
                let told = async {
                    match &mut self.reach {
                        Reach::External(sut) if !gone => sut.next().await,
                        _ => std::future::pending().await,
                    }
                };
                tokio::select! {
                    event = net.next() => self.heard(event),
                    event = told => self.told(event),
                    () = tokio::time::sleep(left) => {}
                }
            }
        }
    }

    /// Ends the scenario's sockets and tasks; gives the record, and what went wrong in the harness.
    pub async fn close_down(mut self) -> (Recorder, Vec<String>) {
        let mut faults = self.faults();
        if let Carrier::Net(net) = self.carrier {
            faults.extend(net.end().await);
        }
        self.record.flush();
        (self.record, faults)
    }
}

/// The act as it may be recorded: secrets of the profile never enter a run folder.
fn without_secrets(act: Act) -> Act {
    match act {
        Act::Configure { setting, .. } if setting == "credentials" => Act::Configure { setting, value: "(not recorded)".into() },
        other => other,
    }
}
