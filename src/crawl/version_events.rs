//! Which versions a capture begins, computed from the history of its page, and reported once.
//!
//! A redirect begins a version of the page that it stands for, and what that says stands on the page it
//! leads to. Where that is queued because of it, the version is reported when that page has been asked
//! for; so with each URL that a redirect led to, the pages it was found on are checked as well. Nothing
//! of this is kept in memory: the queue records what led where, also for the next process.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::archive::{Capture, Form};
use crate::base::TargetUri;
use crate::diff::Fingerprint;
use crate::extract::page::Page;
use crate::history::fold::Place;
use crate::history::live::{Observed, candidate, observe};
use crate::history::{PageReader, key_of_page};
use crate::kv::Tree;
use crate::readings::{PageKey, Readings};
use crate::schedule::{Claim, NamedBy, Phase};
use crate::store::{Appended, Loaded, Reader, StoreError};

use super::engine::{Crawl, Run};
use super::follow_up::trailing_redirects;
use super::marks::Marks;
use super::observer::Observer;
use super::options::CrawlError;
use super::reading::Room;
use super::report::VersionCount;
use super::step::{HostResponse, StepOutcome};
use super::version_event::VersionEvent;

/// This many pages that led to a URL are checked: more than a browser follows redirects.
const ORIGINS_MAX: usize = 32;

/// A page with more captures, of whose versions nothing is kept, is left to the caller for them: reading it
/// takes seconds.
const CAPTURES_MAX: usize = 256;

/// What was found out about the versions of one page.
#[derive(Debug)]
pub struct Findings {
    /// Its address.
    url: String,
    /// In which form.
    form: Form,
    /// The state that was kept of it.
    known: Option<Vec<u8>>,
    /// Versions that were not reported before.
    pub news: Vec<VersionEvent>,
    /// The state to keep when they were reported.
    pub state: Option<Vec<u8>>,
    /// The state to keep when they were not.
    pub state_before: Option<Vec<u8>>,
    /// Whether the page's versions are in the store of readings.
    pub is_kept: bool,
}

impl Findings {
    fn of(
        (url, form): (&str, Form),
        known: Option<Vec<u8>>,
        observed: Observed,
        is_kept: bool,
    ) -> Self {
        let Observed { begun, state, state_before } = observed;
        let news = begun.into_iter().filter_map(VersionEvent::of).collect();
        Self { url: url.to_owned(), form, known, news, state, state_before, is_kept }
    }
}

/// Looks at the histories of pages.
#[derive(Debug, Clone)]
pub(super) struct VersionWatcher {
    pub reader: Reader,
    /// What pages say and which versions they have.
    pub readings: Readings,
    /// The states of pages in each form, by urlkey.
    pub states: Tree,
    /// How far the run's files are in the store of readings.
    pub marks: Arc<Marks>,
}

impl VersionWatcher {
    /// The capture that was just appended, where it may begin a version.
    pub fn candidate(
        &self,
        uri: &TargetUri,
        appended: &Appended,
    ) -> Result<Option<Capture>, StoreError> {
        let page_reader = PageReader::new(&self.reader);
        candidate(&page_reader, uri.as_str(), &appended.file, appended.offset)
    }

    /// Whether a browser has rendered a page at any time.
    pub fn is_rendered(&self, uri: &TargetUri) -> Result<bool, StoreError> {
        Ok(self.reader.find_form(uri.as_str(), Form::Rendered, None)?.is_some())
    }

    /// The versions that a capture begins. `page` is what it says, where that has been read; `before`
    /// the capture before, where it is in memory. `None` where a capture that has to be read for it is
    /// longer than `bytes_max` when unpacked.
    pub fn versions(
        &self,
        entry: &Capture,
        page: Option<Arc<Page>>,
        before: Option<Arc<Loaded>>,
        bytes_max: Option<usize>,
    ) -> Result<Option<Findings>, StoreError> {
        let mut page_reader = self.page_reader(bytes_max);
        if let Some(page) = page {
            page_reader.keep(entry, page);
        }
        if let Some(before) = before {
            page_reader.hold(before);
        }
        let page = (entry.url.as_str(), Form::Plain);
        let known = self.state(page);
        let until = Place::of(entry);
        let observed = observe(&mut page_reader, page, Some(&until), known.as_deref())?;
        let is_kept = page_reader.advance(page.0, page.1, CAPTURES_MAX)?;
        Ok((!page_reader.left_out()).then(|| Findings::of(page, known, observed, is_kept)))
    }

    /// Keeps what a page says that begins no version, where it was read all the same.
    pub fn keep(&self, uri: &TargetUri, status: Option<u16>, appended: &Appended, page: &Page) {
        if let Some(key) = PageKey::of_parts(uri.as_str(), status, appended.digest.as_ref()) {
            self.readings.keep_page(&key, uri.as_str(), page, Fingerprint::of(page));
        }
    }

    /// Notes how far the store of readings has what follows from a capture that has been read. `is_kept`:
    /// whether its page's versions are in; `None` where it may begin none. A page that was not captured before
    /// (`has_earlier`) has no versions but one.
    pub fn settle(
        &self,
        (uri, status): (&TargetUri, Option<u16>),
        appended: &Appended,
        (has_earlier, is_kept): (bool, Option<bool>),
        bytes_max: Option<usize>,
    ) -> Result<(), StoreError> {
        if !self.readings.is_open() {
            return Ok(());
        }
        let url = uri.as_str();
        let mut page_reader = self.page_reader(bytes_max);
        let is_advanced = !has_earlier || is_kept.is_some();
        let has_versions =
            is_kept != Some(false) && page_reader.settle(url, is_advanced, CAPTURES_MAX)?;
        let has_speakers = !matches!(status, Some(200..=299 | 304))
            || PageKey::of_parts(url, status, appended.digest.as_ref())
                .is_some_and(|key| self.readings.has_page(&key))
            || page_reader.quotes_no_speaker(url, &appended.file, appended.offset)?;
        self.marks.done(appended, has_versions, has_speakers);
        Ok(())
    }

    /// The same for what is not a capture of a page.
    pub fn pass_over(&self, appended: &Appended) {
        self.marks.done(appended, true, true);
    }

    /// The versions of a page that led to another one, now that this has been asked for. `None` as in
    /// [`Self::versions`].
    pub fn versions_of(
        &self,
        page: (&str, Form),
        bytes_max: Option<usize>,
    ) -> Result<Option<Findings>, StoreError> {
        let mut page_reader = self.page_reader(bytes_max);
        let known = self.state(page);
        let observed = observe(&mut page_reader, page, None, known.as_deref())?;
        let is_kept = page_reader.advance(page.0, page.1, CAPTURES_MAX)?;
        Ok((!page_reader.left_out()).then(|| Findings::of(page, known, observed, is_kept)))
    }

    /// The versions that follow from what was captured beside a page: a rendering of it, or another form of it at
    /// an address of its own. `page` is what that says, with its key, where it was read.
    ///
    /// # Errors
    /// When the archive cannot answer.
    pub fn beside(
        &self,
        url: &str,
        form: Form,
        appended: &Appended,
        page: Option<&(PageKey, Arc<Page>)>,
    ) -> Result<Option<Findings>, StoreError> {
        if let Some((key, page)) = page {
            self.readings.keep_page(key, url, page, Fingerprint::of(page));
        }
        let found = self.versions_of((url, form), None)?;
        let is_kept = found.as_ref().is_some_and(|found| found.is_kept);
        // What leads to this address is settled by its own capture. Who is quoted is kept with the page.
        if form == Form::Rendered {
            self.marks.done(appended, is_kept, page.is_some() && self.readings.is_open());
        }
        Ok(found)
    }

    /// The same on the thread that runs the crawl, which has time for short pages alone. `None` where
    /// there are others, or what reads them breaks: these are reported at the next look.
    fn versions_at_once(&self, page: (&str, Form)) -> Result<Option<Findings>, StoreError> {
        let read = || self.versions_of(page, Room::Beside.bytes_max());
        match catch_unwind(AssertUnwindSafe(read)).unwrap_or(Ok(None)) {
            Err(why) if why.is_away() => Ok(None),
            found => found,
        }
    }

    fn page_reader(&self, bytes_max: Option<usize>) -> PageReader<'_> {
        let page_reader = PageReader::cached(&self.reader, &self.readings);
        match bytes_max {
            Some(max) => page_reader.reading_up_to(max),
            None => page_reader,
        }
    }

    /// What is kept of a page. What cannot be read is computed again.
    fn state(&self, (url, form): (&str, Form)) -> Option<Vec<u8>> {
        self.states
            .get(key_of_page(url, form).as_bytes())
            .ok()
            .flatten()
            .map(|bytes| bytes.to_vec())
    }
}

/// The pages whose redirects led to a URL.
fn led_from(named_by: &[NamedBy]) -> VecDeque<String> {
    let is_redirect = |owner: &&NamedBy| trailing_redirects(&owner.path) > 0;
    named_by.iter().filter(is_redirect).filter_map(|owner| owner.via.clone()).collect()
}

impl Crawl {
    pub(super) fn version_watcher(&self) -> VersionWatcher {
        VersionWatcher {
            reader: self.reader.clone(),
            readings: self.readings.clone(),
            states: self.book.page_states(),
            marks: Arc::clone(&self.marks),
        }
    }

    /// The pages that led to a URL by redirects, the nearest first.
    pub(super) fn origins(&self, claim: &Claim) -> Result<Vec<String>, CrawlError> {
        let mut origins: Vec<String> = Vec::new();
        let mut nearest = led_from(&claim.named_by);
        while let Some(via) = nearest.pop_front() {
            let Ok(uri) = TargetUri::parse(&via) else { continue };
            if origins.len() >= ORIGINS_MAX || origins.iter().any(|one| one == uri.as_str()) {
                continue;
            }
            if let Some(known) = self.frontier.known(&uri)? {
                nearest.extend(led_from(&known.named_by));
            }
            origins.push(uri.as_str().to_owned());
        }
        Ok(origins)
    }

    /// The jobs that a page is of: those that are followed and name it, or else that of the claim.
    fn jobs_of(&self, uri: &TargetUri, claim: &Claim) -> Result<Vec<String>, CrawlError> {
        let owners = match self.frontier.known(uri)? {
            _ if uri == claim.uri() => claim.named_by.clone(),
            Some(known) => known.named_by,
            None => Vec::new(),
        };
        let names = owners.iter().map(|owner| owner.job.to_string());
        let mut jobs: Vec<String> = names.filter(|name| self.rules.contains_key(name)).collect();
        if jobs.is_empty() {
            jobs.push(claim.job.to_string());
        }
        Ok(jobs)
    }

    /// Reports what a step found out, except what waits for a page that it led to.
    pub(super) fn tell(
        &mut self,
        run: &mut Run<'_>,
        claim: &Claim,
        stepped: &mut StepOutcome,
        observer: &mut dyn Observer,
    ) -> Result<VersionCount, CrawlError> {
        let origins = std::mem::take(&mut stepped.origins);
        let own = stepped.versions.take();
        // Only what history treats as a redirect stands for the page that it leads to.
        let is_redirect = matches!(stepped.met, HostResponse::Reply { status: 300..=399, .. });
        let waits = match stepped.redirect.as_ref().filter(|_| is_redirect) {
            Some(to) => self.is_awaited(claim.uri(), to)?,
            None => false,
        };
        let before = run.report.version_count();
        for findings in origins.into_iter().chain(own) {
            self.tell_findings(run, claim, findings, waits, observer)?;
        }
        Ok(run.report.version_count().since(before))
    }

    /// The same for a URL that will not be asked for: the pages that led to it are reported as they are.
    pub(super) fn tell_origins(
        &mut self,
        run: &mut Run<'_>,
        claim: &Claim,
        observer: &mut dyn Observer,
    ) -> Result<VersionCount, CrawlError> {
        let version_watcher = self.version_watcher();
        let before = run.report.version_count();
        for url in self.origins(claim)?.iter().rev() {
            let Some(findings) = version_watcher.versions_at_once((url, Form::Plain))? else {
                continue;
            };
            self.tell_findings(run, claim, findings, false, observer)?;
        }
        Ok(run.report.version_count().since(before))
    }

    fn tell_findings(
        &mut self,
        run: &mut Run<'_>,
        claim: &Claim,
        mut findings: Findings,
        waits: bool,
        observer: &mut dyn Observer,
    ) -> Result<(), CrawlError> {
        let version_watcher = self.version_watcher();
        let page = (findings.url.clone(), findings.form);
        let page = (page.0.as_str(), page.1);
        if findings.known != version_watcher.state(page) {
            // Another step visited the page at the same time, and has reported what it found.
            let Some(since) = version_watcher.versions_at_once(page)? else {
                return Ok(());
            };
            findings = since;
        }
        let Findings { url, form, news, state, state_before, .. } = findings;
        let waits = waits && !news.is_empty();
        if let Some(state) = if waits { state_before } else { state } {
            self.book.keep_page_state(&key_of_page(&url, form), &state)?;
        }
        if waits {
            return Ok(());
        }
        for mut news in news {
            news.jobs = self.jobs_of(&news.uri, claim)?;
            news.job = news.jobs.first().cloned().unwrap_or_default();
            run.report.count_version(&news);
            observer.news(&news);
        }
        Ok(())
    }

    /// Whether a page that a redirect leads to is queued because of it, so that it will be asked for.
    fn is_awaited(&self, from: &TargetUri, to: &TargetUri) -> Result<bool, CrawlError> {
        let to = to.without_fragment();
        let Some(known) = self.frontier.known(&to)? else { return Ok(false) };
        Ok(self.is_due(&to)? && led_from(&known.named_by).iter().any(|via| via == from.as_str()))
    }

    /// Whether a URL will be asked for as soon as its host may be.
    pub(super) fn is_due(&self, uri: &TargetUri) -> Result<bool, CrawlError> {
        Ok(self.frontier.known(uri)?.is_some_and(|known| match known.phase {
            Phase::Queued => true,
            Phase::Waiting => known.due <= self.now(),
            Phase::Retired => false,
        }))
    }
}
