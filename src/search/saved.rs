//! Saved searches, and the effect of a new version on them: whether it is the first with the
//! words, or has dropped them.

use crate::base::Timestamp;
use crate::history::VersionRow;
use crate::history::standing::may_hide;

use super::content::Content;
use super::query::{QueryError, SearchQuery, host_of};

/// How a version changed the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WordsChange {
    /// It has them, and the version before it did not.
    Carried,
    /// It no longer has them.
    Dropped,
}

impl WordsChange {
    /// The word for it in JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Carried => "carried",
            Self::Dropped => "dropped",
        }
    }
}

/// A version, and the content before it.
#[derive(Debug)]
pub struct NewVersion<'v> {
    /// The version.
    pub row: &'v VersionRow,
    /// Its content; `None` if it shows no article.
    pub now: Option<&'v Content>,
    /// The content of the last version before it that showed an article; `None` if there is none.
    pub before: Option<&'v Content>,
}

/// A saved search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedSearch {
    /// Its name.
    pub name: String,
    /// The query as written.
    pub text: String,
    /// The same, parsed when it was read: its relative days are those of that time.
    query: SearchQuery,
}

/// Why a saved search is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SavedError {
    /// No name, or none before the colon.
    #[error(
        "{0:?}: expected NAME: QUERY, where the name is letters of a to z, digits, \"-\", \"_\" or \".\""
    )]
    Name(String),
    /// A name occurs twice.
    #[error("the name {0:?} is given twice")]
    Twice(String),
    /// The query is invalid.
    #[error("{0}: {1}")]
    Query(String, QueryError),
}

impl SavedSearch {
    /// The searches in these lines, each `NAME: QUERY`.
    ///
    /// # Errors
    /// When one is invalid, or two have the same name.
    pub fn all(lines: &[String], now: Timestamp) -> Result<Vec<Self>, SavedError> {
        let mut all: Vec<Self> = Vec::new();
        for line in lines {
            let wrong = || SavedError::Name(line.clone());
            let (name, text) = line.split_once(':').ok_or_else(wrong)?;
            let (name, text) = (name.trim(), text.trim());
            let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if name.is_empty() || name.len() > 64 || !name.chars().all(is_allowed) {
                return Err(wrong());
            }
            if all.iter().any(|known| known.name == name) {
                return Err(SavedError::Twice(name.to_owned()));
            }
            let query = SearchQuery::parse(text, now);
            let query = query.map_err(|why| SavedError::Query(name.to_owned(), why))?;
            all.push(Self { name: name.to_owned(), text: text.to_owned(), query });
        }
        Ok(all)
    }

    /// The query resolved for a time: `date:today` depends on it.
    #[must_use]
    pub fn query_at(&self, now: Timestamp) -> Option<SearchQuery> {
        SearchQuery::parse(&self.text, now).ok()
    }

    /// Whether pages of a host, as urlkeys begin with it, may be found.
    #[must_use]
    pub fn may_be_of(&self, host: &str) -> bool {
        self.query.is_of_host(host)
    }
}

/// How a version changed the words of a query. Compounds are not considered: they depend on the
/// archive.
pub(super) fn change_of(query: &SearchQuery, new: &NewVersion<'_>) -> Option<WordsChange> {
    let row = new.row;
    if !query.is_of_host(host_of(&row.first.urlkey))
        || !query.is_of_time(row.first.date, row.first.date)
    {
        return None;
    }
    let has = |content: Option<&Content>| content.is_some_and(|content| content.satisfies(query));
    match (has(new.before), has(new.now)) {
        (false, true) => Some(WordsChange::Carried),
        (true, false) if !may_hide(row.presence) => Some(WordsChange::Dropped),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_name_and_a_query() {
        let now = Timestamp::from_unix_seconds(1_900_000_000);
        let all = |lines: &[&str]| {
            let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            SavedSearch::all(&lines, now)
        };
        let found = all(&["harbour: \"old port\" host:courier.example", "x.1:ferry"]).unwrap();
        assert_eq!((found[0].name.as_str(), found[1].text.as_str()), ("harbour", "ferry"));
        for (lines, says) in [
            (&["ferry"][..], "expected NAME: QUERY"),
            (&["a b: ferry"], "expected NAME: QUERY"),
            (&[": ferry"], "expected NAME: QUERY"),
            (&["a: ferry", "a: boat"], "\"a\" is given twice"),
            (&["a: \"ferry"], "a: expected a closing quotation mark"),
            (&["a:"], "a: the query \"\" has no word to search for"),
        ] {
            let error = all(lines).unwrap_err().to_string();
            assert!(error.contains(says), "{lines:?}: {error}");
        }
    }
}
