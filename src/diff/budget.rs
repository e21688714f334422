//! How much work a comparison may do, counted in steps and not in time, so that the same two pages
//! give the same answer on every machine.

use std::cell::Cell;

/// Steps left. When they run out the answer gets coarser: whole sentences instead of words, a
/// removal and an addition instead of an edit.
#[derive(Debug)]
pub(super) struct Budget {
    left: Cell<u64>,
    short: Cell<bool>,
}

impl Budget {
    pub(super) fn new(steps_max: u64) -> Self {
        Self { left: Cell::new(steps_max), short: Cell::new(false) }
    }

    /// Takes `steps`, and says whether they were there to be taken.
    pub(super) fn spend(&self, steps: usize) -> bool {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        match self.left.get().checked_sub(steps) {
            Some(left) => {
                self.left.set(left);
                true
            }
            None => {
                self.short.set(true);
                false
            }
        }
    }

    /// Whether something was left undone for want of steps.
    pub(super) fn ran_out(&self) -> bool {
        self.short.get()
    }
}
