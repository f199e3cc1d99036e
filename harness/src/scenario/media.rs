//! What named messages say about media: the offer, and how the content goes over MSRP.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{MessageError, Named, filled, filled_texts};
use crate::{
    role::{Media, Rtp},
    template,
    wire::sdp::Direction,
};

/// Whose branch a CANCEL has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Branch {
    /// Nobody's.
    Other,
}

/// What MSRP goes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Over {
    /// A connection that the fake opens for it.
    #[serde(rename = "another connection")]
    Another,
}

/// Keys of an offer that are no attributes.
const SWITCHES: [&str; 9] = ["RTP direction", "RTP formats", "RTP media", "RTP place", "extra", "none", "paths", "streams", "tls"];

/// The media of a message with all placeholders filled in.
pub(super) fn resolved(
    named: &Named,
    value: &mut impl FnMut(&str) -> Option<String>,
    file: impl Fn(&str) -> Option<Bytes>,
) -> Result<Media, MessageError> {
    let switch = |name: &str, on: &str| {
        named.offer.get(name).and_then(Option::as_ref).is_some_and(|texts| texts.list().first().is_some_and(|text| text == on))
    };
    let mut offer = Vec::new();
    let moved = switch("path", "moved");
    for (name, texts) in named.offer.iter().filter(|(name, _)| !(SWITCHES.contains(&name.as_str()) || moved && *name == "path")) {
        offer.push((name.clone(), filled_texts(texts.as_ref(), value)?));
    }
    let content = match &named.content {
        None => None,
        Some(path) => Some(filled(&file(path).ok_or_else(|| MessageError::Body(path.clone()))?, &mut *value)?),
    };
    let mut headers = Vec::new();
    for (name, text) in &named.msrp {
        // Only the role knows the session that it has.
        let known = |n: &str| if matches!(n, "session" | "own session" | "sut" | "sut.host") { Some(format!("{{{n}}}")) } else { value(n) };
        headers.push((name.clone(), text.as_ref().map(|text| template::fill(text, known)).transpose()?));
    }
    Ok(Media {
        offer,
        bare: switch("none", "true"),
        moved,
        streams: named.offer.get("streams").and_then(Option::as_ref).and_then(|texts| texts.list().first()?.parse().ok()),
        rtp: rtp(named),
        extra: named.offer.get("extra").and_then(Option::as_ref).map_or_else(Vec::new, |texts| texts.list().to_vec()),
        relayed: switch("paths", "2"),
        secure: switch("tls", "true") || switch("tls", "yes"),
        content,
        chunk: named.chunks,
        ranges: named.ranges.clone().unwrap_or_default(),
        open: named.open.unwrap_or_default(),
        last: named.flag_last,
        headers,
        pause: Duration::from_millis(named.pause.unwrap_or_default()),
    })
}

/// What a message says about sound and pictures; `alone` among the media: there are no messages.
fn rtp(named: &Named) -> Rtp {
    let texts = |name: &str| named.offer.get(name).and_then(Option::as_ref).map(|texts| texts.list().to_vec());
    let one = |name: &str| texts(name).and_then(|list| list.into_iter().next());
    let media = texts("RTP media");
    let direction = one("RTP direction");
    Rtp {
        alone: media.iter().flatten().any(|kind| kind == "alone"),
        media: media.map(|media| media.into_iter().filter(|kind| kind != "alone").collect()),
        moved: one("RTP place").as_deref() == Some("moved"),
        direction: direction.and_then(|name| Direction::ALL.into_iter().find(|direction| direction.name() == name)),
        formats: texts("RTP formats").map(|list| list.iter().filter_map(|number| number.parse().ok()).collect()),
    }
}
