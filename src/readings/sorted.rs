//! Entries under keys, in order, so that damage of the file cannot hide one: the engine's pages have no
//! checksum, and a damaged one may be skipped silently.
//!
//! ```text
//! bucket:  first key | 1, and the first key of the next bucket, or 0 | up to 128 times  key, value     sealed
//! ```
//!
//! Buckets divide all keys between them: each says where it begins and where the next one does, from the
//! empty key to the end. A query is answered by the bucket that covers the key, and by those that follow it;
//! where the engine gives another one, or none, the store is damaged.

use super::database::{Database, DatabaseError, Table};
use super::pack::Pack;
use super::sealed::{seal, unseal};

/// A bucket with more entries is divided.
const ENTRIES_MAX: usize = 128;

type Result<T> = std::result::Result<T, DatabaseError>;

/// A callback that gets keys and values in order, and returns whether to continue.
type Found<'f> = &'f mut dyn FnMut(&[u8], &[u8]) -> Result<bool>;

#[derive(Debug, Default)]
struct Bucket {
    first: Vec<u8>,
    next: Option<Vec<u8>>,
    entries: Vec<(Vec<u8>, Vec<u8>)>,
}

fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    bytes.len().put(out);
    out.extend_from_slice(bytes);
}

fn take_bytes(from: &mut &[u8]) -> Option<Vec<u8>> {
    let length = usize::take(from)?;
    let (bytes, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(bytes.to_vec())
}

impl Bucket {
    fn save(&self, database: &Database, table: Table) -> Result<()> {
        let mut content = Vec::new();
        put_bytes(&self.first, &mut content);
        self.next.is_some().put(&mut content);
        if let Some(next) = &self.next {
            put_bytes(next, &mut content);
        }
        for (key, value) in &self.entries {
            put_bytes(key, &mut content);
            put_bytes(value, &mut content);
        }
        let value = seal(&content, None)
            .ok_or_else(|| DatabaseError::Unusable("keys of too many bytes".to_owned()))?;
        database.put_bucket(table, &self.first, &value)
    }

    fn of_bytes(value: &[u8]) -> Option<Self> {
        let content = unseal(value, None)?;
        let mut rest = &content[..];
        let first = take_bytes(&mut rest)?;
        let next = if bool::take(&mut rest)? { Some(take_bytes(&mut rest)?) } else { None };
        let mut entries = Vec::with_capacity(ENTRIES_MAX);
        while !rest.is_empty() {
            entries.push((take_bytes(&mut rest)?, take_bytes(&mut rest)?));
        }
        Some(Self { first, next, entries })
    }

    /// The bucket in which a key is.
    fn of_key(database: &Database, table: Table, key: &[u8]) -> Result<Self> {
        let bucket = database.bucket(table, key)?.as_deref().and_then(Self::of_bytes);
        let is_here = |bucket: &Self| {
            *bucket.first <= *key && bucket.next.as_ref().is_none_or(|next| *key < **next)
        };
        let what = "what is found by its key";
        bucket.filter(is_here).ok_or_else(|| DatabaseError::Damaged(what.to_owned()))
    }

    fn place(&self, key: &[u8]) -> std::result::Result<usize, usize> {
        self.entries.binary_search_by(|(one, _)| (**one).cmp(key))
    }
}

/// Begins a table that is empty.
pub(super) fn begin(database: &Database, table: Table) -> Result<()> {
    Bucket::default().save(database, table)
}

/// The value of a key.
pub(super) fn get(database: &Database, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
    let mut bucket = Bucket::of_key(database, table, key)?;
    Ok(bucket.place(key).ok().map(|at| bucket.entries.swap_remove(at).1))
}

/// Keeps the value of a key, in place of one that it had.
pub(super) fn insert(database: &Database, table: Table, key: &[u8], value: &[u8]) -> Result<()> {
    let mut bucket = Bucket::of_key(database, table, key)?;
    match bucket.place(key) {
        Ok(at) => match bucket.entries.get_mut(at) {
            Some((_, known)) if *known != value => value.clone_into(known),
            _ => return Ok(()),
        },
        Err(at) => bucket.entries.insert(at, (key.to_vec(), value.to_vec())),
    }
    if bucket.entries.len() > ENTRIES_MAX {
        // What comes behind all others is likely to be followed by more of it.
        let is_last = bucket.place(key) == Ok(bucket.entries.len() - 1);
        let at = if is_last { ENTRIES_MAX } else { ENTRIES_MAX / 2 };
        let entries = bucket.entries.split_off(at);
        let first = entries.first().map(|(key, _)| key.clone()).unwrap_or_default();
        let next = bucket.next.replace(first.clone());
        Bucket { first, next, entries }.save(database, table)?;
    }
    bucket.save(database, table)
}

/// Takes a key out, where it is there.
pub(super) fn remove(database: &Database, table: Table, key: &[u8]) -> Result<()> {
    let mut bucket = Bucket::of_key(database, table, key)?;
    if let Ok(at) = bucket.place(key) {
        bucket.entries.remove(at);
        bucket.save(database, table)?;
    }
    Ok(())
}

/// Calls `found` for each key from `from` on and its value, in order, until it says that this is enough.
pub(super) fn scan(database: &Database, table: Table, from: &[u8], found: Found<'_>) -> Result<()> {
    let mut bucket = Bucket::of_key(database, table, from)?;
    let mut at = bucket.place(from).unwrap_or_else(|at| at);
    loop {
        for (key, value) in bucket.entries.iter().skip(at) {
            if !found(key, value)? {
                return Ok(());
            }
        }
        let Some(next) = bucket.next else { return Ok(()) };
        bucket = Bucket::of_key(database, table, &next)?;
        if bucket.first != next {
            return Err(DatabaseError::Damaged("the order of what is found".to_owned()));
        }
        at = 0;
    }
}

/// The keys that begin with `prefix`, without it, and their values.
pub(super) fn under(
    database: &Database,
    table: Table,
    prefix: &[u8],
) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut all = Vec::new();
    scan(database, table, prefix, &mut |key, value| {
        let Some(rest) = key.strip_prefix(prefix) else { return Ok(false) };
        all.push((rest.to_vec(), value.to_vec()));
        Ok(true)
    })?;
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::database::Access;
    use super::*;

    #[test]
    fn it_holds_what_a_sorted_map_holds() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::open(&dir.path().join("db"), Access::Write).unwrap();
        let table = Table::Speakers;
        let mut map: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        let mut chance = 1_u64;
        database
            .write(|| {
                for round in 0..3_000_u64 {
                    chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    // Rising keys, and such that fall between them.
                    let key = if round % 3 == 0 { 900_000 + round } else { chance >> 44 };
                    let (key, value) = (key.to_be_bytes(), round.to_le_bytes());
                    if round % 7 == 6 {
                        let known =
                            map.keys().nth(usize::try_from(chance >> 40).unwrap() % map.len());
                        let known = known.cloned().unwrap();
                        map.remove(&known);
                        remove(&database, table, &known)?;
                    } else {
                        map.insert(key.to_vec(), value.to_vec());
                        insert(&database, table, &key, &value)?;
                    }
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(
            under(&database, table, b"").unwrap(),
            map.clone().into_iter().collect::<Vec<_>>()
        );
        for from in (0..1_000_000_u64).step_by(99_991) {
            let key = from.to_be_bytes();
            assert_eq!(get(&database, table, &key).unwrap(), map.get(&key[..]).cloned());
            let mut found = Vec::new();
            scan(&database, table, &key, &mut |key, _| {
                found.push(key.to_vec());
                Ok(found.len() < 200)
            })
            .unwrap();
            let expected: Vec<_> =
                map.range(key.to_vec()..).take(200).map(|(key, _)| key.clone()).collect();
            assert_eq!(found, expected);
        }
    }
}
