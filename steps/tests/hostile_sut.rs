//! SUTs that crash, hang, babble and flood: the run ends by itself, with a complete report, and gives nothing away.
//!
//! The hostile SUT is this test program, started again with the environment variable [`MODE`].

mod common;

use std::{
    env,
    io::{self, Read as _, Write as _},
    net::{TcpStream, UdpSocket},
    path::Path,
    process::{Command, exit},
    thread,
    time::Duration,
};

use harness::{
    report::{Report, RunStatus},
    sut::{
        call::Hello,
        serve::{Incoming, Server},
    },
    upper::{Act, Answer, Sight},
    verdict::Verdict,
};
use pretty_assertions::assert_eq;

const MODE: &str = "CPMSPEC_TEST_SUT";

/// An absence in two scenarios, and a header field in one; a REGISTER that is none of a client's earns neither.
const IDS: [&str; 2] = ["CONV-7-registerfirst", "CONV-7.1-deregims"];

/// Address space for the program, in kibibytes: what it keeps of a SUT has to fit many times.
const SPACE: &str = "1500000";

/// Most octets of a run folder: three scenarios keep 16 MiB of the SUT each, in trace and capture.
const FOLDER: usize = 3 * (48 << 20);

// ---- the SUT ----

#[test]
fn sut() {
    let Ok(mode) = env::var(MODE) else { return };
    // Ends the line that the test framework may have begun.
    println!();
    if mode == "crash" {
        exit(3);
    }
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let mut server =
        Server::new(Hello { name: mode.clone(), acts: names(Act::NAMES), sights: names(Sight::NAMES), idle: true, listens: None });
    let (mut core, mut octets) = (String::new(), [0; 4096]);
    loop {
        let count = io::stdin().read(&mut octets).expect("input");
        if count == 0 {
            exit(0);
        }
        for incoming in server.feed(&octets[..count]) {
            let line = match incoming {
                Incoming::Hello(line) | Incoming::Refused(line) => line,
                Incoming::Stop { id } => {
                    say(server.done(id).as_bytes());
                    exit(0);
                }
                Incoming::Reset { .. } | Incoming::Idle { .. } if mode == "hang at reset" => continue,
                Incoming::Reset { id, .. } | Incoming::Idle { id } => server.done(id),
                Incoming::Act { id, act } => {
                    match &act {
                        Act::Configure { setting, value } if setting == "core" => core = value.as_str().unwrap_or_default().to_owned(),
                        Act::Register {} if mode == "hang" => continue,
                        Act::Register {} => misbehave(&mode, &core),
                        _ => {}
                    }
                    server.answer(id, &Answer::Taken(Default::default()))
                }
            };
            say(line.as_bytes());
        }
    }
}

/// Writes to the harness; one that listens no more is not talked to.
fn say(octets: &[u8]) {
    let mut out = io::stdout();
    if out.write_all(octets).and_then(|()| out.flush()).is_err() {
        exit(0);
    }
}

/// What the SUT does instead of registering.
fn misbehave(mode: &str, core: &str) {
    let head = b"REGISTER sip:example.com SIP/2.0\r\nCall-ID: a\r\nCSeq: 1 REGISTER\r\n";
    let with = |rest: &[u8]| [&head[..], rest].concat();
    match mode {
        "exit" => exit(7),
        "INT" | "KILL" => {
            // The operator, at a moment that is known.
            let harness = std::os::unix::process::parent_id().to_string();
            Command::new("kill").args([&format!("-{mode}"), &harness]).status().expect("kill");
            // The answer never comes; the input ends with the harness.
            let _ = io::stdin().lines().count();
            exit(0);
        }
        "garbage" => say(b"\xff\xfe\n{}\n[1,2]\n\x1b[2J\n{\"jsonrpc\":\"2.0\",\"id\":99,\"result\":{}}\n"),
        "chatter" => loop {
            say(b"all work and no play\n");
        },
        "datagrams" => flood(core, b"NOTIFY sip:x@example.com SIP/2.0\r\nContent-Length: 0\r\n\r\n"),
        "noise" => flood(core, b"\0\0\0\0"),
        "close" => drop(TcpStream::connect(core)),
        "two mebibytes" => stream(core, &with(&[b"Content-Length: 2097152\r\n\r\n".to_vec(), vec![b'x'; 2 << 20]].concat())),
        "ten thousand" => stream(core, &with(&[b"X-Much: more\r\n".repeat(10_000), b"Content-Length: 0\r\n\r\n".to_vec()].concat())),
        "endless" => {
            let Ok(mut stream) = TcpStream::connect(core) else { return };
            let line = [b"X-Much: more\r\n".repeat(1000), head.to_vec()].concat();
            thread::spawn(move || while stream.write_all(&line).is_ok() {});
        }
        "too little" => stream(core, &with(b"Content-Length: 1\r\n\r\nmore than one octet")),
        "too much" => stream(core, &with(b"Content-Length: 99999999999999999999\r\n\r\nhi")),
        "negative" => stream(core, &with(b"Content-Length: -1\r\nContent-Length: 7\r\n\r\nhi")),
        "nul" => stream(core, &with(b"To: \0\xff\xc0\x80 <sip:\0@\xff>\r\n\x1b]0;x\x07: \xed\xa0\x80\r\nContent-Length: 0\r\n\r\n")),
        _ => {}
    }
}

/// Sends octets over a connection that stays open.
fn stream(core: &str, octets: &[u8]) {
    let Ok(mut stream) = TcpStream::connect(core) else { return };
    // A harness that has had enough closes.
    let _ = stream.write_all(octets);
    std::mem::forget(stream);
}

/// Sends datagrams as fast as they go, in a thread that ends with the process or with the core.
fn flood(core: &str, octets: &'static [u8]) {
    let Ok(socket) = UdpSocket::bind("127.0.0.1:0") else { return };
    let core = core.to_owned();
    thread::spawn(move || {
        // Who is called has gone once this many could not be delivered.
        let mut refused = 0;
        while refused < 1000 {
            refused += usize::from(socket.send_to(octets, &core).is_err());
        }
    });
}

// ---- the harness ----

/// Runs the suite's [`IDS`] against such a SUT; gives the exit status and the report.
fn run(mode: &str, sip: &str) -> (i32, Report) {
    let folder = common::folder();
    let ended = run_in(folder.path(), mode, sip);
    assert_eq!(ended.err, "", "{mode}");
    assert!(!ended.out.contains('\u{1b}'), "{mode}");
    let size: usize = common::files(&folder.path().join("out")).iter().map(|(_, octets)| octets.len()).sum();
    assert!(size < FOLDER, "{mode}: {size} octets");
    (ended.code, common::report(&folder.path().join("out")))
}

fn run_in(folder: &Path, mode: &str, sip: &str) -> common::Ended {
    let exe = env::current_exe().expect("this test").display().to_string();
    let words = ["env", &format!("{MODE}={mode}"), &exe, "--exact", "sut", "--nocapture", "--quiet"];
    common::profile(folder, common::CLIENT, sip, &words, "reaction: 400 ms, quiet: 200 ms, acts: 600 ms");
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -v {SPACE}; exec \"$0\" run sut.yaml {} --out out", IDS.join(" ")), common::PROGRAM]);
    command.current_dir(folder);
    common::ended_within(command, Duration::from_secs(30))
}

/// The run ends, is complete, and no requirement passes.
fn earns_nothing(mode: &str, sip: &str) {
    let (code, report) = run(mode, sip);
    assert_eq!(report.status, RunStatus::Complete, "{mode}");
    assert!(!report.conformant, "{mode}");
    let verdicts: Vec<_> = report.requirements.iter().map(|row| (row.id.as_str(), row.verdict, row.reason, &row.detail)).collect();
    println!("{mode} over {sip}: {code} {verdicts:?}");
    assert_eq!(report.counts.scenarios, 3, "{mode}");
    assert_eq!(report.counts.requirements, IDS.len(), "{mode}");
    for row in &report.requirements {
        assert!(matches!(row.verdict, Verdict::Fail | Verdict::Inconclusive), "{mode}: {verdicts:?}");
    }
    assert!(matches!(code, 1 | 2), "{mode}: {code}");
}

#[test]
fn one_that_crashes_at_once_is_a_fault_of_the_profile() {
    let folder = common::folder();
    let exe = env::current_exe().expect("this test").display().to_string();
    common::profile(
        folder.path(),
        common::CLIENT,
        "udp",
        &["env", &format!("{MODE}=crash"), &exe, "--exact", "sut", "--nocapture"],
        "acts: 5 s",
    );
    let ended = common::cpmspec(folder.path(), ["run", "sut.yaml", "--out", "out"]);
    assert_eq!((ended.code, ended.out.as_str()), (65, ""));
    assert!(ended.err.starts_with("cpmspec: upper tester: it exited (exit status: 3)"), "{}", ended.err);
    assert!(!folder.path().join("out").exists());
}

#[test]
fn one_that_exits_in_the_middle_of_each_scenario() {
    earns_nothing("exit", "udp");
}

#[test]
fn one_that_never_answers_an_act() {
    earns_nothing("hang", "udp");
}

#[test]
fn one_that_never_answers_reset() {
    earns_nothing("hang at reset", "udp");
}

#[test]
fn one_that_writes_garbage() {
    earns_nothing("garbage", "udp");
}

#[test]
fn one_that_chatters_without_end() {
    earns_nothing("chatter", "udp");
}

#[test]
fn one_that_floods_the_core_with_requests() {
    earns_nothing("datagrams", "udp");
}

#[test]
fn one_that_floods_the_core_with_noise() {
    earns_nothing("noise", "udp");
}

#[test]
fn one_that_closes_its_connection() {
    earns_nothing("close", "tcp");
}

#[test]
fn a_message_of_two_mebibytes() {
    earns_nothing("two mebibytes", "tcp");
}

#[test]
fn a_message_with_ten_thousand_header_fields() {
    earns_nothing("ten thousand", "tcp");
}

#[test]
fn a_header_without_end() {
    earns_nothing("endless", "tcp");
}

#[test]
fn lengths_that_lie() {
    for mode in ["too little", "too much", "negative"] {
        earns_nothing(mode, "tcp");
    }
}

#[test]
fn octets_that_are_no_text() {
    earns_nothing("nul", "tcp");
}

#[test]
fn a_run_that_is_interrupted_says_so_and_claims_nothing() {
    let (code, report) = run("INT", "udp");
    assert_eq!((code, report.status, report.conformant), (4, RunStatus::Interrupted, false));
    assert_eq!(report.counts.pass, 0);
}

#[test]
fn a_run_that_is_killed_leaves_a_folder_that_can_be_read() {
    let folder = common::folder();
    let ended = run_in(folder.path(), "KILL", "udp");
    assert_eq!((ended.code, ended.out.as_str()), (-1, ""));
    let again = common::cpmspec(folder.path(), ["report", "out", "--format", "json"]);
    let report: Report = serde_json::from_str(&again.out).expect("a report");
    assert_eq!((again.code, report.status, report.conformant, report.counts.pass), (0, RunStatus::Interrupted, false, 0));
}
