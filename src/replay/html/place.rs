//! The place of the banner: at the beginning of the shown content, without changing how the page is parsed.
//!
//! Anything but metadata before `<body>` begins the body (HTML standard, section 13.2.6.4.7), so the
//! banner is before the first element of that kind, or after `<body>`. Before a `<frameset>` it
//! would disable the frames: there it is a frame of an outer frameset.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lol_html::HandlerResult;
use lol_html::html_content::{ContentType, DocumentEnd};
use lol_html::send::Element;

use super::super::Modifier;
use super::super::banner::Banner;
use super::Page;
use crate::base::markup;

/// The height of the banner as a frame, in CSS pixels.
const FRAME_PIXELS: u32 = 64;

/// The banner, as long as it has not been placed.
#[derive(Debug)]
pub(super) struct Place {
    banner: Option<Banner>,
    /// How many templates are open: their content is not shown.
    templates: Arc<AtomicUsize>,
}

impl Place {
    pub(super) fn new(banner: Option<Banner>) -> Self {
        Self { banner, templates: Arc::default() }
    }
}

/// Elements before the body that do not begin it.
fn is_metadata(tag: &str) -> bool {
    matches!(
        tag,
        "html"
            | "head"
            | "base"
            | "basefont"
            | "bgsound"
            | "link"
            | "meta"
            | "noframes"
            | "noscript"
            | "script"
            | "style"
            | "template"
            | "title"
    )
}

/// Puts the banner before or into this element, if that is its place.
pub(super) fn before_element(el: &mut Element<'_, '_>, page: &mut Page) -> HandlerResult {
    if page.place.banner.is_none() {
        return Ok(());
    }
    let tag = el.tag_name();
    if tag == "template" {
        let templates = Arc::clone(&page.place.templates);
        if let Some(handlers) = el.end_tag_handlers() {
            page.place.templates.fetch_add(1, Ordering::Relaxed);
            handlers.push(Box::new(move |_| {
                templates.fetch_sub(1, Ordering::Relaxed);
                Ok(())
            }));
        }
    }
    if page.place.templates.load(Ordering::Relaxed) > 0 || is_metadata(&tag) {
        return Ok(());
    }
    let Some(mut banner) = page.place.banner.take() else { return Ok(()) };
    if banner.sends_on.is_none() {
        banner.sends_on.clone_from(&page.rules.refresh);
    }
    match tag.as_str() {
        "body" => el.prepend(&banner.to_html(), ContentType::Html),
        "frameset" => {
            page.report.has_frameset = true;
            let source = page.rules.links.own_path(Modifier::Banner);
            let open = format!(
                "<frameset rows=\"{FRAME_PIXELS},*\" border=\"0\"><frame src=\"{}\" scrolling=\"auto\">",
                markup::escaped(&source)
            );
            el.before(&open, ContentType::Html);
            el.after("</frameset>", ContentType::Html);
        }
        _ => el.before(&banner.to_html(), ContentType::Html),
    }
    Ok(())
}

/// Puts the prelude before the first element except `html`, `head` and the like.
pub(super) fn prelude(el: &mut Element<'_, '_>, page: &mut Page) {
    if page.prelude.is_none() {
        return;
    }
    let tag = el.tag_name();
    if tag == "html" {
        return;
    }
    let Some(prelude) = page.prelude.take() else { return };
    match tag.as_str() {
        "head" => el.prepend(&prelude, ContentType::Html),
        _ => el.before(&prelude, ContentType::Html),
    }
}

/// Puts the banner at the end of a page without any shown element.
pub(super) fn at_end(end: &mut DocumentEnd<'_>, page: &mut Page) {
    if let Some(prelude) = page.prelude.take() {
        end.append(&prelude, ContentType::Html);
    }
    if let Some(banner) = page.place.banner.take() {
        end.append(&banner.to_html(), ContentType::Html);
    }
}
