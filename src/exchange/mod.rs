//! Archives of other programs, in and out.
//!
//! In reading order: the index lines of any WARC file ([`lines`]), files of other programs taken into an
//! archive ([`mod@import`]), and a part of an archive as a file that they read ([`mod@export`]). Nothing here knows flags, output or exit codes.

pub mod export;
pub mod import;
pub mod lines;
