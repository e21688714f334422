//! What was read beside a page that came without its text: a browser's rendering of it, or another form of it that
//! it names. Each begins versions of a history of its own.

use std::sync::Arc;

use crate::archive::Form;
use crate::base::{MediaType, TargetUri};
use crate::extract::Hints;
use crate::extract::alternate::{Alternate, alternate};
use crate::extract::page::{Page, PageKind};
use crate::history::read_page;
use crate::http::Exchange;
use crate::readings::PageKey;
use crate::store::{Appended, Content, StoreError};

use crate::crawl::step::{Change, StepOutcome, TextSeen};
use crate::crawl::version_event::VersionEvent;
use crate::crawl::version_events::Findings;

use super::unpack::{Room, Unpacking, head_of, payload};
use super::{Contents, Reading, links};

/// What another form of a page says.
pub(in crate::crawl) struct AlternateRead {
    text: TextSeen,
    /// The versions of that form, which are those of its own address.
    versions: Option<Findings>,
}

impl StepOutcome {
    /// With what the page says once a browser has filled it.
    pub(in crate::crawl) fn with_rendered(mut self, contents: Contents) -> Self {
        self.links.extend(contents.links);
        self.text = contents.text;
        self.add_versions(contents.versions);
        if !contents.gathered.is_empty() {
            self.gathered = contents.gathered;
        }
        self
    }

    /// With what another form of the page says.
    pub(in crate::crawl) fn with_alternate(mut self, read: AlternateRead) -> Self {
        self.text = Some(read.text);
        self.add_versions(read.versions);
        self
    }

    /// Adds versions of another history than that of the page as it was sent.
    fn add_versions(&mut self, found: Option<Findings>) {
        let Some(found) = found else { return };
        let is_edit = found.news.iter().any(VersionEvent::is_edit);
        if is_edit {
            self.change = Some(Change { is_edit });
        }
        self.origins.push(found);
    }
}

impl Reading {
    /// What the document says that a browser made of the page: where it leads, what kind it is, and which versions
    /// it begins. These are a history of their own: the page as it was sent is never compared with it. Where the page
    /// was sent with its text (`sent` is not a shell) that is what is reported, and nothing is reported twice.
    ///
    /// # Errors
    /// When the archive cannot answer.
    pub fn rendered(
        &self,
        document: &str,
        appended: &Appended,
        sent: Option<PageKind>,
    ) -> Result<Contents, StoreError> {
        const MEDIA_TYPE: &str = "text/html; charset=utf-8";
        let (uri, payload) = (&self.uri, document.as_bytes());
        // A rendering has no status, here as where it is read from the archive.
        let page = Arc::new(read_page(payload, uri.as_str(), Some(MEDIA_TYPE), None));
        let canonical = page.canonical.as_ref().map(|fact| fact.value.as_str());
        let gathered = self.gathering.as_ref().map(|gathering| {
            gathering.gather(uri, payload, Some(MEDIA_TYPE), canonical, self.ended, |_| true)
        });
        let key = PageKey::of_rendering(uri.as_str(), appended.digest.as_ref());
        let known = key.map(|key| (key, Arc::clone(&page)));
        let mut versions =
            self.version_watcher.beside(uri.as_str(), Form::Rendered, appended, known.as_ref())?;
        if sent != Some(PageKind::Shell) {
            versions.iter_mut().for_each(|found| found.news.clear());
        }
        Ok(Contents {
            links: if self.wants_links {
                links(payload, uri, Some(MEDIA_TYPE))
            } else {
                Vec::new()
            },
            text: Some(TextSeen {
                kind: page.kind,
                published: page.published.as_ref().map(|p| p.value.instant),
            }),
            gathered: gathered.unwrap_or_default(),
            versions,
            ..Contents::default()
        })
    }

    /// Another form of the page that it names: most likely one that is sent with its text.
    pub fn alternate(&self) -> Option<Alternate> {
        let Content::Exchange(exchange) = &self.what else { return None };
        let (head, uri) = (head_of(exchange), self.uri.as_str());
        let content_type = head.get_text("content-type");
        let hints =
            Hints { url: Some(uri), content_type: content_type.as_deref(), status: Some(200) };
        let unpacking = Unpacking { room: Room::Alone, max: self.decoded_bytes_max };
        alternate(&payload(exchange, &head, unpacking)?, &hints)
    }

    /// What another form of the page says that was captured at `uri`; `None` where that is not an article.
    ///
    /// # Errors
    /// When the archive cannot answer.
    pub fn of_alternate(
        &self,
        uri: &TargetUri,
        exchange: &Exchange,
        appended: &Appended,
    ) -> Result<Option<AlternateRead>, StoreError> {
        let head = head_of(exchange);
        let content_type = head.get_text("content-type");
        let (content_type, status) = (content_type.as_deref(), exchange.shape.status);
        let unpacking = Unpacking { room: Room::Alone, max: self.decoded_bytes_max };
        let read = payload(exchange, &head, unpacking)
            .filter(|_| content_type.is_some_and(|v| MediaType::parse(v).is_html()))
            .map(|decoded| Arc::new(read_page(&decoded, uri.as_str(), content_type, status)));
        let known = read.clone().filter(|_| exchange.truncated.is_none());
        let key = PageKey::of_parts(uri.as_str(), status, appended.digest.as_ref());
        let known = key.zip(known);
        let versions =
            self.version_watcher.beside(uri.as_str(), Form::Plain, appended, known.as_ref())?;
        let is_article = |page: &Arc<Page>| {
            status == Some(200) && page.kind != PageKind::Shell && !page.text.is_empty()
        };
        Ok(read.filter(is_article).map(|page| AlternateRead {
            text: TextSeen {
                kind: page.kind,
                published: page.published.as_ref().map(|p| p.value.instant),
            },
            versions,
        }))
    }
}
