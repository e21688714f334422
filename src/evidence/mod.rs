//! Proof that a capture is what it was: packages that others can check ([`wacz`]).

pub mod wacz;
