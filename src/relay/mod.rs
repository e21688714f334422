//! A relay that attests TLS sessions of other archives (docs/relay.md): it connects them to servers by CONNECT, sees ciphertext
//! alone, and signs which bytes went by, between when and when, and to which address.
//!
//! In reading order: what a request asks for ([`request`]), where it may lead ([`target`]), the bytes on their way
//! ([`tunnel`]), what was signed and is waiting to be fetched ([`sessions`]), the listener ([`listen`]).
//!
//! It resolves the name itself and takes no address: a client that chose the address could pose as the server. It knows no
//! archive and no page, and never asks for a secret.

pub mod listen;
pub mod request;
pub mod sessions;
pub mod target;
pub mod tunnel;

pub use listen::{Relay, RelayError, RelayOptions, serve};
