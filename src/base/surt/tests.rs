use proptest::prelude::*;

use super::*;

const VECTORS: &str = include_str!("../../../tests/corpus/surt/vectors.tsv");
const RANGES: &str = include_str!("../../../tests/corpus/surt/ranges.tsv");

/// A field of the vector files: JSON string escapes, so that control characters can be written.
fn field(text: &str) -> String {
    serde_json::from_str(text).unwrap()
}

fn rows(table: &str) -> impl Iterator<Item = Vec<String>> {
    table.lines().filter(|l| !l.starts_with('#')).map(|l| l.split('\t').map(field).collect())
}

#[test]
fn keys_are_those_of_pywb_and_surt() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for row in rows(VECTORS) {
        let [uri, expected] = row.as_slice() else { panic!("{row:?}") };
        let got = urlkey(uri);
        if got != *expected {
            wrong.push(format!("{uri:?}\n  is        {got}\n  should be {expected}"));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 200, "{count}");
}

#[test]
fn ranges_are_those_of_pywb() {
    for row in rows(RANGES) {
        let [uri, match_type, start, end] = row.as_slice() else { panic!("{row:?}") };
        let match_type: MatchType = match_type.parse().unwrap();
        let range = KeyRange::of(uri, match_type);
        assert_eq!(range.start, start.as_bytes(), "{uri} {match_type:?}");
        if match_type == MatchType::Exact {
            // The same single key by another end; see the comment there.
            assert_eq!(format!("{start}!"), *end, "{uri}");
            assert!(range.contains(start.as_bytes()) && !range.contains(end.as_bytes()));
        } else {
            assert_eq!(range.end.as_deref(), Some(end.as_bytes()), "{uri} {match_type:?}");
        }
    }
}

#[test]
fn what_surt_refuses_is_its_own_text_in_lower_case() {
    for (uri, key) in [
        ("http://Host:port/A", "http://host:port/a"),
        ("http://host:99999/", "http://host:99999/"),
        ("http://a:1:2/", "http://a:1:2/"),
        ("   ", "-"),
        ("\u{0}", "http:%00)/"),
        ("http://h:x/a b\u{0}c", "http://h:x/a%20b%00c"),
    ] {
        if uri == "\u{0}" {
            assert!(!urlkey(uri).contains('\u{0}'));
            continue;
        }
        assert_eq!(urlkey(uri), key, "{uri:?}");
    }
}

#[test]
fn wildcards_name_a_match_type() {
    for (uri, match_type, rest) in [
        ("*.example.com", MatchType::Domain, "example.com"),
        ("http://example.com/a*", MatchType::Prefix, "http://example.com/a"),
        ("example.com/a", MatchType::Exact, "example.com/a"),
        ("*", MatchType::Prefix, ""),
    ] {
        assert_eq!(MatchType::from_wildcard(uri), (match_type, rest));
    }
    assert!("subtree".parse::<MatchType>().is_err());
}

#[test]
fn the_host_of_a_key() {
    for (key, host) in [
        ("com,example)/a?b=c)/", Some("com,example")),
        ("com,example:8080)/", Some("com,example:8080")),
        ("urn:uuid:a", None),
        ("dns:example.com/a)b", None),
    ] {
        assert_eq!(host_of_key(key), host, "{key}");
    }
}

#[test]
fn deep_escapes_are_undone_in_linear_time() {
    // 16 KiB of `%2525…41`: repeated passes would be 8,000 passes.
    let uri = format!("http://a/%{}41", "25".repeat(8_000));
    assert_eq!(urlkey(&uri), "a)/a");
}

proptest! {
    #[test]
    fn any_text_has_a_key_without_control_characters(uri in any::<String>()) {
        let key = urlkey(&uri);
        prop_assert!(!key.bytes().any(|byte| byte <= b' '), "{key:?}");
    }

    #[test]
    fn any_text_that_looks_like_a_uri_has_a_key(
        uri in "(http|https|dns|ftp|HTTP)?(:|://|//)?[a-z0-9.:@\\[\\]%ü\u{200d}A-Z]{0,24}(/[-a-zA-Z0-9./%()?;=&#~ü]{0,60})?"
    ) {
        let key = urlkey(&uri);
        prop_assert!(!key.bytes().any(|byte| byte <= b' '), "{key:?}");
        for match_type in [MatchType::Exact, MatchType::Prefix, MatchType::Host, MatchType::Domain] {
            let range = KeyRange::of(&uri, match_type);
            prop_assert!(range.end.is_none_or(|end| range.start < end));
        }
        prop_assert!(KeyRange::of(&uri, MatchType::Exact).contains(key.as_bytes()));
    }
}
