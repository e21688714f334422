//! What a rendering may cost, and how the browser is started.

use std::path::PathBuf;
use std::time::Duration;

use super::guard::Bounds;
use crate::base::Timestamp;

/// Whether the browser's own sandbox is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sandbox {
    /// Where it can be: Chromium refuses it to root.
    #[default]
    Auto,
    /// Always: what cannot be sandboxed is not rendered.
    Always,
    /// Never, as in a container that is a sandbox itself.
    Never,
}

/// How pages are rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserOptions {
    /// The program, by its path or its name.
    pub command: PathBuf,
    /// Whether its sandbox is used.
    pub sandbox: Sandbox,
    /// How long it may take to answer for the first time: on a busy machine it starts slowly.
    pub start_max: Duration,
    /// How long one page may take in all, waits for its hosts included.
    pub time_max: Duration,
    /// How long one page may take while it waits for no host's turn.
    pub settle_max: Duration,
    /// A page has settled once nothing was asked for during this time.
    pub idle: Duration,
    /// The memory of all its processes together, in bytes.
    pub memory_max: u64,
    /// How often a page is scrolled down by a screen.
    pub scrolls_max: u32,
    /// How many parts of a page are asked for.
    pub parts_max: usize,
    /// How many bytes all parts of a page may have.
    pub bytes_max: u64,
    /// Width and height of the window, in pixels.
    pub viewport: (u32, u32),
    /// Whether pictures, media and fonts are asked for too.
    pub visual: bool,
    /// What the clock of a page begins with, and then its `Math.random` gives the same numbers each time; those of
    /// the system without.
    pub clock: Option<Timestamp>,
    /// Whether it is taken down in which boxes the page is laid out.
    pub layout: bool,
}

impl Default for BrowserOptions {
    fn default() -> Self {
        Self {
            command: PathBuf::from("chromium"),
            sandbox: Sandbox::Auto,
            start_max: Duration::from_secs(30),
            time_max: Duration::from_mins(3),
            settle_max: Duration::from_secs(15),
            idle: Duration::from_secs(1),
            memory_max: 1 << 30,
            scrolls_max: 3,
            parts_max: 200,
            bytes_max: 64 << 20,
            viewport: (1280, 1024),
            visual: false,
            clock: None,
            layout: false,
        }
    }
}

impl BrowserOptions {
    /// What ends the browser.
    pub(super) fn bounds(&self) -> Bounds {
        Bounds { memory_max: self.memory_max, time_max: self.time_max }
    }
}
