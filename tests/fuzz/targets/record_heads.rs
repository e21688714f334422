//! Headers of records: whatever the bytes, they are read or refused, and what is read keeps them.
#![no_main]

use rooms::warc::verify::check_header;
use rooms::warc::{HeaderLimits, Mode, parse_header};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let limits = HeaderLimits::default();
    let strict = parse_header(bytes, Mode::Strict, &limits);
    match parse_header(bytes, Mode::Lenient, &limits) {
        Ok((header, warnings)) => {
            assert!(bytes.starts_with(&header.raw));
            assert_eq!(strict.is_ok(), warnings.is_empty());
            for (name, value) in header.fields.iter() {
                assert!(!name.contains(&b':') && name.len() + value.len() < bytes.len());
            }
            let fields = &header.fields;
            let _ = (fields.record_kind(), fields.record_id(), fields.date(), fields.target_uri());
            let _ = (fields.concurrent_to(), fields.refers_to(), fields.ip_address());
            check_header(&header, "f", 0);
        }
        Err(_) => assert!(strict.is_err()),
    }
});
