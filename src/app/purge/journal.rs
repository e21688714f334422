//! What a purge has begun to remove, without a byte of it: `evidence/purge.json`.

use std::io::Write;

use serde::{Deserialize, Serialize};

use super::super::error::AppError;
use crate::evidence::note::Note;
use crate::evidence::tombstone::Tombstone;
use crate::store::Layout;
use crate::store::durable::make_whole;
use crate::warc::{Fields, Framing, fitted, warc_fields};

/// What a purge removes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Journal {
    pub removals: Vec<Removal>,
}

/// A record, and its replacement.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Removal {
    /// The signed tombstone.
    note: String,
    /// The fields of the replacement record, as they are written.
    fields: String,
    /// The beginning of its block.
    text: String,
    /// `plain`, `gzip` or `zstd`.
    framing: String,
    #[serde(skip)]
    pub tombstone: Tombstone,
}

const FRAMINGS: [(&str, Framing); 3] =
    [("plain", Framing::Plain), ("gzip", Framing::Gzip), ("zstd", Framing::Zstd)];

fn failed(why: &str) -> AppError {
    AppError::failed("reading the journal of a purge", why)
}

impl Removal {
    /// A record that is to be removed.
    pub fn new(
        tombstone: Tombstone,
        note: &Note,
        fields: &Fields,
        text: &str,
        framing: Framing,
    ) -> Self {
        let named = FRAMINGS.iter().find(|(_, known)| *known == framing);
        Self {
            note: note.render(),
            fields: String::from_utf8_lossy(fields.as_bytes()).into_owned(),
            text: text.to_owned(),
            framing: named.map_or("", |(name, _)| *name).to_owned(),
            tombstone,
        }
    }

    /// The signed tombstone.
    pub fn note(&self) -> Result<Note, AppError> {
        Note::parse(&self.note).ok_or_else(|| failed("a tombstone in it is invalid"))
    }

    /// The bytes that replace the record.
    pub fn member(&self) -> Result<Vec<u8>, AppError> {
        let framing = FRAMINGS.iter().find(|(name, _)| *name == self.framing);
        let framing = framing.ok_or_else(|| failed("a framing in it is invalid"))?.1;
        let fields =
            warc_fields::read(self.fields.as_bytes()).map_err(|why| failed(&why.to_string()))?;
        let length = self.tombstone.length;
        fitted(&fields, self.text.as_bytes(), framing, length).ok_or_else(|| {
            AppError::failed(
                "purging",
                format!(
                    "the record at {} of {} has {length} bytes, too few for its replacement",
                    self.tombstone.offset, self.tombstone.file
                ),
            )
        })
    }
}

impl Journal {
    fn path(layout: &Layout) -> std::path::PathBuf {
        layout.evidence_dir().join("purge.json")
    }

    /// Writes it down; when this returns it is on the disk.
    pub fn write(&self, layout: &Layout) -> Result<(), AppError> {
        let path = Self::path(layout);
        let fail =
            |why: std::io::Error| AppError::failed(&format!("writing {}", path.display()), why);
        let text = serde_json::to_vec_pretty(self).map_err(|why| fail(why.into()))?;
        make_whole(&path, |why| why, |mut file| file.write_all(&text)).map_err(fail)
    }

    /// The journal of a purge that was not completed.
    pub fn read(layout: &Layout) -> Result<Option<Self>, AppError> {
        let bytes = match std::fs::read(Self::path(layout)) {
            Ok(bytes) => bytes,
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(why) => return Err(failed(&why.to_string())),
        };
        let mut journal: Self =
            serde_json::from_slice(&bytes).map_err(|why| failed(&why.to_string()))?;
        for removal in &mut journal.removals {
            let text = removal.note()?.text;
            let tombstone = Tombstone::parse(&text);
            removal.tombstone = tombstone.ok_or_else(|| failed("a tombstone in it is invalid"))?;
        }
        Ok(Some(journal))
    }

    /// Removes the journal of a completed purge.
    pub fn remove(layout: &Layout) -> Result<(), AppError> {
        let path = Self::path(layout);
        let removed = std::fs::remove_file(&path)
            .and_then(|()| crate::store::durable::sync_dir(&layout.evidence_dir()));
        removed.map_err(|why| AppError::failed(&format!("deleting {}", path.display()), why))
    }
}
