//! The work of a whole extraction grows with the document and no faster.
//!
//! Owns the test that counts it over the hostile documents of `tests/bench/extract_growth`: steps through
//! the tree and through the text, not time. The parser's own work is not counted here; the bench of that
//! name measures it, with the time of everything else.

use super::work::steps_of;
use super::{Hints, extract};

#[path = "../../tests/bench/extract_growth/documents.rs"]
mod documents;

/// How much larger the larger document is.
const TIMES: u64 = 4;
/// One of this many documents is measured; all are in the bench.
const EVERY: usize = 9;

#[test]
fn work_grows_with_a_hostile_document_and_no_faster() {
    let mut fast = Vec::new();
    for document in documents::all().iter().step_by(EVERY) {
        let steps = |size: usize| {
            let payload = document.of_size(size);
            steps_of(|| {
                let _ = extract(&payload, &Hints::default());
            })
        };
        let (few, many) = (steps(3_000), steps(3_000 * TIMES as usize));
        // The extra quarter covers work that begins only at some length.
        if many > few * TIMES * 5 / 4 + 2_000 {
            fast.push(format!("{}: {few} steps, then {many}", document.name));
        }
    }
    assert!(fast.is_empty(), "{}", fast.join("\n"));
}
