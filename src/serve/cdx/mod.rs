//! The CDX servers, in both dialects, since no client speaks both: pywb's at `/cdx` and the Wayback Machine's
//! at `/cdx/search/cdx`; and the availability API.
//!
//! In reading order: what is asked for of the index (`ask`), the rows of an answer, read batch by batch
//! (`rows`, `collapse`, `closest`), where a page or the rest of an answer begins (`resume`, `paging`), near
//! addresses; what a row is written as (`columns`, `write`); the dialects (`pywb`, `wayback`,
//! `available`).
//!
//! What holds of both: a revisit has no status of its own here, as in every other server, unless revisits are
//! resolved; reports of failed fetches are no rows unless a filter names `record_type`.

mod ask;
mod available;
mod closest;
mod collapse;
mod columns;
mod paging;
mod pywb;
mod resume;
mod rows;
mod wayback;
mod write;

pub use available::available;
pub use paging::PageStarts;
pub use pywb::pywb;
pub use wayback::wayback;
