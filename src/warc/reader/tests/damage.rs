//! Reading files that are cut, damaged, state false lengths or are not WARC at all.

use super::*;

#[test]
fn a_cut_file_keeps_its_whole_records_and_says_where_it_is_cut() {
    let blocks = [text(0, 3000), noise(1, 9000), text(2, 100_000)];
    for compression in EACH {
        let (file, places) = file_of(&blocks, compression);
        let mut cuts: Vec<usize> = (0..file.len()).step_by(file.len() / 400 + 1).collect();
        cuts.extend((1..30).map(|n| file.len() - n));
        for cut in cuts {
            for skip_by_length in [false, true] {
                let options = ReadOptions { skip_by_length, ..options() };
                let mut reader = WarcReader::seekable(Cursor::new(&file[..cut]), options);
                let mut whole = 0;
                while let Some(record) = reader.next_record().unwrap() {
                    whole += usize::from(record.skip().unwrap().intact);
                }
                let expected = places.iter().filter(|p| p.offset + p.length <= cut as u64).count();
                assert_eq!(whole, expected, "{compression:?} cut at {cut}");
                let intact_end = places[..expected].last().map_or(0, |p| p.offset + p.length);
                assert_eq!(reader.intact_end(), intact_end, "{compression:?} cut at {cut}");
                let end = if intact_end == cut as u64 { End::Clean } else { End::Cut(intact_end) };
                assert_eq!(reader.end(), Some(end), "{compression:?} cut at {cut}");
            }
        }
    }
}

#[test]
fn a_damaged_member_costs_its_own_record_only() {
    let blocks: Vec<_> = (0..5).map(|n| text(n, 20_000)).collect();
    for compression in [Compression::Gzip(0), Compression::Gzip(6), Compression::Zstd(3)] {
        let (file, places) = file_of(&blocks, compression);
        for seek in [true, false] {
            for at in [0, 1, 5, 16, 17, 30, 200, places[2].length as usize - 2] {
                let mut broken = file.clone();
                broken[places[2].offset as usize + at] ^= 0x55;
                let got = if seek {
                    seen(&broken)
                } else {
                    read_all(WarcReader::new(broken.as_slice(), options()))
                };
                let kept = intact(&got);
                // Gzip does not checksum its own header: the time and system bytes may change.
                let harmless = compression != Compression::Zstd(3) && (4..10).contains(&at);
                if !harmless && !(16..24).contains(&at) {
                    assert!(!kept.contains(&2), "{compression:?} {at} {seek}: {got:?}");
                }
                assert!(
                    [0, 1, 3, 4].iter().all(|n| kept.contains(n)),
                    "{compression:?} {at} {seek}: {kept:?} {:?}",
                    got.rules
                );
                if !harmless {
                    assert!(!got.rules.is_empty(), "{compression:?} {at}");
                }
            }
        }
    }
}

#[test]
fn a_page_cannot_pass_for_a_record() {
    // A page that holds a whole member of our own making, where stored blocks put it in the file
    // byte for byte.
    let (forged, _) = file_of(&[text(77, 6000)], Compression::Gzip(6));
    let mut page = noise(1, 9000);
    page.extend_from_slice(&forged);
    page.extend(noise(2, 9000));
    let blocks = [text(0, 500), page, text(2, 500)];
    let (file, places) = file_of(&blocks, Compression::Gzip(6));
    assert!(memchr::memmem::find(&file, &forged).is_some(), "the page is stored");
    for options in [options(), fast()] {
        let mut reader = WarcReader::seekable(Cursor::new(&file), options);
        let mut listed = Vec::new();
        while let Some(record) = reader.next_record().unwrap() {
            listed.push(record.skip().unwrap().offset);
        }
        assert_eq!(listed, places.iter().map(|p| p.offset).collect::<Vec<_>>());
    }
    // Damage at the start of its member leads to the next member, by the length that it states.
    let mut broken = file.clone();
    broken[places[1].offset as usize + 40] ^= 0xff;
    assert_eq!(intact(&seen(&broken)), [0, 2]);
}

/// Packs bytes that are not a proper record as one foreign member.
fn member_of(raw: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    gzip.write_all(raw).unwrap();
    gzip.finish().unwrap()
}

/// The fault, the file, the records that come out, the rules found, and the end.
type Case = (&'static str, Vec<u8>, Vec<u32>, Vec<&'static str>, End);

#[test]
fn broken_files_are_named_by_their_fault() {
    let (good, _) = file_of(&[text(1, 50)], Compression::None);
    let (packed, _) = file_of(&[text(1, 50)], Compression::Gzip(6));
    let join = |parts: &[&[u8]]| parts.concat();
    let lying = |len: &str| {
        format!(
            "WARC/1.0\r\nWARC-Target-URI: http://e/9\r\nContent-Length: {len}\r\n\r\nfive!\r\n\r\n"
        )
        .into_bytes()
    };
    let cases: Vec<Case> = vec![
        ("nothing", vec![], vec![], vec![], End::Clean),
        ("line breaks only", b"\r\n\r\n\n".to_vec(), vec![], vec![], End::Clean),
        (
            "no WARC",
            b"<html>\n</html>\n".to_vec(),
            vec![],
            vec!["not-a-record", "hole"],
            End::Garbage(0),
        ),
        ("cut magic", b"\x1f\x8b".to_vec(), vec![], vec!["cut-record"], End::Cut(0)),
        (
            "junk between",
            join(&[&good, b"junk\r\n", &good]),
            vec![0, 0],
            vec!["not-a-record", "hole"],
            End::Clean,
        ),
        (
            "junk before gzip",
            join(&[&packed, b"junk", &packed]),
            vec![0, 0],
            vec!["member-start", "hole"],
            End::Clean,
        ),
        (
            "junk at the end",
            join(&[&packed, b"junk"]),
            vec![0],
            vec!["member-start", "hole"],
            End::Garbage(packed.len() as u64),
        ),
        (
            "zeros at the end",
            join(&[&packed, &[0; 512]]),
            vec![0],
            vec!["member-start", "hole"],
            End::Garbage(packed.len() as u64),
        ),
        ("an empty member", join(&[&member_of(b""), &packed]), vec![0], vec![], End::Clean),
        (
            "no record in a member",
            join(&[&member_of(b"hello"), &packed]),
            vec![0],
            vec!["not-a-record", "hole"],
            End::Clean,
        ),
        (
            "length too small",
            join(&[&lying("3"), &good]),
            vec![9, 0],
            vec!["record-end", "not-a-record", "hole"],
            End::Clean,
        ),
        (
            "length too large",
            join(&[&member_of(&lying("9999")), &packed]),
            vec![9, 0],
            vec!["short-record"],
            End::Clean,
        ),
        (
            "length enormous",
            member_of(&lying("18446744073709551615")),
            vec![],
            vec!["block-length", "short-record"],
            End::Clean,
        ),
        (
            "length too small, packed",
            join(&[&member_of(&lying("3")), &packed]),
            vec![9, 0],
            vec!["record-end", "member-per-record", "not-a-record", "hole"],
            End::Clean,
        ),
        (
            "no length",
            join(&[b"WARC/1.0\r\nA: b\r\n\r\nx\r\n\r\n", &good]),
            vec![0],
            vec!["record-header", "hole"],
            End::Clean,
        ),
        (
            "length negative, packed",
            join(&[&member_of(&lying("-1")), &packed]),
            vec![0],
            vec!["record-header", "hole"],
            End::Clean,
        ),
        (
            "header without end",
            member_of(b"WARC/1.0\r\nContent-Length: 0\r\n"),
            vec![],
            vec!["short-record"],
            End::Clean,
        ),
        (
            "plain header without end",
            b"WARC/1.0\r\nContent-Length: 0\r\n".to_vec(),
            vec![],
            vec!["cut-record"],
            End::Cut(0),
        ),
        (
            "one line break",
            good[..good.len() - 2].to_vec(),
            vec![0],
            vec!["cut-record"],
            End::Cut(0),
        ),
        (
            "too many line breaks",
            join(&[&good, b"\r\n\r\n", &good]),
            vec![0, 0],
            vec![],
            End::Clean,
        ),
    ];
    for (fault, file, numbers, rules, end) in cases {
        let got = seen(&file);
        assert_eq!((uris(&got), &got.rules, got.end), (numbers, &rules, Some(end)), "{fault}");
    }
}

#[test]
fn a_header_over_the_limit_is_passed_over() {
    let long =
        format!("WARC/1.0\r\nA: {}\r\nContent-Length: 0\r\n\r\n\r\n\r\n", "x".repeat(9_000_000));
    let (good, _) = file_of(&[text(1, 50)], Compression::None);
    for file in
        [[long.as_bytes(), &good].concat(), [member_of(long.as_bytes()), member_of(&good)].concat()]
    {
        let got = seen(&file);
        assert_eq!((uris(&got), got.rules), (vec![0], vec!["record-header", "hole"]));
    }
}

#[test]
fn a_block_over_the_limit_is_reported_and_passed_over() {
    let blocks = [text(0, 10), text(1, 5000), text(2, 10)];
    for compression in EACH {
        let (file, _) = file_of(&blocks, compression);
        let options = ReadOptions { block_bytes_max: 4999, ..options() };
        let got = read_all(WarcReader::seekable(Cursor::new(&file), options));
        assert_eq!((uris(&got), got.rules), (vec![0, 2], vec!["block-length"]), "{compression:?}");
    }
}

#[test]
fn a_lying_length_in_a_member_is_found_by_a_whole_reading() {
    let (mut file, _) = file_of(&[text(0, 900), text(1, 900)], Compression::Gzip(6));
    file[20] ^= 1;
    let got = seen(&file);
    assert_eq!((intact(&got), got.rules), (vec![0, 1], vec!["skip-lengths"]));
    // Skipping does not follow it either, since the trailer disagrees.
    let mut reader = WarcReader::seekable(Cursor::new(&file), fast());
    let mut count = 0;
    while let Some(record) = reader.next_record().unwrap() {
        record.skip().unwrap();
        count += 1;
    }
    assert_eq!(count, 2);
}

/// Fails after this many bytes.
struct Failing<'a>(&'a [u8], usize);

impl Read for Failing<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.1 == 0 {
            return Err(io::Error::other("the disk is gone"));
        }
        let count = self.0.len().min(out.len()).min(self.1);
        out[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        self.1 -= count;
        Ok(count)
    }
}

#[test]
fn an_input_that_cannot_be_read_is_an_error_once_and_then_the_end() {
    let blocks: Vec<_> = (0..3).map(|n| noise(n, 200_000)).collect();
    for compression in EACH {
        let (file, _) = file_of(&blocks, compression);
        for at in [0, 10, 100, 300_000] {
            let mut reader = WarcReader::new(Failing(&file, at), options());
            let error = loop {
                match reader.next_record() {
                    Ok(Some(_)) => {}
                    Ok(None) => panic!("no error"),
                    Err(error) => break error,
                }
            };
            assert!(error.to_string().contains("the disk is gone"), "{error}");
            assert!(reader.next_record().unwrap().is_none());
            assert_eq!(reader.end(), Some(End::Failed));
        }
    }
}

/// Packs raw bytes, whatever they are, as one member that states its lengths.
fn stating_member(raw: &[u8]) -> Vec<u8> {
    let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(6));
    deflate.write_all(raw).unwrap();
    let stream = deflate.finish().unwrap();
    let mut crc = libdeflater::Crc::new();
    crc.update(raw);
    let packed_len = member::HEADER_LEN + stream.len() + member::TRAILER_LEN;
    let mut out = member::header_bytes(packed_len as u64, raw.len() as u64);
    out.extend(stream);
    out.extend(member::trailer_bytes(crc.sum(), raw.len() as u64));
    out
}

#[test]
fn a_member_that_states_its_length_holds_one_record_and_no_more_is_looked_for() {
    // Its header has no length, and its page holds what looks like a record.
    let (inner, _) = file_of(&[text(0, 20)], Compression::None);
    let broken = [b"WARC/1.1\r\nA: b\r\n\r\npage\r\n".as_slice(), &inner].concat();
    let (good, _) = file_of(&[text(0, 50), text(1, 50)], Compression::Gzip(6));
    let got = seen(&[stating_member(&broken), good.clone()].concat());
    assert_eq!((uris(&got), got.rules), (vec![0, 1], vec!["record-header", "hole"]));
    // A block that is said to be longer than its member does not continue in the next.
    let lying =
        b"WARC/1.1\r\nWARC-Target-URI: http://e/9\r\nContent-Length: 99\r\n\r\nshort\r\n\r\n";
    let file = [stating_member(lying), stating_member(b"not a record"), good].concat();
    let got = seen(&file);
    assert_eq!((uris(&got), got.records[0].2.as_slice()), (vec![9, 0, 1], &b"short\r\n\r\n"[..]));
    assert_eq!(got.rules, ["short-record", "not-a-record", "hole"]);
}

#[test]
fn two_records_behind_one_stated_length_are_both_listed() {
    let (two, _) = file_of(&[text(0, 9000), text(1, 9000)], Compression::None);
    let file = stating_member(&two);
    let mut reader = WarcReader::seekable(Cursor::new(&file), fast());
    let mut count = 0;
    while let Some(record) = reader.next_record().unwrap() {
        assert_eq!(record.skip().unwrap().length, None);
        count += 1;
    }
    assert_eq!(count, 2);
}

#[test]
fn a_broken_last_member_ends_the_file_even_if_its_page_holds_a_member() {
    let (forged, _) = file_of(&[text(77, 6000)], Compression::Gzip(6));
    let page = [noise(1, 9000), forged, noise(2, 9000)].concat();
    let (mut file, places) = file_of(&[text(0, 500), page], Compression::Gzip(6));
    file[places[1].offset as usize + 40] ^= 0xff;
    let got = seen(&file);
    assert_eq!((intact(&got), got.end), (vec![0], Some(End::Garbage(places[1].offset))));
}

#[test]
fn a_long_frame_is_found_after_noise_wherever_it_lies() {
    // A block of a frame gives nothing before all of it is there, and these are longer than what is
    // read of a gzip member.
    let blocks: Vec<_> = (0..40).map(|n| noise(n, 90_000)).collect();
    let (file, places) = file_of(&blocks, Compression::Zstd(3));
    let mut broken = Vec::new();
    for place in &places {
        let (from, to) = (place.offset as usize, (place.offset + place.length) as usize);
        broken.extend_from_slice(&file[from..to]);
        broken.extend_from_slice(b"noise");
    }
    for got in [seen(&broken), read_all(WarcReader::new(broken.as_slice(), options()))] {
        assert_eq!(intact(&got).len(), blocks.len(), "{:?}", got.rules.len());
    }
}

#[test]
fn a_frame_that_asks_for_much_memory_is_refused_and_the_next_one_read() {
    let (file, _) = file_of(&[text(0, 3000)], Compression::Zstd(3));
    // Header without a content size, and a window of 64 MiB or 32; then one raw block, the last one.
    for (window, wanted) in [(16 << 3, 1), (15 << 3, 2)] {
        let (plain, _) = file_of(&[text(1, 3000)], Compression::None);
        let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, window];
        frame.extend_from_slice(&((plain.len() as u32) << 3 | 1).to_le_bytes()[..3]);
        frame.extend_from_slice(&plain);
        frame.extend_from_slice(&file);
        let got = seen(&frame);
        assert_eq!(got.records.len(), wanted, "{:?}", got.rules);
        assert_eq!(got.rules.is_empty(), wanted == 2);
    }
}
