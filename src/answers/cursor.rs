//! What was already shown of the changes of an archive: named cursors, one file each.
//!
//! A cursor is more than a time. A capture becomes durable some time after its exchange began, so that a
//! version may appear whose time lies before the newest one that was shown. The cursor therefore goes back
//! [`OVERLAP`] and remembers which versions of that period were shown. A version that appears later than
//! that (an import of old WARC files) is not shown as new.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::AnswerError;
use super::search_events::SearchEvent;
use crate::base::{DigestAlgorithm, Timestamp};
use crate::history::changes::ArchiveChange;
use crate::store::{Layout, durable};

/// How far before the newest version that was shown another one may still appear.
pub const OVERLAP: Duration = Duration::from_secs(24 * 3_600);

/// At most this many versions are remembered; with more the overlap is shorter.
pub const VERSIONS_MAX: usize = 20_000;

/// The longest name of a cursor, in characters.
pub const NAME_LENGTH_MAX: usize = 64;

/// More of a cursor's file is not read.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Which changes were shown under one name.
#[derive(Debug, Clone)]
pub struct Cursor {
    path: PathBuf,
    state: State,
}

/// What the file of a cursor holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    /// The newest version that was shown, as `WARC-Date` writes it; none before the first use.
    newest: Option<String>,
    /// Versions before this count as shown.
    floor: Option<String>,
    /// The versions since `floor` that were shown: their key, and when they were captured.
    shown: BTreeMap<String, String>,
}

impl Cursor {
    /// The cursor of this name; one that was never used shows everything as new.
    ///
    /// # Errors
    /// When the name is invalid, or the file cannot be read.
    pub fn open(layout: &Layout, name: &str) -> Result<Self, AnswerError> {
        let path = layout.cursors_dir().join(file_name(name)?);
        let fail = |why| AnswerError::Io { doing: doing(name), why };
        let state = match fs::metadata(&path) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => State::default(),
            Err(why) => return Err(fail(why)),
            Ok(found) if found.len() > FILE_BYTES_MAX => {
                return Err(fail(io::Error::other("its file is not a cursor: it is too long")));
            }
            Ok(_) => {
                let text = fs::read(&path).map_err(fail)?;
                serde_json::from_slice(&text).map_err(|why| fail(why.into()))?
            }
        };
        Ok(Self { path, state })
    }

    /// The time from which changes have to be requested; none for a cursor that was never used.
    #[must_use]
    pub fn since(&self) -> Option<Timestamp> {
        self.state.floor.as_deref().and_then(Timestamp::parse)
    }

    /// The newest version that was shown.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        self.state.newest.as_deref().and_then(Timestamp::parse)
    }

    /// Whether a change was not shown yet.
    #[must_use]
    pub fn is_new(&self, change: &ArchiveChange) -> bool {
        self.is_new_key(Timestamp::parse(&change.date), &key(&change.date, &change.url))
    }

    /// Whether it was not shown yet that words came or went.
    #[must_use]
    pub fn is_new_event(&self, event: &SearchEvent) -> bool {
        self.is_new_key(Some(event.at), &event_key(event))
    }

    fn is_new_key(&self, at: Option<Timestamp>, key: &str) -> bool {
        let is_before = self.since().is_some_and(|floor| at.is_some_and(|at| at < floor));
        !is_before && !self.state.shown.contains_key(key)
    }

    /// Notes that a change was shown.
    pub fn show(&mut self, change: &ArchiveChange) {
        if let Some(at) = Timestamp::parse(&change.date) {
            self.show_key(at, key(&change.date, &change.url));
        }
    }

    /// Notes that an event was shown.
    pub fn show_event(&mut self, event: &SearchEvent) {
        self.show_key(event.at, event_key(event));
    }

    fn show_key(&mut self, at: Timestamp, key: String) {
        if self.newest().is_none_or(|newest| newest < at) {
            self.state.newest = Some(at.to_warc_date());
        }
        self.state.shown.insert(key, at.to_warc_date());
        if self.state.shown.len() > 2 * VERSIONS_MAX {
            self.forget();
        }
    }

    /// Removes what lies before the overlap, and the oldest entries beyond the limit.
    fn forget(&mut self) {
        let Some(newest) = self.newest() else { return };
        let mut floor = self.since().unwrap_or(TIME_MIN).max(newest.minus(OVERLAP));
        let mut times: Vec<Timestamp> =
            self.state.shown.values().filter_map(|at| Timestamp::parse(at)).collect();
        if times.len() > VERSIONS_MAX {
            times.sort_unstable();
            let oldest = times[times.len() - VERSIONS_MAX];
            floor = floor.max(oldest);
        }
        self.state.shown.retain(|_, at| Timestamp::parse(at).is_some_and(|at| at >= floor));
        self.state.floor = Some(floor.to_warc_date());
    }

    /// Writes it; when this returns it survives a loss of power.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(mut self) -> Result<(), AnswerError> {
        self.forget();
        let name = self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let fail = |why| AnswerError::Io { doing: doing(&name), why };
        if let Some(dir) = self.path.parent() {
            durable::make_dirs(dir).map_err(fail)?;
        }
        let text = serde_json::to_vec(&self.state).map_err(|why| fail(why.into()))?;
        durable::make_whole(&self.path, fail, |mut file| file.write_all(&text).map_err(fail))
    }
}

const TIME_MIN: Timestamp = Timestamp::from_unix_micros(i64::MIN);

fn doing(name: &str) -> String {
    format!("reading the cursor {name}")
}

fn event_key(event: &SearchEvent) -> String {
    key(&event.at.to_warc_date(), &format!("{} {}", event.change.label(), event.url))
}

/// What distinguishes a version from all others: its page and its time.
fn key(date: &str, url: &str) -> String {
    let digest = DigestAlgorithm::Sha256.digest(format!("{date} {url}").as_bytes());
    let first = digest.as_bytes().iter().take(12);
    first.map(|byte| format!("{byte:02x}")).collect()
}

/// The name of a cursor's file: every allowed name is valid on every file system.
fn file_name(name: &str) -> Result<String, AnswerError> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_name = !name.is_empty()
        && name.len() <= NAME_LENGTH_MAX
        && !name.starts_with('.')
        && name.chars().all(is_allowed);
    if is_name {
        return Ok(format!("{name}.json"));
    }
    Err(AnswerError::Request(format!(
        "{name:?} is not a valid cursor name: expected 1 to {NAME_LENGTH_MAX} letters of a to z, digits, \
         \"-\", \"_\" or \".\", and no \".\" at the start"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::archive_change;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(1_900_000_000 + seconds)
    }

    fn change(url: &str, seconds: i64) -> ArchiveChange {
        archive_change(url, at(seconds))
    }

    #[test]
    fn what_was_shown_is_shown_once_and_what_came_late_is_shown_still() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        let mut cursor = Cursor::open(&layout, "me").unwrap();
        assert_eq!(cursor.since(), None);
        for one in [change("a", 100_000), change("b", 200_000)] {
            assert!(cursor.is_new(&one));
            cursor.show(&one);
        }
        cursor.save().unwrap();

        let cursor = Cursor::open(&layout, "me").unwrap();
        assert_eq!(cursor.newest(), Some(at(200_000)));
        assert_eq!(cursor.since(), Some(at(200_000 - 86_400)));
        for (what, expected) in [
            (change("b", 200_000), false),
            // Before the overlap: shown, whether it is remembered or not.
            (change("a", 100_000), false),
            (change("late", 199_000), true),
            (change("b", 199_999), true),
            (change("b", 200_001), true),
        ] {
            assert_eq!(cursor.is_new(&what), expected, "{} {}", what.url, what.date);
        }
        // Another name knows nothing of it.
        assert!(Cursor::open(&layout, "you").unwrap().is_new(&change("b", 200_000)));
    }

    #[test]
    fn a_cursor_does_not_grow_without_end() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        let mut cursor = Cursor::open(&layout, "me").unwrap();
        let count = i64::try_from(VERSIONS_MAX).unwrap() + 500;
        for number in 0..count {
            cursor.show(&change("a", number));
        }
        cursor.save().unwrap();
        let cursor = Cursor::open(&layout, "me").unwrap();
        assert!(cursor.state.shown.len() <= VERSIONS_MAX);
        assert!(!cursor.is_new(&change("a", 3)) && !cursor.is_new(&change("a", count - 1)));
        assert!(cursor.is_new(&change("a", count)));
    }

    #[test]
    fn names_lead_nowhere_else() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        for name in ["", ".", "..", "../x", "a/b", ".hidden", "a\0b", "ü", "a b", &"x".repeat(65)]
        {
            assert!(Cursor::open(&layout, name).is_err(), "{name:?}");
        }
        for name in ["me", "a.b-c_1", &"x".repeat(64)] {
            assert!(Cursor::open(&layout, name).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn a_file_that_is_no_cursor_is_an_error_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        fs::create_dir_all(layout.cursors_dir()).unwrap();
        let path = layout.cursors_dir().join("me.json");
        fs::write(&path, "nothing").unwrap();
        let error = Cursor::open(&layout, "me").unwrap_err().to_string();
        assert!(error.contains("reading the cursor me"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "nothing");
    }
}
