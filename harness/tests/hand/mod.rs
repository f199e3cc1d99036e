//! Traces written by hand: what the SUT and the IMS core say over one link, and a view of it with the last message as "it".

use std::time::Duration;

use bytes::Bytes;
use harness::{
    check::View,
    sut::Ixit,
    trace::{
        Endpoint, Event, LinkChange, LinkId, Mark, Party, Protocol, Trace, Transport,
        view::{It, Messages},
    },
    verdict::{Finding, Judgement},
};

/// A trace under way; each thing said comes one second after the one before.
pub struct Hand(Trace);

impl Hand {
    /// A link over UDP, and a stimulus on it: entries 0 and 1.
    pub fn new() -> Self {
        let mut trace = Trace::default();
        let end = |party: Party, address: &str| Endpoint { party, address: address.parse().unwrap() };
        let (from, to) = (end(Party::sut(), "192.0.2.10:5060"), end(Party::new("the IMS core"), "192.0.2.1:5060"));
        let change = LinkChange::Opened { transport: Transport::Udp, protocol: Protocol::Sip, from, to };
        trace.append(Duration::ZERO, Event::Link { link: LinkId(1), change });
        trace.append(Duration::ZERO, Event::Mark(Mark::Stimulus("by hand".to_owned())));
        Self(trace)
    }

    /// Adds an entry: octets of the SUT, or octets for it.
    pub fn says(mut self, by_sut: bool, octets: &[u8]) -> Self {
        let (from, to) = (Party::sut(), Party::new("the IMS core"));
        let (from, to) = if by_sut { (from, to) } else { (to, from) };
        let bytes = Bytes::copy_from_slice(octets);
        self.0.append(self.0.end() + Duration::from_secs(1), Event::Bytes { link: LinkId(1), from, to, bytes });
        self
    }

    /// What a check says about it; "it" is the last message, "they" are all of the SUT.
    pub fn judge(&self, check: impl FnOnce(&View<'_>) -> Judgement) -> Judgement {
        let messages = Messages::of(&self.0);
        let they: Vec<It> = (0..messages.list().len()).filter(|i| messages.list()[*i].by_sut()).map(It::Sip).collect();
        let ixit = Ixit::default();
        check(&View {
            trace: &self.0,
            messages: &messages,
            it: messages.list().len().checked_sub(1).map(It::Sip),
            they: &they,
            taken: &[],
            ixit: &ixit,
        })
    }

    /// The octets that the evidence of a finding shows, as text.
    pub fn shown(&self, finding: &Finding) -> Vec<String> {
        let octets = |e: &harness::verdict::Evidence| match &self.0.entries()[e.entry].event {
            Event::Bytes { bytes, .. } => String::from_utf8_lossy(&bytes[e.from..e.to]).into_owned(),
            _ => String::new(),
        };
        finding.evidence.iter().map(octets).collect()
    }
}

/// The findings of a judgement that looked.
pub fn findings(judgement: Judgement) -> Vec<Finding> {
    match judgement {
        Judgement::Looked { findings, .. } => findings,
        other => panic!("the check did not look: {other:?}"),
    }
}
