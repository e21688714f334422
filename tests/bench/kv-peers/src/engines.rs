//! The engines, each loaded and queried as its documentation describes.

use std::ops::Bound;
use std::path::Path;

use super::{Rows, TREES};

/// What the index asks of an engine.
pub trait Engine {
    /// Takes in sorted rows; all of them are durable when it returns.
    fn load(&mut self, rows: &mut Rows);

    /// How many bytes the values of a range of the first tree have.
    fn range(&mut self, from: &[u8], to: &[u8]) -> u64;

    /// The bytes of the values at or before a key and after it, within bounds.
    fn beside(&mut self, key: &[u8], from: &[u8], to: &[u8]) -> u64;

    /// Writes rows of the first tree; they are durable when it returns.
    fn commit(&mut self, rows: &[(Vec<u8>, Vec<u8>)]);
}

type Open = fn(&Path, u64) -> Box<dyn Engine>;

/// The engines by their names.
pub const ENGINES: [(&str, Open); 4] =
    [("sled", open_sled), ("redb", open_redb), ("fjall", open_fjall), ("lmdb", open_lmdb)];

struct Sled {
    kv: pressmark::kv::Kv,
    trees: Vec<pressmark::kv::Tree>,
}

fn open_sled(dir: &Path, cache_bytes: u64) -> Box<dyn Engine> {
    let options = pressmark::kv::KvOptions { cache_bytes, ..Default::default() };
    let (kv, notes) = pressmark::kv::Kv::open(&dir.join("kv"), &options).unwrap();
    assert!(notes.is_empty(), "{notes:?}");
    let trees = TREES.iter().map(|name| kv.tree(name).unwrap()).collect();
    Box::new(Sled { kv, trees })
}

impl Engine for Sled {
    fn load(&mut self, rows: &mut Rows) {
        let (mut key, mut value) = (Vec::new(), Vec::new());
        let (mut batch, mut tree, mut count) = (pressmark::kv::Batch::default(), 0, 0);
        while let Some(of) = rows.next(&mut key, &mut value) {
            if of != tree || count == 1_000 {
                self.trees[tree].apply(std::mem::take(&mut batch)).unwrap();
                (tree, count) = (of, 0);
            }
            batch.insert(&key, &value);
            count += 1;
        }
        self.trees[tree].apply(batch).unwrap();
        self.kv.flush().unwrap();
    }

    fn range(&mut self, from: &[u8], to: &[u8]) -> u64 {
        self.trees[0].range(from..to).map(|row| row.unwrap().1.len() as u64).sum()
    }

    fn beside(&mut self, key: &[u8], from: &[u8], to: &[u8]) -> u64 {
        let before = self.trees[0].range(from..=key).next_back();
        let after = self.trees[0].range::<&[u8], _>((Bound::Excluded(key), Bound::Excluded(to))).next();
        before.into_iter().chain(after).map(|row| row.unwrap().1.len() as u64).sum()
    }

    fn commit(&mut self, rows: &[(Vec<u8>, Vec<u8>)]) {
        let mut batch = pressmark::kv::Batch::default();
        rows.iter().for_each(|(key, value)| batch.insert(key, value));
        self.trees[0].apply(batch).unwrap();
        self.kv.flush().unwrap();
    }
}

type RedbTable = redb::TableDefinition<'static, &'static [u8], &'static [u8]>;
const REDB: [RedbTable; 2] = [RedbTable::new(TREES[0]), RedbTable::new(TREES[1])];

struct Redb {
    db: redb::Database,
    /// Held as the index would hold its tables open.
    read: Option<redb::ReadOnlyTable<&'static [u8], &'static [u8]>>,
}

impl Redb {
    fn table(&mut self) -> &redb::ReadOnlyTable<&'static [u8], &'static [u8]> {
        use redb::ReadableDatabase;
        let db = &self.db;
        self.read.get_or_insert_with(|| db.begin_read().unwrap().open_table(REDB[0]).unwrap())
    }
}

fn open_redb(dir: &Path, cache_bytes: u64) -> Box<dyn Engine> {
    let cache = usize::try_from(cache_bytes).unwrap();
    let db = redb::Database::builder().set_cache_size(cache).create(dir.join("redb")).unwrap();
    Box::new(Redb { db, read: None })
}

impl Engine for Redb {
    fn load(&mut self, rows: &mut Rows) {
        let (mut key, mut value) = (Vec::new(), Vec::new());
        let transaction = self.db.begin_write().unwrap();
        {
            let mut tables = REDB.map(|table| transaction.open_table(table).unwrap());
            while let Some(of) = rows.next(&mut key, &mut value) {
                tables[of].insert(key.as_slice(), value.as_slice()).unwrap();
            }
        }
        transaction.commit().unwrap();
    }

    fn range(&mut self, from: &[u8], to: &[u8]) -> u64 {
        let range = self.table().range::<&[u8]>(from..to).unwrap();
        range.map(|row| row.unwrap().1.value().len() as u64).sum()
    }

    fn beside(&mut self, key: &[u8], from: &[u8], to: &[u8]) -> u64 {
        let table = self.table();
        let before = table.range::<&[u8]>(from..=key).unwrap().next_back();
        let bounds = (Bound::Excluded(key), Bound::Excluded(to));
        let after = table.range::<&[u8]>(bounds).unwrap().next();
        before.into_iter().chain(after).map(|row| row.unwrap().1.value().len() as u64).sum()
    }

    fn commit(&mut self, rows: &[(Vec<u8>, Vec<u8>)]) {
        self.read = None;
        let transaction = self.db.begin_write().unwrap();
        {
            let mut table = transaction.open_table(REDB[0]).unwrap();
            for (key, value) in rows {
                table.insert(key.as_slice(), value.as_slice()).unwrap();
            }
        }
        transaction.commit().unwrap();
    }
}

struct Fjall {
    db: fjall::Database,
    trees: Vec<fjall::Keyspace>,
}

fn open_fjall(dir: &Path, cache_bytes: u64) -> Box<dyn Engine> {
    let db = fjall::Database::builder(dir.join("fjall")).cache_size(cache_bytes).open().unwrap();
    let keyspace = |name: &&str| db.keyspace(name, fjall::KeyspaceCreateOptions::default).unwrap();
    let trees = TREES.iter().map(keyspace).collect();
    Box::new(Fjall { db, trees })
}

impl Engine for Fjall {
    fn load(&mut self, rows: &mut Rows) {
        let (mut key, mut value) = (Vec::new(), Vec::new());
        let mut next = rows.next(&mut key, &mut value);
        while let Some(tree) = next {
            let mut ingestion = self.trees[tree].start_ingestion().unwrap();
            while next == Some(tree) {
                ingestion.write(key.as_slice(), value.as_slice()).unwrap();
                next = rows.next(&mut key, &mut value);
            }
            ingestion.finish().unwrap();
        }
        self.db.persist(fjall::PersistMode::SyncAll).unwrap();
    }

    fn range(&mut self, from: &[u8], to: &[u8]) -> u64 {
        let rows = self.trees[0].range(from..to);
        rows.map(|row| row.into_inner().unwrap().1.len() as u64).sum()
    }

    fn beside(&mut self, key: &[u8], from: &[u8], to: &[u8]) -> u64 {
        let before = self.trees[0].range(from..=key).next_back();
        let after = self.trees[0].range::<&[u8], _>((Bound::Excluded(key), Bound::Excluded(to))).next();
        before.into_iter().chain(after).map(|row| row.into_inner().unwrap().1.len() as u64).sum()
    }

    fn commit(&mut self, rows: &[(Vec<u8>, Vec<u8>)]) {
        let mut batch = self.db.batch().durability(Some(fjall::PersistMode::SyncAll));
        for (key, value) in rows {
            batch.insert(&self.trees[0], key.as_slice(), value.as_slice());
        }
        batch.commit().unwrap();
    }
}

type LmdbTree = heed::Database<heed::types::Bytes, heed::types::Bytes>;

struct Lmdb {
    env: heed::Env,
    trees: Vec<LmdbTree>,
}

fn open_lmdb(dir: &Path, _: u64) -> Box<dyn Engine> {
    // SAFETY: no other process has the file, and it is on a local disk.
    let env = unsafe {
        heed::EnvOpenOptions::new().map_size(16 << 30).max_dbs(4).open(dir).unwrap()
    };
    let mut transaction = env.write_txn().unwrap();
    let trees = TREES.map(|name| env.create_database(&mut transaction, Some(name)).unwrap());
    transaction.commit().unwrap();
    Box::new(Lmdb { env, trees: trees.to_vec() })
}

impl Engine for Lmdb {
    fn load(&mut self, rows: &mut Rows) {
        let (mut key, mut value) = (Vec::new(), Vec::new());
        let mut transaction = self.env.write_txn().unwrap();
        while let Some(of) = rows.next(&mut key, &mut value) {
            let flags = heed::PutFlags::APPEND;
            self.trees[of].put_with_flags(&mut transaction, flags, &key, &value).unwrap();
        }
        transaction.commit().unwrap();
    }

    fn range(&mut self, from: &[u8], to: &[u8]) -> u64 {
        let transaction = self.env.read_txn().unwrap();
        let bounds = (Bound::Included(from), Bound::Excluded(to));
        let rows = self.trees[0].range(&transaction, &bounds).unwrap();
        rows.map(|row| row.unwrap().1.len() as u64).sum()
    }

    fn beside(&mut self, key: &[u8], from: &[u8], to: &[u8]) -> u64 {
        let transaction = self.env.read_txn().unwrap();
        let before = (Bound::Included(from), Bound::Included(key));
        let before = self.trees[0].rev_range(&transaction, &before).unwrap().next();
        let after = (Bound::Excluded(key), Bound::Excluded(to));
        let after = self.trees[0].range(&transaction, &after).unwrap().next();
        before.into_iter().chain(after).map(|row| row.unwrap().1.len() as u64).sum()
    }

    fn commit(&mut self, rows: &[(Vec<u8>, Vec<u8>)]) {
        let mut transaction = self.env.write_txn().unwrap();
        for (key, value) in rows {
            self.trees[0].put(&mut transaction, key, value).unwrap();
        }
        transaction.commit().unwrap();
    }
}
