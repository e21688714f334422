//! Adds entries to the index, and makes them durable with its marks.

use std::collections::HashMap;
use std::fmt;

use tantivy::schema::Field;
use tantivy::{TantivyDocument, Term};

use super::super::seam::{Entry, IndexError, Marks, PageInside, tail_of};
use super::view::View;
use super::{Index, Result};

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("marks", &self.marks).finish_non_exhaustive()
    }
}

/// Writes into an index. Uncommitted entries are lost when it is dropped.
pub struct Writer {
    pub(super) index: Index,
    pub(super) writer: tantivy::IndexWriter,
    pub(super) view: View,
    /// The marks of the next commit.
    pub marks: Marks,
    /// Pages that were added or removed since the last commit.
    pub(super) pending: HashMap<String, Option<PageInside>>,
    pub(super) passages: u64,
}

impl Writer {
    /// The state of a page, including uncommitted entries.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn inside(&self, key: &str) -> Result<Option<PageInside>> {
        match self.pending.get(key) {
            Some(known) => Ok(*known),
            None => self.view.inside(key),
        }
    }

    /// How many passages were added since the last commit.
    #[must_use]
    pub fn passages(&self) -> u64 {
        self.passages
    }

    /// A number for a page that has none.
    pub fn number_page(&mut self) -> u64 {
        let number = self.marks.pages;
        self.marks.pages += 1;
        number
    }

    /// Removes everything: the archive has other files than the indexed ones.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn clear(&mut self) -> Result<()> {
        self.writer.delete_all_documents()?;
        self.marks = Marks::default();
        self.commit()
    }

    /// Removes all versions of a page.
    pub fn remove(&mut self, key: &str) {
        self.writer.delete_term(Term::from_field_text(self.index.fields.key, key));
        self.pending.insert(key.to_owned(), None);
        self.passages += 1;
    }

    /// Adds a version.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, entry: &Entry<'_>) -> Result<()> {
        let fields = self.index.fields;
        let inside = entry.inside;
        let nothing = vec![Vec::new()];
        // A version without new words is also recorded, by a passage without words.
        let passages = if entry.passages.is_empty() { &nothing } else { &entry.passages };
        for (number, words) in passages.iter().enumerate() {
            let mut passage = TantivyDocument::new();
            put(&mut passage, fields.text, words.iter().copied());
            if entry.has_compounds {
                let tails: Vec<String> = words.iter().filter_map(|word| tail_of(word)).collect();
                put(&mut passage, fields.tail, tails.iter().map(String::as_str));
            }
            put(&mut passage, fields.host, [entry.host]);
            if number == 0 {
                for (field, words) in [
                    (fields.headline, &entry.headline),
                    (fields.byline, &entry.byline),
                    (fields.speaker, &entry.speakers),
                ] {
                    put(&mut passage, field, words.iter().map(String::as_str));
                }
                passage.add_u64(fields.sign, inside.sign);
            }
            passage.add_text(fields.key, entry.key);
            passage.add_u64(fields.page, inside.page);
            passage.add_u64(fields.version, inside.versions);
            passage.add_i64(fields.date, entry.date);
            self.writer.add_document(passage)?;
            self.passages += 1;
        }
        self.pending.insert(entry.key.to_owned(), Some(inside));
        Ok(())
    }

    /// Makes all added entries durable and visible, with the marks.
    ///
    /// # Errors
    /// When it cannot be written: then none of the entries is in the index.
    pub fn commit(&mut self) -> Result<()> {
        let payload = serde_json::to_string(&self.marks);
        let payload = payload.map_err(|why| IndexError::Unusable(why.to_string()))?;
        let mut prepared = self.writer.prepare_commit()?;
        prepared.set_payload(&payload);
        prepared.commit()?;
        self.pending.clear();
        self.passages = 0;
        self.view = self.index.view()?;
        Ok(())
    }

    /// Ends it, after the running merges.
    ///
    /// # Errors
    /// When a merge fails; what was committed stays.
    pub fn end(self) -> Result<()> {
        Ok(self.writer.wait_merging_threads()?)
    }
}

/// Adds words, none of which contains a space, as a text that is split at spaces.
fn put<'w>(passage: &mut TantivyDocument, field: Field, words: impl IntoIterator<Item = &'w str>) {
    let mut text = String::new();
    for word in words {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    if !text.is_empty() {
        passage.add_text(field, text);
    }
}
