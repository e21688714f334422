//! Why a question has no answer.

use super::refused::WordsMissing;
use super::removed::Removed;
use crate::archive::ArchiveError;
use crate::base::Timestamp;
use crate::evidence::EvidenceError;
use crate::store::StoreError;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The page was never captured.
    #[error("no capture of {0}")]
    NoCapture(String),
    /// There is nothing to compare a page with.
    #[error("{url} has one version, seen in {captures} capture{}; there is nothing to compare it with", if *captures == 1 { "" } else { "s" })]
    OneVersion {
        /// The page.
        url: String,
        /// How many captures the version has.
        captures: u64,
    },
    /// The exchange failed then.
    #[error("citing {url}: at {} the exchange failed, so there is nothing to cite", at.to_rfc3339())]
    NothingToCite {
        /// The page.
        url: String,
        /// When.
        at: Timestamp,
    },
    /// Words that were to be quoted do not stand in the capture.
    #[error("quoting {}: the words are not in its capture of {}", .0.url, .0.at.to_rfc3339())]
    WordsMissing(Box<WordsMissing>),
    /// There was no article to read.
    #[error("there was no article at {url} on {at}")]
    NoArticle {
        /// The page.
        url: String,
        /// The time that was asked for.
        at: Timestamp,
    },
    /// The question cannot be answered by any archive.
    #[error("{0}")]
    Request(String),
    /// A revisit whose payload another archive has.
    #[error("{doing}: the record that holds the payload is not in this archive")]
    PayloadElsewhere {
        /// What was being done.
        doing: String,
    },
    /// What was asked for was removed by order.
    #[error("{doing}: {}", .removed.text(.url))]
    Removed {
        /// What was being done.
        doing: String,
        /// The page.
        url: String,
        /// When and why.
        removed: Box<Removed>,
    },
    /// The bytes of a record cannot be read.
    #[error("{doing}: {why}")]
    Io {
        /// What was being done.
        doing: String,
        /// What went wrong.
        #[source]
        why: std::io::Error,
    },
    /// The evidence log cannot be read.
    #[error("{doing}: {why}")]
    Evidence {
        /// What was being done.
        doing: String,
        /// What went wrong.
        #[source]
        why: EvidenceError,
    },
    /// The archive cannot be read.
    #[error("{doing}: {why}")]
    Store {
        /// What was being done.
        doing: String,
        /// What went wrong.
        #[source]
        why: StoreError,
    },
}

impl AnswerError {
    /// An error of the index, met while `doing` something.
    pub(super) fn index(doing: &str, why: &ArchiveError) -> Self {
        let why = StoreError::of_index("asking", why.clone());
        Self::Store { doing: doing.to_owned(), why }
    }

    /// What was asked for, at `url`, was removed by order.
    pub(super) fn removed(doing: &str, url: &str, removed: Removed) -> Self {
        let (doing, url, removed) = (doing.to_owned(), url.to_owned(), Box::new(removed));
        Self::Removed { doing, url, removed }
    }

    /// Whether a retry may succeed soon: the store of the archive is busy or unreachable.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Store { why, .. } => why.passes(),
            Self::Evidence { why: EvidenceError::Store(why), .. } => why.passes(),
            _ => false,
        }
    }

    /// An error of the archive, met while `doing` something.
    pub(super) fn store(doing: &str) -> impl Fn(StoreError) -> Self + use<> {
        let doing = doing.to_owned();
        move |why| Self::Store { doing: doing.clone(), why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::ArchiveErrorKind;

    #[test]
    fn a_server_that_is_away_is_waited_for_and_a_damaged_index_is_rebuilt() {
        for (kind, passes, advice) in [
            (ArchiveErrorKind::Away, true, "store.captures"),
            (ArchiveErrorKind::Beside { is_away: true }, true, "store.zipnum"),
            (ArchiveErrorKind::Beside { is_away: false }, false, "store.zipnum"),
            (ArchiveErrorKind::Busy, true, "wait"),
            (ArchiveErrorKind::Damaged, false, "reindex"),
        ] {
            let error = AnswerError::index("asking", &ArchiveError::new(kind, "why"));
            assert_eq!(error.passes(), passes, "{error}");
            let AnswerError::Store { why, .. } = error else { panic!("another kind of error") };
            assert!(why.hint().is_some_and(|hint| hint.contains(advice)), "{why}");
            let evidence = EvidenceError::Store(why);
            assert!(evidence.hint().is_some_and(|hint| hint.contains(advice)), "{evidence}");
            let error = AnswerError::Evidence { doing: "proving".to_owned(), why: evidence };
            assert_eq!(error.passes(), passes);
        }
    }
}
