//! Archives of other programs, in and out.
//!
//! In reading order: the index lines of any WARC file ([`lines`]), files of other programs taken into an
//! archive ([`mod@import`]), a part of an archive as a file that they read ([`mod@export`]), and what other archives
//! say they have of a page ([`timemap`]). Nothing here knows flags, output or exit codes.

pub mod export;
pub mod import;
pub mod lines;
pub mod timemap;
