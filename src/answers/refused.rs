//! Why quoted words are refused.

use crate::archive::Capture;
use crate::base::Timestamp;
use crate::cite::Missing;
use crate::extract::alternate::AlternateKind;

/// The newest capture, which is not the article.
#[derive(Debug, Clone)]
pub struct PassedOver {
    /// The capture.
    pub newest: Capture,
    /// What it is instead.
    pub why: String,
    /// The address that it leads to, where the article is there.
    pub leads_to: Option<String>,
}

/// Quoted words that do not stand in the capture.
#[derive(Debug, Clone)]
pub struct WordsMissing {
    /// The page.
    pub url: String,
    /// When it was captured.
    pub at: Timestamp,
    /// What stands there that is like them.
    pub missing: Missing,
    /// The first capture of the page in which they do stand.
    pub elsewhere: Option<Timestamp>,
    /// The form of the page that has its text, where the page was sent without it and not rendered.
    pub alternate: Option<(String, AlternateKind)>,
    /// The newest capture, where an older one is this.
    pub passed_over: Option<PassedOver>,
}
