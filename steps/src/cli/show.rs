//! `show`: a recorded scenario.

use std::{
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::PathBuf,
};

use clap::ValueEnum;
use harness::{
    report::escape,
    trace::{Event, jsonl, ladder, pcapng},
};

use super::{Done, FINE, Stop, print};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A trace.jsonl of a run folder.
    trace: PathBuf,
    /// How to show it.
    #[arg(long, value_enum, default_value = "ladder")]
    format: Shape,
    /// File to write to; it must not exist. Default: standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// Who sent what to whom, as arrows in text.
    Ladder,
    /// The same as a picture.
    Svg,
    /// Every message in full.
    Text,
    /// A capture file that Wireshark opens.
    Pcapng,
}

pub(super) fn main(args: Args) -> Done {
    let file = fs::File::open(&args.trace).map_err(|e| Stop::io(&args.trace, &e))?;
    let read = jsonl::read(io::BufReader::new(file)).map_err(|e| Stop::data(format!("{}: {e}", args.trace.display())))?;
    if read.torn {
        eprintln!("cpmspec: the last line of the trace is torn and left out");
    }
    let octets = match args.format {
        Shape::Ladder => ladder::text(&read.trace).into_bytes(),
        Shape::Svg => ladder::svg(&read.trace, &read.head.scenario).into_bytes(),
        Shape::Text => messages(&read.trace).into_bytes(),
        Shape::Pcapng => {
            let mut octets = Vec::new();
            pcapng::write(&mut octets, &read.trace, &|_| Vec::new(), 0)?;
            octets
        }
    };
    match args.out {
        Some(path) => {
            let mut file = fs::File::create_new(&path).map_err(|e| Stop::io(&path, &e))?;
            file.write_all(&octets)?;
            Ok(FINE)
        }
        None if args.format == Shape::Pcapng => {
            io::stdout().lock().write_all(&octets)?;
            Ok(FINE)
        }
        None => print(&String::from_utf8_lossy(&octets)),
    }
}

fn messages(trace: &harness::trace::Trace) -> String {
    let mut out = String::new();
    for (number, entry) in trace.entries().iter().enumerate() {
        if let Event::Bytes { from, to, bytes, .. } = &entry.event {
            let _ = writeln!(out, "--- entry {number}, {:.3} s, {from} to {to}, {} octets", entry.at.as_secs_f64(), bytes.len());
            for line in bytes.split_inclusive(|b| *b == b'\n') {
                let _ = writeln!(out, "{}", escape::octets(line));
            }
        }
    }
    out
}
