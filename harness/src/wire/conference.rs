//! Who takes part in a conference: application/conference-info+xml (RFC 4575, 5), as far as it is about users.

use roxmltree::Node;

use super::{
    span::{Faults, Malformation, Span},
    xml::Xml,
};

/// The name space of the documents.
pub const NAME_SPACE: &str = "urn:ietf:params:xml:ns:conference-info";

/// The media type.
pub const MEDIA_TYPE: &str = "application/conference-info+xml";

/// Most users, and most endpoints of one user, that are read.
const MOST: usize = 2000;

/// What an element does to what was known (RFC 4575, 4.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// It replaces it; so it is where nothing is said.
    #[default]
    Full,
    /// It changes what it names.
    Partial,
    /// It takes it away.
    Deleted,
}

/// A document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConferenceInfo {
    /// URI of the conference.
    pub entity: String,
    /// What the document does.
    pub state: State,
    /// Number of the document; each is one higher than the one before (RFC 4575, 4.4).
    pub version: Option<u32>,
    /// `users`, if the element is there.
    pub users: Option<Users>,
    /// What breaks the grammar.
    pub malformations: Vec<Malformation>,
}

/// The element `users`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Users {
    /// What it does.
    pub state: State,
    /// The users, in the order of the document.
    pub users: Vec<User>,
}

/// One user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// Address, the key.
    pub entity: String,
    /// What the element does.
    pub state: State,
    /// Name to be shown.
    pub name: Option<String>,
    /// Devices, or focuses, by which the user takes part.
    pub endpoints: Vec<Endpoint>,
}

/// One endpoint of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// Address, the key.
    pub entity: String,
    /// What the element does.
    pub state: State,
    /// Where it stands: `connected`, `disconnected` and others (RFC 4575, 5.7.3).
    pub status: Option<String>,
}

impl ConferenceInfo {
    /// Reads a body of this type.
    #[must_use]
    pub fn parse(raw: &[u8], within: Span) -> Self {
        let mut faults = Faults::default();
        let mut this = Self::default();
        if let Some(xml) = Xml::read(raw, within, &mut faults) {
            let root = xml.root("conference-info", NAME_SPACE, &mut faults);
            (this.entity, this.state) = keyed(&xml, root, &mut faults);
            match root.attribute("version").map(str::parse) {
                Some(Ok(version)) => this.version = Some(version),
                Some(Err(_)) => faults.add("version", "version is no number of 32 bits", xml.tag(root)),
                None => faults.add("no-version", "a document in a notification has a version", xml.tag(root)),
            }
            this.users = children(root, "users").next().map(|users| Users {
                state: state(&xml, users, &mut faults),
                users: children(users, "user").take(MOST).map(|node| user(&xml, node, &mut faults)).collect(),
            });
        }
        this.malformations = faults.into_vec();
        this
    }
}

fn user(xml: &Xml<'_>, node: Node<'_, '_>, faults: &mut Faults) -> User {
    let (entity, state) = keyed(xml, node, faults);
    let endpoint = |node| {
        let (entity, state) = keyed(xml, node, faults);
        Endpoint { entity, state, status: children(node, "status").next().map(|status| xml.text(status).0) }
    };
    let endpoints = children(node, "endpoint").take(MOST).map(endpoint).collect();
    User { entity, state, name: children(node, "display-text").next().map(|name| xml.text(name).0), endpoints }
}

fn children<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

/// The attributes `entity` and `state`.
fn keyed(xml: &Xml<'_>, node: Node<'_, '_>, faults: &mut Faults) -> (String, State) {
    let entity = node.attribute("entity").unwrap_or_default();
    if entity.is_empty() {
        faults.add("no-entity", format!("{} has no entity", node.tag_name().name()), xml.tag(node));
    }
    (entity.to_owned(), state(xml, node, faults))
}

fn state(xml: &Xml<'_>, node: Node<'_, '_>, faults: &mut Faults) -> State {
    match node.attribute("state") {
        None | Some("full") => State::Full,
        Some("partial") => State::Partial,
        Some("deleted") => State::Deleted,
        Some(_) => {
            faults.add("state", "state is none of full, partial and deleted", xml.tag(node));
            State::Full
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn codes(text: &str) -> Vec<String> {
        ConferenceInfo::parse(text.as_bytes(), Span::all(text.as_bytes())).malformations.into_iter().map(|m| m.code).collect()
    }

    #[test]
    fn users_and_endpoints_are_read_with_what_they_do() {
        let text = format!(
            "<conference-info xmlns='{NAME_SPACE}' entity='sip:c' state='partial' version='7'><conference-description/>\
             <users state='partial'><user entity='sip:b' state='deleted'/><user entity='sip:c'><display-text> C </display-text>\
             <endpoint entity='sip:c;gr=1' state='partial'><status>connected</status></endpoint></user></users></conference-info>"
        );
        let info = ConferenceInfo::parse(text.as_bytes(), Span::all(text.as_bytes()));
        assert_eq!(info.malformations, []);
        assert_eq!((info.entity.as_str(), info.state, info.version), ("sip:c", State::Partial, Some(7)));
        let users = info.users.unwrap();
        assert_eq!((users.state, users.users[0].state, users.users[1].name.as_deref()), (State::Partial, State::Deleted, Some("C")));
        let endpoint = Endpoint { entity: "sip:c;gr=1".to_owned(), state: State::Partial, status: Some("connected".to_owned()) };
        assert_eq!(users.users[1].endpoints, [endpoint]);
    }

    #[test]
    fn what_breaks_a_document_is_named() {
        assert_eq!(codes(""), ["not-well-formed"]);
        assert_eq!(codes("<info entity='a' version='1'/>"), ["wrong-root", "wrong-namespace"]);
        assert_eq!(codes(&format!("<conference-info xmlns='{NAME_SPACE}'/>")), ["no-entity", "no-version"]);
        let text =
            format!("<conference-info xmlns='{NAME_SPACE}' entity='a' version='-1' state='new'><users><user/></users></conference-info>");
        assert_eq!(codes(&text), ["state", "version", "no-entity"]);
    }
}
