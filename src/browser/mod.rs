//! A page as a browser shows it: Chromium, shut in.
//!
//! The operator's own Chromium is started for one page with a profile that is thrown away, driven over a pipe,
//! and reaches nothing but a proxy of ours on loopback, which asks whoever renders for each part. Deliberately
//! knows no crawl, no archive and no clock of ours: what may be asked for, and when, is decided by the
//! [`Upstream`]. Whatever happens, its processes are gone when a rendering ends.
//!
//! In reading order: what it may cost ([`options`]), the messages (`devtools`), the processes (`process`), the way
//! out (`proxy`, `certificate`), what is not asked for (`parts`), how consent is refused (`consent`, in all `frames`), and one page
//! from beginning to end ([`mod@render`]).

mod certificate;
mod consent;
mod devtools;
mod frames;
pub mod options;
mod parts;
mod process;
mod proxy;
pub mod render;

pub use options::{BrowserOptions, Sandbox};
pub use parts::{Kind, Part};
pub use proxy::{Answered, Ask, BoxFuture, Upstream};
pub use render::{Click, Rendering, Settled, render};
