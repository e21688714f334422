//! The store of readings beside a crawl, other processes and a kill: what it answers is what the captures say.

use pressmark::history::Sayer;
use pressmark::history::changes::{Wanted, changes};
use pressmark::readings::{DERIVED_BYTES_MAX, FileDone, Readings};
use pressmark::store::{Layout, Reader};
use serde_json::Value;

use crate::lab::Lab;

/// The changes of an archive, as `changes` prints them.
fn changes_of(sayer: &mut Sayer<'_>) -> Vec<Value> {
    let found = changes(sayer, &Wanted::default(), &mut |_| {}).unwrap();
    found.map(|change| serde_json::to_value(change.unwrap()).unwrap()).collect()
}

/// Checks that a crawl left nothing for who asks: its store says of every WARC file that all of it is in,
/// and has the same changes as the captures. Only a crawl that `reads` every page knows who is quoted.
pub fn is_in_line(lab: &Lab, reads: bool, name: &str) {
    let root = lab.dir.path().join("archive");
    let (reader, _) = Reader::open(&root, 1 << 20).unwrap();
    let readings = Readings::open(&Layout::new(&root).derived_dir(), DERIVED_BYTES_MAX);
    let mut done = readings.files_done().unwrap();
    if !reads {
        done.iter_mut().for_each(|file| file.speakers = file.versions);
    }
    done.sort_by(|a, b| a.name.cmp(&b.name));
    let files = std::fs::read_dir(Layout::new(&root).warc_dir()).unwrap();
    let mut marks: Vec<FileDone> = files
        .map(|file| {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            let bytes = file.metadata().unwrap().len();
            FileDone { name, versions: bytes, speakers: bytes }
        })
        .collect();
    marks.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(done, marks, "{name}");
    let expected = changes_of(&mut Sayer::new(&reader));
    assert_eq!(changes_of(&mut Sayer::cached(&reader, &readings)), expected, "{name}");
}
