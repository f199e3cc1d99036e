//! Laws of the verdict join, over all pairs and triples: the worst wins, order and number of lines do not matter.

use harness::verdict::Verdict;
use pretty_assertions::assert_eq;

#[test]
fn joining_does_not_depend_on_order_or_grouping() {
    for a in Verdict::ALL {
        for b in Verdict::ALL {
            assert_eq!(a.join(b), b.join(a), "{a} {b}");
            for c in Verdict::ALL {
                assert_eq!(a.join(b).join(c), a.join(b.join(c)), "{a} {b} {c}");
            }
        }
    }
}

#[test]
fn a_line_judged_twice_counts_once_and_one_that_did_not_run_not_at_all() {
    for a in Verdict::ALL {
        assert_eq!(a.join(a), a);
        assert_eq!(a.join(Verdict::NotTested), a);
    }
}

#[test]
fn a_later_pass_never_hides_a_fail() {
    let lifted = Verdict::ALL.into_iter().filter(|v| *v > Verdict::Pass && v.join(Verdict::Pass) != *v);
    assert_eq!(lifted.collect::<Vec<_>>(), []);
}

#[test]
fn the_harness_own_error_outweighs_what_it_says_about_the_sut() {
    for verdict in Verdict::ALL {
        assert_eq!(verdict.join(Verdict::Error), Verdict::Error);
    }
    assert_eq!(Verdict::Inconclusive.join(Verdict::Fail), Verdict::Fail);
}
