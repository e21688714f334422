//! How much work a comparison may do, counted in steps and not in time, so that the same two pages
//! give the same answer on every machine.
//!
//! Every part of a comparison takes its steps here. Work that may grow faster than the pages asks before it
//! begins ([`Budget::spend`]) and also has its own bound, so that a page twice as long costs about
//! twice as much long before the budget is spent. A part that leaves something out says so
//! ([`Budget::coarsen`]).

use std::cell::Cell;

/// A table of more cells than this (two sentences of five hundred words) is not made.
const CELLS_MAX: usize = 250_000;

/// Steps left. When they run out the answer gets coarser: whole sentences instead of words, a
/// removal and an addition instead of an edit.
#[derive(Debug)]
pub(super) struct Budget {
    left: Cell<u64>,
    used: Cell<u64>,
    short: Cell<bool>,
    cells_max: usize,
}

impl Budget {
    pub(super) fn new(steps_max: u64) -> Self {
        let left = Cell::new(steps_max);
        Self { left, used: Cell::new(0), short: Cell::new(false), cells_max: CELLS_MAX }
    }

    /// The same with smaller tables, so that short sentences already exceed them.
    #[cfg(test)]
    pub(super) fn with_tables_of(self, cells_max: usize) -> Self {
        Self { cells_max, ..self }
    }

    /// The most cells of one table, whose work grows with the square of a sentence.
    pub(super) fn cells_max(&self) -> usize {
        self.cells_max
    }

    /// Takes `steps`; returns whether that many were left.
    pub(super) fn spend(&self, steps: usize) -> bool {
        let wanted = u64::try_from(steps).unwrap_or(u64::MAX);
        match self.left.get().checked_sub(wanted) {
            Some(left) => {
                self.left.set(left);
                self.note(steps);
                true
            }
            None => {
                self.coarsen();
                false
            }
        }
    }

    /// Counts steps of work that is always done, because it grows no faster than the pages.
    pub(super) fn note(&self, steps: usize) {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        self.used.set(self.used.get().saturating_add(steps));
    }

    /// Records that a finer answer exists and was not computed.
    pub(super) fn coarsen(&self) {
        self.short.set(true);
    }

    /// Whether work was skipped because the steps ran out.
    pub(super) fn ran_out(&self) -> bool {
        self.short.get()
    }

    /// How many steps were taken or counted so far.
    #[cfg(test)]
    pub(super) fn used(&self) -> u64 {
        self.used.get()
    }
}
