//! HTTP/1.1 as bytes; no sockets, no async, usable on a file.
//!
//! Strict about one thing, where a message ends, because a wrong end makes a false record; lenient
//! about everything else, because what a server sent is evidence whether or not it is well formed.
//! Nothing here normalises: printing what was parsed gives back the same bytes.
//!
//! In reading order: the start line and its fields ([`head`]), where the body ends ([`framing`],
//! with [`chunked`] underneath), the body without its transfer coding ([`payload`](mod@payload)), the body
//! without its content coding ([`coding`]), a range of it ([`range`]), and the value that one exchange leaves behind
//! ([`exchange`]). Standards: RFC 9110 (semantics) and RFC 9112 (HTTP/1.1 messages).

pub mod chunked;
pub mod coding;
pub mod exchange;
pub mod framing;
pub mod head;
mod inflate;
pub mod payload;
pub mod range;

pub use coding::{ContentCoding, Cut, Decoded, decode, decode_body};
pub use exchange::{
    AttestedSession, BodyFraming, DnsFacts, Exchange, Failure, FailureKind, ResponseShape, Stored,
    Timing, TlsFacts, Truncated,
};
pub use framing::{
    Ending, HeadLimits, Method, Progress, ResponseReader, STORED_HEAD_BYTES_MAX, Step, read_shape,
    shape_of,
};
pub use head::{Field, Head};
pub use payload::{Dechunked, copy_payload, payload, payload_of, slices, undone};
