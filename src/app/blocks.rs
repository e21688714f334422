//! Captures of months that are over, copied automatically to ZipNum blocks where a setting says so: written, published in
//! one step, read back and compared with the index; and whether the place of the blocks can be used.
//!
//! The index keeps its captures: they are what a crawl compares with, and nothing waits for blocks that lie elsewhere.

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::objects::{Trouble, requests_max, try_writing, with_advice};
use crate::archive::{ArchiveError, Captures, MatchType, Query, cdx};
use crate::base::{Clock, DigestAlgorithm, SystemClock, Timestamp};
use crate::config::{Settings, keys};
use crate::exchange::export::{ExportError, ExportFormat, Exporting, Request, Selection, export};
use crate::store::durable::make_whole;
use crate::store::{Layout, Reader};
use crate::zipnum::{IDX, ShardCaptures};

mod place;

pub use place::{Claim, Place};

/// The program, as it names itself in what it writes.
const SOFTWARE: &str = concat!("pressmark/", env!("CARGO_PKG_VERSION"));
/// How often it is checked whether another month is over.
pub const CHECKED_EVERY: Duration = Duration::from_hours(1);

/// The time before which captures are in blocks, as last published and read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Brought {
    /// The destination.
    place: String,
    /// The first month that is not in them: `2026-01`.
    before: String,
    /// How many captures.
    captures: u64,
    /// What distinguishes this content of the index over the blocks from another one; empty in records of older
    /// versions, which left no mark there.
    #[serde(default)]
    index: String,
}

/// Copies captures of months that are over to blocks.
#[derive(Clone)]
pub struct Blocks {
    reader: Reader,
    settings: Settings,
    clock: Arc<dyn Clock>,
    ended: Arc<Mutex<bool>>,
}

impl Blocks {
    /// The blocks of an archive; `None` where the settings do not ask for them.
    #[must_use]
    pub fn new(reader: Reader, settings: &Settings, clock: Arc<dyn Clock>) -> Option<Self> {
        let is_asked = !settings.text(keys::STORE_ZIPNUM).is_empty()
            && settings.duration(keys::STORE_ZIPNUM_AFTER) > Duration::ZERO;
        let settings = settings.clone();
        is_asked.then(|| Self { reader, settings, clock, ended: Arc::default() })
    }

    /// Copies months that are now over to the blocks. What was done, as text; `None` where there is nothing to do.
    ///
    /// # Errors
    /// Why that was not done, as text. It is tried again with the next call.
    pub fn once(&self) -> Result<Option<String>, String> {
        // Held while it works, so that ending the run waits for it.
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if *ended {
            return Ok(None);
        }
        let place = self.settings.text(keys::STORE_ZIPNUM);
        self.bring(place).map_err(|why| {
            format!(
                "captures of past months were not copied to {place}: {why}; this is tried again"
            )
        })
    }

    fn bring(&self, name: &str) -> Result<Option<String>, String> {
        let layout = self.reader.layout();
        let after = self.settings.duration(keys::STORE_ZIPNUM_AFTER);
        let (month, before) = month_of(self.clock.now().minus(after));
        let file = layout.blocks_file();
        let place = Place::of(&self.settings)?.ok_or("no place is configured")?;
        let brought = read(&file).filter(|brought| brought.place == name);
        let is_enough = |brought: &&Brought| brought.before >= month;
        if brought.as_ref().filter(is_enough).is_some_and(|brought| is_there(&place, brought)) {
            return Ok(None);
        }
        let Some(staged) = self.staged(layout, before)? else { return Ok(None) };
        let claim = Claim { reader: &self.reader, was_here: brought.is_some(), force: false };
        place.take(claim)?;
        let published = place.publish(&staged.path().join(BLOCKS), requests_max(&self.settings));
        published.map_err(|why| why.to_string())?;
        let own = digest_of(self.reader.captures(), before).map_err(|why| why.to_string())?;
        let blocks = ShardCaptures::new(place.ranges(), Arc::clone(&self.clock));
        let there = digest_of(&blocks, before).map_err(|why| why.to_string())?;
        if own != there {
            return Err(format!(
                "the blocks have {} captures from before {month}, and the index has {} or different ones",
                there.0, own.0
            ));
        }
        let index = place.ranges().version(IDX).map_err(|why| why.to_string())?;
        let captures = own.0;
        let brought = Brought { place: name.to_owned(), before: month.clone(), captures, index };
        write(&file, &brought).map_err(|why| format!("writing {}: {why}", file.display()))?;
        Ok(Some(format!("{} captures from before {month} are in {name}, read back", own.0)))
    }

    /// The blocks in a folder of their own; `None` where there is no capture from before a time.
    fn staged(
        &self,
        layout: &Layout,
        before: Timestamp,
    ) -> Result<Option<tempfile::TempDir>, String> {
        let failed = |why: &dyn std::fmt::Display| format!("making the blocks: {why}");
        let staged = tempfile::Builder::new().prefix("zipnum-").tempdir_in(layout.tmp_dir());
        let staged = staged.map_err(|why| failed(&why))?;
        let request = Request {
            urls: Vec::new(),
            match_type: MatchType::Exact,
            from: None,
            to: Some(before),
        };
        let selection = Selection::of(&self.reader, &request).map_err(|why| failed(&why))?;
        let mut exporting = Exporting {
            reader: &self.reader,
            format: ExportFormat::ZipNum,
            software: SOFTWARE.to_owned(),
            description: String::new(),
            titles: &mut |_| None,
        };
        match export(selection, &mut exporting, &staged.path().join(BLOCKS)) {
            Ok(_) => Ok(Some(staged)),
            Err(ExportError::Nothing) => Ok(None),
            Err(why) => Err(failed(&why)),
        }
    }

    /// Checks at every interval, the first time at once, until it is dropped; what was done is passed to `done`, and errors
    /// to `failed`.
    pub async fn follow_every(
        self,
        every: Duration,
        done: impl Fn(&str) + Send,
        failed: impl Fn(&str) + Send,
    ) {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let blocks = self.clone();
            match tokio::task::spawn_blocking(move || blocks.once()).await {
                Ok(Ok(note)) => note.iter().for_each(|note| done(note)),
                Ok(Err(why)) => failed(&why),
                Err(why) => failed(&why.to_string()),
            }
        }
    }

    /// Ends it, after the work in progress.
    pub fn end(&self) {
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }
}

/// The folder of the blocks in the one that they are made in.
const BLOCKS: &str = "blocks";

/// The month of a time, and when it began: captures from before are of months that are over.
fn month_of(at: Timestamp) -> (String, Timestamp) {
    let stamp = at.to_stamp14();
    let month = format!("{}-{}", &stamp[..4], &stamp[4..6]);
    let began = Timestamp::parse(&month).unwrap_or_default();
    (month, began)
}

/// How many captures there are from before a time, and a number computed from all of them that does not depend on their order.
fn digest_of(captures: &dyn Captures, before: Timestamp) -> Result<(u64, u128), ArchiveError> {
    let query = Query { to: Some(before), ..Query::everything() };
    let mut all = (0, 0_u128);
    for capture in captures.scan(&query) {
        let line = cdx::cdxj_whole_line(&capture?);
        let digest = DigestAlgorithm::Sha256.digest(line.as_bytes());
        let first = digest.as_bytes().first_chunk::<16>().copied().unwrap_or_default();
        all = (all.0 + 1, all.1.wrapping_add(u128::from_be_bytes(first)));
    }
    Ok(all)
}

/// Whether the blocks are still those that were published last. A place that does not answer counts as unchanged: those
/// who read there report it.
fn is_there(place: &Place, brought: &Brought) -> bool {
    match place.ranges().version(IDX) {
        Ok(version) => version == brought.index,
        Err(why) => why.kind() != io::ErrorKind::NotFound,
    }
}

/// What was last copied there; `None` where that is not known.
fn read(file: &Path) -> Option<Brought> {
    serde_json::from_slice(&std::fs::read(file).ok()?).ok()
}

fn write(file: &Path, brought: &Brought) -> io::Result<()> {
    let bytes = serde_json::to_vec(brought)?;
    make_whole(file, |why| why, |mut file| file.write_all(&bytes))
}

/// Whether the blocks that the settings name can be read, and written where they are copied there automatically; as text.
/// `None` where they name none. Nothing is left there.
///
/// # Errors
/// What cannot be done there.
#[must_use]
pub fn try_blocks(settings: &Settings) -> Option<Result<String, Trouble>> {
    let name = settings.text(keys::STORE_ZIPNUM);
    let place = match Place::of(settings) {
        Ok(place) => place?,
        Err(why) => return Some(Err(why.into())),
    };
    let writes = settings.duration(keys::STORE_ZIPNUM_AFTER) > Duration::ZERO;
    Some(try_place(&place, name, writes))
}

fn try_place(place: &Place, name: &str, writes: bool) -> Result<String, Trouble> {
    let failed = |why: io::Error| {
        let is_away = why.kind() == io::ErrorKind::TimedOut;
        Trouble { what: format!("{name}: {why}"), is_away }
    };
    let ranges = place.ranges();
    let there = match ranges.version(IDX) {
        Ok(_) => {
            let index = ranges.whole(IDX).map_err(failed)?;
            let blocks = index.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            format!("{} blocks of captures", blocks.count())
        }
        Err(why) if why.kind() == io::ErrorKind::NotFound && writes => "no blocks yet".to_owned(),
        Err(why) => return Err(failed(why)),
    };
    if !writes {
        return Ok(format!("{name} answers; {there}"));
    }
    let tried = match place {
        Place::Folder(path) => std::fs::create_dir_all(path)
            .and_then(|()| tempfile::tempfile_in(path))
            .map(drop)
            .map_err(failed),
        Place::Objects(objects) => try_writing(&**objects).map_err(|why| {
            let rights = "s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload";
            with_advice(name, &why, rights)
        }),
    };
    tried.map(|()| format!("{name} answers and may be written; {there}"))
}

/// The blocks that the settings name, as captures; `None` where they name none. Nothing is read yet.
///
/// # Errors
/// Why the place cannot be used, as text.
pub fn captures_in(settings: &Settings) -> Result<Option<Arc<dyn Captures>>, String> {
    let Some(place) = Place::of(settings)? else { return Ok(None) };
    let captures = ShardCaptures::new(place.ranges(), Arc::new(SystemClock));
    // Where none are written from here, missing blocks are a wrong address.
    let is_written = settings.duration(keys::STORE_ZIPNUM_AFTER) > Duration::ZERO;
    Ok(Some(Arc::new(captures.or_none_yet(is_written))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_months_that_are_over_end_where_the_one_of_a_time_begins() {
        for (at, month, began) in [
            ("2026-01-01T00:00:00Z", "2026-01", "2026-01-01T00:00:00Z"),
            ("2025-12-31T23:59:59Z", "2025-12", "2025-12-01T00:00:00Z"),
        ] {
            let (found, from) = month_of(Timestamp::parse(at).unwrap());
            assert_eq!((found.as_str(), from), (month, Timestamp::parse(began).unwrap()), "{at}");
        }
    }
}
