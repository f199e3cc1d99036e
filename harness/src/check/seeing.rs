//! Finding messages of the SUT: the first that no earlier line took, a response to a request, or none at all.

use super::{View, compare::Cmp, reference::MessageRef, shortened};
use crate::{
    field::Field,
    trace::view::Seen,
    verdict::{Finding, Judgement, Reason},
};

/// Which messages a line speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Methods, any of which will do.
    pub methods: Vec<String>,
    /// The party that they have to reach.
    pub party: String,
    /// Fields with the values that they have to have, by the rules of the fields.
    pub with: Vec<(Field, String)>,
}

/// What a seeing line found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Indexes of the messages, in order; the last one becomes "it".
    pub found: Vec<usize>,
    /// What is to be said about them.
    pub judgement: Judgement,
    /// Whether more may still come that changes the judgement.
    pub open: bool,
}

impl Wanted {
    fn kind(&self) -> String {
        let with: Vec<_> = self.with.iter().map(|(field, value)| format!("{field} {value}")).collect();
        let with = if with.is_empty() { String::new() } else { format!(" with {}", with.join(", ")) };
        format!("{} request{with}", self.methods.join(" or "))
    }

    fn fits(&self, seen: &Seen) -> bool {
        self.is_such(seen)
            && self.with.iter().all(|(field, value)| field.read(&seen.message).iter().any(|found| Cmp::of(field).equal(&found.text, value)))
    }

    /// Whether the method is right, whatever the fields say.
    fn is_such(&self, seen: &Seen) -> bool {
        seen.by_sut() && seen.repeats.is_none() && seen.message.method().is_some_and(|method| self.methods.iter().any(|m| m == method))
    }

    /// What the fields say in a message that came instead of the wanted one.
    fn instead(&self, seen: &Seen) -> String {
        let told = self.with.iter().map(|(field, _)| {
            let texts: Vec<_> = field.read(&seen.message).into_iter().map(|found| found.text).collect();
            if texts.is_empty() { format!("without {field}") } else { format!("with {field} {}", shortened(&texts.join(", "))) }
        });
        told.collect::<Vec<_>>().join(", ")
    }
}

/// The SUT sends `count` such requests that no earlier line took; `None`: at least one, of which the first counts.
#[must_use]
pub fn sends(view: &View<'_>, wanted: &Wanted, count: Option<usize>) -> Sighting {
    let list = view.messages.list();
    let fitting: Vec<usize> = (0..list.len()).filter(|index| !view.taken.contains(index) && wanted.fits(&list[*index])).collect();
    let (here, elsewhere): (Vec<usize>, Vec<usize>) = fitting.into_iter().partition(|index| list[*index].to.name() == wanted.party);
    let needed = count.unwrap_or(1);
    let expected = format!("{needed} {} to {}", wanted.kind(), wanted.party);
    if here.len() < needed {
        let finding = match elsewhere.first() {
            Some(index) => {
                let seen = &list[*index];
                Finding::new(Reason::Violated, expected, format!("sent to {} instead", seen.to)).on(seen.line())
            }
            None => {
                let other =
                    list.iter().enumerate().find(|(index, seen)| !view.taken.contains(index) && wanted.is_such(seen) && !wanted.fits(seen));
                let (more, evidence) = match other {
                    Some((_, seen)) => (format!("; another came {}", wanted.instead(seen)), seen.line()),
                    None => (String::new(), Vec::new()),
                };
                let observed = format!("{} came{more}", here.len());
                Finding::new(Reason::Missing, expected, observed).on(here.iter().flat_map(|i| list[*i].line())).on(evidence)
            }
        };
        return Sighting { found: here, judgement: finding.into(), open: elsewhere.is_empty() };
    }
    if count.is_some() && here.len() > needed {
        let surplus = here[needed..].iter().flat_map(|index| list[*index].line());
        let judgement = Finding::new(Reason::Unexpected, expected, format!("{} came", here.len())).on(surplus).into();
        return Sighting { found: here, judgement, open: false };
    }
    let found = here[..needed].to_vec();
    let evidence = found.iter().flat_map(|index| list[*index].line()).collect();
    Sighting { found, judgement: Judgement::met(evidence), open: false }
}

/// The SUT has sent no such request since the last stimulus, except those that earlier lines took.
#[must_use]
pub fn sends_no(view: &View<'_>, wanted: &Wanted) -> Judgement {
    let since = view.stimulus();
    let list = view.messages.list();
    let came = list.iter().enumerate().filter(|(index, seen)| seen.entry >= since && !view.taken.contains(index) && wanted.fits(seen));
    let findings: Vec<Finding> = came
        .map(|(_, seen)| {
            Finding::new(
                Reason::Unexpected,
                format!("no {}", wanted.kind()),
                format!("one came {:.3} s after the stimulus", (seen.at.saturating_sub(view.stimulated_at())).as_secs_f64()),
            )
            .on(seen.line())
        })
        .collect();
    Judgement::Looked { findings, evidence: vec![crate::verdict::Evidence::at(since, 0, 0)] }
}

/// The first final response of the SUT to the request has one of these statuses.
///
/// For a MAY the first status is the one that the row allows; another of the list is a branch not taken.
#[must_use]
pub fn answers(view: &View<'_>, statuses: &[u16], message: &MessageRef, option: bool) -> Sighting {
    let whole = View { it: None, ..*view };
    let list = view.messages.list();
    let wanted = statuses.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ");
    let nothing = |judgement, open| Sighting { found: Vec::new(), judgement, open };
    let Some(request) = message.before_it(&whole) else {
        return nothing(Judgement::Obstacle(Reason::NotTriggered, format!("{message} was not seen")), true);
    };
    let is_answer = |index: &usize| {
        let seen = &list[*index];
        seen.by_sut()
            && seen.repeats.is_none()
            && seen.message.status().is_some_and(|s| s >= 200)
            && view.messages.request_of(*index) == Some(request)
    };
    let Some(index) = (request + 1..list.len()).find(is_answer) else {
        let finding =
            Finding::new(Reason::Missing, format!("a final response {wanted} to {message}"), "none came").on(list[request].line());
        return nothing(finding.into(), true);
    };
    let seen = &list[index];
    let status = seen.message.status().unwrap_or_default();
    // RFC 3261, 17.2.2: a transaction has one final response, which is repeated as it is. Over UDP the repetition is known as one.
    let second = (index + 1..list.len()).filter(is_answer).map(|i| &list[i]).find(|other| other.message.raw != seen.message.raw);
    if let Some(second) = second {
        let observed = shortened(&format!("another one {:.3} s later", second.at.saturating_sub(seen.at).as_secs_f64()));
        let finding = Finding::new(Reason::Violated, format!("one final response to {message}, repeated as it is"), observed);
        let judgement = finding.by("RFC 3261, 17.2.2").on(second.line()).on(seen.line()).into();
        return Sighting { found: vec![index], judgement, open: false };
    }
    let judgement = match statuses.iter().position(|s| *s == status) {
        None => {
            let observed = shortened(&seen.message.start_span().text(&seen.message.raw));
            Finding::new(Reason::Violated, format!("status {wanted}"), observed).on(seen.line()).into()
        }
        Some(place) if option && place > 0 => Judgement::NotTaken(format!("the SUT answered {status}")),
        Some(_) => Judgement::met(seen.line()),
    };
    Sighting { found: vec![index], judgement, open: false }
}
