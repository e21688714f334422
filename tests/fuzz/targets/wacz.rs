//! Packages: whatever the directory says, reading ends and no length is believed.
#![no_main]

use std::io::Cursor;

use rooms::base::Finding;
use rooms::warc::verify::{Verifier, VerifyOptions};
use rooms::warc::{ReadOptions, from_reader};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let input = from_reader("f", Box::new(Cursor::new(bytes.to_vec())), &ReadOptions::default());
    let Ok(input) = input else { return };
    let mut found = |_: Finding| {};
    let mut verifier = Verifier::new(VerifyOptions::default(), &mut found);
    verifier.input(input);
    verifier.finish();
});
