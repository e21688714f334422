//! Responses as they are stored: their payload is the same in pieces of any size.
#![no_main]

use std::io::{BufReader, Read};

use rooms::http::{Method, payload, shape_of, slices};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let shape = shape_of(bytes, Method::Get);
    let whole: Vec<u8> = slices(bytes, &shape).flatten().copied().collect();
    assert!(whole.len() <= bytes.len());
    let mut read = Vec::new();
    for size in [1, 7, 4096] {
        let mut again = Vec::new();
        let input = payload(BufReader::with_capacity(size, bytes), &shape);
        input.take(1 << 20).read_to_end(&mut again).unwrap();
        if shape.transfer_codings.is_empty() {
            assert_eq!(again, whole);
        }
        if size > 1 {
            assert_eq!(again, read);
        }
        read = again;
    }
});
