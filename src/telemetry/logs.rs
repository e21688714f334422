//! Where log lines go and what they look like.

use tracing_subscriber::filter::LevelFilter;

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Text,
    /// One JSON object each.
    Json,
}

/// Sends log lines of `level` and graver to stderr from now on. The first call in a process
/// counts; later ones change nothing.
pub fn start(level: &str, form: Form) {
    let level: LevelFilter = level.parse().unwrap_or(LevelFilter::INFO);
    let lines = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false);
    // Someone who set up logging before us goes first.
    let _ = match form {
        Form::Text => lines.try_init(),
        Form::Json => lines.json().flatten_event(true).try_init(),
    };
}
