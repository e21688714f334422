use super::*;
use std::io::Write;

use flate2::Compression;
use proptest::prelude::*;

const LIMIT: usize = 1 << 20;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::ZlibEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::DeflateEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    brotli::CompressorWriter::new(&mut out, 4096, 5, 20).write_all(bytes).unwrap();
    out
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn story() -> Vec<u8> {
    (0..4000).flat_map(|n| format!("<p>Sentence {n} of a story.</p>\n").into_bytes()).collect()
}

/// Decodes what a head with that `Content-Encoding` would carry, through buffers of two sizes.
fn run(codings: &str, coded: &[u8], limit: usize) -> Decoded {
    let head =
        Head::parse(format!("HTTP/1.1 200 OK\r\nContent-Encoding: {codings}\r\n\r\n").as_bytes());
    let codings = ContentCoding::of(&head);
    let whole = decode(coded, &codings, limit);
    let pieces = decode(io::BufReader::with_capacity(7, coded), &codings, limit);
    assert_eq!((whole.cut, &whole.note), (pieces.cut, &pieces.note), "pieces make no difference");
    if whole.cut != Some(Cut::Corrupt) {
        assert!(whole == pieces, "pieces make no difference");
    }
    whole
}

#[test]
fn every_coding_is_undone() {
    let story = story();
    for (codings, coded) in [
        ("gzip", gzip(&story)),
        ("X-GZIP", gzip(&story)),
        ("deflate", zlib(&story)),
        ("deflate", deflate(&story)),
        ("br", brotli(&story)),
        ("zstd", zstd(&story)),
        ("identity", story.clone()),
        ("", story.clone()),
        ("gzip, br", brotli(&gzip(&story))),
        ("br,identity , gzip", gzip(&brotli(&story))),
        ("gzip", [gzip(&story[..1000]), gzip(b""), gzip(&story[1000..])].concat()),
        ("zstd", [zstd(&story[..1000]), zstd(&story[1000..])].concat()),
    ] {
        let got = run(codings, &coded, LIMIT);
        assert_eq!(got.bytes, story, "{codings}");
        assert_eq!((got.cut, got.note), (None, None), "{codings}");
    }
}

#[test]
fn a_field_that_lies_is_overruled_by_the_bytes() {
    let story = story();
    for (codings, coded) in [
        ("gzip", story.clone()),
        ("deflate", story.clone()),
        ("br", story.clone()),
        ("zstd", story.clone()),
        ("br", gzip(&story)),
        ("deflate", gzip(&story)),
        ("zstd", gzip(&story)),
        ("gzip", zstd(&story)),
    ] {
        let got = run(codings, &coded, LIMIT);
        assert!(got.bytes == story, "{codings}: {:?} {:?}", got.note, got.bytes.len());
        assert_eq!(got.cut, None, "{codings}");
        assert!(got.note.is_some_and(|note| note.starts_with("called ")), "{codings}");
    }
}

#[test]
fn packed_text_that_is_not_called_packed_is_unpacked() {
    let story = story();
    let head = |more: &str| Head::parse(format!("HTTP/1.1 200 OK\r\n{more}\r\n\r\n").as_bytes());
    let text = head("Content-Type: text/html");
    assert_eq!(decode_body(gzip(&story).as_slice(), &text, LIMIT).bytes, story);
    let twice = head("Content-Type: text/html\r\nContent-Encoding: gzip");
    assert_eq!(decode_body(gzip(&gzip(&story)).as_slice(), &twice, LIMIT).bytes, story);
    // A downloaded archive is not unpacked.
    let file = head("Content-Type: application/gzip");
    assert_eq!(decode_body(gzip(&story).as_slice(), &file, LIMIT).bytes, gzip(&story));
}

#[test]
fn what_was_unpacked_before_the_cut_is_kept() {
    let story = story();
    for (codings, coded) in [
        ("gzip", gzip(&story)),
        ("deflate", zlib(&story)),
        ("deflate", deflate(&story)),
        ("br", brotli(&story)),
        ("zstd", zstd(&story)),
    ] {
        let got = run(codings, &coded[..coded.len() / 2], LIMIT);
        assert_eq!(got.cut, Some(Cut::Ended), "{codings}");
        // zstd gives whole blocks of up to 128 KiB only, and this story is little more than one.
        assert!(story.starts_with(&got.bytes), "{codings}");
        assert!(got.bytes.len() > story.len() / 8 || codings == "zstd", "{codings}");

        let mut corrupt = coded.clone();
        let half = corrupt.len() / 2;
        corrupt[half..].fill(0xff);
        let got = run(codings, &corrupt, LIMIT);
        assert!(got.cut.is_some() && got.note.is_some(), "{codings}");
    }
}

#[test]
fn a_missing_or_wrong_gzip_trailer_loses_nothing() {
    let story = story();
    let coded = gzip(&story);
    let cut = run("gzip", &coded[..coded.len() - 8], LIMIT);
    assert_eq!((cut.bytes == story, cut.cut), (true, None));
    assert_eq!(cut.note.as_deref(), Some("the gzip trailer is missing"));
    let mut wrong = coded.clone();
    let last = wrong.len() - 1;
    wrong[last] ^= 1;
    assert_eq!(run("gzip", &wrong, LIMIT).note.as_deref(), Some("the gzip checksum differs"));
    let after = run("gzip", &[coded, b"padding".to_vec()].concat(), LIMIT);
    assert_eq!((after.bytes == story, after.cut), (true, None));
    assert_eq!(after.note.as_deref(), Some("bytes follow the last gzip member"));
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let zeros = vec![0u8; 8 << 20];
    for (codings, coded) in [
        ("gzip", gzip(&zeros)),
        ("deflate", zlib(&zeros)),
        ("br", brotli(&zeros)),
        ("zstd", zstd(&zeros)),
        ("identity", zeros.clone()),
    ] {
        let got = run(codings, &coded, 100_000);
        assert_eq!((got.bytes.len(), got.cut), (100_000, Some(Cut::Limit)), "{codings}");
        assert!(got.bytes.capacity() < 1 << 20, "{codings}: {}", got.bytes.capacity());
        let exact = run(codings, &coded, zeros.len());
        assert_eq!((exact.bytes.len(), exact.cut), (zeros.len(), None), "{codings}");
    }
}

/// What is between two codings is output too.
#[test]
fn all_layers_together_stop_at_the_limit() {
    let zeros = vec![0u8; 8 << 20];
    for (codings, coded) in [
        ("gzip, gzip", gzip(&gzip(&zeros))),
        ("gzip, br", brotli(&gzip(&zeros))),
        ("deflate, zstd, gzip", gzip(&zstd(&zlib(&zeros)))),
        ("br, gzip, gzip, gzip", gzip(&gzip(&gzip(&brotli(&zeros))))),
    ] {
        let list: Vec<_> = codings.split(", ").filter_map(ContentCoding::named).collect();
        // How much all of them put out together without a limit.
        let mut layers = Layers { left: usize::MAX };
        assert_eq!(layers.decode(coded.as_slice(), &list).bytes, zeros, "{codings}");
        let all = usize::MAX - layers.left;
        assert!(all > zeros.len() && all < zeros.len() + (1 << 20), "{codings}: {all}");
        for limit in [0, 1, 1_000, 100_000, all / 2, all - 1] {
            let got = run(codings, &coded, limit);
            assert_eq!(got.cut, Some(Cut::Limit), "{codings} of {limit}");
            assert!(got.bytes.len() < limit.max(1), "{codings} of {limit}");
        }
        // Twice as much leaves each layer room, since an outer one may take half.
        let exact = run(codings, &coded, 2 * all);
        assert_eq!((exact.bytes.len(), exact.cut), (zeros.len(), None), "{codings}");
    }
}

#[test]
fn a_window_larger_than_the_web_allows_is_not_allocated() {
    let mut wide = Vec::new();
    let params =
        brotli::enc::BrotliEncoderParams { large_window: true, lgwin: 28, ..Default::default() };
    brotli::BrotliCompress(&mut story().as_slice(), &mut wide, &params).unwrap();
    assert_eq!(run("br", &wide, LIMIT).cut, Some(Cut::Corrupt));
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.window_log(25).unwrap();
    encoder.write_all(&story()).unwrap();
    assert_eq!(run("zstd", &encoder.finish().unwrap(), LIMIT).cut, Some(Cut::Corrupt));
}

#[test]
fn an_unknown_coding_is_left_and_named() {
    let got = run("compress", b"\x1f\x9d...", LIMIT);
    assert_eq!((got.bytes.as_slice(), got.cut), (&b"\x1f\x9d..."[..], Some(Cut::Unknown)));
    assert_eq!(run("gzip, gzip, gzip, gzip, gzip", b"x", LIMIT).cut, Some(Cut::Unknown));
}

#[test]
fn gzip_headers_with_every_optional_part_are_read() {
    let plain = gzip(b"text");
    let mut full = plain[..3].to_vec();
    full.push(0b1_1110);
    full.extend_from_slice(&plain[4..10]);
    full.extend_from_slice(&[3, 0, b'a', b'b', b'c']);
    full.extend_from_slice(b"name\0comment\0");
    full.extend_from_slice(&[0, 0]);
    full.extend_from_slice(&plain[10..]);
    assert_eq!(run("gzip", &full, LIMIT).bytes, b"text");
}

proptest! {
    #[test]
    fn decoding_never_panics_and_keeps_the_limit(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        coding in prop::sample::select(vec!["gzip", "deflate", "br", "zstd", "gzip, br", "x"]),
        limit in 0usize..200,
    ) {
        let mut magic = vec![0x1f, 0x8b, 8];
        magic.extend_from_slice(&bytes);
        for input in [&bytes, &magic] {
            prop_assert!(run(coding, input, limit).bytes.len() <= limit);
        }
    }

    #[test]
    fn what_was_packed_comes_back(bytes in prop::collection::vec(any::<u8>(), 1..2000)) {
        prop_assert_eq!(&run("gzip", &gzip(&bytes), LIMIT).bytes, &bytes);
        prop_assert_eq!(&run("deflate", &zlib(&bytes), LIMIT).bytes, &bytes);
        prop_assert_eq!(&run("br", &brotli(&bytes), LIMIT).bytes, &bytes);
        prop_assert_eq!(&run("zstd", &zstd(&bytes), LIMIT).bytes, &bytes);
    }
}
