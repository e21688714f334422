//! Whether the article is available at all: gone, restored, redirected, behind a wall.
//!
//! Gone is what a reader would call gone: 404 or 410, "not found" said with a success, a redirect to
//! a front page, a list or another article, a body emptied. A failing server (429, 5xx) and a wall
//! against robots say nothing about the article, so they make no change. Some of that can only be
//! judged relative to the article itself ([`Side::presence`]): a body is emptied if it had text before.

use super::page_facts::address;
use super::{Change, ChangeKind};
use crate::diff::normal;
use crate::diff::similar;
use crate::extract::page::{Access, Page, PageKind};

/// One capture, with the parts that a comparison needs.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// What the page says; the empty page where there was no payload to read.
    pub page: &'a Page,
    /// The HTTP status of the last hop; none for a local file.
    pub status: Option<u16>,
    /// The address that was asked for, where known.
    pub url: Option<&'a str>,
    /// Where a redirect led, where one was answered.
    pub redirected_to: Option<&'a str>,
}

impl<'a> Side<'a> {
    /// A page that was read without HTTP, or with a plain 200.
    #[must_use]
    pub fn of(page: &'a Page) -> Self {
        Self { page, status: None, url: None, redirected_to: None }
    }
}

/// What a reader gets at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Presence {
    /// The article, whole as far as is known.
    Here,
    /// Its beginning, before a wall that asks for money.
    Cut,
    /// A wall in its place, which asks for money or consent.
    Walled,
    /// A redirect to an address of which no page is known.
    Moved,
    /// Nothing, for good.
    Gone,
    /// Not known: a failing server, a wall against robots.
    Unknown,
}

impl Presence {
    /// Every value.
    pub const ALL: [Self; 6] =
        [Self::Here, Self::Cut, Self::Walled, Self::Moved, Self::Gone, Self::Unknown];

    /// The word for it in JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Cut => "cut",
            Self::Walled => "walled",
            Self::Moved => "moved",
            Self::Gone => "gone",
            Self::Unknown => "unknown",
        }
    }
}

/// The result of the comparison of presence, and whether texts are to be compared afterwards.
pub(in crate::diff) struct Verdict {
    pub changes: Vec<Change>,
    pub compare_texts: bool,
    /// The new text ends where a wall begins: the missing text was not removed.
    pub cut_by_wall: bool,
    /// The old text ended at a wall: the additional text of the new one was not added.
    pub was_cut_by_wall: bool,
}

/// A page with fewer words than this is not an article.
const BODY_WORDS_MIN: usize = 20;

/// The number of words of a page; where no spaces separate words, two characters count as one word.
fn words(page: &Page) -> usize {
    words_up_to(page, usize::MAX)
}

/// The same, counted no further than `most`.
fn words_up_to(page: &Page, most: usize) -> usize {
    let mut words = 0;
    for word in page.text.split_whitespace() {
        let unspaced = |c: &char| matches!(u32::from(*c), 0x3040..=0x30ff | 0x3400..=0x9fff);
        words += (word.chars().filter(unspaced).count() / 2).max(1);
        if words >= most {
            break;
        }
    }
    words
}

impl Side<'_> {
    /// Whether both redirect to the same address, or neither redirects.
    #[must_use]
    pub fn has_same_target(&self, other: &Side<'_>) -> bool {
        self.redirected_to.map(address) == other.redirected_to.map(address)
    }

    /// What is in the place of an article: `status 404`, `redirected to …`, `a consent wall`.
    #[must_use]
    pub fn instead(&self) -> String {
        how(self)
    }

    /// What a reader gets, judged relative to `article`, the last version with the whole article.
    /// Without one, an emptied body and a cut one are [`Presence::Here`]: there is no evidence against it.
    #[must_use]
    pub fn presence(&self, article: Option<&Side<'_>>) -> Presence {
        let alone = presence(self);
        if alone != Presence::Here {
            return alone;
        }
        if let Some(target) = self.redirected_to.map(address) {
            if !article.is_some_and(|article| self.has_same_target(article)) {
                let is_front = is_front_page(self.page, &target);
                if article.map_or(is_front, |article| leads_elsewhere(article, self)) {
                    return Presence::Gone;
                }
            }
            if is_unread(self.page) || article.is_some_and(|a| is_emptied(a.page, self.page)) {
                return Presence::Moved;
            }
        }
        match article {
            Some(article) if is_emptied(article.page, self.page) => Presence::Gone,
            Some(article) if is_walled(article.page, self.page) => Presence::Walled,
            Some(article) if is_cut(article.page, self.page) => Presence::Cut,
            _ => Presence::Here,
        }
    }
}

/// What a reader gets, judged from one capture alone.
fn presence(side: &Side<'_>) -> Presence {
    match side.status {
        Some(404 | 410 | 451) => return Presence::Gone,
        // Payment required (RFC 9110, section 15.5.3).
        Some(402) => return Presence::Walled,
        Some(status) if status >= 400 => return Presence::Unknown,
        Some(300..=399) if side.redirected_to.is_none() => return Presence::Unknown,
        _ => {}
    }
    match side.page.kind {
        PageKind::SoftNotFound => Presence::Gone,
        PageKind::Block | PageKind::Shell => Presence::Unknown,
        PageKind::Consent => Presence::Walled,
        _ => Presence::Here,
    }
}

/// Whether an address is that of the section an article's address is in: `site/local` of
/// `site/local/2026/article`.
fn is_section_of(section: &str, article: &str) -> bool {
    let bare = |address: &str| {
        let address = address.split(['?', '#']).next().unwrap_or(address);
        address.trim_end_matches('/').to_owned()
    };
    let (section, article) = (bare(section), bare(article));
    section.contains('/')
        && article.strip_prefix(section.as_str()).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether an address is that of a site and not of a page on it.
fn is_front(address: &str) -> bool {
    let path = address.split_once('/').map_or("", |(_, path)| path);
    let path = path.split('?').next().unwrap_or(path);
    path.is_empty() || matches!(path, "index.html" | "index.php" | "home" | "en" | "news")
}

fn same_article(old: &Page, new: &Page) -> bool {
    let headline = |page: &Page| page.headline.as_ref().map(|fact| fact.value.clone());
    if let (Some(a), Some(b)) = (headline(old), headline(new))
        && (normal::same_words(&a, &b) || similar::alike_texts(&a, &b) >= 0.7)
    {
        return true;
    }
    similar::alike_texts(&old.text, &new.text) >= 0.4 || similar::held(&new.text, &old.text) >= 0.8
}

/// Whether there is nothing to read: no payload, or none with words.
fn is_unread(page: &Page) -> bool {
    page.text.is_empty() && page.headline.is_none()
}

/// Whether there was an article, and now there are a few words at most and no wall that explains it.
fn is_emptied(from: &Page, to: &Page) -> bool {
    // Most pages have more words than that, and need not be counted to their end.
    let left = words_up_to(to, BODY_WORDS_MIN);
    if left >= BODY_WORDS_MIN || to.access == Access::Paid {
        return false;
    }
    let had = words(from);
    had >= 2 * BODY_WORDS_MIN && left * 10 < had
}

/// A page with this many words is an article if the page with the wall has no words.
const SHORT_WORDS_MIN: usize = 10;

/// Whether a wall is in one page where the other has the article: it asks to log in or to pay, and has no
/// other text.
fn is_walled(article: &Page, page: &Page) -> bool {
    page.access == Access::Paid
        && article.access != Access::Paid
        && words_up_to(page, BODY_WORDS_MIN) < BODY_WORDS_MIN
        && (words_up_to(article, 2 * BODY_WORDS_MIN) >= 2 * BODY_WORDS_MIN
            || words_up_to(page, 1) == 0
                && words_up_to(article, SHORT_WORDS_MIN) >= SHORT_WORDS_MIN)
        && !keeps_a_paragraph(article, page)
}

/// Whether a paragraph of a short page is in the article, so that the page is its beginning.
fn keeps_a_paragraph(article: &Page, page: &Page) -> bool {
    page.text.lines().any(|line| {
        let line = line.trim();
        !line.is_empty() && article.text.contains(line)
    })
}

/// Whether a page ends at a wall that the other one does not have.
fn is_cut(whole: &Page, page: &Page) -> bool {
    let came = whole.access != Access::Paid && page.access == Access::Paid;
    came && words(page) * 10 < words(whole) * 9
}

fn is_front_page(page: &Page, target: &str) -> bool {
    matches!(page.kind, PageKind::Front | PageKind::List) || is_front(target)
}

/// Whether a redirect leads away from an article that was there: to a front page, to the section it
/// lay in, to another article.
fn leads_elsewhere(old: &Side<'_>, new: &Side<'_>) -> bool {
    let Some(target) = new.redirected_to.map(address) else { return false };
    let from = old.redirected_to.or(old.url).map(address).unwrap_or_default();
    let is_same = || same_article(old.page, new.page);
    let elsewhere = is_front_page(new.page, &target) || is_section_of(&target, &from) && !is_same();
    let unread = words(new.page) < BODY_WORDS_MIN;
    words(old.page) >= BODY_WORDS_MIN && (elsewhere || (!unread && !is_same()))
}

/// Compares the availability of the article.
pub(in crate::diff) fn find(old: &Side<'_>, new: &Side<'_>) -> Verdict {
    let mut verdict = Verdict {
        changes: Vec::new(),
        compare_texts: false,
        cut_by_wall: false,
        was_cut_by_wall: false,
    };
    let (mut was, mut is) = (presence(old), presence(new));
    let moved = !old.has_same_target(new);
    if moved && was == Presence::Here && is == Presence::Here {
        redirect(old, new, &mut verdict);
        return verdict;
    }
    // A body emptied: there was an article, and now there are a few words at most.
    if was == Presence::Here && is == Presence::Here {
        if is_walled(old.page, new.page) {
            is = Presence::Walled;
        } else if is_walled(new.page, old.page) {
            was = Presence::Walled;
        } else if is_emptied(old.page, new.page) {
            is = Presence::Gone;
        } else if is_emptied(new.page, old.page) {
            was = Presence::Gone;
        }
    }
    match (was, is) {
        (Presence::Here, Presence::Here) => {
            verdict.compare_texts = true;
            paywall(old.page, new.page, &mut verdict);
        }
        (Presence::Here | Presence::Walled, Presence::Gone) => {
            verdict.changes.push(vanished(old, new));
        }
        (Presence::Gone, Presence::Here) | (Presence::Walled, Presence::Here) => {
            verdict.changes.push(restored(old, new));
        }
        (Presence::Here, Presence::Walled) => {
            verdict.changes.push(walled(old, new));
        }
        _ => {}
    }
    verdict
}

fn headline(page: &Page) -> Option<String> {
    page.headline.as_ref().map(|fact| fact.value.clone())
}

fn how(side: &Side<'_>) -> String {
    match (side.status, side.redirected_to, side.page.kind) {
        (Some(status), _, _) if status >= 400 => format!("status {status}"),
        (_, _, PageKind::Consent) => "a consent wall".to_owned(),
        (_, _, PageKind::Block) => "a wall against robots".to_owned(),
        (_, _, PageKind::Shell) => "a page that only scripts fill".to_owned(),
        (_, Some(target), _) => format!("redirected to {target}"),
        (_, _, PageKind::SoftNotFound) => "a page that says not found".to_owned(),
        _ if side.page.access == Access::Paid => access(side.page),
        (Some(status @ 300..=399), _, _) => format!("status {status}"),
        _ => "an emptied page".to_owned(),
    }
}

/// The change that the article of `old` is gone in `new`.
pub(in crate::diff) fn vanished(old: &Side<'_>, new: &Side<'_>) -> Change {
    Change::new(ChangeKind::Gone).says(headline(old.page).as_deref(), Some(&how(new)))
}

/// The change that the article, not available in `old`, is available again in `new`.
pub(in crate::diff) fn restored(old: &Side<'_>, new: &Side<'_>) -> Change {
    Change::new(ChangeKind::Restored).says(Some(&how(old)), headline(new.page).as_deref())
}

/// The change that `new` has a wall where `old` had the article.
pub(in crate::diff) fn walled(old: &Side<'_>, new: &Side<'_>) -> Change {
    let now = format!("{} stands in place of the article", how(new));
    Change::new(ChangeKind::Paywalled).says(headline(old.page).as_deref(), Some(&now))
}

/// The change that the address of `old` redirects to the one `new` names.
pub(in crate::diff) fn redirected(old: &Side<'_>, new: &Side<'_>) -> Change {
    Change::new(ChangeKind::Redirected)
        .says(old.redirected_to.or(old.url), new.redirected_to.or(new.url))
}

fn redirect(old: &Side<'_>, new: &Side<'_>, verdict: &mut Verdict) {
    if leads_elsewhere(old, new) {
        verdict.changes.push(vanished(old, new));
        return;
    }
    let before = old.redirected_to.or(old.url).map(address).unwrap_or_default();
    let came_back = old.redirected_to.is_some()
        && new.redirected_to.is_none()
        && (is_front_page(old.page, &before) || !same_article(old.page, new.page));
    if came_back {
        verdict.changes.push(restored(old, new));
        return;
    }
    verdict.changes.push(redirected(old, new));
    // Without a payload behind the redirect there is nothing to compare with.
    let are_long = [old, new].iter().all(|side| words(side.page) >= BODY_WORDS_MIN);
    let are_read = [old, new].iter().all(|side| !side.page.text.is_empty());
    verdict.compare_texts = are_long || (are_read && same_article(old.page, new.page));
}

/// Which readers may read a page, and how much of it there is.
fn access(page: &Page) -> String {
    let who = if page.access == Access::Paid { "for subscribers" } else { page.access.label() };
    format!("{who}, {} words", words(page))
}

fn paywall(old: &Page, new: &Page, verdict: &mut Verdict) {
    let (before, after) = (old.access == Access::Paid, new.access == Access::Paid);
    if before == after {
        return;
    }
    let (a, b) = (access(old), access(new));
    let kind = if after { ChangeKind::Paywalled } else { ChangeKind::Restored };
    verdict.changes.push(Change::new(kind).says(Some(&a), Some(&b)));
    verdict.cut_by_wall = is_cut(old, new);
    verdict.was_cut_by_wall = is_cut(new, old);
}
