//! One page from beginning to end: the proxy, the browser, the page, and the result.
//!
//! Nothing here fails: what goes wrong is reported in the rendering, with whatever was received until then, and the
//! browser is gone when it returns or is dropped.

use std::sync::Arc;
use std::time::Instant;

use super::certificate::Authority;
use super::options::BrowserOptions;
use super::parts::{Kind, Part};
use super::process::{Chromium, Window};
use super::proxy::{Limits, Proxy, Upstream};
use super::rendering::Rendering;
use super::take_down::NOT_SHOWN;
use super::watched::Watched;
use crate::base::TargetUri;

/// Renders a page. Dropping the future ends the browser.
pub async fn render(
    options: &BrowserOptions,
    page: &TargetUri,
    user_agent: &str,
    upstream: Arc<dyn Upstream>,
) -> Rendering {
    let begun = Instant::now();
    let mut out = Rendering::begun();
    if let Err(why) = rendered(options, page, user_agent, upstream, &mut out).await {
        out.trouble = Some(why);
    }
    out.took = begun.elapsed();
    out
}

async fn rendered(
    options: &BrowserOptions,
    page: &TargetUri,
    user_agent: &str,
    upstream: Arc<dyn Upstream>,
    out: &mut Rendering,
) -> Result<(), String> {
    let authority = Arc::new(Authority::new()?);
    let limits = Limits {
        parts_max: options.parts_max,
        bytes_max: options.bytes_max,
        visual: options.visual,
    };
    let proxy = Proxy::start(upstream, limits, Arc::clone(&authority)).await?;
    let (browser, events) = Chromium::start(options, authority.key_digest(), Window::None).await?;
    let mut watched = Watched::new(browser, events, &proxy, options);
    let result = watched.page(page, user_agent, out).await;
    (out.parts, out.parts_left_out) = proxy.parts();
    result.map_err(|why| match not_fetched(&out.parts) {
        Some(reason) if why == NOT_SHOWN => reason,
        _ => why,
    })
}

/// Why the address to which a page navigated last has no document; `None` where it has one.
fn not_fetched(parts: &[Part]) -> Option<String> {
    let last = parts.iter().rev().find(|part| part.kind == Kind::Document)?;
    let reason = last.reason.as_ref().filter(|_| last.status.is_none())?;
    Some(format!("the page navigated to {}, which could not be fetched: {reason}", last.url))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(kind: Kind, status: Option<u16>, reason: Option<&str>) -> Part {
        Part {
            url: "https://a.example/".to_owned(),
            method: "GET".to_owned(),
            kind,
            status,
            reason: reason.map(str::to_owned),
            proxy: None,
            record_id: None,
            bytes: 0,
        }
    }

    #[test]
    fn the_reason_is_that_of_the_last_document() {
        let had = part(Kind::Document, Some(200), None);
        let (refused, script) =
            (part(Kind::Document, None, Some("why")), part(Kind::Script, None, Some("other")));
        let why = "the page navigated to https://a.example/, which could not be fetched: why";
        for (parts, want) in [
            (vec![had.clone(), refused.clone(), script.clone()], Some(why)),
            (vec![refused, had.clone(), script], None),
            (vec![], None),
        ] {
            assert_eq!(not_fetched(&parts).as_deref(), want, "{parts:?}");
        }
    }
}
