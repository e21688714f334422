//! The anonymous signature of a WACZ package (WACZ Signing and Verification 0.1.0) and its key.
//!
//! As ReplayWeb.page checks them, keys are of the curve P-384 and signatures are ECDSA over SHA-256, the
//! two numbers one after the other (IEEE P1363). The package itself is made by [`crate::wacz`].

mod kept;
mod signing;

pub use kept::{key_at, key_path};
pub use signing::{P384Key, is_signature};

use crate::wacz::WaczError;
