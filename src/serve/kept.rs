//! A cache with a limit in bytes that evicts the least recently used values first.
//!
//! It holds values derived from captures. A capture never changes, so cached values never become stale; a
//! key has to include everything that a value was made from.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The overhead of every entry: its key, and its places in the maps.
const ENTRY_BYTES: usize = 1024;

/// A cache whose values have at most this many bytes together.
pub struct Kept<K, V> {
    bytes_max: usize,
    /// A longer value is not kept, so that it does not evict all others.
    each_max: usize,
    entries: Mutex<Entries<K, V>>,
}

struct Entries<K, V> {
    by_key: HashMap<K, Entry<V>>,
    /// Keys by the number of their last use.
    by_use: BTreeMap<u64, K>,
    uses: u64,
    bytes: usize,
}

struct Entry<V> {
    value: V,
    bytes: usize,
    used: u64,
}

impl<K: Hash + Eq + Clone, V: Clone> Kept<K, V> {
    /// A cache of that many bytes, none of whose values has more than `each_max`. Nothing is kept where
    /// `bytes_max` is 0.
    pub fn new(bytes_max: usize, each_max: usize) -> Self {
        let entries =
            Entries { by_key: HashMap::new(), by_use: BTreeMap::new(), uses: 0, bytes: 0 };
        Self { bytes_max, each_max: each_max.min(bytes_max), entries: Mutex::new(entries) }
    }

    fn entries(&self) -> MutexGuard<'_, Entries<K, V>> {
        // The data behind the lock is always consistent.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value that is kept for a key.
    pub fn get(&self, key: &K) -> Option<V> {
        let mut entries = self.entries();
        let Entries { by_key, by_use, uses, .. } = &mut *entries;
        let entry = by_key.get_mut(key)?;
        *uses += 1;
        if let Some(key) = by_use.remove(&entry.used) {
            by_use.insert(*uses, key);
        }
        entry.used = *uses;
        Some(entry.value.clone())
    }

    /// Keeps a value of this many bytes, replacing an earlier one for that key. A value longer
    /// than the limit is not kept.
    pub fn keep(&self, key: K, value: V, bytes: usize) {
        let bytes = bytes.saturating_add(ENTRY_BYTES);
        let mut entries = self.entries();
        // They are dropped after the lock is released.
        let mut gone = Vec::new();
        gone.extend(entries.remove(&key));
        if bytes <= self.each_max {
            while entries.bytes + bytes > self.bytes_max {
                let Some((_, oldest)) = entries.by_use.pop_first() else { break };
                gone.extend(entries.remove(&oldest));
            }
            entries.add(key, value, bytes);
        }
        drop(entries);
        drop(gone);
    }

    /// How many bytes the values have.
    #[cfg(test)]
    fn bytes(&self) -> usize {
        self.entries().bytes
    }
}

impl<K: Hash + Eq + Clone, V> Entries<K, V> {
    fn add(&mut self, key: K, value: V, bytes: usize) {
        self.uses += 1;
        let entry = Entry { value, bytes, used: self.uses };
        self.bytes += bytes;
        self.by_use.insert(self.uses, key.clone());
        self.by_key.insert(key, entry);
    }

    fn remove(&mut self, key: &K) -> Option<V> {
        let entry = self.by_key.remove(key)?;
        self.by_use.remove(&entry.used);
        self.bytes -= entry.bytes;
        Some(entry.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_least_recently_used_goes_first() {
        let kept = Kept::new(3 * (ENTRY_BYTES + 10), usize::MAX);
        for key in 1..=3 {
            kept.keep(key, key * 10, 10);
        }
        assert_eq!(kept.get(&1), Some(10));
        kept.keep(4, 40, 10);
        let got: Vec<Option<i32>> = (1..=4).map(|key| kept.get(&key)).collect();
        assert_eq!(got, [Some(10), None, Some(30), Some(40)]);
    }

    #[test]
    fn what_is_too_long_is_not_kept_and_drives_nothing_out() {
        let kept = Kept::new(10_000, 5_000);
        kept.keep("short", 1, 100);
        kept.keep("long", 2, 5_000);
        assert_eq!((kept.get(&"short"), kept.get(&"long")), (Some(1), None));
        // A value that has grown too long is removed.
        kept.keep("short", 1, 5_000);
        assert_eq!((kept.get(&"short"), kept.bytes()), (None, 0));
        let none = Kept::new(0, usize::MAX);
        none.keep("any", 1, 0);
        assert_eq!(none.get(&"any"), None);
    }

    proptest! {
        #[test]
        fn the_limit_holds_and_the_count_is_right(
            steps in proptest::collection::vec((any::<bool>(), 0..20_u8, 0..6_000_usize), 0..200),
        ) {
            let kept = Kept::new(20_000, 6_000);
            for (is_kept, key, bytes) in steps {
                if is_kept {
                    kept.keep(key, bytes, bytes);
                } else {
                    kept.get(&key);
                }
                let entries = kept.entries();
                let sum: usize = entries.by_key.values().map(|entry| entry.bytes).sum();
                prop_assert_eq!(sum, entries.bytes);
                prop_assert!(sum <= 20_000);
                prop_assert_eq!(entries.by_key.len(), entries.by_use.len());
                for entry in entries.by_key.values() {
                    prop_assert!(entry.bytes <= 6_000 && entries.by_use.contains_key(&entry.used));
                }
            }
        }
    }
}
