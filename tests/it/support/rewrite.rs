//! Records changed in place, as a user with all rights on the machine could.

use std::path::Path;

use pressmark::base::Timestamp;
use pressmark::warc::{Compression, Packer, Record, RecordKind};

use super::archive::{Kept, records_of};

/// Packs a WARC file again with its records as `change` leaves them. Digests stay as the header
/// states them; only the length follows the block. Offsets do not stay: the file that holds a
/// record that is looked up later must end with it, or be indexed again.
pub fn rewrite(path: &Path, mut change: impl FnMut(&mut Kept)) {
    let mut out = Vec::new();
    let mut packer = Packer::new(Compression::default());
    for mut kept in records_of(path) {
        change(&mut kept);
        let id = kept.fields.record_id().unwrap();
        let zero = Timestamp::from_unix_seconds(0);
        let length = kept.block.len().to_string();
        let mut rewritten = Record::build(&RecordKind::Response, &id, zero).block(kept.block);
        kept.fields.set("Content-Length", length);
        rewritten.fields = kept.fields;
        packer.pack(&rewritten).unwrap().write_to(&mut out).unwrap();
    }
    std::fs::write(path, out).unwrap();
}
