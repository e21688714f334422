//! Captured pages with their scripts: at their true addresses through the replay proxy (the exact view), and at origins
//! of their own (the rerouted view). Those in Chromium are skipped with a message where it is missing.
//!
//! `fidelity` measures how many pages are laid out differently, or have script errors that they did not have, compared
//! with the recording; `PRESSMARK_FIDELITY=print` takes all pages and prints the differences.

mod crawled;
mod exact;
mod fidelity;
mod hostile;
mod missing;
mod pages;
mod proxy;
mod rerouted;
mod tab;
