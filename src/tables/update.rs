//! One run: adds the captures beyond the marks of the tables.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use crate::archive::Capture;
use crate::exchange::export::with_capture_row;
use crate::history::{PageReader, VersionRow};
use crate::parquet::Value;
use crate::readings::derivation;

use super::manifest::FORM;
use super::parts::{self, Staged, folder};
use super::rows::OfVersion;
use super::spool::Spools;
use super::touched::{Touched, touched};
use super::walk::{Marks, Visit, Walked, versions, walk};
use super::{Manifest, Month, Table, TablesError, Target};

/// The size of a Parquet file: the split size of Spark and Trino.
pub const PART_BYTES_MAX: u64 = 128 << 20;
/// The rows of this many months are collected in one pass over the archive: each table of each month is an open file.
const MONTHS_PER_PASS: usize = 24;

/// How tables are written.
#[derive(Debug, Clone)]
pub struct Options {
    /// The program that writes: `pressmark/0.1.0`.
    pub software: String,
    /// A file that reaches this length is followed by another one.
    pub part_bytes_max: u64,
    /// Whether everything is written again.
    pub rebuild: bool,
}

/// The result of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Updated {
    /// The months of each table that were written.
    pub written: BTreeMap<Table, BTreeSet<Month>>,
    /// The new manifest.
    pub manifest: Manifest,
    /// Captures that could not be read, as text.
    pub notes: BTreeSet<String>,
}

/// Brings the tables at `target` up to date with the captures of the archive. `progress` is called with the number
/// of pages visited.
///
/// # Errors
/// When the archive cannot be read, another run writes there, the target holds something else, or a file cannot be written.
pub fn update(
    page_reader: &mut PageReader<'_>,
    target: &dyn Target,
    options: &Options,
    progress: &mut dyn FnMut(u64),
) -> Result<Updated, TablesError> {
    let _lock = target.lock()?;
    let before = Manifest::load(target)?;
    // Before captures are read: captures made meanwhile are new to the next run, and written again.
    let now = marks(page_reader)?;
    let known = known(before.as_ref(), &now, target, options)?;
    let mut manifest = before.unwrap_or_else(|| Manifest { form: FORM, ..Manifest::default() });
    if known.as_ref() == Some(&now) && manifest.rewriting.is_empty() {
        return Ok(Updated { manifest, ..Updated::default() });
    }
    let is_whole = known.is_none();
    // Captures that the object storage does not return now would be missing permanently: no later run reads them again.
    let unanswered = page_reader.reader().storage_unanswered();
    let mut touched = touched(page_reader, &known.unwrap_or_default(), progress)?;
    // A run was killed while it published these.
    let unfinished = manifest.rewriting.clone();
    for (table, months) in &unfinished {
        months.iter().for_each(|month| touched.add(*table, *month));
    }
    if touched.months().is_empty() && manifest.tables.is_empty() {
        return Err(TablesError::Nothing);
    }
    manifest.software.clone_from(&options.software);
    let staging = target.staging()?;
    let mut run = Run { target, manifest, notes: BTreeSet::new() };
    let months: Vec<Month> = touched.months().into_iter().collect();
    for months in months.chunks(MONTHS_PER_PASS) {
        let wanted = touched.within(&months.iter().copied().collect());
        let mut spools = Spools::new(&staging);
        run.notes.append(&mut gather(page_reader, &wanted, &mut spools, progress)?);
        page_reader.reader().storage_answered_since(unanswered)?;
        let mut made: BTreeMap<(Table, Month), Vec<Staged>> = BTreeMap::new();
        let temporary = |why| TablesError::file("writing", staging.display())(why);
        for (of, mut spool) in spools.finish().map_err(temporary)? {
            let (software, max) = (&options.software, options.part_bytes_max);
            made.insert(of, parts::write(of, &mut spool, &staging, software, max)?);
        }
        run.publish(&wanted, &mut made)?;
    }
    if is_whole {
        run.drop_others(&touched)?;
    }
    run.manifest.form = FORM;
    run.manifest.derivation = derivation();
    run.manifest.marks = now;
    run.manifest.save(target)?;
    let _ = std::fs::remove_dir_all(&staging);
    Ok(Updated { written: touched.0, manifest: run.manifest, notes: run.notes })
}

fn marks(page_reader: &PageReader<'_>) -> Result<Marks, TablesError> {
    let marks = page_reader.reader().marks()?;
    Ok(marks.into_iter().map(|mark| (mark.file.to_string(), mark.indexed_to)).collect())
}

/// The progress of the tables; `None` if all of them have to be written.
fn known(
    before: Option<&Manifest>,
    now: &Marks,
    target: &dyn Target,
    options: &Options,
) -> Result<Option<Marks>, TablesError> {
    let Some(before) = before else { return Ok(None) };
    if before.form > FORM {
        return Err(TablesError::Manifest {
            place: target.place(super::target::MANIFEST),
            why: format!("it has format {}, but this program supports up to {FORM}", before.form),
        });
    }
    if options.rebuild {
        return Ok(None);
    }
    if !before.marks.is_empty() && !before.marks.keys().any(|file| now.contains_key(file)) {
        return Err(TablesError::Taken {
            place: target.place(""),
            what: "tables of another archive: none of their WARC files is in this one".to_owned(),
        });
    }
    let is_behind = |(file, mark): (&String, &u64)| now.get(file).is_some_and(|now| mark <= now);
    let goes_on = before.form == FORM
        && before.derivation == derivation()
        && before.marks.iter().all(is_behind);
    Ok(goes_on.then(|| before.marks.clone()))
}

/// The state of a run.
struct Run<'t> {
    target: &'t dyn Target,
    manifest: Manifest,
    notes: BTreeSet<String>,
}

impl Run<'_> {
    /// Moves finished files to their place, month by month, and removes the earlier ones.
    fn publish(
        &mut self,
        wanted: &Touched,
        made: &mut BTreeMap<(Table, Month), Vec<Staged>>,
    ) -> Result<(), TablesError> {
        let unfinished = self.manifest.rewriting.clone();
        for (table, months) in &wanted.0 {
            let open = self.manifest.rewriting.entry(*table).or_default();
            open.extend(months);
            open.sort_unstable();
            open.dedup();
        }
        self.manifest.rewriting.retain(|_, months| !months.is_empty());
        self.manifest.save(self.target)?;
        for (table, months) in &wanted.0 {
            for month in months {
                let staged = made.remove(&(*table, *month)).unwrap_or_default();
                let was_open = unfinished.get(table).is_some_and(|open| open.contains(month));
                self.put((*table, *month), staged, was_open)?;
            }
            if let Some(open) = self.manifest.rewriting.get_mut(table) {
                open.retain(|month| !months.contains(month));
            }
        }
        self.manifest.rewriting.retain(|_, months| !months.is_empty());
        self.manifest.save(self.target)
    }

    fn put(
        &mut self,
        (table, month): (Table, Month),
        staged: Vec<Staged>,
        was_open: bool,
    ) -> Result<(), TablesError> {
        let lying = self.target.list(&folder(table, month))?;
        let of_table = self.manifest.tables.entry(table).or_default();
        let old = of_table.remove(&month).unwrap_or_default();
        let mut parts = Vec::with_capacity(staged.len());
        for Staged { path, part } in staged {
            // Rows are ordered so that new ones may leave some parts of a month unchanged.
            let is_there = !was_open && old.contains(&part) && lying.contains(&part.file);
            if is_there {
                let removed = std::fs::remove_file(&path);
                removed.map_err(TablesError::file("removing", path.display()))?;
            } else {
                self.target.put(&path, &part)?;
            }
            parts.push(part);
        }
        for name in lying {
            if !parts.iter().any(|part| part.file == name) {
                self.target.remove(&name)?;
            }
        }
        if !parts.is_empty() {
            of_table.insert(month, parts);
        }
        Ok(())
    }

    /// Removes months without captures in the archive.
    fn drop_others(&mut self, touched: &Touched) -> Result<(), TablesError> {
        for table in Table::ALL {
            let known = self.manifest.tables.get(&table).into_iter().flat_map(BTreeMap::keys);
            let others: Vec<Month> =
                known.copied().filter(|month| !touched.has(table, *month)).collect();
            for month in others {
                self.put((table, month), Vec::new(), false)?;
            }
        }
        Ok(())
    }
}

/// Collects the rows of these months. Returns notes on unreadable captures.
fn gather(
    page_reader: &mut PageReader<'_>,
    wanted: &Touched,
    spools: &mut Spools,
    progress: &mut dyn FnMut(u64),
) -> Result<BTreeSet<String>, TablesError> {
    let reader = page_reader.reader();
    // Two readers: one iterates over the versions while the other one reads their pages.
    let pages = page_reader.twin();
    let of_versions: BTreeSet<Month> = wanted
        .0
        .iter()
        .filter(|(table, _)| **table != Table::Captures)
        .flat_map(|(_, months)| months.iter().copied())
        .collect();
    let notes = BTreeSet::new();
    let mut gathering =
        Gathering { page_reader, pages, wanted, of_versions, spools, notes, count: 0, progress };
    walk(reader, &Marks::new(), &mut gathering)?;
    Ok(gathering.notes)
}

struct Gathering<'g, 'a> {
    page_reader: &'g mut PageReader<'a>,
    pages: PageReader<'a>,
    wanted: &'g Touched,
    of_versions: BTreeSet<Month>,
    spools: &'g mut Spools,
    notes: BTreeSet<String>,
    count: u64,
    progress: &'g mut dyn FnMut(u64),
}

impl Visit for Gathering<'_, '_> {
    fn capture(&mut self, capture: &Capture) -> Result<(), TablesError> {
        let month = Month::of(capture.date);
        if !self.wanted.has(Table::Captures, month) {
            return Ok(());
        }
        let pushed = with_capture_row(capture, |row| self.spools.push(Table::Captures, month, row));
        pushed.map_err(spooling)
    }

    fn page(&mut self, page: &Walked) -> Result<(), TablesError> {
        self.count += 1;
        (self.progress)(self.count);
        if !page.page.is_html || page.months.is_disjoint(&self.of_versions) {
            return Ok(());
        }
        let Self { page_reader, pages, wanted, spools, notes, .. } = self;
        let mut unread = BTreeSet::new();
        versions(page_reader, &page.page, notes, &mut |row| {
            let month = Month::of(row.first.date);
            let of = OfVersion::new(row);
            if wanted.has(Table::Versions, month) {
                of.version(&mut |row| spools.push(Table::Versions, month, row))
                    .map_err(spooling)?;
            }
            if wanted.has(Table::Changes, month) {
                of.changes(&mut |row| spools.push(Table::Changes, month, row)).map_err(spooling)?;
            }
            let is_read = wanted.has(Table::Quotations, month) || wanted.has(Table::Figures, month);
            if !is_read || !has_words(row) {
                return Ok(());
            }
            let said = match pages.read(&row.first) {
                Ok(said) => said.page,
                Err(why) => {
                    unread.insert(why.to_string());
                    return Ok(());
                }
            };
            if wanted.has(Table::Quotations, month) {
                let mut put = |row: &[Value<'_>]| spools.push(Table::Quotations, month, row);
                of.quotations(&said, &mut put).map_err(spooling)?;
            }
            if wanted.has(Table::Figures, month) {
                let mut put = |row: &[Value<'_>]| spools.push(Table::Figures, month, row);
                of.figures(&said, &mut put).map_err(spooling)?;
            }
            Ok(())
        })?;
        self.notes.append(&mut unread);
        Ok(())
    }
}

/// Whether a version has words of its own: the words of a redirect target belong to the target page.
fn has_words(row: &VersionRow) -> bool {
    row.has_text && row.landing.is_none()
}

fn spooling(why: io::Error) -> TablesError {
    TablesError::file("writing", "a temporary file")(why)
}
