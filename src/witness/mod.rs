//! A witness of transparency logs (c2sp.org/tlog-witness): it cosigns checkpoints of logs that it knows, and never two
//! that do not belong to one history.
//!
//! In reading order: what is asked and answered ([`answer`]), what was cosigned and how that is kept ([`state`]), how often
//! a client may ask ([`rate`]), the listener ([`http`]).
//!
//! What is cosigned is on the disk before it is answered. A process that is killed between the two has signed more than it
//! answered, and never less. One process has the state of a witness at a time.

pub mod answer;
pub mod http;
pub mod rate;
pub mod state;

pub use answer::Answer;
pub use http::serve;
pub use state::{Witness, WitnessError, WitnessOptions};
