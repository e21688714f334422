//! What is particular to one language: tables of words, one file a language.
//!
//! Owns the form of the tables, their reading, and which table a language tag means. Deliberately holds
//! no rule: the readers in `extract` know what a verb of saying allows. A table is a text file under
//! `src/language/tables/` that is compiled in and read when it is first asked for. [`detect`] finds the
//! language of a text.

pub(crate) mod detect;

use std::sync::LazyLock;

use crate::base::word_map::{WordMap, WordSet};

/// Phrases of several words, each in lower case, the longest first.
pub(crate) type Phrases = Vec<Vec<&'static str>>;

/// Declares the table: its keys, and how each is read.
macro_rules! table {
    ($( $(#[$doc:meta])* $field:ident : $key:literal as $kind:ident, )*) => {
        /// The words of one language.
        #[derive(Debug, Default)]
        pub(crate) struct Table {
            $( $(#[$doc])* pub(crate) $field: table!(@type $kind), )*
        }

        impl Table {
            /// Stores the value of a key; false where there is no such key.
            fn take(&mut self, key: &str, value: &'static str) -> bool {
                match key {
                    $( $key => table!(@read $kind, self.$field, value), )*
                    _ => return false,
                }
                true
            }
        }
    };
    (@type words) => { WordSet };
    (@type phrases) => { Phrases };
    (@type lines) => { Vec<&'static str> };
    (@type text) => { &'static str };
    (@type counts) => { WordMap<&'static str, u64> };
    (@type names) => { WordMap<&'static str, &'static str> };
    (@read words, $to:expr, $value:expr) => { $to.extend($value.split_whitespace()) };
    (@read lines, $to:expr, $value:expr) => {
        $to.extend($value.split('|').map(str::trim).filter(|line| !line.is_empty()))
    };
    (@read text, $to:expr, $value:expr) => { $to = $value };
    (@read counts, $to:expr, $value:expr) => { $to.extend(pairs($value).filter_map(|(word, n)| Some((word, n.parse().ok()?)))) };
    (@read names, $to:expr, $value:expr) => { $to.extend(pairs($value)) };
    (@read phrases, $to:expr, $value:expr) => {{
        let phrases = $value.split('|').map(|p| p.split_whitespace().collect::<Vec<_>>());
        $to.extend(phrases.filter(|p| !p.is_empty()));
        $to.sort_by_key(|p| std::cmp::Reverse(p.len()));
    }};
}

table! {
    /// The English name of the language.
    name: "name" as text,
    /// What its grammar is like: `verb-second`, `verb-first`, `verb-last`, `noun-capitals`, `no-capitals`,
    /// `no-spaces`, `no-articles`, `elision`, `dotted-ordinals`, `negative-infix`, `inserts`.
    grammar: "grammar" as words,
    /// Whether its press sets dialogue in dashes.
    dialogue: "dialogue" as text,
    /// Verbs that say that words were said, in the forms of the press.
    say: "say" as words,
    /// Verbs that say so of words inside the sentence: "called", "accused of".
    tell: "tell" as words,
    /// What is before a speaker: "according to".
    source: "source" as phrases,
    /// Source phrases that name no one and mean who was spoken of last: "a su juicio".
    source_own: "source-own" as phrases,
    /// Family names of one character, which distinguish a Chinese name from a noun.
    family: "family" as words,
    /// What follows a speaker: "zufolge".
    source_after: "source-after" as phrases,
    /// Source words that have other meanings, too, and lead a speaker only at the head of a clause: "pour".
    source_vague: "source-vague" as words,
    /// Words that say who spoke only behind the marks: "so".
    says_behind: "says-behind" as words,
    /// Verbs of saying followed by the person quoted: "zitiert".
    cite: "cite" as words,
    /// Words of a comparison with what one is: "als", "como".
    as_a: "as" as words,
    /// Words before an example, or before who reports: "wie", "jak".
    like: "like" as words,
    /// Auxiliaries that frame a sentence with a participle at its end: "hat".
    have: "have" as words,
    /// What means the document of the sentence before: "darin".
    in_it: "in-it" as words,
    /// Ends of nouns of office in languages that write compounds: "sprecher".
    office_end: "office-end" as words,
    /// Ends of nouns of people who speak for a body: "vertreter".
    several: "several" as words,
    /// Prepositions that hang a complement on an office: "del".
    genitive: "genitive" as words,
    /// Articles of a genitive: "der".
    genitive_article: "genitive-article" as words,
    /// Articles and possessives of other cases than the subject's: "den".
    oblique: "oblique" as words,
    /// Nouns of time behind an article: "semana".
    time: "time" as words,
    /// Nouns that introduce words of no one before a colon: "motto".
    saying_noun: "saying-noun" as words,
    /// Ends of nouns behind which words in marks are said: "worten".
    said_noun: "said-noun" as words,
    /// Words before the wording of a question that a poll or a reporter put: "frage".
    asked: "asked" as words,
    /// Polls, which ask and do not say.
    poll: "poll" as words,
    /// What follows a name in marks: "so heißt".
    named_behind: "named-behind" as lines,
    /// Words that a verb of naming puts before what it names: "als".
    told_with: "told-with" as words,
    /// Forms of "be" in reported speech: "sei".
    reported_be: "reported-be" as words,
    /// What is before a name that is written together with it, in the order in which it is taken off: "据".
    lead: "lead" as lines,
    /// What follows such a name, and does not begin a part of it: "随后".
    behind_name: "behind-name" as words,
    /// What is between an office and its verb, and is not a name.
    behind_office: "behind-office" as words,
    /// Ends of nouns of works: "roman".
    work_end: "work-end" as words,
    /// Pronouns of one man.
    he: "he" as words,
    /// Pronouns of one woman.
    she: "she" as words,
    /// Pronouns of several people.
    they: "they" as words,
    /// Pronouns of a thing or a body.
    it: "it" as words,
    /// Words that begin a noun phrase.
    determiner: "determiner" as words,
    /// Prepositions.
    preposition: "preposition" as words,
    /// Words that begin a clause, and conjunctions.
    clause: "clause" as words,
    /// Conjunctions between two names.
    join: "join" as words,
    /// Small words between a subject and its verb, or between a quotation and the verb behind it.
    aux: "aux" as words,
    /// Adverbs that begin a sentence or are next to a verb.
    adverb: "adverb" as words,
    /// Days and months.
    calendar: "calendar" as words,
    /// Nouns of documents and media, which say things themselves: "communiqué".
    document: "document" as words,
    /// Verbs by which a document says something: "steht".
    impersonal: "impersonal" as words,
    /// Titles and offices before or behind a name.
    role: "role" as words,
    /// Those of men.
    role_he: "role-he" as words,
    /// Those of women.
    role_she: "role-she" as words,
    /// Words that make a noun phrase a body.
    body: "body" as words,
    /// Words before a name in marks, which is not speech: "so-called".
    so_called: "so-called" as phrases,
    /// What follows one.
    so_called_after: "so-called-after" as words,
    /// Kinds of works, whose titles are in marks.
    work: "work" as words,
    /// Letters that are written together with the next word: "and" in Arabic.
    prefix: "prefix" as words,
    /// What marks the subject, as a word of its own (Hindi).
    subject_mark: "subject-mark" as words,
    /// What marks the topic (Japanese).
    topic: "topic" as words,
    /// Endings that mark the subject (Korean).
    particle: "particle" as words,
    /// Endings behind a quotation (Korean).
    quoting: "quoting" as words,
    /// Finite verbs and auxiliaries with which speech continues behind an attribution: "est", "doit".
    finite: "finite" as words,
    /// Relative pronouns, which go on with the noun before them: "qui".
    relative: "relative" as words,
    /// Indefinite articles: "une".
    an: "an" as words,
    /// Endings of such verbs: "ra".
    finite_end: "finite-end" as words,
    /// Prepositions between an office and what it is for: "alla".
    office_of: "office-of" as words,
    /// Verbs that perform a work, whose title is in marks next to them: "spielte".
    performs: "performs" as words,
    /// Prepositions before the listener, where others are before the topic: "gegenüber".
    listener: "listener" as words,
    /// Nouns that are spoken to: "reporters".
    object: "object" as words,
    /// Numbers below a thousand in words.
    number: "number" as counts,
    /// Numbers that count only as a part of one: "ein" of "einundzwanzig".
    number_part: "number-part" as counts,
    /// Words of size: "million".
    scale: "scale" as counts,
    /// Words for money, each with its currency.
    currency: "currency" as names,
    /// Those before the number.
    currency_before: "currency-before" as names,
    /// What says percent behind a number.
    percent: "percent" as phrases,
    /// What says it before.
    percent_before: "percent-before" as words,
    /// What says percentage points behind a number.
    points: "points" as phrases,
    /// Words that make the number behind them negative: "minus".
    minus: "minus" as words,
    /// Words before a time of day whose minutes are after a stop: "um 14.30", "klokken".
    clock_before: "clock-before" as words,
    /// Words behind a time of day: "Uhr".
    clock_after: "clock-after" as words,
    /// Words before a time of day that belong to its second half: "下午".
    afternoon: "afternoon" as words,
    /// Units of durations.
    duration: "duration" as names,
    /// Units of measures.
    measure: "measure" as names,
    /// Beginnings of words that make a number an age: "jährig".
    age: "age" as words,
    /// Hedges before a number.
    hedge: "hedge" as phrases,
    /// What begins a correction: "Berichtigung".
    correction: "correction" as phrases,
    /// What begins a clarification.
    clarification: "clarification" as phrases,
    /// What begins a retraction.
    retraction: "retraction" as phrases,
    /// What begins a note of the editors.
    note: "note" as phrases,
    /// What begins an update.
    update: "update" as phrases,
    /// What begins a remark that may be one of the editors: "Hinweis".
    remark: "remark" as phrases,
    /// What says that this article was wrong or was corrected; matched from the start of a word.
    amended: "amended" as phrases,
    /// What speaks of a version before this one, of an article or of anything else: "in einer früheren Version".
    version: "version" as phrases,
    /// What says that this article was brought up to date.
    renewed: "renewed" as phrases,
    /// What an article calls itself at the beginning of a notice: "dieser Artikel".
    own: "own" as lines,
    /// What says that this article was withdrawn.
    withdrawn: "withdrawn" as phrases,
    /// Beginnings of words by which a notice admits an error.
    wrong: "wrong" as phrases,
    /// Beginnings of words by which a remark says that the article was changed.
    changed: "changed" as phrases,
    /// Words that negate.
    negation: "negation" as words,
    /// What hedges a claim: "angeblich", "soll".
    claim: "claim" as phrases,
    /// Days and times of day named relative to now: "gestern".
    near: "near" as words,
    /// Words for a part of a whole or a rough number: "Drittel", "Dutzende"; an asterisk ends a beginning.
    part: "part" as words,
    /// Ordinal words; an asterisk ends a beginning.
    rank: "rank" as words,
    /// Spans of the calendar: "Woche".
    period: "period" as words,
    /// What places one beside now: "vergangene", "prochain".
    period_beside: "period-beside" as words,
    /// Words before a stop that never ends a sentence: "Mr".
    stop_never: "stop-never" as words,
    /// Words before a stop that ends none when a number follows: "No".
    stop_number: "stop-number" as words,
    /// Words before a stop that ends one only where the next word begins sentences: "Inc".
    stop_starter: "stop-starter" as words,
    /// Words that begin sentences far more often than they go on behind an abbreviation.
    starts: "starts" as words,
    /// Phrases that stand where the rest of an article is kept for paying readers.
    wall: "wall" as lines,
    /// What a wall says is kept back: "read on", "the whole article".
    wall_read: "wall-read" as lines,
    /// What a wall asks for, in the form that addresses readers: "log in", "become a subscriber".
    wall_join: "wall-join" as lines,
    /// Phrases that are next to a wall, and on free pages, too: "already a subscriber?".
    wall_beside: "wall-beside" as lines,
    /// Phrases of offers of a subscription; two of them make one.
    offer: "offer" as lines,
    /// Phrases of pages that ask for consent, without their numbers.
    consent: "consent" as lines,
    /// Words for the partners of a publisher, or their beginnings.
    partner: "partner" as lines,
    /// Words for cookies and devices, or their beginnings.
    device: "device" as lines,
    /// Phrases of pages whose article is gone.
    gone: "gone" as lines,
    /// Phrases that say so of a page, and of other things: "no longer available".
    gone_weak: "gone-weak" as lines,
    /// What a page calls itself where it is gone: "artikel".
    page_name: "page-name" as lines,
    /// Phrases of pages that keep machines out.
    blocked: "blocked" as lines,
    /// Phrases that keep machines out where they are alone, and are said in stories: "access denied".
    blocked_weak: "blocked-weak" as lines,
    /// Words for a letter that is sent to readers, or their beginnings: "newsletter".
    newsletter: "newsletter" as lines,
    /// What asks readers to subscribe to one, in the form that addresses them: "abonnieren sie".
    subscribe: "subscribe" as lines,
    /// What asks readers to follow the outlet elsewhere: "folgen sie uns".
    follow: "follow" as lines,
    /// Whole lines that say that an advertisement follows.
    ad_label: "ad-label" as lines,
    /// Whole lines that name what a page offers in addition to its text: to share, to print, comments, other stories.
    page_label: "page-label" as lines,
    /// Phrases by which a page speaks of the browser, of embedded content or of comments.
    page_line: "page-line" as lines,
    /// Words of which "5 minutes ago" is made.
    ago: "ago" as words,
    /// Lines that say the same without a number: "just now".
    ago_line: "ago-line" as lines,
    /// Phrases of lines that reserve rights.
    rights: "rights" as lines,
}

/// Whether a character is of Han, kana or Hangul, the marks and symbols of East Asian writing among them.
pub(crate) fn is_east_asian(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x9fff | 0xac00..=0xd7af)
}

/// Whether a list has a word, in lower case, or a beginning of it: "zweite*".
pub(crate) fn has_form(list: &WordSet, word: &str) -> bool {
    list.contains(word)
        || list.iter().any(|entry| {
            entry.strip_suffix('*').is_some_and(|beginning| word.starts_with(beginning))
        })
}

/// The pairs of a value: "word=other".
fn pairs(value: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    value.split_whitespace().filter_map(|pair| pair.split_once('='))
}

impl Table {
    /// Whether the grammar is of this kind.
    pub(crate) fn is(&self, kind: &str) -> bool {
        self.grammar.contains(kind)
    }

    /// Whether a word, in lower case, is a small word, an auxiliary, or a day or month.
    pub(crate) fn is_small(&self, word: &str) -> bool {
        [&self.determiner, &self.preposition, &self.clause, &self.adverb, &self.calendar, &self.aux]
            .iter()
            .any(|words| words.contains(word))
    }

    /// Whether a word, in lower case, is a title or an office.
    pub(crate) fn is_role(&self, word: &str) -> bool {
        let word = word.trim_end_matches('.');
        self.role.contains(word) || self.role_he.contains(word) || self.role_she.contains(word)
    }

    /// Reads a table: `key: value`, where a line that begins with white space continues and `#` begins a
    /// comment. The second value are the keys that no table has.
    fn read(source: &'static str) -> (Self, Vec<&'static str>) {
        let mut table = Self::default();
        let mut unknown = Vec::new();
        let mut key = "";
        for line in source.lines() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let value = if line.starts_with(char::is_whitespace) {
                line.trim()
            } else {
                let (name, value) = line.split_once(':').unwrap_or((line, ""));
                key = name.trim();
                value.trim()
            };
            if !table.take(key, value) && !unknown.contains(&key) {
                unknown.push(key);
            }
        }
        (table, unknown)
    }
}

macro_rules! tables {
    ($( $code:literal $( | $other:literal )* , )*) => {
        /// The table of a primary language subtag, where there is one.
        pub(crate) fn table(code: &str) -> Option<&'static Table> {
            // Looked up for every word of a text; English has no table.
            if code == "en" {
                return None;
            }
            $(
                if matches!(code, $code $( | $other )*) {
                    static OF: LazyLock<Table> = LazyLock::new(|| {
                        Table::read(include_str!(concat!("tables/", $code, ".txt"))).0
                    });
                    return Some(&OF);
                }
            )*
            None
        }

        /// The subtags that have a table.
        const CODES: &[&str] = &[$( $code ),*];

        #[cfg(test)]
        const SOURCES: &[&str] = &[$( include_str!(concat!("tables/", $code, ".txt")) ),*];
    };
}

tables! {
    "de", "fr", "es" | "ca" | "gl", "pt", "it", "nl" | "af", "pl", "cs" | "sk", "sv", "nb" | "no" | "nn",
    "da", "ru" | "be" | "bg" | "sr" | "mk", "uk", "el", "tr" | "az", "id" | "ms", "ar", "he" | "iw", "fa", "hi" | "mr" | "ne",
    "zh" | "yue", "ja", "ko",
}

/// The languages that write capitals, then the others.
const CASED: &[&str] = &[
    "de", "fr", "es", "pt", "it", "nl", "pl", "cs", "sv", "nb", "da", "ru", "uk", "el", "tr", "id",
];
const CASELESS: &[&str] = &["ar", "he", "fa", "hi", "zh", "ja", "ko"];

/// The tables of the languages other than English that write capitals.
fn foreign() -> impl Iterator<Item = &'static Table> {
    CASED.iter().filter_map(|code| table(code))
}

/// All tables.
pub(crate) fn every() -> impl Iterator<Item = &'static Table> {
    CASED.iter().chain(CASELESS).filter_map(|code| table(code))
}

/// Every table: for words of notices, which are in the language of the publisher and not always in that of
/// the article.
pub(crate) fn all() -> impl Iterator<Item = &'static Table> {
    CODES.iter().filter_map(|code| table(code))
}

/// Whether a word, in lower case, is a verb of saying in one of the languages that write capitals.
pub(crate) fn says_anywhere(word: &str) -> bool {
    static WORDS: LazyLock<WordSet> =
        LazyLock::new(|| foreign().flat_map(|table| table.say.iter().copied()).collect());
    WORDS.contains(word)
}

/// The words of a language that has no table: none.
pub(crate) fn empty() -> &'static Table {
    static EMPTY: LazyLock<Table> = LazyLock::new(Table::default);
    &EMPTY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_read_whole_and_has_its_verbs() {
        for (code, source) in CODES.iter().zip(SOURCES) {
            let (read, unknown) = Table::read(source);
            assert!(unknown.is_empty(), "{code}: no such key: {unknown:?}");
            assert!(!read.name.is_empty() && read.say.len() >= 20, "{code}");
            assert!(table(code).is_some_and(|table| table.name == read.name), "{code}");
        }
    }

    #[test]
    fn phrases_are_parted_by_bars() {
        // Without them a list of words is one phrase that stands nowhere.
        for code in CODES {
            let Some(table) = table(code) else { continue };
            let longest = if table.is("no-spaces") { 1 } else { 6 };
            let lists = [
                &table.source,
                &table.source_own,
                &table.source_after,
                &table.so_called,
                &table.hedge,
            ];
            for phrase in lists.into_iter().flatten() {
                assert!(phrase.len() <= longest, "{code}: {phrase:?}");
            }
        }
    }

    #[test]
    fn a_line_that_begins_with_white_space_goes_on() {
        let (table, unknown) =
            Table::read("# none\nname: Test\nsay: one\n  two\nsource: a b | a b c\nmood: x\n");
        assert!(table.say.contains("one") && table.say.contains("two"));
        assert_eq!(table.source, [vec!["a", "b", "c"], vec!["a", "b"]]);
        assert_eq!(unknown, ["mood"]);
    }
}
