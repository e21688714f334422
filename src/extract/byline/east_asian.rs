//! Bylines in Chinese, Japanese and Korean, which separate names by other means than spaces.

use super::lexicon::{DESK_ENDS, JOINED_ROLES, body_word};
use super::line::{Context, is_unspaced};
use crate::extract::page::Author;

/// What follows the names and is not a name; a single character counts only where it is by itself, since
/// given names end with the same characters.
const TAILS: &[&str] = &["综合报道", "綜合報導", "报道", "報導", "報道", "撰文", "整理"];
const LONE_TAILS: &[&str] = &["撰", "文", "摄", "攝", "発", "電", "电", "님", "씀"];

fn is_hangul(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7a3}')
}

fn is_kana(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}')
}

/// The names of a group of pieces in one of these scripts; none where it is in another.
pub(super) fn read(group: &[Vec<&str>], context: &Context<'_>) -> Option<Vec<Author>> {
    let letters = || group.iter().flatten().flat_map(|w| w.chars()).filter(|c| c.is_alphabetic());
    let is_here = letters().next().is_some() && letters().all(|c| is_unspaced(c) || is_hangul(c));
    if !is_here {
        return None;
    }
    let mut out = Vec::new();
    for words in group {
        let mut names: Vec<String> = Vec::new();
        let has_kana = words.iter().any(|w| w.chars().any(is_kana));
        // A dot separates names, except the parts of a foreign name in kana.
        let parts = words.iter().flat_map(|word| word.split(move |c| c == '·' && !has_kana));
        for word in parts {
            let Some(word) = without_label(word) else { continue };
            let word = without_roles(behind_place(word));
            if !word.is_empty() && !LONE_TAILS.contains(&word) {
                names.push(word.to_owned());
            }
        }
        let is_joined = match context.language {
            "ja" | "ko" => true,
            "zh" => false,
            _ => names.iter().any(|n| n.chars().any(|c| is_kana(c) || is_hangul(c))),
        };
        let has_dot = words.iter().any(|word| word.contains('·'));
        out.extend(persons(&names, is_joined && !has_dot));
    }
    // Beside people, their desk, office and outlet are not authors.
    if out.len() > 1 && out.iter().any(|author| !is_desk(&author.name)) {
        out.retain(|author| !is_desk(&author.name));
    }
    Some(out)
}

/// What follows a label that is written together with it: "作者：李晓雯"; none where it names a source.
fn without_label(word: &str) -> Option<&str> {
    match word.split_once(['：', ':']) {
        Some((label, _)) if ["来源", "來源", "稿源", "出处", "出處", "출처"].contains(&label) => {
            None
        }
        Some((label, name)) if label.chars().count() <= 4 && !name.is_empty() => Some(name),
        _ => Some(word),
    }
}

/// Whether a name ends as those of desks, offices and outlets do.
fn is_desk(name: &str) -> bool {
    DESK_ENDS.iter().any(|end| name.ends_with(end) && name.chars().count() > 1)
}

/// Whether a group only states where it was reported from: "台北報導".
pub(super) fn is_dateline(group: &[Vec<&str>]) -> bool {
    let [words] = group else { return false };
    let [word] = words.as_slice() else { return false };
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
    let place = ["報導", "报道", "報道"].iter().find_map(|end| bare.strip_suffix(end));
    place.is_some_and(|place| {
        (2..=3).contains(&place.chars().count())
            && !place.contains("记者")
            && !place.contains("記者")
    })
}

/// What follows the place or the outlet that is written together with a name: "서울=박지영", "新华社记者李晓雯".
/// The parts of a foreign name in kana stay together.
fn behind_place(word: &str) -> &str {
    let mut word = word;
    if let Some((place, name)) = word.rsplit_once(['=', '＝'])
        && !(place.chars().all(is_kana) && name.starts_with(is_kana))
        && name.chars().filter(|c| c.is_alphabetic()).count() >= 2
    {
        word = name;
    }
    for role in ["记者", "記者"] {
        if let Some((outlet, name)) = word.split_once(role)
            && outlet.chars().count() >= 2
            && (2..=4).contains(&name.chars().filter(|c| c.is_alphabetic()).count())
        {
            word = name;
        }
    }
    word
}

fn persons(names: &[String], is_joined: bool) -> Vec<Author> {
    let length = |name: &String| name.chars().count();
    let make = |name: String| {
        let organisation = body_word(&name).is_some();
        Author { name, organisation, family: None }
    };
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(name) = names.get(at) {
        // "山田 太郎" is one name; "李晓雯 王强" are two, "李 强" is one.
        let next = names.get(at + 1).filter(|next| length(next) <= 4 && length(name) <= 4);
        let is_body = |name: &str| body_word(name).is_some() || is_desk(name);
        let next = next.filter(|next| !is_body(name) && !is_body(next));
        let takes = next.is_some()
            && if is_joined {
                // In Korean a name with a space has one character before it.
                names.len().is_multiple_of(2)
                    && length(name) <= if name.chars().all(is_hangul) { 1 } else { 3 }
            } else {
                length(name) == 1
            };
        if let (true, Some(next)) = (takes, next) {
            out.push(make(format!("{name} {next}")));
            at += 2;
            continue;
        }
        let is_name = (2..=12).contains(&length(name)) || body_word(name).is_some();
        if is_name {
            out.push(make(name.clone()));
        }
        at += 1;
    }
    out
}

/// A word without jobs at its ends.
fn without_roles(word: &str) -> &str {
    let trim = |text: &str| -> (usize, usize) {
        let start = text.len() - text.trim_start_matches(|c: char| !c.is_alphanumeric()).len();
        (start, text.trim_end_matches(|c: char| !c.is_alphanumeric()).len())
    };
    let mut word = word;
    for _ in 0..4 {
        let (start, end) = trim(word);
        word = if start < end { &word[start..end] } else { "" };
        let before = word;
        for role in JOINED_ROLES.iter() {
            word = word.strip_prefix(role).unwrap_or(word);
            word = word.strip_suffix(role).unwrap_or(word);
        }
        for tail in TAILS {
            word = word.strip_suffix(tail).unwrap_or(word);
        }
        if word == before {
            break;
        }
    }
    word
}
