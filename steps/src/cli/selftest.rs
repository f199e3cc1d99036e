//! `selftest`: does the suite notice?

use std::{fmt::Write as _, sync::Arc};

use super::{Done, FAILED, FINE, Format, print, profile_and_ids, selects};
use crate::{files::Suite, selftest};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Ids; default: all.
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Play every defect against every scenario, not only those of its neighbourhood.
    #[arg(long)]
    full: bool,
    /// Text or JSON.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn main(suite: Arc<Suite>, args: Args) -> Done {
    let (_, ids) = profile_and_ids(&suite.catalogue, &args.ids)?;
    let selected = |id: &str| selects(&suite.catalogue, &ids, id);
    let start = crate::run::unix_now();
    let mut outcome = selftest::matrix(&suite, &selected, args.full)?;
    let took = crate::run::unix_now().saturating_sub(start);
    selftest::nulls(&suite, &selected, &mut outcome)?;
    let undeserved: usize = outcome.null_suts.iter().map(|n| n.passes).sum();
    let fine = outcome.survivors.is_empty() && outcome.reference.is_empty() && undeserved == 0;
    let code = if fine { FINE } else { FAILED };
    if args.format == Format::Json {
        print(&format!("{}\n", serde_json::to_string_pretty(&outcome).unwrap_or_default()))?;
        return Ok(code);
    }
    let mut out = selftest::text(&outcome);
    let _ = writeln!(
        out,
        "\n{} requirements, {} judged, {} defects: {} killed, {} precisely; {} runs in {:.1} s, {:.2} ms of a thread each",
        outcome.requirements,
        outcome.judged,
        outcome.defects,
        outcome.killed,
        outcome.precise,
        outcome.runs,
        took.as_secs_f64(),
        took.as_secs_f64() * 1000.0 * selftest::threads() as f64 / outcome.runs.max(1) as f64
    );
    for id in &outcome.reference {
        let _ = writeln!(out, "the reference does not pass {id}");
    }
    for id in &outcome.survivors {
        let _ = writeln!(out, "survived: {id}");
    }
    for null in &outcome.null_suts {
        let _ = writeln!(out, "cold null SUT, {}: {} passes", null.name, null.passes);
    }
    for null in &outcome.warm_null_suts {
        let _ = writeln!(out, "warm null SUT, {}: {} passes {}", null.name, null.passes.len(), null.passes.join(" "));
    }
    print(&out)?;
    Ok(code)
}
