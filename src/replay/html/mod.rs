//! Pages, rewritten as they stream.
//!
//! Tags are found by lol_html, which buffers at most one of them; what is not rewritten passes
//! byte for byte. Rules by element and attribute are in [`super::rules`], the place of the banner in
//! [`place`]. Scripts are not changed: whether one runs is decided by the policy that is sent with
//! the page ([`super::policy`]), never by this rewriting, which a hostile page can confuse.

mod attributes;
mod place;
mod text;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use encoding_rs::{Encoding, UTF_8};
use lol_html::send::{HtmlRewriter as Inner, Settings};
use lol_html::{AsciiCompatibleEncoding, MemorySettings, element, end, text};

use super::rules::Rules;
use super::{Banner, Links, Scripts};
use place::Place;
use text::Nested;

/// How much of a page is buffered at most, in bytes: a longer tag (an image of megabytes in
/// `data:`) ends the rewriting, and the rest passes unchanged.
pub const HELD_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How deep documents nested in attributes and `noscript` are rewritten.
const DEPTH_MAX: usize = 4;

/// How a page is rewritten.
#[derive(Debug, Clone)]
pub struct HtmlOptions {
    /// The banner, where one is shown.
    pub banner: Option<Banner>,
    /// Whether scripts may run: if not, the content of `noscript` is shown and rewritten.
    pub scripts: Scripts,
    /// Markup before any other element, as HTML; the beginning of the rerouted view.
    pub prelude: Option<String>,
    /// The encoding of the pushed bytes; an ASCII-compatible one. Any other is read as UTF-8.
    pub encoding: &'static Encoding,
    /// The most bytes that are buffered.
    pub held_bytes_max: usize,
}

impl Default for HtmlOptions {
    fn default() -> Self {
        Self {
            banner: None,
            scripts: Scripts::Never,
            prelude: None,
            encoding: UTF_8,
            held_bytes_max: HELD_BYTES_MAX,
        }
    }
}

/// Findings while a page was rewritten.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HtmlReport {
    /// The target of the page's `meta refresh`, in the archive.
    pub refresh: Option<String>,
    /// Rewriting ended before the page did, and the rest passed unchanged.
    pub is_cut: bool,
    /// The page consists of frames, and the banner is in a frame of its own.
    pub has_frameset: bool,
}

/// The shared state of the handlers of one page.
#[derive(Debug)]
struct Page {
    rules: Rules,
    place: Place,
    report: HtmlReport,
    css: Option<super::CssRewriter>,
    svg_style: String,
    noscript: Option<Box<Nested>>,
    prelude: Option<String>,
    /// The text of an import map that is being read.
    import_map: Option<String>,
}

type Shared = Arc<Mutex<Page>>;
type Output = Arc<Mutex<Vec<u8>>>;

/// The lock is never held while another page is rewritten with it, and a panic in between leaves
/// consistent data: the bytes are unchanged.
fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Receives the bytes that lol_html writes.
type Sink = Box<dyn FnMut(&[u8]) + Send>;

/// Rewrites one page. How the input is cut into pieces makes no difference to the output.
pub struct HtmlRewriter {
    inner: Option<Inner<'static, Sink>>,
    page: Shared,
    output: Output,
}

impl std::fmt::Debug for HtmlRewriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HtmlRewriter").field("page", &self.page).finish_non_exhaustive()
    }
}

impl HtmlRewriter {
    /// A rewriter for a page whose addresses are those of `links`.
    #[must_use]
    pub fn new(links: Links, options: HtmlOptions) -> Self {
        Self::at_depth(links, options, 0)
    }

    fn at_depth(mut links: Links, options: HtmlOptions, depth: usize) -> Self {
        let encoding = AsciiCompatibleEncoding::new(options.encoding);
        links.set_encoding(if encoding.is_some() { options.encoding } else { UTF_8 });
        let page = Page {
            rules: Rules { links, scripts: options.scripts, depth, refresh: None },
            place: Place::new(options.banner),
            report: HtmlReport::default(),
            css: None,
            svg_style: String::new(),
            noscript: None,
            prelude: options.prelude,
            import_map: None,
        };
        let page = Arc::new(Mutex::new(page));
        let output: Output = Arc::default();
        let sink = Arc::clone(&output);
        let sink: Sink = Box::new(move |bytes: &[u8]| locked(&sink).extend_from_slice(bytes));
        let memory = MemorySettings::new()
            .with_max_allowed_memory_usage(options.held_bytes_max)
            .with_graceful_bail_out_on_memory_limit_exceeded(true);
        let is_rerouted = locked(&page).rules.links.is_rerouted();
        let settings = settings(&page, options.scripts, depth, is_rerouted)
            .with_memory_settings(memory)
            .with_encoding(encoding.unwrap_or_else(AsciiCompatibleEncoding::utf_8))
            // Cases that are ambiguous without building the tree are rewritten by their syntax.
            .with_strict(false);
        Self { inner: Some(Inner::new(settings, sink)), page, output }
    }

    /// Takes the next bytes and returns the rewritten output so far.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        let Some(inner) = &mut self.inner else { return bytes.to_vec() };
        if inner.write(bytes).is_err() {
            // The buffered bytes have been written unchanged, and so is the rest.
            self.inner = None;
            locked(&self.page).report.is_cut = true;
        }
        std::mem::take(&mut locked(&self.output))
    }

    /// Ends the page and returns the rest.
    pub fn finish(&mut self) -> Vec<u8> {
        let Some(inner) = self.inner.take() else { return Vec::new() };
        if inner.end().is_err() {
            locked(&self.page).report.is_cut = true;
        }
        std::mem::take(&mut locked(&self.output))
    }

    /// The findings so far.
    #[must_use]
    pub fn report(&self) -> HtmlReport {
        let page = locked(&self.page);
        HtmlReport { refresh: page.rules.refresh.clone(), ..page.report.clone() }
    }
}

fn settings(
    page: &Shared,
    scripts: Scripts,
    depth: usize,
    is_rerouted: bool,
) -> Settings<'static, 'static> {
    let elements = Arc::clone(page);
    let styles = Arc::clone(page);
    let mut settings = Settings::new_send()
        .append_element_content_handler(element!("*", move |el| {
            let mut page = locked(&elements);
            let page = &mut *page;
            place::prelude(el, page);
            place::before_element(el, page)?;
            attributes::rewrite(el, page)?;
            text::begin_script(el, page);
            Ok(())
        }))
        .append_element_content_handler(text!("style", move |chunk| {
            text::style(chunk, &mut locked(&styles));
            Ok(())
        }));
    if scripts == Scripts::Never {
        let noscripts = Arc::clone(page);
        settings = settings.append_element_content_handler(text!("noscript", move |chunk| {
            text::noscript(chunk, &mut locked(&noscripts));
            Ok(())
        }));
    }
    if is_rerouted {
        let scripts = Arc::clone(page);
        settings = settings.append_element_content_handler(text!("script", move |chunk| {
            text::import_map(chunk, &mut locked(&scripts));
            Ok(())
        }));
    }
    if depth == 0 {
        let ends = Arc::clone(page);
        settings = settings.append_document_content_handler(end!(move |end| {
            place::at_end(end, &mut locked(&ends));
            Ok(())
        }));
    }
    settings
}

/// A document in an attribute or in `noscript`, rewritten; none if it is nested too deep.
pub(super) fn rewrite_inner(
    html: &str,
    links: Links,
    scripts: Scripts,
    depth: usize,
) -> Option<String> {
    if depth > DEPTH_MAX {
        return None;
    }
    let options = HtmlOptions { scripts, ..HtmlOptions::default() };
    let mut rewriter = HtmlRewriter::at_depth(links, options, depth);
    let mut out = rewriter.push(html.as_bytes());
    out.extend(rewriter.finish());
    Some(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests;
