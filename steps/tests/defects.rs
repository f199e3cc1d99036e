//! The defect matrix, and what null SUTs earn.

use std::sync::Arc;

use suite::{files::Suite, selftest};

#[tokio::test]
async fn every_judged_requirement_has_a_defect_that_it_notices() {
    let suite = Arc::new(Suite::embedded().unwrap());
    let outcome = selftest::matrix(&suite, &|_| true, false).await;
    println!("{}", selftest::text(&outcome));
    println!("reference not passing: {:?}", outcome.reference);
    println!("survivors {:?} precise {}/{} runs {}", outcome.survivors, outcome.precise, outcome.defects, outcome.runs);
    assert_eq!(outcome.survivors, [""; 0]);
}

#[tokio::test]
async fn null_suts_pass_nothing_that_they_do_not_deserve() {
    let suite = Arc::new(Suite::embedded().unwrap());
    let mut outcome = selftest::matrix(&suite, &|_| false, false).await;
    selftest::nulls(&suite, &|_| true, &mut outcome).await;
    println!("{:#?}\n{:#?}", outcome.null_suts, outcome.warm_null_suts);
}
