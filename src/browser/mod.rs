//! A page as a browser shows it: Chromium, shut in.
//!
//! The operator's own Chromium is started for one page with a profile that is thrown away, driven over a pipe,
//! and reaches nothing but a proxy of ours on loopback, which asks the caller's [`Upstream`] for each part.
//! Deliberately knows no crawl, no archive and no clock of ours: what may be asked for, and when, is decided
//! by the [`Upstream`]. Whatever happens, its processes are gone when a rendering ends.
//!
//! In reading order: what it may cost ([`options`]), the messages (`devtools`), the processes (`process`, in a `profile`) and what
//! ends them (`guard`), the way out (`traffic`, `proxy`, `request`, `partial`, `certificate`), what is not asked for (`parts`), the page while it works
//! (`watched`), how consent is refused ([`consent`], in all `frames`), another clock for a page ([`clock`]), how it is taken down
//! (`take_down`, its closed trees: `shadow`, its frames: `frame_texts`, its boxes: [`layout`]), the result ([`rendering`]), one page from beginning to end ([`mod@render`]), and
//! a page seen through another proxy than that one ([`mod@look`]).

mod certificate;
pub mod clock;
pub mod consent;
mod devtools;
mod frame_texts;
mod frames;
mod guard;
pub mod layout;
pub mod look;
pub mod options;
mod partial;
mod parts;
mod process;
mod profile;
mod proxy;
pub mod render;
pub mod rendering;
mod request;
mod shadow;
mod take_down;
mod traffic;
mod watched;

pub use certificate::Authority;
pub use layout::Layout;
pub use look::{can_show, look, show};
pub use options::{BrowserOptions, Sandbox};
pub use parts::{Kind, Part};
pub use proxy::{Answered, Ask, BoxFuture, Upstream};
pub use render::render;
pub use rendering::{Click, FrameText, Rendering, Settled};
pub use traffic::Traffic;
