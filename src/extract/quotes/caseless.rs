//! Speakers in scripts without capitals: Japanese, Chinese, Arabic.
//!
//! Owns the commonest attribution of each: a topic before the quotation (田中氏は「…」と述べた), a name and
//! a verb on either side of it (张伟说：“…”), a verb and a name before it (قال أحمد: «…»). Deliberately no
//! more: no pronouns, no roles. Looks at most a sentence's head to either side.

use std::ops::Range;

/// Bytes looked at on either side of a quotation.
const REACH_BYTES: usize = 120;

/// A speaker and a cue, as ranges of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) name: Range<usize>,
    pub(super) cue: Option<Range<usize>>,
}

const JA_VERBS: &[&str] = &[
    "述べ",
    "語っ",
    "話し",
    "言っ",
    "説明し",
    "強調し",
    "指摘し",
    "明らかにし",
    "批判し",
    "コメントし",
    "訴え",
    "答え",
    "投稿し",
];
const JA_TITLES: &[&str] = &["氏", "さん", "容疑者", "被告"];
const ZH_VERBS: &[&str] = &[
    "表示", "指出", "强调", "強調", "告诉", "告訴", "认为", "認為", "写道", "寫道", "回应", "回應",
    "说", "說", "称", "稱",
];
const AR_VERBS: &[&str] = &[
    "وقالت",
    "وقال",
    "قالت",
    "قال",
    "وأضافت",
    "وأضاف",
    "أضاف",
    "وأكد",
    "أكدت",
    "أكد",
    "وصرح",
    "صرح",
    "وأوضح",
    "أوضح",
    "وذكر",
    "ذكر",
    "أعلن",
    "كتب",
];

/// Who speaks the quotation `quote`, in a sentence of a language of [`applies`].
pub(super) fn find(
    text: &str,
    sentence: &Range<usize>,
    quote: &Range<usize>,
    language: &str,
) -> Option<Found> {
    let mut from = sentence.start.max(quote.start.saturating_sub(REACH_BYTES));
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let mut to = text.len().min(quote.end + REACH_BYTES);
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    let before = text.get(from..quote.start)?;
    let after = text.get(quote.end..to)?;
    let after = after.split(['。', '\n', '「', '“', '«']).next().unwrap_or("");
    match language {
        "ja" => japanese(before, from, after, quote.end),
        "zh" => verb_last(before, from).or_else(|| verb_last(after, quote.end)),
        "ar" | "fa" => verb_first(before, from),
        _ => None,
    }
}

/// The languages this file knows.
pub(super) fn applies(language: &str) -> bool {
    matches!(language, "ja" | "zh" | "ar")
}

fn japanese(before: &str, base: usize, after: &str, after_base: usize) -> Option<Found> {
    let topic = before.rfind(['は', 'が', 'も'])?;
    let start =
        before[..topic].rfind(['、', '。', '，', '」']).map_or(0, |at| at + '、'.len_utf8());
    let mut name = before.get(start..topic)?.trim();
    for title in JA_TITLES {
        name = name.strip_suffix(title).unwrap_or(name);
    }
    let begin = start + before[start..].find(name)?;
    let cue = JA_VERBS
        .iter()
        .filter_map(|verb| after.find(verb).map(|at| after_base + at..after_base + at + verb.len()))
        .min_by_key(|cue| cue.start);
    (!name.is_empty()).then(|| Found { name: base + begin..base + begin + name.len(), cue })
}

/// Name, then verb: "张伟说".
fn verb_last(part: &str, base: usize) -> Option<Found> {
    let (at, verb) = ZH_VERBS
        .iter()
        .filter_map(|verb| part.find(verb).map(|at| (at, *verb)))
        .min_by_key(|(at, _)| *at)?;
    let start = part[..at]
        .rfind(['，', '。', '、', '：', ',', '”', '」'])
        .map_or(0, |comma| comma + part[comma..].chars().next().map_or(1, char::len_utf8));
    let name = part.get(start..at)?;
    let kept = name.trim();
    let begin = start + (name.len() - name.trim_start().len());
    let own = !kept.is_empty() && !matches!(kept, "他" | "她" | "并" | "還" | "还");
    own.then(|| Found {
        name: base + begin..base + begin + kept.len(),
        cue: Some(base + at..base + at + verb.len()),
    })
}

/// Verb, then name, then a colon: "قال أحمد:".
fn verb_first(before: &str, base: usize) -> Option<Found> {
    let head = before.trim_end().trim_end_matches([':', '،', ',']).trim_end();
    let mut at = 0;
    let mut hit: Option<(usize, usize)> = None;
    for word in head.split(' ') {
        if AR_VERBS.contains(&word) {
            hit = Some((at, at + word.len()));
        }
        at += word.len() + 1;
    }
    let (start, end) = hit?;
    let name = head.get(end..)?;
    let kept = name.split([',', '،', ':']).next().unwrap_or("");
    let kept = kept.split(" إن").next().unwrap_or("").trim();
    let begin = end + (name.len() - name.trim_start().len());
    (!kept.is_empty()).then(|| Found {
        name: base + begin..base + begin + kept.len(),
        cue: Some(base + start..base + end),
    })
}
