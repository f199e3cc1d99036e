//! The reference passes everything, on the memory link.

use std::sync::Arc;

use suite::{
    cases,
    files::Suite,
    run::{self, Setup, Who},
};

#[tokio::test]
async fn the_reference_passes_everything() {
    let suite = Arc::new(Suite::embedded().unwrap());
    cases::lint(&suite).unwrap();
    let cases = cases::cases(&suite);
    let setup = Arc::new(Setup::memory(Arc::clone(&suite), Who::Reference(Vec::new())));
    let finished = run::play(setup, &cases, 1).await;
    let mut bad = Vec::new();
    for line in finished.iter().flat_map(|f| &f.lines) {
        use harness::verdict::Verdict as V;
        let fine = matches!(line.verdict, V::Pass) || line.verdict == V::NotTested && line.step.starts_with("is not tested");
        if !fine {
            bad.push(format!(
                "{}:{} {} [{}] {} {:?} {} {:?}",
                line.feature,
                line.line,
                line.scenario,
                line.requirement,
                line.verdict,
                line.reason,
                line.detail,
                line.findings.iter().map(|f| (&f.expected, &f.observed)).collect::<Vec<_>>()
            ));
        }
    }
    let faults: Vec<_> = finished.iter().flat_map(|f| &f.faults).collect();
    assert!(bad.is_empty() && faults.is_empty(), "{}\n{faults:?}", bad.join("\n"));
    assert_eq!(finished.len(), cases.len());
}
