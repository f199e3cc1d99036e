//! `report`: every output format, from the run folder alone.

use std::path::PathBuf;

use clap::ValueEnum;
use harness::report::{Folder, escape, html, json, junit, markdown, weigh};

use super::{Done, Stop, print};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run folder.
    dir: PathBuf,
    /// Which format.
    #[arg(long, value_enum, default_value = "markdown")]
    format: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// One page for people.
    Html,
    /// For CI systems.
    Junit,
    /// A summary.
    Markdown,
    /// Everything, for programs.
    Json,
}

pub(super) fn main(args: Args) -> Done {
    let recorded = Folder::read(&args.dir).map_err(Stop::data)?;
    for remark in &recorded.remarks {
        eprintln!("cpmspec: {}", escape::terminal(remark));
    }
    let report = weigh(&recorded.run, recorded.lines, recorded.scenarios);
    let folder = Folder::at(&args.dir);
    print(&match args.format {
        Shape::Html => html(&report, &|name| folder.trace(name).ok()),
        Shape::Junit => junit(&report),
        Shape::Markdown => markdown(&report),
        Shape::Json => json(&report),
    })
}
