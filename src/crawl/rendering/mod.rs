//! A page that scripts fill, read behind its plain fetch: from another form of it that it names, or as a browser
//! renders it; what its parts are allowed to cost others, and what is kept of it.
//!
//! Owns the way between the browser's proxy and the loop. Each part is asked for as any page is: the loop asks
//! the gate with what is known of its host (robots.txt, pace, Retry-After; [`turns`]), the exchange is made by the
//! capturer and written before the browser has it ([`parts`]). The page itself is not asked for again: the browser
//! has the bytes that were captured. The result is kept with it (`records`).

mod alternate;
mod parts;
mod records;
mod turns;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedSender;

use crate::base::TargetUri;
use crate::browser::{self, BrowserOptions, Upstream};
use crate::capture::{CaptureRequest, Capturer};
use crate::extract::page::PageKind;
use crate::http::Exchange;
use crate::politeness::AddressPace;
use crate::schedule::{BrowserUse, Credentials, LeaseGuard};
use crate::store::{Appended, Content, Discovery, Store, Submission};
use crate::warc::{RandomIds, RecordIds as _};

use super::options::CrawlError;
use super::parse_pool::{ParsePool, Patience};
use super::reading::Reading;
use super::rules::JobRules;
use super::step::{StepOutcome, append};
use super::timer::Timer;
use parts::Parts;
pub(super) use turns::RenderAsk;

/// A page that may have to be read in another form than the one that was asked for.
pub(super) struct RenderJob {
    /// When it is rendered.
    pub when: BrowserUse,
    pub options: Arc<BrowserOptions>,
    pub rules: Arc<JobRules>,
    /// What the run sends to some hosts.
    pub credentials: Credentials,
    pub asks: UnboundedSender<RenderAsk>,
    /// How many pages are rendered at a time.
    pub room: Arc<Semaphore>,
    /// The lease of the page's host, where the queue is shared.
    pub lease: Option<LeaseGuard>,
}

/// What may follow a step where the page came without its text, and what of the step it needs.
pub(super) struct Behind {
    pub job: RenderJob,
    pub capturer: Arc<Capturer>,
    pub addresses: Option<Arc<Mutex<AddressPace>>>,
    pub timer: Arc<dyn Timer>,
    pub store: Arc<Store>,
    pub request: CaptureRequest,
}

impl Behind {
    /// Asks for another form of the page where it is a shell and names one, and renders it where that is wanted
    /// and needed: the step with what the page says then.
    ///
    /// # Errors
    /// When the archive cannot be written.
    pub async fn read(
        self,
        mut stepped: StepOutcome,
        reading: Arc<Reading>,
        readers: &ParsePool,
        patience: &Patience,
    ) -> Result<StepOutcome, CrawlError> {
        let Content::Exchange(exchange) = &reading.what else { return Ok(stepped) };
        if exchange.shape.status != Some(200) || exchange.truncated.is_some() {
            return Ok(stepped);
        }
        let name = reading.uri.to_string();
        let kind = stepped.text.as_ref().map(|text| text.kind);
        let named = match kind {
            Some(PageKind::Shell) => {
                let reading = Arc::clone(&reading);
                let named = readers.run(&name, patience, move || reading.alternate()).await;
                // What cannot be read names nothing.
                named.unwrap_or_default()
            }
            _ => None,
        };
        if named.is_none() && !self.job.wants(kind) {
            return Ok(stepped);
        }
        let (uri, met, ended) = (reading.uri.clone(), stepped.met.clone(), stepped.ended);
        // Without a loop no further request is possible.
        let Ok(()) = self.job.asks.send(RenderAsk::Ended { uri, met, ended }) else {
            return Ok(stepped);
        };
        stepped.is_learned = true;
        let place = Place {
            uri: reading.uri.clone(),
            exchange: Arc::clone(exchange),
            record_id: reading.appended.record_id.clone(),
            path: reading.found.path.clone(),
            capturer: self.capturer,
            addresses: self.addresses,
            store: self.store,
            timer: self.timer,
            request: self.request,
        };
        let parts = Arc::new(Parts::of(&self.job, place));
        if let Some(named) = named
            && let Some(read) = parts.alternate(named, &reading, readers, patience).await
        {
            stepped = stepped.with_alternate(read);
            return Ok(stepped);
        }
        if !self.job.wants(kind) {
            return Ok(stepped);
        }
        let (document, appended) = match self.job.run(parts).await? {
            Some(Rendered::Document(document, appended)) => (document, appended),
            Some(Rendered::LeadsTo(uri)) => {
                stepped.redirect = stepped.redirect.or(Some(uri));
                return Ok(stepped);
            }
            None => return Ok(stepped),
        };
        let task = move || reading.rendered(&document, &appended, kind);
        Ok(match readers.run_alone(&name, patience, task).await {
            Ok(contents) => stepped.with_rendered(contents?),
            // What the page leads to is not known then, as before the rendering.
            Err(_) => stepped,
        })
    }
}

/// What a browser made of a page.
enum Rendered {
    /// The document as it is in the end, and where it is kept.
    Document(String, Appended),
    /// Nothing: its scripts sent the browser to another page.
    LeadsTo(TargetUri),
}

/// What a rendering needs of the step that it follows.
pub(super) struct Place {
    pub uri: TargetUri,
    pub exchange: Arc<Exchange>,
    pub record_id: String,
    /// How the page was found.
    pub path: String,
    pub capturer: Arc<Capturer>,
    pub addresses: Option<Arc<Mutex<AddressPace>>>,
    pub store: Arc<Store>,
    pub timer: Arc<dyn Timer>,
    pub request: CaptureRequest,
}

impl RenderJob {
    /// Whether any page is rendered.
    pub fn renders(&self) -> bool {
        self.when != BrowserUse::Never
    }

    /// Whether a page of this kind is rendered.
    fn wants(&self, kind: Option<PageKind>) -> bool {
        match self.when {
            BrowserUse::Never => false,
            BrowserUse::WhenNeeded => kind == Some(PageKind::Shell),
            BrowserUse::Always => kind.is_some(),
        }
    }

    fn note(&self, what: String) {
        // A loop that has ended needs no note.
        let _ = self.asks.send(RenderAsk::Note(what));
    }

    /// Renders a page and keeps the result; `None` where it could not be rendered.
    ///
    /// # Errors
    /// When the archive cannot be written.
    async fn run(&self, parts: Arc<Parts>) -> Result<Option<Rendered>, CrawlError> {
        let Ok(_room) = self.room.acquire().await else { return Ok(None) };
        let place = &parts.place;
        let (uri, timer) = (place.uri.clone(), Arc::clone(&place.timer));
        let (store, record_id) = (Arc::clone(&place.store), place.record_id.clone());
        let (user_agent, page_id) = (place.request.user_agent.clone(), parts.page_id.clone());
        let upstream: Arc<dyn Upstream> = Arc::new(parts);
        let mut options = BrowserOptions::clone(&self.options);
        options.visual |= self.rules.spec.visual;
        let rendering = tokio::select! {
            rendering = browser::render(&options, &uri, &user_agent, upstream) => rendering,
            () = lost(self.lease.as_ref()) => {
                self.note(format!(
                    "the rendering of {uri} was cut off: its host went to another process, which visits it again"
                ));
                return Ok(None);
            }
        };
        let at = timer.clock().now();
        let (page, trouble) = (uri.clone(), rendering.trouble.clone());
        let leads_to = rendering.leads_to.clone();
        if let Some(to) = &leads_to {
            self.note(format!("{uri} was not rendered: its scripts lead to {to}"));
        } else {
            if let Some(frame) = rendering.text_in() {
                self.note(format!(
                    "{uri} has hardly any text of its own: most is in the frame {frame} and kept in urn:text:{uri}"
                ));
            }
            for what in &rendering.left_out {
                self.note(format!("not in the rendering of {uri}: {what}"));
            }
            // A loop that has ended counts nothing more.
            let _ = self.asks.send(RenderAsk::Rendered { uri: page, trouble });
        }
        let document = rendering.document.clone().filter(|_| rendering.trouble.is_none());
        let derived = records::of(rendering, &uri, &page_id, &record_id, at, &options);
        let what = Content::Derived(Arc::new(derived));
        let submission = Submission { what, refers_to: None, discovery: Discovery::default() };
        let appended = append(&store, submission).await?;
        Ok(match leads_to {
            Some(to) => TargetUri::parse(&to).ok().map(Rendered::LeadsTo),
            None => document.map(|document| Rendered::Document(document, appended)),
        })
    }
}

/// Ends when the lease of a page's host is lost; never where there is none.
async fn lost(lease: Option<&LeaseGuard>) {
    match lease {
        Some(lease) => {
            while lease.lasts() {
                tokio::time::sleep(LEASE_LOOK).await;
            }
        }
        None => std::future::pending().await,
    }
}

/// How often it is checked whether the lease of the host of a rendered page lasts.
const LEASE_LOOK: Duration = Duration::from_millis(100);

/// The id that joins the records of one page.
fn new_page_id() -> String {
    RandomIds.next_id().uri().to_owned()
}
