// What a reading depends on, as text that changes when it does: the sources that derive, without their
// comments, and the locked versions of the crates that parse. Included by build.rs, and by the tests.

use std::collections::{BTreeMap, BTreeSet};

/// Crates whose version decides what a payload says: they undo codings, decode characters, parse, and
/// know calendars, addresses and Unicode.
pub const PARSERS: [&str; 17] = [
    "aho-corasick",
    "brotli",
    "chardetng",
    "encoding_rs",
    "flate2",
    "html5ever",
    "icu_normalizer",
    "jiff",
    "libdeflater",
    "memchr",
    "quick-xml",
    "regex",
    "serde_json",
    "similar",
    "strsim",
    "url",
    "zstd",
];

/// The code of a Rust source: its comments removed, its white space folded. String literals stay
/// as they are.
pub fn without_comments(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    let mut space = false;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            space = true;
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            space = true;
            block_comment(rest)
        } else if first.is_whitespace() {
            space = true;
            first.len_utf8()
        } else {
            let length = text(rest, &code).unwrap_or(first.len_utf8());
            if std::mem::take(&mut space) && !code.is_empty() {
                code.push(' ');
            }
            code.extend(rest[..length].chars().filter(|c| *c != '\r'));
            length
        };
        rest = &rest[length..];
    }
    code
}

/// The length of the block comment at the start; they nest.
fn block_comment(source: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < source.len() {
        let rest = &source[at..];
        if rest.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    source.len()
}

/// The length of the string, byte string, raw string or character at the start, if there is one. `before`
/// is the code before it: what follows a letter does not begin a raw string.
fn text(source: &str, before: &str) -> Option<usize> {
    let in_word = before.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
    let prefix = ["br", "cr", "b", "c", "r"];
    let prefix = prefix.into_iter().find(|p| !in_word && source.starts_with(p)).unwrap_or("");
    let after = &source[prefix.len()..];
    if prefix.ends_with('r') {
        let hashes = after.bytes().take_while(|byte| *byte == b'#').count();
        if after[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let from = hashes + 1;
            let to = after[from..].find(&end).map_or(after.len(), |at| from + at + end.len());
            return Some(prefix.len() + to);
        }
        return None;
    }
    match after.chars().next()? {
        '"' => Some(prefix.len() + quoted(after, '"')),
        // A lifetime has no quotation mark behind its first character.
        '\'' if after[1..].starts_with('\\') => Some(prefix.len() + quoted(after, '\'')),
        '\'' => {
            let mut inside = after[1..].chars();
            let one = inside.next()?;
            (inside.next() == Some('\'')).then(|| prefix.len() + 2 + one.len_utf8())
        }
        _ => None,
    }
}

/// The length of what stands in quotation marks at the start, with escapes.
fn quoted(source: &str, mark: char) -> usize {
    let mut escaped = false;
    for (at, c) in source.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == mark => return at + c.len_utf8(),
            _ => {}
        }
    }
    source.len()
}

/// The locked versions of [`PARSERS`] and of what they depend on, one a line. `lock` is `Cargo.lock`.
pub fn locked(lock: &str) -> String {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut needs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let field = |name: &str| {
            let line = package.lines().find(|line| line.starts_with(&format!("{name} = \"")))?;
            line.split('"').nth(1)
        };
        let (Some(name), Some(version)) = (field("name"), field("version")) else { continue };
        versions.entry(name).or_default().insert(version);
        let listed = package.split_once("dependencies = [").map_or("", |(_, rest)| rest);
        let listed = listed.split(']').next().unwrap_or_default();
        // "name" or "name version": the name identifies it.
        let names = listed.split('"').skip(1).step_by(2).filter_map(|one| one.split(' ').next());
        needs.entry(name).or_default().extend(names);
    }
    let mut left: Vec<&str> = PARSERS.to_vec();
    let mut found: BTreeSet<&str> = BTreeSet::new();
    while let Some(name) = left.pop() {
        if found.insert(name) {
            left.extend(needs.get(name).into_iter().flatten());
        }
    }
    let line = |name: &str| {
        let versions = versions.get(name).into_iter().flatten().copied();
        format!("{name} {}\n", versions.collect::<Vec<_>>().join(" "))
    };
    found.into_iter().map(line).collect()
}
