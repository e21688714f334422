//! When readings are derived again: after an edit of the code that reads, not after an edit of a comment.

use std::path::Path;

#[path = "../../build/derivation.rs"]
mod code;

use code::{PARSERS, locked, without_comments};

#[test]
fn a_comment_is_not_part_of_the_code_and_a_string_is() {
    let same = [
        ("let a = 1;", "let a = 1; // a number"),
        ("let a = 1;", "//! A file.\n\n/// A value.\nlet a = 1;\n"),
        ("let a = 1;", "/* one /* in */ another */ let a = 1;\r\n"),
        ("let a = 1;", "let a\n    = 1;"),
        ("f(\"// no comment\")", "f(\"// no comment\") // a comment"),
        ("f(r#\"a \" // b\"#)", "f(r#\"a \" // b\"#) // c"),
        ("f('\"', 'a', '\\'')", "f('\"', 'a', '\\'') // '"),
        ("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {} // 'a"),
    ];
    for (one, other) in same {
        assert_eq!(without_comments(one), without_comments(other), "{other}");
    }
    let differ = [
        ("let a = 1;", "let a = 2;"),
        ("f(\"// one\")", "f(\"// two\")"),
        ("f(\"a  b\")", "f(\"a b\")"),
        ("f(r\"/* one */\")", "f(r\"/* two */\")"),
        ("f('/', '/')", "f('/', 'x')"),
        ("f(b\"\\\"// one\")", "f(b\"\\\"// two\")"),
    ];
    for (one, other) in differ {
        assert_ne!(without_comments(one), without_comments(other), "{other}");
    }
}

#[test]
fn the_sources_of_the_program_keep_their_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in ["src/extract/sentences.rs", "src/http/coding.rs", "src/readings/pack.rs"] {
        let source = std::fs::read_to_string(root.join(file)).unwrap();
        let code = without_comments(&source);
        let commented = format!("/* new */ {}\n// the end", source.replacen("//!", "//! Now:", 1));
        assert_eq!(without_comments(&commented), code, "{file}");
        // Every line that is not a comment is still there.
        let folded = |text: &str| text.split_whitespace().collect::<String>();
        let all = folded(&code);
        for line in source.lines().filter(|line| !line.contains("//")) {
            assert!(all.contains(&folded(line)), "{file}: {line}");
        }
        assert!(!code.contains("//!"), "{file}");
    }
}

#[test]
fn a_newer_parser_counts_and_another_crate_does_not() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lock = std::fs::read_to_string(root.join("Cargo.lock")).unwrap();
    let found = locked(&lock);
    for name in PARSERS {
        assert!(found.lines().any(|line| line.split(' ').next() == Some(name)), "{name}");
    }
    // The dependencies of a parser count as well.
    assert!(found.contains("markup5ever ") && found.contains("tendril "), "{found}");
    assert!(!found.contains("reqwest ") && !found.contains("rusqlite "), "{found}");
    let raised = |name: &str| {
        let (before, after) = lock.split_once(&format!("name = \"{name}\"\nversion = \"")).unwrap();
        let after = after.split_once('"').unwrap().1;
        locked(&format!("{before}name = \"{name}\"\nversion = \"99.0.0\"{after}"))
    };
    assert_ne!(raised("html5ever"), found);
    assert_ne!(raised("tendril"), found);
    assert_eq!(raised("reqwest"), found);
}
