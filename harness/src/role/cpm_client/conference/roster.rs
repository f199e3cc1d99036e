//! Who takes part in a group session, put together from full and partial documents (RFC 4575, 4.6).

use crate::{
    upper::Participant,
    wire::conference::{ConferenceInfo, Endpoint, State, User, Users},
};

/// Most users that are kept, and most endpoints of one.
const MOST: usize = 2000;

/// What a document did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It was taken in.
    Applied,
    /// It is no newer than what is known, or no document.
    Stale,
    /// One before it is missing.
    Gap,
    /// The conference is no more.
    Gone,
}

/// What is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Roster {
    version: Option<u32>,
    users: Vec<User>,
}

impl Roster {
    /// The next document is one of a new subscription, whose numbers have nothing to do with those before.
    pub fn begins_anew(&mut self) {
        self.version = None;
    }

    pub fn take(&mut self, info: ConferenceInfo) -> Taken {
        let Some(version) = info.version.filter(|version| self.version.is_none_or(|known| *version > known)) else { return Taken::Stale };
        let next = self.version.is_some_and(|known| known.checked_add(1) == Some(version));
        match info.state {
            State::Partial if !next => return Taken::Gap,
            State::Partial => {}
            State::Full | State::Deleted => self.users.clear(),
        }
        self.version = Some(version);
        if info.state == State::Deleted {
            return Taken::Gone;
        }
        if let Some(users) = info.users {
            self.change(users);
        }
        Taken::Applied
    }

    fn change(&mut self, users: Users) {
        match users.state {
            State::Full => self.users.clear(),
            State::Deleted => return self.users.clear(),
            State::Partial => {}
        }
        for user in users.users {
            let known = self.users.iter().position(|known| known.entity == user.entity);
            match (known, user.state) {
                (Some(at), State::Deleted) => drop(self.users.remove(at)),
                (None, State::Deleted) => {}
                (Some(at), State::Full) => self.users[at] = user,
                (Some(at), State::Partial) => merge(&mut self.users[at], user),
                (None, _) if self.users.len() < MOST => self.users.push(user),
                (None, _) => {}
            }
        }
    }

    /// The users as they are shown.
    pub fn participants(&self) -> Vec<Participant> {
        self.users.iter().map(|user| Participant { address: user.entity.clone(), status: status(user) }).collect()
    }
}

/// Changes a user by a partial element.
fn merge(known: &mut User, user: User) {
    known.name = user.name.or(known.name.take());
    for endpoint in user.endpoints {
        let at = known.endpoints.iter().position(|e| e.entity == endpoint.entity);
        match (at, endpoint.state) {
            (Some(at), State::Deleted) => drop(known.endpoints.remove(at)),
            (None, State::Deleted) => {}
            (Some(at), State::Full) => known.endpoints[at] = endpoint,
            (Some(at), State::Partial) => {
                let status = known.endpoints[at].status.take();
                known.endpoints[at].status = endpoint.status.or(status);
            }
            (None, _) if known.endpoints.len() < MOST => known.endpoints.push(endpoint),
            (None, _) => {}
        }
    }
}

/// Where a user stands: connected if any endpoint is, else as the first one that says something.
fn status(user: &User) -> Option<String> {
    let statuses = || user.endpoints.iter().filter_map(|Endpoint { status, .. }| status.as_deref());
    statuses().find(|status| *status == "connected").or_else(|| statuses().next()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::wire::{Span, conference::NAME_SPACE};

    fn take(roster: &mut Roster, version: u32, state: &str, users: &str) -> (Taken, String) {
        let text =
            format!("<conference-info xmlns='{NAME_SPACE}' entity='sip:c' version='{version}' state='{state}'>{users}</conference-info>");
        let taken = roster.take(ConferenceInfo::parse(text.as_bytes(), Span::all(text.as_bytes())));
        let words = |p: Participant| format!("{}{}", p.address, p.status.map(|s| format!(" {s}")).unwrap_or_default());
        (taken, roster.participants().into_iter().map(words).collect::<Vec<_>>().join(", "))
    }

    const AB: &str = "<users><user entity='a'><endpoint entity='a1'><status>connected</status></endpoint></user><user entity='b'/></users>";

    #[test]
    fn partial_documents_change_what_they_name() {
        let mut roster = Roster::default();
        assert_eq!(take(&mut roster, 1, "full", AB), (Taken::Applied, "a connected, b".to_owned()));
        let partial = |inside: &str| format!("<users state='partial'>{inside}</users>");
        let c = partial("<user entity='c' state='partial'><endpoint entity='c1'><status>pending</status></endpoint></user>");
        assert_eq!(take(&mut roster, 2, "partial", &c).1, "a connected, b, c pending");
        let c = partial(
            "<user entity='c' state='partial'><endpoint entity='c1' state='partial'><status>on-hold</status></endpoint></user><user entity='b' state='deleted'/>",
        );
        assert_eq!(take(&mut roster, 3, "partial", &c).1, "a connected, c on-hold");
        let a = partial("<user entity='a' state='partial'><endpoint entity='a1' state='deleted'/></user><user entity='c'/>");
        assert_eq!(take(&mut roster, 4, "partial", &a).1, "a, c", "a full user is replaced as a whole");
        assert_eq!(take(&mut roster, 5, "partial", "").1, "a, c");
        assert_eq!(take(&mut roster, 6, "partial", "<users><user entity='d'/></users>").1, "d", "users says full by default");
        assert_eq!(take(&mut roster, 7, "deleted", ""), (Taken::Gone, String::new()));
    }

    #[test]
    fn old_documents_and_gaps_change_nothing() {
        let mut roster = Roster::default();
        assert_eq!(take(&mut roster, 1, "partial", AB).0, Taken::Gap, "there is nothing to change yet");
        assert_eq!(take(&mut roster, 1, "full", AB).0, Taken::Applied);
        assert_eq!(take(&mut roster, 6, "partial", "<users/>"), (Taken::Gap, "a connected, b".to_owned()));
        assert_eq!(take(&mut roster, 1, "full", "<users/>"), (Taken::Stale, "a connected, b".to_owned()));
        assert_eq!(take(&mut roster, 6, "full", "<users/>"), (Taken::Applied, String::new()), "a whole one closes the gap");
        roster.begins_anew();
        assert_eq!(take(&mut roster, 1, "full", AB).0, Taken::Applied);
    }
}
