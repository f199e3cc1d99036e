//! Bytes to messages, as total functions: whatever the bytes are, there is a view of them and a list of malformations.
//!
//! A view keeps ranges into the bytes it was read from; nothing is re-printed and nothing is lost. Parsers of nested
//! things take `(raw, within)` and give ranges of `raw`, so that a header field of a CPIM message inside a multipart body
//! inside a SIP message is a range of the SIP message.

mod block;
pub mod bodies;
pub mod conference;
pub mod cpim;
pub mod icsi;
pub mod imdn;
pub mod inspect;
pub mod lists;
pub mod mime;
pub mod msrp;
mod names;
pub mod params;
pub mod rtp;
pub mod sdp;
pub mod sip;
mod span;
pub mod stream;
pub mod uri;
pub mod values;
mod xml;

pub(crate) use block::is_token;
pub use span::{Malformation, Span};
