//! Quotations over time: of one page, or of one speaker over all pages. Since when each stood, until when,
//! and what became of it.

use std::collections::{BTreeSet, HashSet, VecDeque};

use serde::Serialize;

use super::quotes::{FoundQuotes, PageSource, QuotesRequest, of_everything};
use super::{AnswerError, Archive, HistoryRequest, history, serial};
use crate::archive::Capture;
use crate::base::Timestamp;
use crate::diff::ChangeKind;
use crate::extract::page::{Page, Quote};
use crate::history::VersionRow;
use crate::readings::speakers::is_named;

/// The quotations of a page over time.
#[derive(Debug, Clone, Serialize)]
pub struct PageQuotations {
    /// The page, as it was asked for.
    pub url: String,
    /// The headline of its newest version that had an article.
    pub headline: Option<String>,
    /// The quotations, in the order of the text; those that are gone stand where they first stood.
    pub quotations: Vec<Quotation>,
    /// How many versions had an article.
    pub versions: usize,
    /// Whether only the newest versions were read, since there are very many.
    pub is_cut: bool,
    /// Captures that had to be left out, as text.
    pub notes: Vec<String>,
}

/// The quotations of a speaker over all pages.
#[derive(Debug, Clone, Serialize)]
pub struct SpeakerQuotations {
    /// The name that was asked for.
    pub name: String,
    /// The names under which words were found.
    pub names: BTreeSet<String>,
    /// Page by page, those with the newest quotation first.
    pub pages: Vec<PageQuotations>,
    /// Whether there are pages beyond those that were read.
    pub is_cut: bool,
}

/// A quotation on one page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quotation {
    /// The words.
    pub text: String,
    /// The words as a citation of the first capture takes them: what stands between them there, as `she said` in the
    /// middle, is left out as "[…]".
    #[serde(skip)]
    pub citable: String,
    /// Who says them.
    pub speaker: Option<String>,
    /// Whether the speaker is named there, and not concluded from a pronoun or a role.
    pub is_named: bool,
    /// The word that attributes it, such as "said".
    pub cue: Option<String>,
    /// The first capture that has it.
    #[serde(serialize_with = "serial::capture")]
    pub first: Capture,
    /// When it was seen last.
    #[serde(serialize_with = "serial::date")]
    pub last: Timestamp,
    /// When it was first found missing for good; none where the newest version with an article has it.
    #[serde(serialize_with = "serial::maybe_date")]
    pub gone_since: Option<Timestamp>,
    /// In how many versions it stood.
    pub versions: u64,
    /// What it became, where its words or its speaker were changed.
    pub became: Option<Altered>,
}

/// What became of a quotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Altered {
    /// `quote-altered` or `quote-reattributed`.
    pub kind: ChangeKind,
    /// The words, or the speaker, that it has now.
    pub after: String,
    /// When.
    #[serde(serialize_with = "serial::date")]
    pub at: Timestamp,
    /// Whether neither a notice nor the declared date says so.
    pub stealth: bool,
}

/// At most this many versions of one page are read, the newest.
const VERSIONS_MAX: usize = 200;

/// At most this many pages of one speaker are read.
const PAGES_MAX: usize = 60;

/// At most this many versions of each of these.
const VERSIONS_OF_SPEAKER_MAX: usize = 40;

/// The quotations of a page over time.
///
/// # Errors
/// When the page was never captured, or cannot be read.
pub fn of_page(archive: &Archive, url: &str) -> Result<PageQuotations, AnswerError> {
    over_time(archive, url, None, VERSIONS_MAX)
}

/// The quotations of a speaker over all pages, also those that are gone.
///
/// # Errors
/// When the archive cannot be read.
pub fn of_speaker(archive: &Archive, name: &str) -> Result<SpeakerQuotations, AnswerError> {
    let request = QuotesRequest { speaker: Some(name.to_owned()), ..QuotesRequest::default() };
    let mut urls = BTreeSet::new();
    of_everything::<AnswerError>(archive, &request, &mut |found| {
        if let FoundQuotes::Page(page) = found
            && let PageSource::Capture { url, .. } = page.source
        {
            urls.insert(url);
        }
        Ok(())
    })?;
    // Pages that quoted the speaker in an earlier version only.
    urls.extend(archive.readings().quoting(name).unwrap_or_default());
    let is_cut = urls.len() > PAGES_MAX;
    let mut out = SpeakerQuotations {
        name: name.to_owned(),
        names: BTreeSet::new(),
        pages: Vec::new(),
        is_cut,
    };
    for url in urls.iter().take(PAGES_MAX) {
        match over_time(archive, url, Some(name), VERSIONS_OF_SPEAKER_MAX) {
            Ok(page) if page.quotations.is_empty() => {}
            Ok(page) => out.pages.push(page),
            // A page that is damaged does not hide the others.
            Err(AnswerError::Store { .. } | AnswerError::NoCapture(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let speakers = out.pages.iter().flat_map(|page| &page.quotations);
    out.names = speakers.filter_map(|quotation| quotation.speaker.clone()).collect();
    let newest = |page: &PageQuotations| page.quotations.iter().map(|q| q.first.date).max();
    out.pages.sort_by(|a, b| (newest(b), &a.url).cmp(&(newest(a), &b.url)));
    Ok(out)
}

fn over_time(
    archive: &Archive,
    url: &str,
    speaker: Option<&str>,
    versions_max: usize,
) -> Result<PageQuotations, AnswerError> {
    let doing = format!("reading the quotations of {url}");
    let (mut page_reader, mut pages) = (archive.page_reader(), archive.page_reader());
    let asked = HistoryRequest::whole(url);
    let mut rows = history(&mut page_reader, &asked)?;
    let mut with_article = VecDeque::new();
    let mut versions = 0;
    for row in rows.by_ref() {
        let row = row?;
        if row.has_article() {
            versions += 1;
            with_article.push_back(row);
            if with_article.len() > versions_max {
                with_article.pop_front();
            }
        }
    }
    let notes = rows.notes();
    rows.end()?;
    let mut seen = Seen { speaker, all: Vec::new() };
    let mut headline = None;
    for row in &with_article {
        let said = pages.follow(&row.first).map_err(AnswerError::store(&doing))?;
        seen.version(row, &said.page);
        headline = row.headline.clone().or(headline);
    }
    Ok(PageQuotations {
        url: url.to_owned(),
        headline,
        quotations: seen.all,
        versions,
        is_cut: versions > with_article.len(),
        notes,
    })
}

/// The quotations of the versions that were read so far.
struct Seen<'n> {
    speaker: Option<&'n str>,
    all: Vec<Quotation>,
}

impl Seen<'_> {
    /// Takes in the next version.
    fn version(&mut self, row: &VersionRow, page: &Page) {
        let is_asked = |quote: &&Quote| match self.speaker {
            Some(name) => quote.speaker.as_ref().is_some_and(|s| is_named(&s.name, name)),
            None => true,
        };
        let mut now: HashSet<(String, Option<String>)> = HashSet::new();
        let mut behind = 0;
        for quote in page.quotes.iter().filter(is_asked) {
            let speaker = quote.speaker.as_ref().map(|s| s.name.clone());
            let key = (words(&quote.text), speaker.clone());
            if !now.insert(key.clone()) {
                continue;
            }
            let known = self.all.iter().position(|q| words(&q.text) == key.0 && q.speaker == key.1);
            if let Some(at) = known {
                if let Some(quotation) = self.all.get_mut(at) {
                    quotation.last = row.last.date;
                    quotation.versions += 1;
                    (quotation.gone_since, quotation.became) = (None, None);
                }
                behind = at + 1;
                continue;
            }
            let quotation = Quotation {
                text: quote.text.clone(),
                citable: citable(quote, &page.text),
                is_named: quote.speaker.as_ref().is_some_and(|s| s.named),
                speaker,
                cue: quote.cue.as_ref().map(|cue| cue.text.clone()),
                first: row.first.clone(),
                last: row.last.date,
                gone_since: None,
                versions: 1,
                became: None,
            };
            let at = behind.min(self.all.len());
            self.all.insert(at, quotation);
            behind = at + 1;
        }
        for quotation in &mut self.all {
            let key = (words(&quotation.text), quotation.speaker.clone());
            if quotation.gone_since.is_none() && !now.contains(&key) {
                quotation.gone_since = Some(row.first.date);
                quotation.became = became(row, quotation);
            }
        }
    }
}

/// The words of a quotation as [`crate::cite::locate()`] finds them in the text that they were read from.
fn citable(quote: &Quote, text: &str) -> String {
    let parts: Vec<&str> = quote.parts.iter().filter_map(|part| text.get(part.clone())).collect();
    match parts.as_slice() {
        [] | [_] => quote.text.clone(),
        parts => parts.iter().map(|part| part.trim()).collect::<Vec<_>>().join(" […] "),
    }
}

/// The change of a version that replaced a quotation.
fn became(row: &VersionRow, quotation: &Quotation) -> Option<Altered> {
    let text = words(&quotation.text);
    let stealth = row.is_stealth();
    row.changes().iter().find_map(|change| {
        let is_it = match change.kind {
            ChangeKind::QuoteAltered => change.before.as_deref().map(words) == Some(text.clone()),
            ChangeKind::QuoteReattributed => {
                change.about.as_deref().map(words) == Some(text.clone())
            }
            _ => false,
        };
        let after = change.after.clone().filter(|_| is_it)?;
        Some(Altered { kind: change.kind, after, at: row.first.date, stealth })
    })
}

/// The words of a quotation, without the marks and the stop around them.
fn words(text: &str) -> String {
    let is_edge =
        |c: char| c.is_whitespace() || matches!(c, '“' | '”' | '"' | '«' | '»' | ',' | '.');
    text.trim_matches(is_edge).split_whitespace().collect::<Vec<_>>().join(" ")
}
