//! The words by which walls, offers and lines of the page itself are recognised, in every language.
//!
//! Owns the sets made of all tables of [`crate::language`] at once (a page does not always say its
//! language, and its wall may be in another) and of the English words here. Deliberately decides nothing
//! about pages: [`super::kind`] and [`super::metadata`] do.

mod halves;

use std::collections::HashSet;
use std::sync::LazyLock;

use super::phrase_bits::{List, Lists};
use crate::base::phrases::{PhraseFinder, finder_of};
use crate::language::{Table, every};

const WALL: &[&str] = &[
    "subscribe to continue reading",
    "subscribe to keep reading",
    "subscribe to read",
    "subscribe to unlock",
    "subscribe now to read",
    "subscribe now to continue",
    "this article is for subscribers",
    "this article is only available to subscribers",
    "this article is exclusive to",
    "this article is reserved for",
    "this content is for subscribers",
    "this content is only available to",
    "this story is for subscribers",
    "this story is for members",
    "this article is for members",
    "subscriber exclusive",
    "this story is available exclusively",
    "exclusive to subscribers",
    "exclusive for subscribers",
    "available to subscribers only",
    "only for subscribers",
    "for subscribers only",
    "subscribers only",
    "subscriber-only",
    "members only",
    "to continue reading",
    "to keep reading",
    "to read the full story",
    "to read the full article",
    "to read the rest of this",
    "become a subscriber to read",
    "become a member to read",
    "sign in to continue reading",
    "sign in to read",
    "log in to continue reading",
    "log in to read",
    "register to continue reading",
    "register for free to continue",
    "register for free to read",
    "create an account to read",
    "create an account to continue",
    "create a free account to",
    "subscription required",
    "you have reached your limit of free articles",
    "you've reached your limit of free articles",
    "unlock this article",
    "keep reading with a",
];

/// Whole phrases of walls in languages that have no table.
const WALL_ELSEWHERE: &[&str] = &[
    "vain tilaajille",
    "tilaa ja lue",
    "tilaajille tarkoitettu",
    "kirjaudu lukeaksesi",
    "jatka lukemista tilaamalla",
    "csak előfizetőknek",
    "előfizetőink olvashatják",
    "előfizetéssel olvasható",
    "a teljes cikk elolvasásához",
    "doar abonaților",
    "doar pentru abonați",
    "exclusiv abonaților",
    "pentru a citi întregul articol",
    "len pre predplatiteľov",
    "iba pre predplatiteľov",
    "samo za pretplatnike",
    "само за претплатнике",
    "само за абонати",
    "samo za naročnike",
    "només per a subscriptors",
    "dành cho thuê bao",
    "เฉพาะสมาชิก",
];

const WALL_BESIDE: &[&str] = &[
    "already a subscriber",
    "already subscribed?",
    "already have an account",
    "already a member",
    "for full access to",
];

const OFFER: &[&str] = &[
    "cancel anytime",
    "cancel any time",
    "cancel at any time",
    "free trial",
    "for the first month",
    "for your first month",
    "unlimited access",
    "unlimited digital access",
    "full access to",
    "per week",
    "a week for",
    "per month",
    "a month",
    "subscribe now",
    "try it for",
    "for just $",
    "for only $",
    "for just £",
    "for only £",
    "all our articles",
    "every article",
    "special offer",
];

const CONSENT: &[&str] = &[
    "before you continue to",
    "we value your privacy",
    "we care about your privacy",
    "your privacy choices",
    "accept all cookies",
    "accept cookies to continue",
    "consent to the use of cookies",
    "manage your privacy settings",
    "continue with ads",
    "cookiewall",
    "we and our partners",
    "we and our vendors",
    "we and our third-party",
    "yahoo is part of the yahoo family",
];

const PARTNER: &[&str] = &["partners", "vendors", "third parties"];
const DEVICE: &[&str] = &["cookie", "device"];

/// The same in languages that have no table.
const CONSENT_ELSEWHERE: &[&str] = &[
    "hyväksy kaikki evästeet",
    "me ja kumppanimme",
    "sinun yksityisyytesi on meille tärkeä",
    "yksityisyytesi on meille tärkeää",
    "mi és partnereink",
    "fontos számunkra az ön adatainak védelme",
    "az összes süti elfogadása",
    "noi și partenerii noștri",
    "confidențialitatea dumneavoastră este importantă",
    "acceptă toate cookie-urile",
    "my a naši partneri",
    "mi i naši partneri",
    "mi in naši partnerji",
    "ние и нашите партньори",
    "nosaltres i els nostres socis",
    "chúng tôi và các đối tác",
    "เราและพันธมิตร",
];
const PARTNER_ELSEWHERE: &[&str] =
    &["kumppani", "partner", "partener", "партньор", "socis", "đối tác", "พันธมิตร"];
const DEVICE_ELSEWHERE: &[&str] = &[
    "eväste",
    "laitte",
    "süti",
    "sütik",
    "eszköz",
    "dispozitiv",
    "zariaden",
    "kolačić",
    "uređaj",
    "piškot",
    "napravi",
    "бисквитк",
    "устройств",
    "galetes",
    "dispositiu",
    "thiết bị",
    "คุกกี้",
];

const RIGHTS: &[&str] = &[
    "all rights reserved",
    "reuse is not allowed",
    "may not be reproduced",
    "may not be republished",
    "may not be published, broadcast",
    "without permission",
    "reproduction without",
    "redistribution is prohibited",
    "reproduction is prohibited",
];

/// A set of phrases that are looked for together.
pub(super) type Phrases = LazyLock<Option<PhraseFinder>>;

/// The English phrases of a list and those of every table.
pub(super) fn everywhere(
    english: &[&'static str],
    of: fn(&'static Table) -> &'static Vec<&'static str>,
) -> Vec<&'static str> {
    let foreign = every().flat_map(|table| of(table).iter().copied());
    english.iter().copied().chain(foreign).collect()
}

fn walls() -> Vec<&'static str> {
    everywhere(&[WALL, WALL_ELSEWHERE].concat(), |table| &table.wall)
}
fn beside() -> Vec<&'static str> {
    everywhere(WALL_BESIDE, |table| &table.wall_beside)
}
fn offers() -> Vec<&'static str> {
    everywhere(OFFER, |table| &table.offer)
}
fn consents() -> Vec<&'static str> {
    everywhere(&[CONSENT, CONSENT_ELSEWHERE].concat(), |table| &table.consent)
}
fn partners() -> Vec<&'static str> {
    everywhere(&[PARTNER, PARTNER_ELSEWHERE].concat(), |table| &table.partner)
}
fn devices() -> Vec<&'static str> {
    everywhere(&[DEVICE, DEVICE_ELSEWHERE].concat(), |table| &table.device)
}
fn rights() -> Vec<&'static str> {
    everywhere(RIGHTS, |table| &table.rights)
}

/// The lists of which [`Lists`] says whether a text has any phrase.
pub(super) fn lists() -> [(List, Vec<&'static str>); 8] {
    [
        (List::Wall, walls()),
        (List::WallBeside, beside()),
        (List::WallHalf, halves::kept_back()),
        (List::Offer, offers()),
        (List::Consent, consents()),
        (List::Partner, partners()),
        (List::Device, devices()),
        (List::Rights, rights()),
    ]
}

static WALLS: Phrases = LazyLock::new(|| finder_of(walls()));
static BESIDE: Phrases = LazyLock::new(|| finder_of(beside()));
static OFFERS: Phrases = LazyLock::new(|| finder_of(offers()));
static CONSENTS: Phrases = LazyLock::new(|| finder_of(consents()));
static PARTNERS: Phrases = LazyLock::new(|| finder_of(partners()));
static DEVICES: Phrases = LazyLock::new(|| finder_of(devices()));
static RIGHTS_RESERVED: Phrases = LazyLock::new(|| finder_of(rights()));
static GONE: Phrases = LazyLock::new(|| finder_of(everywhere(&[], |table| &table.gone)));
static BLOCKED: Phrases = LazyLock::new(|| finder_of(everywhere(&[], |table| &table.blocked)));
static GONE_WEAK: Phrases = LazyLock::new(|| finder_of(everywhere(&[], |table| &table.gone_weak)));
static BLOCKED_WEAK: Phrases =
    LazyLock::new(|| finder_of(everywhere(&[], |table| &table.blocked_weak)));
static PAGE_NAMES: Phrases = LazyLock::new(|| finder_of(everywhere(&[], |table| &table.page_name)));
static AGO: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| every().flat_map(|table| table.ago.iter().copied()).collect());
static AGO_LINES: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| every().flat_map(|table| table.ago_line.iter().copied()).collect());

fn has(phrases: &Phrases, text: &str) -> bool {
    phrases.as_ref().is_some_and(|matcher| matcher.is_match(text))
}

/// Whether a text has numbers, or white space that is not a blank: what [`without_numbers`] takes out.
pub(super) fn has_numbers(text: &str) -> bool {
    text.contains(|c: char| c.is_numeric() || c.is_whitespace() && c != ' ')
}

/// Whether a text that has numbers has one of the phrases without them.
fn has_between_numbers(phrases: &Phrases, text: &str) -> bool {
    has_numbers(text) && has(phrases, &without_numbers(text))
}

/// How surely a line says that the rest is for paying readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wall {
    /// It says so.
    Here,
    /// It is next to walls, and on free pages, too.
    Beside,
}

/// What a line says about a wall. Numbers are skipped: 残り1200文字.
pub fn of(words: &str, lists: Lists) -> Option<Wall> {
    let may_be = [List::Wall, List::WallHalf, List::WallBeside];
    may_be.into_iter().any(|list| lists.has(list)).then(|| of_lower(&words.to_lowercase()))?
}

fn of_lower(lower: &str) -> Option<Wall> {
    if has(&WALLS, lower) || has_between_numbers(&WALLS, lower) || halves::has_both(lower) {
        Some(Wall::Here)
    } else {
        has(&BESIDE, lower).then_some(Wall::Beside)
    }
}

/// Whether a paragraph says that the rest is for paying readers.
pub fn is_one(words: &str, lists: Lists) -> bool {
    of(words, lists) == Some(Wall::Here)
}

/// Whether a paragraph begins by saying so: "This story is for subscribers only. …".
pub fn begins_as_one(words: &str, lists: Lists) -> bool {
    if !lists.has(List::Wall) {
        return false;
    }
    let lower = words.to_lowercase();
    let bare = lower.trim_start_matches(|c: char| !c.is_alphanumeric());
    WALLS.as_ref().is_some_and(|matcher| {
        matcher.find_iter(bare).next().is_some_and(|found| found.start() == 0 && found.len() >= 12)
    })
}

/// Whether a paragraph offers a subscription: two phrases of offers, or one next to words of a wall.
pub fn is_offer(words: &str, lists: Lists) -> bool {
    if ![List::Offer, List::Wall, List::WallHalf].into_iter().any(|list| lists.has(list)) {
        return false;
    }
    let lower = words.to_lowercase();
    let Some(offers) = OFFERS.as_ref() else { return false };
    let mut found = HashSet::new();
    found.extend(offers.find_iter(&lower).map(|found| found.pattern()));
    let walled = || of_lower(&lower).is_some();
    found.len() >= 3
        || (!found.is_empty() && walled())
        || (lower.len() <= WALL_LINE_BYTES_MAX
            && !is_sentence(words)
            && of_lower(&lower) == Some(Wall::Here))
}

/// A line of a wall that is not a sentence is shorter than this, in bytes.
const WALL_LINE_BYTES_MAX: usize = 160;

/// Whether a line ends with a full stop: "She had to register to continue reading."
fn is_sentence(words: &str) -> bool {
    words.ends_with(['.', '。', '।', '”', '"'])
}

/// Whether a text, in lower case, asks for consent; the number of partners does not matter.
pub fn asks_for_consent(lower: &str) -> bool {
    has(&CONSENTS, lower) || has_between_numbers(&CONSENTS, lower)
}

/// Whether one paragraph mentions a number of partners, and cookies or devices.
pub fn counts_partners(lower: &str) -> bool {
    lower.len() <= PARTNERS_BYTES_MAX
        && numbers(lower).any(|number| number >= PARTNERS_MIN)
        && has(&PARTNERS, lower)
        && has(&DEVICES, lower)
}

/// Longer paragraphs about partners are text of an article.
const PARTNERS_BYTES_MAX: usize = 1_200;
/// Fewer partners are those of a deal.
const PARTNERS_MIN: u32 = 10;

/// Whether a text, in lower case, says that the article is gone, in another language than English.
pub fn says_gone(lower: &str) -> bool {
    has(&GONE, lower)
}

/// What a text, in lower case, says that is said of a page that is gone, and of other things, too.
pub fn gone_weakly(lower: &str) -> Option<&str> {
    said(&GONE_WEAK, lower)
}

/// Whether a text, in lower case, names a page or an article, in another language than English.
pub fn names_page(lower: &str) -> bool {
    has(&PAGE_NAMES, lower)
}

/// Whether a text, in lower case, keeps machines out, in another language than English.
pub fn says_blocked(lower: &str) -> bool {
    has(&BLOCKED, lower)
}

/// What a text, in lower case, says that keeps machines out, or is said in stories.
pub fn blocked_weakly(lower: &str) -> Option<&str> {
    said(&BLOCKED_WEAK, lower)
}

/// The first phrase of a set that is in a text.
fn said<'a>(phrases: &Phrases, text: &'a str) -> Option<&'a str> {
    phrases.as_ref()?.find(text).and_then(|found| text.get(found.range()))
}

/// Whether a line, in lower case, reserves rights: "© 2024 The Post. Alle Rechte vorbehalten".
pub fn reserves_rights(lower: &str, lists: Lists) -> bool {
    let named = lower.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '©');
    let copyright = named.strip_prefix("copyright").or_else(|| named.strip_prefix('©'));
    let dated = copyright.is_some_and(|rest| {
        let rest = rest.trim_start_matches([' ', '©', '(', ')', 'c', ':', ',']);
        rest.bytes().take(4).filter(u8::is_ascii_digit).count() == 4
    });
    dated || lists.has(List::Rights) && has(&RIGHTS_RESERVED, lower)
}

/// Whether a short line, in lower case, only states how long ago something was: "vor 5 Minuten", 5分钟前.
pub fn is_ago(lower: &str) -> bool {
    if AGO_LINES.contains(lower) {
        return true;
    }
    let mut words = lower
        .split(|c: char| c.is_whitespace() || c.is_numeric() || matches!(c, '.' | '·' | ',' | '-'));
    lower.chars().count() <= 30
        && lower.chars().any(char::is_numeric)
        && lower.split_whitespace().count() <= 6
        && words.clone().any(|word| !word.is_empty())
        && words.all(|word| word.is_empty() || AGO.contains(word))
        && !lower
            .chars()
            .all(|c| c.is_numeric() || c == '日' || c == '분' || c == '시' || c == '月')
}

/// The text without digits and what is between them, white space run together.
pub(super) fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut digits = false;
    for c in text.chars() {
        if c.is_numeric() {
            digits = true;
        } else if digits && matches!(c, '.' | ',' | '\u{a0}' | '\u{202f}' | '+') {
            // Inside a number.
        } else {
            digits = false;
            if !(c.is_whitespace() && (out.is_empty() || out.ends_with(' '))) {
                out.push(if c.is_whitespace() { ' ' } else { c });
            }
        }
    }
    out
}

/// The numbers of a text, marks of thousands skipped.
fn numbers(text: &str) -> impl Iterator<Item = u32> + '_ {
    text.split(|c: char| !c.is_numeric() && !matches!(c, '.' | ',' | '\u{a0}' | '\u{202f}'))
        .filter_map(|run| {
            let digits: String = run
                .chars()
                .filter_map(|c| c.to_digit(10).or_else(|| other_digit(c)))
                .filter_map(|d| char::from_digit(d, 10))
                .collect();
            digits.get(..digits.len().min(6))?.parse().ok()
        })
}

/// The value of an Arabic, Persian or Devanagari digit.
fn other_digit(c: char) -> Option<u32> {
    [0x660_u32, 0x6f0, 0x966]
        .iter()
        .find_map(|zero| u32::from(c).checked_sub(*zero).filter(|value| *value <= 9))
}

#[cfg(test)]
mod tests;
