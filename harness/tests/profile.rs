//! Profiles: what is read, and how each slip is answered.

use std::{fs, path::Path, time::Duration};

use harness::{
    sut::{
        ICS, IXIT, Kind, Profile, Role, UpperTester,
        profile::{parse, read},
        template,
    },
    trace::Transport,
    yaml,
};
use pretty_assertions::assert_eq;

const FULL: &str = r#"name: Acme RCS 4.2
role: cpm-client
reach: { sip: tcp, core: "127.0.0.1:5060", home: acme.example }
upper tester: { stdio: [./acme-adapter, --json] }
ics: { msg: yes, largemsg: no, gruu: true }
ixit:
  alice: "sip:al@acme.example"
  credentials password: hunter2
  quiet: 500 ms
  reaction: 3
users: 2
waivers: [{ id: CONV-7.2.1.1-8, reason: fixed in 4.3, owner: jane, until: 2026-12-31 }]
"#;

fn refusal(text: &str) -> String {
    parse("acme.yaml", text).expect_err("a refusal").to_string()
}

/// What is said to [`FULL`] with `from` replaced by `to`.
fn changed(from: &str, to: &str) -> String {
    assert!(FULL.contains(from), "{from}");
    refusal(&FULL.replacen(from, to, 1))
}

#[test]
fn a_full_profile_is_read() {
    let profile = parse("acme.yaml", FULL).expect("a profile");
    assert_eq!(profile.name, "Acme RCS 4.2");
    assert_eq!(profile.role.name(), "cpm-client");
    assert_eq!(profile.reach.sip, [Transport::Tcp]);
    assert_eq!(profile.upper_tester, UpperTester::Stdio(vec!["./acme-adapter".into(), "--json".into()]));
    assert_eq!(profile.ics.iter().filter(|(_, yes)| *yes).map(|(item, _)| item).collect::<Vec<_>>(), ["msg", "gruu"]);
    assert_eq!(profile.ics.claims("imdn"), Some(false));
    assert_eq!(profile.ics.claims("teleport"), None);
    assert_eq!(profile.ixit.text("alice"), Some("sip:al@acme.example"));
    assert_eq!(profile.ixit.text("bob"), Some("sip:bob@example.com"));
    assert_eq!(profile.ixit.text("nobody"), None);
    assert_eq!(profile.ixit.duration("quiet"), Duration::from_millis(500));
    assert_eq!(profile.ixit.duration("reaction"), Duration::from_secs(3));
    assert_eq!(profile.users.get(), 2);
    assert_eq!(profile.waivers[0].until.to_string(), "2026-12-31");
}

#[test]
fn the_reach_gives_the_ixit_what_it_leaves_out() {
    let profile = parse("acme.yaml", FULL).expect("a profile");
    assert_eq!(profile.ixit.text("core"), Some("127.0.0.1:5060"));
    assert_eq!(profile.ixit.text("home"), Some("acme.example"));
    let given = FULL.replace("ixit:\n", "ixit:\n  core: \"core.acme.example:5060\"\n");
    assert_eq!(parse("acme.yaml", &given).expect("a profile").ixit.text("core"), Some("core.acme.example:5060"));
}

#[test]
fn an_edition_goes_with_its_release_and_rules_the_other_out() {
    let of = |line: &str| parse("acme.yaml", &FULL.replace("role: cpm-client\n", &format!("role: cpm-client\n{line}"))).expect("a profile");
    let release = |profile: &Profile| profile.ixit.text("user agent release").map(str::to_owned);
    let (newer, older) = (of(""), of("edition: 1.0\n"));
    assert_eq!(newer, of("edition: \"2.0\"\n"));
    assert_eq!([&newer, &older].map(release), ["OMA2.0", "OMA1.0"].map(|r| Some(r.to_owned())));
    let ruled_out = |profile: &Profile| ["CONV-7.3.7", "CPM1-7.3.4"].map(|section| profile.other_edition(section).is_some());
    assert_eq!([&newer, &older, &Profile::embedded(Role::CpmClient)].map(ruled_out), [[false, true], [true, false], [false, false]]);
    assert_eq!(older.other_edition("CONV-7.1").as_deref(), Some("the profile is of CPM 1.0, this is of CPM 2.0"));
    assert_eq!(release(&Profile::embedded(Role::CpmClient).in_section("CPM1-7.3.4")).as_deref(), Some("OMA1.0"));
    assert_eq!(release(&Profile::embedded(Role::CpmClient).in_section("CONV-7.3.7")).as_deref(), Some("OMA2.0"));
    assert_eq!(newer.in_section("CPM1-7.3.4"), newer);
    let said = changed("role: cpm-client\n", "role: cpm-client\nedition: draft\n");
    assert_eq!(said, "acme.yaml:3:10: edition: unknown edition `draft`, expected one of `1.0`, `2.0`");
}

#[test]
fn every_default_of_the_ixit_is_of_its_kind() {
    for key in IXIT {
        assert_eq!(key.kind.accepts(key.default), Ok(()), "{}", key.name);
    }
}

#[test]
fn the_embedded_reference_claims_messages() {
    assert_eq!(Profile::embedded(Role::CpmClient).ics.claims("msg"), Some(true));
    assert_eq!(Profile::embedded(Role::CpmClient).ics.iter().count(), ICS.len());
}

#[test]
fn secrets_stay_in_the_profile() {
    let profile = parse("acme.yaml", FULL).expect("a profile");
    assert_eq!(profile.ixit.text("credentials password"), Some("hunter2"));
    let shown = format!("{profile:?}{profile:#?}{}", serde_json::to_string(&profile).expect("JSON"));
    assert!(!shown.contains("hunter2") && !shown.contains("credentials"), "{shown}");
    assert!(profile.ixit.iter().all(|(name, _)| !name.starts_with("credentials")));
    for slip in ["[hunter2]", "{hunter2: 1}", "\"hunter2\\a\""] {
        assert!(!changed("hunter2", slip).contains("hunter2"), "{slip}");
    }
}

#[test]
fn a_profile_that_was_written_reads_back() {
    let mut profile = parse("acme.yaml", &FULL.replace("  credentials password: hunter2\n", "")).expect("a profile");
    let written = serde_json::to_string(&profile).expect("JSON");
    // Defaults are spelled out, so that a later change of theirs does not reach into old runs.
    let again = parse("run.json", &written).expect("a profile");
    profile.ixit = again.ixit.clone();
    assert_eq!(again, profile);
    assert_eq!(serde_json::to_string(&again).expect("JSON"), written);
}

#[test]
fn the_template_is_a_profile() {
    let command = UpperTester::Stdio(vec!["./acme \"adapter\"".into(), "--json".into()]);
    for role in Role::ALL {
        let text = template("Acme: \"RCS\" # 4.2", role, &command);
        let profile = parse("new.yaml", &text).expect("a profile");
        assert_eq!((profile.name.as_str(), profile.role, profile.upper_tester), ("Acme: \"RCS\" # 4.2", role, command.clone()));
        assert_eq!(profile.reach.listens.is_some(), role.is_server());
        assert!(profile.ics.iter().all(|(_, yes)| !yes));
        for (name, what) in ICS {
            let asked = text.contains(&format!("  {name}: no")) && text.contains(what);
            assert_eq!(asked, role.is_asked(name), "{name} of a {}", role.name());
        }
    }
}

#[test]
fn the_template_holds_with_every_comment_taken_away() {
    for role in Role::ALL {
        let text: String = template("Acme", role, &UpperTester::Tcp("127.0.0.1:7000".into()))
            .lines()
            .map(|line| match line.strip_prefix("  # ") {
                Some(value) => format!("  {value}\n"),
                None => format!("{line}\n"),
            })
            .collect();
        let profile = parse("new.yaml", &text).expect("a profile");
        for key in IXIT.iter().filter(|key| key.kind != Kind::Secret) {
            assert_eq!(profile.ixit.text(key.name), Some(key.default));
        }
    }
}

#[test]
fn an_unknown_field_is_answered_with_the_nearest() {
    assert_eq!(
        changed("upper tester:", "uper tester:"),
        "acme.yaml:4:1: unknown field `uper tester`, expected one of `name`, `role`, `edition`, `reach`, `upper tester`, `ics`, `ixit`, \
         `users`, `waivers`; did you mean `upper tester`?"
    );
    assert_eq!(
        changed("home:", "domain:"),
        "acme.yaml:3:44: reach: unknown field `domain`, expected one of `sip`, `core`, `home`, `listens`"
    );
}

#[test]
fn an_unknown_item_is_answered_with_the_nearest() {
    assert_eq!(changed("largemsg", "large-msgs"), "acme.yaml:5:18: ics: unknown ICS item `large-msgs`; did you mean `largemsg`?");
    assert_eq!(changed("  quiet", "  quite"), "acme.yaml:9:3: ixit: unknown IXIT value `quite`; did you mean `quiet`?");
    let far = changed("largemsg", "teleportation");
    assert!(far.starts_with("acme.yaml:5:18: ics: unknown ICS item `teleportation`, expected one of `msg`"), "{far}");
}

#[test]
fn values_of_the_wrong_kind_are_named_with_their_place() {
    assert_eq!(changed("yes", "maybe"), "acme.yaml:5:13: ics.msg: `maybe` where yes or no is wanted");
    assert_eq!(changed("yes", ""), "acme.yaml:5:13: ics.msg: nothing stands here where yes or no is wanted");
    assert_eq!(
        changed("\"sip:al@acme.example\"", "al@acme.example"),
        "acme.yaml:7:10: ixit.alice: `al@acme.example` is no sip, sips or tel URI, such as `sip:alice@example.com` (no angle brackets)"
    );
    assert_eq!(changed("500 ms", "5 minutes"), "acme.yaml:9:10: ixit.quiet: `5 minutes` is no duration, such as `5 s` or `500 ms`");
    assert_eq!(changed("500 ms", "0"), "acme.yaml:9:10: ixit.quiet: `0` is out of range: from 1 ms to an hour");
    assert_eq!(changed("tcp", "tls"), "acme.yaml:3:15: reach.sip: unknown variant `tls`, expected `udp` or `tcp`");
    assert_eq!(changed("tcp", "[tcp, udp, tcp]"), "acme.yaml:3:15: reach.sip: `tcp` stands twice in this list");
    assert_eq!(
        changed("127.0.0.1:5060", "localhost"),
        "acme.yaml:3:26: reach.core: `localhost` is no IP address with port, such as `127.0.0.1:0` or `[::1]:5060`"
    );
    assert_eq!(changed("2026-12-31", "31.12.2026"), "acme.yaml:12:75: waivers[0].until: `31.12.2026` is no date, such as `2026-12-31`");
    assert_eq!(changed("users: 2", "users: 0"), "acme.yaml:11:8: users: invalid value: integer `0`, expected a nonzero u16");
}

#[test]
fn text_is_neither_nothing_nor_a_number() {
    assert_eq!(changed("Acme RCS 4.2", ""), "acme.yaml:1:6: name: nothing stands here where text is wanted");
    assert_eq!(changed("Acme RCS 4.2", "4.2"), "acme.yaml:1:7: name: floating point `4.2` where text is wanted; put it in quotes");
    assert_eq!(changed("Acme RCS 4.2", "' '"), "acme.yaml:1:7: name: this text is empty");
}

#[test]
fn a_profile_without_claims_is_told_why_that_is_refused() {
    let said = changed("ics: { msg: yes, largemsg: no, gruu: true }\n", "");
    assert!(said.starts_with("acme.yaml:1:1: `ics` is missing: without the vendor's claims"), "{said}");
    assert!(said.ends_with("pf-invites, pf-notify"), "{said}");
}

#[test]
fn a_role_is_one_of_the_catalogue() {
    assert_eq!(
        changed("cpm-client", "im-server"),
        "acme.yaml:2:7: role: unknown role `im-server`, expected one of `cpm-client`, `cpm-participating-function`, `im-server-b2bua`, \
         `im-server-proxy`"
    );
    assert_eq!(changed("cpm-client", "CPM client"), "acme.yaml:2:7: role: unknown role `CPM client`; did you mean `cpm-client`?");
}

#[test]
fn an_upper_tester_is_reached_in_exactly_one_way() {
    let with = |value: &str| changed("{ stdio: [./acme-adapter, --json] }", value);
    assert_eq!(
        with("{ stdio: [a], tcp: \"h:1\" }"),
        "acme.yaml:4:15: upper tester: one way to reach the upper tester is wanted: either `stdio` or `tcp`"
    );
    assert_eq!(with("{}"), "acme.yaml:4:15: upper tester: how the upper tester is reached is missing: either `stdio` or `tcp`");
    assert_eq!(with("{ exec: [a] }"), "acme.yaml:4:15: upper tester: `exec` is not supported yet; use `stdio` or `tcp`");
    assert_eq!(with("{ stdoi: [a] }"), "acme.yaml:4:15: upper tester: unknown way to the upper tester `stdoi`; did you mean `stdio`?");
    assert_eq!(with("{ stdio: [] }"), "acme.yaml:4:24: upper tester.stdio: the program is missing");
    assert!(with("{ stdio: ./acme-adapter --json }").contains("expected a list of a program and its arguments"));
    assert_eq!(with("{ tcp: 7000 }"), "acme.yaml:4:22: upper tester.tcp: integer `7000` where text is wanted; put it in quotes");
    assert_eq!(with("{ tcp: localhost }"), "acme.yaml:4:22: upper tester.tcp: `localhost` is no `host:port`");
}

#[test]
fn a_key_that_stands_twice_is_refused_where_it_stands_again() {
    assert_eq!(changed("users: 2\n", "users: 2\nusers: 2\n"), "acme.yaml:12:1: `users` stands twice in this mapping");
    assert_eq!(changed("gruu: true", "msg: no"), "acme.yaml:5:32: ics: `msg` stands twice in this mapping");
    assert!(changed("waivers: [{", "waivers: [{ id: IM-1, ").contains("waivers[0]: `id` stands twice"));
}

#[test]
fn a_requirement_is_waived_once() {
    let waiver = "{ id: CONV-7.2.1.1-8, reason: a, owner: b, until: 2026-12-31 }";
    assert!(changed("waivers: [", &format!("waivers: [{waiver}, ")).ends_with("`CONV-7.2.1.1-8` is waived twice"));
}

#[test]
fn the_form_of_the_file_is_judged_first() {
    assert_eq!(refusal(&format!("\u{feff}{FULL}")), "acme.yaml:1:1: begins with a byte order mark; save it as UTF-8 without one");
    assert_eq!(
        refusal(&format!("# mine\n---\n{FULL}---\nname: x\n")),
        "acme.yaml:15:1: a second document begins here; write each into a file of its own"
    );
    assert!(parse("acme.yaml", &format!("# mine\n---\n{FULL}")).is_ok());
    assert_eq!(refusal(""), "acme.yaml:1:1: the file is empty");
    assert_eq!(refusal("# nothing\n"), "acme.yaml:2:1: the file is empty");
    assert_eq!(refusal("name: x\nreach:\n\tsip: udp\n"), "acme.yaml:3:1: a tab stands here; YAML indents with spaces");
    assert_eq!(refusal(&"#".repeat(yaml::LIMIT + 1)), "acme.yaml:1:1: more than 1048576 octets, which is the limit");
    assert!(refusal("name: [").starts_with("acme.yaml:2:1: "), "{}", refusal("name: ["));
    assert!(refusal(&format!("{}{}", "[".repeat(500), "]".repeat(500))).contains("recursion limit"));
    assert!(refusal(&"[".repeat(100_000)).starts_with("acme.yaml:1:"));
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (this, last) in "bcdefghij".chars().zip("abcdefghi".chars()) {
        bomb.push_str(&format!("{this}: &{this} [*{last}, *{last}, *{last}, *{last}, *{last}, *{last}, *{last}, *{last}, *{last}]\n"));
    }
    assert!(refusal(&bomb).contains("repetition limit exceeded"), "{}", refusal(&bomb));
}

#[test]
fn the_file_itself_may_be_at_fault() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("acme.yaml");
    let refusal = || {
        let said = read(&path).expect_err("a refusal").to_string();
        said.strip_prefix(&path.display().to_string()).expect("the name of the file").to_owned()
    };
    assert!(refusal().starts_with(":1:1: could not be read: "), "{}", refusal());
    fs::write(&path, b"name: Acme\nrole: caf\xe9\n").expect("a file");
    assert_eq!(refusal(), ":2:10: not UTF-8 from here on; save it as UTF-8");
    fs::write(&path, b"\xff\xfen\0a\0").expect("a file");
    assert_eq!(refusal(), ":1:1: begins with a byte order mark of UTF-16; save it as UTF-8 without one");
    fs::write(&path, vec![b'#'; yaml::LIMIT + 1]).expect("a file");
    assert_eq!(refusal(), ":1:1: more than 1048576 octets, which is the limit");
    fs::write(&path, FULL).expect("a file");
    assert_eq!(read(&path).expect("a profile").folder, folder.path());
}

#[test]
fn the_example_profiles_are_profiles() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ci/sut");
    let mut found = 0;
    for entry in fs::read_dir(&folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|ext| ext == "yaml") {
            read(&path).expect("a profile");
            found += 1;
        }
    }
    assert!(found >= 2, "{}", folder.display());
}
