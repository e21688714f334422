//! The pages of an archive, in the order of their urlkeys: enough about each to decide whether it is worth
//! reading. Holds one page's facts at a time.

use crate::archive::{Capture, Form, KeyRange, MatchType, Query, RecordKind};
use crate::base::Timestamp;
use crate::base::surt::address_of_host;
use crate::readings::PageKey;
use crate::store::{Reader, StoreError};

use super::versions::asking;

/// What the index knows of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageCaptures {
    /// Its address, as it was captured last.
    pub url: String,
    /// How many captures there are, reports of failures left out.
    pub captures: u64,
    /// The first of them.
    pub first: Timestamp,
    /// The last of them.
    pub last: Timestamp,
    /// Whether any of them is an HTML document.
    pub is_html: bool,
    /// Whether they are not all the same payload.
    pub varies: bool,
    /// How often the page was rendered.
    pub renderings: u64,
    /// The last rendering of it, where there is one.
    pub last_rendered: Option<Timestamp>,
    pub(crate) urlkey: String,
    payload: Option<PageKey>,
}

impl PageCaptures {
    /// Of a page whose first capture this is.
    pub(crate) fn first(reader: &Reader, entry: &Capture) -> Self {
        let payload = PageKey::of(entry);
        Self {
            url: entry.url.clone(),
            captures: 1,
            first: entry.date,
            last: entry.date,
            is_html: is_html(reader, entry),
            varies: payload.is_none(),
            renderings: 0,
            last_rendered: None,
            urlkey: entry.urlkey.clone(),
            payload,
        }
    }

    /// Takes its next capture in, as it was sent or rendered.
    pub(crate) fn add(&mut self, reader: &Reader, entry: &Capture) {
        if entry.form() == Some(Form::Rendered) {
            self.renderings += 1;
            self.last_rendered = self.last_rendered.max(Some(entry.date));
            return;
        }
        self.captures += 1;
        self.last = self.last.max(entry.date);
        self.is_html = self.is_html || is_html(reader, entry);
        // A confirmation by the server needs no digest to say that nothing changed.
        self.varies |= entry.status != Some(304) && PageKey::of(entry) != self.payload;
        self.url.clone_from(&entry.url);
    }

    /// Whether there may be more than one version of it that `changes` reports.
    #[must_use]
    pub(crate) fn may_have_changed(&self) -> bool {
        self.is_html && self.captures >= 2 && self.varies
    }

    /// The forms that answers about the whole archive are made of, where one is asked for or not.
    pub(crate) fn forms(&self, asked: Option<Form>) -> impl Iterator<Item = Form> + use<> {
        let (is_html, is_rendered) = (self.is_html, self.renderings > 0);
        [Form::Plain, Form::Rendered].into_iter().filter(move |form| {
            is_html
                && asked.is_none_or(|asked| asked == *form)
                && (*form == Form::Plain || is_rendered)
        })
    }

    /// The forms in which there may be more than one version of it.
    pub(crate) fn changed_forms(&self) -> impl Iterator<Item = Form> {
        let may_differ = self.renderings >= 2 || (self.renderings == 1 && self.captures >= 2);
        let rendered = may_differ.then_some(Form::Rendered);
        self.may_have_changed().then_some(Form::Plain).into_iter().chain(rendered)
    }
}

/// Whether a capture is a page of HTML, and not a server's words about a page that it does not have:
/// a picture that is gone is answered with HTML as well. A revisit is what the capture is that holds
/// its payload.
pub(crate) fn is_html(reader: &Reader, entry: &Capture) -> bool {
    let is_html = |mime: &str| matches!(mime, "text/html" | "application/xhtml+xml");
    if entry.status.is_some_and(|status| status >= 400) {
        return false;
    }
    if entry.kind != RecordKind::Revisit {
        return is_html(&entry.mime);
    }
    let holder = entry.digest.as_ref().map(|digest| reader.captures().by_payload(digest));
    // What cannot be determined is read, to be on the safe side.
    holder.is_none_or(|holder| !matches!(holder, Ok(Some(holder)) if !is_html(&holder.mime)))
}

/// The urlkeys of a host.
pub(crate) fn keys_of_host(host: &str) -> KeyRange {
    KeyRange::of(&address_of_host(host), MatchType::Host)
}

/// The pages of an archive, or of one host of it.
///
/// # Errors
/// Each item: when the index cannot answer; nothing comes after that.
pub fn pages(
    reader: &Reader,
    host: Option<&str>,
) -> impl Iterator<Item = Result<PageCaptures, StoreError>> {
    let keys = host.map_or_else(KeyRange::all, keys_of_host);
    pages_in(reader, keys)
}

/// The key of a page in one form, where both forms are kept in one place.
pub(crate) fn key_in_form(urlkey: &str, form: Form) -> String {
    [urlkey, form.suffix()].concat()
}

/// The urlkey and the form in such a key.
pub(crate) fn split_key(key: &str) -> (&str, Form) {
    match key.strip_suffix(Form::Rendered.suffix()) {
        Some(urlkey) => (urlkey, Form::Rendered),
        None => (key, Form::Plain),
    }
}

/// What the index knows of one page; `None` where it was never captured.
pub(crate) fn page(reader: &Reader, url: &str) -> Result<Option<PageCaptures>, StoreError> {
    pages_in(reader, KeyRange::of(url, MatchType::Exact)).next().transpose()
}

/// The same by the urlkey of the page.
pub(crate) fn page_of_key(
    reader: &Reader,
    urlkey: &str,
) -> Result<Option<PageCaptures>, StoreError> {
    let end = Some(format!("{urlkey}\u{1}").into_bytes());
    pages_in(reader, KeyRange { start: urlkey.as_bytes().to_vec(), end }).next().transpose()
}

fn pages_in(
    reader: &Reader,
    keys: KeyRange,
) -> impl Iterator<Item = Result<PageCaptures, StoreError>> {
    let mut captures = reader.query(&Query { captures_scanned_max: u64::MAX, ..Query::of(keys) });
    let mut current: Option<PageCaptures> = None;
    std::iter::from_fn(move || {
        loop {
            let entry = match captures.next() {
                Some(Ok(entry)) => entry,
                Some(Err(error)) => {
                    current = None;
                    return Some(Err(asking(&error)));
                }
                None => return current.take().map(Ok),
            };
            match (entry.form(), &mut current) {
                (Some(Form::Plain), _) => {}
                // A page is there before it is rendered.
                (Some(Form::Rendered), Some(page)) if page.urlkey == entry.urlkey => {}
                _ => continue,
            }
            match &mut current {
                Some(page) if page.urlkey == entry.urlkey => page.add(reader, &entry),
                _ => {
                    if let Some(ended) = current.replace(PageCaptures::first(reader, &entry)) {
                        return Some(Ok(ended));
                    }
                }
            }
        }
    })
}
