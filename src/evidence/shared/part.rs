//! The bytes of a part: leaves in order.

use crate::evidence::EvidenceError;
use crate::evidence::extend::LeafSink;
use crate::evidence::leaf::{ENTRY_LEN, Statement};

/// A leaf of a record: this byte, the entry (32), the offset (8, big endian), the raw bytes of its member
/// before it (4). A statement: the other byte, the length of its text (4), the text.
const RECORD: u8 = 0;
const STATEMENT: u8 = 1;

/// Adds the leaf of a record.
pub(super) fn push_record(leaves: &mut Vec<u8>, entry: &[u8; ENTRY_LEN], offset: u64, within: u32) {
    leaves.push(RECORD);
    leaves.extend(entry);
    leaves.extend(offset.to_be_bytes());
    leaves.extend(within.to_be_bytes());
}

/// The leaf of a statement.
pub(super) fn leaf_of(statement: &Statement) -> Vec<u8> {
    let text = statement.text();
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    [&[STATEMENT], &length.to_be_bytes()[..], text.as_bytes()].concat()
}

/// Appends the leaves of a part; `None` where its bytes are malformed.
pub(super) fn append_leaves(
    sink: &mut dyn LeafSink,
    file: &str,
    mut bytes: &[u8],
) -> Option<Result<(), EvidenceError>> {
    while let Some((kind, rest)) = bytes.split_first() {
        let done = match *kind {
            RECORD => {
                let (entry, rest) = rest.split_first_chunk::<ENTRY_LEN>()?;
                let (offset, rest) = rest.split_first_chunk::<8>()?;
                let (within, rest) = rest.split_first_chunk::<4>()?;
                bytes = rest;
                if file.is_empty() {
                    return None;
                }
                sink.record(entry, file, u64::from_be_bytes(*offset), u32::from_be_bytes(*within))
            }
            STATEMENT => {
                let (length, rest) = rest.split_first_chunk::<4>()?;
                let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
                let (text, rest) = rest.split_at_checked(length)?;
                bytes = rest;
                sink.state(Statement::parse(std::str::from_utf8(text).ok()?)?)
            }
            _ => return None,
        };
        if let Err(why) = done {
            return Some(Err(why));
        }
    }
    Some(Ok(()))
}
