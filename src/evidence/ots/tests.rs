//! Proofs that others made, and any bytes.

use super::*;
use crate::evidence::leaf::sha256;

macro_rules! kept {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/corpus/ots/", $name)).as_slice()
    };
}

/// Examples of opentimestamps-client.
#[test]
fn proofs_of_other_programs_are_read() {
    // Merkle roots as block explorers show them, from the last byte to the first.
    let blocks = |ots: &Ots| {
        let block = |(said, root): (&Attestation, Vec<u8>)| match said {
            Attestation::Bitcoin(height) => {
                let shown: Vec<u8> = root.iter().rev().copied().collect();
                Some((*height, HEXLOWER.encode(&shown)))
            }
            _ => None,
        };
        ots.attested().into_iter().filter_map(block).collect::<Vec<_>>()
    };
    let root = "936131994129988e1932d8c1c6a9780fd42ae4c87204cfb0ac852be1250039ae";
    let gdp = Ots::parse(kept!("gdp2q25-2nd.pdf.ots")).unwrap();
    assert_eq!(blocks(&gdp), [(912_095, root.to_owned())]);
    let root = "2a19192cf00fb1baeea516b69b3a62195849589b4caafeb6ad6ebba58b9ae69a";
    let several = Ots::parse(kept!("different-blockchains.txt.ots")).unwrap();
    assert_eq!(several.digest, sha256(kept!("different-blockchains.txt")));
    assert_eq!(blocks(&several), [(455_605, root.to_owned())]);
    assert!(several.is_complete());
    // An older one goes over RIPEMD-160, which is passed over.
    let hello = Ots::parse(kept!("hello-world.txt.ots")).unwrap();
    assert_eq!(hello.attested(), []);
    let two = Ots::parse(kept!("two-calendars.txt.ots")).unwrap();
    assert_eq!(two.digest, sha256(kept!("two-calendars.txt")));
    let said: Vec<Attestation> = two.attested().into_iter().map(|(one, _)| one.clone()).collect();
    let address = |name: &str| format!("https://{name}.btc.calendar.opentimestamps.org");
    assert_eq!(said, ["alice", "bob"].map(|name| Attestation::Pending(address(name))));
    assert!(!two.is_complete());
    let unknown = Ots::parse(kept!("unknown-notary.txt.ots")).unwrap();
    assert!(matches!(unknown.attested()[..], [(Attestation::Other(..), _)]));
    for bytes in [
        kept!("invalid-bad-major-version.ots"),
        kept!("invalid-exceeds-max-msg-length.ots"),
        kept!("invalid-invalid-file-digest-type.ots"),
    ] {
        let read = Ots::parse(bytes);
        // A message that grows too long is not malformed: it has no attestation.
        assert!(read.is_err() || read.is_ok_and(|one| one.attested().is_empty()));
    }
}

#[test]
fn an_answer_of_the_calendar_is_put_where_it_was_promised() {
    let mut ots = Ots::parse(kept!("two-calendars.txt.ots")).unwrap();
    let promised: Vec<Vec<u8>> = ots.attested().into_iter().map(|(_, message)| message).collect();
    let answer = Branches(vec![Branch::Then(
        Op::Prepend(vec![7]),
        Branches(vec![Branch::Then(
            Op::Plain(SHA256),
            Branches(vec![Branch::Said(Attestation::Bitcoin(900_000))]),
        )]),
    )]);
    let before = ots.clone();
    assert!(!ots.upgrade(b"another message", &answer));
    assert_eq!(ots, before);
    assert!(ots.upgrade(&promised[1], &answer));
    assert!(ots.is_complete());
    assert_eq!(ots.attested().len(), 3);
    let expected = sha256(&[&[7], promised[1].as_slice()].concat()).to_vec();
    assert!(ots.attested().contains(&(&Attestation::Bitcoin(900_000), expected)));
    assert_eq!(Ots::parse(&ots.bytes()).as_ref(), Ok(&ots));
    // The same answer again adds nothing.
    let once = ots.clone();
    assert!(ots.upgrade(&promised[1], &answer));
    assert_eq!(ots, once);
}

#[test]
fn what_is_not_as_it_would_be_written_is_refused() {
    let sound = kept!("hello-world.txt.ots");
    for at in 0..sound.len() {
        let cut = Ots::parse(&sound[..at]);
        assert!(cut.is_err(), "cut at {at}");
    }
    assert!(Ots::parse(&[sound, &[0]].concat()).is_err());
    // The height with a byte that says nothing.
    let mut padded = sound[..sound.len() - 4].to_vec();
    padded.extend([4, 0xf7, 0xef, 0x95, 0x00]);
    assert!(Ots::parse(&padded).is_err());
    let deep = [vec![SHA256; DEPTH_MAX + 1], vec![0]].concat();
    assert!(Branches::parse(&deep).unwrap_err().contains("in a row"));
    let evil = [&[0][..], &PENDING, &[9, 8], b"http://\n"].concat();
    assert!(Branches::parse(&evil).is_err());
}

fn branches() -> impl proptest::strategy::Strategy<Value = Branches> {
    use proptest::prelude::*;
    let said = prop_oneof![
        "[a-z0-9:/.-]{0,20}".prop_map(Attestation::Pending),
        (0u64..1 << 40).prop_map(Attestation::Bitcoin),
        (any::<[u8; 8]>(), prop::collection::vec(any::<u8>(), 0..20))
            .prop_filter("a tag that is known", |(tag, _)| ![PENDING, BITCOIN].contains(tag))
            .prop_map(|(tag, payload)| Attestation::Other(tag, payload)),
    ];
    let leaf = said.prop_map(|said| Branches(vec![Branch::Said(said)]));
    leaf.prop_recursive(5, 24, 3, |inner| {
        let op = prop_oneof![
            prop::collection::vec(any::<u8>(), 1..20).prop_map(Op::Append),
            prop::collection::vec(any::<u8>(), 1..20).prop_map(Op::Prepend),
            prop::sample::select(vec![SHA1, RIPEMD160, SHA256, KECCAK256, REVERSE, HEXLIFY])
                .prop_map(Op::Plain),
        ];
        let one = (op, inner.clone()).prop_map(|(op, then)| vec![Branch::Then(op, then)]);
        prop::collection::vec(prop_oneof![one, inner.prop_map(|own| own.0)], 1..3)
            .prop_map(|all| Branches(all.concat()))
    })
}

proptest::proptest! {
    #[test]
    fn what_is_written_is_read(branches in branches(), digest in proptest::prelude::any::<[u8; 32]>()) {
        let ots = Ots { digest, branches };
        proptest::prop_assert_eq!(Ots::parse(&ots.bytes()), Ok(ots));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(0u8.., 0..200)) {
        let _ = Branches::parse(&bytes);
        let _ = Ots::parse(&[MAGIC, &[1, 8], &bytes].concat()).map(|ots| ots.attested().len());
    }
}
