//! Finding messages of the SUT: the first that no earlier line took, a response to a request, or none at all.

use std::collections::BTreeSet;

use super::{
    View,
    compare::{self, Cmp},
    reference::{self, MessageRef, What},
    shortened,
};
use crate::{
    field::Field,
    trace::view::{It, Item},
    verdict::{Evidence, Finding, Judgement, Reason},
};

/// Which messages a line speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Kinds of one protocol, any of which will do.
    pub kinds: Vec<What>,
    /// The party that they have to reach.
    pub party: String,
    /// Fields with the values that they have to have, by the rules of the fields.
    pub with: Vec<(Field, String)>,
}

/// What a seeing line found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Places of the messages, in order; the last one becomes "it".
    pub found: Vec<It>,
    /// What is to be said about them.
    pub judgement: Judgement,
    /// Whether more may still come that changes the judgement.
    pub open: bool,
}

impl Wanted {
    fn kind(&self) -> String {
        let with: Vec<_> = self.with.iter().map(|(field, value)| format!("{field} {value}")).collect();
        let with = if with.is_empty() { String::new() } else { format!(" with {}", with.join(", ")) };
        let kinds: Vec<String> = self.kinds.iter().map(What::to_string).collect();
        let shared = kinds.iter().take(kinds.len().saturating_sub(1)).map(|kind| kind.trim_end_matches(" request"));
        let kinds: Vec<&str> = shared.chain(kinds.last().map(String::as_str)).collect();
        format!("{}{with}", kinds.join(" or "))
    }

    fn fits(&self, item: Item<'_>) -> bool {
        self.is_such(item)
            && self.with.iter().all(|(field, value)| {
                field.read(item).iter().any(|found| Cmp::of(field).equal(&compare::compared(field, &found.text), value))
            })
    }

    /// Whether the kind is right, whatever the fields say; an MSRP message has to be complete.
    fn is_such(&self, item: Item<'_>) -> bool {
        let whole = match item {
            Item::Whole(whole) => whole.complete(),
            Item::Sip(_) | Item::Media(_) | Item::Rtp(_) => true,
        };
        whole && item.by_sut() && item.repeats().is_none() && self.kinds.iter().any(|kind| kind.fits(item))
    }

    /// What the fields say in a message that came instead of the wanted one.
    fn instead(&self, item: Item<'_>) -> String {
        let told = self.with.iter().map(|(field, _)| {
            let texts: Vec<_> = field.read(item).into_iter().map(|found| found.text).collect();
            if texts.is_empty() { format!("without {field}") } else { format!("with {field} {}", shortened(&texts.join(", "))) }
        });
        told.collect::<Vec<_>>().join(", ")
    }

    /// Messages of the kind that no earlier line took, in order.
    fn untaken<'a>(&self, view: &View<'a>) -> Vec<(It, Item<'a>)> {
        let places = self.kinds.first().map(|kind| kind.places(view)).into_iter().flatten();
        let items = places.filter_map(|place| view.messages.item(place).map(|item| (place, item)));
        items.filter(|(place, item)| self.is_such(*item) && !view.taken.contains(place)).collect()
    }

    /// An MSRP message of the SUT that is not all there, and what it lacks, in words.
    fn unfinished<'a>(&self, view: &View<'a>) -> Option<(Item<'a>, String)> {
        let wanted = self.kinds.contains(&What::MsrpMessage);
        let whole = view.messages.wholes().iter().rev().find(|whole| wanted && whole.by_sut() && !whole.complete())?;
        let gaps = whole.gaps().into_iter().take(4).map(|(from, to)| to.map_or_else(|| format!("{from}-*"), |to| format!("{from}-{to}")));
        let why = if whole.aborted {
            "its sender gave it up".to_owned()
        } else {
            format!("octets {} did not come", gaps.collect::<Vec<_>>().join(", "))
        };
        Some((Item::Whole(whole), why))
    }
}

/// The SUT sends `count` such messages that no earlier line took; `None`: at least one, of which the first counts.
#[must_use]
pub fn sends(view: &View<'_>, wanted: &Wanted, count: Option<usize>) -> Sighting {
    let (fitting, others): (Vec<_>, Vec<_>) = wanted.untaken(view).into_iter().partition(|(_, item)| wanted.fits(*item));
    let (here, elsewhere): (Vec<_>, Vec<_>) = fitting.into_iter().partition(|(_, item)| item.to().name() == wanted.party);
    let needed = count.unwrap_or(1);
    let expected = format!("{needed} {} to {}", wanted.kind(), wanted.party);
    let lines = |items: &[(It, Item<'_>)]| items.iter().flat_map(|(_, item)| item.line()).collect::<Vec<_>>();
    let places = |items: &[(It, Item<'_>)]| items.iter().map(|(place, _)| *place).collect::<Vec<_>>();
    if here.len() < needed {
        let finding = match elsewhere.first() {
            Some((_, item)) => Finding::new(Reason::Violated, expected, format!("sent to {} instead", item.to())).on(item.line()),
            None => {
                let (more, evidence) = match (others.first(), wanted.unfinished(view)) {
                    (Some((_, item)), _) => (format!("; another came {}", wanted.instead(*item)), item.line()),
                    (None, Some((item, why))) => (format!("; one is not complete: {why}"), item.line()),
                    (None, None) => (String::new(), Vec::new()),
                };
                let observed = format!("{} came{more}", here.len());
                Finding::new(Reason::Missing, expected, observed).on(lines(&here)).on(evidence)
            }
        };
        return Sighting { found: places(&here), judgement: finding.into(), open: elsewhere.is_empty() };
    }
    if count.is_some() && here.len() > needed {
        let judgement = Finding::new(Reason::Unexpected, expected, format!("{} came", here.len())).on(lines(&here[needed..])).into();
        return Sighting { found: places(&here), judgement, open: false };
    }
    let found = &here[..needed];
    Sighting { found: places(found), judgement: Judgement::met(lines(found)), open: false }
}

/// The SUT has sent no such message since the last stimulus, except those that earlier lines took.
#[must_use]
pub fn sends_no(view: &View<'_>, wanted: &Wanted) -> Judgement {
    let since = view.stimulus();
    let came = wanted.untaken(view).into_iter().filter(|(_, item)| item.entry() >= since && wanted.fits(*item));
    let findings: Vec<Finding> = came
        .map(|(_, item)| {
            Finding::new(
                Reason::Unexpected,
                format!("no {}", wanted.kind()),
                format!("one came {:.3} s after the stimulus", (item.at().saturating_sub(view.stimulated_at())).as_secs_f64()),
            )
            .on(item.line())
        })
        .collect();
    Judgement::Looked { findings, evidence: vec![Evidence::at(since, 0, 0)] }
}

/// The first final response of the SUT to the request has one of these statuses.
///
/// For a MAY the first status is the one that the row allows; another of the list is a branch not taken. An MSRP request has
/// one response; an MSRP message is answered by the first response to a chunk that is no 200, else by that to its last chunk,
/// once each chunk has one.
#[must_use]
pub fn answers(view: &View<'_>, statuses: &[u16], message: &MessageRef, option: bool) -> Sighting {
    let whole = View { it: None, ..*view };
    let wanted = statuses.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ");
    let nothing = |judgement, open| Sighting { found: Vec::new(), judgement, open };
    let found = message.before_it(&whole).and_then(|place| view.messages.item(place).map(|item| (place, item)));
    let Some((place, request)) = found else {
        return nothing(Judgement::Obstacle(Reason::NotTriggered, format!("{message} was not seen")), true);
    };
    let all = final_responses(view, place);
    let Some((index, seen)) = first_final(view, place, &all) else {
        let expected = format!("a final response {wanted} to {message}");
        let finding = match unanswered(view, place, &all) {
            Some((number, of, chunk)) => {
                let observed = format!("none came to chunk {} of {of}", number + 1);
                Finding::new(Reason::Missing, format!("{expected}, to each of its chunks"), observed).on(chunk.line())
            }
            None => Finding::new(Reason::Missing, expected, "none came").on(request.line()),
        };
        return nothing(finding.into(), true);
    };
    if let Item::Whole(whole) = request
        && !whole.complete()
        && status_of(seen) == 200
    {
        return nothing(Judgement::Obstacle(Reason::NotTriggered, format!("{message} is not complete")), true);
    }
    let status = status_of(seen);
    // RFC 3261, 17.2.2: a transaction has one final response, which is repeated as it is. Over UDP the repetition is known as one;
    // over a stream, where nothing is repeated (timer J), the same request once more is another transaction.
    let twice = matches!(request, Item::Sip(one) if !one.transport.is_datagram()
        && view.messages.list().iter().filter(|other| !other.by_sut() && other.message.raw == one.message.raw).count() > 1);
    let second = all.iter().find(|(other, item)| *other > index && !twice && !matches!(place, It::Whole(_)) && item.raw() != seen.raw());
    if let Some((_, second)) = second {
        let observed = shortened(&format!("another one {:.3} s later", second.at().saturating_sub(seen.at()).as_secs_f64()));
        let finding = Finding::new(Reason::Violated, format!("one final response to {message}, repeated as it is"), observed);
        let rule = if matches!(place, It::Sip(_)) { "RFC 3261, 17.2.2" } else { "RFC 4975, 7.2" };
        let judgement = finding.by(rule).on(second.line()).on(seen.line()).into();
        return Sighting { found: vec![index], judgement, open: false };
    }
    let judgement = match statuses.iter().position(|s| *s == status) {
        None => {
            let observed = shortened(&seen.start().text(seen.raw()));
            Finding::new(Reason::Violated, format!("status {wanted}"), observed).on(seen.line()).into()
        }
        Some(place) if option && place > 0 => Judgement::NotTaken(format!("the SUT answered {status}")),
        Some(_) => Judgement::met(seen.line()),
    };
    Sighting { found: vec![index], judgement, open: false }
}

/// All final responses of the SUT to a request or to the chunks of a message, without repetitions, in order.
pub(super) fn final_responses<'a>(view: &View<'a>, request: It) -> Vec<(It, Item<'a>)> {
    let places: Vec<It> = match request {
        It::Sip(index) => (index + 1..view.messages.list().len()).map(It::Sip).collect(),
        It::Media(index) => (index + 1..view.messages.media().len()).map(It::Media).collect(),
        // Nobody answers a stream.
        It::Rtp(_) => Vec::new(),
        It::Whole(index) => {
            let first = view.messages.wholes().get(index).and_then(|whole| whole.chunks.first().copied()).unwrap_or_default();
            (first + 1..view.messages.media().len()).map(It::Media).collect()
        }
    };
    let items = places.into_iter().filter_map(|place| view.messages.item(place).map(|item| (place, item)));
    items
        .filter(|(place, item)| {
            item.by_sut() && item.repeats().is_none() && status_of(*item) >= 200 && reference::answers(view, *place, request)
        })
        .collect()
}

/// The response that counts.
fn first_final<'a>(view: &View<'a>, request: It, all: &[(It, Item<'a>)]) -> Option<(It, Item<'a>)> {
    let It::Whole(index) = request else { return all.first().copied() };
    let refusal = all.iter().find(|(_, item)| status_of(*item) != 200);
    if refusal.is_some() || unanswered(view, request, all).is_some() {
        return refusal.copied();
    }
    let last = view.messages.wholes().get(index)?.chunks.last().copied()?;
    all.iter().rfind(|(place, _)| reference::answers(view, *place, It::Media(last))).copied()
}

/// The first chunk of a message that has no response: its number from 0, the number of chunks so far, the chunk.
fn unanswered<'a>(view: &View<'a>, request: It, all: &[(It, Item<'a>)]) -> Option<(usize, usize, Item<'a>)> {
    let It::Whole(index) = request else { return None };
    let chunks = &view.messages.wholes().get(index)?.chunks;
    let answered: BTreeSet<It> = all
        .iter()
        .filter_map(|(place, _)| match place {
            It::Media(response) => view.messages.media_request_of(*response).map(It::Media),
            It::Sip(_) | It::Whole(_) | It::Rtp(_) => None,
        })
        .collect();
    let number = chunks.iter().position(|chunk| !answered.contains(&It::Media(*chunk)))?;
    Some((number, chunks.len(), view.messages.item(It::Media(chunks[number]))?))
}

fn status_of(item: Item<'_>) -> u16 {
    match item {
        Item::Sip(seen) => seen.message.status().unwrap_or_default(),
        Item::Media(seen) => seen.status().unwrap_or_default(),
        Item::Whole(_) | Item::Rtp(_) => 0,
    }
}
