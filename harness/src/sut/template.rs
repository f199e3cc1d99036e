//! The profile that `cpmspec init` writes: complete, commented, and read back without a change.

use std::fmt::Write as _;

use super::{ICS, IXIT, Kind, Role, UpperTester};

/// A profile of a SUT called `name`. It claims nothing yet; the IXIT stands there in comments, with the defaults.
#[must_use]
pub fn template(name: &str, role: Role, upper_tester: &UpperTester) -> String {
    let listens = if role.is_server() { ", listens: \"127.0.0.1:5070\"" } else { "" };
    let where_else = if role.is_server() { " listens: where the server\n# takes SIP, unless its adapter says so." } else { "" };
    let mut text = format!(
        "# Profile of a system under test for cpmspec. `cpmspec list PROFILE` shows what would run.\n\
         \n\
         name: {}\n\
         role: {}\n\
         # 2.0 or 1.0: what is of the other edition is not applicable.\n\
         edition: \"2.0\"\n\
         \n\
         # sip: udp, tcp or both, one run each. core: where the fake core listens; with port 0 any port, which the SUT is told\n\
         # by the act `configure`.{where_else}\n\
         reach: {{ sip: [udp, tcp], core: \"127.0.0.1:0\"{listens} }}\n\
         \n\
         # The adapter: {{ stdio: [program, argument, ...] }}, run in the folder of this file without a shell, or\n\
         # {{ tcp: \"host:port\" }}. Keep secrets in its environment, not in its arguments, which are kept with the results.\n\
         upper tester: {}\n\
         \n\
         # What the product supports: yes or no to each. What is not claimed is not tested.\n\
         ics:\n",
        json(name),
        role.name(),
        json(upper_tester),
    );
    for (item, claim) in ICS.iter().filter(|(item, _)| role.is_asked(item)) {
        let _ = writeln!(text, "  {:<24}# {claim}", format!("{item}: no"));
    }
    text.push_str("\n# What the tester needs to know; the values shown are the defaults.\nixit:\n");
    for key in IXIT.iter().filter(|key| key.name != "acts") {
        let value = if key.kind == Kind::Secret { "\"...\"".to_owned() } else { json(key.default) };
        let _ = writeln!(text, "  # {}: {value}  # {}", key.name, key.what);
    }
    text.push_str(
        "  acts: 10 s\n\
         \n\
         # How many users can be tested at a time.\n\
         users: 1\n\
         \n\
         # Fails that are expected for now: they stay in the report and leave the exit status.\n\
         # waivers:\n\
         #   - { id: CONV-7.2.1.1-8, reason: fixed in 4.3, owner: jane, until: 2026-12-31 }\n",
    );
    text
}

/// What JSON writes on one line is YAML too.
fn json(value: impl serde::Serialize) -> String {
    serde_json::to_string(&value).unwrap_or_default()
}
