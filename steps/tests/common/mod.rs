//! What the tests of the built program share: running it with a deadline, profiles, run folders.

#![allow(dead_code, reason = "each test file is a crate of its own and uses what it needs")]

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use harness::sut::{Edition, Profile, Role};

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_cpmspec");

/// Longer than any machine needs; only a failing test waits so long.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// How a process ended and what it said.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status.
    pub code: i32,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Ended {
    /// Standard output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Runs the program in `folder`; one that has not ended after [`PATIENCE`] is killed, and the test fails.
pub fn cpmspec<S: AsRef<std::ffi::OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = S>) -> Ended {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).current_dir(folder);
    ended(command)
}

/// As [`cpmspec`], for a command that is made by the test.
pub fn ended(command: Command) -> Ended {
    ended_within(command, PATIENCE)
}

/// As [`ended`], with a deadline of its own.
pub fn ended_within(mut command: Command, patience: Duration) -> Ended {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
    let (out, err) = (reader(child.stdout.take().expect("a pipe")), reader(child.stderr.take().expect("a pipe")));
    // Its output ends when it does.
    let Ok(text) = out.recv_timeout(patience) else { give_up(child, &command) };
    let Ok(said) = err.recv_timeout(patience) else { give_up(child, &command) };
    let code = child.wait().expect("a status").code().unwrap_or(-1);
    Ended { code, out: String::from_utf8_lossy(&text).into_owned(), err: String::from_utf8_lossy(&said).into_owned() }
}

fn give_up(mut child: Child, command: &Command) -> ! {
    let killed = child.kill();
    panic!("{command:?} did not end; {killed:?}")
}

fn reader(mut pipe: impl io::Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (teller, told) = mpsc::channel();
    thread::spawn(move || {
        let mut octets = Vec::new();
        // What was read before an error is all there is.
        let _ = pipe.read_to_end(&mut octets);
        teller.send(octets)
    });
    told
}

/// A fresh folder.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// What a SUT is unless a test says otherwise.
pub const CLIENT: (Role, Edition) = (Role::CpmClient, Edition::Two);

/// All claims that the embedded reference of a role makes, as YAML on one line.
pub fn claims(role: Role) -> String {
    let answer = |yes: bool| if yes { "yes" } else { "no" };
    Profile::embedded(role).ics.iter().map(|(item, yes)| format!("{item}: {}", answer(yes))).collect::<Vec<_>>().join(", ")
}

/// Writes a profile; `words` start the adapter, `ixit` are lines of YAML for a flow mapping.
pub fn profile(folder: &Path, (role, edition): (Role, Edition), sip: &str, words: &[&str], ixit: &str) -> PathBuf {
    let path = folder.join("sut.yaml");
    let words = serde_json::to_string(words).expect("JSON");
    let text = format!(
        "name: Acme RCS 4.2\nrole: {}\nedition: \"{}\"\nreach: {{ sip: [{sip}], core: \"127.0.0.1:0\" }}\n\
         upper tester: {{ stdio: {words} }}\nics: {{ {} }}\nixit: {{ {ixit} }}\n",
        role.name(),
        edition.name(),
        claims(role)
    );
    fs::write(&path, text).expect("a profile");
    path
}

/// A report.json.
pub fn report(run: &Path) -> harness::report::Report {
    let text = fs::read_to_string(run.join("report.json")).expect("a report");
    serde_json::from_str(&text).expect("a report")
}

/// All files below a folder with their octets, in order of their paths.
pub fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let octets = fs::read(&path).expect("a file");
                found.push((path, octets));
            }
        }
    }
    found.sort();
    found
}
