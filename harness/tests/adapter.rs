//! The upper tester as a process and over TCP: one good adapter, and all the ways in which others fail.
//!
//! The adapter is this test binary, started again by `env` with a mode: [`adapter`] then plays it and exits. The test
//! framework prints a few lines before, as products do.

use std::{
    env,
    io::{self, BufRead as _, Read, Write},
    net::{Shutdown, TcpListener},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Command, Stdio, exit},
    thread,
    time::Duration,
};

use harness::{
    sut::{
        ExternalSut, UpperEvent, UpperTester,
        call::{Call, Hello},
        external::StartError,
        serve::{Incoming, Server},
    },
    upper::{Act, Answer, Sight},
};
use pretty_assertions::assert_eq;
use tokio::time::timeout;

const MODE: &str = "CPMSPEC_TEST_ADAPTER";
/// Longer than any machine needs; only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long is waited for what must not come.
const BRIEF: Duration = Duration::from_millis(300);

// ---- the adapter ----

#[test]
fn adapter() {
    let Ok(mode) = env::var(MODE) else { return };
    // Ends the line that the test framework may have begun.
    println!();
    match mode.as_str() {
        "silent" => drop(io::stdin().lines().count()),
        "crash" => {
            eprintln!("cannot find the modem");
            exit(3);
        }
        "parrot" => answer_all(|_| r#""result":{}"#),
        "half parrot" => {
            answer_all(|line| if line.contains("such-method") { r#""error":{"code":-32601,"message":""}"# } else { r#""result":{}"# });
        }
        "refuser" => answer_all(|_| r#""error":{"code":-32601,"message":"never heard of it"}"#),
        "deaf for good" => thread::park_timeout(PATIENCE),
        other => play(io::stdin().lock(), io::stdout(), other),
    }
    exit(0);
}

/// Answers `hello` well, and everything else by `what`.
fn answer_all(what: impl Fn(&str) -> &'static str) {
    for line in io::stdin().lines() {
        let line = line.expect("a line");
        let message: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        let what = if message["method"] == "hello" { r#""result":{"name":"p","acts":["register"],"sights":[]}"# } else { what(&line) };
        println!(r#"{{"jsonrpc":"2.0","id":{},{what}}}"#, message["id"]);
    }
}

/// A good adapter, but for what `mode` makes of the act `register`.
fn play(mut from: impl Read, mut to: impl Write, mode: &str) {
    let acts = vec!["register".to_owned(), "mark-read".to_owned()];
    let mut server = Server::new(Hello { name: "Acme".into(), acts, sights: vec!["content-indirect".into()], idle: true, listens: None });
    let mut octets = [0; 4096];
    loop {
        let count = from.read(&mut octets).expect("input");
        if count == 0 {
            return;
        }
        for incoming in server.feed(&octets[..count]) {
            let line = match incoming {
                Incoming::Hello(line) | Incoming::Refused(line) => line,
                Incoming::Act { id, act: Act::Register {} } => register(&server, id, mode, &mut to),
                Incoming::Act { id, .. } => server.answer(id, &Answer::UnknownHandle("no such message".into())),
                Incoming::Stop { .. } if mode == "stubborn" => continue,
                Incoming::Idle { id } | Incoming::Reset { id, .. } => server.done(id),
                Incoming::Stop { id } => {
                    to.write_all(server.done(id).as_bytes()).expect("output");
                    return;
                }
            };
            to.write_all(line.as_bytes()).expect("output");
            to.flush().expect("output");
        }
    }
}

fn register(server: &Server, id: u64, mode: &str, to: &mut impl Write) -> String {
    match mode {
        "exit" => exit(7),
        "torn" => {
            to.write_all(br#"{"jsonrpc":"2.0","#).expect("output");
            to.flush().expect("output");
            exit(0);
        }
        "deaf" => {
            let exe = env::current_exe().expect("this test");
            let error = Command::new(exe).args(ARGUMENTS).env(MODE, "deaf for good").stdin(Stdio::null()).exec();
            panic!("{error}");
        }
        "orphan" => {
            // A process of the product's own holds both pipes open until we let go of them.
            let exe = env::current_exe().expect("this test");
            Command::new(exe).args(ARGUMENTS).env(MODE, "silent").spawn().expect("a child");
            exit(5);
        }
        "flood" => loop {
            if to.write_all(b"all work and no play\n").is_err() {
                exit(1);
            }
        },
        "noise" => {
            for _ in 0..40_000 {
                eprintln!("0123456789 a line of the log");
            }
            eprintln!("the last line");
        }
        "long" => to.write_all(format!("{}\n", "x".repeat(2 << 20)).as_bytes()).expect("output"),
        "garbage" => to.write_all(b"\xff\xfe\n{}\n[1,2]\n{\"jsonrpc\":\"2.0\",\"id\":99,\"result\":{}}\n").expect("output"),
        _ => {}
    }
    let sight = server.sight(&Sight::ContentIndirect { message: "m1".into(), url: "http://example.com/".into() });
    server.answer(id, &Answer::Taken([("registration".to_owned(), "r1".to_owned())].into())) + &sight
}

// ---- the harness ----

const ARGUMENTS: [&str; 4] = ["--exact", "adapter", "--nocapture", "--quiet"];

fn way(mode: &str) -> UpperTester {
    let exe = env::current_exe().expect("this test").display().to_string();
    let words = ["env".to_owned(), format!("{MODE}={mode}"), exe].into_iter().chain(ARGUMENTS.map(str::to_owned));
    UpperTester::Stdio(words.collect())
}

async fn start(mode: &str) -> Result<ExternalSut, StartError> {
    ExternalSut::start(&way(mode), Path::new(""), PATIENCE).await
}

async fn started(mode: &str) -> ExternalSut {
    start(mode).await.expect("an upper tester")
}

async fn refused(mode: &str) -> String {
    start(mode).await.expect_err("a refusal").to_string()
}

/// The next event that is not what the test framework prints.
async fn next(sut: &mut ExternalSut) -> UpperEvent {
    loop {
        match timeout(PATIENCE, sut.next()).await.expect("an event") {
            UpperEvent::Garbled(banner) if banner.ends_with("running 1 test") || banner.ends_with(": adapter ... ") => {}
            event => return event,
        }
    }
}

async fn gone(sut: &mut ExternalSut) -> String {
    loop {
        if let UpperEvent::Gone(why) = next(sut).await {
            assert!(timeout(BRIEF, sut.next()).await.is_err(), "nothing comes after it");
            return why;
        }
    }
}

fn taken() -> Answer {
    Answer::Taken([("registration".to_owned(), "r1".to_owned())].into())
}

fn sight() -> UpperEvent {
    UpperEvent::Sight(Sight::ContentIndirect { message: "m1".into(), url: "http://example.com/".into() })
}

#[tokio::test]
async fn a_good_adapter_answers_tells_and_stops() {
    let mut sut = started("good").await;
    assert_eq!((sut.hello().name.as_str(), sut.hello().idle), ("Acme", true));
    let act = sut.send(&Call::Act(Act::Register {}));
    let idle = sut.send(&Call::Idle);
    let read = sut.send(&Call::Act(Act::MarkRead { message: "m9".into() }));
    let lacking = sut.send(&Call::Act(Act::Restart { wipe: false }));
    let reset = sut.send(&Call::Reset { user: 1 });
    assert_eq!(next(&mut sut).await, UpperEvent::Answer { id: act, answer: taken() });
    assert_eq!(next(&mut sut).await, sight());
    assert_eq!(next(&mut sut).await, UpperEvent::IdleDone { id: idle });
    assert_eq!(next(&mut sut).await, UpperEvent::Answer { id: read, answer: Answer::UnknownHandle("no such message".into()) });
    assert_eq!(next(&mut sut).await, UpperEvent::Answer { id: lacking, answer: Answer::NoSuchAct });
    assert_eq!(next(&mut sut).await, UpperEvent::Answer { id: reset, answer: Answer::Taken([].into()) });
    assert_eq!(sut.stop(PATIENCE).await.and_then(|status| status.code()), Some(0));
}

#[tokio::test]
async fn an_event_is_not_lost_when_the_wait_is_dropped() {
    let mut sut = started("good").await;
    for _ in 0..50 {
        let act = sut.send(&Call::Act(Act::Register {}));
        let mut events = Vec::new();
        while events.len() < 2 {
            // Drops the wait after each step of it.
            tokio::select! {
                biased;
                event = next(&mut sut) => events.push(event),
                () = tokio::task::yield_now() => {}
            }
        }
        assert_eq!(events, [UpperEvent::Answer { id: act, answer: taken() }, sight()]);
    }
}

#[tokio::test]
async fn an_adapter_on_tcp_is_as_good() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let adapter = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        play(stream.try_clone().expect("a second handle"), stream, "good");
    });
    let mut sut = ExternalSut::start(&UpperTester::Tcp(address), Path::new(""), PATIENCE).await.expect("an upper tester");
    let id = sut.send(&Call::Act(Act::Register {}));
    assert_eq!(next(&mut sut).await, UpperEvent::Answer { id, answer: taken() });
    assert_eq!(next(&mut sut).await, sight());
    assert_eq!(sut.stop(PATIENCE).await, None);
    adapter.join().expect("a good end");
}

#[tokio::test]
async fn a_connection_that_closes_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let adapter = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        let mut line = String::new();
        io::BufReader::new(&stream).read_line(&mut line).expect("a line");
        stream.shutdown(Shutdown::Both).expect("an end");
    });
    let error = ExternalSut::start(&UpperTester::Tcp(address), Path::new(""), PATIENCE).await.expect_err("a refusal");
    assert_eq!(error.to_string(), "it closed the connection when asked for `hello`");
    adapter.join().expect("a good end");
}

#[tokio::test]
async fn an_adapter_that_takes_everything_is_not_trusted() {
    assert_eq!(
        refused("parrot").await,
        "it is not to be trusted: the method `no-such-method` has to be refused with error -32601, but was answered with the result {}"
    );
    assert_eq!(
        refused("half parrot").await,
        "it is not to be trusted: `register` with the parameter `no-such-parameter` has to be refused with error -32602, \
         but was answered with the result {}"
    );
    let said = refused("refuser").await;
    assert!(said.ends_with("but was answered with error -32601: never heard of it"), "{said}");
}

#[tokio::test]
async fn an_adapter_that_never_starts_is_named() {
    let missing = UpperTester::Stdio(vec!["./no-such-program".into()]);
    let error = ExternalSut::start(&missing, Path::new("/nowhere"), PATIENCE).await.expect_err("a refusal");
    assert!(error.to_string().starts_with("./no-such-program: "), "{error}");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    drop(listener);
    let error = ExternalSut::start(&UpperTester::Tcp(address.clone()), Path::new(""), PATIENCE).await.expect_err("a refusal");
    assert!(error.to_string().starts_with(&address), "{error}");
    let error = ExternalSut::start(&UpperTester::Embedded, Path::new(""), PATIENCE).await.expect_err("a refusal");
    assert!(matches!(error, StartError::Embedded));
}

#[tokio::test]
async fn a_crash_at_hello_comes_with_the_last_words() {
    assert_eq!(refused("crash").await, "it exited (exit status: 3) when asked for `hello`; on standard error: cannot find the modem");
}

#[tokio::test]
async fn silence_at_hello_ends_with_the_patience() {
    let error = ExternalSut::start(&way("silent"), Path::new(""), BRIEF).await.expect_err("a refusal").to_string();
    assert!(error.starts_with("no answer to `hello` within 300ms"), "{error}");
}

#[tokio::test]
async fn garbage_is_told_line_by_line_and_harms_nobody() {
    let mut sut = started("garbage").await;
    let id = sut.send(&Call::Act(Act::Register {}));
    let mut garbled = Vec::new();
    let answer = loop {
        match next(&mut sut).await {
            UpperEvent::Garbled(what) => garbled.push(what),
            event => break event,
        }
    };
    assert_eq!(
        garbled,
        [
            "a line that is not UTF-8",
            "`jsonrpc` is not \"2.0\": {}",
            "not an object: [1,2]",
            "an answer to request 99, which was never sent: {\"jsonrpc\":\"2.0\",\"id\":99,\"result\":{}}",
        ]
    );
    assert_eq!(answer, UpperEvent::Answer { id, answer: taken() });
}

#[tokio::test]
async fn a_line_of_two_mebibytes_is_one_garbled_line() {
    let mut sut = started("long").await;
    let id = sut.send(&Call::Act(Act::Register {}));
    assert_eq!(next(&mut sut).await, UpperEvent::Garbled("a line of more than 1048576 octets".into()));
    assert_eq!(next(&mut sut).await, UpperEvent::Answer { id, answer: taken() });
}

#[tokio::test]
async fn a_flood_ends_the_adapter() {
    let mut sut = started("flood").await;
    sut.send(&Call::Act(Act::Register {}));
    assert_eq!(gone(&mut sut).await, "flood: more than 10000 lines or 16777216 octets without being called");
    assert_eq!(sut.stop(PATIENCE).await.and_then(|status| status.code()), None);
}

#[tokio::test]
async fn standard_error_never_blocks_and_keeps_its_end() {
    let mut sut = started("noise").await;
    let id = sut.send(&Call::Act(Act::Register {}));
    assert_eq!(next(&mut sut).await, UpperEvent::Answer { id, answer: taken() });
    assert_eq!(next(&mut sut).await, sight());
    sut.send(&Call::Stop);
    gone(&mut sut).await;
    let kept = sut.stderr();
    assert!(kept.len() <= 64 << 10 && kept.ends_with("a line of the log\nthe last line"), "{} octets", kept.len());
}

#[tokio::test]
async fn an_exit_in_the_middle_is_told_with_its_status() {
    let mut sut = started("exit").await;
    sut.send(&Call::Act(Act::Register {}));
    assert_eq!(gone(&mut sut).await, "it exited (exit status: 7)");
    assert_eq!(sut.stop(PATIENCE).await.and_then(|status| status.code()), Some(7));
}

#[tokio::test]
async fn a_torn_last_line_is_told_before_the_end() {
    let mut sut = started("torn").await;
    sut.send(&Call::Act(Act::Register {}));
    let UpperEvent::Garbled(what) = next(&mut sut).await else { panic!("a torn line") };
    assert!(what.ends_with(r#"{"jsonrpc":"2.0","#), "{what}");
    assert_eq!(gone(&mut sut).await, "it exited (exit status: 0)");
}

#[tokio::test]
async fn an_adapter_that_closes_its_input_is_told_and_ended() {
    let mut sut = started("deaf").await;
    sut.send(&Call::Act(Act::Register {}));
    // Whether this one still fits into the pipe is a matter of luck; the next ones do not.
    let why = loop {
        sut.send(&Call::Idle);
        if let Ok(UpperEvent::Gone(why)) = timeout(BRIEF, next(&mut sut)).await {
            break why;
        }
    };
    assert_eq!(why, "it closed its input");
    assert_eq!(sut.stop(PATIENCE).await.and_then(|status| status.code()), None, "killed");
}

#[tokio::test]
async fn an_exit_is_told_though_another_process_holds_the_output() {
    let mut sut = started("orphan").await;
    sut.send(&Call::Act(Act::Register {}));
    assert_eq!(gone(&mut sut).await, "it exited (exit status: 5)");
}

#[tokio::test]
async fn an_adapter_that_does_not_stop_is_killed() {
    let sut = started("stubborn").await;
    let status = sut.stop(BRIEF).await.expect("a status");
    assert_eq!(status.code(), None, "{status}");
}
