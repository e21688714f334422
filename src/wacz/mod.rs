//! Packages of web archives: WACZ 1.1.1, for ReplayWeb.page and every other reader of the format.
//!
//! Owns the package: `archive/`, `indexes/`, `pages/`, `datapackage.json` with the SHA-256 of every file,
//! and where a signature over its digest is (WACZ Signing and Verification 0.1.0).
//!
//! ```text
//!  datapackage-digest.json   sha256 of ─► datapackage.json   sha256 of ─► archive/NAME.warc.gz
//!    signedData: signature of that digest    (every file)                 indexes/index.cdx.gz, .idx
//!    logSignature: another one, of the                                    pages/pages.jsonl
//!      file itself, by who else signs                                     FURTHER/FILES
//! ```
//!
//! WARCs hold the members exactly as they were given, and are stored and not deflated, so that a
//! reader can ask for one record by range. The same package, time and key give the same bytes. Memory
//! is bounded however many records there are: index lines are sorted outside of it, pages wait in a
//! temporary file. Deliberately reads no archive and no clock, repacks nothing and keeps no key.

mod parts;
mod writer;

pub use parts::{Extra, IndexLine, Member, Package, PageEntry, Seal, Signer, WaczError, Written};
pub use writer::{About, PackageWriter, write};

#[cfg(test)]
mod tests;
