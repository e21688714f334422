//! Archives that captured the same: what another archive has of a URL, proved by its log, beside what this one has.
//!
//! In reading order: who is known and what was agreed with them ([`agreement`]); what is asked and answered, and how both are
//! signed ([`message`]); the side that answers ([`answering`]); what a proof holds ([`proved`]); what two captures are to
//! each other ([`verdict`]); a comparison with one peer ([`asking`]) and its forms ([`comparison`]); both proofs in one file
//! ([`pair`]).
//!
//! Nothing that a peer says is used before its proof was checked against the log key that the operator entered, and nothing
//! is asked of a peer or disclosed to one beyond the addresses and times that were agreed on: that is decided before the
//! archive is read, so that neither the answer nor the time it takes depends on what else is held.

pub mod agreement;
pub mod answering;
pub mod asking;
pub mod comparison;
pub mod message;
pub mod pair;
pub mod proved;
pub mod verdict;

pub use agreement::{Peer, PeerError, Peers};
pub use answering::{Answering, Reply};
pub use asking::{Ask, Asking};
pub use comparison::{Comparison, Outcome};
pub use verdict::{Variant, Verdict};
