//! TLS sessions that a relay attested: from the bytes on the wire to the message that the server sent.
//!
//! In reading order: what a relay signs ([`attestation`]), the records of TLS on the wire ([`records`]), handshake messages
//! ([`handshake`]), keys ([`schedule`]), certificates ([`chain`]), a session decrypted (`opened`), and the whole check
//! ([`mod@verify`]). What each step proves, what it rests on and what to attack is in `docs/relay.md`.
//!
//! Parsers are bounded and total: whatever bytes they get, they give a value or say what is wrong. No primitive is implemented
//! here: hashes, HMAC, HKDF and AEAD are those of `ring`, certificates those of `rustls-webpki`.

pub mod attestation;
pub mod chain;
pub mod handshake;
mod opened;
pub mod parts;
pub mod records;
pub mod schedule;
pub mod verify;

pub use attestation::{Attestation, Flow};
pub use chain::Roots;
pub use parts::{Kept, KeptPart};
pub use verify::{Claimed, Verified, verify};
