//! Records that are removed by order: the file is rewritten, with other records of the same length in their places.
//!
//! No other byte of the file changes and none moves. This is the one place of the store that removes a record.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use super::StoreError;
use super::durable::make_whole;
use super::layout::{Layout, is_open};
use super::lock::Lock;

/// Puts each of these members, in the order of their offsets, over the same number of bytes of a sealed WARC file. The old
/// file is there until the new one is whole and on the disk; repeating the call changes nothing.
///
/// # Errors
/// When the file is not there or still open, a member is not in it, or the disk fails.
pub fn replace_members(
    layout: &Layout,
    _writer: &Lock,
    name: &str,
    members: &[(u64, Vec<u8>)],
) -> Result<PathBuf, StoreError> {
    let failed = |why: String| StoreError::Record {
        file: name.to_owned(),
        offset: members.first().map_or(0, |(offset, _)| *offset),
        why,
    };
    let path = layout.path_of(name).ok_or_else(|| failed("the file does not exist".to_owned()))?;
    if is_open(&path) {
        return Err(failed("the file is still open".to_owned()));
    }
    let io = |doing: &'static str| {
        let path = path.display().to_string();
        move |why: io::Error| StoreError::Io { doing, path: path.clone(), why }
    };
    let mut old = File::open(&path).map_err(io("reading"))?;
    let data = old.metadata().map_err(io("reading"))?;
    let mut at = 0;
    for (offset, member) in members {
        if *offset < at {
            return Err(failed("two records to be replaced overlap".to_owned()));
        }
        at = offset + member.len() as u64;
    }
    if at > data.len() {
        return Err(failed("a record to be replaced is after the end of the file".to_owned()));
    }
    make_whole(&path, io("writing"), |mut new| {
        // The new file has the permissions of the old one.
        new.set_permissions(data.permissions()).map_err(io("writing"))?;
        let mut copied = 0;
        for (offset, member) in members {
            copy(&mut old, &mut new, offset - copied).map_err(io("copying"))?;
            new.write_all(member).map_err(io("writing"))?;
            copied = offset + member.len() as u64;
            old.seek(SeekFrom::Start(copied)).map_err(io("reading"))?;
        }
        copy(&mut old, &mut new, data.len() - copied).map_err(io("copying"))
    })?;
    Ok(path)
}

fn copy(from: &mut File, to: &mut &File, count: u64) -> io::Result<()> {
    match io::copy(&mut from.take(count), to)? {
        copied if copied == count => Ok(()),
        _ => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file has become shorter")),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn bytes_are_replaced_in_their_places_and_the_rest_is_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        layout.create().unwrap();
        let path = layout.warc_dir().join("a.warc");
        std::fs::write(&path, b"0123456789").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let lock = Lock::take(&layout).unwrap();
        let members = [(2, b"xx".to_vec()), (7, b"yyy".to_vec())];
        for _ in 0..2 {
            replace_members(&layout, &lock, "a.warc", &members).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), b"01xx456yyy");
        }
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for wrong in
            [[(9, b"xx".to_vec()), (11, Vec::new())], [(3, b"xx".to_vec()), (4, b"x".to_vec())]]
        {
            assert!(replace_members(&layout, &lock, "a.warc", &wrong).is_err());
        }
        assert!(replace_members(&layout, &lock, "b.warc", &members).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"01xx456yyy");
    }
}
