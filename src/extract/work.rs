//! Counting of work, so that tests can show that time grows with the text and no faster.
//!
//! Owns one counter of the tests. Outside tests [`step`] is nothing.

#[cfg(test)]
thread_local! {
    static STEPS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Counts one step of a walk over the text.
#[inline]
pub(crate) fn step() {
    #[cfg(test)]
    STEPS.with(|steps| steps.set(steps.get() + 1));
}

/// The steps that `job` takes.
#[cfg(test)]
pub(crate) fn steps_of(job: impl FnOnce()) -> u64 {
    STEPS.with(|steps| steps.set(0));
    job();
    STEPS.with(std::cell::Cell::get)
}
