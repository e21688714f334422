//! Lines of CDXJ and CDX: read or refused; what is read and printed is read as the same.
#![no_main]

use rooms::archive::cdx::{CdxColumns, cdxj_line, parse_cdxj};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(capture) = parse_cdxj(text) {
        let printed = cdxj_line(&capture);
        let again = parse_cdxj(&printed).expect("what is printed is read");
        assert_eq!(cdxj_line(&again), printed);
    }
    let (header, line) = text.split_once('\n').unwrap_or((" CDX N b a m s k r M S V g", text));
    if let Ok(header) = CdxColumns::parse(header) {
        let _ = header.parse_line(line);
    }
});
