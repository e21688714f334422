//! Where a redirect leads: the page that a request for the address got then, as far as the archive has it.

use std::sync::Arc;
use std::time::Duration;

use crate::archive::{ArchiveError, Capture, Form, Query, RecordKind};
use crate::base::Timestamp;
use crate::base::surt::urlkey;
use crate::store::StoreError;

use super::page_reader::{CapturedPage, PageReader};
use super::versions::asking;

/// Browsers give up after twenty redirects, and pages that are read need a handful.
const HOPS_MAX: usize = 10;

/// A crawl captures what a redirect leads to within this time, as a rule; so the first capture within
/// it shows the page as it was then, better than an earlier one.
const SOON: Duration = Duration::from_hours(24);

/// At most this many captures that show no page are passed over.
const PASSED_OVER_MAX: usize = 100;

/// Where a capture leads.
#[derive(Debug, Clone, Default)]
pub enum Leads {
    /// It is not a redirect.
    #[default]
    Nowhere,
    /// To an address; no page is known there, or none was looked up.
    To(String),
    /// To a page that the archive has.
    Landed(Box<Landing>),
    /// Back to the address itself, `www.` and `https:` aside: it says nothing of the page.
    Back,
}

/// The page that a redirect led to.
#[derive(Debug, Clone)]
pub struct Landing {
    /// Its address.
    pub address: String,
    /// Its capture.
    pub entry: Capture,
    /// The name of the file of that.
    pub file: Arc<str>,
}

impl Leads {
    /// The address it leads to, other than its own.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        match self {
            Self::Nowhere | Self::Back => None,
            Self::To(address) => Some(address),
            Self::Landed(landing) => Some(&landing.address),
        }
    }

    /// Whether what a capture of this time leads to stays what it is, whatever is captured later: it is
    /// no redirect, or the page that it leads to was captured after it.
    #[must_use]
    pub fn is_settled(&self, at: Timestamp) -> bool {
        match self {
            Self::Nowhere | Self::Back => true,
            Self::To(_) => false,
            Self::Landed(landing) => landing.entry.date >= at,
        }
    }

    /// The page it leads to, where the archive has it.
    #[must_use]
    pub fn landing(&self) -> Option<&Landing> {
        match self {
            Self::Landed(landing) => Some(landing),
            Self::Nowhere | Self::To(_) | Self::Back => None,
        }
    }
}

impl PageReader<'_> {
    /// What a reader got at the address of a capture: as [`Self::read`], and of a redirect the page that
    /// it led to, where the archive has that.
    ///
    /// # Errors
    /// When the record of the capture cannot be read, or the index cannot answer. A page behind a
    /// redirect that cannot be read is not known.
    pub fn follow(&mut self, entry: &Capture) -> Result<CapturedPage, StoreError> {
        let mut said = self.read(entry)?;
        let mut at = entry.date;
        let mut leads = std::mem::take(&mut said.leads);
        for _ in 0..HOPS_MAX {
            let Leads::To(address) = leads else { break };
            if urlkey(&address) == entry.urlkey {
                leads = Leads::Back;
                break;
            }
            leads = Leads::To(address.clone());
            let next = self.shown_at(&address, at)?;
            if next.as_ref().is_none_or(|next| next.date < at) {
                said.unsettled.push((address.clone(), at));
            }
            let Some(next) = next else { break };
            let Ok(hop) = self.read(&next) else { break };
            if matches!(hop.leads, Leads::To(_)) {
                (leads, at) = (hop.leads, next.date);
                continue;
            }
            (said.page, said.print) = (hop.page, hop.print);
            leads = Leads::Landed(Box::new(Landing { address, entry: next, file: hop.file }));
            break;
        }
        said.leads = leads;
        Ok(said)
    }

    /// The capture that shows what stood at an address at a time: the first one soon after it, or the
    /// last one before, or else the first one after.
    fn shown_at(&self, address: &str, at: Timestamp) -> Result<Option<Capture>, StoreError> {
        let captures = self.reader().captures();
        let later = Query { from: Some(at), ..Query::exactly(address) };
        let after = first_page(captures.scan(&later))?;
        if after.as_ref().is_some_and(|entry| entry.date.since(at) <= SOON) {
            return Ok(after);
        }
        let earlier = Query { to: Some(at), ..Query::exactly(address) };
        let before = first_page(captures.scan(&earlier.newest_first()))?;
        Ok(before.or(after))
    }
}

type Scanned = Result<Capture, ArchiveError>;

/// The first capture that shows a page, or says that there is none.
pub(super) fn first_page(
    entries: impl Iterator<Item = Scanned>,
) -> Result<Option<Capture>, StoreError> {
    for entry in entries.take(PASSED_OVER_MAX) {
        let entry = entry.map_err(|why| asking(&why))?;
        if !is_mute(&entry) {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

/// Whether a capture is a server's answer that the page is not there any more.
#[must_use]
pub fn says_gone(entry: &Capture) -> bool {
    entry.form() == Some(Form::Plain) && matches!(entry.status, Some(402 | 404 | 410 | 451))
}

/// Whether a capture belongs to the history of a page in one form. An answer that the page is gone belongs to that of its
/// renderings as well: there is nothing to render any more.
pub(super) fn is_in_history(entry: &Capture, form: Form) -> bool {
    entry.form() == Some(form) || (form == Form::Rendered && says_gone(entry))
}

/// Whether a capture says nothing of its page in its own form: as [`is_mute`], but a rendering says what it is of.
pub(super) fn says_nothing(entry: &Capture) -> bool {
    is_mute(entry) && entry.form() != Some(Form::Rendered)
}

/// Whether a capture says nothing of its page as it was sent, as far as the index tells: a failure, or a server in
/// trouble.
pub(super) fn is_mute(entry: &Capture) -> bool {
    match (entry.kind, entry.status) {
        (RecordKind::Metadata, _) => true,
        (_, Some(402 | 404 | 410 | 451)) => false,
        (_, Some(status)) => status >= 400,
        // Only a resource is a page without HTTP.
        (kind, None) => kind != RecordKind::Resource,
    }
}
