//! Recognises by its words whether a line is furniture or a notice of the publisher.
//!
//! Furniture inside the body has no name that all publishers share, but its words are few:
//! "Related:", "Sign up for our newsletter", "3 min read", "Filed under". Lines are judged by how
//! they begin, short ones by what they hold, and links by what is left of the line without them.
//! Main languages of the press.

use super::flow::{Flow, RawBlock};
use super::line_words::{
    APPLAUSE, BY, COUNTDOWN, CREDIT_ENDS, CREDIT_STARTS, CREDIT_WORDS, CROWD, DONORS, DONORS_FIRST,
    GOALS, LEFT, OFFERS, ONE_WORD, POINTERS, PROMPTS, STATES, Table, UNITS, WHOLE,
};
use super::phrase_bits::{List, Lists};
use super::{page_lines, shown_dates, wall};
use crate::dates::{Order, find_human};
use crate::language::is_east_asian;

/// Longer lines are sentences of the article, whatever they begin with, in bytes.
const LINE_BYTES_MAX: usize = 320;

/// A line that reserves rights is shorter, in bytes.
const RIGHTS_BYTES_MAX: usize = 200;

/// What a line is by its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Text.
    Text,
    /// Furniture.
    Furniture,
}

/// Judges a block of a page.
pub fn judge(flow: &Flow, block: &RawBlock) -> Line {
    judge_apart(flow, block, block.linked)
}

/// Judges a block as if `linked` bytes of it were link text.
pub fn judge_apart(flow: &Flow, block: &RawBlock, linked: usize) -> Line {
    if block.range.len() > LINE_BYTES_MAX {
        return Line::Text;
    }
    of_words(flow.words(block), linked, flow.lists(block))
}

/// Judges a line. `linked` is how many bytes of it are link text, `lists` the lists with a phrase in it.
fn of_words(words: &str, linked: usize, lists: Lists) -> Line {
    let len = words.len();
    let folded = words.to_lowercase();
    let bare = folded.trim_matches(|c: char| {
        !c.is_alphanumeric() && !matches!(c, '@' | '#' | '©' | '%' | '$' | '€' | '£')
    });
    if bare.is_empty() || !bare.chars().any(char::is_alphabetic) {
        return if bare.len() <= 12 { Line::Furniture } else { Line::Text };
    }
    if WHOLE.has(bare)
        || page_lines::is_label(bare)
        || lists.has(List::PageLine) && page_lines::is_page_line(bare)
        || lists.has(List::Letter) && page_lines::asks_to_subscribe(&folded)
    {
        return Line::Furniture;
    }
    if (len <= RIGHTS_BYTES_MAX && wall::reserves_rights(bare, lists)) || wall::is_ago(bare) {
        return Line::Furniture;
    }
    if is_counter(bare) || is_tags(words) {
        return Line::Furniture;
    }
    let prompt = PROMPTS.after(bare).is_some();
    // Headings and sentences may begin like a prompt ("Share of renewables falls", "Donate blood").
    if prompt
        && (len <= 60 || linked * 3 > len || is_offer(bare, lists))
        && !is_sentence_about(bare, lists)
    {
        return Line::Furniture;
    }
    if let Some(rest) = POINTERS.after(bare) {
        // "Check out:", "Learn more about": what it pointed to has no words.
        let leads_nowhere =
            rest.split(|c: char| !c.is_alphanumeric()).all(|w| LEADING.contains(&w));
        let more = ["more on ", "more from ", "more about "].iter().any(|p| bare.starts_with(p));
        let is_label = (folded.ends_with(':') && len <= 60)
            || (more
                && bare.split_whitespace().count() <= 5
                && !words.ends_with(['.', '!', '?', '”', '"']));
        if is_label || (leads_nowhere && rest.len() > 1 && !words.ends_with(['.', '!', '?'])) {
            return Line::Furniture;
        }
        let marked = bare
            .split_once([':', '|', '>', '»', '→'])
            .is_some_and(|(head, _)| head.chars().count() <= 30);
        if linked * 2 > len || (marked && (linked > 0 || len < 160)) {
            return Line::Furniture;
        }
    }
    if is_page_state(bare, words.ends_with(['.', '!', '?'])) {
        return Line::Furniture;
    }
    if asks_to_scan(bare) {
        return Line::Furniture;
    }
    if (linked > 0 || len < 140) && is_offer(bare, lists) {
        return Line::Furniture;
    }
    Line::Text
}

/// Whether a short line is about the page and not its subject, with figures that change by themselves: how
/// many readers like it, how long an offer lasts, how far a collection is, how old the article is, when it
/// was printed.
fn is_page_state(bare: &str, is_sentence: bool) -> bool {
    if bare.len() > 140 {
        return false;
    }
    if !bare.chars().any(char::is_numeric) {
        // "Cet article date de plus d’un mois."
        return bare.len() <= 90
            && STATES.after(bare).is_some()
            && SELF_NAMES.iter().any(|name| bare.contains(name));
    }
    let words: Vec<&str> = bare
        .split(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’'))
        .filter(|word| !word.is_empty())
        .collect();
    let has = |list: &Table| words.iter().any(|word| list.has(word));
    let begins_counted =
        words.first().is_some_and(|word| word.starts_with(|c: char| c.is_numeric()));
    let short = words.len() <= 12;
    let left = words.first() == Some(&"only") && words.contains(&"left") && bare.len() <= 60;
    // "Join 12,400 readers who get our letter.", "£41,200 raised of our £50,000 goal".
    let joins = words.first() == Some(&"join")
        && words.get(1).is_some_and(|word| word.starts_with(|c: char| c.is_numeric()))
        && words.iter().take(6).any(|word| JOINED.contains(word));
    let is_raised = begins_counted
        && words.contains(&"raised")
        && words.iter().any(|word| matches!(*word, "goal" | "target"))
        && words.iter().any(|word| matches!(*word, "our" | "of"));
    // "Accessed on 5 March 2026": when the page was printed or saved.
    let is_accessed = bare.len() <= 60 && ACCESSED.iter().any(|lead| bare.starts_with(lead));
    if short && (joins || is_raised) || is_accessed {
        return true;
    }
    let is_word = |word: &&&str| !word.contains(|c: char| c.is_numeric());
    let is_countdown = short
        && has(&LEFT)
        && has(&COUNTDOWN)
        && words.iter().filter(is_word).all(|word| LEFT.has(word) || COUNTDOWN.has(word));
    let is_tally = words.len() <= 10
        && SELF_NAMES.iter().any(|name| words.iter().take(3).any(|word| word == name))
        && words.last().is_some_and(|word| APPLAUSE.has(word) || TALLY.contains(word));
    left || is_countdown
        || is_tally
        || bare.len() <= 90 && STATES.after(bare).is_some()
        || short && begins_counted && has(&CROWD) && has(&APPLAUSE)
        || short && has(&DONORS) && has(&GOALS) && (begins_counted || !is_sentence)
        || words.len() <= 14 && DONORS_FIRST.after(bare).is_some() && has(&DONORS)
}

/// The people that a reader may join.
const JOINED: [&str; 6] = ["readers", "subscribers", "others", "members", "people", "followers"];

/// How a line begins that states when a page was read.
const ACCESSED: [&str; 6] = [
    "accessed on ",
    "accessed: ",
    "retrieved on ",
    "date accessed",
    "last accessed",
    "printed on ",
];

/// What an article calls itself where it states its age.
const SELF_NAMES: [&str; 8] =
    ["article", "artikel", "artículo", "articolo", "artigo", "artykuł", "artikkel", "artiklen"];

/// Last words of a line that states how often the article was read: "viewed 1,204 times".
const TALLY: [&str; 10] =
    ["times", "mal", "fois", "veces", "vezes", "volte", "keer", "gånger", "ganger", "gange"];

/// What may be between a pointer and the name of what it points to.
const LEADING: &[&str] =
    &["", "about", "on", "our", "the", "full", "here", "in", "at", "more", "and"];

/// Whether a short line announces a list of other stories: "Related", "More great stories".
pub fn announces_stories(words: &str) -> bool {
    if words.len() > 70 || words.split_whitespace().count() > 6 || words.ends_with(['.', '?', '!'])
    {
        return false;
    }
    let folded = words.to_lowercase();
    let bare = folded.trim_matches(|c: char| !c.is_alphanumeric());
    let has = |list: &[&str]| bare.split(|c: char| !c.is_alphanumeric()).any(|w| list.contains(&w));
    WHOLE.has(bare)
        || (has(OTHER) && has(STORIES))
        || POINTERS.after(bare).is_some_and(|rest| rest.len() < 20)
}

/// Words that distinguish other stories from this one, in the languages that put them next to a noun.
const OTHER: &[&str] = &[
    "more",
    "other",
    "related",
    "latest",
    "recent",
    "top",
    "popular",
    "similar",
    "previous",
    "weitere",
    "andere",
    "mehr",
    "verwandte",
    "autres",
    "plus",
    "otras",
    "otros",
    "más",
    "relacionadas",
    "relacionados",
    "outras",
    "outros",
    "mais",
    "altri",
    "altre",
    "correlati",
];
const STORIES: &[&str] = &[
    "stories",
    "articles",
    "news",
    "posts",
    "coverage",
    "reads",
    "reading",
    "links",
    "headlines",
    "artikel",
    "meldungen",
    "beiträge",
    "nachrichten",
    "articles",
    "actualités",
    "noticias",
    "artículos",
    "notas",
    "notícias",
    "artigos",
    "matérias",
    "reportagens",
    "notizie",
    "articoli",
];

/// "Scan the QR code", "QR-Code scannen", "Escanee el código QR": the verb begins or ends the line,
/// or nothing is left beside it. A sentence about someone who scans one does neither.
fn asks_to_scan(bare: &str) -> bool {
    let words: Vec<&str> =
        bare.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let scans = |word: Option<&&str>| {
        word.is_some_and(|word| SCAN.iter().any(|verb| word.starts_with(verb)))
    };
    words.len() <= 16
        && words.iter().any(|w| matches!(*w, "qr" | "qrcode"))
        && (scans(words.first()) || scans(words.last()))
}

/// Beginnings of the verb, as it is asked for.
const SCAN: &[&str] = &[
    "scan",
    "escane",
    "escáne",
    "flash",
    "inquadra",
    "fotografía",
    "leia",
    "aponte",
    "сканируйте",
    "отсканируйте",
    "امسح",
];

/// A line in Han, kana or Hangul that begins like a prompt is a sentence from this length on, in characters.
const WIDE_SENTENCE_CHARACTERS_MIN: usize = 12;

/// "Advertising revenue fell 8 percent." is a sentence; "Advertisement" is not.
fn is_sentence_about(text: &str, lists: Lists) -> bool {
    // "分享会在周六举行。": scripts without spaces have no words to count.
    if text.starts_with(is_east_asian) && text.chars().count() >= WIDE_SENTENCE_CHARACTERS_MIN {
        return !is_offer(text, lists);
    }
    ONE_WORD.after(text).is_some_and(|rest| rest.split_whitespace().count() >= 5)
}

/// Phrases of offers, anywhere in a short line.
fn is_offer(text: &str, lists: Lists) -> bool {
    lists.has(List::LineOffer) && OFFERS.is_within(text)
}

/// "3 min read", "12 comments", "1,693 views", "1 of 6", "3 hours ago", "listen · 4 minutes".
fn is_counter(text: &str) -> bool {
    if text.len() > 80 || text.chars().count() > 40 || !text.chars().any(char::is_numeric) {
        return false;
    }

    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphabetic() && c != '\'' && !is_joiner(c))
        .filter(|w| !w.is_empty())
        .collect();
    // "1 of 6" is one; a bare "5 m" could be a figure of a table.
    !words.is_empty()
        && words.len() <= 6
        && words.iter().all(|w| UNITS.has(w))
        && (words.len() > 1 || words[0].len() > 2 || words == ["of"])
}

/// "#bridge #vote #millbrook": tags and nothing else.
fn is_tags(words: &str) -> bool {
    words.starts_with('#')
        && words.split_whitespace().count() > 1
        && words.split_whitespace().all(|word| word.starts_with('#') && word.len() > 1)
}

/// Whether a character joins letters of an Indic word without being one: the virama.
fn is_joiner(c: char) -> bool {
    matches!(
        u32::from(c),
        0x093c | 0x094d | 0x09cd | 0x0a4d | 0x0acd | 0x0bcd | 0x0c4d | 0x0ccd | 0x0d4d
    )
}

/// A line of metadata between headline and text: "By Ann Lee", "November 15, 2019", "Updated …".
pub fn is_head_line(words: &str) -> bool {
    if words.len() > 160 {
        return false;
    }
    let folded = words.to_lowercase();
    let by = BY.after(&folded).is_some() && !words.ends_with('.');
    by || (words.len() <= 90
        && find_human(words, Order::DayFirst).is_some()
        && !words.ends_with(['.', '?', '!']))
}

/// A line that states when the page appeared or was changed, and nothing else: "Updated 5 March 2026, 11:20".
pub fn is_date_line(words: &str) -> bool {
    let stop = words.ends_with(['.', '?', '!', '。']);
    words.len() <= 90
        && !stop
        && words.split_whitespace().count() <= 14
        && shown_dates::words_call(words) != shown_dates::DateLabel::Nothing
        && find_human(words, Order::DayFirst).is_some()
}

/// A caption or the credit of a picture, by its end or its beginning: "(Image: Getty)",
/// "Photo: Ann Lee, AP", "Image 1 of 5".
pub fn is_credit(words: &str) -> bool {
    if words.len() > LINE_BYTES_MAX {
        return false;
    }
    let folded = words.to_lowercase();
    if CREDIT_STARTS.after(&folded).is_some() && words.len() <= 160 {
        return true;
    }
    let tail = folded.trim_end_matches([')', ']', '.', ' ']);
    if CREDIT_ENDS.ends(tail) {
        return true;
    }
    // "… (Photo by Ann Lee)": the last bracket begins with a word of credits.
    let inside = tail.rfind(['(', '[']).and_then(|at| tail.get(at + 1..));
    folded.ends_with([')', ']', '.'])
        && inside
            .is_some_and(|inner| inner.len() < 90 && CREDIT_WORDS.after(inner.trim()).is_some())
}

/// A caption that is nothing but a credit: "Photo: Ann Lee", "(Image: Getty)".
pub fn is_bare_credit(words: &str) -> bool {
    let folded = words.to_lowercase();
    let bare = folded.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '©');
    words.len() <= 100
        && words.split_whitespace().count() <= 10
        && (bare.starts_with('©')
            || CREDIT_STARTS.after(bare).is_some()
            || CREDIT_WORDS.after(bare).is_some_and(|rest| rest.starts_with([':', '/', ' '])))
        && is_credit(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn furniture_lines_go_and_sentences_that_begin_like_them_stay() {
        let furniture = [
            ("Related: Ten things to know", 20),
            ("READ MORE: Plague returns", 17),
            ("Lire aussi : Le budget en débat", 15),
            ("3 min read", 0),
            ("1,693 views", 0),
            ("1 of 6", 0),
            ("Page 1 of 3", 0),
            ("#bridge #vote #millbrook", 0),
            ("280 readers online", 0),
            ("Advertisement", 0),
            ("Share", 0),
            ("Filed under: Politics", 8),
            ("Sign up for our newsletter to get the best stories", 0),
            ("Tempo de leitura: 2 minutos", 0),
            ("* * *", 0),
            ("Follow us on Twitter and Facebook", 0),
            ("Leia também", 0),
            ("Escanee el código QR", 0),
            ("QR-Code scannen", 0),
            ("Check out:", 0),
            ("Learn more about", 0),
            ("© 2025 The Paper", 0),
        ];
        for (line, linked) in furniture {
            assert_eq!(
                of_words(line, linked, crate::extract::phrase_lists::scan(line)),
                Line::Furniture,
                "{line}"
            );
        }
        let text = [
            "Related party transactions rose by a third, the company said.",
            "Share of renewables falls in the third quarter of the year, says the grid operator",
            "Advertising revenue fell 8 percent in the quarter.",
            "Read more books, she told the pupils.",
            "12 people were killed.",
            "More than 40 people died.",
            "Copyright law protects them, the court said.",
            "By 2030",
            "The QR code led to a forged page, the police said.",
            "Listen to your body",
            "“Go home,” he said.",
        ];
        for line in text {
            assert_eq!(
                of_words(line, 0, crate::extract::phrase_lists::scan(line)),
                Line::Text,
                "{line}"
            );
        }
    }
}
