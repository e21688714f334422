//! Captures of one urlkey, packed in blocks. The engine pays some hundred bytes for every key, and
//! a front page is captured hourly for years; so up to 32 captures share a key.
//!
//! Blocks of a urlkey part its captures, sorted by [`Position`], into runs: a block's key is not
//! after its first entry and after every entry of the block before. So the block of a position is
//! the one with the greatest key not after it, whatever the order of arrival was.

use std::ops::Bound;

use super::IndexError;
use super::entry::{IndexEntry, Position};
use super::{key, value};
use crate::kv::{Batch, Bytes, Tree};

/// The most captures in a block. A block is rewritten for each capture that joins it, which is
/// what bounds it from above.
pub const BLOCK_ENTRIES_MAX: usize = 32;

/// The size a block is split at, in bytes. Sixteen keys share a page of the engine, and a page over
/// 128 KiB would get a file of its own.
pub const BLOCK_BYTES_MAX: usize = 2048;

/// A block as it is in the tree.
pub(super) struct Block {
    key: Bytes,
    entries: Vec<IndexEntry>,
}

/// Reads the entries of a block from its key and value; none for keys that are not blocks.
pub(super) fn read(key_bytes: &[u8], value: &[u8]) -> Result<Vec<IndexEntry>, IndexError> {
    let Some((stored, base)) = key::parse_block(key_bytes) else { return Ok(Vec::new()) };
    value::decode(stored, base, value)
        .map_err(|source| IndexError::Value { key: key_bytes.escape_ascii().to_string(), source })
}

fn load((key, value): (Bytes, Bytes)) -> Result<Block, IndexError> {
    let entries = read(&key, &value)?;
    Ok(Block { key, entries })
}

/// Adds `entries` (of one urlkey, in any order; `stored` is its key) to the blocks of `tree`, through
/// `batch`; gives back those that were not there before. An entry at a position that is taken replaces
/// what is there.
pub(super) fn insert(
    tree: &Tree,
    batch: &mut Batch,
    stored: &[u8],
    mut entries: Vec<IndexEntry>,
) -> Result<Vec<IndexEntry>, IndexError> {
    entries.sort_by_key(IndexEntry::position);
    let mut added = Vec::new();
    let mut left = entries.into_iter().peekable();
    while let Some(first) = left.peek() {
        let (block, next) = block_for(tree, stored, first.position())?;
        let mine = |entry: &IndexEntry| {
            next.as_ref().is_none_or(|next| key::block_at(stored, entry.position())[..] < **next)
        };
        let mut run = Vec::new();
        while let Some(entry) = left.next_if(mine) {
            run.push(entry);
        }
        // The first entry is always of this block, so that every round takes one at least.
        debug_assert!(!run.is_empty());
        if run.is_empty() {
            run.extend(left.next());
        }
        merge(batch, stored, block, run, &mut added);
    }
    Ok(added)
}

/// The same for a urlkey that has no block yet.
pub(super) fn insert_first(
    batch: &mut Batch,
    stored: &[u8],
    mut entries: Vec<IndexEntry>,
) -> Vec<IndexEntry> {
    entries.sort_by_key(IndexEntry::position);
    let mut added = Vec::new();
    merge(batch, stored, None, entries, &mut added);
    added
}

/// The block that an entry at `position` belongs to, if there is any of its urlkey, and the key of
/// the block after it.
fn block_for(
    tree: &Tree,
    stored: &[u8],
    position: Position,
) -> Result<(Option<Block>, Option<Bytes>), IndexError> {
    let (start, end) = key::blocks_of(stored);
    let latest = key::block_at(stored, position);
    let block = tree.range(&start[..]..=&latest[..]).next_back().transpose()?;
    let after = block.as_ref().map_or(&latest[..], |(key, _)| key);
    let mut later = tree.range::<&[u8], _>((Bound::Excluded(after), Bound::Excluded(&end[..])));
    let next = later.next().transpose()?;
    if block.is_some() {
        return Ok((block.map(load).transpose()?, next.map(|(key, _)| key)));
    }
    // Before all others: the first block takes it in, and gets an earlier key.
    let after_next = later.next().transpose()?;
    Ok((next.map(load).transpose()?, after_next.map(|(key, _)| key)))
}

fn merge(
    batch: &mut Batch,
    stored: &[u8],
    block: Option<Block>,
    run: Vec<IndexEntry>,
    added: &mut Vec<IndexEntry>,
) {
    let (old_key, mut entries) = block.map_or((None, Vec::new()), |b| (Some(b.key), b.entries));
    let end_before = entries.last().map(IndexEntry::position);
    let is_append = run.first().map(IndexEntry::position) > end_before;
    for entry in run {
        match entries.binary_search_by_key(&entry.position(), IndexEntry::position) {
            Ok(at) => entries[at] = entry,
            Err(at) => {
                added.push(entry.clone());
                entries.insert(at, entry);
            }
        }
    }
    let Some(first) = entries.first() else { return };
    // The key stays as long as it is not after the first entry: it may carry a place that keeps it
    // apart from the block before.
    let keeps = old_key.as_ref().and_then(|key| Some((key, key::parse_block(key)?.1)));
    let first_key = match keeps {
        Some((key, time)) if time <= first.date => key.to_vec(),
        _ => key::block(stored, first.date),
    };
    if let Some(old) = old_key.filter(|old| **old != *first_key) {
        batch.remove(&old);
    }
    let mut before: Option<&IndexEntry> = None;
    for chunk in chunks(&entries, stored, is_append) {
        let Some(first) = chunk.first() else { continue };
        let key = match before {
            None => first_key.clone(),
            Some(before) if before.date == first.date => key::block_at(stored, first.position()),
            Some(_) => key::block(stored, first.date),
        };
        let base = key::parse_block(&key).map_or(first.date, |(_, time)| time);
        batch.insert(&key, &value::encode(chunk, base, key::is_cut(stored)));
        before = chunk.last();
    }
}

/// The entries in runs that are small enough: full ones when captures arrive in order, which is
/// how they stay; half full ones when they arrive in the middle, where more may come.
fn chunks<'a>(
    entries: &'a [IndexEntry],
    stored: &[u8],
    is_append: bool,
) -> std::slice::Chunks<'a, IndexEntry> {
    let base = entries.first().map_or_else(Default::default, |entry| entry.date);
    let bytes = value::encode(entries, base, key::is_cut(stored)).len();
    if entries.len() <= BLOCK_ENTRIES_MAX && bytes <= BLOCK_BYTES_MAX || entries.len() <= 1 {
        return entries.chunks(entries.len().max(1));
    }
    let each = bytes.div_ceil(entries.len());
    let most = (BLOCK_BYTES_MAX / each).clamp(1, BLOCK_ENTRIES_MAX);
    let size = if is_append {
        most
    } else {
        // Even parts, one more than would just do.
        entries.len().div_ceil(entries.len().div_ceil(most) + 1).max(1)
    };
    entries.chunks(size)
}
