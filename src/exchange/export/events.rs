//! The records of each capture event, in the order of the files: the capture, what was written with
//! it (request, notes, name resolution), and the warcinfo that describes them.
//!
//! A file is read once, its heads only where that is sound. What belongs to a capture is found by the
//! identifiers that records name ([`EVENT_RECORDS_MAX`] before and after it), since other programs
//! write the request first.

use std::collections::VecDeque;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use crate::store::Reader;
use crate::warc::{Compression, Form, Framing, ReadOptions, RecordId, RecordKind, WarcReader};

use super::select::{Meant, Rows};
use super::sink::{Sink, Source};
use super::{ExportError, Exported, Exporting};

/// How far from a capture the other records of its event are looked for.
const EVENT_RECORDS_MAX: usize = 64;

/// Hands every record that belongs to the captures to the sink. What cannot be read is noted, unless it is because the
/// object storage does not answer.
pub(super) fn write(
    rows: &mut Rows,
    exporting: &mut Exporting<'_>,
    sink: &mut dyn Sink,
    done: &mut Exported,
) -> Result<(), ExportError> {
    let unanswered = exporting.reader.storage_unanswered();
    let mut next = rows.next()?;
    while let Some(first) = next.take() {
        let name = Arc::clone(&first.capture.file);
        let mut file = OneFile::open(exporting.reader, &name, sink.packing());
        let mut meant = Some(first);
        let passed = match &mut file {
            Ok(file) => file.pass(rows, &mut meant, exporting, sink, done),
            Err(why) => Err(Failed::Source(std::mem::take(why))),
        };
        match passed {
            Ok(()) => {}
            Err(Failed::Ours(error)) => return Err(error),
            Err(Failed::Source(why)) => {
                exporting.reader.storage_answered_since(unanswered)?;
                // The captures of this file are unreadable, those of other files are not.
                while let Some(lost) = meant.take() {
                    if lost.capture.file != name {
                        meant = Some(lost);
                        break;
                    }
                    done.is_unreadable(&lost.capture, &why);
                    meant = rows.next()?;
                }
            }
        }
        next = meant;
    }
    exporting.reader.storage_answered_since(unanswered)?;
    match done.unreadable.first() {
        Some((_, why)) if done.records == 0 => {
            Err(ExportError::Unreadable { captures: done.unreadable.len(), why: why.clone() })
        }
        _ => Ok(()),
    }
}

/// What ended the pass over a file.
enum Failed {
    /// The export itself.
    Ours(ExportError),
    /// The file cannot be read on.
    Source(String),
}

impl<E: Into<ExportError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Ours(error.into())
    }
}

/// A record that may belong to a capture.
struct Seen {
    offset: u64,
    length: Option<u64>,
    within: u64,
    id: Option<RecordId>,
    /// The records that it names as parts of its event, or as what it describes.
    names: Vec<RecordId>,
    is_warcinfo: bool,
    form: Form,
    chosen: Chosen,
}

enum Chosen {
    No,
    /// The capture itself.
    Capture(Box<Meant>),
    /// Beside one.
    Beside,
}

struct OneFile<'a> {
    name: &'a str,
    records: WarcReader<BufReader<Box<dyn crate::archive::Bytes>>>,
    source: Source,
    window: VecDeque<Seen>,
    /// The warcinfo that describes what comes, until it is written.
    warcinfo: Option<Seen>,
    /// Whether the sink has received a warcinfo for what comes.
    described: bool,
}

impl<'a> OneFile<'a> {
    fn open(reader: &Reader, name: &'a str, packing: Compression) -> Result<Self, String> {
        let open = || reader.files().open(name).map_err(|why| why.to_string());
        let options = ReadOptions {
            file: name.to_owned(),
            skip_by_length: reader.is_own(name),
            search_blocks: !reader.is_own(name),
            ..ReadOptions::default()
        };
        let input = BufReader::with_capacity(256 * 1024, open()?);
        Ok(Self {
            name,
            records: WarcReader::seekable(input, options),
            source: Source::new(open()?, name, packing),
            window: VecDeque::new(),
            warcinfo: None,
            described: false,
        })
    }

    /// Reads the file as far as captures are selected, and on to what may belong to the last.
    fn pass(
        &mut self,
        rows: &mut Rows,
        meant: &mut Option<Meant>,
        exporting: &mut Exporting<'_>,
        sink: &mut dyn Sink,
        done: &mut Exported,
    ) -> Result<(), Failed> {
        let mut after_last = 0;
        loop {
            let is_over = meant.as_ref().is_none_or(|m| &*m.capture.file != self.name);
            if is_over {
                after_last += 1;
                if after_last > EVENT_RECORDS_MAX {
                    break;
                }
            }
            let Some(mut seen) = self.read()? else { break };
            // Captures before this record are not where the index has them.
            while let Some(lost) =
                meant.take_if(|m| &*m.capture.file == self.name && m.capture.offset < seen.offset)
            {
                done.is_unreadable(&lost.capture, "there is no complete record");
                *meant = rows.next()?;
            }
            let here = |m: &mut Meant| {
                &*m.capture.file == self.name && m.capture.offset == seen.offset && seen.within == 0
            };
            if let Some(found) = meant.take_if(here) {
                *meant = rows.next()?;
                if seen.length.is_some() {
                    seen.chosen = Chosen::Capture(Box::new(found));
                } else {
                    done.is_unreadable(&found.capture, "the record has no offset of its own");
                }
            }
            self.link(&mut seen);
            self.window.push_back(seen);
            if self.window.len() > EVENT_RECORDS_MAX {
                self.pass_on(exporting, sink, done)?;
            }
        }
        while !self.window.is_empty() {
            self.pass_on(exporting, sink, done)?;
        }
        while let Some(lost) = meant.take_if(|m| &*m.capture.file == self.name) {
            done.is_unreadable(&lost.capture, "the file ends before it");
            *meant = rows.next()?;
        }
        Ok(())
    }

    fn read(&mut self) -> Result<Option<Seen>, Failed> {
        let unreadable = |why: crate::warc::ReadError| Failed::Source(why.to_string());
        let Some(mut record) = self.records.next_record().map_err(unreadable)? else {
            return Ok(None);
        };
        let header = record.take_header();
        let located = record.skip().map_err(unreadable)?;
        let fields = &header.fields;
        let mut names = fields.concurrent_to();
        let kind = fields.record_kind();
        if matches!(kind, Some(RecordKind::Metadata | RecordKind::Conversion)) {
            names.extend(fields.refers_to());
        }
        Ok(Some(Seen {
            offset: located.offset,
            length: located.length.filter(|_| located.intact),
            within: located.within,
            id: fields.record_id(),
            names,
            is_warcinfo: kind == Some(RecordKind::Warcinfo),
            form: header.form,
            chosen: Chosen::No,
        }))
    }

    /// Finds out what the record belongs to, and what among those before it belongs to it.
    fn link(&mut self, seen: &mut Seen) {
        let is_linked = |a: &Seen, b: &Seen| {
            let names = |a: &Seen, b: &Seen| b.id.as_ref().is_some_and(|id| a.names.contains(id));
            names(a, b) || names(b, a)
        };
        for other in &mut self.window {
            match (&other.chosen, &seen.chosen) {
                (Chosen::Capture(_), Chosen::No) if is_linked(other, seen) => {
                    seen.chosen = Chosen::Beside;
                }
                (Chosen::No, Chosen::Capture(_)) if is_linked(other, seen) => {
                    other.chosen = Chosen::Beside;
                }
                _ => {}
            }
        }
    }

    /// Writes the oldest record of the window, where it is to be written.
    fn pass_on(
        &mut self,
        exporting: &mut Exporting<'_>,
        sink: &mut dyn Sink,
        done: &mut Exported,
    ) -> Result<(), Failed> {
        let Some(seen) = self.window.pop_front() else { return Ok(()) };
        if seen.is_warcinfo {
            self.warcinfo = Some(seen);
            self.described = false;
            return Ok(());
        }
        let (meant, Some(length)) = (
            match seen.chosen {
                Chosen::No => return Ok(()),
                Chosen::Capture(meant) => Some(meant),
                Chosen::Beside => None,
            },
            seen.length,
        ) else {
            return Ok(());
        };
        if !self.described {
            self.described = true;
            let first = self.warcinfo.take();
            // The header of an ARC file describes no WARC records.
            let first = first.filter(|seen| seen.form == Form::Warc);
            let place = first.and_then(|seen| Some((seen.offset, seen.length?)));
            match place {
                Some(place) => {
                    done.is_own_warcinfo_last = false;
                    self.copy((place, Form::Warc), None, exporting, sink, done)?;
                }
                None => sink.undescribed(exporting, done)?,
            }
        }
        let place = ((seen.offset, length), seen.form);
        self.copy(place, meant.as_deref(), exporting, sink, done)
    }

    fn copy(
        &mut self,
        (place, form): ((u64, u64), Form),
        meant: Option<&Meant>,
        exporting: &mut Exporting<'_>,
        sink: &mut dyn Sink,
        done: &mut Exported,
    ) -> Result<(), Failed> {
        let framing = self.records.framing().unwrap_or(Framing::Plain);
        let member = match self.source.member(place, (framing, form)) {
            Ok(member) => member,
            Err(why) => {
                if let Some(meant) = meant {
                    done.is_unreadable(&meant.capture, why);
                }
                return Ok(());
            }
        };
        done.repacked += u64::from(member.is_repacked);
        done.records += 1;
        sink.record(member, meant, exporting, done)?;
        Ok(())
    }
}

/// Bytes of a file from `offset` on.
pub(super) fn part_of(
    file: &mut Box<dyn crate::archive::Bytes>,
    (offset, length): (u64, u64),
) -> std::io::Result<impl Read + '_> {
    file.seek(SeekFrom::Start(offset))?;
    Ok(file.take(length))
}
