//! Whole files: members, frames, plain WARC and ARC. Reading ends, goes on, and gives the same from a
//! file as from a pipe where nothing has to be read twice.
#![no_main]

use std::io::{Cursor, Read};

use rooms::base::Finding;
use rooms::warc::verify::{Verifier, VerifyOptions};
use rooms::warc::{ReadOptions, WarcReader, from_reader};

type Seen = (Vec<(u64, Vec<u8>, u64)>, Vec<&'static str>);

fn read<R: Read>(mut reader: WarcReader<R>, most: usize) -> Seen {
    let mut records = Vec::new();
    let mut last = None;
    while let Some(mut record) = reader.next_record().unwrap() {
        let raw = record.header().raw.clone();
        // A member of a few bytes may hold a gigabyte of them.
        let block = std::io::copy(&mut record.by_ref().take(1 << 20), &mut std::io::sink());
        let place = record.finish().unwrap();
        let at = (place.offset, place.within);
        assert!(last.is_none_or(|last| last < at), "{at:?} after {last:?}");
        last = Some(at);
        records.push((place.offset, raw, block.unwrap_or(0)));
        assert!(records.len() <= most);
    }
    assert!(reader.next_record().unwrap().is_none() && reader.end().is_some());
    (records, reader.take_findings().into_iter().map(|finding| finding.rule).collect())
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // No record is shorter than its version line; a member may hold many times its bytes.
    let most = bytes.len() * 1100 + 1;
    let stream = read(WarcReader::new(bytes, ReadOptions::default()), most);
    let file = read(WarcReader::seekable(Cursor::new(bytes), ReadOptions::default()), most);
    assert_eq!(stream.0.len(), file.0.len());
    let mut found = |_: Finding| {};
    let mut verifier = Verifier::new(VerifyOptions::default(), &mut found);
    if let Ok(input) = from_reader("f", Box::new(Cursor::new(bytes.to_vec())), &ReadOptions::default())
    {
        verifier.input(input);
    }
    verifier.finish();
});
