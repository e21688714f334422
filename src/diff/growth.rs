//! Checks that the work of a whole comparison grows no faster than the pages.
//!
//! Owns the test that counts it over the pairs of `tests/bench/diff_growth`: steps as the budget counts
//! them, not time. The bench of that name measures the time of everything.

use super::budget::Budget;
use super::{Side, compare_within};
use crate::extract::page::Page;
use crate::extract::{Hints, extract};

#[path = "../../tests/bench/diff_growth/pairs.rs"]
mod pairs;

/// How large the smaller pages are, in bytes a side.
const SIZE: usize = 4_000;
/// How much larger the larger pages are.
const TIMES: usize = 4;
/// One pair in this many is measured; the bench measures all.
const EVERY: usize = 17;
/// Fewer steps per byte than this pass, whatever their growth: from some length on, pages are read differently.
const FEW_A_BYTE: u64 = 16;

#[test]
fn work_grows_with_the_pages_and_no_faster() {
    let read = |html: &str| -> Page { extract(html.as_bytes(), &Hints::default()).page };
    let mut fast = Vec::new();
    for pair in pairs::all().iter().step_by(EVERY) {
        let steps = |size: usize| {
            let (old, new) = pair.of_size(size);
            // With small tables, sentences that are read quickly already count as long.
            let budget = Budget::new(u64::MAX).with_tables_of(2_500);
            let _ = compare_within(&Side::of(&read(&old)), &Side::of(&read(&new)), None, &budget);
            budget.used()
        };
        let (few, many) = (steps(SIZE), steps(SIZE * TIMES));
        // The quarter allows for work that begins only at some length.
        if many > few * TIMES as u64 * 5 / 4 && many > FEW_A_BYTE * (2 * SIZE * TIMES) as u64 {
            fast.push(format!("{}: {few} steps, then {many}", pair.name));
        }
    }
    assert!(fast.is_empty(), "{}", fast.join("\n"));
}
