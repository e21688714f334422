//! Replay: prepares captured responses so that a browser shows them inside the archive and nothing of them
//! reaches the live web or the reader's own pages.
//!
//! In reading order: addresses ([`Address`], [`Modifier`]) and the place of replay ([`Site`]); the targets of
//! references ([`Links`]); the rewriters of pages ([`HtmlRewriter`]), style sheets
//! ([`CssRewriter`]) and XML; the declared type of the bytes (`media`, `charset`); which archived header
//! fields take effect ([`headers`]); what a browser lets the answer do ([`policy`]); the banner ([`Banner`]);
//! which capture of a part is shown ([`parts`]); origins of captured hosts ([`Origins`]) and what is sent there
//! ([`reroute`]). [`answer()`] combines it
//! all: from a captured head and the first bytes to status, headers and a [`Body`] that rewrites.
//!
//! Pure and total: no store, no network, no clock. Memory is bounded by the buffers of the rewriters.
//! JavaScript is never rewritten: studies of replay found rewriting to be the main cause of broken pages.

mod address;
mod answer;
mod banner;
mod body;
mod charset;
mod css;
pub mod headers;
mod html;
mod links;
mod media;
mod modifier;
mod origins;
pub mod parts;
pub mod policy;
mod references;
mod refresh;
pub mod reroute;
mod rules;
mod site;
mod srcset;
mod xml;

pub use address::{Address, AddressError};
pub use answer::{Answer, Captured, View, answer};
pub use banner::Banner;
pub use body::Body;
pub use charset::PREFIX_BYTES;
pub use css::CssRewriter;
pub use html::{HELD_BYTES_MAX, HtmlOptions, HtmlReport, HtmlRewriter};
pub use links::Links;
pub use media::Kind;
pub use modifier::Modifier;
pub use origins::{Origins, Place};
pub use policy::{Origin, Scripts};
pub use site::{Site, SiteError};
