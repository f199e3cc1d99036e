//! The command line: one file per command, exit statuses in one place.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::{Parser, Subcommand, ValueEnum};
use harness::{
    report::escape,
    requirement::Catalogue,
    sut::{Profile, Role},
    yaml,
};

use crate::{
    cases,
    files::{Suite, SuiteError},
};

mod explain;
mod init;
mod inspect;
mod list;
mod reference;
mod report;
mod run;
mod selftest;
mod show;

/// Complete; nothing failed, nothing inconclusive.
const FINE: u8 = 0;
/// A requirement failed.
const FAILED: u8 = 1;
/// Something was inconclusive.
const INCONCLUSIVE: u8 = 2;
/// The harness failed.
const HARNESS: u8 = 3;
/// Interrupted.
const INTERRUPTED: u8 = 4;
/// Wrong use of the command line.
const USAGE: u8 = 64;
/// A wrong profile, feature, scenario, catalogue or trace file.
const DATA: u8 = 65;

const AFTER: &str = "\
Ids are selectors everywhere: CONV-7.2.1.1-9a is one requirement, CONV-7.2 a section with its subsections,
CONV-7.2= that section alone, CONV- a document.

Exit status: 0 complete, nothing failed or inconclusive; 1 a requirement failed; 2 something was inconclusive;
3 the harness failed; 4 interrupted; 64 wrong use of the command line; 65 a wrong profile, feature, scenario,
catalogue or trace file. Where several apply, the first of 3, 4, 1, 2 wins.";

/// Tests whether a messaging client keeps to OMA CPM, requirement by requirement, with the octets that prove it.
#[derive(Debug, Parser)]
#[command(name = "cpmspec", version, after_help = AFTER)]
struct Cli {
    /// Take features and scenarios from this folder instead of the built-in ones.
    #[arg(long, global = true, value_name = "DIR")]
    suite: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the suite: against the SUT of a profile, or without one against the built-in reference of each role.
    Run(run::Args),
    /// What would run, what would not, and which claim decided.
    List(list::Args),
    /// One requirement: what it demands, its rulings, its lines, its defect; with a run, the message and the marked octets.
    Explain(explain::Args),
    /// How the harness reads one SIP, SDP, MSRP or CPIM message: header by header, octet ranges, malformations.
    Inspect(inspect::Args),
    /// A recorded scenario as ladder, as text or as pcapng.
    Show(show::Args),
    /// Reports from a run folder alone.
    Report(report::Args),
    /// The reference implementation of a role as a process of its own, behind the upper tester's protocol.
    Reference(reference::Args),
    /// Does the suite notice? A defect for every requirement, and SUTs that conform to nothing.
    Selftest(selftest::Args),
    /// Print a JSON Schema: report, trace, run, profile or upper-tester.
    Schema {
        /// Which.
        name: String,
    },
    /// Write a commented profile.
    Init(init::Args),
    /// Print shell completions.
    Completions {
        /// For which shell.
        shell: clap_complete::Shell,
    },
}

/// Text for people, or JSON for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// What ends a command early: a message for standard error and an exit status.
#[derive(Debug)]
struct Stop(u8, String);

impl Stop {
    fn usage(message: impl Into<String>) -> Self {
        Self(USAGE, message.into())
    }

    fn data(error: impl std::fmt::Display) -> Self {
        Self(DATA, error.to_string())
    }

    fn io(path: &Path, error: &io::Error) -> Self {
        Self(USAGE, format!("{}: {error}", path.display()))
    }
}

impl From<SuiteError> for Stop {
    fn from(error: SuiteError) -> Self {
        Self::data(error)
    }
}

/// A reader that went away ends the output, nothing else.
impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self(FINE, String::new()) } else { Self(HARNESS, error.to_string()) }
    }
}

type Done = Result<u8, Stop>;

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { USAGE } else { FINE };
            // Nothing can be said if even that cannot be printed.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    match carry_out(cli) {
        Ok(code) => ExitCode::from(code),
        Err(Stop(code, message)) => {
            if !message.is_empty() {
                eprintln!("cpmspec: {}", escape::terminal(&message));
            }
            ExitCode::from(code)
        }
    }
}

fn carry_out(cli: Cli) -> Done {
    let suite = || -> Result<Arc<Suite>, Stop> {
        let suite = match &cli.suite {
            Some(root) => Suite::read(root)?,
            None => Suite::embedded()?,
        };
        cases::lint(&suite)?;
        Ok(Arc::new(suite))
    };
    match cli.command {
        Command::Run(args) => run::main(suite()?, args),
        Command::List(args) => list::main(&*suite()?, args),
        Command::Explain(args) => explain::main(&*suite()?, args),
        Command::Inspect(args) => inspect::main(args),
        Command::Show(args) => show::main(args),
        Command::Report(args) => report::main(args),
        Command::Reference(args) => reference::main(cli.suite.as_deref(), args),
        Command::Selftest(args) => selftest::main(suite()?, args),
        Command::Schema { name } => schema(&name),
        Command::Init(args) => init::main(args),
        Command::Completions { shell } => {
            let mut command = <Cli as clap::CommandFactory>::command();
            clap_complete::generate(shell, &mut command, "cpmspec", &mut io::stdout());
            Ok(FINE)
        }
    }
}

fn schema(name: &str) -> Done {
    let schema = match name {
        "upper-tester" => Some(harness::sut::schema::upper_tester()),
        "profile" => Some(harness::sut::schema::profile()),
        _ => harness::report::schema(name),
    };
    let known = ["report", "run", "trace", "profile", "upper-tester"];
    let schema = schema.ok_or_else(|| Stop::usage(yaml::unknown("schema", name, known)))?;
    print(&format!("{}\n", serde_json::to_string_pretty(&schema).unwrap_or_default()))
}

/// Writes to standard output.
fn print(text: &str) -> Done {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(FINE)
}

/// Splits `[PROFILE] [IDS]`: a first argument that is a file, or is called like one, is the profile.
fn profile_and_ids(catalogue: &Catalogue, args: &[String]) -> Result<(Option<PathBuf>, Vec<String>), Stop> {
    let is_profile = |arg: &String| arg.ends_with(".yaml") || arg.ends_with(".yml") || Path::new(arg).is_file();
    let profile = args.first().filter(|arg| is_profile(arg)).map(PathBuf::from);
    let ids = args[usize::from(profile.is_some())..].to_vec();
    for id in &ids {
        if !catalogue.rows().any(|row| catalogue.selects(id, &row.id)) {
            let nearest =
                yaml::nearest(id, catalogue.rows().map(|row| row.id.as_str())).map(|n| format!("; did you mean {n}?")).unwrap_or_default();
            return Err(Stop::usage(format!("no requirement is selected by {id}{nearest}")));
        }
    }
    Ok((profile, ids))
}

/// The profile that a row of a role is about: the one given, else that of the reference of the role.
fn profile_of(given: Option<&Profile>, role: &str) -> Profile {
    given.cloned().unwrap_or_else(|| Profile::embedded(Role::named(role).unwrap_or(Role::CpmClient)))
}

/// Whether a requirement is selected; no selector selects all.
fn selects(catalogue: &Catalogue, ids: &[String], id: &str) -> bool {
    ids.is_empty() || ids.iter().any(|selector| catalogue.selects(selector, id))
}
