use super::*;

/// Rounds of the League of Entropy's chains, as its servers give them.
const QUICKNET_1000: &str = "{\"round\":1000,\"randomness\":\"fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd\",\"signature\":\"b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39\"}";
const DEFAULT_72785: &str = "{\"round\":72785,\"randomness\":\"8b676484b5fb1f37f9ec5c413d7d29883504e5b669f604a1ce68b3388e9ae3d9\",\"signature\":\"82f5d3d2de4db19d40a6980e8aa37842a0e55d1df06bd68bddc8d60002e8e959eb9cfa368b3c1b77d18f02a54fe047b80f0989315f83b12a74fd8679c4f12aae86eaf6ab5690b34f1fddd50ee3cc6f6cdf59e95526d5a5d82aaa84fa6f181e42\",\"previous_signature\":\"a609e19a03c2fcc559e8dae14900aaefe517cb55c840f6e69bc8e4f66c8d18e8a609685d9917efbfb0c37f058c2de88f13d297c7e19e0ab24813079efe57a182554ff054c7638153f9b26a60e7111f71a0ff63d9571704905d3ca6df0b031747\"}";

fn known(name: &str, json: &str) -> (Chain, Round) {
    let chain = Chain::named(name).unwrap();
    let round = Round::from_json(json.as_bytes(), &chain).unwrap();
    (chain, round)
}

#[test]
fn rounds_of_the_league_of_entropy_verify_and_nothing_else_does() {
    for (name, json, hash, time) in [
        (
            "quicknet",
            QUICKNET_1000,
            "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
            1_692_803_367 + 999 * 3,
        ),
        (
            "default",
            DEFAULT_72785,
            "8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce",
            1_595_431_050 + 72_784 * 30,
        ),
    ] {
        let (chain, round) = known(name, json);
        assert_eq!(chain.hash_hex(), hash);
        assert_eq!(Chain::known(&chain.hash()), Some(chain.clone()));
        assert_eq!(chain.verify(&round), Ok(Timestamp::from_unix_seconds(time)), "{name}");
        assert_eq!(Round::parse(&round.text()), Some(round.clone()));
        assert_eq!(Chain::from_json(chain.json().as_bytes()), Ok(chain.clone()));
        let other = |change: &dyn Fn(&mut Round)| {
            let mut other = round.clone();
            change(&mut other);
            assert!(chain.verify(&other).is_err(), "{name}: {other:?}");
        };
        other(&|r| r.number += 1);
        other(&|r| r.number = 0);
        other(&|r| r.number = u64::MAX);
        other(&|r| r.chain[0] ^= 1);
        other(&|r| r.previous = (r.previous.is_none()).then(|| vec![7; 96]));
        other(&|r| r.signature.truncate(47));
        other(&|r| r.signature = Vec::new());
        // The point at infinity, compressed.
        other(&|r| {
            r.signature.fill(0);
            r.signature[0] = 0xc0;
        });
        for at in (0..round.signature.len()).step_by(5) {
            other(&|r| r.signature[at] ^= 4);
        }
    }
    let (_, quick) = known("quicknet", QUICKNET_1000);
    let default = Chain::named("default").unwrap();
    assert!(matches!(default.verify(&quick), Err(DrandError::OtherChain(_))));
}

#[test]
fn a_description_has_the_hash_that_it_states() {
    let json = Chain::named("quicknet").unwrap().json();
    for (from, to) in [
        ("\"period\":3", "\"period\":4"),
        ("\"period\":3", "\"period\":0"),
        ("1692803367", "1692803368"),
        ("83cf0f", "83cf0e"),
        ("f477d5", "f477d6"),
        ("\"quicknet\"", "\"quicknot\""),
        ("bls-unchained-g1-rfc9380", "bls-unchained-on-g1"),
        ("bls-unchained-g1-rfc9380", "pedersen-bls-chained"),
        ("52db9b", "52db9c"),
    ] {
        let changed = json.replacen(from, to, 1);
        assert_ne!(changed, json);
        assert!(Chain::from_json(changed.as_bytes()).is_err(), "{from} to {to}");
    }
    // Without a stated hash it has that which follows.
    let at = json.find("\"hash\"").unwrap();
    let without = format!("{}{}", &json[..at], &json[at + 74..]);
    assert_eq!(Chain::from_json(without.as_bytes()), Ok(Chain::named("quicknet").unwrap()));
    assert!(Chain::named("slownet").is_none());
}

#[test]
fn what_is_no_round_is_refused() {
    let text = known("default", DEFAULT_72785).1.text();
    assert!(Round::parse(&text).is_some());
    for wrong in [
        text.to_uppercase(),
        text.replace(" 72785 ", " 072785 "),
        text.replace(" 72785 ", " +72785 "),
        format!("{text} "),
        format!("{text} 00"),
        format!(" {text}"),
        text.split(' ').take(2).collect::<Vec<_>>().join(" "),
        String::new(),
    ] {
        assert_eq!(Round::parse(&wrong), None, "{wrong}");
    }
    let chain = Chain::named("quicknet").unwrap();
    for wrong in
        ["", "{}", "{\"round\":-1,\"signature\":\"00\"}", "{\"round\":1,\"signature\":\"0\"}"]
    {
        assert!(Round::from_json(wrong.as_bytes(), &chain).is_err(), "{wrong}");
    }
    // Beside an unchained round a previous signature means nothing.
    let more = QUICKNET_1000.replace("}", ",\"previous_signature\":\"\"}");
    let round = Round::from_json(more.as_bytes(), &chain).unwrap();
    assert!(chain.verify(&round).is_ok());
}

#[test]
fn every_scheme_verifies_what_its_key_signs() {
    let secret = [7; 32];
    for scheme in [Scheme::Chained, Scheme::Unchained, Scheme::UnchainedG1] {
        let chain = Chain {
            public: bls::signing::public(scheme, secret),
            period: 3,
            genesis: 1_700_000_000,
            seed: vec![9; 32],
            beacon: "test".to_owned(),
            scheme,
        };
        let number = 42_u64;
        let previous = scheme.is_chained().then(|| vec![5; 96]);
        let signed = [previous.as_deref().unwrap_or_default(), &number.to_be_bytes()].concat();
        let signature = bls::signing::sign(scheme, secret, &sha256(&signed));
        let round = Round { chain: chain.hash(), number, signature, previous };
        let time = Timestamp::from_unix_seconds(1_700_000_000 + 41 * 3);
        assert_eq!(chain.verify(&round), Ok(time), "{}", scheme.name());
        let other = Chain { public: bls::signing::public(scheme, [8; 32]), ..chain.clone() };
        let of_other = Round { chain: other.hash(), ..round.clone() };
        assert_eq!(other.verify(&of_other), Err(DrandError::Signature(42)));
        // A first round signs the seed.
        if scheme.is_chained() {
            let signed = [chain.seed.as_slice(), &1_u64.to_be_bytes()].concat();
            let signature = bls::signing::sign(scheme, secret, &sha256(&signed));
            let first = Round { number: 1, signature, previous: Some(chain.seed.clone()), ..round };
            assert_eq!(chain.verify(&first), Ok(Timestamp::from_unix_seconds(1_700_000_000)));
        }
    }
}

proptest::proptest! {
    #[test]
    fn reading_never_panics(text in "[0-9a-f]{0,70} ?[0-9]{0,21} ?[0-9a-f]{0,9}( [0-9a-f]{0,4})?") {
        if let Some(round) = Round::parse(&text) {
            proptest::prop_assert_eq!(round.text(), text.clone());
        }
        let _ = Chain::from_json(text.as_bytes());
    }
}
