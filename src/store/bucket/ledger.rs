//! What is known of each file in the object storage: a line of JSON for each change; the last line of a file counts.
//!
//! It may be deleted: it is made again from the objects themselves. A line is on the disk before what it says is
//! relied on. One process writes, any number read, and see what was added by the length of the file. A last line
//! without its end was never relied on. It says of which storage it speaks, since the settings may name another one.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::store::durable;

/// How far a file has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is here alone, and what was tried last failed.
    Local,
    /// Parts of it may have been sent.
    Uploading,
    /// The object is there, and was not read back.
    Uploaded,
    /// The object was read back and has the digest of the file.
    Verified,
}

/// What is known of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The file below the root: `warc/NAME` or `imported/NAME`. Empty for what is wrong with the storage as a whole.
    pub file: String,
    /// How far it has come.
    pub state: State,
    /// Its length.
    #[serde(default)]
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal; `None` where an object says none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The object's entity tag.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub etag: String,
    /// The upload whose parts may have been sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<String>,
    /// When this was written, as a `WARC-Date`.
    #[serde(default)]
    pub at: String,
    /// What went wrong last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// In a line without a file: the storage that the ledger is about. Its state is [`State::Verified`] once the
    /// storage names this archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

impl Entry {
    /// The line that says of which storage the ledger is, and whether that names this archive.
    #[must_use]
    pub fn of_place(place: &str, is_claimed: bool, at: String) -> Self {
        let state = if is_claimed { State::Verified } else { State::Local };
        Self {
            file: String::new(),
            state,
            bytes: 0,
            sha256: None,
            etag: String::new(),
            upload: None,
            at,
            why: None,
            place: Some(place.to_owned()),
        }
    }

    /// Whether the object of the file is there.
    #[must_use]
    pub fn is_there(&self) -> bool {
        matches!(self.state, State::Uploaded | State::Verified)
    }
}

/// With more lines than twice the files plus this number the ledger is rewritten.
const LINES_SPARE: usize = 1_000;

#[derive(Debug, Default)]
struct Known {
    entries: BTreeMap<String, Entry>,
    /// What is wrong with the storage as a whole.
    trouble: Option<Entry>,
    /// Which storage it is about.
    place: Option<Entry>,
    lines: usize,
    /// Which file was read, and how far.
    inode: u64,
    read_to: u64,
}

impl Known {
    /// One line for each thing that is known.
    fn lines(&self) -> impl Iterator<Item = &Entry> {
        self.place.iter().chain(self.entries.values()).chain(&self.trouble)
    }
}

/// The lines, as they are now.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    known: Mutex<Known>,
}

impl Ledger {
    /// The ledger at `path`, whether or not there is one.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path, known: Mutex::default() }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is one.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.path.is_file()
    }

    /// What is known of a file.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn get(&self, file: &str) -> io::Result<Option<Entry>> {
        self.with(|known| known.entries.get(file).cloned())
    }

    /// What is known of all files.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn all(&self) -> io::Result<Vec<Entry>> {
        self.with(|known| known.entries.values().cloned().collect())
    }

    /// The files whose objects are there.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn there(&self) -> io::Result<Vec<String>> {
        self.with(|known| {
            known.entries.values().filter(|e| e.is_there()).map(|e| e.file.clone()).collect()
        })
    }

    /// What is wrong with the storage as a whole.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn trouble(&self) -> io::Result<Option<String>> {
        self.with(|known| known.trouble.as_ref().and_then(|entry| entry.why.clone()))
    }

    /// Which storage it is about, and whether that names this archive; `None` where an earlier program made it.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn place(&self) -> io::Result<Option<(String, bool)>> {
        self.with(|known| {
            let line = known.place.as_ref()?;
            Some((line.place.clone()?, line.state == State::Verified))
        })
    }

    /// Adds a line, which is on the disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&self, entry: &Entry) -> io::Result<()> {
        self.put_all(std::slice::from_ref(entry))
    }

    /// Adds lines, as [`Self::put`].
    ///
    /// # Errors
    /// When they cannot be written; some may be there then.
    pub fn put_all(&self, entries: &[Entry]) -> io::Result<()> {
        let is_new = !self.exists();
        if let (true, Some(dir)) = (is_new, self.path.parent()) {
            durable::make_dirs(dir)?;
        }
        let mut file = OpenOptions::new().create(true).append(true).read(true).open(&self.path)?;
        let mut text = String::new();
        if ends_midline(&mut file)? {
            text.push('\n');
        }
        for entry in entries {
            text.push_str(&serde_json::to_string(entry)?);
            text.push('\n');
        }
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        if let (true, Some(dir)) = (is_new, self.path.parent()) {
            durable::sync_dir(dir)?;
        }
        Ok(())
    }

    /// Rewrites it with one line for each file, where it has grown beyond that.
    ///
    /// # Errors
    /// When it cannot be written; the old one stays then.
    pub fn tidy(&self) -> io::Result<()> {
        let lines = self.with(|known| {
            let is_long = known.lines > known.entries.len() * 2 + LINES_SPARE;
            is_long.then(|| known.lines().cloned().collect::<Vec<_>>())
        })?;
        lines.map_or(Ok(()), |entries| self.replace(&entries))
    }

    /// Replaces it by these lines, in one step.
    ///
    /// # Errors
    /// When it cannot be written; the old one stays then.
    pub fn replace(&self, entries: &[Entry]) -> io::Result<()> {
        if let (false, Some(dir)) = (self.exists(), self.path.parent()) {
            durable::make_dirs(dir)?;
        }
        let mut text = String::new();
        for entry in entries {
            text.push_str(&serde_json::to_string(entry)?);
            text.push('\n');
        }
        durable::make_whole(&self.path, |why| why, |mut file| file.write_all(text.as_bytes()))
    }

    /// What is known, after what was added since.
    fn with<T>(&self, ask: impl FnOnce(&Known) -> T) -> io::Result<T> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let about = match fs::metadata(&self.path) {
            Ok(about) => about,
            Err(why) if why.kind() == io::ErrorKind::NotFound => {
                *known = Known::default();
                return Ok(ask(&known));
            }
            Err(why) => {
                return Err(io::Error::new(why.kind(), format!("{}: {why}", self.path.display())));
            }
        };
        if about.ino() == known.inode && about.len() == known.read_to {
            return Ok(ask(&known));
        }
        let mut file = File::open(&self.path)?;
        let about = file.metadata()?;
        if about.ino() != known.inode || about.len() < known.read_to {
            *known = Known { inode: about.ino(), ..Known::default() };
        }
        if about.len() > known.read_to {
            file.seek(SeekFrom::Start(known.read_to))?;
            let mut text = Vec::new();
            file.read_to_end(&mut text)?;
            let whole = text.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
            for line in text[..whole].split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
                known.lines += 1;
                // A line that cannot be read was cut by a loss of power, or is of a newer program.
                let Ok(entry) = serde_json::from_slice::<Entry>(line) else { continue };
                if entry.place.is_some() {
                    known.place = Some(entry);
                } else if entry.file.is_empty() {
                    known.trouble = Some(entry).filter(|entry| entry.why.is_some());
                } else if is_place(&entry.file) {
                    known.entries.insert(entry.file.clone(), entry);
                }
            }
            known.read_to += whole as u64;
        }
        Ok(ask(&known))
    }
}

/// Whether this names a file of WARC records below the root, in one of its two folders: it is used as a path.
pub(in crate::store) fn is_place(file: &str) -> bool {
    let name = file.strip_prefix("warc/").or_else(|| file.strip_prefix("imported/"));
    name.is_some_and(|name| {
        let is_plain = !name.contains(['/', '\\', '\0']) && !name.starts_with('.');
        is_plain && (name.contains(".warc") || name.contains(".arc")) && !name.ends_with(".open")
    })
}

fn ends_midline(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last[0] != b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(file: &str, state: State) -> Entry {
        Entry {
            file: file.to_owned(),
            state,
            bytes: 3,
            sha256: Some("ab".to_owned()),
            etag: "e".to_owned(),
            upload: None,
            at: String::new(),
            why: None,
            place: None,
        }
    }

    #[test]
    fn the_last_line_of_a_file_counts_and_others_see_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("remote/files");
        let (writer, reader) = (Ledger::at(path.clone()), Ledger::at(path.clone()));
        assert_eq!(reader.get("warc/a.warc.gz").unwrap(), None);
        writer.put(&entry("warc/a.warc.gz", State::Uploaded)).unwrap();
        assert_eq!(reader.there().unwrap(), ["warc/a.warc.gz"]);
        writer.put(&entry("warc/a.warc.gz", State::Local)).unwrap();
        assert!(reader.there().unwrap().is_empty());
        // A path that leads elsewhere is not a place.
        for file in ["warc/../a.warc", "etc/a.warc", "warc/a.warc.open", "warc/a.txt", "a.warc"] {
            writer.put(&entry(file, State::Verified)).unwrap();
        }
        assert_eq!(reader.all().unwrap().len(), 1);
        std::fs::remove_file(&path).unwrap();
        assert!(reader.all().unwrap().is_empty());
    }

    #[test]
    fn a_line_that_was_cut_takes_nothing_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("files");
        let ledger = Ledger::at(path.clone());
        ledger.put(&entry("warc/a.warc", State::Verified)).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let mut cut = whole.clone();
        cut.extend_from_slice(br#"{"file":"warc/b.wa"#);
        std::fs::write(&path, &cut).unwrap();
        assert_eq!(Ledger::at(path.clone()).there().unwrap(), ["warc/a.warc"]);
        let ledger = Ledger::at(path.clone());
        ledger.put(&entry("warc/c.warc", State::Uploaded)).unwrap();
        assert_eq!(ledger.there().unwrap(), ["warc/a.warc", "warc/c.warc"]);
    }

    #[test]
    fn a_ledger_that_has_grown_is_rewritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("files");
        let (writer, reader) = (Ledger::at(path.clone()), Ledger::at(path.clone()));
        let many = vec![entry("warc/a.warc", State::Local); LINES_SPARE + 10];
        writer.put_all(&many).unwrap();
        writer.put(&entry("warc/a.warc", State::Verified)).unwrap();
        let trouble = Entry { why: Some("away".to_owned()), ..entry("", State::Local) };
        writer.put(&trouble).unwrap();
        assert_eq!(reader.there().unwrap().len(), 1);
        writer.tidy().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2);
        assert_eq!(reader.there().unwrap().len(), 1);
        assert_eq!(reader.trouble().unwrap().as_deref(), Some("away"));
        writer.put(&Entry { why: None, ..trouble }).unwrap();
        assert_eq!(reader.trouble().unwrap(), None);
        // The place is kept.
        assert_eq!(reader.place().unwrap(), None);
        writer.put(&Entry::of_place("s3://a/b", false, String::new())).unwrap();
        assert_eq!(reader.place().unwrap(), Some(("s3://a/b".to_owned(), false)));
        writer.put(&Entry::of_place("s3://a/b", true, String::new())).unwrap();
        writer.put_all(&many).unwrap();
        writer.tidy().unwrap();
        assert_eq!(reader.place().unwrap(), Some(("s3://a/b".to_owned(), true)));
        assert_eq!(reader.all().unwrap().len(), 1);
    }
}
