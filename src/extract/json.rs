//! JSON from pages, read only where its size in memory is bounded.
//!
//! A tree of JSON takes a hundred times its text where the text is made for it (`{"a":1},` is a
//! node of 600 bytes), so what is read is bounded by values and not by bytes alone. Deliberately
//! does not know what the JSON says.

use serde_json::Value;

/// The most values that are read of one text: a few dozen bytes each.
const VALUES_MAX: usize = 500_000;

/// The value that `text` is; none where it is not JSON, or has more than `objects_max` objects, or
/// more values than fit in some dozen megabytes. Marks inside strings are counted too: the count
/// is never too low.
pub(crate) fn read(text: &str, objects_max: usize) -> Option<Value> {
    let objects = memchr::memchr_iter(b'{', text.as_bytes()).take(objects_max + 1).count();
    let values = memchr::memchr2_iter(b',', b'[', text.as_bytes()).take(VALUES_MAX + 1).count();
    if objects > objects_max || values > VALUES_MAX {
        return None;
    }
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_that_would_fill_the_memory_is_not_made() {
        let of = |piece: &str, count: usize| format!("[{}1]", piece.repeat(count));
        assert!(read(&of("{\"a\":1},", 999), 1_000).is_some());
        assert!(read(&of("{\"a\":1},", 1_001), 1_000).is_none());
        assert!(read(&of("1,", VALUES_MAX - 1), 1_000).is_some());
        assert!(read(&of("1,", VALUES_MAX), 1_000).is_none());
        assert!(read("nonsense", 1_000).is_none());
    }
}
