//! Captured pages with their scripts: at their true addresses through the replay proxy (the exact view), and at origins
//! of their own (the rerouted view). Those in Chromium are skipped with a message where it is missing.
//!
//! `fidelity` measures how many pages are laid out otherwise, or break where they did not, than when they were
//! recorded; `PRESSMARK_FIDELITY=print` takes all pages and prints what it finds.

mod crawled;
mod exact;
mod fidelity;
mod hostile;
mod missing;
mod pages;
mod proxy;
mod rerouted;
mod tab;
