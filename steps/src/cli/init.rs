//! `init`: a commented profile, never over an existing file.

use std::{fs, io::Write as _, path::PathBuf};

use harness::sut::{Role, UpperTester, template};

use super::{Done, Stop, print};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// File to write.
    #[arg(default_value = "sut.yaml")]
    file: PathBuf,
    /// What it is.
    #[arg(long, default_value = "cpm-client", value_parser = Role::ALL.map(Role::name))]
    role: String,
    /// Name of the product, with its version.
    #[arg(long, default_value = "Acme RCS 4.2")]
    name: String,
    /// Program of the adapter, with its arguments.
    #[arg(long, num_args = 1.., value_name = "PROGRAM")]
    stdio: Vec<String>,
    /// Or where the adapter listens.
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "stdio")]
    tcp: Option<String>,
}

pub(super) fn main(args: Args) -> Done {
    let upper_tester = match (args.tcp, args.stdio.is_empty()) {
        (Some(address), _) => UpperTester::Tcp(address),
        (None, true) => UpperTester::Stdio(vec!["./adapter".to_owned()]),
        (None, false) => UpperTester::Stdio(args.stdio),
    };
    let role = Role::named(&args.role).unwrap_or(Role::CpmClient);
    let text = template(&args.name, role, &upper_tester);
    let mut file = fs::File::create_new(&args.file).map_err(|e| Stop::io(&args.file, &e))?;
    file.write_all(text.as_bytes())?;
    print(&format!("{}: now say what the product claims, under `ics`; then `cpmspec list {0}`\n", args.file.display()))
}
