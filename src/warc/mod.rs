//! WARC files (ISO 28500): records to bytes and back, over any `Read` and `Write`.
//!
//! In reading order: what a header is made of ([`fields`] and their typed
//! view, [`record`], [`parse`]), how a record is
//! packed ([`member`], [`pack`]), written ([`writer`]) and read ([`reader`], over the private
//! `source` and `unpack`), by several threads ([`parts`]), how any input is opened ([`input`], [`package`]), what records an exchange becomes ([`compose`], [`describe`],
//! [`warc_fields`]), what the standard asks of each ([`rules`]), and what files are called
//! ([`file_name`]).
//!
//! We write WARC/1.1, one gzip member a record, and read 0.17, 0.18, 1.0 and 1.1, and ARC (the
//! private `arc`), plain, gzip and zstd. No crawl, no index, no path of an archive, no clock and no randomness is known here:
//! dates and identifiers are passed in, so that the same records give the same bytes.

mod arc;
pub mod compose;
mod derived;
pub mod describe;
mod failure;
pub mod fields;
pub mod file_name;
pub mod input;
pub mod member;
pub mod pack;
pub mod package;
pub mod parse;
pub mod parts;
pub mod reader;
pub mod record;
pub mod repack;
pub mod revisit;
mod rounds;
pub mod rules;
mod source;
mod unpack;
pub mod verify;
mod view;
pub mod warc_fields;
pub mod writer;

pub use compose::{
    BodyDigests, CERTIFICATES_URN, CaptureNotes, Composer, MementoCopy, Original, Verdict, digests,
    session_type,
};
pub use derived::{Derived, DerivedPart};
pub use describe::Warcinfo;
pub use fields::{Fields, name};
pub use file_name::FileName;
pub use input::{Input, InputBytes, InputFile, OpenError, from_reader, open};
pub use member::{Compression, ZSTD_DICTIONARY_MAGIC};
pub use pack::{Packed, Packer, fitted};
pub use package::{Package, PackageEntry, PackageError, Packing};
pub use parse::{Form, HeaderLimits, Mode, ParseError, RecordHeader, Warning, parse_header};
pub use parts::{PartWork, read_in_parts};
pub use reader::{End, Located, ReadError, ReadOptions, RecordReader, WarcReader};
pub use record::{
    Block, CountingIds, RandomIds, Record, RecordBuilder, RecordId, RecordIds, RecordKind, Version,
};
pub use rounds::Rounds;
pub use unpack::Framing;
pub use writer::{Placement, WarcWriter, WriteError};
