//! `reference`: the reference of a role as a process of its own, behind the upper tester's protocol.

use std::{net::SocketAddr, path::Path};

use harness::{
    bench::{
        host,
        reference::{self, At},
        stage, tls,
    },
    role::{Actor, conduct::Deviant},
    sut::{Edition, Profile, Role},
};

use super::{Done, FINE, HARNESS, Stop};
use crate::{files::Suite, run};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which role.
    #[arg(value_parser = Role::ALL.map(Role::name))]
    role: String,
    /// Lay the defect of this requirement over it.
    #[arg(long, value_name = "ID")]
    defect: Option<String>,
    /// The edition of CPM that it implements.
    #[arg(long, value_name = "EDITION", default_value = "2.0", value_parser = ["1.0", "2.0"])]
    edition: String,
    /// Where to listen for SIP over UDP and TCP.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

pub(super) fn main(suite: Option<&Path>, args: Args) -> Done {
    let rules = match &args.defect {
        None => Vec::new(),
        Some(id) => {
            let suite = match suite {
                Some(root) => Suite::read(root)?,
                None => Suite::embedded()?,
            };
            suite.defects.get(id).cloned().ok_or_else(|| Stop::usage(format!("no defect is known for {id}")))?
        }
    };
    let seed = u64::try_from(run::unix_now().as_nanos()).unwrap_or_default();
    let epoch = i64::try_from(run::unix_now().as_secs()).unwrap_or_default();
    let role = Role::named(&args.role).ok_or_else(|| Stop::usage(format!("no role is called {}", args.role)))?;
    let edition = Edition::ALL.into_iter().find(|edition| edition.name() == args.edition).unwrap_or(Edition::Two);
    let make = |sip, msrp, rtp| -> Box<dyn Actor> {
        let at = At { sip, msrp, rtp, fingerprint: tls::fingerprint().to_owned(), seed, epoch };
        let (reference, names) = (reference::blank(role, edition, at), stage::names(&Profile::embedded(role).ixit));
        Box::new(Deviant::new(reference, rules, names, stage::Hosts::new(), Vec::new(), seed))
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let name = format!("cpmspec reference {} {}", args.role, env!("CARGO_PKG_VERSION"));
    let done = runtime.block_on(host::host(&name, args.listen, make, tokio::io::stdin(), tokio::io::stdout()));
    // A read of standard input cannot be cancelled; it must not keep the process.
    runtime.shutdown_background();
    done.map(|()| FINE).map_err(|error| Stop(HARNESS, error.to_string()))
}
