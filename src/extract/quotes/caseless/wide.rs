//! Chinese and Japanese: no spaces between words.
//!
//! Owns where a name ends that titles, adverbs and verbs stand next to without a space.

use std::ops::Range;

use super::{Found, MASK, Part, Place};
use crate::language::Table;

/// Characters of a name.
const NAME_CHARS_MAX: usize = 18;

/// Characters between "称" and what something is called.
const CALLED_CHARS_MAX: usize = 10;

pub(super) fn find(place: &Place<'_>) -> Option<Found> {
    if place.table.topic.is_empty() { chinese(place) } else { japanese(place) }
}

fn is_break(c: char) -> bool {
    matches!(
        c,
        '，' | ',' | '、' | '：' | ':' | '；' | '（' | '）' | '(' | ')' | ' ' | '\u{3000}' | MASK
    )
}

/// The earliest of the words in a text, the longest where several begin there.
fn earliest<'w>(
    text: &str,
    words: impl Iterator<Item = &'w &'static str>,
) -> Option<(usize, &'static str)> {
    words
        .filter_map(|word| text.find(word).map(|at| (at, *word)))
        .min_by_key(|(at, word)| (*at, std::cmp::Reverse(word.len())))
}

/// The last of the words in a text; of those that end there the longest.
fn latest<'w>(
    text: &str,
    words: impl Iterator<Item = &'w &'static str>,
) -> Option<(usize, &'static str)> {
    words
        .filter_map(|word| text.rfind(word).map(|at| (at, *word)))
        .max_by_key(|(at, word)| (at + word.len(), word.len()))
}

fn chinese(place: &Place<'_>) -> Option<Found> {
    let says = || place.table.say.iter();
    // Behind the words: “…”张伟说。
    let after = place.after.text.trim_start_matches(['，', ',', '。']);
    let clause = after.split(['，', ',', '；']).next().unwrap_or("");
    if let Some((at, verb)) =
        earliest(clause, says()).filter(|(at, verb)| is_verb(clause, *at, verb))
    {
        let subject = &clause[..at];
        let cue = Some(place.after.range(&clause[at..at + verb.len()]));
        if subject.chars().count() <= NAME_CHARS_MAX
            && !subject.starts_with(['的', '和', '等', '是'])
        {
            return Some(Found { name: chinese_name(place, &place.after, subject), cue });
        }
    }
    // Before them: 张伟说：“…”
    let before = place.before.text;
    let lead = before.trim_end_matches(['：', ':', '，', ',', ' ']);
    // 在张伟看来，“…”, 用张伟的话说，“…”
    for phrase in &place.table.source_after {
        if let Some(head) = lead.strip_suffix(phrase.concat().as_str()) {
            let subject = head.rsplit(is_break).next().unwrap_or("");
            let cue = Some(place.before.range(&lead[head.len()..]));
            return Some(Found { name: chinese_name(place, &place.before, subject), cue });
        }
    }
    let (at, verb) = latest(lead, says()).filter(|(at, verb)| is_verb(lead, *at, verb))?;
    let rest = &lead[at + verb.len()..];
    let adjacent = rest.is_empty()
        || place.table.object.iter().any(|word| rest.starts_with(word))
        || before.len() > lead.len();
    // 赵志明称这一计划“极其荒唐”: what is called so is between.
    let called = matches!(verb, "称" | "稱")
        && rest.chars().count() <= CALLED_CHARS_MAX
        && rest.starts_with(['这', '這', '此', '该', '該', '其', '他', '她', '它'])
        && !rest.contains(is_break);
    let adjacent = adjacent || called;
    // A verb of one character says only right before the words.
    let clause = rest.starts_with(['，', ',']) || says().any(|other| lead[..at].ends_with(other));
    if verb.chars().count() < 2 && !adjacent && !clause || rest.chars().count() > 24 {
        return None;
    }
    let subject = lead[..at].rsplit(is_break).next().unwrap_or("");
    let cue = Some(place.before.range(&lead[at..at + verb.len()]));
    Some(Found { name: chinese_name(place, &place.before, subject), cue })
}

/// Whether the characters are a verb and not part of another word: 小说, 名称, 说明.
fn is_verb(text: &str, at: usize, verb: &str) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[at + verb.len()..].chars().next();
    let single = verb.chars().count() == 1;
    !(single
        && (matches!(
            before,
            Some(
                '小' | '传'
                    | '傳'
                    | '名'
                    | '学'
                    | '學'
                    | '简'
                    | '簡'
                    | '报'
                    | '街'
                    | '频'
                    | '通'
                    | '知'
                    | '车'
                    | '听'
            )
        ) || matches!(
            after,
            Some('明' | '法' | '服' | '为' | '為' | '号' | '號' | '题' | '題' | '路')
        )))
}

/// The name in what is before a verb: titles before it or behind it, adverbs behind it.
fn chinese_name(place: &Place<'_>, part: &Part<'_>, subject: &str) -> Option<Range<usize>> {
    let table = place.table;
    let mut name = subject.trim_matches(is_break);
    for lead in &table.lead {
        name = name.strip_prefix(lead).unwrap_or(name);
    }
    // "79岁的石老汉": what describes is before.
    if let Some((_, tail)) = name.rsplit_once("岁的").or_else(|| name.rsplit_once("歲的"))
        && tail.chars().count() >= 2
    {
        name = tail;
    }
    // "董女士抱怨道": one verb of saying before another.
    for _ in 0..2 {
        let verb = table.say.iter().filter(|verb| name.ends_with(**verb) && verb.len() > 3);
        name = verb
            .max_by_key(|verb| verb.len())
            .map_or(name, |verb| &name[..name.len() - verb.len()]);
    }
    let pronoun = |set: &crate::base::word_map::WordSet| set.iter().any(|p| name.starts_with(p));
    if name.is_empty() || pronoun(&table.he) || pronoun(&table.she) {
        return None;
    }
    // 副市长王丽华: the title is not part of the name. 王局长: the title is after it.
    let titles =
        table.role.iter().filter_map(|role| name.rfind(role).map(|at| (at, at + role.len())));
    if let Some((start, end)) = titles.max_by_key(|(start, end)| (*end, end - start)) {
        let (head, tail) = (&name[..start], &name[end..]);
        let behind = until_adverb(tail, table);
        if behind.chars().count() >= 2 {
            name = tail;
        } else if tail.is_empty() || behind.is_empty() {
            // 刘建市长: what is before it, without what that office is of.
            let lead =
                table.role.iter().filter(|role| head.starts_with(**role)).map(|r| r.len()).max();
            let head = &head[lead.unwrap_or(0)..];
            let start = name.len() - name[lead.unwrap_or(0)..].len();
            let family = table.family.iter().any(|family| head.starts_with(family));
            let kept = if family && (2..=4).contains(&head.chars().count()) {
                head
            } else {
                &name[start..end]
            };
            return Some(part.range(kept));
        }
    }
    let name = until_adverb(name, table);
    let count = name.chars().count();
    (1..=NAME_CHARS_MAX).contains(&count).then(|| part.range(name))
}

/// Up to the first character that begins an adverb or a preposition behind a name.
fn until_adverb<'a>(name: &'a str, table: &Table) -> &'a str {
    if table.behind_office.iter().any(|word| name.starts_with(word)) {
        return "";
    }
    let first = name.chars().next().map_or(0, char::len_utf8);
    let end = table.behind_name.iter().filter_map(|word| name.get(first..)?.find(word)).min();
    let digit = name.get(first..).and_then(|rest| rest.find(|c: char| c.is_ascii_digit()));
    let end = end.into_iter().chain(digit).min().map_or(name.len(), |at| first + at);
    &name[..end]
}

fn japanese(place: &Place<'_>) -> Option<Found> {
    let (before, after) = (place.before, place.after);
    let tail = after.text.trim_start();
    if let Some(rest) = tail.strip_prefix('。') {
        let topic = topic_end(rest, place)?;
        let subject = last_phrase(&rest[..topic]);
        let name = japanese_name(place, &after, subject)?;
        // A title behind the name, or a verb of saying: "橋は古い" speaks of no one.
        let titled = name.len() < subject.trim_matches(is_break).len();
        return (titled || cue_in(rest, place)).then_some(Found { name: Some(name), cue: None });
    }
    let cue = earliest(tail, place.table.say.iter())
        .map(|(at, verb)| after.range(&tail[at..at + verb.len()]));
    // 「…」と山本さん。: a name with its title and nothing else.
    if let Some(rest) = tail.strip_prefix('と').map(|rest| rest.trim_end_matches(is_break))
        && head_is_empty(place)
        && !rest.is_empty()
        && rest.chars().count() <= NAME_CHARS_MAX
        && !rest.contains(MASK)
        && place.table.role.iter().any(|role| strip_brackets(rest).ends_with(role))
        && cue.is_none()
        && let Some(name) = japanese_name(place, &after, rest)
        && name.len() < strip_brackets(rest).len()
    {
        return Some(Found { name: Some(name), cue: None });
    }
    // 「…」と山本さんは問いかけた: the subject is after the words.
    if let Some(rest) = tail.strip_prefix('と').or_else(|| tail.strip_prefix("などと"))
        && let Some(topic) = topic_end(rest, place)
        && cue.is_some()
    {
        let subject = last_phrase(&rest[..topic]).trim_start_matches('、');
        return Some(Found { name: japanese_name(place, &after, subject), cue });
    }
    // 山本さん：「…」 and 山本さんによると「…」
    let head = before.text.trim_end_matches([' ', '\u{3000}']);
    if let Some(label) = head.strip_suffix(['：', ':'])
        && let Some(name) =
            japanese_name(place, &before, label.rsplit(is_break).next().unwrap_or(""))
    {
        return Some(Found { name: Some(name), cue });
    }
    for phrase in &place.table.source {
        let phrase = phrase.concat();
        if let Some(at) = head.rfind(phrase.as_str()) {
            // "警察によると、山本さんは「…」と話した": the speaker is named behind the reporter.
            let behind = head.get(at + phrase.len()..).unwrap_or("");
            if cue.is_some() && topic_end(behind.trim_start_matches(is_break), place).is_some() {
                break;
            }
            let subject = last_phrase(&head[..at]);
            let name = japanese_name(place, &before, subject)?;
            return Some(Found { name: Some(name), cue });
        }
    }
    // 山本さんは「…」と述べた: what is said is between.
    let topic = head.char_indices().rev().find(|&(at, c)| {
        is_topic(place, c) && (c != 'が' || !head[..at].ends_with('だ')) && !head[..at].is_empty()
    });
    // 鈴木市議は、市が「…」と批判した: the topic of the sentence speaks, not the subject of the clause in it.
    let topic = topic.map(|(at, c)| {
        let outer = (c == 'が')
            .then(|| head[..at].rfind("は、").filter(|&outer| outer > 0))
            .flatten()
            .filter(|&outer| {
                let subject = strip_brackets(last_phrase(&head[..outer]));
                place.table.role.iter().any(|role| subject.ends_with(role))
            });
        outer.map_or((at, c), |outer| (outer, 'は'))
    });
    let Some(topic) = topic else {
        // 「…」とも述べた: the last speaker continues.
        let verb = tail.strip_prefix('と').map(|rest| rest.trim_start_matches(['も', 'は']))?;
        let says = place.table.say.iter().any(|say| verb.starts_with(say));
        return (says && cue.is_some()).then_some(Found { name: None, cue });
    };
    let adjacent = head[topic.0 + topic.1.len_utf8()..].trim_start_matches('、').is_empty();
    let quoted = tail.starts_with(['と', 'な']) || tail.is_empty() || tail.starts_with(MASK);
    if !(cue.is_some() && quoted || adjacent && quoted && tail.starts_with('と')) {
        return None;
    }
    let subject = last_phrase(&head[..topic.0]);
    Some(Found { name: japanese_name(place, &before, subject), cue })
}

/// Whether nothing is before the quotation in its sentence.
fn head_is_empty(place: &Place<'_>) -> bool {
    place.before.text.trim_matches(is_break).is_empty()
}

fn cue_in(text: &str, place: &Place<'_>) -> bool {
    earliest(text, place.table.say.iter()).is_some()
}

fn is_topic(place: &Place<'_>, c: char) -> bool {
    let mut bytes = [0; 4];
    let word: &str = c.encode_utf8(&mut bytes);
    place.table.topic.contains(word)
}

fn topic_end(text: &str, place: &Place<'_>) -> Option<usize> {
    text.char_indices().find(|&(at, c)| at > 0 && is_topic(place, c)).map(|(at, _)| at)
}

/// The Japanese names in a text that a title and the mark of the topic or an age in brackets follow, in order.
pub(super) fn named(part: Part<'_>, table: &Table) -> Vec<Range<usize>> {
    const LETTERS: std::ops::RangeInclusive<usize> = 2..=6;
    let text = part.text;
    let letter = |c: char| matches!(c as u32, 0x3005 | 0x30a1..=0x30fc | 0x4e00..=0x9fff);
    let mut found: Vec<(usize, Range<usize>)> = Vec::new();
    for role in &table.role {
        for (at, _) in text.match_indices(role) {
            let end = at + role.len();
            let follows = text[end..].starts_with(['は', 'が', 'も', '（', '(']);
            let start = text[..at].char_indices().rev().take_while(|(_, c)| letter(*c)).last();
            let Some((start, _)) = start.filter(|_| follows) else { continue };
            if LETTERS.contains(&text[start..at].chars().count()) {
                found.push((end, start..at));
            }
        }
    }
    // Of the titles that end at one place the longest: 副市長 and 市長.
    found.sort_by_key(|(end, name)| (*end, name.len()));
    found.dedup_by_key(|(end, _)| *end);
    found.into_iter().map(|(_, name)| part.at + name.start..part.at + name.end).collect()
}

/// The Chinese names in a text, in order: behind a title, or at the head of a sentence, with what can only stand behind
/// a name.
pub(super) fn chinese_named(part: Part<'_>, table: &Table) -> Vec<Range<usize>> {
    const BEHIND: [&str; 20] = [
        "星期", "周一", "周二", "周三", "周四", "周五", "周六", "周日", "昨", "今", "在", "于",
        "于是", "对", "也", "已", "将", "將", "出席", "接受",
    ];
    let text = part.text;
    let is_name = |from: usize, letters: usize| -> Option<Range<usize>> {
        let rest = text.get(from..)?;
        if !table.family.iter().any(|family| rest.starts_with(family)) {
            return None;
        }
        let end = from + rest.char_indices().nth(letters).map_or(rest.len(), |(at, _)| at);
        let name = text.get(from..end)?;
        let behind = text.get(end..)?;
        let is_han = name.chars().all(|c| matches!(u32::from(c), 0x4e00..=0x9fff));
        let follows = behind
            .starts_with(|c: char| c.is_ascii_digit() || matches!(c, '，' | ',' | '：'))
            || BEHIND.iter().any(|word| behind.starts_with(word))
            || table.behind_name.iter().any(|word| behind.starts_with(word))
            || table.say.iter().any(|verb| verb.len() > 3 && behind.starts_with(verb));
        (is_han && name.chars().count() == letters && follows).then_some(from..end)
    };
    let mut found: Vec<Range<usize>> = Vec::new();
    for role in &table.role {
        for (at, _) in text.match_indices(role) {
            let from = at + role.len();
            found.extend(is_name(from, 3).or_else(|| is_name(from, 2)));
        }
    }
    let heads = text.char_indices().filter(|(_, c)| matches!(c, '。' | '！' | '？' | '\n'));
    let heads = std::iter::once(0).chain(heads.map(|(at, c)| at + c.len_utf8()));
    found.extend(heads.filter_map(|at| is_name(at, 3)));
    found.sort_by_key(|name| (name.start, name.end));
    found.dedup();
    found.into_iter().map(|name| part.at + name.start..part.at + name.end).collect()
}

/// The last phrase of a text, without the age in brackets behind it.
fn last_phrase(text: &str) -> &str {
    strip_brackets(text).rsplit(is_break).next().unwrap_or("")
}

/// Without "（34）" at the end.
fn strip_brackets(text: &str) -> &str {
    let closed = text.strip_suffix(['）', ')']);
    closed.and_then(|inner| inner.rfind(['（', '(']).map(|at| &text[..at])).unwrap_or(text)
}

/// The name in a noun phrase: titles behind it and what hangs on it with の before it are not part of it.
fn japanese_name(place: &Place<'_>, part: &Part<'_>, subject: &str) -> Option<Range<usize>> {
    let mut name = strip_brackets(subject).trim_matches(is_break);
    name = name.rsplit('の').find(|piece| !piece.is_empty()).unwrap_or(name);
    let full = name;
    if place.table.he.contains(name)
        || place.table.she.contains(name)
        || place.table.they.contains(name)
    {
        return None;
    }
    for _ in 0..3 {
        let title = place
            .table
            .role
            .iter()
            .filter(|role| name.ends_with(**role) && name.len() > role.len())
            .max_by_key(|role| role.len());
        match title {
            Some(title) => name = &name[..name.len() - title.len()],
            None => break,
        }
    }
    // "烏丸剛前監督": who held the office before.
    if name.len() < full.len() && name.chars().count() > 2 {
        name = name.strip_suffix(['前', '元']).unwrap_or(name);
    }
    let name = if name.is_empty() { full } else { name };
    // "田中浩港長": an office on no list; with it the name is longer than names are.
    let letters = name.chars().count();
    let han = |c: char| matches!(c as u32, 0x4e00..=0x9fff | 0x3005);
    let name = match name.char_indices().rev().nth(1) {
        Some((at, _))
            if name.len() == full.len()
                && (5..=6).contains(&letters)
                && name.ends_with(['長', '官', '員', '師'])
                && name.chars().all(han) =>
        {
            &name[..at]
        }
        _ => name,
    };
    let count = name.chars().count();
    (1..=NAME_CHARS_MAX).contains(&count).then(|| part.range(name))
}
