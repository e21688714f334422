//! Whether the article can be had at all: gone, restored, redirected, behind a wall.
//!
//! Gone is what a reader would call gone: 404 or 410, "not found" said with a success, a redirect to
//! a front page, a list or another article, a body emptied. A server in trouble (429, 5xx) and a wall
//! against robots say nothing about the article, so they make no change.

use super::page_facts::address;
use super::{Change, ChangeKind};
use crate::diff::normal;
use crate::diff::similar;
use crate::extract::page::{Access, Page, PageKind};

/// One capture, as much of it as bears on a comparison.
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

/// What a reader gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    /// The article.
    Here,
    /// A wall that asks for money or consent.
    Walled,
    /// Nothing, for good.
    Gone,
    /// Nothing that tells.
    Unknown,
}

/// What the comparison of presence says, and whether texts are then to be compared.
pub(in crate::diff) struct Verdict {
    pub changes: Vec<Change>,
    pub compare_texts: bool,
    /// The new text ends where a wall begins: what it lacks was not removed.
    pub cut_by_wall: bool,
    /// The old text ended at a wall: what the new one has more was not added.
    pub was_cut_by_wall: bool,
}

/// Fewer words than this are no article.
const BODY_WORDS_MIN: usize = 20;

fn words(page: &Page) -> usize {
    page.text.split_whitespace().count()
}

fn presence(side: &Side<'_>) -> Presence {
    match side.status {
        Some(404 | 410 | 451) => return Presence::Gone,
        Some(status) if status >= 400 => return Presence::Unknown,
        _ => {}
    }
    match side.page.kind {
        PageKind::SoftNotFound => Presence::Gone,
        PageKind::Block => Presence::Unknown,
        PageKind::Consent => Presence::Walled,
        _ => Presence::Here,
    }
}

/// Whether an address is that of the section an article's address lies in: `site/local` of
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

/// Compares whether the article can be had.
pub(in crate::diff) fn find(old: &Side<'_>, new: &Side<'_>) -> Verdict {
    let mut verdict = Verdict {
        changes: Vec::new(),
        compare_texts: false,
        cut_by_wall: false,
        was_cut_by_wall: false,
    };
    let (mut was, mut is) = (presence(old), presence(new));
    let target = |side: &Side<'_>| side.redirected_to.map(address);
    let moved = target(old) != target(new);
    if moved && was == Presence::Here && is == Presence::Here {
        redirect(old, new, &mut verdict);
        return verdict;
    }
    // A body emptied: there was an article, and now there are a few words at most.
    if was == Presence::Here && is == Presence::Here {
        let (a, b) = (words(old.page), words(new.page));
        let walled = |page: &Page| page.access == Access::Paid;
        if a >= 2 * BODY_WORDS_MIN && b < BODY_WORDS_MIN && b * 10 < a && !walled(new.page) {
            is = Presence::Gone;
        } else if b >= 2 * BODY_WORDS_MIN && a < BODY_WORDS_MIN && a * 10 < b && !walled(old.page) {
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
            verdict.changes.push(
                Change::new(ChangeKind::Restored)
                    .says(how(old).as_deref(), headline(new.page).as_deref()),
            );
        }
        (Presence::Here, Presence::Walled) => {
            verdict.changes.push(Change::new(ChangeKind::Paywalled).says(
                headline(old.page).as_deref(),
                Some("a consent wall stands in place of the article"),
            ));
        }
        _ => {}
    }
    verdict
}

fn headline(page: &Page) -> Option<String> {
    page.headline.as_ref().map(|fact| fact.value.clone())
}

fn how(side: &Side<'_>) -> Option<String> {
    match (side.status, side.redirected_to, side.page.kind) {
        (Some(status), _, _) if status >= 400 => Some(format!("status {status}")),
        (_, Some(target), _) => Some(format!("redirected to {target}")),
        (_, _, PageKind::SoftNotFound) => Some("a page that says not found".to_owned()),
        (_, _, PageKind::Consent) => Some("a consent wall".to_owned()),
        _ => Some("an emptied page".to_owned()),
    }
}

fn vanished(old: &Side<'_>, new: &Side<'_>) -> Change {
    Change::new(ChangeKind::Gone).says(headline(old.page).as_deref(), how(new).as_deref())
}

fn redirect(old: &Side<'_>, new: &Side<'_>, verdict: &mut Verdict) {
    let before = old.redirected_to.or(old.url);
    let after = new.redirected_to.or(new.url);
    let leads = after.map(address).unwrap_or_default();
    let from = before.map(address).unwrap_or_default();
    let elsewhere = matches!(new.page.kind, PageKind::Front | PageKind::List)
        || is_front(&leads)
        || is_section_of(&leads, &from) && !same_article(old.page, new.page);
    let unread = words(new.page) < BODY_WORDS_MIN;
    let had = words(old.page) >= BODY_WORDS_MIN;
    if new.redirected_to.is_some()
        && had
        && (elsewhere || (!unread && !same_article(old.page, new.page)))
    {
        verdict.changes.push(vanished(old, new));
        return;
    }
    let came_back = old.redirected_to.is_some()
        && new.redirected_to.is_none()
        && (matches!(old.page.kind, PageKind::Front | PageKind::List)
            || is_front(&before.map(address).unwrap_or_default())
            || !same_article(old.page, new.page));
    if came_back {
        verdict.changes.push(
            Change::new(ChangeKind::Restored)
                .says(how(old).as_deref(), headline(new.page).as_deref()),
        );
        return;
    }
    verdict.changes.push(Change::new(ChangeKind::Redirected).says(before, after));
    // Without a payload behind the redirect there is nothing to compare with.
    verdict.compare_texts = had && !unread;
}

fn paywall(old: &Page, new: &Page, verdict: &mut Verdict) {
    let (before, after) = (old.access == Access::Paid, new.access == Access::Paid);
    if before == after {
        return;
    }
    let say = |paid: bool, page: &Page| {
        format!(
            "{}, {} words",
            if paid { "for subscribers" } else { page.access.label() },
            words(page)
        )
    };
    let (a, b) = (say(before, old), say(after, new));
    let shrank = |from: &Page, to: &Page| words(to) * 10 < words(from) * 9;
    if after {
        verdict.changes.push(Change::new(ChangeKind::Paywalled).says(Some(&a), Some(&b)));
        verdict.cut_by_wall = shrank(old, new);
    } else {
        verdict.changes.push(Change::new(ChangeKind::Restored).says(Some(&a), Some(&b)));
        verdict.was_cut_by_wall = shrank(new, old);
    }
}
