//! Reading: properties over arbitrary records and files.

use proptest::prelude::*;

use super::super::super::record::Block;
use super::*;

fn any_compression() -> impl Strategy<Value = Compression> {
    prop_oneof![
        Just(Compression::None),
        (0u8..=12).prop_map(Compression::Gzip),
        (1i32..=5).prop_map(Compression::Zstd),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_written_is_read(
        fields in proptest::collection::vec(("[A-Za-z][A-Za-z0-9\\-]{0,15}", "\\PC{0,40}"), 0..8),
        block in proptest::collection::vec(0u8.., 0..3000),
        repeat in 1usize..30,
        compression in any_compression(),
    ) {
        let block = block.repeat(repeat);
        let id = CountingIds(1).next_id();
        let mut builder = Record::build(&RecordKind::Other("odd".into()), &id, Timestamp::from_unix_seconds(0));
        for (name, value) in fields.iter().filter(|(n, _)| !n.eq_ignore_ascii_case("content-length")) {
            builder = builder.field(&format!("X-{name}"), value);
        }
        let record = builder.block(Block::from(block.as_slice()));
        let packed = bytes_of(&mut Packer::new(compression).pack(&record).unwrap());
        prop_assert_eq!(&packed, &bytes_of(&mut Packer::new(compression).pack(&record).unwrap()));
        let mut reader = WarcReader::new(packed.as_slice(), options());
        let mut read = reader.next_record().unwrap().unwrap();
        prop_assert_eq!(&read.header().raw, &record.header_bytes());
        prop_assert_eq!(&read.header().fields, &record.fields);
        let mut got = Vec::new();
        read.read_to_end(&mut got).unwrap();
        prop_assert_eq!(got, block);
        prop_assert_eq!(read.finish().unwrap().length, Some(packed.len() as u64));
        prop_assert!(reader.next_record().unwrap().is_none());
        prop_assert_eq!(reader.take_findings(), vec![]);
    }

    #[test]
    fn no_mutation_makes_it_panic_or_loop(
        compression in any_compression(),
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), 0u8..), 1..8),
        cut in any::<proptest::sample::Index>(),
        skip_by_length in any::<bool>(),
        seek in any::<bool>(),
    ) {
        let blocks = [text(0, 400), noise(1, 5000), text(2, 9000)];
        let (mut file, _) = file_of(&blocks, compression);
        for (index, value) in edits {
            let at = index.index(file.len());
            file[at] = value;
        }
        file.truncate(file.len() - cut.index(file.len()) / 4);
        let options = ReadOptions { skip_by_length, ..options() };
        let got = if seek {
            read_all(WarcReader::seekable(Cursor::new(&file), options))
        } else {
            read_all(WarcReader::new(file.as_slice(), options))
        };
        prop_assert!(got.end.is_some());
        prop_assert!(got.records.len() <= 8);
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(0u8.., 0..300), start in 0usize..4) {
        let starts: [&[u8]; 4] = [b"", b"WARC/1.0\r\nContent-Length: 10\r\n", b"\x1f\x8b\x08\x00\0\0\0\0\0\0", b"\x28\xb5\x2f\xfd"];
        let file = [starts[start], &bytes].concat();
        let got = seen(&file);
        prop_assert!(got.end.is_some());
    }
}
