//! Whole files: members, frames, plain WARC and ARC. Reading ends, goes on after damage, and never gives
//! a record twice, from a file and from a pipe.
#![no_main]

use std::io::{Cursor, Read};

use rooms::base::Finding;
use rooms::warc::verify::{Verifier, VerifyOptions};
use rooms::warc::{ReadOptions, WarcReader, from_reader};

fn read<R: Read>(mut reader: WarcReader<R>, most: usize) {
    let mut count = 0;
    let mut last = None;
    while let Some(mut record) = reader.next_record().unwrap() {
        // A member of a few bytes may hold a gigabyte of them; a damaged block ends in an error.
        let _ = std::io::copy(&mut record.by_ref().take(1 << 20), &mut std::io::sink());
        let place = record.finish().unwrap();
        let at = (place.offset, place.within);
        assert!(last.is_none_or(|last| last < at), "{at:?} after {last:?}");
        last = Some(at);
        count += 1;
        assert!(count <= most);
    }
    assert!(reader.next_record().unwrap().is_none() && reader.end().is_some());
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // No record is shorter than its version line; a member may hold many times its bytes.
    let most = bytes.len() * 1100 + 1;
    // After damage a pipe goes on where it stands, and a file where the damage began: the records may
    // be others.
    read(WarcReader::new(bytes, ReadOptions::default()), most);
    read(WarcReader::seekable(Cursor::new(bytes), ReadOptions::default()), most);
    let mut found = |_: Finding| {};
    let mut verifier = Verifier::new(VerifyOptions::default(), &mut found);
    if let Ok(input) = from_reader("f", Box::new(Cursor::new(bytes.to_vec())), &ReadOptions::default())
    {
        verifier.input(input);
    }
    verifier.finish();
});
