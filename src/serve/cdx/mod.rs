//! The CDX servers, in both dialects, since no client speaks both: pywb's at `/cdx` and the Wayback Machine's
//! at `/cdx/search/cdx`; and the availability API.
//!
//! In reading order: the query to the index (`ask`), the rows of an answer, read batch by batch
//! (`rows`, `collapse`, `closest`), where a page or the rest of an answer begins (`resume`, `paging`), near
//! addresses; how a row is written (`columns`, `write`); the dialects (`pywb`, `wayback`,
//! `available`).
//!
//! In both dialects, a revisit has no status of its own, as in every other server, unless revisits are
//! resolved; reports of failed fetches are not rows unless a filter names `record_type`.

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
