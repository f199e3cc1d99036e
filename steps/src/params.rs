//! Typed parameters of the sentences. Closed sets are spelled out; nothing here matches "anything".

use std::{fmt, str::FromStr};

use cucumber::Parameter;
use harness::{
    check::{self, What},
    field,
    upper::InvitationAnswer,
    verdict::Reason,
};

macro_rules! word {
    ($(#[$doc:meta])* $name:ident, $param:literal, $regex:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Parameter)]
        #[param(name = $param, regex = $regex)]
        pub struct $name(pub String);

        impl FromStr for $name {
            type Err = std::convert::Infallible;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(Self(text.to_owned()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

macro_rules! parsed {
    ($(#[$doc:meta])* $name:ident($inner:ty), $param:literal, $regex:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Parameter)]
        #[param(name = $param, regex = $regex)]
        pub struct $name(pub $inner);

        impl FromStr for $name {
            type Err = <$inner as FromStr>::Err;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident($inner:ty), $param:literal, $regex:literal, { $($text:literal => $value:expr),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Parameter)]
        #[param(name = $param, regex = $regex)]
        pub struct $name(pub $inner);

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok(Self($value)),)+
                    _ => Err(format!("{text:?} is none of the closed list of {{{}}}", $param)),
                }
            }
        }
    };
}

word!(
    /// The requirement that a line stands for: `[9a]`, `[7.2.1.3-2]` or `[CONV-7-useragent]`.
    Clause,
    "clause",
    r"\[((?:[A-Z][A-Z0-9]*-\d+(?:\.\d+)*-|\d+(?:\.\d+)+-)?[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*)\]"
);
word!(
    /// The fixed cast.
    Actor,
    "actor",
    r"Alice|Alice's phone|Alice's tablet|Bob|Carol|Dave|Erin|Mallory|the IMS core|the Controlling Function|the Participating Function|the Lunch Group|the Lobby|the Message Store|the Content Server|the MSRP Relay"
);
word!(
    /// One addressee, or several.
    Actors,
    "actors",
    r"(?:Bob|Carol|Dave|the Lunch Group|the Lobby)(?:, (?:Bob|Carol|Dave))*"
);
word!(
    /// What kind of session.
    Session,
    "session",
    r"CPM 1-1 Session|CPM Group Session"
);
word!(
    /// Role of the SUT.
    Role,
    "role",
    r"CPM Client|CPM Participating Function|IM Server as B2BUA|IM Server as Proxy"
);
word!(
    /// Whether the SUT's user is registered.
    Registration,
    "registration",
    r"is registered|is not registered"
);
word!(
    /// SIP requests by method, alternatives joined by `or`; of MSRP one request (a chunk) or a whole message; of IMAP and HTTP what is
    /// asked; of RTP all packets of one source on one link.
    Kind,
    "kind",
    r"[A-Z]+(?: or [A-Z]+)* requests?|MSRP [A-Z]+ requests?|MSRP messages?|IMAP [A-Z]+ commands?|HTTP [A-Z]+ requests?|RTP streams?"
);
word!(
    /// `a`, or a number.
    Count,
    "count",
    r"an?|\d+"
);
word!(
    /// One status code of SIP or MSRP, or several that will do.
    Status,
    "status",
    r"(?:MSRP )?[1-6]\d\d(?: or [1-6]\d\d)*"
);
word!(
    /// What the user of the SUT does without naming a person.
    Act,
    "act",
    r"registers|deregisters from CPM|deregisters from IMS|restarts|reads the message|cancels the message|forwards a stored object|asks for deferred messages|handles the deferred messages|receives a push notification|agrees to connect|refuses to connect|turns pull on|rejoins the session|ends the session|watches the participants|stops watching the participants|goes offline|comes online"
);
word!(
    /// What the user of the SUT sees; two may stand as alternatives.
    Sight,
    "sight",
    r"(?:a message|a message status|external content|the stored message|an invitation|an ended invitation|a session|the participants|the session record|a stream|the deferred messages|a deferred notification|a push notification|a notice|the stored UIDs)(?: or (?:external content|a message status|a notice))?"
);
parsed!(
    /// A header field, one of its parameters, an item of CPIM, IMDN, SDP, MSRP, IMAP, HTTP, RTP, an encapsulated SIP message or a resource list, the body, or the unwrapped content.
    Field(field::Field),
    "field",
    r"(?:(?:CPIM|IMDN|SDP|MSRP|IMAP|HTTP|RTP|SIPFRAG|LIST) [A-Za-z][A-Za-z0-9.-]*|[A-Z][A-Za-z0-9-]*|method|body|content)(?:;[+A-Za-z0-9.-]+)?(?:, if any,)?"
);
parsed!(
    /// A message of the scenario, seen from the SUT.
    Message(check::MessageRef),
    "message",
    r"the (?:first )?(?:received|sent) (?:[A-Z]+(?: or [A-Z]+)* request|(?:MSRP |HTTP )[A-Z]+ request|MSRP message|IMAP [A-Z]+ command|(?:MSRP )?[1-6]\d\d response)(?: to the (?:first )?(?:received|sent) (?:[A-Z]+(?: or [A-Z]+)* request|MSRP [A-Z]+ request|MSRP message))?"
);
parsed!(
    /// A rule pack, whole or one section of it.
    Spec(check::pack::Spec),
    "spec",
    r"RFC \d{4}(?: section [\d.]+)?|TS \d\d\.\d{3}(?: section [\d.A]+)?"
);
choice!(
    /// What the user says to an invitation; to ignore it is to say nothing.
    Decision(Option<InvitationAnswer>),
    "decision",
    r"accepts|rejects|temporarily declines|is too busy for|redirects|ignores",
    {
        "accepts" => Some(InvitationAnswer::Accept),
        "rejects" => Some(InvitationAnswer::Reject),
        "temporarily declines" => Some(InvitationAnswer::Decline),
        "is too busy for" => Some(InvitationAnswer::Busy),
        "redirects" => Some(InvitationAnswer::Redirect),
        "ignores" => None,
    }
);
choice!(
    /// What a body is.
    Format(check::sdp::Format),
    "format",
    r"CPIM message|SDP offer|SDP answer|modified SDP offer",
    {
        "CPIM message" => check::sdp::Format::Cpim,
        "SDP offer" => check::sdp::Format::Offer,
        "SDP answer" => check::sdp::Format::Answer,
        "modified SDP offer" => check::sdp::Format::Modified,
    }
);
parsed!(
    /// Where a request belongs.
    Dialog(check::session::Dialog),
    "dialog",
    r"outside any dialog|within the subscription|within the session(?: with (?:Bob|Carol|Dave|the Controlling Function|the Lunch Group|the Lobby))?"
);
choice!(
    /// What the media plane does since the last stimulus.
    Plane(check::media::Plane),
    "plane",
    r"stays down|starts|stops|changes|stays unchanged",
    {
        "stays down" => check::media::Plane::StaysDown,
        "starts" => check::media::Plane::Starts,
        "stops" => check::media::Plane::Stops,
        "changes" => check::media::Plane::Changes,
        "stays unchanged" => check::media::Plane::StaysUnchanged,
    }
);
choice!(
    /// Presence of a field.
    Has(check::field::Has),
    "has",
    r"has|should have|may have|has no",
    {
        "has" => check::field::Has::Must,
        "should have" => check::field::Has::Should,
        "may have" => check::field::Has::May,
        "has no" => check::field::Has::MustNot,
    }
);
choice!(
    /// Whether a value holds a token or text.
    Contains(bool),
    "contains",
    r"contains|does not contain",
    { "contains" => true, "does not contain" => false }
);
choice!(
    /// Whether a value carries an ICSI.
    Carries(bool),
    "carries",
    r"carries|does not carry",
    { "carries" => true, "does not carry" => false }
);
choice!(
    /// How a field stands to that of another message.
    Compares(check::field::Compares),
    "compares",
    r"equals|differs from|is one more than",
    {
        "equals" => check::field::Compares::Equals,
        "differs from" => check::field::Compares::Differs,
        "is one more than" => check::field::Compares::OneMore,
    }
);
choice!(
    /// Which way a number is bounded; true: from below.
    Bound(bool),
    "bound",
    r"at least|at most",
    { "at least" => true, "at most" => false }
);
choice!(
    /// Which comes first; true: the other message.
    Order(bool),
    "order",
    r"before|after",
    { "before" => false, "after" => true }
);
choice!(
    /// Whether the user gets to see it.
    Shown(check::sight::Shown),
    "shown",
    r"is shown|should be shown|may be shown|is not shown",
    {
        "is shown" => check::sight::Shown::Is,
        "should be shown" => check::sight::Shown::Should,
        "may be shown" => check::sight::Shown::May,
        "is not shown" => check::sight::Shown::IsNot,
    }
);
choice!(
    /// Why a requirement has no judging line.
    Untested(Reason),
    "reason",
    r"nothing of it can be observed|the source defines no format for it|it binds another party|no simulator for it exists yet|another line judges it",
    {
        "nothing of it can be observed" => Reason::NotObservable,
        "the source defines no format for it" => Reason::NoFormat,
        "it binds another party" => Reason::OtherParty,
        "no simulator for it exists yet" => Reason::NoSimulator,
        "another line judges it" => Reason::JudgedElsewhere,
    }
);

impl Clause {
    /// The full id of the requirement, in a feature tagged `tag` (`CONV-7.2.1.1`).
    #[must_use]
    pub fn id(&self, tag: &str) -> String {
        let clause = &self.0;
        let document = tag.split('-').next().unwrap_or_default();
        let whole = clause.split_once('-').is_some_and(|(head, rest)| {
            head.starts_with(|c: char| c.is_ascii_uppercase()) && rest.starts_with(|c: char| c.is_ascii_digit())
        });
        let section =
            clause.split_once('-').is_some_and(|(head, _)| head.contains('.') && head.split('.').all(|n| n.parse::<u32>().is_ok()));
        match (whole, section) {
            (true, _) => clause.clone(),
            (_, true) => format!("{document}-{clause}"),
            _ => format!("{tag}-{clause}"),
        }
    }
}

impl Kind {
    /// The kinds.
    #[must_use]
    pub fn list(&self) -> Vec<What> {
        let one = self.0.strip_suffix('s').unwrap_or(&self.0);
        let alternatives = one.trim_end_matches(" request").split(" or ");
        if one.contains(" or ") {
            return alternatives.map(|method| What::Request(method.to_owned())).collect();
        }
        one.parse().into_iter().collect()
    }
}

impl Status {
    /// The codes, in order.
    #[must_use]
    pub fn codes(&self) -> Vec<u16> {
        self.0.trim_start_matches("MSRP ").split(" or ").filter_map(|code| code.parse().ok()).collect()
    }
}

impl Count {
    /// The number; `None` for `a`.
    #[must_use]
    pub fn number(&self) -> Option<usize> {
        self.0.parse().ok()
    }
}

impl Session {
    /// Whether it is that of a group.
    #[must_use]
    pub fn is_of_group(&self) -> bool {
        self.0 == "CPM Group Session"
    }

    /// The named message by which somebody else than Alice invites to it.
    #[must_use]
    pub fn opening(&self) -> &'static str {
        if self.is_of_group() { "a group invitation" } else { "an invitation" }
    }
}

impl Actor {
    /// Whether somebody of the cast is called that.
    #[must_use]
    pub fn is_cast(name: &str) -> bool {
        Self::REGEX.split('|').any(|known| known == name)
    }

    /// Whether it is a group that the network keeps.
    #[must_use]
    pub fn is_group(&self) -> bool {
        matches!(self.0.as_str(), "the Lunch Group" | "the Lobby")
    }
}

impl Actors {
    /// The actors, in order.
    #[must_use]
    pub fn list(&self) -> Vec<&str> {
        self.0.split(", ").collect()
    }
}

impl Sight {
    /// Names of the sights of the upper tester.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        let name = |word: &str| match word {
            "a message" => "message-received",
            "a message status" => "message-status",
            "external content" => "content-indirect",
            "an invitation" => "invitation",
            "an ended invitation" => "invitation-ended",
            "a session" => "session-state",
            "the participants" => "participants",
            "the session record" => "session-record",
            "a stream" => "media-flowing",
            "the deferred messages" => "deferred-list",
            "a deferred notification" => "deferred-notification",
            "a push notification" => "push-notification",
            "a notice" => "notice",
            "the stored UIDs" => "stored-uids",
            _ => "stored-message",
        };
        self.0.split(" or ").map(name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clause_is_short_for_an_id() {
        let id = |clause: &str, tag: &str| Clause(clause.to_owned()).id(tag);
        assert_eq!(id("9a", "CONV-7.2.1.1"), "CONV-7.2.1.1-9a");
        assert_eq!(id("accept-1", "CONV-7.2.2.1"), "CONV-7.2.2.1-accept-1");
        assert_eq!(id("7.2.1.3-2", "CONV-7.2.1.1"), "CONV-7.2.1.3-2");
        assert_eq!(id("1-follow", "CONV-7.2.2.3"), "CONV-7.2.2.3-1-follow");
        assert_eq!(id("CONV-7-useragent", "CONV-7.2.1.1"), "CONV-7-useragent");
        assert_eq!(id("registerfirst", "CONV-7"), "CONV-7-registerfirst");
    }

    #[test]
    fn kinds_and_statuses_are_lists() {
        let list = |text: &str| Kind(text.to_owned()).list().iter().map(What::to_string).collect::<Vec<_>>();
        assert_eq!(list("MESSAGE or INVITE requests"), ["MESSAGE request", "INVITE request"]);
        for one in ["MSRP SEND request", "MSRP message", "IMAP FETCH command", "HTTP GET request", "BYE request"] {
            assert_eq!(list(one), [one]);
            assert_eq!(list(&format!("{one}s")), [one]);
        }
        assert_eq!(Status("MSRP 413 or 423".to_owned()).codes(), [413, 423]);
        assert_eq!(Status("480 or 200".to_owned()).codes(), [480, 200]);
    }
}
