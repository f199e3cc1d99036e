//! The group sessions of a focus (RFC 4579): under which identity each is reached, and who takes part.

use super::{Kind, Participating, contact};
use crate::{
    role::Outgoing,
    wire::{
        Span,
        conference::{ConferenceInfo, State},
        lists::List,
        params::NameAddr,
        sip::Message,
        uri,
    },
};

/// Most group sessions of one focus; beyond, the last one goes on.
const MOST: usize = 256;

/// Whom documents name in place of who wants to stay unknown (RFC 3323, 4.1.1.3).
const UNKNOWN: &str = "sip:anonymous@anonymous.invalid";

/// One group session.
#[derive(Debug)]
pub(super) struct Group {
    /// What Contact says of it now (RFC 4579, 5.1).
    identity: String,
    /// Contribution-ID of the INVITE that began it, by which the focus knows it when it calls back.
    contribution: Option<String>,
    /// The dialogs with the SUT, each under the identity that it began with.
    calls: Vec<(u64, String)>,
    /// Who takes part; the SUT's user by a call.
    users: Vec<(String, Option<u64>)>,
}

impl Participating {
    /// The group session that an INVITE of the SUT is for: the one whose identity it names; a new one where it brings users along
    /// (RFC 5366) or there is none yet; else that of the group.
    pub(super) fn group_for(&mut self, call: u64, request: &Message) {
        if self.has.kind != Kind::Focus {
            return;
        }
        let target = request.request_uri().map(|target| target.text(&request.raw).into_owned()).unwrap_or_default();
        let brought = brought_by(request);
        let named = self.groups.iter().position(|group| uri::same(&group.identity, &target));
        let at = match named {
            Some(at) => {
                if self.has.renews {
                    self.groups[at].identity = self.next_identity();
                }
                at
            }
            None if brought.is_empty() && !self.groups.is_empty() => self.groups.len() - 1,
            None => self.found(request.value("Contribution-ID").as_deref()),
        };
        let identity = self.groups[at].identity.clone();
        self.groups[at].calls.push((call, identity));
        self.add(at, &self.has.members.clone());
        self.add(at, &brought);
    }

    /// The group session that the SUT is invited to: the one that has the Contribution-ID of the invitation, or a new one.
    pub(super) fn group_to(&mut self, wanted: &Outgoing) -> Option<usize> {
        let value = |name: &str| {
            let (_, values) = wanted.headers.iter().find(|(field, _)| field.eq_ignore_ascii_case(name))?;
            values.as_ref()?.first().cloned()
        };
        if self.has.kind != Kind::Focus {
            return None;
        }
        let contribution = value("Contribution-ID");
        let known = self.groups.iter().position(|group| contribution.is_some() && group.contribution == contribution);
        let at = known.unwrap_or_else(|| self.found(contribution.as_deref()));
        self.add(at, &self.has.members.clone());
        // Whom the focus speaks for is there already.
        let speaks_for = value("Referred-By").map(|value| value.trim_matches(['<', '>']).to_owned());
        let hidden = value("Privacy").is_some_and(|value| value.split(';').any(|kind| kind.trim() == "id"));
        let speaks_for =
            speaks_for.filter(|user| !uri::same(user, &self.has.uri)).map(|user| if hidden { UNKNOWN.to_owned() } else { user });
        self.add(at, &speaks_for.into_iter().collect::<Vec<_>>());
        Some(at)
    }

    /// Under which identity a group session is reached now.
    pub(super) fn identity(&self, group: usize) -> String {
        self.groups[group].identity.clone()
    }

    /// Keeps that a call goes to a group session.
    pub(super) fn calls_to(&mut self, group: usize, call: u64) {
        let identity = self.groups[group].identity.clone();
        self.groups[group].calls.push((call, identity));
    }

    /// The SUT's user takes part by a call, from its first INVITE or 200 response on.
    pub(super) fn joined(&mut self, call: u64, user: Option<String>) {
        let group = self.groups.iter_mut().find(|group| group.calls.iter().any(|(of, _)| *of == call));
        if let Some((group, user)) = group.zip(user) {
            group.users.insert(0, (user, Some(call)));
        }
    }

    /// A call is over, and its user gone.
    pub(super) fn left(&mut self, call: u64) {
        for group in &mut self.groups {
            group.users.retain(|(_, by)| *by != Some(call));
        }
    }

    /// URI of the Contact in a call; of a focus without a call, that of its latest group session.
    pub(super) fn contact_in(&self, call: Option<u64>) -> String {
        let of_call = || self.groups.iter().flat_map(|group| &group.calls).find(|(of, _)| Some(*of) == call).map(|(_, own)| own.clone());
        let latest = || self.groups.last().map(|group| group.identity.clone());
        of_call().or_else(latest).unwrap_or_else(|| contact(self.has.kind, &self.has.uri, self.has.inner, self.has.gruu))
    }

    /// The group session that a SUBSCRIBE is for, and its identity there.
    pub(super) fn subscribed_to(&mut self, request: &Message) -> (usize, String) {
        let target = request.request_uri().map(|target| target.text(&request.raw).into_owned()).unwrap_or_default();
        let is_it = |group: &Group| uri::same(&group.identity, &target) || group.calls.iter().any(|(_, own)| uri::same(own, &target));
        let named = self.groups.iter().rposition(is_it).or_else(|| self.groups.len().checked_sub(1));
        let at = named.unwrap_or_else(|| {
            let at = self.found(None);
            self.add(at, &self.has.members.clone());
            at
        });
        (at, self.groups[at].identity.clone())
    }

    /// Who takes part in a group session, each once.
    pub(super) fn users(&self, group: usize) -> Vec<String> {
        let mut users: Vec<String> = Vec::new();
        for (user, _) in self.groups.get(group).into_iter().flat_map(|group| &group.users) {
            if !users.iter().any(|known| uri::same(known, user)) {
                users.push(user.clone());
            }
        }
        users
    }

    /// A named message told of a group session: so it is from now on (RFC 4575, 4.6).
    pub(super) fn learn(&mut self, group: usize, document: &[u8]) {
        let info = ConferenceInfo::parse(document, Span::all(document));
        let (Some(users), Some(group)) = (info.users, self.groups.get_mut(group)) else { return };
        let before = group.users.clone();
        if (info.state, users.state) == (State::Full, State::Full) {
            group.users.clear();
        }
        for user in users.users {
            let by = before.iter().find(|(known, _)| uri::same(known, &user.entity)).and_then(|(_, by)| *by);
            let away = |status: &Option<String>| status.as_deref() == Some("disconnected");
            let gone = user.state == State::Deleted || !user.endpoints.is_empty() && user.endpoints.iter().all(|end| away(&end.status));
            group.users.retain(|(known, _)| !uri::same(known, &user.entity));
            if !gone {
                group.users.push((user.entity, by));
            }
        }
    }

    fn found(&mut self, contribution: Option<&str>) -> usize {
        if self.groups.len() >= MOST {
            return MOST - 1;
        }
        let (identity, contribution) = (self.next_identity(), contribution.map(str::to_owned));
        self.groups.push(Group { identity, contribution, calls: Vec::new(), users: Vec::new() });
        self.groups.len() - 1
    }

    /// An identity that no group session had.
    fn next_identity(&mut self) -> String {
        let first = contact(self.has.kind, &self.has.uri, self.has.inner, self.has.gruu);
        let number = self.identities;
        self.identities = number.saturating_add(1);
        first.replace(&format!(";sid={}", sid(0)), &format!(";sid={}", sid(number)))
    }

    fn add(&mut self, group: usize, users: &[String]) {
        let known = |group: &Group, user: &String| group.users.iter().any(|(known, _)| uri::same(known, user));
        for user in users {
            if !known(&self.groups[group], user) {
                self.groups[group].users.push((user.clone(), None));
            }
        }
    }
}

/// What tells the group sessions of a focus apart: ab1, cd2, ef3 and so on.
pub(super) fn sid(number: u8) -> String {
    let letter = |at: u8| char::from(b'a' + (number % 13 * 2 + at));
    format!("{}{}{}", letter(0), letter(1), u32::from(number) + 1)
}

/// Whom an INVITE brings along (RFC 5366).
fn brought_by(request: &Message) -> Vec<String> {
    let lists = crate::field::parts(request).into_iter().filter(|(kind, _)| kind == "application/resource-lists+xml");
    lists.flat_map(|(_, span): (_, Span)| List::parse(&request.raw, span).entries).map(|entry| entry.uri).collect()
}

/// Address of who sent a request, as the core asserts it; of who wants to stay unknown, that of nobody.
pub(super) fn sender(request: &Message) -> Option<String> {
    if request.elements("Privacy").iter().any(|span| span.text(&request.raw).split(';').any(|word| word.trim() == "id")) {
        return Some(UNKNOWN.to_owned());
    }
    address(request, "P-Asserted-Identity").or_else(|| address(request, "From"))
}

/// Address in the first value of a header field.
pub(super) fn address(request: &Message, name: &str) -> Option<String> {
    let span = request.elements(name).into_iter().next()?;
    Some(NameAddr::parse(&request.raw, span).uri.text(&request.raw).into_owned())
}
