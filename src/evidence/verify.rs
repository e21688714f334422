//! The log against the WARC files, and every checkpoint against all that came before it.
//!
//! The hashes of the log are put together again from its first leaf to its last; on the way the
//! root is compared at the size of every checkpoint, so that each is proved to be a prefix of the
//! next. Every leaf is made again from the record that it stands for. Every sealed file is hashed.
//! So a change of any byte that a checkpoint covers shows, and so does a log that was made again:
//! by its key, by the checkpoints, or, where all of that was replaced, by a checkpoint that someone
//! else kept.
//!
//! `docs/formats-evidence.md` describes what each finding means.

mod anchors;
mod checkpoints;
mod records;
mod removals;
mod rounds;
mod witnesses;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use tlog_tiles::{HASH_SIZE, Hash};

use super::extend::sha256_of;
use super::kept::KeptLeaves;
use super::key::Options;
use super::leaf::{ENTRY_LEN, Statement, entry_of, hash_of};
use super::ledger::Position;
use super::log::Log;
use super::places::Places;
use super::tiles::{BUNDLED_LEN, Edge, Full, Level, WIDTH, tile_name};
use super::{Checkpoint, EvidenceError, Policy, Trust, membership};
use crate::base::{Finding, Severity, Timestamp};
use crate::store::Layout;
use crate::store::layout::stable_name;

/// At most this many findings about one file are reported; more are counted.
const FINDINGS_PER_FILE: u32 = 100;

/// What is compared.
#[derive(Debug, Clone, Default)]
pub struct VerifyOptions {
    /// Leave out the digests of whole files.
    pub fast: bool,
    /// Where the key is.
    pub key: Options,
    /// What time stamps must lead to, in addition to the chains that are kept with them.
    pub trust: Trust,
    /// Checkpoints that were published or kept elsewhere: what they are called, and their bytes.
    pub published: Vec<(String, Vec<u8>)>,
    /// Whose cosignatures count, and how many of them are wanted.
    pub policy: Option<Policy>,
}

/// What was checked.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    /// Leaves of the log.
    pub leaves: u64,
    /// Checkpoints.
    pub checkpoints: u64,
    /// Time stamps.
    pub stamps: u64,
    /// For how many leaves the quorum of the policy has cosigned; `None` where it has for none, or none is asked for.
    pub cosigned: Option<u64>,
    /// Records that are not in the log yet.
    pub waiting: u64,
    /// Findings.
    pub findings: u64,
    /// When the newest checkpoint was signed.
    pub newest: Option<Timestamp>,
}

/// Checks the log of an archive; each finding is handed to `found` as it is made.
///
/// # Errors
/// When a directory cannot be read. Damage is a finding.
pub fn verify(
    layout: &Layout,
    options: &VerifyOptions,
    found: &mut dyn FnMut(Finding),
) -> Result<Checked, EvidenceError> {
    verify_along(layout, options, None, found)
}

/// The same with leaves that were kept when files were read just now, which are not read again.
///
/// # Errors
/// As [`verify`].
pub fn verify_along(
    layout: &Layout,
    options: &VerifyOptions,
    kept: Option<&KeptLeaves>,
    found: &mut dyn FnMut(Finding),
) -> Result<Checked, EvidenceError> {
    let places = Places::open(&layout.evidence_dir())?;
    let mut report = Report { found, count: 0, per_file: BTreeMap::new(), places };
    let mut files = BTreeMap::new();
    for path in layout.warc_files()? {
        files.insert(stable_name(&path), path);
    }
    let checkpoints = checkpoints::read(layout, &mut report)?;
    let Some(newest) = checkpoints.last() else {
        if !files.is_empty() || options.published.len() + report.count > 0 {
            let what = "the archive has no evidence log; the next run that writes creates one";
            report.add(Finding::warning("evidence", None, "no-log", what));
        }
        for (name, _) in &options.published {
            let what = "there is no log for this checkpoint";
            report.add(Finding::error(name, None, "published", what));
        }
        return Ok(Checked { findings: report.total(), ..Checked::default() });
    };
    let log = Log::whole(layout, Some(newest.clone()))?;
    let archive = membership::archive_of(layout)?;
    let elsewhere = membership::elsewhere(archive.as_deref(), log.ledger().statements());
    let removed = removals::read(layout, &log, &elsewhere, &mut report)?;
    let mut walk = Walk {
        layout,
        kept,
        log: &log,
        files: &files,
        checkpoints: &checkpoints,
        report: &mut report,
        statements: Vec::new(),
        roots: BTreeMap::new(),
        removed,
        elsewhere: archive.map(|_| &elsewhere),
    };
    let published = checkpoints::published(options, walk.report);
    let mut sizes: BTreeSet<u64> = checkpoints.iter().map(|c| c.size).collect();
    sizes.extend(published.iter().map(|(_, c)| c.size));
    let waiting = walk.leaves(&sizes)?;
    let (statements, roots) = (walk.statements, walk.roots);
    let keys = checkpoints::keys(&statements, &mut report);
    checkpoints::signatures(&checkpoints, &keys, &mut report);
    checkpoints::own_key(layout, options, &keys, &mut report);
    checkpoints::roots(&checkpoints, &roots, &mut report);
    checkpoints::against(&published, &roots, &keys, &mut report);
    sealed(&statements, (layout, &files, &elsewhere), options.fast, &mut report);
    let stated = (checkpoints.as_slice(), statements.as_slice());
    let stamps = checkpoints::stamps(layout, stated, &options.trust, &mut report)?;
    anchors::proofs(&log, &checkpoints, &mut report)?;
    rounds::Rounds::new(layout).checkpoints(&checkpoints, &mut report);
    let cosigned = match &options.policy {
        Some(policy) => witnesses::cosignatures(&log, &checkpoints, policy, &mut report)?,
        None => None,
    };
    Ok(Checked {
        stamps,
        cosigned,
        leaves: log.size(),
        checkpoints: checkpoints.len() as u64,
        waiting,
        findings: report.total(),
        newest: newest.time,
    })
}

/// Passes findings on, with a limit for each file.
struct Report<'a> {
    found: &'a mut dyn FnMut(Finding),
    count: usize,
    per_file: BTreeMap<String, u32>,
    places: Places,
}

impl Report<'_> {
    fn add(&mut self, finding: Finding) {
        let reported = self.per_file.entry(finding.file.clone()).or_default();
        *reported += 1;
        match *reported {
            n if n < FINDINGS_PER_FILE => {
                self.count += 1;
                (self.found)(finding);
            }
            FINDINGS_PER_FILE => {
                self.count += 1;
                let what = "more findings of this kind in this file are omitted".to_owned();
                (self.found)(Finding { what, severity: Severity::Warning, ..finding });
            }
            _ => {}
        }
    }

    fn total(&self) -> u64 {
        self.count as u64
    }
}

/// A walk over the leaves from the first to the last.
struct Walk<'a, 'b> {
    layout: &'a Layout,
    kept: Option<&'a KeptLeaves>,
    log: &'a Log,
    files: &'a BTreeMap<String, PathBuf>,
    checkpoints: &'a [Checkpoint],
    report: &'a mut Report<'b>,
    /// The statements whose texts give their leaves.
    statements: Vec<(u64, Statement)>,
    /// The roots at the sizes that were asked for.
    roots: BTreeMap<u64, Hash>,
    /// The records that were removed by order.
    removed: BTreeMap<(String, u64), removals::Removed>,
    /// The files of the other archives that share the log; `None` where it is not shared.
    elsewhere: Option<&'a BTreeSet<String>>,
}

impl Walk<'_, '_> {
    /// Takes every leaf; how many records are not in the log yet.
    fn leaves(&mut self, sizes: &BTreeSet<u64>) -> Result<u64, EvidenceError> {
        let size = self.log.size();
        let mut edge = Edge::default();
        let mut tile = Tile256::default();
        let mut positions = self.log.ledger().all().ok();
        let texts = std::fs::read(self.log.dir().join("statements")).unwrap_or_default();
        let removed = self.removed.clone();
        let mut records = records::Records::new(
            (self.layout, self.kept),
            self.log,
            self.files,
            self.checkpoints,
            removed,
        )
        .beside(self.elsewhere);
        for index in 0..size {
            if index % WIDTH == 0 {
                tile = self.tile(index / WIDTH);
            }
            let position = positions.as_mut().and_then(|all| all.next()).and_then(Result::ok);
            if position.is_none() && positions.take().is_some() {
                let what = format!("it ends before the position of leaf {index}");
                self.report.add(Finding::error("evidence/positions", None, "log-position", what));
            }
            let at = usize::try_from(index % WIDTH).unwrap_or(0);
            let hash = tile.hashes.get(at).copied();
            let entry = tile.entries.get(at).copied();
            if let (Some(hash), Some(entry)) = (hash, entry)
                && hash_of(&entry) != hash
            {
                let name = evidence(&tile_name(Level::Entries, index / WIDTH, WIDTH));
                let what =
                    format!("entry {index} does not have the hash that the log holds for it");
                self.report.add(Finding::error(&name, None, "log-entry", what));
            }
            let hash = hash.or(entry.map(|entry| hash_of(&entry)));
            let made = match position {
                Some(Position::Statement(offset, length)) => {
                    self.statement(&texts, index, (offset, length), hash)
                }
                Some(Position::Record(number, offset, within)) => {
                    records.leaf(index, (number, offset, within), hash, self.report)
                }
                None => None,
            };
            let Some(hash) = hash.or(made.map(|entry| hash_of(&entry))) else {
                let what = format!("leaf {index} is lost; nothing after it can be proved");
                self.report.add(Finding::error("evidence/tile", None, "log-tile", what));
                return Ok(records.finish(self.report));
            };
            let entry = entry.or(made).unwrap_or_default();
            self.push(&mut edge, &entry, hash)?;
            if sizes.contains(&edge.size())
                && let Ok(root) = edge.root()
            {
                self.roots.insert(edge.size(), root);
            }
        }
        for (level, number, width, bytes) in edge.partial() {
            self.compare(level, number, width, bytes);
        }
        if self.log.ledger().statements() != self.statements {
            let what = "the data between the texts, or their order, was changed";
            self.report.add(Finding::error("evidence/statements", None, "log-statement", what));
        }
        Ok(records.finish(self.report))
    }

    fn push(
        &mut self,
        edge: &mut Edge,
        entry: &[u8; ENTRY_LEN],
        hash: Hash,
    ) -> Result<(), EvidenceError> {
        edge.push(entry, hash, &mut |full: Full| {
            self.compare(full.level, full.number, WIDTH, &full.bytes);
            Ok(())
        })
    }

    /// A tile of the upper levels, which follows from the leaf hashes. Those of the lowest level
    /// and the entries were read from where they are compared with: they are judged by the root.
    fn compare(&mut self, level: Level, number: u64, width: u64, bytes: &[u8]) {
        if matches!(level, Level::Entries | Level::Hashes(0)) {
            return;
        }
        let name = evidence(&tile_name(level, number, width));
        match self.log.tiles().read(level, number, self.log.size()) {
            Ok(there) if there == bytes => {}
            Ok(_) => {
                let what = "its hashes do not follow from the leaves";
                self.report.add(Finding::error(&name, None, "log-tile", what));
            }
            Err(why) => self.report.add(Finding::error(&name, None, "log-tile", why.to_string())),
        }
    }

    /// Leaf hashes and entries of the tile that begins here, as far as they can be read.
    fn tile(&mut self, number: u64) -> Tile256 {
        let width = (self.log.size() - number * WIDTH).min(WIDTH);
        let mut read = |level| {
            self.log.tiles().read(level, number, self.log.size()).unwrap_or_else(|why| {
                let name = evidence(&tile_name(level, number, width));
                self.report.add(Finding::error(&name, None, "log-tile", why.to_string()));
                Vec::new()
            })
        };
        let (hashes, entries) = (read(Level::Hashes(0)), read(Level::Entries));
        let mut tile = Tile256::default();
        for bytes in hashes.chunks_exact(HASH_SIZE) {
            let mut hash = Hash::default();
            hash.0.copy_from_slice(bytes);
            tile.hashes.push(hash);
        }
        for bytes in entries.chunks_exact(BUNDLED_LEN) {
            let (length, entry) = bytes.split_at(2);
            if length != (ENTRY_LEN as u16).to_be_bytes() {
                let name = evidence(&tile_name(Level::Entries, number, width));
                let what = format!("entry {} is not 32 bytes long", tile.entries.len());
                self.report.add(Finding::error(&name, None, "log-entry", what));
            }
            tile.entries.push(entry.try_into().unwrap_or_default());
        }
        tile
    }

    fn statement(
        &mut self,
        texts: &[u8],
        index: u64,
        (offset, length): (u64, u32),
        hash: Option<Hash>,
    ) -> Option<[u8; ENTRY_LEN]> {
        let from = usize::try_from(offset).ok();
        let range =
            from.and_then(|from| Some(from..from.checked_add(usize::try_from(length).ok()?)?));
        let text =
            range.and_then(|range| texts.get(range)).and_then(|t| std::str::from_utf8(t).ok());
        let entry = text.map(entry_of);
        let agrees = entry.is_some_and(|entry| hash.is_none_or(|hash| hash_of(&entry) == hash));
        match text.and_then(Statement::parse).filter(|_| agrees) {
            Some(statement) => self.statements.push((index, statement)),
            None => {
                let what = format!("the text at {offset} differs from leaf {index} of the log");
                self.report.add(Finding::error(
                    "evidence/statements",
                    Some(offset),
                    "log-statement",
                    what,
                ));
            }
        }
        entry
    }
}

#[derive(Default)]
struct Tile256 {
    hashes: Vec<Hash>,
    entries: Vec<[u8; ENTRY_LEN]>,
}

fn evidence(name: &str) -> String {
    format!("evidence/{name}")
}

/// Every sealed file is there and as it was, and so is every stretch of one that is not sealed.
/// Files of other archives that share the log are checked there.
fn sealed(
    statements: &[(u64, Statement)],
    (layout, files, elsewhere): (&Layout, &BTreeMap<String, PathBuf>, &BTreeSet<String>),
    fast: bool,
    report: &mut Report<'_>,
) {
    let mut whole = BTreeSet::new();
    // The digest of a file since records were removed from it; the last statement counts.
    let since: BTreeMap<&String, &[u8; 32]> = statements
        .iter()
        .filter_map(|(_, statement)| match statement {
            Statement::Purged { name, sha256, .. } => Some((name, sha256)),
            _ => None,
        })
        .collect();
    for (_, statement) in statements {
        let Statement::File { name, length, sha256 } = statement else { continue };
        if elsewhere.contains(name) {
            continue;
        }
        let sha256 = since.get(name).copied().unwrap_or(sha256);
        whole.insert(name);
        let Some(path) = files.get(name) else {
            let what = format!("the log has it with {length} bytes, but the file is gone");
            report.add(Finding::error(name, None, "file-missing", what));
            continue;
        };
        let there = layout.length_of(path).unwrap_or(0);
        if there != *length {
            let what = format!("it was {length} bytes long when it was sealed, and is {there} now");
            report.add(Finding::error(name, None, "file-changed", what));
        } else if !fast {
            match sha256_of(layout, path, 0, None) {
                Ok((_, now)) if now == *sha256 => {}
                Ok(_) => {
                    let what = "its bytes are not those that were sealed";
                    report.add(Finding::error(name, None, "file-changed", what));
                }
                Err(why) => report.add(Finding::error(name, None, "unreadable", why.to_string())),
            }
        }
    }
    for (_, statement) in statements {
        let Statement::Span { name, from, to, sha256 } = statement else { continue };
        if fast || whole.contains(name) || elsewhere.contains(name) {
            continue;
        }
        let Some(path) = files.get(name) else {
            let what = format!("the log has {to} bytes of it, but the file is gone");
            report.add(Finding::error(name, None, "file-missing", what));
            continue;
        };
        match sha256_of(layout, path, *from, Some(*to)) {
            Ok((_, now)) if now == *sha256 => {}
            Ok(_) => {
                let what = format!("its bytes from here to {to} are not those that were written");
                report.add(Finding::error(name, Some(*from), "file-changed", what));
            }
            Err(why) => {
                report.add(Finding::error(name, Some(*from), "file-changed", why.to_string()))
            }
        }
    }
}
