//! What went wrong with a request, and what can be done: ask again, wait, or give up.

use std::error::Error;
use std::io;
use std::time::Duration;

use crate::archive::{ArchiveError, ArchiveErrorKind};

/// Why a request failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The connection or the server.
    Postgres(tokio_postgres::Error),
    /// No answer in time.
    TimedOut(Duration),
    /// No answer to this, and none to the question whether it is there.
    Silent,
    /// An answer that no migration of Pressmark can have made.
    Row(String),
    /// The tables are those of a newer program.
    Newer { found: u64, known: u64 },
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The server is not available, or not yet: wait, and connect again.
    Away,
    /// Two transactions conflicted: ask again.
    Clash,
    /// The request will not succeed.
    Refused(ArchiveErrorKind),
}

impl Failure {
    pub(super) fn verdict(&self) -> Verdict {
        match self {
            Self::Postgres(error) => verdict_of(error),
            Self::TimedOut(_) | Self::Silent => Verdict::Away,
            Self::Row(_) => Verdict::Refused(ArchiveErrorKind::Damaged),
            Self::Newer { found, known } => {
                Verdict::Refused(ArchiveErrorKind::Newer { found: *found, known: *known })
            }
        }
    }

    /// Whether there was no answer at all, so that the next request would also wait in vain.
    pub(super) fn is_silence(&self) -> bool {
        match self {
            Self::Silent => true,
            // The time to connect was over, ours or the system's.
            Self::Postgres(error) => {
                let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
                cause.is_some_and(|cause| cause.kind() == io::ErrorKind::TimedOut)
            }
            _ => false,
        }
    }

    /// Why, as text. A server's message names tables and users and never a password.
    pub(super) fn why(&self) -> String {
        match self {
            Self::Postgres(error) => match error.as_db_error() {
                Some(said) => match said.detail() {
                    Some(detail) => format!("{} ({detail})", said.message()),
                    None => said.message().to_owned(),
                },
                None => match error.source() {
                    Some(cause) => format!("{error}: {cause}"),
                    None => error.to_string(),
                },
            },
            Self::TimedOut(after) => format!("no answer within {} s", after.as_secs()),
            Self::Silent => {
                "it neither accepts nor refuses the connection: packets to it or from it are lost"
                    .to_owned()
            }
            Self::Row(why) => why.clone(),
            Self::Newer { found, known } => {
                format!("its tables have version {found}, and this program knows up to {known}")
            }
        }
    }
}

fn verdict_of(error: &tokio_postgres::Error) -> Verdict {
    let Some(said) = error.as_db_error() else {
        let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
        return match cause {
            // A certificate that does not hold, or no TLS at all where it was asked for.
            Some(cause) if cause.kind() == io::ErrorKind::InvalidData => {
                Verdict::Refused(ArchiveErrorKind::System)
            }
            Some(_) => Verdict::Away,
            None if error.is_closed() => Verdict::Away,
            // The time to connect was over.
            None if error.source().is_none() => Verdict::Away,
            None => Verdict::Refused(ArchiveErrorKind::System),
        };
    };
    // Appendix A of PostgreSQL's manual.
    let code = said.code().code();
    match code {
        // Shut down, crashed, starting up; a transaction that waited for us for too long, a statement that
        // took too long.
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "57014" => Verdict::Away,
        // A transaction that a standby or a lock ended.
        "40001" | "40P01" | "55P03" => Verdict::Clash,
        "42501" | "25006" => Verdict::Refused(ArchiveErrorKind::ReadOnly),
        // Connection problems, and no space: disk, memory, connections.
        _ if code.starts_with("08") || code.starts_with("53") => Verdict::Away,
        _ => Verdict::Refused(ArchiveErrorKind::System),
    }
}

/// The error of a request that was given up. `database` is the address without secrets.
pub(super) fn given_up(
    database: &str,
    doing: &str,
    failure: &Failure,
    tried_for: Duration,
) -> ArchiveError {
    let why = failure.why();
    match failure.verdict() {
        Verdict::Away => ArchiveError::new(
            ArchiveErrorKind::Away,
            format!(
                "the database {database} does not answer ({doing}, tried for {} s: {why}); start it or restore the connection to it: the WARC files have everything, and it catches up when it is back",
                tried_for.as_secs()
            ),
        ),
        Verdict::Clash => ArchiveError::new(
            ArchiveErrorKind::Busy,
            format!("the database {database} was busy: {doing}: {why}; try again"),
        ),
        Verdict::Refused(kind) => {
            let advice = match kind {
                ArchiveErrorKind::ReadOnly => {
                    "; its user needs the rights that `pressmark config check` lists"
                }
                _ => "",
            };
            ArchiveError::new(kind, format!("the database {database}: {doing}: {why}{advice}"))
        }
    }
}
