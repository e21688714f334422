//! Tombstones: statements about records whose bytes were removed by order.
//!
//! ```text
//! pressmark/tombstone/1
//! file pressmark-…warc.gz           where the record was
//! offset 4096
//! length 1234                       how many bytes of the file it had, and what is there has
//! leaf 99                           its leaf in the log
//! reason by order of …              on one line
//! removed 2025-11-05T00:00:00Z
//!
//! pressmark/leaf/1 record           the leaf's own text: what kind of record, about what, when, its digests
//! …
//!
//! — pressmark/3f2a… BASE64          signed by the key of the log
//! ```
//!
//! The leaf's text gives the hash that the log holds, so that everything except the bytes stays provable. The
//! statement `purged` in the log has SHA-256 of the whole note.

use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use super::EvidenceError;
use super::error::io as disk;
use super::files::write_whole;
use super::leaf::{ENTRY_LEN, RecordLeaf, entry_of, plain, sha256};
use super::note::{Note, VerifierKey};
use crate::base::Timestamp;
use crate::store::Layout;

const FIRST: &str = "pressmark/tombstone/1";
/// The longest reason that is kept, in bytes.
pub const REASON_BYTES_MAX: usize = 2_000;

/// The statement about a record that was removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tombstone {
    /// Its file.
    pub file: String,
    /// Where it was in it.
    pub offset: u64,
    /// How many bytes of the file it had.
    pub length: u64,
    /// The index of its leaf.
    pub leaf: u64,
    /// Why it was removed, on one line.
    pub reason: String,
    /// When.
    pub removed: Timestamp,
    /// The text of its leaf.
    pub record: String,
}

impl Tombstone {
    /// What is signed.
    #[must_use]
    pub fn text(&self) -> String {
        format!(
            "{FIRST}\nfile {}\noffset {}\nlength {}\nleaf {}\nreason {}\nremoved {}\n\n{}",
            plain(self.file.as_bytes()),
            self.offset,
            self.length,
            self.leaf,
            one_line(&self.reason),
            self.removed.to_warc_date(),
            self.record,
        )
    }

    /// Reads a text back; `None` where it is not exactly what [`Self::text`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (head, record) = text.split_once("\n\n")?;
        let mut lines = head.lines();
        if lines.next()? != FIRST {
            return None;
        }
        let mut value = |key: &str| lines.next()?.strip_prefix(key)?.strip_prefix(' ');
        let tombstone = Self {
            file: value("file")?.to_owned(),
            offset: value("offset")?.parse().ok()?,
            length: value("length")?.parse().ok()?,
            leaf: value("leaf")?.parse().ok()?,
            reason: value("reason")?.to_owned(),
            removed: value("removed").and_then(Timestamp::parse)?,
            record: record.to_owned(),
        };
        RecordLeaf::parse(record)?;
        (tombstone.text() == text).then_some(tombstone)
    }

    /// The entry that the log holds of the record.
    #[must_use]
    pub fn entry(&self) -> [u8; ENTRY_LEN] {
        entry_of(&self.record)
    }

    /// What the record's leaf says.
    #[must_use]
    pub fn says(&self) -> Option<RecordLeaf<'_>> {
        RecordLeaf::parse(&self.record)
    }

    /// The name of its file, without what tells several of one place apart.
    fn name(&self) -> String {
        // The name of a file may hold anything but a slash; its digest names the tombstone.
        let file = HEXLOWER.encode(&sha256(self.file.as_bytes())[..8]);
        format!("{file}-{}", self.offset)
    }
}

/// A reason as it is kept: printable, on one line, not too long.
#[must_use]
pub fn one_line(reason: &str) -> String {
    let mut line = String::new();
    for word in reason.split_whitespace() {
        if line.len() + word.len() >= REASON_BYTES_MAX {
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().filter(|c| !c.is_control()));
    }
    line
}

fn dir(layout: &Layout) -> PathBuf {
    layout.evidence_dir().join("tombstones")
}

/// A tombstone that is kept, and the note that it stands in.
#[derive(Debug, Clone)]
pub struct Kept {
    /// What it says.
    pub tombstone: Tombstone,
    /// With its signatures.
    pub note: Note,
}

impl Kept {
    /// SHA-256 of the whole note.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        sha256(self.note.render().as_bytes())
    }

    /// Whether one of these keys signed it.
    #[must_use]
    pub fn signed_by(&self, keys: &[VerifierKey]) -> bool {
        keys.iter().any(|key| self.note.signed_by(key))
    }
}

/// Keeps a signed tombstone. One that is kept already of the same place stays: the log states it, and a record that came
/// back with a backup is removed again.
///
/// # Errors
/// When it cannot be written.
pub fn keep(layout: &Layout, kept: &Kept) -> Result<(), EvidenceError> {
    let dir = dir(layout);
    std::fs::create_dir_all(&dir).map_err(disk("making", &dir))?;
    let (name, note) = (kept.tombstone.name(), kept.note.render());
    let mut path = dir.join(&name);
    for n in 2.. {
        match std::fs::read(&path) {
            Ok(there) if there == note.as_bytes() => return Ok(()),
            Ok(_) => path = dir.join(format!("{name}-{n}")),
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => break,
            Err(why) => return Err(disk("reading", &path)(why)),
        }
    }
    write_whole(&path, note.as_bytes()).map_err(disk("writing", &path))
}

/// The tombstones that are kept, by their places, the newest of a place first; those that cannot be read are left out, and
/// `verify` reports them.
///
/// # Errors
/// When they cannot be listed.
pub fn all(layout: &Layout) -> Result<Vec<Kept>, EvidenceError> {
    let dir = dir(layout);
    let entries = match std::fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(why) => return Err(disk("listing", &dir)(why)),
    };
    let mut kept = Vec::new();
    for entry in entries {
        let path = entry.map_err(disk("listing", &dir))?.path();
        kept.extend(read(&path));
    }
    kept.sort_by(|a, b| {
        let place = |one: &Kept| (one.tombstone.file.clone(), one.tombstone.offset);
        place(a).cmp(&place(b)).then(b.tombstone.removed.cmp(&a.tombstone.removed))
    });
    Ok(kept)
}

fn read(path: &Path) -> Option<Kept> {
    let note = Note::parse(&std::fs::read_to_string(path).ok()?)?;
    Some(Kept { tombstone: Tombstone::parse(&note.text)?, note })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::LogKey;

    #[test]
    fn a_tombstone_reads_back_and_gives_the_leaf_of_what_was_removed() {
        let record = "pressmark/leaf/1 record\nid <urn:uuid:1>\ntype response\nuri http://a.example/\ndate 2025-11-05T00:00:00Z\nblock sha256:00\npayload sha256:01\nheader sha256:02\n";
        let tombstone = Tombstone {
            file: "a.warc.gz".to_owned(),
            offset: 7,
            length: 9,
            leaf: 3,
            reason: one_line("by order of\n a court\u{1b}[31m  "),
            removed: Timestamp::from_unix_seconds(1_762_300_800),
            record: record.to_owned(),
        };
        assert_eq!(tombstone.reason, "by order of a court[31m");
        let text = tombstone.text();
        assert_eq!(Tombstone::parse(&text), Some(tombstone.clone()));
        assert_eq!(tombstone.entry(), entry_of(record));
        for wrong in [
            text.replace("offset 7", "offset 07"),
            format!("{text}x"),
            text.replace("type", "kind"),
        ] {
            assert_eq!(Tombstone::parse(&wrong), None);
        }
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        let key = LogKey::make(&dir.path().join("key")).unwrap();
        let mut note = Note { text, signatures: Vec::new() };
        key.sign_note("o", &mut note);
        let kept = Kept { tombstone, note };
        keep(&layout, &kept).unwrap();
        let read = all(&layout).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!((read[0].digest(), &read[0].tombstone), (kept.digest(), &kept.tombstone));
        assert!(
            read[0].signed_by(&[key.verifier("o")]) && !read[0].signed_by(&[key.verifier("p")])
        );
        // Removed again: both are kept, and each once.
        let removed = Timestamp::from_unix_seconds(1_762_387_200);
        let again = Tombstone { removed, ..kept.tombstone.clone() };
        let mut note = Note { text: again.text(), signatures: Vec::new() };
        key.sign_note("o", &mut note);
        let again = Kept { tombstone: again, note };
        for one in [&again, &kept, &again] {
            keep(&layout, one).unwrap();
        }
        let digests = |kept: &[Kept]| kept.iter().map(Kept::digest).collect::<Vec<_>>();
        assert_eq!(digests(&all(&layout).unwrap()), digests(&[again, kept]));
        assert!(one_line(&"word ".repeat(1_000)).len() <= REASON_BYTES_MAX);
    }
}
