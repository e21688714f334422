//! The words by which notices are recognised: those of English, and those of every other language from its
//! table. All languages at once, because a publisher's notice need not be in the language of the article.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::base::phrases::{PhraseFinder, finder_of};
use crate::base::word_map::WordMap;
use crate::extract::page::NoticeKind::{
    self, Clarification, Correction, EditorsNote, Retraction, Update,
};
use crate::language::{self, Phrases, Table};

/// What begins a notice in English, lower case.
const LEADS: [(&str, NoticeKind); 65] = [
    ("corrected version", Correction),
    ("correction appended", Correction),
    ("correction below", Correction),
    ("correction notice", Correction),
    ("correction note", Correction),
    ("notice of correction", Correction),
    ("a correction", Correction),
    ("story correction", Correction),
    ("headline correction", Correction),
    ("correx", Correction),
    ("our mistake", Correction),
    ("an apology", Correction),
    ("apology", Correction),
    ("apologies", Correction),
    ("correction and apology", Correction),
    ("a clarification", Clarification),
    ("update and clarification", Clarification),
    ("clarification appended", Clarification),
    ("update and correction", Correction),
    ("correction and update", Correction),
    ("correction/update", Correction),
    ("update/correction", Correction),
    ("corrections and clarifications", Correction),
    ("correction and clarification", Correction),
    ("corrections", Correction),
    ("correction", Correction),
    ("corrected", Correction),
    ("erratum", Correction),
    ("errata", Correction),
    ("corrigendum", Correction),
    ("amendment", Correction),
    ("amended", Correction),
    ("for the record", Correction),
    ("we got it wrong", Correction),
    ("setting the record straight", Correction),
    ("clarifications", Clarification),
    ("clarification", Clarification),
    ("clarified", Clarification),
    ("retraction notice", Retraction),
    ("retraction", Retraction),
    ("retracted", Retraction),
    ("notice of retraction", Retraction),
    ("expression of concern", EditorsNote),
    ("editor's note", EditorsNote),
    ("editors' note", EditorsNote),
    ("editor’s note", EditorsNote),
    ("editors’ note", EditorsNote),
    ("editorial note", EditorsNote),
    ("ed. note", EditorsNote),
    ("note to readers", EditorsNote),
    ("note from the editor", EditorsNote),
    ("publisher's note", EditorsNote),
    ("publisher’s note", EditorsNote),
    ("author's note", EditorsNote),
    ("author’s note", EditorsNote),
    ("writer's note", EditorsNote),
    ("writer’s note", EditorsNote),
    ("right of reply", EditorsNote),
    ("update", Update),
    ("updates", Update),
    ("updated", Update),
    ("edited to add", Update),
    ("edited", Update),
    ("edit", Update),
    ("addendum", Update),
];

/// What begins a remark, which is a notice where it speaks of a change.
const REMARKS: [&str; 4] = ["note", "please note", "nb", "footnote"];

/// What admits an error in English.
const WRONG: [&str; 26] = [
    "to correct",
    "and corrects",
    "we apologise",
    "we apologize",
    "misstated",
    "incorrect",
    "misspelled",
    "misidentified",
    "misattributed",
    "misquoted",
    "misreported",
    "mistaken",
    "mistake",
    "in error",
    "an error",
    "errors",
    "erroneous",
    "was wrong",
    "were wrong",
    "the wrong",
    "wrongly",
    "wrong before",
    "inaccurate",
    "corrected",
    "earlier version",
    "previous version",
];

/// What says in English that the article was changed.
const CHANGED: [&str; 11] = [
    "has changed",
    "was changed",
    "were changed",
    "been changed",
    "has been updated",
    "was updated",
    "amended",
    "revised",
    "corrected",
    "after publication",
    "since publication",
];

/// What a phrase inside a text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// That this article is or was so.
    Notice(NoticeKind),
    /// That something was wrong.
    Wrong,
    /// That something was changed.
    Changed,
    /// That there was a version before this one.
    Version,
}

struct Phrasebook {
    matcher: Option<PhraseFinder>,
    says: Vec<Says>,
}

/// A phrase with an asterisk: how a text begins, and what is a few words behind that, or nothing.
struct Gapped {
    head: String,
    tail: String,
    kind: NoticeKind,
}

/// Leads by their first two characters, each with its kind; a remark has none.
type Leads = WordMap<[char; 2], Vec<(String, Option<NoticeKind>)>>;

/// The first two characters of a text as leads are found by them: in lower case, white space as a blank.
fn first_two(text: &str) -> [char; 2] {
    let mut first = text.chars().map(|c| match c {
        c if c.is_whitespace() => ' ',
        '’' => '\'',
        c => without_tonos(c.to_lowercase().next().unwrap_or(c)),
    });
    [first.next().unwrap_or_default(), first.next().unwrap_or_default()]
}

static LEAD_WORDS: LazyLock<Leads> = LazyLock::new(|| {
    let mut leads = Leads::default();
    let mut add = |words: String, kind| {
        leads.entry(first_two(&words)).or_default().push((words, kind));
    };
    for (words, kind) in LEADS {
        // "Corrections & clarifications".
        if words.contains(" and ") {
            add(words.replace(" and ", " & "), Some(kind));
        }
        add(words.to_owned(), Some(kind));
    }
    for words in REMARKS {
        add(words.to_owned(), None);
    }
    for table in language::all() {
        for (phrases, kind) in [
            (&table.correction, Some(Correction)),
            (&table.clarification, Some(Clarification)),
            (&table.retraction, Some(Retraction)),
            (&table.note, Some(EditorsNote)),
            (&table.update, Some(Update)),
            (&table.remark, None),
        ] {
            for phrase in phrases {
                if let Some(at) = phrase.iter().skip(1).position(|word| table.join.contains(word)) {
                    let mut short = phrase.clone();
                    short.splice(at + 1..at + 2, ["&"]);
                    add(short.join(" "), kind);
                }
                add(phrase.join(" "), kind);
            }
        }
    }
    // The longer ones before those they begin with.
    for list in leads.values_mut() {
        list.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
    }
    leads
});

static PHRASES: LazyLock<Phrasebook> = LazyLock::new(|| {
    let mut words: Vec<String> = Vec::new();
    let mut says = Vec::new();
    let mut add = |text: String, what| {
        words.push(text);
        says.push(what);
    };
    WRONG.iter().for_each(|text| add((*text).to_owned(), Says::Wrong));
    CHANGED.iter().for_each(|text| add((*text).to_owned(), Says::Changed));
    for table in language::all() {
        for (phrases, what) in of(table) {
            let whole = phrases.iter().filter(|phrase| !phrase.contains(&GAP));
            whole.for_each(|phrase| add(phrase.join(" "), what));
        }
    }
    Phrasebook { matcher: finder_of(&words), says }
});

/// What stands for a few words in a phrase of the tables, which then begins the text: "wir haben * korrigiert".
const GAP: &str = "*";
/// The key of phrases that end a short text instead: "* を訂正しました".
const AT_THE_END: char = '\0';
/// A text that such a phrase ends is no longer than this, in words, or in pairs of characters.
const ENDED_WORDS_MAX: usize = 16;
/// Words that it stands for, at most.
const GAP_WORDS_MAX: usize = 9;
/// It stands for at most this much text where no spaces separate words, in characters.
const GAP_CHARS_MAX: usize = 24;

static GAPPED: LazyLock<HashMap<char, Vec<Gapped>>> = LazyLock::new(|| {
    let mut all = HashMap::<char, Vec<Gapped>>::new();
    for table in language::all() {
        for (phrases, what) in of(table) {
            let Says::Notice(kind) = what else { continue };
            for phrase in phrases {
                let mut parts = phrase.splitn(2, |word| *word == GAP);
                let (Some(head), Some(tail)) = (parts.next(), parts.next()) else { continue };
                let (head, tail) = (head.join(" "), tail.join(" "));
                let first = head.chars().next().unwrap_or(AT_THE_END);
                all.entry(first).or_default().push(Gapped { head, tail, kind });
            }
        }
    }
    all
});

/// What a text, in lower case, says of the article by how it begins: "Wir haben die Summe korrigiert"; one that
/// is set off from the rest, in brackets or behind an asterisk, by how it ends, too: "費用を修正しました".
pub(super) fn begun(lower: &str, is_set_off: bool) -> Option<NoticeKind> {
    let first = lower.chars().next()?;
    let whole = lower.trim_end_matches(|c: char| !c.is_alphanumeric());
    if is_set_off
        && super::words_of(whole) <= ENDED_WORDS_MAX
        && let Some(ends) = GAPPED.get(&AT_THE_END)
        && let Some(gapped) = ends.iter().find(|gapped| whole.ends_with(gapped.tail.as_str()))
    {
        return Some(gapped.kind);
    }
    GAPPED.get(&first)?.iter().find_map(|gapped| {
        let rest = lower.strip_prefix(gapped.head.as_str())?;
        let spaced = !gapped.head.ends_with(is_unspaced);
        if spaced && rest.starts_with(char::is_alphanumeric) {
            return None;
        }
        let end = if spaced {
            rest.match_indices(' ').nth(GAP_WORDS_MAX).map_or(rest.len(), |(at, _)| at)
        } else {
            rest.char_indices().nth(GAP_CHARS_MAX).map_or(rest.len(), |(at, _)| at)
        };
        let near = sentence(rest.get(..end)?);
        let is_word = |(at, _): (usize, &str)| {
            let before = near.get(..at).and_then(|before| before.chars().next_back());
            !spaced || before.is_none_or(|c| !c.is_alphanumeric())
        };
        let follows =
            gapped.tail.is_empty() || near.match_indices(gapped.tail.as_str()).any(is_word);
        follows.then_some(gapped.kind)
    })
}

/// The first sentence of a text; the stop behind a number ends none.
fn sentence(text: &str) -> &str {
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        if matches!(c, '!' | '?' | ';' | '。' | '！' | '؟') || c == '.' && !before.is_ascii_digit()
        {
            return text.get(..at).unwrap_or(text);
        }
        before = c;
    }
    text
}

fn of(table: &Table) -> [(&Phrases, Says); 6] {
    [
        (&table.amended, Says::Notice(Correction)),
        (&table.renewed, Says::Notice(Update)),
        (&table.withdrawn, Says::Notice(Retraction)),
        (&table.wrong, Says::Wrong),
        (&table.changed, Says::Changed),
        (&table.version, Says::Version),
    ]
}

/// The lead that a text begins with, and what follows it: a kind, or none for a remark.
pub(super) fn lead(text: &str) -> Option<(Option<NoticeKind>, &str)> {
    // Few texts get further than their first letters.
    let [first, second] = first_two(text);
    // A lead of one character is looked for last: the longer ones come before it.
    let keys = [[first, second], [first, '\0']];
    let keys = &keys[..if second == '\0' { 1 } else { 2 }];
    let leads = keys.iter().filter_map(|key| LEAD_WORDS.get(key)).flatten();
    leads.into_iter().find_map(|(words, kind)| {
        let rest = after(text, words)?;
        let ends = !rest.starts_with(char::is_alphanumeric) || words.ends_with(is_unspaced);
        (ends || is_glued(text, rest) && owns(*kind)).then_some((*kind, rest))
    })
}

/// Whether what follows a lead begins with a capital right behind a small letter: "CorrectionThe sum was wrong", where
/// only the style sheet separates the two.
pub(super) fn is_glued(text: &str, rest: &str) -> bool {
    let before = text.strip_suffix(rest).and_then(|lead| lead.chars().next_back());
    before.is_some_and(char::is_lowercase) && rest.starts_with(char::is_uppercase)
}

/// Whether a lead is said of printed errors alone: "Errata corrige".
pub(super) fn is_formal(lead: &str) -> bool {
    const FORMAL: [&str; 8] = [
        "errata corrige",
        "erratum",
        "errata",
        "corrigendum",
        "fe de errores",
        "fe de erratas",
        "errata-corrige",
        "corrigenda",
    ];
    FORMAL.contains(&lead.to_lowercase().as_str())
}

/// Whether a kind admits something; "UpdatePlus" is a name.
fn owns(kind: Option<NoticeKind>) -> bool {
    matches!(kind, Some(Correction | Clarification | Retraction | EditorsNote))
}

/// Whether a text begins with an English remark: "Note", which says little.
pub(super) fn is_english_remark(text: &str) -> bool {
    REMARKS.iter().any(|words| after(text, words).is_some())
}

/// What follows `words`, which are in lower case, at the start of `text`; a straight apostrophe is a
/// curved one.
fn after<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    let mut wanted = words.chars();
    let mut next = wanted.next();
    for (at, c) in text.char_indices() {
        let Some(due) = next else { return text.get(at..) };
        if c.is_ascii_alphabetic() {
            if c.to_ascii_lowercase() != due {
                return None;
            }
            next = wanted.next();
            continue;
        }
        let mut lower = c.to_lowercase();
        let same = lower
            .next()
            .is_some_and(|l| l == due || l == '\'' && due == '’' || l == without_tonos(due));
        if !(same || c.is_whitespace() && due == ' ') {
            return None;
        }
        next = wanted.next();
        // "İ" has two lower-case characters; its dot is skipped.
    }
    next.is_none().then_some("")
}

/// A Greek vowel without its accent, which words in capitals do not have.
fn without_tonos(c: char) -> char {
    match c {
        'ά' => 'α',
        'έ' => 'ε',
        'ή' => 'η',
        'ί' => 'ι',
        'ό' => 'ο',
        'ύ' => 'υ',
        'ώ' => 'ω',
        c => c,
    }
}

/// Whether a character is of a script without spaces between words.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30ff | 0x3400..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff)
}

fn holds(lower: &str, wanted: impl Fn(Says) -> bool) -> Option<Says> {
    let book = &*PHRASES;
    let matcher = book.matcher.as_ref()?;
    matcher.find_overlapping_iter(lower).find_map(|found| {
        let what = *book.says.get(found.pattern().as_usize())?;
        let word = lower.get(found.range()).and_then(|word| word.chars().next())?;
        let before = lower.get(..found.start()).and_then(|before| before.chars().next_back());
        let begins = before.is_none_or(|c| !c.is_alphanumeric()) || is_unspaced(word);
        (begins && wanted(what)).then_some(what)
    })
}

/// What a text, in lower case, says of the article it is in, in a language other than English; one that
/// speaks of an earlier version and admits an error in it is a correction.
pub(super) fn notice(lower: &str) -> Option<NoticeKind> {
    match holds(lower, |says| matches!(says, Says::Notice(_) | Says::Version))? {
        Says::Notice(kind) => Some(kind),
        _ => match holds(lower, |says| matches!(says, Says::Notice(_))) {
            Some(Says::Notice(kind)) => Some(kind),
            _ => owns_error(lower).then_some(Correction),
        },
    }
}

/// Whether a text, in lower case, has any phrase of what [`notice`] finds; then a part of it may.
pub(super) fn may_hold(lower: &str) -> bool {
    holds(lower, |says| matches!(says, Says::Notice(_) | Says::Version)).is_some()
}

/// What articles call themselves, by the first character.
static OWN: LazyLock<HashMap<char, Vec<&'static str>>> = LazyLock::new(|| {
    let mut all = HashMap::<char, Vec<&'static str>>::new();
    for own in language::all().flat_map(|table| &table.own) {
        all.entry(own.chars().next().unwrap_or_default()).or_default().push(own);
    }
    all
});

/// Words between what an article calls itself and what was done to it.
const CHANGED_REACH: usize = 7;

/// What a text, in lower case, says of a change of the article that it begins by naming: "Dieser Text wird laufend
/// aktualisiert".
pub(super) fn changed_itself(lower: &str) -> Option<NoticeKind> {
    let rest = OWN.get(&lower.chars().next()?)?.iter().find_map(|own| {
        let whole = |rest: &&str| own.ends_with(is_unspaced) || !rest.starts_with(is_latin);
        lower.strip_prefix(own).filter(whole)
    })?;
    // The stop of "am 5. März" ends no clause.
    let clause = sentence(rest).split([',', ':', '，', '：']).next().unwrap_or_default();
    let end = clause.match_indices(' ').nth(CHANGED_REACH).map_or(clause.len(), |(at, _)| at);
    let near = clause.get(..end)?;
    holds(near, |says| says == Says::Changed)?;
    Some(if owns_error(near) { Correction } else { Update })
}

/// Whether a character continues with a word of a script with spaces.
fn is_latin(c: char) -> bool {
    c.is_alphanumeric() && !is_unspaced(c)
}

/// Whether a text, in lower case, admits an error.
pub(super) fn owns_error(lower: &str) -> bool {
    holds(lower, |says| matches!(says, Says::Wrong | Says::Notice(Correction))).is_some()
}

/// Whether a text, in lower case, says that the article was withdrawn.
pub(super) fn withdraws(lower: &str) -> bool {
    holds(lower, |says| says == Says::Notice(Retraction)).is_some()
}

/// Whether a text, in lower case, speaks of a change or an error.
pub(super) fn speaks_of_change(lower: &str) -> bool {
    holds(lower, |_| true).is_some()
}
