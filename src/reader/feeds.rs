//! The changes as feeds, and searches.

use super::changes::wanted;
use super::pages::{Asked, words_request};
use super::{Cache, PageAnswer, Refusal};
use crate::answers::changes::identity;
use crate::answers::search::SearchRequest;
use crate::answers::search_events::{EVENTS_BACK, SearchEvent, search_events};
use crate::answers::{ChangesRequest, changes};
use crate::archive::Form;
use crate::base::Timestamp;
use crate::render::feed::{FeedForm, FeedHead, FeedWriter, WordsHead};
use crate::search::saved::WordsChange;

/// Entries of a feed, as most readers of feeds keep them.
const ENTRIES_MAX: usize = 100;

/// A feed of words goes through at most this many pages.
const PAGES_MAX: usize = 10_000;

/// A feed of the newest changes. Its entries have the identifiers that `changes --format atom` gives them.
pub(super) fn feed(asked: &Asked<'_>, form: FeedForm) -> Result<PageAnswer, Refusal> {
    let wanted = wanted(asked)?;
    let mut kinds: Vec<&str> = wanted.kinds.iter().map(|kind| kind.label()).collect();
    kinds.sort_unstable();
    let of = format!("{kinds:?} {} {}", wanted.stealth_only, wanted.weight_min);
    let (title, link) = match &wanted.host {
        Some(host) => (format!("Changes on {host}"), asked.site.host_link(host)),
        None => (format!("Changes in {}", asked.site.archive.name), asked.site.front_link()),
    };
    let link = asked.site.absolute(&link);
    let path = match form {
        FeedForm::Rss => "/changes.rss",
        FeedForm::Atom => "/changes.atom",
    };
    let own = asked.site.absolute(&asked.site.changes(path, &asked.parameters.pairs()));
    let mut page_reader = asked.archive.page_reader();
    let request = ChangesRequest { wanted, limit: Some(ENTRIES_MAX) };
    let found = changes(&mut page_reader, &request, &mut |_| {})?;
    // Without a change the time is 1970.
    let updated = found.newest().unwrap_or(Timestamp::from_unix_seconds(0));
    let writer = FeedWriter::new(form, identity(asked.archive.reader().layout()));
    let (link, own) = (Some(link.as_str()), Some(own.as_str()));
    let head = FeedHead { title: &title, link, own, of: &of, updated };
    let mut body = writer.begin(&head);
    for change in found {
        let change = change?;
        let form = change.rendering.then_some(Form::Rendered);
        let to = asked.site.in_form(asked.site.diff_to(&change.url, &change.date), form);
        let to = asked.site.absolute(&to);
        body.push_str(&writer.entry_to(&change, &to));
    }
    body.push_str(writer.end());
    Ok(answer(form, body))
}

/// A feed of when the words of a query came and went lately. Its entries have the identifiers that
/// `search --format atom` gives them.
pub(super) fn words(asked: &Asked<'_>, form: FeedForm) -> Result<PageAnswer, Refusal> {
    let query = asked.parameters.needed("q")?;
    let request = SearchRequest { pages_max: PAGES_MAX, ..words_request(asked, query)? };
    let since = asked.site.now.minus(EVENTS_BACK);
    let mut found = search_events(asked.archive, &request, since, &mut |_| {})?;
    found.events.truncate(ENTRIES_MAX);
    let writer = FeedWriter::new(form, identity(asked.archive.reader().layout()));
    let filters = asked.parameters.filters();
    let link = asked.site.absolute(&asked.site.words_link(query, &filters));
    let path = match form {
        FeedForm::Rss => "/search.rss",
        FeedForm::Atom => "/search.atom",
    };
    let own = asked.site.absolute(&asked.site.changes(path, &asked.parameters.pairs()));
    let head = WordsHead { query, filters: &filters, link: Some(&link), own: Some(&own) };
    // The page may say something else by now, and what was dropped is no longer there.
    let link_of = |event: &SearchEvent| {
        let site = asked.site;
        let form = event.rendering.then_some(Form::Rendered);
        let shown = match event.change {
            // What scripts made of the page is shown with its versions.
            WordsChange::Carried if event.rendering => site.page_link(&event.url),
            WordsChange::Carried => site.about_at("/capture", &event.url, event.at),
            WordsChange::Dropped => site.diff_to(&event.url, &event.at.to_warc_date()),
        };
        site.absolute(&site.in_form(shown, form))
    };
    Ok(answer(form, writer.words(&head, &found.events, &link_of)))
}

fn answer(form: FeedForm, body: String) -> PageAnswer {
    let content_type = match form {
        FeedForm::Rss => "application/rss+xml; charset=utf-8",
        FeedForm::Atom => "application/atom+xml; charset=utf-8",
    };
    PageAnswer { content_type, cache: Cache::None, ..PageAnswer::ok(body) }
}
