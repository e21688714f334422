//! Exit codes, one table, and the error that carries one.

use std::fmt;
use std::process::ExitCode;

use crate::app::{AppError, Kind};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// The work failed.
    Failed,
    /// Wrong usage or configuration.
    Usage,
    /// No such capture.
    NothingFound,
    /// Done, with findings.
    Findings,
    /// Stopped by a signal, in order.
    Stopped,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::NothingFound => 3,
            Exit::Findings => 4,
            Exit::Stopped => 130,
        })
    }
}

/// An error for a person: what could not be done and why, what to try, and the exit code.
#[derive(Debug)]
pub struct CliError {
    /// How the program ends.
    pub exit: Exit,
    /// `what could not be done: why`.
    pub message: String,
    /// What to try.
    pub hint: Option<String>,
    /// Whether the reader of our output went away, which is no failure.
    pub broken_pipe: bool,
    /// Whether the disk is full: a run without an end waits for room.
    pub out_of_disk: bool,
}

impl CliError {
    /// The work failed.
    #[must_use]
    pub fn failed(what: &str, why: impl fmt::Display) -> Self {
        AppError::failed(what, why).into()
    }

    /// Wrong usage or configuration.
    #[must_use]
    pub fn usage(message: impl fmt::Display) -> Self {
        AppError::usage(message).into()
    }

    /// Nothing was found.
    #[must_use]
    pub fn nothing(message: impl fmt::Display) -> Self {
        AppError::nothing(message).into()
    }

    /// An error that says itself what could not be done.
    #[must_use]
    pub fn of(exit: Exit, error: impl fmt::Display) -> Self {
        let message = error.to_string();
        Self { exit, message, hint: None, broken_pipe: false, out_of_disk: false }
    }

    /// The same with something to try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<AppError> for CliError {
    fn from(error: AppError) -> Self {
        let exit = match error.kind {
            Kind::Failed => Exit::Failed,
            Kind::Usage => Exit::Usage,
            Kind::NothingFound => Exit::NothingFound,
        };
        Self {
            exit,
            message: error.message,
            hint: error.hint,
            broken_pipe: false,
            out_of_disk: error.out_of_disk,
        }
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A further line is indented, so that no name with a line end in it reads as a hint.
        write!(f, "pressmark: {}", self.message.replace('\n', "\n  "))?;
        if let Some(hint) = &self.hint {
            write!(f, "\n\nhint: {}", hint.replace('\n', "\n  "))?;
        }
        Ok(())
    }
}

impl From<std::io::Error> for CliError {
    /// Of writing to stdout, which is the only I/O whose errors come here bare.
    fn from(error: std::io::Error) -> Self {
        let broken_pipe = error.kind() == std::io::ErrorKind::BrokenPipe;
        Self { broken_pipe, ..Self::failed("writing the output", error) }
    }
}
