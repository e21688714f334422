//! See `checks::ots`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rooms::checks::ots(bytes));
