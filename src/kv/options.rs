//! How a store is opened, and the arithmetic of key ranges.

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct KvOptions {
    /// How many bytes of pages are kept in memory, as they are in its log. The engine's own default
    /// would be 1 GiB. Keys of tens of bytes with values of a hundred take about twice that in memory,
    /// every one an allocation; and whatever is said here, the engine's table of where its pages are
    /// takes some 40 bytes a key (measured, up to 400,000 keys).
    pub cache_bytes: u64,
    /// How often the engine writes out what it holds, in milliseconds, beside explicit flushes, and moves
    /// entries together so that their old place can be used again. `None`: it writes nothing by itself, so
    /// that a process that only reads changes nothing and waits for no sync.
    pub flush_every_ms: Option<u64>,
}

impl Default for KvOptions {
    fn default() -> Self {
        Self { cache_bytes: 64 << 20, flush_every_ms: Some(500) }
    }
}

/// The smallest key after all keys that begin with `prefix`; `None` when there is none.
#[must_use]
pub fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let keep = prefix.iter().rposition(|byte| *byte != 0xff)?;
    let mut end = prefix[..=keep].to_vec();
    end[keep] += 1;
    Some(end)
}
