//! The web reader: answers as pages for a browser. A value in, HTML out; who answers a request, and where the
//! value comes from, is not known here.
//!
//! Every text of a page on the web is hostile: `maud` escapes it, [`crate::base::printable`] takes what would
//! turn or hide the words around it, and addresses are made in `links` alone. The pages have one style sheet
//! and one small script, both of this server; without the script everything still works. The policy that
//! they are served with ([`POLICY`]) allows nothing else.
//!
//! In reading order: what a page needs to know of its server ([`Site`]), links (`links`) and words (`text`),
//! the frame around every page (`frame`), and the pages: `front`, `find` with `words`, `page` with its `picture`,
//! `calendar`, `capture`, `compare`, `sentences`, `quoted`, `story`, `changes`, `cited`, `absent`, `errors`.

mod absent;
mod calendar;
mod capture;
mod changes;
mod cited;
mod compare;
mod errors;
mod find;
mod frame;
mod front;
mod links;
mod metadata;
mod page;
mod picture;
mod quoted;
mod sentences;
mod story;
mod text;
mod words;

pub use absent::absent;
pub use calendar::{calendar, captures};
pub use capture::capture;
pub use changes::{ChangesView, changes};
pub use cited::{cite, prove, words_missing};
pub use compare::{DiffView, diff};
pub use errors::{PLAIN_POLICY, error, missing_capture, plain_error};
pub use find::{found, host, hosts};
pub use front::front;
pub use page::page;
pub use quoted::{quotations, speaker};
pub use sentences::{blame, no_article};
pub use story::{StoryForm, stories, story};
pub use text::kinds_in_words;
pub use words::{HITS, HITS_MAX, WordsView};

use crate::base::Timestamp;
use crate::cite;

/// What every page needs to know of the server that it is of.
#[derive(Debug, Clone)]
pub struct Site {
    /// What is before every path: empty, or `/` and segments, without a slash at its end.
    pub base: String,
    /// What is before `/TIMESTAMP/URL` of a replay: a path of this server, or the root of another origin
    /// with its path.
    pub replay: String,
    /// What is before `/TIMESTAMP/URL` of a replay with scripts; none where none run.
    pub rerouted: Option<String>,
    /// Scheme and host of this server; links that leave a page (feeds, permanent links) are absolute with it.
    pub origin: Option<String>,
    /// The archive, as citations name it.
    pub archive: cite::Archive,
    /// When the page is made.
    pub now: Timestamp,
    /// The path under which the server makes evidence bundles; none where it does not.
    pub proof: Option<String>,
}

impl Site {
    /// An address of this server that also holds outside of it.
    #[must_use]
    pub fn absolute(&self, link: &str) -> String {
        format!("{}{link}", self.origin.as_deref().unwrap_or_default())
    }
}

/// The content security policy of these pages: their own style sheet, script and icon, and nothing else.
pub const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                          form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A file that the pages use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaticFile {
    /// Its name below `/static/`.
    pub name: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// What it holds.
    pub text: &'static str,
}

/// The files that the pages use.
pub const FILES: [StaticFile; 3] = [
    StaticFile {
        name: "reader.css",
        media_type: "text/css; charset=utf-8",
        text: include_str!("reader.css"),
    },
    StaticFile {
        name: "reader.js",
        media_type: "text/javascript; charset=utf-8",
        text: include_str!("reader.js"),
    },
    StaticFile { name: "icon.svg", media_type: "image/svg+xml", text: include_str!("icon.svg") },
];

impl StaticFile {
    /// The file of that name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        FILES.into_iter().find(|file| file.name == name)
    }

    /// What changes when its content does: FNV-1a in hexadecimal.
    #[must_use]
    pub fn version(&self) -> String {
        let hash = self.text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        format!("{:08x}", hash & 0xffff_ffff)
    }
}
