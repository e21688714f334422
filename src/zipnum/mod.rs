//! Index lines in sorted, compressed blocks with a second index over them (ZipNum), as pywb, Common Crawl and the
//! Wayback Machine keep captures that no more change: a look-up reads one or two ranges of a file that may lie
//! anywhere.
//!
//! Owns the three files, and answers from them as any backend of captures does ([`ShardCaptures`]). Deliberately knows no
//! archive: lines come in order, and ranges of bytes are given ([`Ranges`]: a folder, or objects).
//!
//! ```text
//!  cdx-00000.gz   gzip( 3,000 lines ) gzip( 3,000 lines ) …           lines of CDXJ, sorted by their bytes
//!  index.idx      urlkey SP timestamp TAB cdx-00000.gz TAB offset TAB length TAB number, from 1    of each block
//!  index.loc      cdx-00000.gz TAB path                               where each file of blocks is
//! ```
//!
//! The form is the one that pywb reads (`warcserver/index/zipnum.py`); it was made for the Wayback Machine
//! (github.com/internetarchive/webarchive-commons, `ZipNumRecordWriter`).

mod captures;
mod objects;
mod publish;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub use captures::ShardCaptures;
pub use objects::ObjectRanges;
pub use publish::{PublishError, Published, publish, publish_folder};
pub use reader::{Directory, Ranges, Shards, ZipNumError};
pub use writer::{BLOCK_LINES, SHARD_BYTES_MAX, ShardWriter, Written};

/// The name of the index over the blocks.
pub const IDX: &str = "index.idx";
/// The name of the list of files.
pub const LOC: &str = "index.loc";
