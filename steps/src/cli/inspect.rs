//! `inspect`: how the harness reads one message. Exit status 0 whatever the message holds.

use std::{fmt::Write as _, io::Read as _, path::PathBuf};

use harness::{
    report::escape,
    wire::inspect::{Protocol, inspect_as},
};

use super::{Done, Format, Stop, print};

/// Most octets that are read.
const LIMIT: u64 = 64 << 20;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A file with one message as it stands on the wire: SIP, MSRP, SDP, CPIM, a MIME body, a disposition notification or a
    /// recipient list; its ending counts where its first line does not tell which. `-` is standard input.
    file: PathBuf,
    /// Text or JSON.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn main(args: Args) -> Done {
    let mut octets = Vec::new();
    let read = if args.file.as_os_str() == "-" {
        std::io::stdin().take(LIMIT).read_to_end(&mut octets)
    } else {
        std::fs::File::open(&args.file).and_then(|file| file.take(LIMIT).read_to_end(&mut octets))
    };
    read.map_err(|e| Stop::io(&args.file, &e))?;
    let hint = args.file.extension().and_then(|e| e.to_str()).and_then(Protocol::of_extension);
    let inspection = inspect_as(octets.into(), hint);
    if args.format == Format::Json {
        return print(&format!("{}\n", serde_json::to_string_pretty(&inspection).unwrap_or_default()));
    }
    let value = serde_json::to_value(&inspection).unwrap_or_default();
    let mut out = format!("{}\n", value.get("protocol").and_then(|p| p.as_str()).unwrap_or_default());
    if let Some(start) = value.get("start").and_then(|s| s.as_object()) {
        for (name, part) in start {
            let _ = writeln!(out, "  {name}: {}", escape::terminal(&part.to_string()));
        }
    }
    for header in value.get("headers").and_then(|h| h.as_array()).into_iter().flatten() {
        let text = |key: &str| header.get(key).and_then(|v| v.as_str()).unwrap_or_default();
        let number = |key: &str| header.get(key).and_then(serde_json::Value::as_u64).unwrap_or_default();
        let _ = writeln!(
            out,
            "{:>6}..{:<6} {}: {}",
            number("from"),
            number("to"),
            escape::terminal(text("name")),
            escape::terminal(text("value"))
        );
    }
    let body = |key: &str| value.pointer(&format!("/body/{key}")).and_then(serde_json::Value::as_u64).unwrap_or_default();
    let _ = writeln!(out, "{:>6}..{:<6} body", body("from"), body("to"));
    for part in &inspection.parts {
        let wrapped = "  ".repeat(part.depth);
        let _ = writeln!(out, "{:>6}..{:<6} {wrapped}{}", part.span.from, part.span.to, escape::terminal(&part.kind));
    }
    for malformation in &inspection.malformations {
        let _ = writeln!(
            out,
            "{:>6}..{:<6} ! {}: {}",
            malformation.span.from,
            malformation.span.to,
            malformation.code,
            escape::terminal(&malformation.message)
        );
    }
    print(&out)
}
