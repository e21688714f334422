//! The words of pages that replace an article: not found, machines kept out.
//!
//! Owns the phrases in English; those of the other languages are in the tables. Phrases are strong where
//! they can only be said of a page ("page not found"), and weak where a story may use them, too ("has been
//! removed", "captcha"): those count where the page is named next to them, or where nothing else is said.
//! Deliberately decides nothing about a page: [`super::kind`] does.

use super::wall;
use crate::language::is_east_asian;

const BLOCKED: &[&str] = &[
    "just a moment...",
    "attention required! | cloudflare",
    "checking your browser before",
    "verify you are human",
    "verifying you are human",
    "verify that you are human",
    "i'm not a robot",
    "access to this page has been denied",
    "pardon our interruption",
    "request unsuccessful. incapsula",
    "unusual traffic from your",
    "unusual activity from your",
    "enable javascript and cookies to continue",
    "please enable cookies and",
    "you have been blocked",
    "your access to this site has been limited",
    "error 1020",
    "error 1015",
    "press & hold to confirm",
    "ddos protection by",
    "security check to access",
    "403 forbidden",
    "error 403",
    "please complete the security check",
    "your request has been blocked",
    "429 too many requests",
    "not available in your region",
    "451 unavailable",
    "this content is not available in your country",
];

/// Said by stories, too: they count as a line of their own, or where readers are spoken to.
const BLOCKED_WEAK: &[&str] = &[
    "access denied",
    "captcha",
    "press and hold",
    "too many requests",
    "not a bot",
    "are you a robot",
    "are you human?",
    "bot detection",
    "human verification",
    "unavailable due to legal reasons",
    "unavailable for legal reasons",
];

/// What servers say of themselves in the title of a page of errors.
const SERVER_ERRORS: &[&str] = &[
    "500 internal server error",
    "502 bad gateway",
    "503 service",
    "504 gateway",
    "service temporarily unavailable",
];

/// Whole titles of the same.
const SERVER_ERROR_TITLES: &[&str] = &[
    "internal server error",
    "bad gateway",
    "service unavailable",
    "gateway timeout",
    "gateway time-out",
    "under maintenance",
    "site maintenance",
    "down for maintenance",
    "site under maintenance",
    "temporarily unavailable",
];

const GONE: &[&str] = &[
    "page not found",
    "404 not found",
    "error 404",
    "404 error",
    "404 - ",
    "404: ",
    "page you requested could not be found",
    "page you are looking for",
    "page you were looking for",
    "page you're looking for",
    "page you’re looking for",
    "what you are looking for",
    "what you were looking for",
    "what you're looking for",
    "what you’re looking for",
    "page can't be found",
    "page can’t be found",
    "page cannot be found",
    "page doesn't exist",
    "page doesn’t exist",
    "page does not exist",
    "article not found",
    "story not found",
    "couldn't find the page",
    "couldn’t find the page",
    "can't find that page",
    "can’t find that page",
];

/// Said of anything: they count where the page is named next to them.
const GONE_WEAK: &[&str] = &[
    "no longer available",
    "no longer exists",
    "has been removed",
    "was removed",
    "has been deleted",
    "could not be found",
    "couldn't be found",
    "couldn’t be found",
    "cannot be found",
    "can't find",
    "can’t find",
    "couldn't find",
    "couldn’t find",
    "not available",
];

/// What a page calls itself where it is gone.
const PAGE_NAMES: &[&str] = &[
    "this page",
    "the page",
    "that page",
    "this article",
    "the article",
    "this story",
    "this content",
    "the content",
    "this post",
    "this item",
    "this video",
    "this link",
    "this url",
    "requested",
    "the url",
    "the link",
];

/// Words by which a wall addresses its readers.
const SPOKEN_TO: &[&str] =
    &["you", "your", "please", "complete", "solve", "continue", "enter", "below"];

/// A weak phrase is as good as alone beside this many other words, at most.
const BESIDE_WORDS_MAX: usize = 2;
/// The same where no spaces separate words, in characters.
const BESIDE_CHARACTERS_MAX: usize = 6;

fn has(phrases: &[&str], text: &str) -> bool {
    phrases.iter().any(|phrase| text.contains(phrase))
}

/// The sentences and lines of a text.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '!', '?', '。', '।', '؟'])
        .flat_map(|line| line.split(". "))
        .map(str::trim)
        .filter(|line| !line.is_empty())
}

/// The parts of a title that bars and dashes set apart.
fn title_parts(head: &str) -> impl Iterator<Item = &str> {
    head.split(['|', '–', '—', '·', '»', '›', '\n'])
        .flat_map(|part| part.split(" - "))
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// Whether a line consists of a phrase and hardly anything else.
fn is_alone(line: &str, phrase: &str) -> bool {
    let Some((before, behind)) = line.split_once(phrase) else { return false };
    let beside = || before.chars().chain([' ']).chain(behind.chars());
    let letters = beside().filter(|c| c.is_alphanumeric()).count();
    let words = before.split_whitespace().chain(behind.split_whitespace());
    let is_word = |word: &&str| word.contains(char::is_alphanumeric);
    if phrase.contains(is_east_asian) {
        return letters <= BESIDE_CHARACTERS_MAX;
    }
    words.filter(is_word).count() <= BESIDE_WORDS_MAX
}

/// A line without marks around it.
fn bare(line: &str) -> &str {
    line.trim_matches(|c: char| !c.is_alphanumeric())
}

fn is_spoken_to(line: &str) -> bool {
    line.split(|c: char| !c.is_alphabetic()).any(|word| SPOKEN_TO.contains(&word))
}

fn line_says_blocked(line: &str) -> bool {
    has(BLOCKED, line)
        || wall::says_blocked(line)
        || BLOCKED_WEAK
            .iter()
            .any(|phrase| line.contains(phrase) && (is_alone(line, phrase) || is_spoken_to(line)))
        || wall::blocked_weakly(line).is_some_and(|phrase| is_alone(line, phrase))
}

fn line_says_gone(line: &str) -> bool {
    has(GONE, line)
        || wall::says_gone(line)
        || has(GONE_WEAK, line) && (has(PAGE_NAMES, line) || GONE_WEAK.contains(&bare(line)))
        || wall::gone_weakly(line)
            .is_some_and(|phrase| wall::names_page(line) || bare(line) == phrase)
}

/// Whether a title or headline, in lower case, keeps machines out or reports an error of the server.
pub fn title_says_blocked(head: &str) -> bool {
    has(BLOCKED, head)
        || has(SERVER_ERRORS, head)
        || title_parts(head).any(|part| {
            SERVER_ERROR_TITLES.contains(&bare(part)) || line_says_blocked(part) && !goes_on(part)
        })
}

/// A headline with a colon continues: "Access denied: the town closes its archive".
fn goes_on(part: &str) -> bool {
    part.split_once(": ").is_some_and(|(_, rest)| rest.split_whitespace().count() >= 3)
}

/// Whether a title or headline, in lower case, says that the article is gone.
pub fn title_says_gone(head: &str) -> bool {
    let trimmed = head.trim();
    trimmed == "404"
        || trimmed.starts_with("404 ")
        || trimmed.ends_with(" 404")
        || title_parts(head).any(line_says_gone)
        || has(GONE, head)
}

/// Whether a text, in lower case, keeps machines out.
pub fn says_blocked(text: &str) -> bool {
    has(BLOCKED, text) || lines(text).any(line_says_blocked)
}

/// Whether a text, in lower case, says that the article is gone.
pub fn says_gone(text: &str) -> bool {
    lines(text).any(line_says_gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stories_that_use_the_words_are_no_pages_that_stand_in() {
        for line in [
            "the plaque has been removed from the wall, the mayor said.",
            "seats for saturday are no longer available.",
            "the dog could not be found, neighbours said.",
            "a captcha now guards the form, the clerk told us.",
            "press and hold the lever, the notice reads.",
            "der impfstoff ist nicht mehr verfügbar, sagte die ärztin.",
            "le bac n’est plus disponible depuis lundi.",
            "el tren ya no está disponible los domingos.",
            "доступ ограничен для всех жителей квартала до вечера",
            "法院拒绝访问团进入会场的请求已经公布",
        ] {
            assert!(!says_gone(line) && !says_blocked(line), "{line}");
        }
        for head in
            ["access denied: town shuts its records", "medicine no longer available in june"]
        {
            assert!(!title_says_blocked(head) && !title_says_gone(head), "{head}");
        }
    }

    #[test]
    fn pages_that_are_gone_say_so() {
        for line in [
            "sorry, this article is no longer available.",
            "the requested item could not be found",
            "we can’t find that page.",
            "no longer available",
            "dieser artikel ist leider nicht mehr verfügbar.",
            "cette page n’est plus disponible",
            "esta página ya no está disponible",
            "l'articolo non è più disponibile",
            "seite nicht gefunden",
            "ページが見つかりません",
            "страница больше недоступна",
        ] {
            assert!(says_gone(line), "{line}");
        }
        for head in ["404", "page not found | the post", "no longer available - the post"] {
            assert!(title_says_gone(head), "{head}");
        }
    }

    #[test]
    fn pages_that_keep_machines_out_say_so() {
        for line in [
            "access denied",
            "please solve the captcha below to go on.",
            "checking your browser before accessing post.example",
            "zugriff verweigert",
            "访问被拒绝",
            "アクセスできません",
        ] {
            assert!(says_blocked(line), "{line}");
        }
        for head in ["access denied", "captcha | the post", "503 service unavailable"] {
            assert!(title_says_blocked(head), "{head}");
        }
    }
}
