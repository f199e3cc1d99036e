//! Conformance harness for OMA CPM and SIMPLE IM: wire views, traces, roles, checks, verdicts and reports.
//!
//! Nothing here knows Gherkin. `ARCHITECTURE.md` in the project's root says how the modules hang together.

pub mod bench;
pub mod check;
pub mod digest;
pub mod field;
pub mod report;
pub mod requirement;
pub mod role;
pub mod scenario;
pub mod sut;
pub mod template;
pub mod trace;
pub mod upper;
pub mod verdict;
pub mod wire;
pub mod yaml;
