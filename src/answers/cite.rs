//! A citation of one capture: which capture that is, what became of the page since, and where quoted words
//! stand, or where else they do.

use std::sync::Arc;

use crate::archive::{Capture, RecordKind};
use crate::base::{TimeRange, Timestamp};
use crate::cite::{self, Quotation, Source, Standing, locate};
use crate::extract::page::Page;
use crate::history::absence::{instead, last_article};

use super::pictures::{AttachmentJson, attachments_json};
use super::refused::{PassedOver, WordsMissing};
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
/// When there is no capture or the exchange failed, the quoted words do not stand in it, or the archive
/// cannot be read.
pub fn cite(archive: &Archive, request: &CiteRequest) -> Result<Citation, AnswerError> {
    let CiteRequest { url, at, quote, .. } = request;
    let quote = quote.as_deref();
    if quote.is_some_and(|quote| !quote.chars().any(char::is_alphanumeric)) {
        return Err(AnswerError::Request("the quotation contains no letter or digit".to_owned()));
    }
    let doing = format!("citing {url}");
    let found = archive.find(url, *at, &doing)?;
    let (capture, passed_over) = match at {
        Some(_) => (found, None),
        None => the_article(archive, found, &doing)?,
    };
    if capture.kind == RecordKind::Metadata {
        return Err(AnswerError::NothingToCite { url: url.clone(), at: capture.date });
    }
    let loaded = archive.record(&capture, &doing)?;
    let loaded = Arc::new(loaded);
    let page = archive.reading_of(&loaded, &doing)?;
    let source = Source::new(&page, cite::Capture::of(&loaded), request.archive.clone());
    let mut source = source.copied_from(capture.copied_from());
    if let Some(quote) = quote {
        match locate(quote, &page) {
            Ok(found) => source.quotation = Some(Quotation::new(&page, &found)),
            Err(missing) => {
                let elsewhere = elsewhere(archive, url, quote)?;
                let (url, at) = (url.clone(), capture.date);
                let missing = WordsMissing { url, at, missing, elsewhere, passed_over };
                return Err(AnswerError::WordsMissing(Box::new(missing)));
            }
        }
    }
    source.standing = standing(archive, &capture, quote, &doing)?;
    let attachments = attachments_json(archive, &capture, &doing)?;
    Ok(Citation { source, capture, passed_over, attachments })
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
    let said = page_reader.follow(&newest).map_err(AnswerError::store(doing))?;
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

/// The first capture of the same URL in which the words do stand.
fn elsewhere(archive: &Archive, url: &str, quote: &str) -> Result<Option<Timestamp>, AnswerError> {
    let fail = AnswerError::store(&format!("looking through {url}"));
    let (mut page_reader, mut pages) = (archive.page_reader(), archive.page_reader());
    for version in page_reader.rows(url, TimeRange::ALL).map_err(&fail)? {
        let version = version.map_err(&fail)?;
        let Ok(said) = pages.follow(&version.first) else { continue };
        if locate(quote, &said.page).is_ok() {
            return Ok(Some(version.first.date));
        }
    }
    Ok(None)
}
