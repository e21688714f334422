//! What a purge has begun to remove, without a byte of it: `evidence/purge.json`.

use std::io::Write;

use serde::{Deserialize, Serialize};

use super::super::error::AppError;
use super::PurgeRequest;
use super::parts::Part;
use super::plan::Planned;
use super::same_text::SameText;
use crate::base::TimeRange;
use crate::evidence::note::Note;
use crate::evidence::tombstone::Tombstone;
use crate::store::Layout;
use crate::store::durable::make_whole;
use crate::warc::{Fields, Framing, fitted, warc_fields};

/// What a purge removes: one order, or several where one was interrupted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Journal {
    pub removals: Vec<Removal>,
    /// What is said of it in the end. Earlier versions kept none of it.
    #[serde(default)]
    pub about: About,
}

/// What is said of a purge besides its records, so that the process that completes it says the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct About {
    orders: Vec<Named>,
    /// How many captures have lost their payload.
    pub without_payload: usize,
    pub same_text: Vec<SameText>,
    pub notes: Vec<String>,
    /// Parts of what is removed, to search for.
    pub parts: Vec<Part>,
}

/// What an order names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Named {
    url: String,
    from: String,
    to: String,
}

impl Named {
    fn by(request: &PurgeRequest) -> Self {
        let TimeRange { start, end } = request.at;
        Self { url: request.url.clone(), from: start.to_warc_date(), to: end.to_warc_date() }
    }
}

impl About {
    /// Whether it is about this order as well.
    pub fn is_of(&self, request: &PurgeRequest) -> bool {
        self.orders.contains(&Named::by(request))
    }

    /// Whether it says what to search for; a journal of an earlier version does not.
    pub fn is_known(&self) -> bool {
        !self.orders.is_empty()
    }
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
    /// Adds an order.
    pub fn add(&mut self, request: &PurgeRequest, planned: Planned) {
        self.removals.extend(planned.removals);
        self.about.orders.push(Named::by(request));
        self.about.without_payload += planned.revisits.len();
        self.about.same_text.extend(planned.same_text);
        self.about.notes.extend(planned.notes);
        self.about.parts.extend(planned.parts);
    }

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
