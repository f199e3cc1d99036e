//! The system under test: its profile, and the upper tester through which its user acts.
//!
//! `profile` is what the vendor writes. Of the adapter's protocol, `rpc` has the lines, `call` their meaning, `serve` and
//! `client` the two halves without I/O, `external` the process or connection itself. Async appears in the last only.

pub mod call;
mod client;
mod edition;
pub mod external;
mod ics;
mod ixit;
mod link;
pub mod profile;
mod reach;
mod role;
pub mod rpc;
pub mod schema;
pub mod serve;
mod template;

pub use client::UpperEvent;
pub use edition::Edition;
pub use external::ExternalSut;
pub use ics::{ICS, Ics};
pub use ixit::{IXIT, Ixit, IxitKey, Kind};
pub use profile::Profile;
pub use reach::{Reach, UpperTester};
pub use role::Role;
pub use template::template;
