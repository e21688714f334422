//! The result of rendering a page: documents, pictures, and how it was viewed.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::layout::Layout;
use super::options::BrowserOptions;
use super::parts::Part;

/// The language and the time zone in which every page is viewed.
pub(super) const LOCALE: &str = "en-US";
pub(super) const TIME_ZONE: &str = "UTC";

/// When a page was taken down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Settled {
    /// Nothing was asked for any more.
    Idle,
    /// Its time was over, and it still asked.
    Time,
    /// It never got so far.
    Never,
}

/// Something that was clicked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Click {
    /// Whose window it was.
    pub rule: String,
    /// What was clicked on, as a selector.
    pub selector: String,
    /// The words on it.
    pub words: String,
    /// The address of the frame that had it, where that is another one than the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame: Option<String>,
}

/// The text of a frame that is seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FrameText {
    /// Its address.
    pub url: String,
    /// How many characters it has.
    pub chars: usize,
}

/// A page with less text than this many characters has hardly any.
const HARDLY_CHARS: usize = 200;

/// The result of rendering a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendering {
    /// Why it is not whole; none where it is.
    pub trouble: Option<String>,
    /// When it was taken down.
    pub settled: Settled,
    /// The address at the end, where scripts have changed it.
    pub address: Option<String>,
    /// Where the page led: its scripts sent the browser to a document of another page, and the result is that of it.
    pub leads_to: Option<String>,
    /// The document as it is after its scripts, in HTML; shadow trees in templates.
    pub document: Option<String>,
    /// The text as it is shown; behind it that of its frames.
    pub text: Option<String>,
    /// How many characters of it are the page's own, where frames have text.
    pub(super) own_chars: usize,
    /// The frames that have text.
    pub frames: Vec<FrameText>,
    /// What is missing in the document or the text, and why.
    pub left_out: Vec<String>,
    /// A picture of the window, in PNG.
    pub view: Option<Vec<u8>>,
    /// A small one, in JPEG.
    pub thumbnail: Option<Vec<u8>>,
    /// Which boxes the page was laid out in; none where that was not asked for.
    pub layout: Option<Layout>,
    /// What was asked for, and what was not.
    pub parts: Vec<Part>,
    /// How many more parts there were.
    pub parts_left_out: u64,
    /// What scripts broke with.
    pub script_errors: Vec<String>,
    /// What was clicked on.
    pub clicks: Vec<Click>,
    /// How many windows it opened, each of which was closed.
    pub windows_closed: u64,
    /// The browser: "Chrome/131.0.6778.85"; empty where none ran.
    pub product: String,
    /// Whether it was sandboxed.
    pub is_sandboxed: bool,
    /// The most memory that was seen in use, in bytes.
    pub memory: u64,
    /// How long it took.
    pub took: Duration,
}

impl Rendering {
    pub(super) fn begun() -> Self {
        Self {
            trouble: None,
            settled: Settled::Never,
            address: None,
            leads_to: None,
            document: None,
            text: None,
            own_chars: 0,
            frames: Vec::new(),
            left_out: Vec::new(),
            view: None,
            thumbnail: None,
            layout: None,
            parts: Vec::new(),
            parts_left_out: 0,
            script_errors: Vec::new(),
            clicks: Vec::new(),
            windows_closed: 0,
            product: String::new(),
            is_sandboxed: false,
            memory: 0,
            took: Duration::ZERO,
        }
    }

    /// The address of the frame that has the text where the page itself has hardly any.
    #[must_use]
    pub fn text_in(&self) -> Option<&str> {
        let longest = self.frames.iter().max_by_key(|frame| frame.chars)?;
        let is_there = self.own_chars < HARDLY_CHARS && longest.chars >= HARDLY_CHARS;
        is_there.then_some(longest.url.as_str())
    }

    /// What is recorded of it, beside the documents and pictures: each part with its status or reason, clicks,
    /// errors of scripts, and how the page was viewed.
    #[must_use]
    pub fn page_info(&self, page_id: &str, url: &str, at: &str, options: &BrowserOptions) -> Value {
        json!({
            "pageid": page_id,
            "url": url,
            "address": self.address,
            "leadsTo": self.leads_to,
            "ts": at,
            "trouble": self.trouble,
            "settled": self.settled,
            "frames": self.frames,
            "textIn": self.text_in(),
            "leftOut": self.left_out,
            "parts": self.parts,
            "partsLeftOut": self.parts_left_out,
            "counts": { "jsErrors": self.script_errors.len() },
            "jsErrors": self.script_errors,
            "clicks": self.clicks,
            "windowsClosed": self.windows_closed,
            "browser": { "product": self.product, "sandbox": self.is_sandboxed },
            "viewport": { "width": options.viewport.0, "height": options.viewport.1 },
            "locale": LOCALE,
            "timezone": TIME_ZONE,
            "visual": options.visual,
            "memory": self.memory,
            "tookMs": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
        })
    }
}
