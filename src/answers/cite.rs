//! A citation of one capture: which capture that is, what became of the page since, and where quoted words
//! stand, or where else they do.

use std::sync::Arc;

use crate::archive::{Capture, Form, RecordKind};
use crate::base::{TimeRange, Timestamp};
use crate::cite::{self, Missing, Quotation, Source, Standing, locate};
use crate::extract::alternate::AlternateKind;
use crate::extract::page::Page;
use crate::history::PageReader;
use crate::history::absence::{instead, last_article};
use crate::store::StoreError;

use super::chosen_text::ChosenText;
use super::explained::explained;
use super::pictures::{AttachmentJson, attachments_json};
use super::refused::{PassedOver, WordsMissing};
use super::removed::of_capture;
use super::{AnswerError, Archive};

/// What is to be cited.
#[derive(Debug, Clone)]
pub struct CiteRequest {
    /// The page.
    pub url: String,
    /// The capture closest to this time; without it the newest that was the article.
    pub at: Option<Timestamp>,
    /// Words that have to stand in it.
    pub quote: Option<String>,
    /// What the archive is called and where it is served.
    pub archive: cite::Archive,
}

/// A citation, ready for any style.
#[derive(Debug, Clone)]
pub struct Citation {
    /// The facts.
    pub source: Source,
    /// The capture that is cited.
    pub capture: Capture,
    /// The form of the page that has its text, where the page was sent without it and not rendered.
    pub alternate: Option<(String, AlternateKind)>,
    /// The newest capture, where an older one is cited in its place.
    pub passed_over: Option<PassedOver>,
    /// What was made from the capture: the page as a browser had it, and pictures of it.
    pub attachments: Vec<AttachmentJson>,
}

/// A text of fewer words than this may be the remainder of an article.
const SURE_WORDS: usize = 40;

/// A citation of one capture.
///
/// # Errors
/// When there is no capture or the exchange failed, it was removed by order, the quoted words do not stand in it, or the
/// archive cannot be read.
pub fn cite(archive: &Archive, request: &CiteRequest) -> Result<Citation, AnswerError> {
    explained(archive, &request.url, cited(archive, request))
}

fn cited(archive: &Archive, request: &CiteRequest) -> Result<Citation, AnswerError> {
    let CiteRequest { url, at, quote, .. } = request;
    let quote = quote.as_deref();
    if quote.is_some_and(|quote| !quote.chars().any(char::is_alphanumeric)) {
        return Err(AnswerError::Request("the quotation contains no letter or digit".to_owned()));
    }
    let doing = format!("citing {url}");
    let chosen = ChosenText::of(&mut archive.page_reader(), url, (None, *at), &doing)?;
    let found = archive.find(url, *at, &doing)?;
    let (mut capture, passed_over) = match (at, chosen.is_rendering()) {
        (Some(_), false) => (found, None),
        (None, false) => the_article(archive, found, &doing)?,
        (_, true) => the_rendering(archive, &chosen, found, (*at, &doing))?,
    };
    if capture.kind == RecordKind::Metadata {
        return Err(AnswerError::NothingToCite { url: url.clone(), at: capture.date });
    }
    let mut cited = Cited::of(archive, &capture, request, &doing)?;
    if let Some(quote) = quote {
        let mut found = cited.quotation(quote);
        // Scripts may have brought words to a page that was sent with a text of its own.
        if found.is_err() && capture.form() == Some(Form::Plain) {
            let rendering = archive.reader().rendering_of(&capture);
            if let Some(rendering) = rendering.map_err(AnswerError::store(&doing))? {
                let rendered = Cited::of(archive, &rendering, request, &doing)?;
                if let Ok(there) = rendered.quotation(quote) {
                    (capture, cited, found) = (rendering, rendered, Ok(there));
                }
            }
        }
        match found {
            Ok(found) => cited.source.quotation = Some(found),
            Err(missing) => {
                let elsewhere = elsewhere(archive, url, quote)?;
                let (url, at, alternate) = (url.clone(), capture.date, chosen.alternate);
                let missing = WordsMissing { url, at, missing, elsewhere, alternate, passed_over };
                return Err(AnswerError::WordsMissing(Box::new(missing)));
            }
        }
    }
    let mut source = cited.source;
    source.standing = standing(archive, &capture, quote, &doing)?;
    let attachments = attachments_json(archive, &capture, &doing)?;
    let alternate = chosen.alternate;
    Ok(Citation { source, capture, alternate, passed_over, attachments })
}

/// A capture that is cited, and what it says.
struct Cited {
    source: Source,
    page: Arc<Page>,
}

impl Cited {
    fn of(
        archive: &Archive,
        capture: &Capture,
        request: &CiteRequest,
        doing: &str,
    ) -> Result<Self, AnswerError> {
        let loaded = archive.record(capture, doing)?;
        let page = archive.reading_of(&loaded, doing)?;
        let source = Source::new(&page, cite::Capture::of(&loaded), request.archive.clone());
        Ok(Self { source: source.copied_from(capture.copied_from()), page })
    }

    fn quotation(&self, quote: &str) -> Result<Quotation, Missing> {
        locate(quote, &self.page).map(|found| Quotation::new(&self.page, &found))
    }
}

/// The rendering of a page that is sent without its text, and where no time is asked for the newest capture, if that is no
/// longer the page. `found` is the capture as sent.
fn the_rendering(
    archive: &Archive,
    chosen: &ChosenText,
    found: Capture,
    (at, doing): (Option<Timestamp>, &str),
) -> Result<(Capture, Option<PassedOver>), AnswerError> {
    let rendering = chosen.capture(archive, at, doing)?;
    let is_the_page = matches!(found.status, None | Some(200 | 304));
    if at.is_some() || is_the_page || found.date < rendering.date {
        return Ok((rendering, None));
    }
    let said = archive.page_reader().follow(&found).map_err(AnswerError::store(doing))?;
    let leads_to = said.leads.address().map(str::to_owned).filter(|_| said.has_article());
    let why = instead(&said);
    Ok((rendering, Some(PassedOver { newest: found, why, leads_to })))
}

/// What is cited where no time is asked for: the newest capture, or where that is an error, a wall or a
/// redirect in place of the article, the last one that was the article.
fn the_article(
    archive: &Archive,
    newest: Capture,
    doing: &str,
) -> Result<(Capture, Option<PassedOver>), AnswerError> {
    if newest.kind == RecordKind::Metadata {
        return Ok((newest, None));
    }
    let mut page_reader = archive.page_reader();
    let said = match page_reader.follow(&newest) {
        Err(StoreError::Removed(capture)) => {
            return before_removed(archive, &mut page_reader, *capture, doing);
        }
        said => said.map_err(AnswerError::store(doing))?,
    };
    let leads_to = said.leads.address().map(str::to_owned);
    let is_long = said.page.text.split_whitespace().count() >= SURE_WORDS;
    if leads_to.is_none() && said.has_article() && is_long {
        return Ok((newest, None));
    }
    let article = last_article(&mut page_reader, &newest.url).map_err(AnswerError::store(doing))?;
    let Some(article) = article.filter(|article| !article.is_same_record(&newest)) else {
        return Ok((newest, None));
    };
    let leads_to = leads_to.filter(|_| said.has_article());
    Ok((article, Some(PassedOver { newest, why: instead(&said), leads_to })))
}

/// The last capture that was the article, where the payload of the newest was removed by order.
fn before_removed(
    archive: &Archive,
    page_reader: &mut PageReader<'_>,
    newest: Capture,
    doing: &str,
) -> Result<(Capture, Option<PassedOver>), AnswerError> {
    let article = last_article(page_reader, &newest.url).map_err(AnswerError::store(doing))?;
    let removed = of_capture(archive.reader(), &newest).map_err(AnswerError::store(doing))?;
    let why = removed.map_or_else(|| "removed by order".to_owned(), |removed| removed.how());
    match article {
        Some(article) => Ok((article, Some(PassedOver { newest, why, leads_to: None }))),
        None => Err(AnswerError::store(doing)(StoreError::Removed(Box::new(newest)))),
    }
}

/// What became of the page, by its newest capture that is not a failure.
fn standing(
    archive: &Archive,
    cited: &Capture,
    quote: Option<&str>,
    doing: &str,
) -> Result<Standing, AnswerError> {
    let newest = archive.reader().find(&cited.url, None).map_err(AnswerError::store(doing))?;
    let Some(newest) = newest else { return Ok(Standing::Live) };
    match newest.status {
        None | Some(200..=299 | 304) => {}
        Some(300..=399) => return Ok(Standing::Deviated),
        Some(_) => return Ok(Standing::Dead),
    }
    // What scripts made of the page is compared with what they made of it last.
    let newest = match cited.form() {
        Some(Form::Rendered) => archive.reader().find_form(&cited.url, Form::Rendered, None),
        _ => Ok(Some(newest)),
    };
    let Some(newest) = newest.map_err(AnswerError::store(doing))? else {
        return Ok(Standing::Live);
    };
    let is_same =
        newest.is_same_record(cited) || (cited.digest.is_some() && newest.digest == cited.digest);
    if is_same {
        return Ok(Standing::Live);
    }
    // A record that cannot be read says nothing about the page.
    let Ok(said) = archive.page_reader().read(&newest) else { return Ok(Standing::Live) };
    let still_there = match quote {
        // A comparison that was too coarse is not a change.
        Some(quote) => locate(quote, &said.page).map_or_else(|missing| missing.coarse, |_| true),
        None => said.has_article() || is_bare(&said.page),
    };
    Ok(if still_there { Standing::Live } else { Standing::Deviated })
}

/// Whether there is nothing to read on a page, wall or not: an image, a PDF.
fn is_bare(page: &Page) -> bool {
    page.text.is_empty() && !page.kind.is_wall()
}

/// The first capture of the same URL in which the words do stand: as it was sent, else as it was rendered.
fn elsewhere(archive: &Archive, url: &str, quote: &str) -> Result<Option<Timestamp>, AnswerError> {
    let fail = AnswerError::store(&format!("looking through {url}"));
    let (mut page_reader, mut pages) = (archive.page_reader(), archive.page_reader());
    for form in [Form::Plain, Form::Rendered] {
        for version in page_reader.rows_of(url, form, TimeRange::ALL).map_err(&fail)? {
            let version = version.map_err(&fail)?;
            let Ok(said) = pages.follow(&version.first) else { continue };
            if locate(quote, &said.page).is_ok() {
                return Ok(Some(version.first.date));
            }
        }
    }
    Ok(None)
}
