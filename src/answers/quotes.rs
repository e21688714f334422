//! Who is quoted saying what: on a page, or on the newest page of every URL.

use serde::Serialize;

use crate::archive::{Capture, Form};
use crate::base::Timestamp;
use crate::extract::page::{Page, Quote};
use crate::history::newest::{Newest, NewestAsked, newest_pages};
use crate::readings::speakers::is_named;
use crate::store::StoreError;

use super::chosen_text::ChosenText;
use super::explained;
use super::when::Failed;
use super::{AnswerError, Archive};

/// Which quotations are asked for.
#[derive(Debug, Clone, Default)]
pub struct QuotesRequest {
    /// Only those of a speaker of this name.
    pub speaker: Option<String>,
    /// The pages as they were then; the newest without it.
    pub at: Option<Timestamp>,
    /// In this form; without it as they were sent, or the renderings of those that were sent without their text.
    pub form: Option<Form>,
}

/// Where a page is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageSource {
    /// A local file, as it was named.
    File(String),
    /// A capture.
    Capture {
        /// The address.
        url: String,
        /// When it was captured.
        at: Timestamp,
        /// In which form it was read.
        form: Form,
    },
}

impl PageSource {
    fn of(entry: &Capture) -> Self {
        Self::Capture {
            url: entry.url.clone(),
            at: entry.date,
            form: entry.form().unwrap_or_default(),
        }
    }
}

/// The quotations of one page that were asked for, at least one.
#[derive(Debug, Clone)]
pub struct PageQuotes {
    /// Where the page is from.
    pub source: PageSource,
    /// Its headline.
    pub headline: Option<String>,
    /// The quotations, in the order of the text.
    pub quotes: Vec<Quote>,
}

/// A quotation in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuoteJson {
    /// The page; left out for a local file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The local file; left out for a page of the archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// When the page was captured, as 14 digits; `None` for a local file.
    pub timestamp: Option<String>,
    /// Whether it stands in what scripts made of the page; left out where it stands in what was sent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rendering: bool,
    /// The words.
    pub text: String,
    /// Who says them.
    pub speaker: Option<String>,
    /// The word that attributes it, such as "said".
    pub cue: Option<String>,
    /// Where it begins in the article text, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What kind of quotation it is.
    pub kind: &'static str,
    /// Whether the speaker is named there, and not concluded from a pronoun or a role.
    pub named: Option<bool>,
}

impl PageQuotes {
    /// The quotations in JSON.
    pub fn json(&self) -> impl Iterator<Item = QuoteJson> {
        self.quotes.iter().map(|quote| QuoteJson::of(quote, &self.source))
    }
}

impl QuoteJson {
    fn of(quote: &Quote, source: &PageSource) -> Self {
        let (url, file, timestamp) = match source {
            PageSource::File(name) => (None, Some(name.clone()), None),
            PageSource::Capture { url, at, .. } => (Some(url.clone()), None, Some(at.to_stamp14())),
        };
        let rendering = matches!(source, PageSource::Capture { form: Form::Rendered, .. });
        let speaker = quote.speaker.as_ref();
        Self {
            url,
            file,
            timestamp,
            rendering,
            text: quote.text.clone(),
            speaker: speaker.map(|s| s.name.clone()),
            cue: quote.cue.as_ref().map(|cue| cue.text.clone()),
            start: quote.range.start,
            end: quote.range.end,
            kind: quote.kind.label(),
            named: speaker.map(|s| s.named),
        }
    }
}

/// The quotations of a page that is in memory; `None` where it has none that was asked for.
#[must_use]
pub fn of_page(page: &Page, source: PageSource, request: &QuotesRequest) -> Option<PageQuotes> {
    let is_asked = |quote: &&Quote| match &request.speaker {
        Some(name) => quote.speaker.as_ref().is_some_and(|s| is_named(&s.name, name)),
        None => true,
    };
    let quotes: Vec<Quote> = page.quotes.iter().filter(is_asked).cloned().collect();
    let headline = page.headline.as_ref().map(|headline| headline.value.clone());
    (!quotes.is_empty()).then_some(PageQuotes { source, headline, quotes })
}

/// The quotations of the capture of `url` that the request names, and which text of the page that is.
///
/// # Errors
/// When there is none, or it cannot be read.
pub fn of_url(
    archive: &Archive,
    url: &str,
    request: &QuotesRequest,
) -> Result<(ChosenText, Option<PageQuotes>), AnswerError> {
    let doing = format!("reading {url}");
    let (chosen, entry) = explained::found(archive, url, (request.form, request.at), &doing)?;
    archive.is_sound(&entry, &doing)?;
    let said = archive.page_reader().read(&entry).map_err(AnswerError::store(&doing))?;
    let quotes = of_page(&said.page, PageSource::of(&entry), request);
    Ok((chosen, quotes))
}

/// What is found over all pages.
#[derive(Debug)]
pub enum FoundQuotes<'f> {
    /// The quotations of a page.
    Page(PageQuotes),
    /// A capture that cannot be read; an older one may stand in for it.
    Unread(&'f Capture, StoreError),
}

/// The quotations of the newest page of every URL, or of the newest not after the time of the request, page
/// by page in the falling order of urlkeys.
///
/// # Errors
/// When the index cannot answer, and any error of `found`.
pub fn of_everything<E: From<AnswerError>>(
    archive: &Archive,
    request: &QuotesRequest,
    found: &mut dyn FnMut(FoundQuotes<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let until = request.at.map(|at| at.plus(std::time::Duration::from_secs(1)));
    let mut pass_on = |newest: Newest<'_>| -> Result<(), Failed<E>> {
        let quotes = match newest {
            Newest::Page(entry, page) => of_page(page, PageSource::of(entry), request),
            Newest::Unread(entry, error) => {
                return found(FoundQuotes::Unread(entry, error)).map_err(Failed::Caller);
            }
        };
        quotes.map_or(Ok(()), |quotes| found(FoundQuotes::Page(quotes)).map_err(Failed::Caller))
    };
    let mut page_reader = archive.page_reader();
    let asked = NewestAsked { until, speaker: request.speaker.as_deref(), form: request.form };
    let done = newest_pages(&mut page_reader, &asked, &mut pass_on);
    done.map_err(|failed| failed.into_error("looking for quotations"))
}
