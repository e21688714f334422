//! Settings of a run: default < file < environment < flag, each value with its source.
//!
//! No module below reads a setting; what it needs is passed to it as its own `Options`.

pub mod aws;
pub mod credentials;
pub mod example;
pub mod file;
mod header_field;
pub mod job_keys;
pub mod job_reference;
mod job_values;
pub mod jobs;
pub mod keys;
pub mod mask;
pub mod nearest;
pub mod options;
pub mod settings;
pub mod value;

pub use jobs::{job_files, load_jobs};
pub use options::machine_name;
pub use settings::{ConfigError, Problem, Settings, Source};
pub use value::{Kind, Value};
