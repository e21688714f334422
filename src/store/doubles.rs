//! A WARC file that is in the archive under both its names, `X.open` and `X`.
//!
//! A run does not leave that state: a file is renamed when it is sealed. But a copy of an archive
//! that is renewed while a crawl is running gets the open file first and the sealed one later, and
//! after a restore both are there. One of them is set aside, whole; nothing is deleted.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::StoreError;
use super::layout::{Layout, sealed_path, stable_name};
use super::rotate::sync_dir;

/// Settles every double of [`Layout::listed`]; what was done, as text.
pub(super) fn settle(layout: &Layout, doubles: &[PathBuf]) -> Result<Vec<String>, StoreError> {
    doubles.iter().map(|open| settle_one(layout, open)).collect()
}

/// A file that is the beginning of the other is set aside. Where both continue differently the
/// sealed one stays: it was whole.
fn settle_one(layout: &Layout, open: &Path) -> Result<String, StoreError> {
    let io = |doing: &'static str| {
        let path = open.display().to_string();
        move |why| StoreError::Io { doing, path, why }
    };
    let sealed = sealed_path(open);
    let name = stable_name(open);
    let same = common_prefix(open, &sealed).map_err(io("comparing with its sealed name"))?;
    let length = |path: &Path| fs::metadata(path).map(|meta| meta.len());
    let lengths = length(open).and_then(|of_open| Ok((of_open, length(&sealed)?)));
    let (of_open, of_sealed) = lengths.map_err(io("reading"))?;
    let (loser, why) = if same == of_open {
        (open, format!("{name}.open held the first {same} bytes of the sealed file"))
    } else if same == of_sealed {
        (&*sealed, format!("{name} held only the first {same} bytes of {name}.open"))
    } else {
        (open, format!("{name}.open differs from the sealed file from byte {same} on"))
    };
    let aside = free_name(&layout.set_aside_dir(), loser);
    fs::rename(loser, &aside).map_err(io("setting aside"))?;
    sync_dir(&layout.set_aside_dir())?;
    sync_dir(&layout.warc_dir())?;
    Ok(format!("{why}; it was set aside in {}", aside.display()))
}

/// The name of `path` in `dir`, with a number where that is taken.
fn free_name(dir: &Path, path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let numbered = (2..).map(|number| dir.join(format!("{name}.{number}")));
    let mut names = std::iter::once(dir.join(&*name)).chain(numbered);
    names.find(|path| !path.exists()).unwrap_or_else(|| dir.join(&*name))
}

/// How many bytes two files have in common at their beginning.
fn common_prefix(one: &Path, other: &Path) -> io::Result<u64> {
    let open = |path| Ok::<_, io::Error>(BufReader::with_capacity(1 << 20, File::open(path)?));
    let (mut one, mut other) = (open(one)?, open(other)?);
    let mut same = 0;
    loop {
        let (a, b) = (one.fill_buf()?, other.fill_buf()?);
        let length = a.len().min(b.len());
        let equal = a.iter().zip(b).take_while(|(a, b)| a == b).count();
        same += equal as u64;
        if equal < length || length == 0 {
            return Ok(same);
        }
        one.consume(length);
        other.consume(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is in `warc` and in `set-aside` after settling, and what was said.
    fn settled(open: &[u8], sealed: &[u8]) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        layout.create().unwrap();
        fs::write(layout.warc_dir().join("a.warc.gz.open"), open).unwrap();
        fs::write(layout.warc_dir().join("a.warc.gz"), sealed).unwrap();
        fs::write(layout.warc_dir().join("b.warc.gz.open"), b"alone").unwrap();
        fs::write(layout.set_aside_dir().join("a.warc.gz.open"), b"of before").unwrap();
        let (listed, doubles) = layout.listed().unwrap();
        let names: Vec<_> = listed.iter().filter_map(|path| path.file_name()).collect();
        assert_eq!(names, ["a.warc.gz", "b.warc.gz.open"]);
        let notes = settle(&layout, &doubles).unwrap();
        assert_eq!(layout.listed().unwrap().1, Vec::<PathBuf>::new());
        let mut found = Vec::new();
        for dir in [layout.warc_dir(), layout.set_aside_dir()] {
            for entry in fs::read_dir(&dir).unwrap().flatten() {
                let name = entry.path().strip_prefix(layout.root()).unwrap().display().to_string();
                found.push((name, fs::read(entry.path()).unwrap()));
            }
        }
        found.sort();
        (found, notes)
    }

    #[test]
    fn long_files_are_compared_to_their_end() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (dir.path().join("one"), dir.path().join("other"));
        let mut bytes = vec![7; (1 << 20) + 5000];
        fs::write(&one, &bytes).unwrap();
        bytes.truncate((1 << 20) + 4000);
        fs::write(&other, &bytes).unwrap();
        assert_eq!(common_prefix(&one, &other).unwrap(), (1 << 20) + 4000);
        bytes[(1 << 20) + 1] = 8;
        fs::write(&other, &bytes).unwrap();
        assert_eq!(common_prefix(&other, &one).unwrap(), (1 << 20) + 1);
    }

    #[test]
    fn what_is_a_part_of_the_other_is_set_aside_and_nothing_is_lost() {
        // What is open, and sealed; what stays; what is moved, and under which name; what is said.
        for [open, sealed, stays, moved, aside, said] in [
            ["abc", "abcdef", "abcdef", "abc", "a.warc.gz.open.2", "the first 3 bytes"],
            ["abc", "abc", "abc", "abc", "a.warc.gz.open.2", "the first 3 bytes"],
            ["", "abc", "abc", "", "a.warc.gz.open.2", "the first 0 bytes"],
            ["abXdef", "abcde", "abcde", "abXdef", "a.warc.gz.open.2", "from byte 2 on"],
            ["abcdef", "abc", "abcdef", "abc", "a.warc.gz", "only the first 3 bytes"],
        ] {
            let (found, notes) = settled(open.as_bytes(), sealed.as_bytes());
            assert!(matches!(&notes[..], [note] if note.contains(said)), "{notes:?}");
            let read = |name: &str| found.iter().find(|(n, _)| n == name).map(|(_, b)| b.clone());
            let left = read("warc/a.warc.gz").or_else(|| read("warc/a.warc.gz.open")).unwrap();
            assert_eq!(left, stays.as_bytes());
            assert_eq!(read(&format!("set-aside/{aside}")).unwrap(), moved.as_bytes());
            assert_eq!(read("set-aside/a.warc.gz.open").unwrap(), b"of before");
            assert_eq!(read("warc/b.warc.gz.open").unwrap(), b"alone");
            assert_eq!(found.len(), 4, "{found:?}");
        }
    }
}
