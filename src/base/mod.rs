//! The types that every other module uses: plain values with no I/O, no async and no logging.
//!
//! In reading order: what was asked for ([`TargetUri`]), the key it is found by ([`surt`]), when
//! ([`Timestamp`], [`TimeRange`], [`Clock`]), what the bytes were ([`Digest`]), whose server it is
//! ([`HostKey`]), what kind of bytes ([`MediaType`]), how many ([`ByteSize`]), how text
//! is in a page of the reader ([`markup`]) and on a terminal ([`printable`]) and what its one form is
//! ([`normal_form`]), escapes in URLs ([`percent`]), numbers in binary formats ([`little_endian`]), chance for waits ([`chance`]), and
//! how a check reports ([`Finding`]).

pub mod bytes;
pub mod chance;
pub mod checksum;
pub mod clock;
pub mod digest;
pub mod finding;
pub mod host;
pub mod little_endian;
pub mod markup;
pub mod media_type;
pub mod normal_form;
pub mod percent;
pub mod phrases;
pub mod printable;
pub mod surt;
pub mod target_uri;
pub mod timestamp;
pub mod word_map;

pub use bytes::ByteSize;
pub use checksum::{Checksum, ChecksumAlgorithm, ChecksumError, ChecksumHasher};
pub use clock::{Clock, ManualClock, SystemClock};
pub use digest::{Digest, DigestAlgorithm, Hasher};
pub use finding::{Finding, Severity};
pub use host::HostKey;
pub use media_type::MediaType;
pub use target_uri::{TargetUri, TargetUriError, UserPart};
pub use timestamp::{TimeRange, Timestamp, TimestampError};
