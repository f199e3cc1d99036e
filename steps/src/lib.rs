//! The suite: Gherkin vocabulary, feature files and command line over the harness.
//!
//! The only place that knows Gherkin. A step passes its arguments on; what they mean, the harness knows.

mod body;
pub mod cases;
pub mod cli;
mod field;
pub mod files;
mod network;
pub mod params;
mod preamble;
pub mod run;
mod seen;
pub mod selftest;
mod session;
mod user;
pub mod world;
